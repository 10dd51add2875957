// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of each root of a VM: what its table is called, its registers, its slots, and how
// KVM's entries in it read.
#include <inttypes.h>
#include <stdio.h>

#include "decode/x86/x86.h"
#include "host/kvm/x86/roots.h"
#include "host/kvm/x86/soft.h"

static const struct {
	const char *name; /* behind the VM's id, */
	bool counted;     /* with a number? ROOT_VALID: from the second one on */
} classes[NROOT_CLASSES] = {
	[ROOT_VALID] = { "root", true },     [ROOT_SMM] = { "smm", false },
	[ROOT_MIRROR] = { "mirror", false }, [ROOT_NESTED] = { "nested", true },
	[ROOT_OLD] = { "old", true },        [ROOT_HELD] = { "held", true },
};

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

	if (root->unsure)
		snprintf(table.id, sizeof(table.id), "%.40s/%s:0x%" PRIx64, vm->id,
			 classes[root->class].name, root->it.pa);
	else if (!plain && (classes[root->class].counted || n))
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

enum s2_code s2_kvm_x86_add_roots(struct gather *g, const struct s2_table *vm)
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

/* A VM of which no vCPU has run has no root: that is no loss, and what else is known of it is
 * shown. */
enum s2_code s2_kvm_x86_add_bare(struct s2_kvm_walk *w, const struct s2_table *vm)
{
	const struct s2_kvm_x86 *x = w->state;
	struct s2_table table = *vm;

	s2_regime_init(&table.regime, x->masks.ept ? &s2_x86_ept : &s2_x86_npt);
	table.bare = true;
	return s2_kvm_add_table(w, &table, 0, 0);
}
