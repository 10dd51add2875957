// SPDX-License-Identifier: GPL-2.0-or-later
// All roots of second-stage tables of a VM: struct kvm_mmu_page of the TDP MMU's, of the shadow
// MMU's, and of what vCPUs hold besides (arch/x86/kvm/mmu/tdp_mmu.c, mmu.c).
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "decode/x86/x86.h"
#include "host/kvm/x86/roots.h"

/* The shadow MMU keeps a page per table: 1 TiB of guest memory in pages of 4K. */
#define MAX_SHADOW_PAGES (1U << 20)

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
	if (!code)
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
	struct root root = { .found = g->found, .unsure = g->lost };
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
	if (!code && memcmp(words, zeros, sizeof(words)) != 0)
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
	struct s2_err *err = g->w->search->err;
	enum s2_code code;

	if (s2_budget_take(&g->w->vcpus, 1)) {
		(void)go_on(g, s2_fail(err, S2_BUDGET, "vCPUs: there are too many of them"));
		return false;
	}
	code = take_vcpu_roots(g, va);
	if (code)
		s2_wrap(err, code, "vCPU %" PRIu64, index);
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
	return g->nroots || g->lost ? s2_kvm_x86_add_roots(g, vm) : s2_kvm_x86_add_bare(g->w, vm);
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
		return s2_kvm_x86_add_bare(w, vm);
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
