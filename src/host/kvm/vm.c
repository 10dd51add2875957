// SPDX-License-Identifier: GPL-2.0-or-later
// A VM's process, name, state and vCPUs, out of struct kvm and what it leads to.
#include "host/kvm/vm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "host/kvm/kvm.h"
#include "host/kvm/vmm.h"

/* A command line of libvirt's has some thousand bytes, and the name is its first option. */
#define ARGS_MAX 32768

/* vCPUs of all VMs together, beside those for which there is memory: each is larger than a page. */
#define VCPUS_FLOOR 4096
#define VCPU_BYTES 4096

struct s2_kvm_vms {
	struct s2_host_search *search;
	const struct s2_kvm_layout *layout;
	/* struct kvm */
	struct s2_field_at mm, users, bugged, dead, notifier;
	/* struct mm_struct, and those that want to know what becomes of it */
	struct s2_field_at subscriptions, first_notifier;
	/* struct kvm_vcpu */
	struct s2_field_at vcpu_mode, vcpu_cpu, vcpu_pid;
	struct s2_tasks tasks;
	struct s2_budget vcpus;
	bool no_memory; /* a part of a VM could not be read for want of it */
	char args[ARGS_MAX];
};

#define FIELD(f, t, p) S2_FIELD(s2_kvm_vms, f, t, p, false)

static const struct s2_field_row rows[] = {
	FIELD(mm, "kvm", "mm"),
	FIELD(users, "kvm", "users_count.refs.counter"),
	FIELD(bugged, "kvm", "vm_bugged"), /* since 5.15 */
	FIELD(dead, "kvm", "vm_dead"),     /* since 6.1 */
	FIELD(notifier, "kvm", "mmu_notifier.hlist.next"),
	FIELD(subscriptions, "mm_struct", "notifier_subscriptions"), /* since 5.6 */
	FIELD(first_notifier, "mmu_notifier_subscriptions", "list.first"),
	FIELD(vcpu_mode, "kvm_vcpu", "mode"),
	FIELD(vcpu_cpu, "kvm_vcpu", "cpu"),
	FIELD(vcpu_pid, "kvm_vcpu", "pid"),
};

struct s2_budget s2_kvm_vcpus_budget(const struct s2_mem *mem)
{
	struct s2_budget ret;

	s2_budget_init(&ret, VCPUS_FLOOR, 1, s2_mem_backed(mem) / VCPU_BYTES);
	return ret;
}

enum s2_code s2_kvm_vms_new(struct s2_host_search *search, const struct s2_kvm_layout *layout,
			    struct s2_kvm_vms **ret)
{
	struct s2_kvm_vms *vms = calloc(1, sizeof(*vms));
	struct s2_types *types;
	enum s2_code code;

	if (!vms)
		return s2_fail(search->err, S2_NOMEM, "no memory for VMs");
	vms->search = search;
	vms->layout = layout;
	vms->vcpus = s2_kvm_vcpus_budget(search->mem);
	code = s2_kvm_fields(search->kernel, rows, ARRAY_SIZE(rows), vms, &types, search->err);
	if (!code)
		code = s2_tasks_init(search->kernel, search->mem, &vms->tasks, search->err);
	if (code)
		free(vms);
	else
		*ret = vms;
	return code;
}

void s2_kvm_vms_free(struct s2_kvm_vms *vms)
{
	if (vms)
		s2_tasks_free(&vms->tasks);
	free(vms);
}

/* Something that could not be read; what this kernel does not have, or what makes no sense, is no
 * loss. */
static void lose(struct s2_kvm_vms *vms, const char *id, const char *what, enum s2_code code,
		 const char *why)
{
	if (code == S2_NOMEM)
		vms->no_memory = true;
	else if (code && code != S2_NOTFOUND && code != S2_INVALID)
		s2_lost_add(vms->search->lost, S2_LOST_PROCESS, code, id, S2_LOST_NOWHERE, "%s: %s",
			    what, why);
}

/* ---- vCPUs ---- */

struct vcpus {
	struct s2_kvm_vms *vms;
	struct s2_vm *vm;
	size_t room;
	uint64_t pid; /* struct pid of the first one that has run */
	struct s2_err why;
};

static enum s2_vcpu_state vcpu_state(uint64_t mode)
{
	/* The modes of enum in include/linux/kvm_host.h: the same since they are there. */
	static const enum s2_vcpu_state states[] = { S2_VCPU_OUTSIDE, S2_VCPU_GUEST,
						     S2_VCPU_EXITING, S2_VCPU_READING };

	return mode < ARRAY_SIZE(states) ? states[mode] : S2_VCPU_UNKNOWN;
}

static void read_vcpu(struct vcpus *v, struct s2_vm_vcpu *vcpu)
{
	struct s2_kvm_vms *vms = v->vms;
	struct s2_kernel *kernel = vms->search->kernel;
	uint64_t mode = 0, cpu = 0, pid = 0;
	struct s2_err why;
	int64_t number = 0;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(kernel, vcpu->va, &vms->vcpu_mode, &mode, &why);
	if (!code)
		vcpu->state = vcpu_state(mode);
	if (!code || code == S2_NOTFOUND)
		code = s2_field_get(kernel, vcpu->va, &vms->vcpu_cpu, &cpu, &why);
	vcpu->have_cpu = !code && (int64_t)cpu >= 0 && cpu <= INT32_MAX;
	vcpu->cpu = vcpu->have_cpu ? (int32_t)cpu : -1;
	if (!code || code == S2_NOTFOUND)
		code = s2_field_get(kernel, vcpu->va, &vms->vcpu_pid, &pid, &why);
	if (!code && pid)
		code = s2_pid_number(&vms->tasks, pid, &number, &why);
	vcpu->have_pid = !code && number > 0 && number <= INT32_MAX;
	vcpu->pid = vcpu->have_pid ? (int32_t)number : -1;
	if (!code && !v->pid)
		v->pid = pid;
	if (code && code != S2_NOTFOUND && !v->why.code)
		v->why = why;
}

static bool on_vcpu(void *arg, uint64_t index, uint64_t va)
{
	struct vcpus *v = arg;
	struct s2_vm *vm = v->vm;

	/* vcpu_idx is an int, whatever indices an xarray can have. */
	if (index > INT32_MAX) {
		s2_fail(&v->why, S2_BUDGET, "one has the number %" PRIu64, index);
		return false;
	}
	if (s2_budget_take(&v->vms->vcpus, 1)) {
		s2_fail(&v->why, S2_BUDGET, "there are too many of them");
		return false;
	}
	if (vm->nvcpus == v->room) {
		size_t room = v->room ? v->room * 2 : 4;
		struct s2_vm_vcpu *grown = realloc(vm->vcpu, room * sizeof(*grown));

		if (!grown) {
			s2_fail(&v->why, S2_NOMEM, "no memory for vCPUs");
			return false;
		}
		vm->vcpu = grown;
		v->room = room;
	}
	vm->vcpu[vm->nvcpus] = (struct s2_vm_vcpu){ .index = index, .va = va };
	read_vcpu(v, &vm->vcpu[vm->nvcpus++]);
	return true;
}

/* *@ret_pid is the struct pid of a vCPU's thread, 0 when none has run. */
static enum s2_code read_vcpus(struct s2_kvm_vms *vms, struct s2_vm *vm, const char *id,
			       uint64_t *ret_pid)
{
	struct vcpus v = { .vms = vms, .vm = vm };
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&v.why);
	s2_err_init(&why);
	code = s2_kvm_each_vcpu(vms->search->kernel, vms->layout, vm->va, on_vcpu, &v, &why);
	if (v.why.code == S2_NOMEM)
		return s2_fail(vms->search->err, S2_NOMEM, "%s", v.why.text);
	vm->have_vcpus = !code && v.why.code != S2_BUDGET;
	if (!code) {
		why = v.why;
		code = v.why.code;
	}
	lose(vms, id, "vCPUs", code, why.text);
	*ret_pid = v.pid;
	return S2_OK;
}

/* ---- State ---- */

/* A member of struct kvm that tells the state; @otherwise where this kernel does not have it. */
static enum s2_code get_state(struct s2_kvm_vms *vms, uint64_t va, const struct s2_field_at *field,
			      uint64_t otherwise, const char *id, uint64_t *ret)
{
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(vms->search->kernel, va, field, ret, &why);
	if (code)
		*ret = otherwise;
	lose(vms, id, "the state", code, why.text);
	return code == S2_NOTFOUND ? S2_OK : code;
}

static enum s2_vm_state state_of(struct s2_kvm_vms *vms, const struct s2_vm *vm, const char *id)
{
	enum s2_vm_state by_vcpus = vm->nvcpus ? S2_VM_IDLE : S2_VM_NEW;
	uint64_t users, dead = 0, bugged = 0;
	enum s2_code code = get_state(vms, vm->va, &vms->users, 1, id, &users);

	if (!code && users)
		code = get_state(vms, vm->va, &vms->dead, 0, id, &dead);
	if (!code && users && !dead)
		code = get_state(vms, vm->va, &vms->bugged, 0, id, &bugged);
	if (code)
		return S2_VM_UNKNOWN;
	if (!users || dead || bugged)
		return !users ? S2_VM_DYING : dead ? S2_VM_DEAD : S2_VM_BUGGED;
	for (size_t i = 0; i < vm->nvcpus; i++) {
		if (vm->vcpu[i].state == S2_VCPU_GUEST || vm->vcpu[i].state == S2_VCPU_EXITING)
			return S2_VM_RUNNING;
		if (vm->vcpu[i].state == S2_VCPU_UNKNOWN)
			by_vcpus = S2_VM_UNKNOWN;
	}
	return vm->have_vcpus ? by_vcpus : S2_VM_UNKNOWN;
}

/* ---- Names ---- */

static bool named_by_args(struct s2_kvm_vms *vms, uint64_t mm, const char *comm, const char *id,
			  struct s2_vm *vm)
{
	struct s2_err why;
	size_t len = 0;
	bool user = false;
	enum s2_code code, name_code;

	s2_err_init(&why);
	/* The last byte ends what was overwritten. */
	code = s2_task_args(&vms->tasks, mm, vms->args, sizeof(vms->args) - 1, &len, &user, &why);
	if (!code && len)
		vms->args[len++] = '\0';
	if (code)
		snprintf(vm->unnamed, sizeof(vm->unnamed), "its command line: %.70s", why.text);
	/* What a filter left out on purpose is no damage. */
	if (!user || code != S2_EXCLUDED)
		lose(vms, id, "the command line", code, why.text);
	if (code && !len)
		return false;
	s2_err_init(&why);
	name_code = s2_vmm_name_of_args(vms->args, len, comm, vm->name, &why);
	if (name_code && !code)
		snprintf(vm->unnamed, sizeof(vm->unnamed), "%.90s", why.text);
	return !name_code;
}

/* One of several ways to a name: what a filter left out only closes it. */
static void lose_way(struct s2_kvm_vms *vms, const char *id, const char *what, enum s2_code code,
		     const char *why)
{
	if (code != S2_EXCLUDED)
		lose(vms, id, what, code, why);
}

static bool named_by_threads(struct s2_kvm_vms *vms, const char *comm, uint64_t pid, const char *id,
			     struct s2_vm *vm)
{
	char thread[S2_TASK_COMM_LEN];
	struct s2_err why;
	uint64_t task = 0;
	enum s2_code code;

	if (!pid)
		return false;
	s2_err_init(&why);
	code = s2_pid_task(&vms->tasks, pid, &task, &why);
	if (!code && task)
		code = s2_task_comm(&vms->tasks, task, thread, &why);
	lose_way(vms, id, "a vCPU thread's name", code, why.text);
	return !code && task && s2_vmm_name_of_threads(comm, thread, vm->name);
}

static bool named_by_cgroup(struct s2_kvm_vms *vms, uint64_t task, const char *id, struct s2_vm *vm)
{
	struct s2_cgroups cgroups;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_task_cgroups(&vms->tasks, task, &cgroups, &why);
	lose_way(vms, id, "the cgroups", code, why.text);
	return !code && s2_vmm_name_of_cgroups(&cgroups, vm->name);
}

static void find_name(struct s2_kvm_vms *vms, const struct s2_kvm_process *process, uint64_t pid,
		      const char *id, struct s2_vm *vm)
{
	char comm[S2_TASK_COMM_LEN] = "";
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_task_comm(&vms->tasks, process->task, comm, &why);
	if (code)
		lose(vms, id, "the process's name", code, why.text);
	s2_escape(comm, strlen(comm), vm->comm, sizeof(vm->comm));
	if (named_by_args(vms, process->mm, comm, id, vm))
		vm->named = S2_NAMED_ARGS;
	else if (named_by_threads(vms, comm, pid, id, vm))
		vm->named = S2_NAMED_PROCESS;
	else if (named_by_cgroup(vms, process->task, id, vm))
		vm->named = S2_NAMED_CGROUP;
	if (vm->named)
		vm->unnamed[0] = '\0';
}

/* ---- Processes ---- */

struct notified {
	struct s2_kvm_vms *vms;
	void (*vm)(void *arg, uint64_t kvm_va);
	void *arg;
};

/* Is there a struct kvm of that process at @va, and in the list of VMs, as far as the next one is
 * there to ask? Others than KVM want to be notified, too; a VM is before it is listed, and until it
 * is destroyed: its next is NULL then, or a poison. */
static bool is_listed(struct s2_kvm_vms *vms, uint64_t va, uint64_t mm)
{
	struct s2_kernel *kernel = vms->search->kernel;
	uint64_t node = va + s2_member_off(&vms->layout->vm_list.m), theirs, pair[2], back;
	enum s2_code code = s2_field_get(kernel, va, &vms->mm, &theirs, NULL);

	if (code || theirs != mm || s2_kernel_read(kernel, node, pair, sizeof(pair), NULL))
		return false;
	code = s2_kernel_read(kernel, pair[0] + 8, &back, sizeof(back), NULL);
	return s2_is_missing(code) || (!code && back == node);
}

/* kvm_init_mmu_notifier(), virt/kvm/kvm_main.c: the newest is the first. */
static bool on_mm(void *arg, uint64_t mm)
{
	const struct notified *n = arg;
	struct s2_kvm_vms *vms = n->vms;
	struct s2_kernel *kernel = vms->search->kernel;
	uint64_t list, node = 0;
	enum s2_code code = s2_field_get(kernel, mm, &vms->subscriptions, &list, NULL);

	if (!code && list)
		code = s2_field_get(kernel, list, &vms->first_notifier, &node, NULL);
	while (!code && node && !s2_budget_take(&vms->tasks.steps, 1)) {
		uint64_t kvm_va = node - s2_member_off(&vms->notifier.m);

		if (is_listed(vms, kvm_va, mm))
			n->vm(n->arg, kvm_va);
		code = s2_kernel_read(kernel, node, &node, sizeof(node), NULL);
	}
	return true;
}

enum s2_code s2_kvm_vms_of_processes(struct s2_kvm_vms *vms, void (*vm)(void *arg, uint64_t kvm_va),
				     void *arg)
{
	struct notified n = { .vms = vms, .vm = vm, .arg = arg };

	/* Without it a node says nothing of a struct kvm; without the others there is no node. */
	if (!vms->notifier.have)
		return S2_OK;
	return s2_tasks_each_mm(&vms->tasks, on_mm, &n, vms->search->err);
}

/* A vCPU that a thread has run. */
struct ran {
	struct s2_kvm_vms *vms;
	uint64_t pid;
};

static bool on_ran(void *arg, uint64_t index, uint64_t va)
{
	struct ran *ran = arg;

	(void)index;
	/* What has no budget left here has none in read_vcpus(), which says so. */
	if (s2_budget_take(&ran->vms->vcpus, 1))
		return false;
	return s2_field_get(ran->vms->search->kernel, va, &ran->vms->vcpu_pid, &ran->pid, NULL) ||
	       !ran->pid;
}

enum s2_code s2_kvm_process(struct s2_kvm_vms *vms, uint64_t kvm_va, struct s2_kvm_process *ret)
{
	struct ran ran = { .vms = vms };
	struct s2_err why;
	uint64_t mm = 0, task = 0;
	enum s2_code code;

	s2_err_init(&why);
	*ret = (struct s2_kvm_process){ .pid = -1 };
	code = s2_field_get(vms->search->kernel, kvm_va, &vms->mm, &mm, &why);
	if (!code && s2_task_owner(&vms->tasks, mm, &task, NULL)) {
		if (s2_kvm_each_vcpu(vms->search->kernel, vms->layout, kvm_va, on_ran, &ran, NULL))
			ran.pid = 0; /* the list of tasks knows all */
		code = s2_task_of_mm(&vms->tasks, mm, ran.pid, &task, &why);
	}
	if (code == S2_NOMEM)
		return s2_fail(vms->search->err, code, "%s", why.text);
	if (!code)
		code = s2_task_id(&vms->tasks, task, &ret->pid, &why);
	ret->mm = mm;
	ret->task = task;
	ret->code = code;
	snprintf(ret->text, sizeof(ret->text), "%.79s", code ? why.text : "");
	return S2_OK;
}

enum s2_code s2_kvm_vm_read(struct s2_kvm_vms *vms, uint64_t kvm_va,
			    const struct s2_kvm_process *process, const char *id,
			    struct s2_vm **ret)
{
	struct s2_vm *vm = s2_vm_new();
	uint64_t pid = 0;
	enum s2_code code;

	if (!vm)
		return s2_fail(vms->search->err, S2_NOMEM, "no memory for VMs");
	vm->va = kvm_va;
	code = read_vcpus(vms, vm, id, &pid);
	if (code) {
		s2_vm_free(vm);
		return code;
	}
	vm->state = state_of(vms, vm, id);
	if (process->code) {
		lose(vms, id, "the process", process->code, process->text);
		snprintf(vm->unnamed, sizeof(vm->unnamed), "its process: %.80s", process->text);
	} else {
		find_name(vms, process, pid, id, vm);
	}
	if (vms->no_memory) {
		s2_vm_free(vm);
		return s2_fail(vms->search->err, S2_NOMEM, "no memory for VMs");
	}
	*ret = vm;
	return S2_OK;
}
