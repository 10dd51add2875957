// SPDX-License-Identifier: GPL-2.0-or-later
// All second-stage tables of a VM: struct kvm_mmu_page of the TDP MMU's roots, of the shadow MMU's,
// and of what vCPUs hold besides (arch/x86/kvm/mmu/tdp_mmu.c, mmu.c).
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/x86/x86.h"
#include "host/kvm/kvm.h"
#include "host/kvm/x86/priv.h"
#include "host/kvm/x86/soft.h"

/* More than any VM has; beyond it the lists are lying. */
#define MAX_ROOTS 4096

/* The shadow MMU keeps a page per table: 1 TiB of guest memory in pages of 4K. */
#define MAX_SHADOW_PAGES (1U << 20)

/* In the order in which a VM's tables are shown. */
enum root_class {
	ROOT_VALID,
	ROOT_SMM,
	ROOT_MIRROR,
	ROOT_NESTED,
	ROOT_OLD,
	ROOT_HELD,
	NROOT_CLASSES
};

static const struct {
	const char *name; /* behind the VM's id, */
	bool counted;     /* with a number? ROOT_VALID: from the second one on */
} classes[NROOT_CLASSES] = {
	[ROOT_VALID] = { "root", true },     [ROOT_SMM] = { "smm", false },
	[ROOT_MIRROR] = { "mirror", false }, [ROOT_NESTED] = { "nested", true },
	[ROOT_OLD] = { "old", true },        [ROOT_HELD] = { "held", true },
};

/* A struct kvm_mmu_page that is a root of the VM. */
struct root {
	struct s2_kvm_x86_root it;
	enum root_class class;
	const char *found;
};

struct gather {
	struct s2_kvm_walk *w;
	struct s2_kvm_x86 *x;
	uint64_t kvm_va;
	struct root root[MAX_ROOTS];
	size_t nroots;
	const char *found; /* which list is being read */
	uint64_t shadow_pages;
	uint64_t direct_bits; /* TDX: set in all addresses of memory that the guest shares */
	bool direct_unsure;   /* ... which could not be read */
	bool lost;            /* there may be others */
	bool gap;             /* ... in the list that is being read */
	bool full;            /* there are more than there is room for */
	uint64_t lost_sp[4];  /* members of lists that could not be read: two of each at most */
	unsigned int nlost_sp;
	const char *id; /* of the VM */
	enum s2_code code;
};

static enum s2_code open_arch(struct s2_kvm_walk *w, void **ret_state)
{
	struct s2_host_search *search = w->search;
	struct s2_kvm_x86 *x = calloc(1, sizeof(*x));
	enum s2_code code;

	if (!x)
		return s2_fail(search->err, S2_NOMEM, "no memory for VMs");
	code = s2_kvm_x86_layout(search->kernel, &x->layout, search->err);
	if (!code)
		code = s2_kvm_x86_masks(search->kernel, &x->layout, search->lost, &x->masks,
					search->err);
	if (code)
		free(x);
	else
		*ret_state = x;
	return code;
}

static enum s2_code get(struct gather *g, uint64_t va, const struct s2_field_at *field,
			uint64_t *ret)
{
	return s2_field_get(g->w->search->kernel, va, field, ret, g->w->search->err);
}

/* Of a member that this kernel may not have: then it is 0. */
static enum s2_code get_or_0(struct gather *g, uint64_t va, const struct s2_field_at *field,
			     uint64_t *ret)
{
	*ret = 0;
	return field->have ? get(g, va, field, ret) : S2_OK;
}

/* is_obsolete_sp(), mmu.c: the TDP MMU invalidates its roots one by one, the shadow MMU all by a
 * number. */
static enum s2_code is_obsolete(struct gather *g, uint64_t sp, bool *ret)
{
	const struct s2_kvm_x86_layout *l = &g->x->layout;
	uint64_t invalid, tdp = 0, theirs = 0, valid = 0;
	enum s2_code code = get(g, sp, &l->role_invalid, &invalid);

	if (!code)
		code = get(g, sp, &l->sp_tdp, &tdp);
	if (!code && !tdp && l->sp_valid_gen.have && l->mmu_valid_gen.have) {
		code = get(g, sp, &l->sp_valid_gen, &theirs);
		if (!code)
			code = get(g, g->kvm_va, &l->mmu_valid_gen, &valid);
	}
	*ret = invalid || theirs != valid;
	return code;
}

/* A bit of the role at @va, and where it goes. */
struct role_flag {
	const struct s2_field_at *field;
	bool *to;
};

static enum s2_code read_flags(struct s2_kernel *kernel, uint64_t va, const struct role_flag *flag,
			       size_t n, struct s2_err *err)
{
	enum s2_code code = S2_OK;

	for (size_t i = 0; !code && i < n; i++) {
		uint64_t value;

		if (!flag[i].field->have)
			continue; /* this kernel has no such roots */
		code = s2_field_get(kernel, va, flag[i].field, &value, err);
		*flag[i].to = !code && value;
	}
	return code;
}

enum s2_code s2_kvm_x86_read_root(struct s2_kernel *kernel, const struct s2_kvm_x86_layout *l,
				  uint64_t sp, struct s2_kvm_x86_root *ret, struct s2_err *err)
{
	struct s2_kvm_x86_root root = { .va = sp };
	const struct role_flag flags[] = {
		{ &l->role_ad_disabled, &root.ad_disabled },
		{ &l->role_smep, &root.smep },
		{ &l->role_smm, &root.smm },
		{ &l->role_mirror, &root.mirror },
		{ &l->role_direct, &root.direct },
		{ &l->role_guest_mode, &root.guest_mode },
	};
	uint64_t spt;
	enum s2_code code = s2_field_get(kernel, sp, &l->sp_spt, &spt, err);

	if (!code)
		code = s2_kernel_pa(kernel, spt, &root.pa, err);
	if (!code)
		code = s2_field_get(kernel, sp, &l->role_level, &root.level, err);
	if (!code)
		code = read_flags(kernel, sp, flags, ARRAY_SIZE(flags), err);
	if (!code)
		*ret = root;
	return code;
}

const char *s2_kvm_x86_kind(const struct s2_kvm_x86_root *root)
{
	return root->direct ? "stage2" : "nested-stage2";
}

static enum s2_code read_root(struct gather *g, uint64_t sp, struct root *ret)
{
	struct s2_host_search *search = g->w->search;
	struct root root = { .found = g->found };
	bool obsolete = false;
	enum s2_code code =
		s2_kvm_x86_read_root(search->kernel, &g->x->layout, sp, &root.it, search->err);

	if (!code)
		code = is_obsolete(g, sp, &obsolete);
	root.class = obsolete        ? ROOT_OLD :
		     root.it.mirror  ? ROOT_MIRROR :
		     !root.it.direct ? ROOT_NESTED :
		     root.it.smm     ? ROOT_SMM :
				       ROOT_VALID;
	if (!code)
		*ret = root;
	return code;
}

static bool is_known(const struct gather *g, uint64_t sp)
{
	for (size_t i = 0; i < g->nroots; i++)
		if (g->root[i].it.va == sp)
			return true;
	return false;
}

static bool is_known_pa(const struct gather *g, uint64_t pa)
{
	for (size_t i = 0; i < g->nroots; i++)
		if (g->root[i].it.pa == pa)
			return true;
	return false;
}

/* Takes the root at @sp; one that cannot be read is a loss of its own. */
static enum s2_code take_root(struct gather *g, uint64_t sp)
{
	struct s2_host_search *search = g->w->search;
	enum s2_code code;

	if (is_known(g, sp))
		return S2_OK;
	if (g->nroots == MAX_ROOTS) {
		g->full = true;
		return s2_fail(search->err, S2_INVALID, "more than %d roots", MAX_ROOTS);
	}
	code = read_root(g, sp, &g->root[g->nroots]);
	if (!code)
		g->nroots++;
	else
		s2_wrap(search->err, code, "struct kvm_mmu_page at 0x%" PRIx64, sp);
	return code;
}

/* What of one root cannot be read does not hide others. Is there to be more? */
static bool go_on(struct gather *g, enum s2_code code)
{
	g->x->lost_roots |= s2_is_missing(code);
	g->lost |= code != S2_OK;
	g->code = s2_host_set_aside(g->w->search, S2_LOST_TABLE, g->id, code);
	return !g->code && !g->full;
}

static bool on_tdp_root(void *arg, uint64_t node)
{
	struct gather *g = arg;

	return go_on(g, take_root(g, node - s2_member_off(&g->x->layout.sp_link.m)));
}

/* Pages of the shadow MMU: those of 4 and 5 levels are roots, but for such of 4 that an entry of
 * one of 5 leads to. */
static bool on_shadow_page(void *arg, uint64_t node)
{
	struct gather *g = arg;
	const struct s2_kvm_x86_layout *l = &g->x->layout;
	uint64_t sp = node - s2_member_off(&l->sp_link.m), level, parents = 0;
	enum s2_code code;

	if (g->shadow_pages++ == MAX_SHADOW_PAGES) {
		g->code = s2_fail(g->w->search->err, S2_INVALID, "more than %u shadow pages",
				  MAX_SHADOW_PAGES);
		return false;
	}
	code = get(g, sp, &l->role_level, &level);
	if (!code && level >= 4)
		code = get(g, sp, &l->sp_parents, &parents);
	if (!code && level >= 4 && !parents)
		code = take_root(g, sp);
	return go_on(g, code);
}

/* A struct kvm_mmu_page that others of a list lead to: one from its beginning, and a second one
 * from its end if that is another. */
static void on_lost_page(void *arg, uint64_t node, const struct s2_err *why)
{
	struct gather *g = arg;
	uint64_t sp = node - s2_member_off(&g->x->layout.sp_link.m);

	s2_lost_add(g->w->search->lost, S2_LOST_TABLE, why->code, g->id, S2_LOST_NOWHERE,
		    "%s: struct kvm_mmu_page at 0x%" PRIx64 ": %s%s", g->found, sp, why->text,
		    g->gap ? ": how many are between the two is not known" : "");
	if (g->nlost_sp < ARRAY_SIZE(g->lost_sp))
		g->lost_sp[g->nlost_sp++] = sp;
	g->x->lost_roots = g->lost = g->gap = true;
}

/* KVM_MMU_NUM_PREV_ROOTS is 3; the number is from types that may be wrong. */
#define MAX_PREV 16

/* INVALID_PAGE, asm/kvm_host.h. */
#define NO_ROOT UINT64_MAX

/*
 * A table page without a struct kvm_mmu_page: the zero page, which stands for a root that maps
 * nothing, or one that leads to the four entries of a guest's PAE paging
 * (mmu_alloc_special_roots()).
 */
static enum s2_code check_bare_root(struct gather *g, uint64_t pa)
{
	static const uint64_t zeros[512];
	struct s2_host_search *search = g->w->search;
	uint64_t va, zero_page, words[512];
	enum s2_code code;

	if (!s2_kernel_symbol(search->kernel, "empty_zero_page", &va, NULL) &&
	    !s2_kernel_pa(search->kernel, va, &zero_page, NULL) && zero_page == pa)
		return S2_OK;
	code = s2_mem_read(search->mem, pa, words, sizeof(words), search->err);
	if (!code && memcmp(words, zeros, sizeof(words)))
		code = s2_fail(search->err, S2_INVALID,
			       "the root at 0x%" PRIx64
			       " has no struct kvm_mmu_page: what it maps is not shown",
			       pa);
	return code;
}

/* A root that a vCPU holds and that is on no list: the shadow MMU takes obsolete ones off. *@ret_sp
 * is where its struct kvm_mmu_page is, 0 when not even that is known. */
static enum s2_code take_vcpu_root(struct gather *g, uint64_t pa, uint64_t *ret_sp)
{
	struct s2_host_search *search = g->w->search;
	struct s2_kvm_x86_memmap map;
	uint64_t sp = 0;
	enum s2_code code;

	*ret_sp = 0;
	if (pa == NO_ROOT || is_known_pa(g, pa))
		return S2_OK;
	code = s2_kvm_x86_memmap(search->kernel, &map, search->err);
	if (!code)
		code = s2_kernel_read(search->kernel, map.va + (pa >> 12) * map.size + map.offset,
				      &sp, sizeof(sp), search->err);
	if (!code && !sp)
		return check_bare_root(g, pa);
	if (code)
		return code;
	*ret_sp = sp;
	g->found = "a vCPU";
	code = take_root(g, sp);
	if (!code && !is_known_pa(g, pa))
		code = s2_fail(search->err, S2_INVALID,
			       "the struct page of root 0x%" PRIx64 " leads to another's", pa);
	return code;
}

/*
 * The root at @pa of a vCPU, whose struct kvm_mmu_page, at @sp as far as that is known, is not in
 * the dump: by the role that the struct kvm_mmu at @mmu asks for (kvm_tdp_mmu_alloc_root(),
 * mmu_alloc_root()). Whether a deleted slot has made it invalid is not known. Has it been said that
 * it is lost, by the list that it is on?
 */
static bool take_by_role(struct gather *g, uint64_t mmu, uint64_t pa, uint64_t sp)
{
	const struct s2_kvm_x86_layout *l = &g->x->layout;
	struct s2_kernel *kernel = g->w->search->kernel;
	struct s2_kvm_x86_root it = { .va = sp, .pa = pa };
	const struct role_flag flags[] = {
		{ &l->mmu_ad_disabled, &it.ad_disabled },
		{ &l->mmu_smep, &it.smep },
		{ &l->mmu_smm, &it.smm },
		{ &l->mmu_direct, &it.direct },
		{ &l->mmu_guest_mode, &it.guest_mode },
	};

	if (g->nroots == MAX_ROOTS || is_known_pa(g, pa) || !l->mmu_direct.have ||
	    s2_field_get(kernel, mmu, &l->mmu_level, &it.level, NULL) ||
	    read_flags(kernel, mmu, flags, ARRAY_SIZE(flags), NULL))
		return false;
	g->root[g->nroots++] =
		(struct root){ .it = it, .class = ROOT_HELD, .found = "the role of a vCPU" };
	for (unsigned int i = 0; i < g->nlost_sp; i++)
		if (g->lost_sp[i] == sp)
			return true;
	return false;
}

/* The root of the struct kvm_mmu at @mmu, and those that it had before and keeps. */
static enum s2_code take_mmu_roots(struct gather *g, uint64_t mmu)
{
	const struct s2_kvm_x86_layout *l = &g->x->layout;
	const struct s2_member *prev = &l->mmu_prev.m;
	uint64_t pa = NO_ROOT, sp = 0;
	enum s2_code code = get(g, mmu, &l->mmu_root, &pa);

	if (!code)
		code = take_vcpu_root(g, pa, &sp);
	if (s2_is_missing(code) && pa != NO_ROOT && take_by_role(g, mmu, pa, sp)) {
		s2_err_init(g->w->search->err);
		code = S2_OK;
	}
	if (!l->mmu_prev.have || !l->prev_hpa.have)
		return code;
	for (uint64_t i = 0; !code && i < prev->nelems && i < MAX_PREV; i++) {
		code = get(g, mmu + s2_member_off(prev) + i * prev->elem_size, &l->prev_hpa, &pa);
		if (!code)
			code = take_vcpu_root(g, pa, &sp);
	}
	return code;
}

/* A vCPU has an MMU for its guest and one for a guest of that, and uses one of the two. */
static enum s2_code take_vcpu_roots(struct gather *g, uint64_t vcpu)
{
	const struct s2_kvm_x86_layout *l = &g->x->layout;
	const struct s2_field_at *const own[] = { &l->vcpu_root_mmu, &l->vcpu_guest_mmu };
	uint64_t used;
	enum s2_code code = get(g, vcpu, &l->vcpu_mmu, &used);

	if (!code)
		code = take_mmu_roots(g, used);
	for (size_t i = 0; !code && i < ARRAY_SIZE(own); i++) {
		uint64_t mmu = vcpu + s2_member_off(&own[i]->m);

		if (own[i]->have && mmu != used)
			code = take_mmu_roots(g, mmu);
	}
	return code;
}

/* What one vCPU holds and cannot be read does not hide what others do. */
static bool on_vcpu(void *arg, uint64_t index, uint64_t va)
{
	struct gather *g = arg;
	enum s2_code code = take_vcpu_roots(g, va);

	if (code)
		s2_wrap(g->w->search->err, code, "vCPU %" PRIu64, index);
	return go_on(g, code);
}

static enum s2_code read_vcpus(struct gather *g)
{
	enum s2_code code;

	g->code = S2_OK;
	code = s2_kvm_each_vcpu(g->w->search->kernel, &g->w->layout, g->kvm_va, on_vcpu, g,
				g->w->search->err);
	if (code) /* in the words in which it has been said of the process */
		s2_wrap(g->w->search->err, code, "vCPUs");
	return code ? code : g->code;
}

static enum s2_code read_list(struct gather *g, const struct s2_field_at *list, const char *found,
			      bool (*node)(void *arg, uint64_t va))
{
	struct s2_kernel *kernel = g->w->search->kernel;
	uint64_t head = g->kvm_va + s2_member_off(&list->m), next;
	enum s2_code code = s2_kernel_read(kernel, head, &next, sizeof(next), g->w->search->err);

	g->found = found;
	g->gap = false;
	g->code = S2_OK;
	/* Where the TDP MMU is off its head was never made a list (kvm_mmu_init_tdp_mmu()). */
	if (!code && next)
		code = s2_kernel_list_around(kernel, head, node, on_lost_page, g,
					     g->w->search->err);
	return code ? code : g->code;
}

void s2_kvm_x86_regime(const struct s2_kvm_x86_masks *masks, const struct s2_kvm_x86_root *root,
		       struct s2_regime *regime)
{
	s2_regime_init(regime, masks->ept ? &s2_x86_ept : &s2_x86_npt);
	if (masks->ept) {
		/* construct_eptp(), vmx.c: write-back, and what the role says. */
		s2_regime_set(regime, S2_X86_EPTP,
			      root->pa | 6 | field_prep(EPTP_LEVELS, root->level - 1) |
				      (root->ad_disabled ? 0 : EPTP_AD));
		s2_regime_set_flag(regime, S2_X86_EXEC_ONLY, masks->exec_only);
		s2_regime_set_flag(regime, S2_X86_MBEC, root->smep ? S2_YES : S2_NO);
	} else {
		s2_regime_set(regime, S2_X86_NCR3, root->pa | masks->sme_mask);
		s2_regime_set_level(regime, S2_X86_START_LEVEL, (int)root->level);
		s2_regime_set_flag(regime, S2_X86_GMET, root->smep ? S2_YES : S2_NO);
		if (masks->pat)
			s2_regime_set(regime, S2_X86_PAT, masks->pat);
		if (masks->sme_mask)
			s2_regime_set(regime, S2_X86_C_BIT,
				      (uint64_t)__builtin_ctzll(masks->sme_mask));
	}
	s2_regime_set_flag(regime, S2_X86_PAGES_1G, masks->pages_1g);
	if (masks->maxphyaddr)
		s2_regime_set(regime, S2_X86_MAXPHYADDR, masks->maxphyaddr);
	regime->soft = masks->soft;
	/* Where a guest's table gives rights, nobody knows why one is not there. */
	if (!root->direct)
		regime->soft.param[S2_KVM_X86_NX_HUGE_PAGES] = 0;
}

struct first_vcpu {
	uint64_t va;
};

static bool on_first_vcpu(void *arg, uint64_t index, uint64_t va)
{
	(void)index;
	((struct first_vcpu *)arg)->va = va;
	return false;
}

/* A member that decides how entries read; without it @param is a guess. */
static enum s2_code set_param(struct gather *g, const char *id, const struct s2_field_at *field,
			      enum s2_kvm_x86_param param, struct s2_soft *soft, uint64_t *ret)
{
	enum s2_code code = field->have ? get(g, g->kvm_va, field, ret) : S2_OK;

	if (code) {
		s2_soft_unsure(soft, param);
		s2_wrap(g->w->search->err, code, "%s", field->path);
	} else if (field->have) {
		s2_soft_sure(soft, param);
	}
	return s2_host_set_aside(g->w->search, S2_LOST_REGISTER, id, code);
}

/* What new table pages are filled with (mmu_topup_memory_caches()), by the first vCPU. That there
 * is none to ask has been said. */
static enum s2_code set_empty(struct gather *g, const char *id, struct s2_soft *soft)
{
	const struct s2_field_at *field = &g->x->layout.vcpu_init_value;
	struct first_vcpu first = { 0 };
	enum s2_code code = S2_OK;

	if (field->have)
		code = s2_kvm_each_vcpu(g->w->search->kernel, &g->w->layout, g->kvm_va,
					on_first_vcpu, &first, NULL);
	if (code)
		return code == S2_NOMEM ? s2_fail(g->w->search->err, code, "no memory for vCPUs") :
					  S2_OK;
	if (first.va)
		code = get(g, first.va, field, &soft->empty);
	return s2_host_set_aside(g->w->search, S2_LOST_REGISTER, id, code);
}

/* What differs from VM to VM in how KVM's entries read. */
static enum s2_code set_soft(struct gather *g, const struct root *root, const char *id,
			     struct s2_soft *soft)
{
	const struct s2_kvm_x86_layout *l = &g->x->layout;
	bool of_all_unsure = s2_soft_is_unsure(soft, S2_KVM_X86_NX_HUGE_PAGES);
	uint64_t off = 0;
	enum s2_code code =
		set_param(g, id, &l->no_nx_huge_pages, S2_KVM_X86_NX_HUGE_PAGES, soft, &off);

	if (off)
		soft->param[S2_KVM_X86_NX_HUGE_PAGES] = 0;
	else if (of_all_unsure)
		s2_soft_unsure(soft, S2_KVM_X86_NX_HUGE_PAGES);
	if (!code)
		code = set_param(g, id, &l->mmio_value, S2_KVM_X86_MMIO_VALUE, soft,
				 &soft->param[S2_KVM_X86_MMIO_VALUE]);
	/* Private memory has no such bit (kvm_gfn_root_bits(), mmu/mmu_internal.h). */
	if (!root->it.mirror) {
		soft->param[S2_KVM_X86_DIRECT_BITS] = g->direct_bits;
		if (g->direct_unsure)
			s2_soft_unsure(soft, S2_KVM_X86_DIRECT_BITS);
	}
	return code ? code : set_empty(g, id, soft);
}

static enum s2_code add_root(struct gather *g, const struct s2_table *vm, const struct root *root,
			     unsigned int n)
{
	struct s2_host_search *search = g->w->search;
	struct s2_table table = *vm;
	bool plain = root->class == ROOT_VALID && !n;
	enum s2_code code;

	if (!plain && (classes[root->class].counted || n))
		snprintf(table.id, sizeof(table.id), "%.40s/%s:%u", vm->id,
			 classes[root->class].name, n);
	else if (!plain)
		snprintf(table.id, sizeof(table.id), "%.40s/%s", vm->id, classes[root->class].name);
	snprintf(table.kind, sizeof(table.kind), "%s", s2_kvm_x86_kind(&root->it));
	snprintf(table.found, sizeof(table.found),
		 "struct kvm at 0x%" PRIx64 ", struct kvm_mmu_page at 0x%" PRIx64 " (%s)",
		 g->kvm_va, root->it.va, root->found);
	if (!root->it.va)
		snprintf(table.found, sizeof(table.found), "struct kvm at 0x%" PRIx64 " (%s)",
			 g->kvm_va, root->found);
	table.root_pa = root->it.pa;
	s2_kvm_x86_regime(&g->x->masks, &root->it, &table.regime);
	code = set_soft(g, root, table.id, &table.regime.soft);
	if (!code)
		code = s2_hosts_amend(search, &table);
	/* Slots of the address space that SMM sees differ. A shadow of a guest's table has none,
	 * and where this one has them may not be known. */
	if (!code && root->it.direct && (root->it.mirror || !g->direct_unsure))
		return s2_kvm_add_table(g->w, &table, root->it.smm,
					root->it.mirror ? 0 : g->direct_bits);
	return code ? code : s2_tables_add(search->tables, &table, search->err);
}

/* Is there a root that the VM's own guest runs on? That of a guest in it, whose hypervisor uses no
 * second stage, is another one, of the same memory: it never has the VM's plain name. */
static bool has_plain(const struct gather *g)
{
	for (size_t i = 0; i < g->nroots; i++)
		if (g->root[i].class == ROOT_VALID && !g->root[i].it.guest_mode)
			return true;
	return false;
}

static enum s2_code add_roots(struct gather *g, const struct s2_table *vm)
{
	enum s2_code code = S2_OK;

	for (int class = 0; class < NROOT_CLASSES; class ++) {
		unsigned int n = class == ROOT_VALID && !has_plain(g);

		for (unsigned int last = 0; last < 2; last++)
			for (size_t i = 0; !code && i < g->nroots; i++)
				if ((int)g->root[i].class == class &&
				    last == (class == ROOT_VALID && g->root[i].it.guest_mode))
					code = add_root(g, vm, &g->root[i], n++);
	}
	return code;
}

static enum s2_code read_tdp_roots(struct gather *g)
{
	return read_list(g, &g->x->layout.tdp_mmu_roots, "tdp_mmu_roots", on_tdp_root);
}

static enum s2_code read_shadow_roots(struct gather *g)
{
	return read_list(g, &g->x->layout.active_mmu_pages, "active_mmu_pages", on_shadow_page);
}

/* Where a VM's roots are, in this order: what two know is shown as the first has it. */
static enum s2_code (*const places[])(struct gather *g) = {
	read_tdp_roots,
	read_shadow_roots,
	read_vcpus,
};

/* A VM of which no vCPU has run has no root: that is no loss, and what else is known of it is
 * shown. */
static enum s2_code add_bare(struct s2_kvm_walk *w, const struct s2_table *vm)
{
	const struct s2_kvm_x86 *x = w->state;
	struct s2_table table = *vm;

	s2_regime_init(&table.regime, x->masks.ept ? &s2_x86_ept : &s2_x86_npt);
	table.bare = true;
	return s2_kvm_add_table(w, &table, 0, 0);
}

/* kvm->arch.gfn_direct_bits: one bit, or none. */
static enum s2_code read_direct_bits(struct gather *g)
{
	uint64_t gfn;
	const struct s2_field_at *field = &g->x->layout.direct_bits;
	enum s2_code code = get_or_0(g, g->kvm_va, field, &gfn);

	if (code)
		s2_wrap(g->w->search->err, code, "where its memslots are: %s", field->path);
	else if (gfn & (gfn - 1) || gfn > X86_ADDRESS >> 12)
		code = s2_fail(g->w->search->err, S2_INVALID,
			       "gfn_direct_bits 0x%" PRIx64 " is no bit of an address", gfn);
	if (!code)
		g->direct_bits = gfn << 12;
	g->direct_unsure = code;
	return code;
}

static enum s2_code find_roots(struct gather *g, const struct s2_table *vm)
{
	enum s2_code bits_code =
		s2_host_set_aside(g->w->search, S2_LOST_SLOTS, vm->id, read_direct_bits(g));

	if (bits_code)
		return bits_code;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		enum s2_code code = places[i](g);

		g->x->lost_roots |= s2_is_missing(code);
		g->lost |= code != S2_OK;
		code = s2_host_set_aside(g->w->search, S2_LOST_TABLE, vm->id, code);
		if (code)
			return code;
	}
	return g->nroots || g->lost ? add_roots(g, vm) : add_bare(g->w, vm);
}

static enum s2_code roots(struct s2_kvm_walk *w, struct s2_table *vm)
{
	struct s2_kvm_x86 *x = w->state;
	struct gather *g;
	enum s2_code code;

	if (x->masks.tdp == S2_NO) {
		s2_lost_add(w->search->lost, S2_LOST_TABLE, S2_INVALID, vm->id, S2_LOST_NOWHERE,
			    "KVM runs without EPT and NPT (tdp_enabled is 0): its tables translate "
			    "virtual addresses of the guest, which are not read");
		return add_bare(w, vm);
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return s2_fail(w->search->err, S2_NOMEM, "no memory for roots");
	g->w = w;
	g->x = x;
	g->kvm_va = vm->object_va;
	g->id = vm->id;
	code = find_roots(g, vm);
	free(g);
	return code;
}

const struct s2_kvm_arch s2_kvm_x86 = {
	.name = "x86",
	.open = open_arch,
	.close = free,
	.roots = roots,
	.rest = s2_kvm_x86_orphans,
};
