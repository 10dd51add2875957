// SPDX-License-Identifier: GPL-2.0-or-later
// From vm_list to VMs: which there are and what they are called; their tables are their
// architecture's matter.
#include "host/kvm/kvm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/kvm/attributes.h"
#include "host/kvm/slots.h"
#include "host/kvm/vm.h"
#include "host/kvm/vmlist.h"
#include "model/slots.h"

/* More VMs than a host can run; beyond it the list is lying. */
#define MAX_VMS 65536

static bool on_vm(void *arg, uint64_t node)
{
	struct s2_kvm_walk *w = arg;

	if (w->nvms == MAX_VMS) {
		w->code = s2_fail(w->search->err, S2_INVALID, "more than %d VMs", MAX_VMS);
		return false;
	}
	if (w->nvms == w->room) {
		size_t room = w->room ? w->room * 2 : 64;
		uint64_t *grown = realloc(w->vm, room * sizeof(*grown));

		if (!grown) {
			w->code = s2_fail(w->search->err, S2_NOMEM, "no memory for VMs");
			return false;
		}
		w->vm = grown;
		w->room = room;
	}
	w->vm[w->nvms++] = node - s2_member_off(&w->layout.vm_list.m);
	return true;
}

/* A number of the VM that no kernel makes negative; -1 when it is not known. */
static int64_t count_of(struct s2_kvm_walk *w, uint64_t va, const struct s2_field_at *field,
			const char *what)
{
	uint64_t value;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(w->search->kernel, va, field, &value, &why);
	if (code && code != S2_NOTFOUND && code != S2_INVALID)
		s2_lost_add(w->search->lost, S2_LOST_VM, code, NULL, S2_LOST_NOWHERE,
			    "%s of struct kvm at 0x%" PRIx64 ": %s", what, va, why.text);
	return code || (int64_t)value < 0 ? -1 : (int64_t)value;
}

static int compare_places(const void *a, const void *b)
{
	const struct s2_kvm_place *x = a, *y = b;

	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) :
				  (x->at > y->at) - (x->at < y->at);
}

/* Where VMs of each process are in the list, those that are lost, too. */
static enum s2_code sort_places(struct s2_kvm_walk *w)
{
	w->place = calloc(w->nvms + w->nlost + 1, sizeof(*w->place));
	if (!w->place)
		return s2_fail(w->search->err, S2_NOMEM, "no memory for VMs");
	for (size_t i = 0; i < w->nvms; i++)
		w->place[w->nplaces++] = (struct s2_kvm_place){ .pid = w->pid[i], .at = i };
	for (unsigned int i = 0; i < w->nlost; i++)
		w->place[w->nplaces++] =
			(struct s2_kvm_place){ .pid = w->lost[i].pid, .at = w->lost[i].at };
	qsort(w->place, w->nplaces, sizeof(*w->place), compare_places);
	return S2_OK;
}

/* How many places come before @pid's that is at @at. */
static size_t places_before(const struct s2_kvm_walk *w, int64_t pid, size_t at)
{
	const struct s2_kvm_place key = { .pid = pid, .at = at };
	size_t low = 0, high = w->nplaces;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_places(&w->place[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* How many VMs of the list belong to process @pid, and the rank of VM @i among them, oldest first. */
static size_t rank_of(const struct s2_kvm_walk *w, size_t i, int64_t pid, size_t *ret_rank)
{
	size_t end = places_before(w, pid + 1, 0);

	/* vm_list is newest first. */
	*ret_rank = end - places_before(w, pid, i + 1) + 1;
	return end - places_before(w, pid, 0);
}

static void name_vm(struct s2_kvm_walk *w, size_t i, struct s2_table *table)
{
	size_t rank;

	table->pid = w->pid[i];
	if (table->pid < 0)
		snprintf(table->id, sizeof(table->id), "vm:0x%" PRIx64, w->vm[i]);
	else if (rank_of(w, i, table->pid, &rank) == 1)
		snprintf(table->id, sizeof(table->id), "vm:%" PRId64, table->pid);
	else
		snprintf(table->id, sizeof(table->id), "vm:%" PRId64 ".%zu", table->pid, rank);
}

/* Slots, in order, are at addresses that have the bit @at set, if it is not 0; nobody reaches those
 * of their addresses there that have it anyway. How many are left. */
static size_t place_slots(struct s2_slot *slot, size_t n, uint64_t at)
{
	size_t placed = 0;

	for (; placed < n && (!at || slot[placed].ipa < at); placed++) {
		struct s2_slot *s = &slot[placed];

		if (at && s->size > at - s->ipa)
			s->size = at - s->ipa;
		s->ipa += at;
	}
	return placed;
}

enum s2_code s2_kvm_add_table(struct s2_kvm_walk *w, struct s2_table *table, unsigned int as,
			      uint64_t at)
{
	struct s2_host_search *search = w->search;
	struct s2_slot *slot;
	size_t nslots;
	enum s2_code code =
		s2_host_set_aside(search, S2_LOST_SLOTS, table->id, s2_kvm_private(w, table, at));

	if (code)
		return code;
	code = s2_kvm_slots(search->kernel, &w->layout, table->object_va, as, &w->slots, &slot,
			    &nslots, search->err);
	if (!code)
		s2_slots_known(table, slot, place_slots(slot, nslots, at));
	/* A pointer that is in the dump, and NULL, is no loss. */
	if (code == S2_NOTFOUND) {
		snprintf(table->remark, sizeof(table->remark), "%.150s", search->err->text);
		s2_err_init(search->err);
		code = S2_OK;
	}
	code = s2_host_set_aside(search, S2_LOST_SLOTS, table->id, code);
	if (!code)
		code = s2_tables_add(search->tables, table, search->err);
	if (code)
		s2_table_clear(table);
	return code;
}

static enum s2_code add_vm(struct s2_kvm_walk *w, size_t i)
{
	const struct s2_vms_wanted *wanted = w->search->wanted;
	struct s2_table table = { .object_va = w->vm[i] };
	enum s2_code code;

	name_vm(w, i, &table);
	if (wanted && !wanted->wants(wanted->arg, table.id))
		return S2_OK;
	code = s2_kvm_vm_read(w->vms, w->vm[i], &w->process[i], table.id, &table.vm);
	if (!code)
		code = s2_tables_own(w->search->tables, table.vm, w->search->err);
	if (code)
		return code;
	table.vcpus = count_of(w, w->vm[i], &w->layout.online_vcpus, "online_vcpus");
	snprintf(table.kind, sizeof(table.kind), "stage2");
	snprintf(table.found, sizeof(table.found), "struct kvm at 0x%" PRIx64, w->vm[i]);
	return w->arch->roots(w, &table);
}

/* VMs that their processes lead to, in the order in which they are met. */
struct missed_vm {
	uint64_t va;
	size_t at; /* in this order; 0: it was in the list */
};

struct missed {
	struct missed_vm *vm;
	size_t n, room;
	bool nomem;
};

static void on_missed_vm(void *arg, uint64_t kvm_va)
{
	struct missed *m = arg;

	if (m->n == m->room) {
		size_t room = m->room ? m->room * 2 : 64;
		struct missed_vm *grown = realloc(m->vm, room * sizeof(*grown));

		if (!grown) {
			m->nomem = true;
			return;
		}
		m->vm = grown;
		m->room = room;
	}
	m->vm[m->n] = (struct missed_vm){ .va = kvm_va, .at = m->n + 1 };
	m->n++;
}

static int by_va(const void *a, const void *b)
{
	const struct missed_vm *x = a, *y = b;

	return x->va != y->va ? (x->va > y->va) - (x->va < y->va) :
				(x->at > y->at) - (x->at < y->at);
}

static int by_meeting(const void *a, const void *b)
{
	const struct missed_vm *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Leaves each that is not in the list, once. */
static void drop_known(struct missed *m, size_t nlisted)
{
	size_t n = 0;

	for (size_t i = 0; i < nlisted; i++)
		m->vm[i].at = 0;
	qsort(m->vm, m->n, sizeof(*m->vm), by_va);
	for (size_t i = 0; i < m->n; i++)
		if (m->vm[i].at && (!i || m->vm[i - 1].va != m->vm[i].va))
			m->vm[n++] = m->vm[i];
	m->n = n;
	if (n)
		qsort(m->vm, n, sizeof(*m->vm), by_meeting);
}

/* Takes them in between the two that are lost. */
static enum s2_code insert_missed(struct s2_kvm_walk *w, const struct missed *m)
{
	size_t at = w->lost[1].at, listed = w->nvms;

	for (size_t i = 0; !w->code && i < m->n; i++)
		on_vm(w, m->vm[i].va + s2_member_off(&w->layout.vm_list.m));
	if (w->code)
		return w->code;
	memmove(&w->vm[at + m->n], &w->vm[at], (listed - at) * sizeof(*w->vm));
	for (size_t i = 0; i < m->n; i++)
		w->vm[at + i] = m->vm[i].va;
	w->lost[1].at += m->n;
	return S2_OK;
}

/* Those between two of the list that could not be read. */
static enum s2_code find_missed(struct s2_kvm_walk *w)
{
	struct missed m = { .vm = NULL };
	size_t listed = w->nvms;
	enum s2_code code;

	if (w->nlost < ARRAY_SIZE(w->lost))
		return S2_OK;
	for (size_t i = 0; i < listed; i++)
		on_missed_vm(&m, w->vm[i]);
	code = s2_kvm_vms_of_processes(w->vms, on_missed_vm, &m);
	if (!code && m.nomem)
		code = s2_fail(w->search->err, S2_NOMEM, "no memory for VMs");
	if (!code && m.n > listed) {
		drop_known(&m, listed);
		code = insert_missed(w, &m);
	}
	free(m.vm);
	w->search->tables->nvms = (unsigned int)w->nvms;
	return code;
}

/* Whose the VM is that could not be read, as far as the rest of it tells: it counts among those of
 * its process. What does not tell is no loss of its own. */
static enum s2_code read_lost_process(struct s2_kvm_walk *w, struct s2_kvm_lost_vm *vm)
{
	struct s2_kvm_process process;
	uint64_t pid;
	enum s2_code code = s2_kvm_process(w->vms, vm->va, &process);

	vm->pid = process.pid;
	if (!code && vm->pid < 0 &&
	    !s2_field_get(w->search->kernel, vm->va, &w->layout.pid, &pid, NULL))
		vm->pid = (int64_t)pid < 0 ? -1 : (int64_t)pid;
	return code;
}

/*
 * The process of each VM, read once: VMs of one process are told apart by their rank. userspace_pid
 * is the id of the thread that made the VM, which is the process's as a rule.
 */
static enum s2_code read_processes(struct s2_kvm_walk *w)
{
	enum s2_code code = S2_OK;

	if (w->nvms || w->nlost)
		code = s2_kvm_vms_new(w->search, &w->layout, &w->vms);
	if (!code)
		code = find_missed(w);
	w->pid = calloc(w->nvms + 1, sizeof(*w->pid));
	w->process = calloc(w->nvms + 1, sizeof(*w->process));
	if (!code && (!w->pid || !w->process))
		return s2_fail(w->search->err, S2_NOMEM, "no memory for VMs");
	for (size_t i = 0; !code && i < w->nvms; i++) {
		code = s2_kvm_process(w->vms, w->vm[i], &w->process[i]);
		w->pid[i] = w->process[i].pid;
		if (!code && w->pid[i] < 0)
			w->pid[i] = count_of(w, w->vm[i], &w->layout.pid, "userspace_pid");
	}
	for (unsigned int i = 0; !code && i < w->nlost; i++)
		code = read_lost_process(w, &w->lost[i]);
	return code ? code : sort_places(w);
}

static bool on_listed_vm(void *arg, uint64_t node)
{
	return on_vm(arg, node);
}

static void on_lost_vm(void *arg, uint64_t node, const struct s2_err *why)
{
	struct s2_kvm_walk *w = arg;

	if (!w->nlost)
		w->why = *why;
	if (w->nlost < ARRAY_SIZE(w->lost))
		w->lost[w->nlost++] = (struct s2_kvm_lost_vm){
			.va = node - s2_member_off(&w->layout.vm_list.m),
			.at = w->nvms,
			.pid = -1,
		};
}

/* What its loss means for the ids of others. */
static const char *ranks_text(const struct s2_kvm_walk *w, char *buf, size_t size)
{
	if (w->nlost == 1 && w->lost[0].pid >= 0)
		snprintf(buf, size, "it counts as one of process %" PRId64, w->lost[0].pid);
	else
		snprintf(buf, size, "whose it is is not known, and ids vm:PID.N do not count it");
	return buf;
}

/* One VM is lost where both ends lead to the same; else the list is, for nobody knows how many are
 * between the two. */
static void lose_vms(const struct s2_kvm_walk *w)
{
	struct s2_lost *lost = w->search->lost;
	char id[32], ranks[80];

	if (w->nlost == 1) {
		snprintf(id, sizeof(id), "vm:0x%" PRIx64, w->lost[0].va);
		s2_lost_add(lost, S2_LOST_VM, w->why.code, id, S2_LOST_NOWHERE, "%s (%s)",
			    w->why.text, ranks_text(w, ranks, sizeof(ranks)));
	} else if (w->nlost) {
		s2_lost_add(lost, S2_LOST_VM, w->why.code, NULL, S2_LOST_NOWHERE,
			    "the list of VMs is broken: %zu %s read, those at 0x%" PRIx64
			    " and 0x%" PRIx64
			    " were not, and how many are between them is not known: %s",
			    w->listed, w->listed == 1 ? "VM was" : "VMs were", w->lost[0].va,
			    w->lost[1].va, w->why.text);
	}
}

static enum s2_code find_arch(struct s2_kvm_walk *w)
{
	const char *name = s2_kernel_facts(w->search->kernel)->kva.ops->name;

	for (unsigned int i = 0; i < s2_nkvm_archs && !w->arch; i++)
		if (!strcmp(s2_kvm_archs[i]->name, name))
			w->arch = s2_kvm_archs[i];
	return w->arch ? S2_OK :
			 s2_fail(w->search->err, S2_NOTFOUND, "KVM of %s is not known here", name);
}

static enum s2_code list_vms(struct s2_kvm_walk *w)
{
	struct s2_host_search *search = w->search;
	struct s2_tables *tables = search->tables;
	uint64_t head = 0;
	enum s2_code code = s2_kvm_vm_list(w, &head, tables->found, sizeof(tables->found));

	if (!code && head)
		code = s2_kernel_list_around(search->kernel, head, on_listed_vm, on_lost_vm, w,
					     search->err);
	w->listed = w->nvms;
	w->lost_vms = w->nlost || s2_is_missing(code);
	if (w->nvms || s2_is_missing(code))
		code = s2_host_set_aside(search, S2_LOST_VM, NULL, code);
	tables->nvms = (unsigned int)w->nvms;
	return code ? code : w->code;
}

static void close_walk(void *state)
{
	struct s2_kvm_walk *w = state;

	if (!w)
		return;
	if (w->state)
		w->arch->close(w->state);
	free(w->vm);
	free(w->pid);
	free(w->place);
	free(w->process);
	s2_kvm_vms_free(w->vms);
	s2_kvm_attributes_free(w->attributes);
	free(w);
}

static enum s2_code probe(struct s2_host_search *search, void **ret_state)
{
	struct s2_kvm_walk *w = calloc(1, sizeof(*w));
	enum s2_code code;

	if (!w)
		return s2_fail(search->err, S2_NOMEM, "no memory for VMs");
	w->search = search;
	w->slots = s2_kvm_slots_budget(search->mem);
	w->vcpus = s2_kvm_vcpus_budget(search->mem);
	*ret_state = w;
	code = find_arch(w);
	if (!code)
		code = s2_kvm_layout(search->kernel, &w->layout, search->err);
	if (!code)
		code = w->arch->open(w, &w->state);
	return code ? code : list_vms(w);
}

static enum s2_code find_system(struct s2_host_search *search, void *state)
{
	struct s2_kvm_walk *w = state;

	(void)search;
	return w->arch->system ? w->arch->system(w) : S2_OK;
}

static enum s2_code find_tables(struct s2_host_search *search, void *state)
{
	struct s2_kvm_walk *w = state;
	enum s2_code code = read_processes(w);

	lose_vms(w);
	for (size_t i = w->nvms; !code && i-- > 0;) {
		code = add_vm(w, i);
		if (code == S2_BUDGET) {
			(void)s2_wrap(search->err, code, "%zu of %zu VMs are not read", i + 1,
				      w->nvms);
			s2_lost_add_times(search->lost, S2_LOST_VM, code, NULL, S2_LOST_NOWHERE,
					  i + 1, search->err->text);
			s2_err_init(search->err);
			return S2_OK;
		}
	}
	return code;
}

static enum s2_code find_rest(struct s2_host_search *search, void *state)
{
	struct s2_kvm_walk *w = state;

	(void)search;
	return w->arch->rest ? w->arch->rest(w) : S2_OK;
}

const struct s2_host s2_kvm_host = {
	.name = "kvm",
	.probe = probe,
	.system = find_system,
	.tables = find_tables,
	.rest = find_rest,
	.close = close_walk,
};

/* Kernels with an array of pointers had KVM_MAX_VCPUS of up to 1024; it is from types that may be
 * wrong. */
#define MAX_VCPUS 4096

/* The old array of pointers ends with the VM's last vCPU. */
static enum s2_code each_in_array(struct s2_kernel *kernel, const struct s2_member *array,
				  uint64_t kvm_va,
				  bool (*vcpu)(void *arg, uint64_t index, uint64_t va), void *arg,
				  struct s2_err *err)
{
	for (uint64_t i = 0; i < array->nelems; i++) {
		uint64_t va;
		enum s2_code code = s2_kernel_read(kernel,
						   kvm_va + s2_member_off(array) + i * sizeof(va),
						   &va, sizeof(va), err);

		if (!code && va)
			code = s2_kernel_entry(kernel, err);
		if (code || !va)
			return code;
		if (i == MAX_VCPUS)
			return s2_fail(err, S2_BUDGET, "there are too many vCPUs");
		if (!vcpu(arg, i, va))
			return S2_OK;
	}
	return S2_OK;
}

enum s2_code s2_kvm_each_vcpu(struct s2_kernel *kernel, const struct s2_kvm_layout *layout,
			      uint64_t kvm_va, bool (*vcpu)(void *arg, uint64_t index, uint64_t va),
			      void *arg, struct s2_err *err)
{
	if (layout->vcpu_array.have)
		return s2_kernel_xarray(kernel, kvm_va + s2_member_off(&layout->vcpu_array.m), vcpu,
					arg, err);
	if (layout->vcpus.have)
		return each_in_array(kernel, &layout->vcpus.m, kvm_va, vcpu, arg, err);
	return S2_OK;
}

enum s2_code s2_kvm_kernel_copy(struct s2_kernel *kernel, const struct s2_mem *mem, uint64_t addr,
				struct s2_tables *tables, struct s2_err *err)
{
	const char *name = s2_kernel_facts(kernel)->kva.ops->name;

	for (unsigned int i = 0; i < s2_nkvm_archs; i++)
		if (!strcmp(s2_kvm_archs[i]->name, name) && s2_kvm_archs[i]->kernel_copy)
			return s2_kvm_archs[i]->kernel_copy(kernel, mem, addr, tables, err);
	return s2_fail(err, S2_USAGE, "kernels of %s keep no copies of tables", name);
}
