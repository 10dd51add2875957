// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the memory of made arm64 kernels, whose VMs have processes, into a folder, for tests that
// damage it: FOLDER/N.ram, N.info (VMCOREINFO).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "test_kvm_make.h"
#include "write_file.h"

#define NAMELESS "/usr/bin/qemu-system-aarch64\0-S"

/* A stage 2 whose start level holds blocks; its address. */
static uint64_t put_root(struct kvmtest *t)
{
	uint64_t va;

	heap_align(t, 2 * t->page);
	va = heap_alloc(t, 2 * t->page);
	for (uint64_t i = 0; i < 4; i++)
		set64(t, va + i * 8, (i * 3 << 30) | 0x7fd);
	return t->k.shape.base + HEAP_AT + (va - linear_va(&t->k, t->k.shape.base + HEAP_AT));
}

/* The list of all tasks, and nothing else leads to the VM's. */
static void put_tasks(struct kvmtest *t, uint64_t kvm, const struct process *p)
{
	uint64_t init = t->k.stext + DATA_AT + 0x8000, head = init + TASK_TASKS;

	add_symbol(t, "Dinit_task", init);
	set64(t, head, p->task + TASK_TASKS);
	set64(t, head + 8, p->task + TASK_TASKS);
	set64(t, p->task + TASK_TASKS, head);
	set64(t, p->task + TASK_TASKS + 8, head);
	set64(t, p->mm + MM_OWNER, 0);
	set64(t, get64(t, kvm + KVM_VCPUS + 8) - 2 + 40, 0); /* no vCPU, as an xarray has them */
}

static void put_vms(struct kvmtest *t, bool named, bool listed)
{
	static const char *const libvirt[] = { "emulator", "libvirt",
					       "machine-qemu\\x2d3\\x2dweb\\x2d17.scope",
					       "machine.slice" };
	struct process p;
	uint64_t kvm;

	if (named) {
		kvm = put_named(t, put_root(t), QEMU, sizeof(QEMU), &p);
		if (listed)
			put_tasks(t, kvm, &p);
		return;
	}
	put_named(t, put_root(t), NAMELESS, sizeof(NAMELESS), &p);
	put_cgroups(t, p.task, libvirt, ARRAY_SIZE(libvirt));
}

int main(int argc, char **argv)
{
	/* Their memory is at 0x40000000. */
	static const unsigned int shapes[] = { 0, 4, 7, 8 };

	if (argc != 2)
		return 2;
	for (size_t i = 0; i < NFORMS; i++) {
		struct kvmtest t;

		kvm_init(&t, &kvm_forms[i], &test_shapes[shapes[i % 4]], true);
		put_vms(&t, i % 2, i == 1);
		kvm_open(&t);
		write_file(argv[1], i, "ram", t.k.ram, RAM_SIZE);
		write_file(argv[1], i, "info", t.k.info, strlen(t.k.info));
		kvm_exit(&t);
	}
	return 0;
}
