// SPDX-License-Identifier: GPL-2.0-or-later
// A protected system as a keeper of tables: the host's and the hypervisor's, and guests' that KVM
// leaves to it.
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "decode/arm64/arm64.h"
#include "host/host.h"
#include "host/kvm/arm64/layout.h"
#include "host/pkvm/note.h"
#include "host/pkvm/pkvm.h"

struct pkvm_host {
	struct s2_kvm_arm64_layout layout;
	/* struct kvm: of a VM that the hypervisor knows */
	struct s2_field_at handle, is_created, is_protected, is_dying;
	bool hyp_managed; /* kvm_pgtable can be a tree of mappings whose table the hypervisor keeps */
	struct s2_pkvm_guest *guest; /* of the hypervisor's */
	size_t nguests;
	enum s2_code guests_unread; /* why they are not known */
};

static const struct s2_field_row rows[] = {
	S2_FIELD(pkvm_host, handle, "kvm", "arch.pkvm.handle", false),             /* since 6.2 */
	S2_FIELD(pkvm_host, is_created, "kvm", "arch.pkvm.is_created", false),     /* since 6.18 */
	S2_FIELD(pkvm_host, is_protected, "kvm", "arch.pkvm.is_protected", false), /* since 6.18 */
	S2_FIELD(pkvm_host, is_protected, "kvm", "arch.pkvm.enabled", false),
	S2_FIELD(pkvm_host, is_dying, "kvm", "arch.pkvm.is_dying", false), /* since 7.1 */
};

/* The guest of the hypervisor that stands for the VM at @kvm_va; NULL when there is none. By the
 * pointer of the one to the other, or by handle when that could not be read. */
static struct s2_pkvm_guest *guest_of(const struct s2_host_search *s, struct pkvm_host *p,
				      uint64_t kvm_va, uint64_t handle)
{
	uint64_t pa = 0;
	bool have_pa = !s2_kernel_pa(s->kernel, kvm_va, &pa, NULL);

	for (size_t i = 0; i < p->nguests; i++) {
		bool by_pointer = have_pa && p->guest[i].host_kvm_pa;

		if (by_pointer ? p->guest[i].host_kvm_pa == pa :
				 (p->guest[i].unread || !have_pa) && p->guest[i].handle == handle)
			return &p->guest[i];
	}
	return NULL;
}

/*
 * The hypervisor's handle of the VM at @kvm_va, 0 when it has none. Since 6.18 a handle is reserved
 * before the VM is created, up to 6.17 it comes with it (arch/arm64/kvm/pkvm.c); the host notes
 * that it is created after the hypervisor made its own struct.
 */
static enum s2_code handle_of(const struct s2_host_search *s, struct pkvm_host *p, uint64_t kvm_va,
			      uint64_t *ret)
{
	*ret = 0;
	if (!p->hyp_managed || !p->handle.have)
		return S2_OK;
	return s2_field_get(s->kernel, kvm_va, &p->handle, ret, s->err);
}

/* A flag that this kernel has not is not known, and nothing is lost; why another one is not known,
 * the first of them, is in @err. */
static enum s2_tristate get_flag(const struct s2_host_search *s, uint64_t kvm_va,
				 const struct s2_field_at *field, struct s2_err *err)
{
	struct s2_err why;
	uint64_t value;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(s->kernel, kvm_va, field, &value, &why);
	if (!code)
		return value ? S2_YES : S2_NO;
	if (code != S2_NOTFOUND && !err->code)
		*err = why;
	return S2_UNKNOWN;
}

/* What the host says of a VM to the hypervisor: a handle alone told that it is known there, before
 * there was a member for it. */
static enum s2_code say_state(const struct s2_host_search *s, const struct pkvm_host *p,
			      const struct s2_table *table)
{
	uint64_t kvm_va = table->object_va;
	struct s2_vm *vm = table->vm;
	struct s2_err why;

	s2_err_init(&why);
	vm->is_protected = get_flag(s, kvm_va, &p->is_protected, &why);
	vm->is_dying = get_flag(s, kvm_va, &p->is_dying, &why);
	vm->is_created =
		get_flag(s, kvm_va, p->is_created.have ? &p->is_created : &p->handle, &why);
	if (why.code == S2_NOMEM)
		return s2_fail(s->err, why.code, "%s", why.text);
	/* The members stand side by side: one cause, one loss. */
	if (why.code)
		s2_lost_add(s->lost, S2_LOST_PROCESS, why.code, table->id, S2_LOST_NOWHERE,
			    "what the hypervisor is told of it: %s", why.text);
	return S2_OK;
}

/* Makes @table that of a guest whose table the hypervisor keeps. */
static void by_hypervisor(const struct s2_host_search *s, struct s2_pkvm_guest *guest,
			  struct s2_table *table)
{
	table->root_pa = guest->root_pa;
	table->bare = false;
	table->have_vmid = guest->vmid;
	table->vmid = guest->vmid;
	s2_pkvm_annotate(table, s2_pkvm_of(s->tables), S2_PKVM_GUEST);
	table->have_handle = true;
	table->handle = guest->handle;
	s2_regime_set(&table->regime, S2_ARM64_VTCR_EL2, guest->vtcr);
	snprintf(table->found, sizeof(table->found), "struct pkvm_hyp_vm at PA 0x%" PRIx64,
		 guest->pa);
	guest->root_pa = 0; /* taken */
	guest->unread = S2_OK;
}

/* A guest of the hypervisor of which not all could be read. */
static void lose_guest(const struct s2_host_search *s, struct s2_pkvm_guest *guest, const char *id)
{
	s2_lost_add(s->lost, S2_LOST_TABLE, guest->unread, id, guest->pa,
		    "struct pkvm_hyp_vm at PA 0x%" PRIx64 " is %s, it knows where the table is",
		    guest->pa, s2_code_name(guest->unread));
	guest->unread = S2_OK; /* told */
}

/* May the hypervisor keep guests' tables of which nothing could be read? */
static bool may_be_unread(const struct s2_host_search *s, const struct pkvm_host *p)
{
	return p->guests_unread && p->hyp_managed &&
	       (s->tables->mode == S2_KVM_PROTECTED || s2_is_missing(p->guests_unread));
}

/*
 * kvm_init_stage2_mmu() leaves pgd_phys 0 when the hypervisor keeps the table (6.14 on,
 * protected): then this kvm_pgtable is a tree of mappings and no table.
 */
static enum s2_code amend(struct s2_host_search *s, void *state, struct s2_table *table)
{
	struct pkvm_host *p = state;
	uint64_t kvm_va = table->object_va;
	struct s2_pkvm_guest *guest;
	uint64_t handle;
	enum s2_code code = S2_OK;

	/* That is in struct kvm: it needs nothing of the hypervisor's. */
	if (s->tables->mode == S2_KVM_PROTECTED && table->vm)
		code = say_state(s, p, table);
	if (code || table->root_pa)
		return code;
	code = handle_of(s, p, kvm_va, &handle);
	if (code)
		return code;
	guest = guest_of(s, p, kvm_va, handle);
	if (guest ? guest->unread != S2_OK : may_be_unread(s, p))
		table->bare = false;
	if (guest && guest->root_pa)
		by_hypervisor(s, guest, table);
	else if (guest && guest->unread)
		lose_guest(s, guest, table->id);
	else if (!guest && (handle || !table->bare) && p->guests_unread)
		s2_lost_add(s->lost, S2_LOST_TABLE, p->guests_unread, table->id, S2_LOST_NOWHERE,
			    "the hypervisor keeps its table, and what it knows of its guests was "
			    "not read");
	return S2_OK;
}

static enum s2_code own_orphan(const struct s2_host_search *s, struct s2_table *table)
{
	struct s2_vm *vm = s2_vm_new();

	if (!vm)
		return s2_fail(s->err, S2_NOMEM, "no memory for VMs");
	snprintf(vm->unnamed, sizeof(vm->unnamed), "only the hypervisor knows it");
	vm->is_created = S2_YES;
	table->vm = vm;
	return s2_tables_own(s->tables, vm, s->err);
}

/* Guests that the hypervisor knows and the host does not. */
static enum s2_code add_orphans(struct s2_host_search *s, void *state)
{
	const struct s2_pkvm *pkvm = s2_pkvm_of(s->tables);
	struct pkvm_host *p = state;
	enum s2_code code = S2_OK;

	for (size_t i = 0; !code && i < p->nguests; i++) {
		struct s2_table table = { .pid = -1, .vcpus = -1 };

		if (!pkvm || !pkvm->guests)
			continue;
		snprintf(table.id, sizeof(table.id), "vm:handle-0x%x", p->guest[i].handle);
		if (p->guest[i].unread)
			lose_guest(s, &p->guest[i], table.id);
		if (!p->guest[i].root_pa)
			continue;
		s2_regime_init(&table.regime, &s2_arm64_stage2);
		snprintf(table.kind, sizeof(table.kind), "stage2");
		by_hypervisor(s, &p->guest[i], &table);
		code = own_orphan(s, &table);
		if (!code)
			code = s2_tables_add(s->tables, &table, s->err);
		if (code == S2_BUDGET)
			code = s2_host_set_aside(s, S2_LOST_TABLE, table.id, code);
	}
	return code;
}

/* Of a protected system: the tables of host and hypervisor, and which guests the latter manages. */
static enum s2_code find_pkvm(struct s2_host_search *s, void *state)
{
	struct s2_tables *tables = s->tables;
	struct pkvm_host *p = state;
	struct s2_pkvm *pkvm;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	if (tables->mode != S2_KVM_PROTECTED && tables->mode != S2_KVM_UNKNOWN)
		return S2_OK;
	code = s2_pkvm_find(s->kernel, s->mem, &p->layout, s->lost, tables, &why);
	if (code == S2_NOMEM)
		return s2_fail(s->err, code, "%s", why.text);
	if (code) {
		p->guests_unread = code;
		if (tables->mode == S2_KVM_PROTECTED || s2_is_missing(code)) {
			s2_lost_add(s->lost, S2_LOST_TABLE, code, "host", S2_LOST_NOWHERE, "%s",
				    why.text);
			s2_lost_add(s->lost, S2_LOST_TABLE, code, "hyp", S2_LOST_NOWHERE,
				    "its stage 1 is looked for where the host's stage 2 is");
		}
		return S2_OK;
	}
	if (tables->mode == S2_KVM_UNKNOWN)
		snprintf(tables->mode_why, sizeof(tables->mode_why), "the host's stage 2");
	tables->mode = S2_KVM_PROTECTED;
	pkvm = s2_pkvm_of(tables);
	code = s2_pkvm_guests(s->kernel, s->mem, &p->layout, pkvm, &p->guest, &p->nguests, &why);
	p->guests_unread = code;
	if (code && pkvm->guests)
		s2_lost_add(s->lost, S2_LOST_VM, code, NULL, S2_LOST_NOWHERE,
			    "guests of the hypervisor: %s: %u VMs are known, no table of theirs",
			    why.text, tables->nvms);
	return S2_OK;
}

static void close_host(void *state)
{
	struct pkvm_host *p = state;

	if (p)
		free(p->guest);
	free(p);
}

static enum s2_code probe(struct s2_host_search *s, void **ret_state)
{
	struct pkvm_host *p = calloc(1, sizeof(*p));
	struct s2_types *types;
	enum s2_code code;

	if (!p)
		return s2_fail(s->err, S2_NOMEM, "no memory");
	code = s2_kvm_arm64_layout(s->kernel, &p->layout, s->err);
	if (!code)
		code = s2_fields_find(s->kernel, rows, ARRAY_SIZE(rows), p, s->err);
	if (!code)
		code = s2_kernel_types(s->kernel, &types, s->err);
	if (!code)
		p->hyp_managed = s2_types_has_member(types, "kvm_pgtable", "pkvm_mappings");
	if (code)
		free(p);
	else
		*ret_state = p;
	return code;
}

static void save(const struct s2_tables *tables, json_t *note)
{
	if (s2_pkvm_of(tables))
		json_object_set_new(note, "pkvm", s2_pkvm_to_json(s2_pkvm_of(tables)));
}

static enum s2_code load(json_t *note, struct s2_tables *tables, struct s2_err *err)
{
	json_t *obj = json_object_get(note, "pkvm");
	struct s2_pkvm *pkvm = NULL;
	enum s2_code code = obj ? s2_pkvm_from_json(obj, &pkvm, err) : S2_OK;

	if (!pkvm)
		return code;
	tables->keeper = &s2_pkvm_host;
	tables->kept = pkvm;
	return code;
}

/* Of the identity maps there are, the host's is the one. */
static void identity(const struct s2_tables *tables, struct s2_table *table)
{
	if (s2_pkvm_of(tables))
		s2_pkvm_annotate(table, s2_pkvm_of(tables), S2_PKVM_HOST);
}

static void free_pkvm(struct s2_tables *tables)
{
	s2_pkvm_free(s2_pkvm_of(tables));
}

const struct s2_host s2_pkvm_host = {
	.name = "pkvm",
	.kernel = "arm64",
	.probe = probe,
	.system = find_pkvm,
	.amend = amend,
	.rest = add_orphans,
	.identity = identity,
	.close = close_host,
	.save = save,
	.load = load,
	.free = free_pkvm,
};
