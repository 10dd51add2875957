// SPDX-License-Identifier: GPL-2.0-or-later
// Guests of the hypervisor as objects: their handles, the host's view of them, the pages they must
// share.
#include <inttypes.h>
#include <stdlib.h>

#include "base/num.h"
#include "check/arm64/forms.h"
#include "check/pkvm/looks.h"
#include "check/pkvm/priv.h"
#include "decode/lookup.h"
#include "host/pkvm/pkvm.h"

/* 64 KiB, which are some times those of a struct kvm, for each guest that there can be. */
#define FLOOR_KVM_PAGES (256 * 16)

/* Entries of guests' tables that the host's lists of mappings lead to. No two sound ones do to one.
 */
#define FLOOR_LOOKUPS 65536
#define FLOOR_ENTRIES (1U << 20) /* of tables, which may all be the same */

#define MEMATTR_DEVICE 1U
#define MEMATTR_NC 5U

struct s2_vms {
	struct s2_kvm_arm64_layout layout;
	struct s2_field_at own_handle;  /* of struct pkvm_hyp_vm */
	struct s2_field_at host_kvm;    /* ... */
	struct s2_field_at host_handle; /* of struct kvm */
	struct s2_pkvm_guest *guest;
	size_t n;
	uint64_t kvm_size;
	struct s2_budget pages; /* of all struct kvm, which are as large as types say */
	bool too_large;
};

static const struct s2_field_row vm_rows[] = {
	S2_FIELD(s2_vms, own_handle, "pkvm_hyp_vm", "kvm.arch.pkvm.handle", false),
	S2_FIELD(s2_vms, host_kvm, "pkvm_hyp_vm", "host_kvm", false),
	S2_FIELD(s2_vms, host_handle, "kvm", "arch.pkvm.handle", false),
};

/* The linear-map address of @pa, at which the host sees its own struct kvm. */
static uint64_t host_va(const struct s2_check_ctx *ctx, uint64_t pa)
{
	return s2_kva_linear_va(&s2_kernel_facts(ctx->kernel)->kva, pa);
}

static const struct s2_table *table_of(const struct s2_check_ctx *ctx, uint32_t handle)
{
	for (size_t i = 0; i < ctx->tables->n; i++)
		if (s2_role(&ctx->tables->table[i]) == S2_ROLE_KEPT &&
		    ctx->tables->table[i].handle == handle)
			return &ctx->tables->table[i];
	return NULL;
}

/* I17: the place in vm_table gives the handle, and both sides know it. */
static void handles(struct s2_check_ctx *ctx, const struct s2_pkvm_guest *guest)
{
	const struct s2_vms *vms = s2_protected(ctx)->vms;
	const struct s2_table *table = table_of(ctx, guest->handle);
	uint64_t vm = host_va(ctx, guest->pa), own, theirs, kvm;

	if (!ctx->first_window)
		return;
	s2_check_looked(ctx, S2_CHECK_HYP_VM, 1);
	if (s2_field_get(ctx->kernel, vm, &vms->own_handle, &own, NULL) ||
	    s2_field_get(ctx->kernel, vm, &vms->host_kvm, &kvm, NULL)) {
		s2_check_unknown(ctx, S2_CHECK_HYP_VM,
				 "struct pkvm_hyp_vm at PA 0x%" PRIx64 " cannot be read",
				 guest->pa);
		return;
	}
	if (own != guest->handle)
		s2_check_found(ctx, S2_CHECK_HYP_VM, table, S2_NO_ADDRESS, guest->pa,
			       "handle 0x%x expected of its place in vm_table, 0x%" PRIx64 " found",
			       guest->handle, own);
	if (!kvm) {
		s2_check_found(ctx, S2_CHECK_HYP_VM, table, S2_NO_ADDRESS, guest->pa,
			       "guest 0x%x has no struct kvm of the host", guest->handle);
		return;
	}
	if (s2_field_get(ctx->kernel, host_va(ctx, guest->host_kvm_pa), &vms->host_handle, &theirs,
			 NULL))
		s2_check_unknown(ctx, S2_CHECK_HYP_VM,
				 "struct kvm at PA 0x%" PRIx64 " cannot be read",
				 guest->host_kvm_pa);
	else if (theirs != guest->handle)
		s2_check_found(ctx, S2_CHECK_HYP_VM, table, S2_NO_ADDRESS, guest->host_kvm_pa,
			       "handle 0x%x expected, 0x%" PRIx64 " found in the host's struct kvm",
			       guest->handle, theirs);
}

/* I18: __pkvm_init_vm() pins the host's struct kvm, which the host has shared before (nvhe/pkvm.c).
 */
static void shared_page(struct s2_check_ctx *ctx, const struct s2_pkvm_guest *guest,
			const struct s2_table *table, uint64_t pa)
{
	const struct s2_pkvm *pkvm = s2_check_pkvm(ctx);
	const struct s2_facts *fact = s2_pages_fact(&ctx->pages, pa);
	uint64_t word;
	bool host, hyp;

	if ((pkvm->host_in == S2_STATE_IN_PTE && fact->host == S2_HOST_UNREAD) ||
	    (pkvm->hyp_in == S2_STATE_IN_PTE && fact->hyp_unread)) {
		s2_check_unknown(ctx, S2_CHECK_VM_SHARED,
				 "the tables' entries for PA 0x%" PRIx64 " are not known", pa);
		return;
	}
	if (s2_pkvm_page(pkvm, ctx->mem, ctx->pages.page_log2, pa, &word)) {
		s2_check_unknown(ctx, S2_CHECK_VM_SHARED,
				 "hyp_vmemmap of PA 0x%" PRIx64 " is not there", pa);
		return;
	}
	host = pkvm->host_in == S2_STATE_IN_VMEMMAP ?
		       s2_pkvm_host_state(pkvm, word) == S2_STATE_SHARED_OWNED :
		       fact->host == S2_HOST_SHARED;
	hyp = pkvm->hyp_in == S2_STATE_IN_VMEMMAP ?
		      s2_pkvm_hyp_state(pkvm, word) == S2_STATE_SHARED_BORROWED :
		      fact->hyp_mapped && fact->hyp == 2;
	if (!host || !hyp || !s2_pkvm_refs(pkvm, word))
		s2_check_found(ctx, S2_CHECK_VM_SHARED, table, pa, pa,
			       "struct kvm of guest 0x%x:%s%s%s", guest->handle,
			       host ? "" : " not shared by the host;",
			       hyp ? "" : " not borrowed by the hypervisor;",
			       s2_pkvm_refs(pkvm, word) ? " pinned" : " not pinned");
}

static void too_large(struct s2_check_ctx *ctx, uint64_t pa)
{
	struct s2_vms *vms = s2_protected(ctx)->vms;
	static const char text[] = "struct kvm at PA 0x%" PRIx64
				   " is not gone through: types say that it has %" PRIu64 " bytes";

	if (!vms->too_large) {
		s2_check_unknown(ctx, S2_CHECK_VM_SHARED, text, pa, vms->kvm_size);
		s2_lost_add(ctx->args->lost, S2_LOST_SEARCH, S2_BUDGET, NULL, pa, text, pa,
			    vms->kvm_size);
	}
	vms->too_large = true;
}

/* The pages of the guest's struct kvm that are in the window. */
static void shared(struct s2_check_ctx *ctx, const struct s2_pkvm_guest *guest)
{
	struct s2_vms *vms = s2_protected(ctx)->vms;
	const struct s2_table *table = table_of(ctx, guest->handle);
	uint64_t last, from, to;

	if (ctx->first_window)
		s2_check_looked(ctx, S2_CHECK_VM_SHARED, 1);
	if (!guest->host_kvm_pa)
		return; /* handles() says so */
	if (!s2_add_ok(guest->host_kvm_pa, vms->kvm_size ? vms->kvm_size - 1 : 0, &last))
		last = UINT64_MAX;
	s2_pages_span(&ctx->pages, guest->host_kvm_pa, last, &from, &to);
	for (uint64_t i = from; i < to; i++) {
		if (s2_budget_take(&vms->pages, 1)) {
			too_large(ctx, guest->host_kvm_pa);
			return;
		}
		shared_page(ctx, guest, table, s2_pages_pa(&ctx->pages, i));
	}
}

/* ---- I16: kvm_pgtable.pkvm_mappings ---- */

/* struct pkvm_mapping, looked up once for all of them. */
struct mapping_layout {
	struct s2_field_at node, gfn, pfn;
	struct s2_field_at nr_pages; /* since 6.16 */
	struct s2_field_at nc;       /* since 7.3: Device or Normal-NC */
	struct s2_field_at root;     /* of struct kvm_pgtable */
	struct s2_field_at pgt;      /* of struct kvm */
};

#define MAPPING(f, t, p, required) S2_FIELD(mapping_layout, f, t, p, required)

static const struct s2_field_row mapping_rows[] = {
	MAPPING(node, "pkvm_mapping", "node", true),
	MAPPING(gfn, "pkvm_mapping", "gfn", true),
	MAPPING(pfn, "pkvm_mapping", "pfn", true),
	MAPPING(nr_pages, "pkvm_mapping", "nr_pages", false),
	MAPPING(nc, "pkvm_mapping", "nc", false),
	MAPPING(root, "kvm_pgtable", "pkvm_mappings", true),
	MAPPING(pgt, "kvm", "arch.mmu.pgt", true),
};

struct mappings {
	struct s2_check_ctx *ctx;
	const struct mapping_layout *layout;
	const struct s2_table *table;
	const struct s2_geometry *geom;
	struct s2_walk *walk;
	struct s2_found found; /* of found_ia; left is 0 when nothing was found there */
	uint64_t found_ia;
	struct s2_budget *lookups; /* of all tables */
	struct s2_budget *entries; /* ... and may be read, of the tables of all guests */
	uint64_t pages;            /* that the host believes to be mapped */
	enum s2_code missing;      /* S2_OK: all of the guest's table was read */
	bool unreadable;
};

/* KVM's Device-nGnRE and Normal-NC at stage 2, with FWB and without (asm/memory.h, MT_S2_*). */
static bool is_nc(uint64_t raw)
{
	uint64_t attr = field_get(S2_MEMATTR, raw);

	return attr == MEMATTR_DEVICE || attr == MEMATTR_NC;
}

/* What the guest's table has at @ia, which it has; else why that is not known. What it has there is
 * looked up once, by however many mappings. */
static enum s2_code find(struct mappings *m, uint64_t ia, struct s2_found *ret)
{
	uint64_t skip = ia - m->found_ia;

	if (skip >= m->found.left) {
		enum s2_code code = s2_budget_take(m->lookups, 1);

		if (!code)
			code = s2_lookup(m->ctx->mem, m->geom, m->table->root_pa, ia, &m->found);
		m->found_ia = ia;
		skip = 0;
		if (code) {
			m->found.left = 0;
			return code;
		}
	}
	*ret = m->found;
	ret->pa += skip;
	ret->left -= skip;
	return S2_OK;
}

/* Is the page at @ia of @found what the host's list says? */
static void mapped_page(struct mappings *m, const struct s2_found *found, uint64_t ia, uint64_t pa,
			bool nc)
{
	uint64_t raw = found->raw;

	if (!(raw & 1))
		s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, ia, pa,
			       "in the host's list, but not mapped");
	else if (found->pa != pa)
		s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, ia,
			       found->leaf ? found->pa : S2_NO_ADDRESS,
			       "0x%" PRIx64 " expected: the host's list says so", pa);
	else if (m->layout->nc.have && nc != is_nc(raw))
		s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, ia, found->pa,
			       "%s in the host's list, but the leaf says otherwise (0x%" PRIx64 ")",
			       nc ? "not cacheable" : "cacheable", raw);
}

/* The first pages of the @n at @ia that one entry, or none, stands for; returns how many. */
static uint64_t mapped_pages_at(struct mappings *m, uint64_t ia, uint64_t pa, uint64_t n, bool nc)
{
	uint64_t page = BIT64(m->geom->page_log2), of_entry;
	struct s2_found found;
	enum s2_code code = find(m, ia, &found);

	if (code) {
		m->missing = code;
		return 1;
	}
	of_entry = found.left / page;
	n = n < of_entry ? n : of_entry;
	if (!(found.raw & 1) &&
	    s2_pkvm_invalid(s2_check_pkvm(m->ctx), S2_PKVM_GUEST, found.raw).state ==
		    S2_STATE_POISONED)
		return n;
	for (uint64_t i = 0; i < n; i++) {
		bool keeps = s2_check_keeps(m->ctx, S2_CHECK_MAPPINGS);

		/* All of them are as the first: what is not kept is said once. */
		m->ctx->times = keeps ? 1 : n - i;
		mapped_page(m, &found, ia + i * page, pa + i * page, nc);
		found.pa += page;
		if (!keeps)
			break;
	}
	m->ctx->times = 1;
	return n;
}

static bool on_mapping(void *arg, uint64_t node)
{
	struct mappings *m = arg;
	const struct mapping_layout *l = m->layout;
	struct s2_kernel *kernel = m->ctx->kernel;
	uint64_t va = node - s2_member_off(&l->node.m), gfn, pfn, n = 1, nc = 0;
	uint64_t block = BIT64(m->geom->page_log2 - 3);
	uint64_t gfns = BIT64(m->geom->ia_bits - m->geom->page_log2);

	if (s2_field_get(kernel, va, &l->gfn, &gfn, NULL) ||
	    s2_field_get(kernel, va, &l->pfn, &pfn, NULL) ||
	    (l->nr_pages.have && s2_field_get(kernel, va, &l->nr_pages, &n, NULL)) ||
	    (l->nc.have && s2_field_get(kernel, va, &l->nc, &nc, NULL))) {
		m->unreadable = true;
		return false;
	}
	/* A page, or a block of the level above (pkvm.c, pkvm_pgtable_stage2_map()). */
	if (n != 1 && n != block) {
		s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, gfn << m->geom->page_log2,
			       pfn << m->geom->page_log2,
			       "a mapping of %" PRIu64 " pages; KVM makes them of 1 or %" PRIu64, n,
			       block);
		n = 1;
	}
	if (gfn >= gfns || n > gfns - gfn) {
		s2_check_found(m->ctx, S2_CHECK_MAPPINGS, m->table, S2_NO_ADDRESS,
			       pfn << m->geom->page_log2,
			       "gfn 0x%" PRIx64 " in the host's list is beyond its address space",
			       gfn);
		return true;
	}
	m->pages += n;
	for (uint64_t i = 0; i < n && m->missing != S2_BUDGET;)
		i += mapped_pages_at(m, (gfn + i) << m->geom->page_log2,
				     (pfn + i) << m->geom->page_log2, n - i, nc != 0);
	return m->missing != S2_BUDGET;
}

static uint64_t mapped_pages(struct mappings *m)
{
	struct s2_strip strip;
	uint64_t n = 0;

	s2_walk_init(m->walk, m->geom, m->ctx->mem, m->table->root_pa);
	while (s2_walk_next(m->walk, &strip)) {
		if (strip.missing)
			m->missing = strip.missing;
		else if (s2_budget_take(m->entries, strip.n))
			m->missing = S2_BUDGET;
		if (m->missing == S2_BUDGET)
			break;
		for (uint64_t i = 0; !strip.missing && i < strip.n; i++) {
			uint64_t raw = strip.desc[i];

			if (m->geom->arch->is_leaf(m->geom, strip.height, raw) ||
			    s2_pkvm_invalid(s2_check_pkvm(m->ctx), S2_PKVM_GUEST, raw).state ==
				    S2_STATE_POISONED)
				n += s2_entry_size(m->geom, strip.height) >> m->geom->page_log2;
		}
	}
	return n;
}

static void too_many_mappings(const struct mappings *m)
{
	static const char text[] =
		"the host's list, or the guest's table, has more mappings than a "
		"dump of this size has entries";

	s2_check_unknown(m->ctx, S2_CHECK_MAPPINGS, "%s: %s", m->table->id, text);
	s2_lost_add(m->ctx->args->lost, S2_LOST_SEARCH, S2_BUDGET, m->table->id, S2_LOST_NOWHERE,
		    "%s", text);
}

static void mappings(struct s2_check_ctx *ctx, const struct mapping_layout *layout, size_t i,
		     struct s2_walk *walk, struct s2_budget *lookups, struct s2_budget *entries)
{
	struct mappings m = { .ctx = ctx,
			      .layout = layout,
			      .table = &ctx->tables->table[i],
			      .geom = &ctx->geom[i],
			      .walk = walk,
			      .lookups = lookups,
			      .entries = entries };
	struct s2_err err;
	uint64_t pgt, n;

	s2_err_init(&err);
	if (!m.table->object_va ||
	    s2_field_get(ctx->kernel, m.table->object_va, &layout->pgt, &pgt, NULL)) {
		s2_check_unknown(ctx, S2_CHECK_MAPPINGS, "%s: the host's list cannot be found",
				 m.table->id);
		return;
	}
	if (s2_kernel_rbtree(ctx->kernel, pgt + s2_member_off(&layout->root.m), on_mapping, &m,
			     &err) ||
	    m.unreadable) {
		s2_check_unknown(ctx, S2_CHECK_MAPPINGS,
				 "%s: the host's list cannot be read%s%.80s", m.table->id,
				 *err.text ? ": " : "", err.text);
		return;
	}
	if (m.missing == S2_BUDGET) {
		too_many_mappings(&m);
		return;
	}
	n = mapped_pages(&m);
	if (m.missing == S2_BUDGET)
		too_many_mappings(&m);
	else if (m.missing)
		s2_check_unknown(ctx, S2_CHECK_MAPPINGS, "%s: a part of its table is %s",
				 m.table->id, s2_code_name(m.missing));
	else if (n != m.pages)
		s2_check_found(ctx, S2_CHECK_MAPPINGS, m.table, S2_NO_ADDRESS, m.table->root_pa,
			       "%" PRIu64 " pages expected of the host's list, %" PRIu64
			       " found mapped",
			       m.pages, n);
}

static void all_mappings(struct s2_check_ctx *ctx)
{
	struct mapping_layout l = { .node = { .have = false } };
	struct s2_budget lookups, entries;
	struct s2_walk *walk;
	struct s2_err err;

	if (!ctx->kernel || !ctx->first_window)
		return;
	s2_err_init(&err);
	if (s2_fields_find(ctx->kernel, mapping_rows, ARRAY_SIZE(mapping_rows), &l, &err)) {
		ctx->nomem |= err.code == S2_NOMEM;
		s2_check_unknown(ctx, S2_CHECK_MAPPINGS, "struct pkvm_mapping is not known: %.100s",
				 err.text);
		return;
	}
	walk = malloc(sizeof(*walk));
	if (!walk) {
		ctx->nomem = true;
		return;
	}
	s2_budget_init(&lookups, FLOOR_LOOKUPS, 1, ctx->mem->bytes / sizeof(uint64_t));
	s2_budget_init(&entries, FLOOR_ENTRIES, 1, s2_mem_structures(ctx->mem) / sizeof(uint64_t));
	for (size_t i = 0; i < ctx->tables->n; i++)
		if (s2_role(&ctx->tables->table[i]) == S2_ROLE_KEPT && ctx->geom[i].arch)
			mappings(ctx, &l, i, walk, &lookups, &entries);
	free(walk);
}

/* ---- All of it ---- */

/* Guests whose tables are not among those that are read: what they hold is not known. */
static void note_lost(struct s2_check_ctx *ctx)
{
	for (size_t i = 0; i < s2_protected(ctx)->vms->n; i++)
		if (!table_of(ctx, s2_protected(ctx)->vms->guest[i].handle))
			ctx->kept_lost = true;
}

void s2_check_vms_begin(struct s2_check_ctx *ctx)
{
	struct s2_pkvm *pkvm = s2_pkvm_of(ctx->tables);
	struct s2_types *types;
	struct s2_vms *vms;
	struct s2_err err;

	if (!ctx->kept || !pkvm->hyp_vms)
		return;
	s2_err_init(&err);
	vms = calloc(1, sizeof(*vms));
	if (!vms) {
		ctx->nomem = true;
		return;
	}
	if (!ctx->kernel || s2_kvm_arm64_layout(ctx->kernel, &vms->layout, &err) ||
	    s2_pkvm_guests(ctx->kernel, ctx->mem, &vms->layout, pkvm, &vms->guest, &vms->n, &err) ||
	    s2_kernel_types(ctx->kernel, &types, &err) ||
	    s2_types_sizeof(types, "kvm", &vms->kvm_size, &err) ||
	    s2_fields_find(ctx->kernel, vm_rows, ARRAY_SIZE(vm_rows), vms, &err)) {
		ctx->nomem |= err.code == S2_NOMEM;
		s2_check_unknown(ctx, S2_CHECK_HYP_VM, "%.150s", err.text);
		s2_check_unknown(ctx, S2_CHECK_VM_SHARED, "%.150s", err.text);
		ctx->kept_lost = true;
		free(vms->guest);
		free(vms);
		return;
	}
	s2_budget_init(&vms->pages, FLOOR_KVM_PAGES, 1, ctx->mem->bytes >> ctx->pages.page_log2);
	s2_protected(ctx)->vms = vms;
	if (pkvm->guests)
		note_lost(ctx);
}

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx, const struct s2_pkvm_guest *guest);
} vm_looks[] = { S2_VM_LOOKS(S2_LOOK_ROW) };

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx);
} vms_looks[] = { S2_VMS_LOOKS(S2_LOOK_ROW) };

void s2_check_vms(struct s2_check_ctx *ctx)
{
	const struct s2_vms *vms = s2_protected(ctx)->vms;

	for (unsigned int i = 0; i < ARRAY_SIZE(vms_looks); i++)
		if (s2_check_runs(ctx, vms_looks[i].id))
			vms_looks[i].look(ctx);
	for (size_t n = 0; vms && n < vms->n; n++)
		for (unsigned int i = 0; i < ARRAY_SIZE(vm_looks); i++)
			if (s2_check_runs(ctx, vm_looks[i].id))
				vm_looks[i].look(ctx, &vms->guest[n]);
}

void s2_check_vms_end(struct s2_check_ctx *ctx)
{
	if (!s2_protected(ctx)->vms)
		return;
	free(s2_protected(ctx)->vms->guest);
	free(s2_protected(ctx)->vms);
}
