// SPDX-License-Identifier: GPL-2.0-or-later
// Guests of the hypervisor as objects: their handles, the host's view of them, the pages they must
// share.
#include <inttypes.h>
#include <stdlib.h>

#include "check/priv.h"
#include "kvm/pkvm.h"

/* Members that only these checks ask for. */
struct vm_fields {
	struct s2_field_at hyp_handle, host_handle;
	struct s2_field_at pgt, mappings, node, gfn, pfn, nr_pages;
};

#define FIELD(f, t, p) S2_FIELD(vm_fields, f, t, p, false)

static const struct s2_field_row rows[] = {
	FIELD(hyp_handle, "pkvm_hyp_vm", "kvm.arch.pkvm.handle"),
	FIELD(host_handle, "kvm", "arch.pkvm.handle"),
	FIELD(pgt, "kvm", "arch.mmu.pgt"),
	FIELD(mappings, "kvm_pgtable", "pkvm_mappings"),
	FIELD(node, "pkvm_mapping", "node"),
	FIELD(gfn, "pkvm_mapping", "gfn"),
	FIELD(pfn, "pkvm_mapping", "pfn"),
	FIELD(nr_pages, "pkvm_mapping", "nr_pages"), /* not in 6.14 */
};

struct vms {
	struct s2_check_ctx *ctx;
	struct vm_fields field;
	struct s2_kvm_layout layout;
	struct s2_pkvm_guest *guest;
	size_t n;
	uint64_t kvm_size;
};

/* The linear-map address of @pa, at which the host sees its own struct kvm. */
static uint64_t host_va(const struct s2_check_ctx *ctx, uint64_t pa)
{
	return s2_kva_linear_va(&s2_kernel_facts(ctx->kernel)->kva, pa);
}

static const struct s2_table *table_of(const struct s2_check_ctx *ctx, uint32_t handle)
{
	for (size_t i = 0; i < ctx->tables->n; i++)
		if (s2_role(&ctx->tables->table[i]) == S2_PKVM_GUEST &&
		    ctx->tables->table[i].handle == handle)
			return &ctx->tables->table[i];
	return NULL;
}

/* I17: the place in vm_table gives the handle, and both sides know it. */
static void handles(struct vms *vms, const struct s2_pkvm_guest *guest)
{
	struct s2_check_ctx *ctx = vms->ctx;
	const struct s2_table *table = table_of(ctx, guest->handle);
	uint64_t own, theirs;

	if (s2_field_get(ctx->kernel, host_va(ctx, guest->pa), &vms->field.hyp_handle, &own, NULL))
		s2_check_unknown(ctx, S2_CHECK_HYP_VM,
				 "struct pkvm_hyp_vm at PA 0x%" PRIx64 " cannot be read",
				 guest->pa);
	else if (own != guest->handle)
		s2_check_found(ctx, S2_CHECK_HYP_VM, table, 0, guest->pa,
			       "guest 0x%x of vm_table calls itself 0x%" PRIx64, guest->handle,
			       own);
	if (!guest->host_kvm_pa) {
		s2_check_found(ctx, S2_CHECK_HYP_VM, table, 0, guest->pa,
			       "guest 0x%x has no struct kvm of the host", guest->handle);
		return;
	}
	if (s2_field_get(ctx->kernel, host_va(ctx, guest->host_kvm_pa), &vms->field.host_handle,
			 &theirs, NULL))
		s2_check_unknown(ctx, S2_CHECK_HYP_VM,
				 "struct kvm at PA 0x%" PRIx64 " cannot be read",
				 guest->host_kvm_pa);
	else if (theirs != guest->handle)
		s2_check_found(ctx, S2_CHECK_HYP_VM, table, 0, guest->host_kvm_pa,
			       "the host knows guest 0x%x as 0x%" PRIx64, guest->handle, theirs);
}

/* I18: __pkvm_init_vm() pins the host's struct kvm, which the host has shared before (nvhe/pkvm.c).
 */
static void shared(struct vms *vms, const struct s2_pkvm_guest *guest)
{
	struct s2_check_ctx *ctx = vms->ctx;
	const struct s2_pkvm *pkvm = ctx->pkvm;
	const struct s2_table *table = table_of(ctx, guest->handle);
	uint64_t page = BIT64(ctx->pages.page_log2), word;

	for (uint64_t pa = guest->host_kvm_pa & ~(page - 1);
	     pa < guest->host_kvm_pa + vms->kvm_size; pa += page) {
		const struct s2_facts *fact = s2_pages_fact(&ctx->pages, pa);
		bool host, hyp;

		if (!fact)
			continue;
		if (s2_pkvm_page(pkvm, ctx->mem, ctx->pages.page_log2, pa, &word)) {
			s2_check_unknown(ctx, S2_CHECK_VM_SHARED,
					 "hyp_vmemmap of PA 0x%" PRIx64 " is not there", pa);
			continue;
		}
		host = pkvm->host_in == S2_STATE_IN_VMEMMAP ?
			       s2_pkvm_host_state(pkvm, word) == S2_STATE_SHARED_OWNED :
			       fact->host == S2_HOST_SHARED;
		hyp = pkvm->hyp_in == S2_STATE_IN_VMEMMAP ?
			      s2_pkvm_hyp_state(pkvm, word) == S2_STATE_SHARED_BORROWED :
			      fact->hyp_mapped && fact->hyp == 2;
		if (!host || !hyp || !s2_pkvm_refs(pkvm, word))
			s2_check_found(ctx, S2_CHECK_VM_SHARED, table, pa, pa,
				       "struct kvm of guest 0x%x: %s%s%s", guest->handle,
				       host ? "" : "not shared by the host ",
				       hyp ? "" : "not borrowed by the hypervisor ",
				       s2_pkvm_refs(pkvm, word) ? "" : "not pinned");
	}
}

/* ---- I16: kvm_pgtable.pkvm_mappings ---- */

struct mappings {
	struct s2_check_ctx *ctx;
	const struct s2_table *table;
	const struct s2_geometry *geom;
	const struct vm_fields *field;
	struct s2_walk *walk;
	uint64_t pages; /* that the host believes to be mapped */
	bool unreadable;
	struct s2_err *err;
};

/* The leaf that maps @ia; 0 when there is none. */
static uint64_t leaf_at(struct mappings *m, uint64_t ia, uint64_t *ret_oa)
{
	struct s2_strip strip;
	uint64_t raw, size;

	s2_walk_init(m->walk, m->geom, m->ctx->mem, m->table->root_pa);
	if (!s2_walk_range(m->walk, ia, ia) || !s2_walk_next(m->walk, &strip) || strip.missing)
		return 0;
	size = s2_entry_size(m->geom, strip.height);
	raw = strip.desc[(ia - strip.ia) / size];
	*ret_oa = s2_leaf_oa(m->geom, strip.height, raw) + (ia & (size - 1));
	return raw;
}

static bool on_mapping(void *arg, uint64_t node)
{
	struct mappings *m = arg;
	struct s2_kernel *kernel = m->ctx->kernel;
	uint64_t va = node - s2_member_off(&m->field->node.m), gfn, pfn, n = 1, oa;

	if (s2_field_get(kernel, va, &m->field->gfn, &gfn, m->err) ||
	    s2_field_get(kernel, va, &m->field->pfn, &pfn, m->err) ||
	    (m->field->nr_pages.have &&
	     s2_field_get(kernel, va, &m->field->nr_pages, &n, m->err))) {
		m->unreadable = true;
		return false;
	}
	for (uint64_t i = 0; i < n && i < BIT64(24); i++) {
		uint64_t ia = (gfn + i) << m->geom->page_log2;
		uint64_t raw = leaf_at(m, ia, &oa);

		m->pages++;
		if (!(raw & 1) &&
		    s2_pkvm_invalid(m->ctx->pkvm, S2_PKVM_GUEST, raw).state == S2_STATE_POISONED)
			continue;
		if (!(raw & 1))
			s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, ia,
				       (pfn + i) << m->geom->page_log2,
				       "in the host's list, but not mapped");
		else if (oa != (pfn + i) << m->geom->page_log2)
			s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, ia, oa,
				       "the host's list says 0x%" PRIx64,
				       (pfn + i) << m->geom->page_log2);
	}
	return true;
}

static uint64_t mapped_pages(struct mappings *m)
{
	struct s2_strip strip;
	uint64_t n = 0;

	s2_walk_init(m->walk, m->geom, m->ctx->mem, m->table->root_pa);
	while (s2_walk_next(m->walk, &strip)) {
		for (uint64_t i = 0; !strip.missing && i < strip.n; i++) {
			uint64_t raw = strip.desc[i];

			if (m->geom->arch->is_leaf(m->geom, strip.height, raw) ||
			    s2_pkvm_invalid(m->ctx->pkvm, S2_PKVM_GUEST, raw).state ==
				    S2_STATE_POISONED)
				n += s2_entry_size(m->geom, strip.height) >> m->geom->page_log2;
		}
	}
	return n;
}

static void mappings(struct vms *vms, size_t i)
{
	struct s2_check_ctx *ctx = vms->ctx;
	struct s2_err err;
	struct mappings m = { .ctx = ctx,
			      .table = &ctx->tables->table[i],
			      .geom = &ctx->geom[i],
			      .field = &vms->field,
			      .err = &err };
	uint64_t pgt, n;

	s2_err_init(&err);
	if (!m.table->object_va || !m.field->mappings.have || !m.field->node.have ||
	    s2_field_get(ctx->kernel, m.table->object_va, &m.field->pgt, &pgt, NULL)) {
		s2_check_unknown(ctx, S2_CHECK_MAPPINGS, "%s: the host's list cannot be found",
				 m.table->id);
		return;
	}
	m.walk = malloc(sizeof(*m.walk));
	if (!m.walk) {
		ctx->nomem = true;
		return;
	}
	if (s2_kernel_rbtree(ctx->kernel, pgt + s2_member_off(&m.field->mappings.m), on_mapping, &m,
			     &err) ||
	    m.unreadable) {
		s2_check_unknown(ctx, S2_CHECK_MAPPINGS, "%s: %.100s", m.table->id, err.text);
	} else {
		n = mapped_pages(&m);
		if (n != m.pages)
			s2_check_found(ctx, S2_CHECK_MAPPINGS, m.table, 0, m.table->root_pa,
				       "%" PRIu64 " pages are mapped, the host's list has %" PRIu64,
				       n, m.pages);
	}
	free(m.walk);
}

void s2_check_vms(struct s2_check_ctx *ctx)
{
	struct vms vms = { .ctx = ctx };
	struct s2_pkvm *pkvm = ctx->tables->pkvm;
	struct s2_types *types;
	struct s2_err err;

	if (!ctx->kernel || !pkvm)
		return;
	s2_err_init(&err);
	/* Without types every field is one that this kernel does not have: each check says so. */
	(void)!s2_fields_find(ctx->kernel, rows, ARRAY_SIZE(rows), &vms.field, NULL);
	for (size_t i = 0; ctx->first_window && i < ctx->tables->n; i++)
		if (s2_role(&ctx->tables->table[i]) == S2_PKVM_GUEST && ctx->geom[i].arch &&
		    s2_check_runs(ctx, S2_CHECK_MAPPINGS))
			mappings(&vms, i);
	if (!s2_check_runs(ctx, S2_CHECK_HYP_VM) && !s2_check_runs(ctx, S2_CHECK_VM_SHARED))
		return;
	if (s2_kvm_layout(ctx->kernel, &vms.layout, &err) ||
	    s2_pkvm_guests(ctx->kernel, ctx->mem, &vms.layout, pkvm, &vms.guest, &vms.n, &err) ||
	    s2_kernel_types(ctx->kernel, &types, &err) ||
	    s2_types_sizeof(types, "kvm", &vms.kvm_size, &err)) {
		s2_check_unknown(ctx, S2_CHECK_HYP_VM, "%.150s", err.text);
		s2_check_unknown(ctx, S2_CHECK_VM_SHARED, "%.150s", err.text);
		return;
	}
	for (size_t i = 0; i < vms.n; i++) {
		if (ctx->first_window)
			handles(&vms, &vms.guest[i]);
		shared(&vms, &vms.guest[i]);
	}
	free(vms.guest);
}
