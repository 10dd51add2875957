// SPDX-License-Identifier: GPL-2.0-or-later
// From vm_list to tables: every VM, its own stage 2, the shadow tables of its nested guests.
#include "host/kvm/kvm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/arm64/arm64.h"
#include "host/kvm/arm64/hyp.h"
#include "host/kvm/layout.h"
#include "host/kvm/arm64/mode.h"
#include "host/pkvm/pkvm.h"
#include "model/slots.h"
#include "host/kvm/slots.h"
#include "host/kvm/vmlist.h"

/* Shadow MMUs per VM: KVM keeps two per vCPU (S2_MMU_PER_VCPU), and 512 vCPUs at most. */
#define MAX_NESTED 4096

/* More VMs than a host can run; beyond it the list is lying. */
#define MAX_VMS 65536

#define VTTBR_CNP BIT64(0)

struct walk_vms {
	struct s2_kernel *kernel;
	const struct s2_mem *mem;
	struct s2_kvm_layout layout;
	struct s2_tables *tables;
	struct s2_lost *lost;
	uint64_t hcr;                /* of any vCPU */
	struct s2_pkvm_guest *guest; /* of the hypervisor's */
	size_t nguests;
	enum s2_code guests_unread; /* why they are not known */
	uint64_t *vm;               /* struct kvm addresses, in the order of the list */
	int64_t *pid;               /* of each of them, -1 when not known */
	size_t nvms, room;
	enum s2_code code;
	struct s2_err *err;
};

static bool on_vm(void *arg, uint64_t node)
{
	struct walk_vms *w = arg;

	if (w->nvms == MAX_VMS) {
		w->code = s2_fail(w->err, S2_INVALID, "more than %d VMs", MAX_VMS);
		return false;
	}
	if (w->nvms == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		uint64_t *grown = realloc(w->vm, room * sizeof(*grown));

		if (!grown) {
			w->code = s2_fail(w->err, S2_NOMEM, "no memory for VMs");
			return false;
		}
		w->vm = grown;
		w->room = room;
	}
	w->vm[w->nvms++] = node - s2_member_off(&w->layout.vm_list.m);
	return true;
}

/* What cannot be read of one VM does not hide the rest: it is noted, and the search goes on. */
static enum s2_code set_aside(struct walk_vms *w, enum s2_lost_what what, const char *table,
			      enum s2_code code)
{
	if (!code || code == S2_NOMEM)
		return code;
	s2_lost_add(w->lost, what, code, table, S2_LOST_NOWHERE, "%s", w->err->text);
	s2_err_init(w->err);
	return S2_OK;
}

struct first_vcpu {
	uint64_t va;
};

static bool on_vcpu(void *arg, uint64_t index, uint64_t value)
{
	struct first_vcpu *first = arg;

	(void)index;
	first->va = value;
	return false;
}

/* HCR_EL2 of the VM's first vCPU: S2_NOTFOUND when it has none yet. It tells FWB, and the host's
 * E2H. */
static enum s2_code vcpu_hcr(struct walk_vms *w, uint64_t kvm_va, uint64_t *ret)
{
	struct first_vcpu first = { 0 };
	enum s2_code code = S2_OK;

	if (w->layout.vcpu_array.have)
		code = s2_kernel_xarray(w->kernel, kvm_va + s2_member_off(&w->layout.vcpu_array.m),
					on_vcpu, &first, w->err);
	else if (w->layout.vcpus.have)
		code = s2_kernel_read(w->kernel, kvm_va + s2_member_off(&w->layout.vcpus.m),
				      &first.va, sizeof(first.va), w->err);
	if (!code && !first.va)
		return S2_NOTFOUND;
	return code ? code : s2_field_get(w->kernel, first.va, &w->layout.vcpu_hcr, ret, w->err);
}

/* The stage-2 table of the kvm_s2_mmu at @mmu, as far as registers and root go. */
static enum s2_code mmu_table(struct walk_vms *w, uint64_t kvm_va, uint64_t mmu,
			      struct s2_table *ret)
{
	uint64_t vtcr, hcr;
	enum s2_code code =
		s2_field_get(w->kernel, mmu, &w->layout.mmu_pgd_phys, &ret->root_pa, w->err);

	if (code)
		return code;
	if (w->layout.mmu_vtcr.have)
		code = s2_field_get(w->kernel, mmu, &w->layout.mmu_vtcr, &vtcr, w->err);
	else
		code = s2_field_get(w->kernel, kvm_va, &w->layout.vtcr, &vtcr, w->err);
	if (code)
		return code;
	s2_regime_init(&ret->regime, &s2_arm64_stage2);
	s2_regime_set(&ret->regime, S2_ARM64_VTCR_EL2, vtcr);
	code = vcpu_hcr(w, kvm_va, &hcr);
	if (!code && hcr) {
		s2_regime_set(&ret->regime, S2_ARM64_HCR_EL2, hcr);
		w->hcr = hcr;
	}
	return code && code != S2_NOTFOUND ?
		       set_aside(w, S2_LOST_REGISTER, ret->id, s2_wrap(w->err, code, "hcr_el2")) :
		       S2_OK;
}

/* A number of the VM that no kernel makes negative; -1 when it is not known. */
static int64_t count_of(struct walk_vms *w, uint64_t va, const struct s2_field_at *field,
			const char *what)
{
	uint64_t value;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(w->kernel, va, field, &value, &why);
	if (s2_is_missing(code))
		s2_lost_add(w->lost, S2_LOST_VM, code, NULL, S2_LOST_NOWHERE,
			    "%s of struct kvm at 0x%" PRIx64 ": %s", what, va, why.text);
	return code || (int64_t)value < 0 ? -1 : (int64_t)value;
}

/* How many VMs of the list belong to process @pid, and the rank of VM @i among them, oldest first. */
static unsigned int rank_of(struct walk_vms *w, size_t i, int64_t pid, unsigned int *ret_rank)
{
	unsigned int n = 0;

	*ret_rank = 0;
	/* vm_list is newest first. */
	for (size_t k = w->nvms; k-- > 0;) {
		if (w->pid[k] != pid)
			continue;
		n++;
		if (k == i)
			*ret_rank = n;
	}
	return n;
}

static void name_vm(struct walk_vms *w, size_t i, struct s2_table *table)
{
	unsigned int rank;

	table->pid = w->pid[i];
	table->vcpus = count_of(w, w->vm[i], &w->layout.online_vcpus, "online_vcpus");
	if (table->pid < 0)
		snprintf(table->id, sizeof(table->id), "vm:0x%" PRIx64, w->vm[i]);
	else if (rank_of(w, i, table->pid, &rank) == 1)
		snprintf(table->id, sizeof(table->id), "vm:%" PRId64, table->pid);
	else
		snprintf(table->id, sizeof(table->id), "vm:%" PRId64 ".%u", table->pid, rank);
}

/* The element @i of nested_mmus: an array of structures, or of pointers to them (6.12 stable). */
static enum s2_code nested_mmu(struct walk_vms *w, uint64_t array, uint64_t i, uint64_t *ret)
{
	if (w->layout.nested_mmus.m.ptr_depth < 2) {
		*ret = array + i * w->layout.mmu_size;
		return S2_OK;
	}
	return s2_kernel_read(w->kernel, array + i * sizeof(*ret), ret, sizeof(*ret), w->err);
}

/* Shadow MMU @i: root_pa stays 0 when it is not in use. tlb_vttbr has CnP set while a slot is free
 * (kvm_init_nested_s2_mmu(), nested.c). */
static enum s2_code nested_table(struct walk_vms *w, uint64_t kvm_va, uint64_t array, uint64_t i,
				 struct s2_table *ret)
{
	uint64_t mmu, enabled;
	enum s2_code code = nested_mmu(w, array, i, &mmu);

	if (!code)
		code = s2_field_get(w->kernel, mmu, &w->layout.mmu_tlb_vttbr,
				    &ret->shadow[S2_SHADOW_ROOT], w->err);
	if (code || ret->shadow[S2_SHADOW_ROOT] & VTTBR_CNP)
		return code;
	code = s2_field_get(w->kernel, mmu, &w->layout.mmu_tlb_vtcr,
			    &ret->shadow[S2_SHADOW_CONTROL], w->err);
	if (!s2_field_get(w->kernel, mmu, &w->layout.mmu_nested_enabled, &enabled, NULL))
		ret->guest_stage2 = enabled ? S2_YES : S2_NO;
	return code ? code : mmu_table(w, kvm_va, mmu, ret);
}

static enum s2_code add_nested(struct walk_vms *w, uint64_t kvm_va, const struct s2_table *vm)
{
	uint64_t n = 0, array = 0;
	enum s2_code code;

	if (!w->layout.nested_mmus.have || !w->layout.nested_mmus_size.have)
		return S2_OK;
	code = s2_field_get(w->kernel, kvm_va, &w->layout.nested_mmus_size, &n, w->err);
	if (!code)
		code = s2_field_get(w->kernel, kvm_va, &w->layout.nested_mmus, &array, w->err);
	if (!code && n > MAX_NESTED)
		code = s2_fail(w->err, S2_INVALID, "%" PRId64 " shadow MMUs", (int64_t)n);
	if (code)
		return set_aside(w, S2_LOST_TABLE, vm->id, s2_wrap(w->err, code, "nested_mmus"));
	if (!array)
		return S2_OK;
	for (uint64_t i = 0; i < n; i++) {
		struct s2_table table = { .pid = vm->pid,
					  .vcpus = vm->vcpus,
					  .kind = "nested-stage2" };

		snprintf(table.id, sizeof(table.id), "%.40s/nested:%u", vm->id, (unsigned int)i);
		snprintf(table.found, sizeof(table.found), "kvm_arch.nested_mmus[%" PRIu64 "]", i);
		code = nested_table(w, kvm_va, array, i, &table);
		if (code)
			code = set_aside(w, S2_LOST_TABLE, table.id,
					 s2_wrap(w->err, code, "nested_mmus[%" PRIu64 "]", i));
		else if (table.root_pa)
			code = s2_tables_add(w->tables, &table, w->err);
		if (code)
			return code;
	}
	return S2_OK;
}

/* The guest of the hypervisor that stands for the VM at @kvm_va; NULL when there is none. By the
 * pointer of the one to the other, or by handle when that could not be read. */
static struct s2_pkvm_guest *guest_of(struct walk_vms *w, uint64_t kvm_va, uint64_t handle)
{
	uint64_t pa = 0;
	bool have_pa = !s2_kernel_pa(w->kernel, kvm_va, &pa, NULL);

	for (size_t i = 0; i < w->nguests; i++) {
		bool by_pointer = have_pa && w->guest[i].host_kvm_pa;

		if (by_pointer ? w->guest[i].host_kvm_pa == pa :
				 (w->guest[i].unread || !have_pa) && w->guest[i].handle == handle)
			return &w->guest[i];
	}
	return NULL;
}

/*
 * The hypervisor's handle of the VM at @kvm_va, 0 when it knows no such VM: since 6.18 a handle is
 * reserved before the VM is created, up to 6.17 it comes with it (arch/arm64/kvm/pkvm.c).
 */
static enum s2_code handle_of(struct walk_vms *w, uint64_t kvm_va, uint64_t *ret)
{
	uint64_t created = 1;
	enum s2_code code = S2_OK;

	*ret = 0;
	if (!w->layout.hyp_managed || !w->layout.handle.have)
		return S2_OK;
	if (w->layout.is_created.have)
		code = s2_field_get(w->kernel, kvm_va, &w->layout.is_created, &created, w->err);
	if (code || !created)
		return code;
	return s2_field_get(w->kernel, kvm_va, &w->layout.handle, ret, w->err);
}

/* Makes @table that of a guest whose table the hypervisor keeps. */
static void by_hypervisor(struct walk_vms *w, struct s2_pkvm_guest *guest, struct s2_table *table)
{
	table->root_pa = guest->root_pa;
	s2_pkvm_annotate(table, w->tables->pkvm, S2_PKVM_GUEST);
	table->have_handle = true;
	table->handle = guest->handle;
	s2_regime_set(&table->regime, S2_ARM64_VTCR_EL2, guest->vtcr);
	snprintf(table->found, sizeof(table->found), "struct pkvm_hyp_vm at PA 0x%" PRIx64,
		 guest->pa);
	guest->root_pa = 0; /* taken */
	guest->unread = S2_OK;
}

/* A guest of the hypervisor of which not all could be read. */
static void lose_guest(struct walk_vms *w, struct s2_pkvm_guest *guest, const char *id)
{
	s2_lost_add(w->lost, S2_LOST_TABLE, guest->unread, id, guest->pa,
		    "struct pkvm_hyp_vm at PA 0x%" PRIx64 " is %s, it knows where the table is",
		    guest->pa, s2_code_name(guest->unread));
	guest->unread = S2_OK; /* told */
}

/*
 * kvm_init_stage2_mmu() leaves pgd_phys 0 when the hypervisor keeps the table (6.14 on,
 * protected): then this kvm_pgtable is a tree of mappings and no table.
 */
static enum s2_code table_from_hypervisor(struct walk_vms *w, uint64_t kvm_va,
					  struct s2_table *table)
{
	struct s2_pkvm_guest *guest;
	uint64_t handle;
	enum s2_code code = handle_of(w, kvm_va, &handle);

	if (code)
		return code;
	guest = guest_of(w, kvm_va, handle);
	if (guest && guest->root_pa)
		by_hypervisor(w, guest, table);
	else if (guest && guest->unread)
		lose_guest(w, guest, table->id);
	else if (!guest && handle && w->guests_unread)
		s2_lost_add(w->lost, S2_LOST_TABLE, w->guests_unread, table->id, S2_LOST_NOWHERE,
			    "the hypervisor keeps its table, and what it knows of its guests was "
			    "not read");
	return S2_OK;
}

static enum s2_code add_vm(struct walk_vms *w, size_t i)
{
	struct s2_table table = { 0 };
	uint64_t kvm_va = w->vm[i];
	enum s2_code code;

	name_vm(w, i, &table);
	table.object_va = kvm_va;
	snprintf(table.kind, sizeof(table.kind), "stage2");
	snprintf(table.found, sizeof(table.found), "struct kvm at 0x%" PRIx64, kvm_va);
	code = mmu_table(w, kvm_va, kvm_va + s2_member_off(&w->layout.mmu.m), &table);
	if (!code && !table.root_pa)
		code = table_from_hypervisor(w, kvm_va, &table);
	if (code)
		return set_aside(w, S2_LOST_VM, table.id, code);
	if (table.root_pa) {
		struct s2_slot *slot;
		size_t nslots;

		code = s2_kvm_slots(w->kernel, &w->layout, kvm_va, &slot, &nslots, w->err);
		if (!code)
			s2_slots_known(&table, slot, nslots);
		/* A pointer that is in the dump, and NULL, is no loss. */
		if (code == S2_NOTFOUND) {
			snprintf(table.remark, sizeof(table.remark), "%.150s", w->err->text);
			code = S2_OK;
		}
		code = set_aside(w, S2_LOST_SLOTS, table.id, code);
		if (!code)
			code = s2_tables_add(w->tables, &table, w->err);
		if (code) {
			s2_table_clear(&table);
			return code;
		}
	}
	return add_nested(w, kvm_va, &table);
}

/* Guests that the hypervisor knows and the host does not. */
static enum s2_code add_orphans(struct walk_vms *w)
{
	enum s2_code code = S2_OK;

	for (size_t i = 0; !code && i < w->nguests; i++) {
		struct s2_table table = { .pid = -1, .vcpus = -1 };

		if (!w->tables->pkvm->guests)
			continue;
		snprintf(table.id, sizeof(table.id), "vm:handle-0x%x", w->guest[i].handle);
		if (w->guest[i].unread)
			lose_guest(w, &w->guest[i], table.id);
		if (!w->guest[i].root_pa)
			continue;
		s2_regime_init(&table.regime, &s2_arm64_stage2);
		snprintf(table.kind, sizeof(table.kind), "stage2");
		by_hypervisor(w, &w->guest[i], &table);
		code = s2_tables_add(w->tables, &table, w->err);
	}
	return code;
}

/* Of a protected system: the tables of host and hypervisor, and which guests the latter manages. */
static enum s2_code find_pkvm(struct walk_vms *w)
{
	struct s2_tables *tables = w->tables;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	tables->mode = s2_kvm_mode(w->kernel, w->lost, tables->mode_why, sizeof(tables->mode_why));
	if (tables->mode != S2_KVM_PROTECTED && tables->mode != S2_KVM_UNKNOWN)
		return S2_OK;
	code = s2_pkvm_find(w->kernel, w->mem, &w->layout, w->lost, tables, &why);
	if (code == S2_NOMEM)
		return s2_fail(w->err, code, "%s", why.text);
	if (code) {
		w->guests_unread = code;
		if (tables->mode == S2_KVM_PROTECTED || s2_is_missing(code))
			s2_lost_add(w->lost, S2_LOST_TABLE, code, "host", S2_LOST_NOWHERE, "%s",
				    why.text);
		return S2_OK;
	}
	if (tables->mode == S2_KVM_UNKNOWN)
		snprintf(tables->mode_why, sizeof(tables->mode_why), "the host's stage 2");
	tables->mode = S2_KVM_PROTECTED;
	code = s2_pkvm_guests(w->kernel, w->mem, &w->layout, tables->pkvm, &w->guest, &w->nguests,
			      &why);
	w->guests_unread = code;
	if (code && tables->pkvm->guests)
		s2_lost_add(w->lost, S2_LOST_VM, code, NULL, S2_LOST_NOWHERE,
			    "guests of the hypervisor: %s: %zu VMs are known, no table of theirs",
			    why.text, w->nvms);
	return S2_OK;
}

/* The process of each VM, read once: VMs of one process are told apart by their rank. */
static enum s2_code read_pids(struct walk_vms *w)
{
	w->pid = calloc(w->nvms + 1, sizeof(*w->pid));
	if (!w->pid)
		return s2_fail(w->err, S2_NOMEM, "no memory for VMs");
	for (size_t i = 0; i < w->nvms; i++)
		w->pid[i] = count_of(w, w->vm[i], &w->layout.pid, "userspace_pid");
	return S2_OK;
}

static enum s2_code find_vms(struct walk_vms *w)
{
	struct s2_tables *tables = w->tables;
	uint64_t head = 0;
	enum s2_code code = s2_kvm_layout(w->kernel, &w->layout, w->err);

	if (!code)
		code = s2_kvm_vm_list(w->kernel, &w->layout, w->lost, &head, tables->found,
				      sizeof(tables->found), w->err);
	if (!code && head)
		code = s2_kernel_list(w->kernel, head, on_vm, w, w->err);
	if (w->nvms || s2_is_missing(code))
		code = set_aside(w, S2_LOST_VM, NULL, code);
	if (!code)
		code = w->code;
	if (!code)
		code = find_pkvm(w);
	if (!code)
		code = read_pids(w);
	for (size_t i = w->nvms; !code && i-- > 0;)
		code = add_vm(w, i);
	if (!code && tables->mode == S2_KVM_NVHE)
		code = s2_kvm_hyp(w->kernel, w->mem, w->lost, tables, w->err);
	return code ? code : add_orphans(w);
}

enum s2_code s2_kvm_tables(struct s2_kernel *kernel, const struct s2_mem *mem, struct s2_lost *lost,
			   struct s2_tables *ret, struct s2_err *err)
{
	struct s2_tables tables = { 0 };
	struct walk_vms w = {
		.kernel = kernel, .mem = mem, .tables = &tables, .lost = lost, .err = err
	};
	enum s2_code code = find_vms(&w);

	free(w.vm);
	free(w.pid);
	free(w.guest);
	if (code) {
		s2_tables_free(&tables);
		return code;
	}
	tables.nvms = (unsigned int)w.nvms;
	snprintf(tables.release, sizeof(tables.release), "%.90s", s2_kernel_facts(kernel)->release);
	snprintf(tables.build_id, sizeof(tables.build_id), "%.60s",
		 s2_kernel_facts(kernel)->build_id);
	if (tables.mode == S2_KVM_UNKNOWN)
		tables.mode = s2_kvm_mode_by_hcr(w.hcr, tables.mode_why, sizeof(tables.mode_why));
	*ret = tables;
	return S2_OK;
}
