// SPDX-License-Identifier: GPL-2.0-or-later
// Which process a VM is, what it is called, and what its vCPUs do: found in all ways, and lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/kvm/vmm.h"
#include "test_kvm_make.h"

static void names(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		for (size_t s = 0; s < NSHAPES; s++) {
			struct kvmtest t;
			struct process p;
			const struct s2_table *table;
			uint64_t kvm;

			kvm_init(&t, &kvm_forms[f], &test_shapes[s], true);
			kvm = put_named(&t, 0x12340000, QEMU, sizeof(QEMU), &p);
			kvm_must(&t);
			assert_int_equal(t.lost.total, 0);
			/* The id of the process and not of the thread that made the VM. */
			table = table_of(&t, "vm:4711");
			assert_int_equal(table->pid, 4711);
			assert_true(table->have_vmid);
			assert_int_equal(table->vmid, 5); /* TEST_VTCR: VMIDs of 8 bits */
			assert_non_null(table->vm);
			assert_int_equal(table->vm->va, kvm);
			assert_string_equal(table->vm->name, "web-17");
			assert_int_equal(table->vm->named, S2_NAMED_ARGS);
			assert_string_equal(table->vm->unnamed, "");
			assert_string_equal(table->vm->comm, "qemu-system-aar");
			assert_int_equal(table->vm->state, S2_VM_RUNNING);
			assert_true(table->vm->have_vcpus);
			assert_int_equal(table->vm->nvcpus, 2);
			assert_int_equal(table->vm->vcpu[0].state, S2_VCPU_GUEST);
			assert_int_equal(table->vm->vcpu[0].cpu, 3);
			assert_int_equal(table->vm->vcpu[0].pid, 4713);
			assert_int_equal(table->vm->vcpu[1].state, S2_VCPU_OUTSIDE);
			assert_false(table->vm->vcpu[1].have_cpu);
			assert_false(table->vm->vcpu[1].have_pid);
			kvm_exit(&t);
		}
	}
}

/* As many as an xarray's node has slots. */
static void many_vcpus(void **state)
{
	enum { N = 64 };
	struct kvmtest t;
	struct process p;
	const struct s2_vm *vm;
	uint64_t kvm, first;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	kvm = put_named(&t, 0x12340000, QEMU, sizeof(QEMU), &p);
	first = put_vcpus(&t, kvm, N, HCR_E2H_FWB);
	kvm_must(&t);
	assert_int_equal(t.lost.total, 0);
	vm = table_of(&t, "vm:4711")->vm;
	assert_int_equal(vm->nvcpus, N);
	for (unsigned int i = 0; i < N; i++) {
		assert_int_equal(vm->vcpu[i].index, i);
		assert_int_equal(vm->vcpu[i].va, first + i * VCPU_SIZE);
	}
	kvm_exit(&t);
}

/* A damaged node gives vCPUs numbers that KVM has none for (an int), nor has a snapshot. */
static void vcpus_with_no_number(void **state)
{
	const struct s2_vm *vm;
	struct process p;
	struct kvmtest t;
	uint64_t kvm;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	kvm = put_named(&t, 0x12340000, QEMU, sizeof(QEMU), &p);
	set_bytes(&t, get64(&t, kvm + KVM_VCPUS + 8) - 2, 36, 1);
	kvm_must(&t);
	vm = table_of(&t, "vm:4711")->vm;
	assert_int_equal(vm->nvcpus, 1);
	assert_false(vm->have_vcpus);
	assert_true(has_loss(&t, "vm:4711", "vCPUs: one has the number 68719476736"));
	kvm_exit(&t);
}

/* The list of all tasks is what is left when neither memory nor vCPU leads to one. */
static void by_list_of_tasks(void **state)
{
	(void)state;
	for (int with_task = 0; with_task < 2; with_task++) {
		struct kvmtest t;
		struct process p;
		uint64_t kvm, init, head;

		kvm_init(&t, FORM_6_1, &test_shapes[0], true);
		init = t.k.stext + DATA_AT + 0x8000;
		head = init + TASK_TASKS;
		add_symbol(&t, "Dinit_task", init);
		kvm = put_named(&t, 0x12340000, QEMU, sizeof(QEMU), &p);
		set64(&t, p.mm + MM_OWNER, 0);
		set64(&t, get64(&t, kvm + KVM_VCPUS + 8) - 2 + 40, 0); /* no vCPU */
		set64(&t, head, with_task ? p.task + TASK_TASKS : head);
		set64(&t, head + 8, with_task ? p.task + TASK_TASKS : head);
		set64(&t, p.task + TASK_TASKS, head);
		set64(&t, p.task + TASK_TASKS + 8, head);
		kvm_must(&t);
		assert_int_equal(t.lost.total, 0);
		if (with_task) {
			assert_string_equal(table_of(&t, "vm:4711")->vm->name, "web-17");
		} else {
			/* The process is gone: then userspace_pid is all there is. */
			const struct s2_table *table = table_of(&t, "vm:4712");

			assert_string_equal(table->vm->name, "");
			assert_string_equal(table->vm->unnamed, "its process: no task has this mm");
		}
		kvm_exit(&t);
	}
}

/* makedumpfile -d 31 leaves out what processes have written: no command line. */
static void by_cgroup(void **state)
{
	static const char *const libvirt[] = { "emulator", "libvirt",
					       "machine-qemu\\x2d3\\x2dweb\\x2d17.scope",
					       "machine.slice" };
	struct kvmtest t;
	struct process p;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	put_named(&t, 0x12340000, QEMU, sizeof(QEMU), &p);
	put_cgroups(&t, p.task, libvirt, ARRAY_SIZE(libvirt));
	kvm_open(&t);
	t.k.mem.hole = p.args_pa;
	t.k.mem.hole_size = t.page;
	t.k.mem.hole_code = S2_EXCLUDED;
	kvm_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_string_equal(t.tables.table[0].vm->name, "web-17");
	assert_int_equal(t.tables.table[0].vm->named, S2_NAMED_CGROUP);
	set64(&t, p.task + TASK_CGROUPS, 0);
	kvm_must(&t);
	assert_int_equal(t.lost.total, 0);
	assert_string_equal(t.tables.table[0].vm->name, "");
	assert_int_equal(t.tables.table[0].vm->named, S2_NAMED_NOT);
	assert_non_null(strstr(t.tables.table[0].vm->unnamed, "its command line: "));
	/* What a filter does not leave out is damage. */
	t.k.mem.hole_code = S2_TRUNCATED;
	kvm_must(&t);
	assert_true(has_loss(&t, "vm:4711", "the command line: "));
	t.k.mem.hole_code = S2_EXCLUDED;
	t.k.mem.hole = p.pgd_pa;
	kvm_must(&t);
	assert_true(has_loss(&t, "vm:4711", "the command line: "));
	kvm_exit(&t);
}

/* A title that was written over the command line runs on into the environment. */
static void overwritten(void **state)
{
	static const char args[] = "crosvm_web\0--x\0--name=web-17\0env=1";
	struct kvmtest t;
	struct process p;

	(void)state;
	kvm_init(&t, FORM_6_18, &test_shapes[0], true);
	put_named(&t, 0x12340000, args, sizeof(args), &p);
	set64(&t, p.mm + MM_ARG_END, USER_VA + 5); /* "crosv" */
	kvm_must(&t);
	assert_string_equal(t.tables.table[0].vm->name, "web-17");
	kvm_exit(&t);
}

static void states(void **state)
{
	static const struct {
		uint64_t at, value;
		enum s2_vm_state want;
	} changes[] = {
		{ KVM_USERS, 3, S2_VM_RUNNING },
		{ KVM_BUGGED, 1, S2_VM_BUGGED },
		{ KVM_DEAD, 0x101, S2_VM_DEAD },
		{ KVM_USERS, 0, S2_VM_DYING },
	};
	struct kvmtest t;
	struct process p;
	uint64_t kvm, vcpu;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	kvm = put_named(&t, 0x12340000, QEMU, sizeof(QEMU), &p);
	vcpu = get64(&t, (get64(&t, kvm + KVM_VCPUS + 8) & ~UINT64_C(3)) + 40);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		set_bytes(&t, kvm + changes[i].at, changes[i].value, i ? 1 : 4);
		kvm_must(&t);
		assert_int_equal(t.tables.table[0].vm->state, changes[i].want);
	}
	set_bytes(&t, kvm + KVM_USERS, 0x00000003, 6); /* bugged and dead no more */
	set_bytes(&t, vcpu + VCPU_MODE, 3, 4);
	kvm_must(&t);
	assert_int_equal(t.tables.table[0].vm->state, S2_VM_IDLE);
	assert_int_equal(t.tables.table[0].vm->vcpu[0].state, S2_VCPU_READING);
	set_bytes(&t, vcpu + VCPU_MODE, 4, 4);
	kvm_must(&t);
	assert_int_equal(t.tables.table[0].vm->state, S2_VM_UNKNOWN);
	set64(&t, kvm + KVM_VCPUS + 8, 0);
	kvm_must(&t);
	assert_int_equal(t.tables.table[0].vm->state, S2_VM_NEW);
	kvm_exit(&t);
}

/* The @size bytes at @va of the heap cannot be read. */
static void take_away(struct kvmtest *t, uint64_t va, uint64_t size, enum s2_code code)
{
	uint64_t heap = t->k.shape.base + HEAP_AT;

	t->k.mem.hole = heap + (va - linear_va(&t->k, heap));
	t->k.mem.hole_size = size;
	t->k.mem.hole_code = code;
}

/* What cannot be read is neither zero nor in silence, whatever the reason. */
static void unread(void **state)
{
	static const uint64_t members[] = { KVM_USERS, KVM_DEAD, KVM_BUGGED };
	static const enum s2_code codes[] = { S2_IO, S2_DAMAGED, S2_TRUNCATED };
	static const char *const libvirt[] = { "100.scope", "qemu.slice" };
	static const char args[] = "none";
	struct kvmtest t;
	struct process p;
	uint64_t kvm, vcpu, pid;

	(void)state;
	kvm_init(&t, FORM_6_1, &test_shapes[0], true);
	kvm = put_named(&t, 0x12340000, args, sizeof(args), &p);
	vcpu = get64(&t, (get64(&t, kvm + KVM_VCPUS + 8) & ~UINT64_C(3)) + 40);
	pid = get64(&t, vcpu + VCPU_PID);
	put_cgroups(&t, p.task, libvirt, ARRAY_SIZE(libvirt));
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
			take_away(&t, kvm + members[k], 1, codes[i]);
			kvm_must(&t);
			assert_int_equal(t.tables.table[0].vm->state, S2_VM_UNKNOWN);
			assert_true(has_loss(&t, "vm:4711", "the state: "));
		}
		take_away(&t, pid + PID_TASKS, 8, codes[i]);
		kvm_must(&t);
		assert_string_equal(t.tables.table[0].vm->name, "100");
		assert_true(has_loss(&t, "vm:4711", "a vCPU thread's name: "));
		take_away(&t, p.task + TASK_CGROUPS, 8, codes[i]);
		kvm_must(&t);
		assert_string_equal(t.tables.table[0].vm->name, "");
		assert_true(has_loss(&t, "vm:4711", "the cgroups: "));
		take_away(&t, kvm + KVM_ONLINE, 4, codes[i]);
		kvm_must(&t);
		assert_true(has_loss(&t, "", "online_vcpus of struct kvm"));
	}
	take_away(&t, kvm + KVM_USERS, 1, S2_NOMEM);
	assert_int_equal(kvm_ask(&t), S2_NOMEM);
	kvm_exit(&t);
}

#define ARGS(text) text, sizeof(text)

static void command_lines(void **state)
{
	static const struct {
		const char *args;
		size_t len;
		const char *comm, *want; /* NULL: no name */
	} lines[] = {
		{ ARGS(QEMU), "", "web-17" },
		{ ARGS("qemu-kvm\0-name\0web-17"), "", "web-17" },
		{ ARGS("qemu-kvm\0--name\0web-17,process=x"), "", "web-17" },
		{ ARGS("kvm\0-name\0process=x,guest=a,,b"), "", "a,b" },
		{ ARGS("./me\0-name\0web 17 "), "qemu-system-x86", "web 17" },
		{ ARGS("qemu-kvm\0-name\0process=x"), "", NULL },
		{ ARGS("qemu-kvm\0-name\0   "), "", NULL },
		{ ARGS("qemu-kvm\0-name\0  web-17"), "", "web-17" },
		{ ARGS("qemu-kvm\0---name\0web-17"), "", NULL },
		{ ARGS("qemu-kvm\0name\0web-17"), "", NULL },
		{ ARGS("qemu-kvm\0-name=guest=web-17"), "", "web-17" },
		/* Another member of the same length, one that begins so, and one that has no value.
		 */
		{ ARGS("kvm\0-name\0other=x,guest=y"), "", "y" },
		{ ARGS("kvm\0-name\0guests=x,guest=y"), "", "y" },
		{ ARGS("kvm\0-name\0other=x,guest"), "", NULL },
		/* The first that is one counts. */
		{ ARGS("qemu-kvm\0-name\0process=x\0-name\0web-17\0-name\0db"), "", "web-17" },
		{ ARGS("qemu-kvm\0-name\0"), "", NULL },
		{ ARGS("qemu-kvm\0-named\0web-17"), "", NULL },
		{ ARGS("qemu-kvm\0-name"), "", NULL },
		{ ARGS("/crosvm_web-17\0run\0--cid\0x7"), "", NULL },
		{ ARGS("crosvm_web-17\0run\0--cid\0x7"), "", "web-17" },
		{ ARGS("crosvm\0run\0--name\0droid"), "", "droid" },
		{ ARGS("crosvm\0--name=droid"), "", "droid" },
		{ ARGS("/firecracker\0--id\0id4711"), "", "id4711" },
		{ ARGS("lkvm\0run\0--name\0x\n\033[m"), "", "x\\x0a\\x1b[m" },
		{ ARGS("cloud-hypervisor\0--name\0x"), "", NULL },
		{ ARGS("/init\0--name\0x"), "init", NULL },
		{ ARGS("kvmtool\0--name\0x"), "", NULL },
		{ "qemu-kvm\0-name\0cut", 18, "", NULL },
		{ "qemu-kvm", 8, "", NULL },
		{ "", 0, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char name[S2_VM_NAME_LEN] = "";
		struct s2_err err;
		enum s2_code code;

		s2_err_init(&err);
		code = s2_vmm_name_of_args(lines[i].args, lines[i].len, lines[i].comm, name, &err);
		if (!code != !!lines[i].want || (lines[i].want && strcmp(name, lines[i].want) != 0))
			fail_msg("line %zu: '%s' %s", i, name, err.text);
	}
}

static void threads_and_cgroups(void **state)
{
	static const struct {
		const char *inner, *outer, *want;
	} groups[] = {
		{ "machine-qemu\\x2d3\\x2dweb\\x2d17.scope", "machine.slice", "web-17" },
		{ "machine-web.scope", "machine.slice", "web" },
		{ "machine-qemu\\x2dweb.scope", "", "qemu-web" },
		{ "machine-.scope", "", NULL },
		/* No number, no name behind it, another driver: nothing is taken off. */
		{ "machine-qemu\\x2d3.scope", "", "qemu-3" },
		{ "machine-qemu\\x2d3\\x2d.scope", "", "qemu-3-" },
		{ "machine-qemu\\x2d\\x2dweb.scope", "", "qemu--web" },
		{ "machine-qemux3\\x2dweb.scope", "", "qemux3-web" },
		{ "machine-lxc\\x2d3\\x2dweb.scope", "", "lxc-3-web" },
		/* What systemd does not write is no escape: one digit, capitals, zero. */
		{ "machine-a\\x2.scope", "", "a\\x2" },
		{ "machine-a\\x2D.scope", "", "a\\x2D" },
		{ "machine-a\\x00b.scope", "", "a\\x00b" },
		{ "machine-a\\x2e\\x5fb.scope", "", "a._b" },
		{ "machine-web.service", "machine.slice", NULL },
		{ "my-machine-web.scope", "machine.slice", NULL },
		{ "100.service", "qemu.slice", NULL },
		{ "100.scope", "qemu.slice", "100" },
		{ "4711", "firecracker", "4711" },
		{ "session-1.scope", "user.slice", NULL },
	};
	char name[S2_VM_NAME_LEN];

	(void)state;
	assert_true(s2_vmm_name_of_threads("web-17", "CPU 0/KVM", name));
	assert_string_equal(name, "web-17");
	assert_false(s2_vmm_name_of_threads("qemu-system-aar", "CPU 0/KVM", name));
	assert_false(s2_vmm_name_of_threads("kvm", "CPU 0/KVM", name));
	assert_false(s2_vmm_name_of_threads("qemu-kvm", "CPU 0/KVM", name));
	assert_false(s2_vmm_name_of_threads("cloud-hyperviso", "vcpu0", name));
	assert_true(s2_vmm_name_of_threads("cloud-hypervis", "vcpu0", name));
	assert_string_equal(name, "cloud-hypervis");
	assert_false(s2_vmm_name_of_threads("web-17", "worker", name));
	assert_false(s2_vmm_name_of_threads("", "fc_vcpu 0", name));
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		struct s2_cgroups cgroups = { .n = 2 };

		strcpy(cgroups.name[0], groups[i].inner);
		strcpy(cgroups.name[1], groups[i].outer);
		assert_int_equal(s2_vmm_name_of_cgroups(&cgroups, name), groups[i].want != NULL);
		if (groups[i].want)
			assert_string_equal(name, groups[i].want);
		/* What is behind the last one is none of them. */
		cgroups.n = 1;
		assert_int_equal(s2_vmm_name_of_cgroups(&cgroups, name),
				 groups[i].want && !strncmp(groups[i].inner, "machine-", 8));
		/* The outer one alone tells nothing, whatever it is called. */
		cgroups.n = 0;
		assert_false(s2_vmm_name_of_cgroups(&cgroups, name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(many_vcpus),
		cmocka_unit_test(vcpus_with_no_number),
		cmocka_unit_test(by_list_of_tasks),
		cmocka_unit_test(by_cgroup),
		cmocka_unit_test(overwritten),
		cmocka_unit_test(states),
		cmocka_unit_test(unread),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(threads_and_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
