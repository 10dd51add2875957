// SPDX-License-Identifier: GPL-2.0-or-later
// PID 1 of the x86 lab machine: makes KVM guests with known mappings and tells what it did.

/*
 * Every guest lives in a process of its own, unless its row says otherwise, and does what its
 * orders say. When all of them have, the last one spins for ever: that is the moment when memory is
 * captured.
 *
 * What is said on the console is a list of events (`LAB: {...}`, one JSON object per line), in the
 * order in which they happened: slots, pages filled by the host, accesses by the guest, dirty logs
 * fetched. It is deliberately not a list of expected mappings; what KVM should have made of these
 * events is worked out by model.py. At the end come the physical addresses, taken from
 * /proc/self/pagemap, and KVM's own counts, from debugfs.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../inside.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB 1024ULL
#define MIB (1024ULL * KIB)
#define GIB (1024ULL * MIB)
#define PAGE 4096ULL
#define BLOCK (2 * MIB)

/* Words that tell whose page this is: the page's address in the guest xor one of these. check.py
 * has them too. */
#define HOST_WORD 0x5a5a5a5a5a5a5a5aULL  /* at +0, written by the host's fill */
#define GUEST_WORD 0xa5a5a5a5a5a5a5a5ULL /* at +8, written by the guest */
#define OFF_HOST 0
#define OFF_GUEST 8
#define OFF_RET 16 /* `jmp *%rbp`, for the guest to call */
#define INSN_RET 0xe5ff

#define BOOT_GPA 0x100000ULL
#define BOOT_SIZE (64 * KIB)
#define BOOT_ORDERS (BOOT_GPA + 1 * PAGE)
#define BOOT_PML4 (BOOT_GPA + 4 * PAGE)
#define BOOT_PDPT (BOOT_GPA + 5 * PAGE) /* as many as there are 512 GiB below the last address */
#define PDPTS 2

#define DOORBELL 0xf1
#define BELL_DONE 0
#define BELL_EXIT 5
#define BELL_SMM 6

#define SMBASE 0x30000ULL
#define SMM_ENTRY (SMBASE + 0x8000)
#define SMM_SLOTS (1U << 16) /* slot numbers of the second address space */

#define DEVICE_PA 0xd0000000ULL

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

#define MAX_SLOTS 40
#define MAX_ORDERS 160
#define MAX_VCPUS 20

/* Linux 6.8 and 6.18, newer than the headers that this is built with:
 * Documentation/virt/kvm/api.rst. */
#define CAP_GUEST_MEMFD 234
#define CAP_GUEST_MEMFD_FLAGS 244
#define MEM_GUEST_MEMFD (1U << 2)
#define GUEST_MEMFD_MMAP (1ULL << 0)
#define GUEST_MEMFD_INIT_SHARED (1ULL << 1)

struct memory_region2 {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;
	uint64_t userspace_addr;
	uint64_t guest_memfd_offset;
	uint32_t guest_memfd;
	uint32_t pad1;
	uint64_t pad2[14];
};

struct create_guest_memfd {
	uint64_t size;
	uint64_t flags;
	uint64_t reserved[6];
};

#define SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct memory_region2)
#define CREATE_GUEST_MEMFD _IOWR(KVMIO, 0xd4, struct create_guest_memfd)

enum backing { BACK_PAGES, BACK_HUGETLB, BACK_THP, BACK_1G, BACK_ALIAS, BACK_GMEM, BACK_DEVICE };
static const char *const backing_name[] = { "pages", "hugetlb", "thp",   "1g",
					    "alias", "gmem",    "device" };

/* As in guest.S. */
enum order_kind {
	ORDER_DONE,
	ORDER_READ,
	ORDER_WRITE,
	ORDER_CALL,
	ORDER_EXIT,
	ORDER_SPIN,
	ORDER_NESTED,
};

struct order {
	uint64_t kind;
	uint64_t addr;
	uint64_t value;
};

struct slot {
	uint32_t id;
	uint32_t flags;
	uint64_t gpa;
	uint64_t size;
	enum backing backing;
	uint8_t *hva;
	bool present;
};

struct vcpu {
	int fd;
	struct kvm_run *run;
};

struct vm {
	int index;
	const char *name;
	int fd;
	struct vcpu vcpu[MAX_VCPUS];
	struct slot slots[MAX_SLOTS];
	unsigned int nslots;
	struct order *orders; /* in the boot slot */
	unsigned int norders;
};

extern const uint8_t guest_start[], guest_end[], guest_next[], smm_start[], smm_end[];

static int kvm_fd;

/* Says how it ended. Bochs writes its console in pieces of a few KiB: the last one is filled up. */
static void say_last(const char *word)
{
	static char nothing[8192];

	memset(nothing, '\n', sizeof(nothing));
	say("%s", word);
	if (write(STDOUT_FILENO, nothing, sizeof(nothing)) != (ssize_t)sizeof(nothing))
		_exit(1);
}

/* The beginning of a file, "" when there is none. */
static void read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");

	text[f ? fread(text, 1, size - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
}

/* The first line of a file, "" when there is none. */
static const char *read_line(const char *path, char *line, size_t size)
{
	read_text(path, line, size);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* ---- memory of the VM ---- */

static struct slot *slot_of(struct vm *vm, uint64_t gpa)
{
	for (unsigned int i = 0; i < vm->nslots; i++) {
		struct slot *s = &vm->slots[i];

		if (s->present && s->id < SMM_SLOTS && gpa >= s->gpa && gpa - s->gpa < s->size)
			return s;
	}
	return NULL;
}

static uint8_t *hva_of(struct vm *vm, uint64_t gpa)
{
	struct slot *s = slot_of(vm, gpa);

	return s ? s->hva + (gpa - s->gpa) : NULL;
}

static uint8_t *huge_memory(uint64_t size, int flags)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);

	if (p == MAP_FAILED)
		die("mmap hugetlb");
	return p;
}

/*
 * Host memory whose address is congruent to that in the guest modulo 2 MiB, which is what KVM asks
 * for before it makes a 2 MiB leaf. What is around it is reserved, so that areas do not merge with
 * their neighbours.
 */
static uint8_t *host_memory(uint64_t gpa, uint64_t size, enum backing backing)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	uint8_t *p;

	if (backing == BACK_HUGETLB)
		return huge_memory((size + BLOCK - 1) & -BLOCK, 21 << MAP_HUGE_SHIFT);
	if (backing == BACK_1G)
		return huge_memory(size, 30 << MAP_HUGE_SHIFT);
	p = mmap(NULL, size + 2 * BLOCK, PROT_NONE, flags, -1, 0);
	if (p == MAP_FAILED)
		die("mmap reserve");
	p = (uint8_t *)(((uintptr_t)p + BLOCK - 1) & -BLOCK) + (gpa & (BLOCK - 1));
	p = mmap(p, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED)
		die("mmap");
	/* Kernels with PREEMPT_RT have no transparent huge pages, and do not know the advice. */
	if (madvise(p, size, backing == BACK_THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    !access(THP_ENABLED, F_OK))
		die("madvise");
	return p;
}

static void slot_set(struct vm *vm, struct slot *s, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = s->id,
		.flags = s->flags,
		.guest_phys_addr = s->gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)s->hva,
	};

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		die("KVM_SET_USER_MEMORY_REGION");
	s->present = size != 0;
}

/* What is the same of every new slot; it is not KVM's yet. */
static struct slot *slot_new(struct vm *vm, uint64_t gpa, uint64_t size, enum backing backing,
			     uint32_t flags, uint8_t *hva)
{
	struct slot *s = &vm->slots[vm->nslots];

	*s = (struct slot){
		.id = vm->nslots++,
		.flags = flags,
		.gpa = gpa,
		.size = size,
		.backing = backing,
		.hva = hva,
	};
	return s;
}

static void say_slot(const struct vm *vm, const struct slot *s)
{
	say("LAB: {\"ev\": \"slot\", \"vm\": %d, \"as\": %u, \"slot\": %u, \"gpa\": \"0x%llx\", \"size\": %llu, "
	    "\"hva\": \"0x%llx\", \"readonly\": %s, \"log\": %s, \"backing\": \"%s\"}",
	    vm->index, s->id / SMM_SLOTS, s->id % SMM_SLOTS, (unsigned long long)s->gpa,
	    (unsigned long long)s->size, (unsigned long long)(uintptr_t)s->hva,
	    s->flags & KVM_MEM_READONLY ? "true" : "false",
	    s->flags & KVM_MEM_LOG_DIRTY_PAGES ? "true" : "false", backing_name[s->backing]);
}

static struct slot *slot_add(struct vm *vm, uint64_t gpa, uint64_t size, enum backing backing,
			     uint32_t flags)
{
	struct slot *s = slot_new(vm, gpa, size, backing, flags, host_memory(gpa, size, backing));

	slot_set(vm, s, size);
	say_slot(vm, s);
	return s;
}

/* The memory of @of once more, at another address. */
static void slot_add_alias(struct vm *vm, uint64_t gpa, const struct slot *of)
{
	struct slot *s = slot_new(vm, gpa, of->size, BACK_ALIAS, 0, of->hva);

	slot_set(vm, s, s->size);
	say_slot(vm, s);
}

/* Addresses of the machine behind which is nothing, uncached: as a device that is passed through. */
static void slot_add_device(struct vm *vm, uint64_t gpa, uint64_t size)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, DEVICE_PA);
	struct slot *s;

	if (p == MAP_FAILED)
		die("mmap /dev/mem");
	close(fd);
	s = slot_new(vm, gpa, size, BACK_DEVICE, 0, p);
	slot_set(vm, s, size);
	say_slot(vm, s);
}

/* A slot that only SMM has. */
static struct slot *slot_add_smm(struct vm *vm, uint64_t gpa, uint64_t size)
{
	struct slot *s = slot_new(vm, gpa, size, BACK_PAGES, 0, host_memory(gpa, size, BACK_PAGES));

	s->id += SMM_SLOTS;
	slot_set(vm, s, size);
	say_slot(vm, s);
	return s;
}

/*
 * A slot of the pages of a guest_memfd file from @offset on. The VMM's memory at the slot's address
 * is the same pages, or, when @apart, memory that has nothing to do with the guest.
 */
static void slot_add_gmem(struct vm *vm, uint64_t gpa, uint64_t size, int file, uint64_t offset,
			  bool apart)
{
	uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);
	struct memory_region2 region = {
		.flags = MEM_GUEST_MEMFD,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.guest_memfd_offset = offset,
		.guest_memfd = file,
	};
	struct slot *s;

	if (map == MAP_FAILED)
		die("mmap guest_memfd");
	s = slot_new(vm, gpa, size, BACK_GMEM, 0, map);
	region.slot = s->id;
	region.userspace_addr = (uintptr_t)(apart ? host_memory(gpa, size, BACK_PAGES) : map);
	if (ioctl(vm->fd, SET_USER_MEMORY_REGION2, &region))
		die("KVM_SET_USER_MEMORY_REGION2");
	s->present = true;
	say_slot(vm, s);
}

static void slot_delete(struct vm *vm, struct slot *s)
{
	slot_set(vm, s, 0);
	say("LAB: {\"ev\": \"delete\", \"vm\": %d, \"slot\": %u}", vm->index, s->id);
}

static void slot_log(struct vm *vm, struct slot *s, bool on)
{
	s->flags = on ? KVM_MEM_LOG_DIRTY_PAGES : 0;
	slot_set(vm, s, s->size);
	say("LAB: {\"ev\": \"log\", \"vm\": %d, \"slot\": %u, \"on\": %s}", vm->index, s->id,
	    on ? "true" : "false");
}

/* Fetching the log is also what makes KVM write-protect the pages in it. */
static void slot_clean(struct vm *vm, struct slot *s)
{
	uint64_t npages = s->size / PAGE;
	uint64_t bitmap[64] = { 0 };
	struct kvm_dirty_log log = { .slot = s->id, .dirty_bitmap = bitmap };
	char list[2048] = "";
	size_t len = 0;

	if (npages > 8 * sizeof(bitmap)) {
		errno = E2BIG;
		die("slot_clean");
	}
	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log))
		die("KVM_GET_DIRTY_LOG");
	for (uint64_t i = 0; i < npages && len < sizeof(list) - 32; i++)
		if (bitmap[i / 64] >> (i % 64) & 1)
			len += snprintf(list + len, sizeof(list) - len, "%s\"0x%llx\"",
					len ? ", " : "", (unsigned long long)(s->gpa + i * PAGE));
	say("LAB: {\"ev\": \"clean\", \"vm\": %d, \"slot\": %u, \"dirty\": [%s]}", vm->index, s->id,
	    list);
}

/* The host writes its word and something to call into n pages; they are then present and writable. */
static void fill(struct vm *vm, uint64_t gpa, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t page = gpa + i * PAGE;
		uint8_t *p = hva_of(vm, page);

		*(volatile uint64_t *)(p + OFF_HOST) = page ^ HOST_WORD;
		*(volatile uint16_t *)(p + OFF_RET) = INSN_RET;
	}
	say("LAB: {\"ev\": \"fill\", \"vm\": %d, \"gpa\": \"0x%llx\", \"size\": %llu}", vm->index,
	    (unsigned long long)gpa, (unsigned long long)(n * PAGE));
}

/* The host gives pages back; the MMU notifier takes them out of the guest's tables. */
static void punch(struct vm *vm, uint64_t gpa, uint64_t n)
{
	if (madvise(hva_of(vm, gpa), n * PAGE, MADV_DONTNEED))
		die("MADV_DONTNEED");
	say("LAB: {\"ev\": \"punch\", \"vm\": %d, \"gpa\": \"0x%llx\", \"size\": %llu}", vm->index,
	    (unsigned long long)gpa, (unsigned long long)(n * PAGE));
}

/* The host may only read these pages from now on. */
static void protect(struct vm *vm, uint64_t gpa, uint64_t n)
{
	if (mprotect(hva_of(vm, gpa), n * PAGE, PROT_READ))
		die("mprotect");
	say("LAB: {\"ev\": \"protect\", \"vm\": %d, \"gpa\": \"0x%llx\", \"size\": %llu}",
	    vm->index, (unsigned long long)gpa, (unsigned long long)(n * PAGE));
}

/* ---- orders and runs ---- */

/* Says how the guest is about to touch an address. The processor reads the guest's own tables on
 * the way. */
static void say_touch(struct vm *vm, int vcpu, char how, uint64_t gpa)
{
	say("LAB: {\"ev\": \"touch\", \"vm\": %d, \"vcpu\": %d, \"how\": \"%c\", \"gpa\": \"0x%llx\", "
	    "\"walk\": [\"0x%llx\", \"0x%llx\"]}",
	    vm->index, vcpu, how, (unsigned long long)gpa, BOOT_PML4 + gpa / (512 * GIB) * 8,
	    BOOT_PDPT + gpa / (512 * GIB) * PAGE + gpa / GIB % 512 * 8);
}

static void order(struct vm *vm, enum order_kind kind, uint64_t addr, uint64_t value)
{
	if (vm->norders >= MAX_ORDERS) {
		errno = ENOSPC;
		die("too many orders");
	}
	vm->orders[vm->norders++] = (struct order){ kind, addr, value };
}

static void guest_write(struct vm *vm, uint64_t page)
{
	say_touch(vm, 0, 'w', page);
	order(vm, ORDER_WRITE, page + OFF_GUEST, page ^ GUEST_WORD);
}

/* @value: what has to be there. */
static void guest_read_value(struct vm *vm, uint64_t gpa, uint64_t value)
{
	say_touch(vm, 0, 'r', gpa);
	order(vm, ORDER_READ, gpa, value);
}

static void guest_read(struct vm *vm, uint64_t page)
{
	guest_read_value(vm, page + OFF_HOST, page ^ HOST_WORD);
}

/* A page that nobody has written yet. */
static void guest_read_zero(struct vm *vm, uint64_t page)
{
	guest_read_value(vm, page + OFF_HOST, 0);
}

static void guest_call(struct vm *vm, uint64_t page)
{
	say_touch(vm, 0, 'x', page);
	order(vm, ORDER_CALL, page + OFF_RET, 0);
}

static void guest_broke(struct vm *vm, const struct vcpu *cpu, const char *what)
{
	struct kvm_regs regs = { 0 };

	ioctl(cpu->fd, KVM_GET_REGS, &regs);
	say("LAB: {\"ev\": \"broken\", \"vm\": %d, \"what\": \"%s\", \"exit\": %u, \"rip\": \"0x%llx\", "
	    "\"rdx\": \"0x%llx\", \"rbx\": \"0x%llx\"}",
	    vm->index, what, cpu->run->exit_reason, (unsigned long long)regs.rip,
	    (unsigned long long)regs.rdx, (unsigned long long)regs.rbx);
	_exit(1);
}

/* What memory without a page says: what guest_read_value() has to expect there. */
#define MMIO_ANSWER 0x4d4d494f4d4d494fULL

static void answer_mmio(struct vm *vm, struct kvm_run *run)
{
	uint64_t value = MMIO_ANSWER;

	say("LAB: {\"ev\": \"mmio\", \"vm\": %d, \"gpa\": \"0x%llx\", \"write\": %s}", vm->index,
	    (unsigned long long)run->mmio.phys_addr, run->mmio.is_write ? "true" : "false");
	if (!run->mmio.is_write)
		memcpy(run->mmio.data, &value, run->mmio.len);
}

/* Runs until the guest rings with @bell. */
static void run_until(struct vm *vm, int vcpu, int bell)
{
	struct vcpu *cpu = &vm->vcpu[vcpu];
	struct kvm_run *run = cpu->run;

	for (;;) {
		int got;

		if (ioctl(cpu->fd, KVM_RUN, 0))
			guest_broke(vm, cpu, strerror(errno));
		if (run->exit_reason == KVM_EXIT_MMIO) {
			answer_mmio(vm, run);
			continue;
		}
		if (run->exit_reason != KVM_EXIT_IO || run->io.port != DOORBELL)
			guest_broke(vm, cpu, "exit");
		got = *((uint8_t *)run + run->io.data_offset);
		if (got != bell)
			guest_broke(vm, cpu, got == 2 ? "read something else" : "rang otherwise");
		return;
	}
}

/* Runs the orders given since the last time. */
static void go_on(struct vm *vm, int vcpu)
{
	order(vm, ORDER_DONE, 0, 0);
	say_touch(vm, vcpu, 'x', BOOT_GPA);
	say_touch(vm, vcpu, 'r', BOOT_ORDERS);
	run_until(vm, vcpu, BELL_DONE);
	vm->norders = 0;
}

static void go(struct vm *vm)
{
	go_on(vm, 0);
}

/* ---- making a VM ---- */

static struct kvm_cpuid2 *supported_cpuid(void)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[128];
	} cpuid = { .head = { .nent = 128 } };

	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, &cpuid))
		die("KVM_GET_SUPPORTED_CPUID");
	return &cpuid.head;
}

/* Long mode with the guest's own tables: Intel SDM vol. 3, 3.4.5 (descriptors), 10.8 (enabling
 * IA-32e mode). */
static void vcpu_long_mode(struct vcpu *cpu)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1
	};
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1
	};
	struct kvm_regs regs = { .rip = BOOT_GPA, .rdi = BOOT_ORDERS, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(cpu->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 = 0x80010031; /* PG, WP, NE, ET, PE */
	sregs.cr3 = BOOT_PML4;
	sregs.cr4 = 0x20;   /* PAE */
	sregs.efer = 0x500; /* LME, LMA */
	if (ioctl(cpu->fd, KVM_SET_SREGS, &sregs) || ioctl(cpu->fd, KVM_SET_REGS, &regs))
		die("registers");
}

static void vcpu_new(struct vm *vm, int number)
{
	struct vcpu *cpu = &vm->vcpu[number];
	int size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	cpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, number);
	if (cpu->fd < 0)
		die("KVM_CREATE_VCPU");
	cpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED)
		die("mmap vcpu");
	if (ioctl(cpu->fd, KVM_SET_CPUID2, supported_cpuid()))
		die("KVM_SET_CPUID2");
	vcpu_long_mode(cpu);
}

/* Program, orders, and tables that map everything where it is with 1 GiB pages, already accessed
 * and dirty. */
static void boot_slot(struct vm *vm)
{
	struct slot *s = slot_add(vm, BOOT_GPA, BOOT_SIZE, BACK_PAGES, 0);
	uint64_t *pml4 = (uint64_t *)hva_of(vm, BOOT_PML4);
	uint64_t *pdpt = (uint64_t *)hva_of(vm, BOOT_PDPT);

	fill(vm, BOOT_GPA, BOOT_SIZE / PAGE);
	say("LAB: {\"ev\": \"boot\", \"vm\": %d, \"gpa\": \"0x%llx\", \"size\": %llu}", vm->index,
	    BOOT_GPA, (unsigned long long)s->size);
	memcpy(hva_of(vm, BOOT_GPA), guest_start, guest_end - guest_start);
	memset(pml4, 0, PAGE);
	for (uint64_t i = 0; i < PDPTS; i++)
		pml4[i] = (BOOT_PDPT + i * PAGE) | 0x27; /* P, W, U, A */
	for (uint64_t i = 0; i < PDPTS * 512; i++)
		pdpt[i] = i * GIB | 0xe7; /* and D, PS */
	vm->orders = (struct order *)hva_of(vm, BOOT_ORDERS);
}

static void vm_new(struct vm *vm, int vcpus, int enable, uint64_t value)
{
	struct kvm_enable_cap cap = { .cap = enable, .args = { value } };

	vm->fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		die("KVM_CREATE_VM");
	if (enable && ioctl(vm->fd, KVM_ENABLE_CAP, &cap))
		die("KVM_ENABLE_CAP");
	say("LAB: {\"ev\": \"vm\", \"vm\": %d, \"name\": \"%s\", \"pid\": %d, \"fd\": %d, \"vcpus\": %d}",
	    vm->index, vm->name, getpid(), vm->fd, vcpus);
	boot_slot(vm);
	for (int i = 0; i < vcpus; i++)
		vcpu_new(vm, i);
}

/* ---- the guests ---- */

/* Pages and blocks of every kind of host memory. */
static void build_kinds(struct vm *vm)
{
	const uint64_t ram = 0x40000000, ro = 0x50000000, huge = 0x60000000, thp = 0x70000000,
		       big = 0x80000000, device = 0x90000000;
	struct slot *s;

	s = slot_add(vm, ram, 64 * PAGE, BACK_PAGES, 0);
	slot_add_alias(vm, ram + 256 * MIB - 64 * PAGE, s);
	fill(vm, ram, 32);
	slot_add(vm, ro, 16 * PAGE, BACK_PAGES, KVM_MEM_READONLY);
	fill(vm, ro, 8);
	slot_add(vm, huge, 2 * BLOCK, BACK_HUGETLB, 0);
	fill(vm, huge, 2 * BLOCK / PAGE);
	slot_add(vm, thp, 2 * BLOCK, BACK_THP, 0);
	fill(vm, thp, 2 * BLOCK / PAGE);
	/* Pages of hugetlb memory that cannot be mapped as a block: the slot ends in its middle. */
	slot_add(vm, big, BLOCK + 4 * PAGE, BACK_HUGETLB, 0);
	fill(vm, big, BLOCK / PAGE + 4);
	slot_add_device(vm, device, 4 * PAGE);

	for (uint64_t i = 0; i < 8; i++)
		guest_write(vm, ram + i * 2 * PAGE);
	guest_read(vm, ram + 17 * PAGE);
	guest_call(vm, ram + 19 * PAGE);
	for (uint64_t i = 0; i < 4; i++)
		guest_read_zero(vm, ram + (40 + i) * PAGE);
	guest_write(vm, ram + 41 * PAGE);
	guest_write(vm, ram + 50 * PAGE);
	/* Through the other slot: a page that both have mapped, and one that only this one has. */
	guest_read_value(vm, ram + 256 * MIB - 64 * PAGE + OFF_HOST, ram ^ HOST_WORD);
	guest_read_value(vm, ram + 256 * MIB - 63 * PAGE + OFF_HOST, (ram + PAGE) ^ HOST_WORD);
	guest_read(vm, ro);
	guest_call(vm, ro + 3 * PAGE);
	guest_read_zero(vm, ro + 9 * PAGE);
	guest_write(vm, ro + 4 * PAGE); /* leaves the guest */
	guest_write(vm, huge + 5 * PAGE);
	guest_read(vm, huge + BLOCK + 7 * PAGE);
	/* Where huge pages are not executable, the first is taken apart, the second not made. */
	guest_read(vm, thp);
	guest_call(vm, thp + 9 * PAGE);
	guest_call(vm, thp + BLOCK + 9 * PAGE);
	guest_write(vm, thp + BLOCK + 3 * PAGE);
	guest_write(vm, big);
	guest_write(vm, big + BLOCK + PAGE);
	guest_write(vm, device + PAGE);
	go(vm);
}

/* What the host does to its memory, and a slot that is deleted while a second vCPU stays with the
 * old tables. */
static void build_host(struct vm *vm)
{
	const uint64_t ram = 0x40000000, small = 0x50000000, gone = 0x60000000;
	struct slot *s = slot_add(vm, gone, 16 * PAGE, BACK_PAGES, 0);

	fill(vm, gone, 16);
	guest_write(vm, gone);
	go_on(vm, 1);
	slot_delete(vm, s);

	slot_add(vm, ram, 3 * BLOCK, BACK_PAGES, 0);
	fill(vm, ram, 3 * BLOCK / PAGE);
	slot_add(vm, small, 32 * PAGE, BACK_PAGES, 0);
	fill(vm, small, 32);
	for (uint64_t i = 0; i < 3; i++)
		guest_write(vm, ram + i * BLOCK + 100 * PAGE);
	guest_write(vm, ram + BLOCK + 200 * PAGE);
	for (uint64_t i = 0; i < 16; i++)
		guest_write(vm, small + i * PAGE);
	go(vm);
	protect(vm, ram + BLOCK + 200 * PAGE, 4);
	protect(vm, small + 8 * PAGE, 2);
	punch(vm, small + 2 * PAGE, 2);
	guest_read(vm, ram + BLOCK + 201 * PAGE);
	guest_read(vm, small + 8 * PAGE);
	guest_read_zero(vm, small + 3 * PAGE);
	go(vm);
}

/* Dirty logging: from the start, and switched on for pages and blocks that are already mapped. */
static void build_log(struct vm *vm)
{
	const uint64_t early = 0x40000000, late = 0x50000000, thp = 0x60000000;
	struct slot *e = slot_add(vm, early, 16 * PAGE, BACK_PAGES, KVM_MEM_LOG_DIRTY_PAGES);
	struct slot *l = slot_add(vm, late, 16 * PAGE, BACK_PAGES, 0);
	struct slot *t = slot_add(vm, thp, BLOCK, BACK_THP, 0);

	fill(vm, early, 8);
	fill(vm, late, 8);
	fill(vm, thp, BLOCK / PAGE);
	guest_write(vm, early);
	guest_write(vm, early + PAGE);
	guest_read(vm, early + 2 * PAGE);
	guest_write(vm, early + 9 * PAGE);
	guest_read_zero(vm, early + 10 * PAGE);
	guest_write(vm, late);
	guest_write(vm, late + PAGE);
	guest_read(vm, late + 2 * PAGE);
	guest_write(vm, thp + 5 * PAGE);
	go(vm);
	slot_clean(vm, e);
	slot_log(vm, l, true);
	slot_log(vm, t, true);
	guest_write(vm, early + PAGE);
	guest_write(vm, late + PAGE);
	guest_read(vm, late + 3 * PAGE);
	guest_write(vm, thp + 6 * PAGE);
	go(vm);
}

/* Addresses without a slot: some read at one generation of the slots, some at another, beyond 127. */
static void build_mmio(struct vm *vm)
{
	struct slot *s = slot_add(vm, 0x40000000, 16 * PAGE, BACK_PAGES, 0);

	fill(vm, s->gpa, 4);
	guest_write(vm, s->gpa);
	guest_read_value(vm, 0xe0000000, MMIO_ANSWER);
	guest_read_value(vm, 0xe0001000, MMIO_ANSWER);
	guest_read_value(vm, 0xfffd000000, MMIO_ANSWER);
	go(vm);
	for (int i = 0; i < 50; i++) {
		slot_log(vm, s, true);
		slot_log(vm, s, false);
	}
	guest_read_value(vm, 0x9d000000, MMIO_ANSWER);
	guest_read_value(vm, 0xe0001000, MMIO_ANSWER);
	guest_read_value(vm, 0xfffe000000, MMIO_ANSWER);
	go(vm);
}

/* Up to the last page below 1 TiB; a 1 GiB page when the host has one. */
static void build_high(struct vm *vm)
{
	char line[32];

	for (int bit = 33; bit < 40; bit++) {
		slot_add(vm, 1ULL << bit, 2 * PAGE, BACK_PAGES, 0);
		fill(vm, 1ULL << bit, 1);
		guest_write(vm, 1ULL << bit);
	}
	slot_add(vm, (1ULL << 40) - 4 * PAGE, 4 * PAGE, BACK_PAGES, 0);
	guest_write(vm, (1ULL << 40) - PAGE);
	if (atoi(read_line("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", line,
			   sizeof(line)))) {
		slot_add(vm, 68 * GIB, GIB, BACK_1G, 0);
		fill(vm, 68 * GIB, 16);
		guest_write(vm, 68 * GIB + 4 * PAGE);
	}
	go(vm);
}

/* System management mode has memory of its own, and a table of its own. The guest stays in it. */
static void build_insmm(struct vm *vm)
{
	const uint64_t ram = 0x40000000;
	struct slot *s, *smram;
	uint32_t *where;

	slot_add(vm, ram, 16 * PAGE, BACK_PAGES, 0);
	fill(vm, ram, 8);
	smram = slot_add_smm(vm, SMBASE, 64 * KIB);
	memcpy(smram->hva + 0x8000, smm_start, smm_end - smm_start);
	s = slot_add_smm(vm, ram, 16 * PAGE);
	where = (uint32_t *)(smram->hva + 0x8100);
	where[0] = ram + 3 * PAGE + OFF_GUEST;
	where[1] = (uint32_t)GUEST_WORD;
	*(volatile uint64_t *)s->hva = 1;
	guest_write(vm, ram);
	go(vm);
	if (ioctl(vm->vcpu[0].fd, KVM_SMI, 0))
		die("KVM_SMI");
	say("LAB: {\"ev\": \"smi\", \"vm\": %d, \"touched\": [\"0x%llx\", \"0x%llx\"]}", vm->index,
	    SMM_ENTRY, (unsigned long long)(ram + 3 * PAGE));
	run_until(vm, 0, BELL_SMM);
}

/* It comes back. */
static void build_smm(struct vm *vm)
{
	build_insmm(vm);
	guest_write(vm, 0x40000000 + PAGE);
	go(vm);
}

/* Memory of a file that only KVM may map, some of which the VMM has mapped too. */
static void build_gmem(struct vm *vm)
{
	const uint64_t ram = 0x40000000;
	struct create_guest_memfd create = {
		.size = 64 * PAGE,
		.flags = GUEST_MEMFD_MMAP | GUEST_MEMFD_INIT_SHARED,
	};
	int file = ioctl(vm->fd, CREATE_GUEST_MEMFD, &create);

	if (file < 0)
		die("KVM_CREATE_GUEST_MEMFD");
	slot_add_gmem(vm, ram, 16 * PAGE, file, 0, false);
	slot_add_gmem(vm, ram + 32 * PAGE, 16 * PAGE, file, 32 * PAGE, true);
	fill(vm, ram, 4);
	guest_write(vm, ram);
	guest_read(vm, ram + PAGE);
	guest_write(vm, ram + 8 * PAGE);
	guest_write(vm, ram + 33 * PAGE);
	go(vm);
}

/* ---- a guest that runs a guest ---- */

/* Tables, the VMCB and the save area of the guest hypervisor are in a slot of their own. */
#define NESTED_TABLES 0x60000000ULL
#define NESTED_VMCB (NESTED_TABLES + 8 * PAGE)
#define NESTED_HSAVE (NESTED_TABLES + 9 * PAGE)
#define NESTED_TWICE (517 * GIB) /* where its guest has what it has at 1 GiB once more */

#define NPT_TABLE 7ULL /* P, W, U */
#define NPT_PAGE 7ULL
#define NPT_READ_ONLY 5ULL
#define NPT_LARGE 0x87ULL

static uint64_t *nested_table(struct vm *vm, int n)
{
	return (uint64_t *)hva_of(vm, NESTED_TABLES + n * PAGE);
}

/* The guest's guest has @size bytes at @ngpa that are at @gpa in the guest. */
static void say_nested(const struct vm *vm, uint64_t ngpa, uint64_t gpa, uint64_t size, bool write)
{
	say("LAB: {\"ev\": \"nested\", \"vm\": %d, \"ngpa\": \"0x%llx\", \"gpa\": \"0x%llx\", \"size\": %llu, "
	    "\"write\": %s}",
	    vm->index, (unsigned long long)ngpa, (unsigned long long)gpa, (unsigned long long)size,
	    write ? "true" : "false");
}

/* What it has at 1 GiB, and through a second table entry once more: pages in falling order, the
 * last four read-only, and two blocks, one of huge pages, one of small ones. */
static void nested_tables(struct vm *vm, uint64_t ram, uint64_t thp, uint64_t small)
{
	const uint64_t twice[] = { GIB, NESTED_TWICE };
	uint64_t *t[7];

	for (int i = 0; i < 7; i++) {
		t[i] = nested_table(vm, i);
		memset(t[i], 0, PAGE);
	}
	t[0][0] = (NESTED_TABLES + 1 * PAGE) | NPT_TABLE;
	t[1][0] = (NESTED_TABLES + 2 * PAGE) | NPT_TABLE;
	t[2][0] = (NESTED_TABLES + 3 * PAGE) | NPT_TABLE;
	for (uint64_t i = 0; i < BOOT_SIZE / PAGE; i++)
		t[3][BOOT_GPA / PAGE + i] = (BOOT_GPA + i * PAGE) | NPT_PAGE;
	t[1][1] = (NESTED_TABLES + 4 * PAGE) | NPT_TABLE;
	t[1][3] = (3 * GIB) | NPT_LARGE;
	t[4][0] = (NESTED_TABLES + 5 * PAGE) | NPT_TABLE;
	for (uint64_t i = 0; i < 16; i++)
		t[5][i] = (ram + (15 - i) * PAGE) | (i < 12 ? NPT_PAGE : NPT_READ_ONLY);
	t[4][1] = thp | NPT_LARGE;
	t[4][2] = small | NPT_LARGE;
	t[0][1] = (NESTED_TABLES + 6 * PAGE) | NPT_TABLE;
	t[6][5] = (NESTED_TABLES + 4 * PAGE) | NPT_TABLE;
	say_nested(vm, BOOT_GPA, BOOT_GPA, BOOT_SIZE, true);
	say_nested(vm, 3 * GIB, 3 * GIB, GIB, true);
	for (int n = 0; n < 2; n++) {
		for (uint64_t i = 0; i < 16; i++)
			say_nested(vm, twice[n] + i * PAGE, ram + (15 - i) * PAGE, PAGE, i < 12);
		say_nested(vm, twice[n] + BLOCK, thp, BLOCK, true);
		say_nested(vm, twice[n] + 2 * BLOCK, small, BLOCK, true);
	}
}

/* AMD APM volume 2, appendix B: only what VMRUN insists on; state as in vcpu_long_mode(). */
static void nested_vmcb(struct vm *vm)
{
	uint8_t *control = hva_of(vm, NESTED_VMCB), *save = control + 0x400;

	memset(control, 0, PAGE);
	*(uint32_t *)(control + 0x10) = 1; /* VMRUN is intercepted */
	*(uint32_t *)(control + 0x58) = 1; /* ASID */
	*(uint64_t *)(control + 0x90) = 1; /* NP_ENABLE */
	*(uint64_t *)(control + 0xb0) = NESTED_TABLES;
	/* ES, CS, SS, DS, FS, GS, GDTR, LDTR, IDTR, TR: selector, attributes, limit, base */
	for (int i = 0; i < 10; i++) {
		uint8_t *seg = save + i * 16;

		*(uint16_t *)seg = i == 1 ? 8 : 16;
		*(uint16_t *)(seg + 2) = i == 1 ? 0xa9b : i == 7 ? 0x82 : i == 9 ? 0x8b : 0xc93;
		*(uint32_t *)(seg + 4) = i < 6 ? 0xffffffff : 0xffff;
	}
	*(uint64_t *)(save + 0xd0) = 0x1500; /* EFER: LME, LMA, SVME */
	*(uint64_t *)(save + 0x148) = 0x20;  /* CR4: PAE */
	*(uint64_t *)(save + 0x150) = BOOT_PML4;
	*(uint64_t *)(save + 0x158) = 0x80010031; /* CR0 */
	*(uint64_t *)(save + 0x160) = 0x400;      /* DR7 */
	*(uint64_t *)(save + 0x168) = 0xffff0ff0; /* DR6 */
	*(uint64_t *)(save + 0x170) = 2;          /* RFLAGS */
	*(uint64_t *)(save + 0x178) = BOOT_GPA + (uint64_t)(guest_next - guest_start);
	*(uint64_t *)(save + 0x268) = 0x0007040600070406; /* PAT */
}

/* The guest's guest goes on with the orders, and is there at the end. What it touches is no touch
 * of the guest's: the log has none. */
static void build_nested(struct vm *vm)
{
	const uint64_t ram = 0x50000000, small = 0x52000000, thp = 0x70000000,
		       own = ram + 40 * PAGE;

	slot_add(vm, ram, 64 * PAGE, BACK_PAGES, 0);
	slot_add(vm, small, BLOCK, BACK_PAGES, 0);
	slot_add(vm, NESTED_TABLES, 16 * PAGE, BACK_PAGES, 0);
	slot_add(vm, thp, 2 * BLOCK, BACK_THP, 0);
	fill(vm, ram, 64);
	fill(vm, small, BLOCK / PAGE);
	fill(vm, thp, 2 * BLOCK / PAGE);
	nested_tables(vm, ram, thp, small);
	nested_vmcb(vm);
	guest_write(vm, own);
	say("LAB: {\"ev\": \"own\", \"vm\": %d, \"gpa\": \"0x%llx\"}", vm->index,
	    (unsigned long long)own);
	order(vm, ORDER_NESTED, NESTED_VMCB, NESTED_HSAVE);
	go(vm);
	order(vm, ORDER_WRITE, GIB + OFF_GUEST, 1);
	order(vm, ORDER_WRITE, GIB + 3 * PAGE + OFF_GUEST, 1);
	order(vm, ORDER_READ, GIB + 13 * PAGE + OFF_HOST, (ram + 2 * PAGE) ^ HOST_WORD);
	order(vm, ORDER_WRITE, GIB + BLOCK + 5 * PAGE + OFF_GUEST, 1);
	order(vm, ORDER_WRITE, GIB + 2 * BLOCK + 7 * PAGE + OFF_GUEST, 1);
	order(vm, ORDER_READ, GIB + 2 * BLOCK + 9 * PAGE + OFF_HOST,
	      (small + 9 * PAGE) ^ HOST_WORD);
	order(vm, ORDER_READ, 0xe0000000, MMIO_ANSWER);
	order(vm, ORDER_WRITE, NESTED_TWICE + 2 * PAGE + OFF_GUEST, 1);
	order(vm, ORDER_DONE, 0, 0);
	run_until(vm, 0, BELL_DONE);
	vm->norders = 0;
}

/* ---- guests of VMMs that do it otherwise ---- */

/* Two of many processors use the tables. */
static void build_many(struct vm *vm)
{
	const uint64_t ram = 0x40000000;

	slot_add(vm, ram, 16 * PAGE, BACK_PAGES, 0);
	fill(vm, ram, 8);
	guest_write(vm, ram);
	go(vm);
	say_touch(vm, MAX_VCPUS - 1, 'w', ram + PAGE);
	order(vm, ORDER_WRITE, ram + PAGE + OFF_GUEST, (ram + PAGE) ^ GUEST_WORD);
	go_on(vm, MAX_VCPUS - 1);
}

static uint8_t *twin_memory;

/* Two VMs of one process have the same memory. */
static void build_twin(struct vm *vm)
{
	const uint64_t ram = 0x40000000;
	struct slot *s;

	if (!twin_memory) {
		twin_memory = slot_add(vm, ram, 16 * PAGE, BACK_PAGES, 0)->hva;
	} else {
		s = slot_new(vm, ram, 16 * PAGE, BACK_PAGES, 0, twin_memory);
		slot_set(vm, s, s->size);
		say_slot(vm, s);
	}
	fill(vm, ram, 8);
	guest_write(vm, ram);
	guest_write(vm, ram + PAGE);
	go(vm);
}

#define RING_ENTRIES 4096

/* What was written is told by rings, of which the VMM takes pages itself. */
static void ring_clean(struct vm *vm, struct slot *s, struct kvm_dirty_gfn *ring)
{
	char list[2048] = "";
	size_t len = 0;

	for (int i = 0; i < RING_ENTRIES && (ring[i].flags & KVM_DIRTY_GFN_F_DIRTY); i++) {
		if (ring[i].slot == s->id)
			len += snprintf(list + len, sizeof(list) - len, "%s\"0x%llx\"",
					len ? ", " : "",
					(unsigned long long)(s->gpa + ring[i].offset * PAGE));
		ring[i].flags = KVM_DIRTY_GFN_F_RESET;
	}
	if (ioctl(vm->fd, KVM_RESET_DIRTY_RINGS) < 0)
		die("KVM_RESET_DIRTY_RINGS");
	say("LAB: {\"ev\": \"clean\", \"vm\": %d, \"slot\": %u, \"dirty\": [%s]}", vm->index, s->id,
	    list);
}

static void build_ring(struct vm *vm)
{
	const uint64_t ram = 0x40000000, late = 0x50000000;
	struct kvm_dirty_gfn *ring = mmap(NULL, RING_ENTRIES * sizeof(*ring),
					  PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu[0].fd,
					  KVM_DIRTY_LOG_PAGE_OFFSET * PAGE);
	struct slot *s, *l;

	if (ring == MAP_FAILED)
		die("mmap ring");
	s = slot_add(vm, ram, 16 * PAGE, BACK_PAGES, KVM_MEM_LOG_DIRTY_PAGES);
	l = slot_add(vm, late, 16 * PAGE, BACK_PAGES, 0);
	fill(vm, ram, 8);
	fill(vm, late, 8);
	guest_write(vm, ram);
	guest_write(vm, ram + PAGE);
	guest_write(vm, late + PAGE);
	go(vm);
	ring_clean(vm, s, ring);
	slot_log(vm, l, true);
	guest_write(vm, ram + PAGE);
	guest_write(vm, late + 2 * PAGE);
	go(vm);
}

/* Logging begins with all pages in the log, and nothing is protected until it is taken out. */
static void build_manual(struct vm *vm)
{
	const uint64_t ram = 0x40000000, thp = 0x60000000;
	uint64_t bitmap[8];
	struct slot *s, *t;

	s = slot_add(vm, ram, 64 * PAGE, BACK_PAGES, KVM_MEM_LOG_DIRTY_PAGES);
	t = slot_add(vm, thp, 2 * BLOCK, BACK_THP, 0);
	fill(vm, ram, 64);
	fill(vm, thp, 2 * BLOCK / PAGE);
	for (int i = 0; i < 8; i++)
		guest_write(vm, ram + i * PAGE);
	guest_write(vm, thp);
	guest_write(vm, thp + BLOCK);
	go(vm);
	say("LAB: {\"ev\": \"manual\", \"vm\": %d}", vm->index);
	slot_log(vm, t, true);
	memset(bitmap, 0xff, sizeof(bitmap));
	for (int i = 0; i < 2; i++) {
		struct slot *x = i ? t : s;
		struct kvm_clear_dirty_log clear = {
			.slot = x->id, .num_pages = 64, .first_page = 0, .dirty_bitmap = bitmap
		};

		if (ioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, &clear))
			die("KVM_CLEAR_DIRTY_LOG");
		say("LAB: {\"ev\": \"clear\", \"vm\": %d, \"gpa\": \"0x%llx\", \"size\": %llu}",
		    vm->index, (unsigned long long)x->gpa, 64 * PAGE);
	}
	guest_write(vm, ram + PAGE);
	guest_write(vm, thp + 5 * PAGE);
	go(vm);
}

/* The process forks: its memory is its child's too, until one of them writes. */
static void build_forked(struct vm *vm)
{
	const uint64_t ram = 0x40000000, huge = 0x60000000;
	pid_t pid;

	slot_add(vm, ram, 64 * PAGE, BACK_PAGES, 0);
	slot_add(vm, huge, BLOCK, BACK_HUGETLB, 0);
	fill(vm, ram, 32);
	fill(vm, huge, BLOCK / PAGE);
	for (int i = 0; i < 8; i++)
		guest_write(vm, ram + i * PAGE);
	guest_write(vm, huge);
	go(vm);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		for (;;)
			pause();
	say("LAB: {\"ev\": \"fork\", \"vm\": %d, \"pid\": %d}", vm->index, pid);
	guest_read(vm, ram + PAGE);
	guest_write(vm, ram + 2 * PAGE);
	guest_read(vm, ram + 20 * PAGE);
	guest_read(vm, huge + PAGE);
	go(vm);
}

static void *run_thread(void *arg)
{
	struct vm *vm = arg;

	ioctl(vm->vcpu[0].fd, KVM_RUN, 0);
	return NULL;
}

/* Memory that somebody else brings when it is touched; at the end a processor waits for a page. */
static void build_uffd(struct vm *vm)
{
	const uint64_t ram = 0x40000000;
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct slot *s = slot_add(vm, ram, 64 * PAGE, BACK_PAGES, 0);
	struct uffdio_register reg = { .range = { (uintptr_t)s->hva, s->size },
				       .mode = UFFDIO_REGISTER_MODE_MISSING };
	static uint8_t page[4096] __attribute__((aligned(4096)));
	pthread_t thread;

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &reg))
		die("userfaultfd");
	for (uint64_t i = 0; i < 8; i++) {
		struct uffdio_copy copy = { .dst = (uintptr_t)s->hva + i * 2 * PAGE,
					    .src = (uintptr_t)page,
					    .len = PAGE };

		*(uint64_t *)page = (ram + i * 2 * PAGE) ^ HOST_WORD;
		*(uint16_t *)(page + OFF_RET) = INSN_RET;
		if (ioctl(uffd, UFFDIO_COPY, &copy))
			die("UFFDIO_COPY");
		say("LAB: {\"ev\": \"fill\", \"vm\": %d, \"gpa\": \"0x%llx\", \"size\": %llu}",
		    vm->index, (unsigned long long)(ram + i * 2 * PAGE), PAGE);
	}
	for (uint64_t i = 0; i < 4; i++)
		guest_write(vm, ram + i * 2 * PAGE);
	guest_read(vm, ram + 10 * PAGE);
	go(vm);
	order(vm, ORDER_WRITE, ram + 33 * PAGE, 1);
	if (pthread_create(&thread, NULL, run_thread, vm))
		die("thread");
	usleep(200000);
}

static void *make_thread(void *arg)
{
	int *fd = arg;

	*fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	say("LAB: {\"ev\": \"rootless\", \"what\": \"thread\", \"pid\": %d, \"tid\": %d, \"fd\": %d}",
	    getpid(), (int)syscall(SYS_gettid), *fd);
	return NULL;
}

/* VMs without memory, without processors; made by a thread that is gone, by a process that is gone.
 */
static void build_empty(struct vm *vm)
{
	struct kvm_userspace_memory_region region = { .guest_phys_addr = 0x100000,
						      .memory_size = BLOCK };
	int bare, idle, thread_fd, pair[2];
	struct vm *lost;
	pthread_t thread;
	pid_t pid;

	if (madvise(slot_of(vm, BOOT_GPA)->hva, BOOT_SIZE, MADV_DONTFORK))
		die("MADV_DONTFORK");
	go(vm);
	bare = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	say("LAB: {\"ev\": \"rootless\", \"what\": \"bare\", \"pid\": %d, \"fd\": %d}", getpid(),
	    bare);
	idle = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	region.userspace_addr = (uintptr_t)host_memory(0x100000, BLOCK, BACK_PAGES);
	if (ioctl(idle, KVM_SET_USER_MEMORY_REGION, &region) ||
	    ioctl(idle, KVM_CREATE_VCPU, 5) < 0 || ioctl(idle, KVM_CREATE_VCPU, 0) < 0)
		die("idle");
	say("LAB: {\"ev\": \"rootless\", \"what\": \"idle\", \"pid\": %d, \"fd\": %d}", getpid(),
	    idle);
	if (pthread_create(&thread, NULL, make_thread, &thread_fd) || pthread_join(thread, NULL))
		die("thread");
	/* A VM that a child made, whose descriptors are ours now. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	pid = fork();
	if (!pid) {
		union {
			char buf[CMSG_SPACE(2 * sizeof(int))];
			struct cmsghdr align;
		} u;
		struct iovec iov = { .iov_base = "x", .iov_len = 1 };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = u.buf,
				      .msg_controllen = sizeof(u.buf) };
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		int fds[2];

		lost = calloc(1, sizeof(*lost));
		lost->index = 100;
		lost->name = "orphan";
		vm_new(lost, 1, 0, 0);
		slot_add(lost, 0x40000000, 64 * PAGE, BACK_PAGES, 0);
		fill(lost, 0x40000000, 64);
		guest_write(lost, 0x40000000);
		go(lost);
		fds[0] = lost->fd;
		fds[1] = lost->vcpu[0].fd;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(c), fds, sizeof(fds));
		if (sendmsg(pair[1], &msg, 0) != 1)
			die("sendmsg");
		_exit(0);
	}
	{
		union {
			char buf[CMSG_SPACE(2 * sizeof(int))];
			struct cmsghdr align;
		} u;
		char b;
		struct iovec iov = { .iov_base = &b, .iov_len = 1 };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = u.buf,
				      .msg_controllen = sizeof(u.buf) };

		if (recvmsg(pair[0], &msg, 0) != 1)
			die("recvmsg");
		waitpid(pid, NULL, 0);
		say("LAB: {\"ev\": \"orphan\", \"pid\": %d, \"holder\": %d}", pid, getpid());
	}
}

/* Rows in the order in which they run; the last one spins while memory is captured. */
static const struct {
	const char *name;
	void (*build)(struct vm *vm);
	int vcpus;
	int capability;   /* of KVM, without which there is no such guest */
	const char *file; /* without which there is no such guest either: see machine.py */
	bool shares;      /* the process of the row before it */
	int enable;       /* a capability of the VM, and its argument */
	uint64_t value;
} guests[] = {
	{ .name = "kinds", .build = build_kinds, .vcpus = 1 },
	{ .name = "host", .build = build_host, .vcpus = 2 },
	{ .name = "mmio", .build = build_mmio, .vcpus = 1, .shares = true },
	{ .name = "smm", .build = build_smm, .vcpus = 1, .capability = KVM_CAP_X86_SMM },
	{ .name = "gmem", .build = build_gmem, .vcpus = 1, .capability = CAP_GUEST_MEMFD_FLAGS },
	{ .name = "nested", .build = build_nested, .vcpus = 1, .file = "/nested" },
	{ .name = "many", .build = build_many, .vcpus = MAX_VCPUS, .file = "/odd" },
	{ .name = "twin1", .build = build_twin, .vcpus = 1, .file = "/odd" },
	{ .name = "twin2", .build = build_twin, .vcpus = 1, .file = "/odd", .shares = true },
	{ .name = "insmm",
	  .build = build_insmm,
	  .vcpus = 1,
	  .capability = KVM_CAP_X86_SMM,
	  .file = "/odd" },
	{ .name = "ring",
	  .build = build_ring,
	  .vcpus = 1,
	  .file = "/odd",
	  .enable = KVM_CAP_DIRTY_LOG_RING,
	  .value = RING_ENTRIES * sizeof(struct kvm_dirty_gfn) },
	{ .name = "manual",
	  .build = build_manual,
	  .vcpus = 1,
	  .file = "/odd",
	  .enable = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
	  .value = 3 },
	{ .name = "forked", .build = build_forked, .vcpus = 1, .file = "/odd" },
	{ .name = "uffd", .build = build_uffd, .vcpus = 1, .file = "/odd" },
	{ .name = "empty", .build = build_empty, .vcpus = 1, .file = "/odd" },
	{ .name = "high", .build = build_high, .vcpus = 1 },
	{ .name = "log", .build = build_log, .vcpus = 1 },
};

/* ---- physical addresses and counts ---- */

/* Where a page of a slot lies. The pagemap has nothing to say of what is not memory. */
static bool page_at(int pagemap, const struct slot *s, uint64_t off, unsigned long long *ret)
{
	if (s->backing != BACK_DEVICE)
		return pa_of(pagemap, s->hva + off, ret);
	*ret = DEVICE_PA + off;
	return true;
}

/* Where the memory of a slot lies, as runs. */
static void say_pages(struct vm *vm, const struct slot *s)
{
	unsigned long long first = 0;
	uint64_t count = 0, start = 0;
	int pagemap = open_pagemap();

	for (uint64_t off = 0;; off += PAGE) {
		unsigned long long pa = 0;
		bool here = off < s->size && page_at(pagemap, s, off, &pa);

		if (count && here && pa == first + count * PAGE) {
			count++;
			continue;
		}
		if (count)
			say("LAB: {\"ev\": \"pages\", \"vm\": %d, \"as\": %u, \"gpa\": \"0x%llx\", "
			    "\"pa\": \"0x%llx\", \"count\": %llu}",
			    vm->index, s->id / SMM_SLOTS, (unsigned long long)(s->gpa + start),
			    first, (unsigned long long)count);
		if (off >= s->size)
			break;
		first = pa;
		start = off;
		count = here;
	}
	close(pagemap);
}

/* Whether a THP slot really got its huge pages. */
static void say_thp(struct vm *vm, const struct slot *s)
{
	say("LAB: {\"ev\": \"thp\", \"vm\": %d, \"slot\": %u, \"huge\": %llu}", vm->index, s->id,
	    huge_bytes(s->hva));
}

/* How many leaves of each size KVM itself says it has. */
static void say_counts(struct vm *vm)
{
	static const char *const name[] = { "pages_4k", "pages_2m", "pages_1g" };
	unsigned long long count[3];
	char path[128], line[32];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/%s", getpid(), vm->fd,
			 name[i]);
		count[i] = strtoull(read_line(path, line, sizeof(line)), NULL, 10);
	}
	say("LAB: {\"ev\": \"counts\", \"vm\": %d, \"4k\": %llu, \"2m\": %llu, \"1g\": %llu}",
	    vm->index, count[0], count[1], count[2]);
}

static void say_end(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nslots; i++) {
		const struct slot *s = &vm->slots[i];

		if (!s->present)
			continue;
		/* Pages of the file that only the guest has used so far: now the VMM has them, too.
		 */
		for (uint64_t off = 0; s->backing == BACK_GMEM && off < s->size; off += PAGE)
			(void)*(volatile uint8_t *)(s->hva + off);
		say_pages(vm, s);
		if (s->backing == BACK_THP)
			say_thp(vm, s);
	}
	say_counts(vm);
}

/* ---- aging ---- */

/* One step of the multi-generational LRU over everything
 * (Documentation/admin-guide/mm/multigen_lru.rst): it looks which pages were accessed since the
 * last one, and notifies KVM. */
static void age_step(void)
{
	static char text[65536];
	unsigned int memcg = 0, node = 0;
	unsigned long newest = 0;
	bool any = false;
	char *save = NULL;

	read_text("/sys/kernel/debug/lru_gen", text, sizeof(text));
	for (char *line = strtok_r(text, "\n", &save);; line = strtok_r(NULL, "\n", &save)) {
		unsigned int number;
		char command[64];

		if (line && sscanf(line, " %lu", &newest) == 1) {
			any = true;
			continue;
		}
		/* The generations of a node end here; the highest is the last. */
		if (any) {
			snprintf(command, sizeof(command), "+ %u %u %lu 1 1", memcg, node, newest);
			write_file("/sys/kernel/debug/lru_gen", command);
			any = false;
		}
		if (!line)
			return;
		if (sscanf(line, "memcg %u", &number) == 1)
			memcg = number;
		else if (sscanf(line, " node %u", &number) == 1)
			node = number;
	}
}

/* When the machine is to: the memory of all guests gets older. */
static void age(void)
{
	if (access("/age", F_OK))
		return;
	write_file("/sys/kernel/mm/lru_gen/enabled", "7");
	for (int i = 0; i < 2; i++)
		age_step();
	say("LAB: {\"ev\": \"aged\"}");
}

/* ---- stages ---- */

static struct vm *build(size_t index)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		die("memory");
	vm->index = index;
	vm->name = guests[index].name;
	vm_new(vm, guests[index].vcpus, guests[index].enable, guests[index].value);
	guests[index].build(vm);
	say_end(vm);
	return vm;
}

static bool can_have(size_t index)
{
	int capability = guests[index].capability;

	if ((!capability || ioctl(kvm_fd, KVM_CHECK_EXTENSION, capability) > 0) &&
	    (!guests[index].file || !access(guests[index].file, F_OK)))
		return true;
	say("LAB: {\"ev\": \"refused\", \"name\": \"%s\"}", guests[index].name);
	return false;
}

/* Builds the guests of one process, and stays. The pipe tells the parent that they are there. */
static void child(size_t from, size_t to, int done)
{
	struct vm *vm = NULL;

	for (size_t i = from; i < to; i++)
		if (can_have(i))
			vm = build(i);
	if (write(done, "d", 1) != 1)
		_exit(1);
	if (vm && to == ARRAY_SIZE(guests)) {
		order(vm, ORDER_SPIN, 0, 0);
		ioctl(vm->vcpu[0].fd, KVM_RUN, 0);
		guest_broke(vm, &vm->vcpu[0], "stopped spinning");
	}
	for (;;)
		pause();
}

static void run_guests(void)
{
	size_t to;

	for (size_t i = 0; i < ARRAY_SIZE(guests); i = to) {
		int fds[2];
		pid_t pid;
		char c;

		for (to = i + 1; to < ARRAY_SIZE(guests) && guests[to].shares;)
			to++;
		if (pipe(fds))
			die("pipe");
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			close(fds[0]);
			child(i, to, fds[1]);
		}
		close(fds[1]);
		if (read(fds[0], &c, 1) != 1) {
			say_last("LAB-FAILED");
			return;
		}
		close(fds[0]);
	}
	age();
	run_s2dumps();
	say_last("LAB-READY");
}

/* ---- the machine ---- */

/* The modules that /modules lists, in that order: a line is a name and its parameters. */
static void load_modules(void)
{
	FILE *f = fopen("/modules", "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		char *parameters = line + strcspn(line, " \n");

		line[strcspn(line, "\n")] = '\0';
		if (*parameters)
			*parameters++ = '\0';
		load_module(line, parameters);
	}
	if (f)
		fclose(f);
}

static void say_host(void)
{
	static const char *const names[] = {
		"kvm/parameters/tdp_mmu",       "kvm/parameters/eager_page_split",
		"kvm/parameters/nx_huge_pages", "kvm/parameters/mmio_caching",
		"kvm_amd/parameters/npt",       "kvm_intel/parameters/ept",
		"kvm_intel/parameters/eptad",   "kvm_intel/parameters/pml",
	};
	static char cpuinfo[16384];
	struct utsname uts;
	char path[128], line[64];
	const char *bits;

	uname(&uts);
	read_text("/proc/cpuinfo", cpuinfo, sizeof(cpuinfo));
	bits = strstr(cpuinfo, "address sizes\t: ");
	say("LAB: {\"ev\": \"host\", \"release\": \"%s\", \"la57\": %s, \"maxphyaddr\": %d, \"kvm\": %s, "
	    "\"transparent_hugepage\": %s}",
	    uts.release, strstr(cpuinfo, " la57") ? "true" : "false",
	    bits ? atoi(strchr(bits, ':') + 1) : 0, kvm_fd >= 0 ? "true" : "false",
	    access(THP_ENABLED, F_OK) ? "false" : "true");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", names[i]);
		if (*read_line(path, line, sizeof(line)))
			say("LAB: {\"ev\": \"parameter\", \"name\": \"%s\", \"value\": \"%s\"}",
			    names[i], line);
	}
}

/* Where memory is in the kernel's own addresses, as /proc/kcore has it: a crash dump of the kernel
 * has the same. */
static void say_kcore(void)
{
	static uint8_t head[65536];
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)head;
	const Elf64_Phdr *phdr;
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (n < (ssize_t)sizeof(*ehdr) || ehdr->e_phoff + ehdr->e_phnum * sizeof(*phdr) > (size_t)n)
		die("/proc/kcore");
	phdr = (const Elf64_Phdr *)(head + ehdr->e_phoff);
	for (int i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_paddr != UINT64_MAX)
			say("LAB: {\"ev\": \"kcore\", \"va\": \"0x%llx\", \"pa\": \"0x%llx\", \"size\": %llu}",
			    (unsigned long long)phdr[i].p_vaddr,
			    (unsigned long long)phdr[i].p_paddr,
			    (unsigned long long)phdr[i].p_memsz);
	close(fd);
}

static const char *const kernel_words[] = { "kvm", "KVM", "WARNING", NULL };

int main(void)
{
	begin("/dev/ttyS0");
	load_modules();
	write_file("/proc/sys/vm/nr_hugepages", "6");
	/* Off by default on machines with less than 512M (hugepage_init() in mm/huge_memory.c). */
	if (!access(THP_ENABLED, F_OK))
		write_file(THP_ENABLED, "madvise");
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	say_host();
	say_kernel_log(kernel_words);
	say_kcore();
	if (kvm_fd < 0)
		say_last("LAB-FAILED");
	else
		run_guests();
	for (;;)
		pause();
}
