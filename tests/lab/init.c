// SPDX-License-Identifier: GPL-2.0-or-later
// PID 1 of the lab machine: makes KVM guests with known mappings and tells what it did.

/*
 * Every VM lives in a process of its own, is built, does what its orders say, then spins inside
 * the guest until the observer outside has read the CPU's registers and sends a line on the
 * console. The last VM goes on spinning for ever: that is the moment when memory is captured.
 *
 * What is said on the console is a list of events (`LAB: {...}`, one JSON object per line), in
 * the order in which they happened: slots, pages filled by the host, accesses by the guest, dirty
 * logs fetched. It is deliberately not a list of expected mappings; what KVM should have made of
 * these events is worked out by model.py. At the end come the physical addresses, taken from
 * /proc/self/pagemap, which knows nothing about stage 2.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "inside.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB 1024ULL
#define MIB (1024ULL * KIB)
#define GIB (1024ULL * MIB)

/* Words that tell whose page this is: the page's IPA xor one of these. check.py has them too. */
#define HOST_WORD 0x5a5a5a5a5a5a5a5aULL  /* at +0, written by the host's fill */
#define GUEST_WORD 0xa5a5a5a5a5a5a5a5ULL /* at +8, written by the guest */
#define OFF_HOST 0
#define OFF_GUEST 8
#define OFF_RET 16 /* a `ret` for the guest to call */
#define INSN_RET 0xd65f03c0U

#define BOOT_IPA 0x40000000ULL
#define BOOT_SIZE (1 * MIB)
#define DOORBELL_IPA 0x0a000000ULL

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

#define MAX_SLOTS 40
#define MAX_PAGES 1024
#define MAX_ORDERS 160

/* Linux 6.8 and 6.18, newer than the headers that this is built with:
 * Documentation/virt/kvm/api.rst. */
#define CAP_GUEST_MEMFD 234
#define MEM_GUEST_MEMFD (1U << 2)
#define GUEST_MEMFD_MMAP (1ULL << 0)
#define GUEST_MEMFD_INIT_SHARED (1ULL << 1)
#define VM_TYPE_PROTECTED (1UL << 31)

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

/* What a protected guest may ask the hypervisor for: Documentation/virt/kvm/arm/hypercalls.rst. */
#define HVC_MEM_SHARE 0xc6000003U
#define HVC_MEM_UNSHARE 0xc6000004U

enum backing { BACK_PAGES, BACK_HUGETLB, BACK_THP, BACK_GMEM };
static const char *const backing_name[] = { "pages", "hugetlb", "thp", "gmem" };

/* As in guest.S. */
enum order_kind {
	ORDER_DONE,
	ORDER_READ,
	ORDER_WRITE,
	ORDER_CALL,
	ORDER_HVC,
	ORDER_EXIT,
	ORDER_SPIN,
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

struct vm {
	int index;
	const char *name;
	unsigned int ipa_bits;
	unsigned long type;
	int fd;
	int vcpu;
	struct kvm_run *run;
	struct slot slots[MAX_SLOTS];
	unsigned int nslots;
	struct order *orders; /* in the boot slot */
	unsigned int norders;
	uint64_t pages[MAX_PAGES]; /* page IPAs that the guest was told to touch */
	unsigned int npages;
	uint64_t s1_root[2]; /* IPA of the guest's own tables, 0: MMU off */
	uint64_t s1_next;
};

extern const uint8_t guest_start[], guest_end[], guest_spin[], guest_vectors[];

static uint64_t page_size, block_size;
static int kvm_fd;

/* ---- memory of the VM ---- */

static struct slot *slot_of(struct vm *vm, uint64_t ipa)
{
	for (unsigned int i = 0; i < vm->nslots; i++) {
		struct slot *s = &vm->slots[i];

		if (s->present && ipa >= s->gpa && ipa - s->gpa < s->size)
			return s;
	}
	return NULL;
}

static uint8_t *hva_of(struct vm *vm, uint64_t ipa)
{
	struct slot *s = slot_of(vm, ipa);

	return s ? s->hva + (ipa - s->gpa) : NULL;
}

/*
 * Host memory whose address is congruent to the IPA modulo the block size, which is what KVM asks
 * for before it makes a block. Where the IPA of a hugetlb slot is not block aligned, congruence
 * is given up and KVM has to use pages.
 */
static uint8_t *host_memory(uint64_t gpa, uint64_t size, enum backing backing)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	uint64_t off = gpa & (block_size - 1);
	uint8_t *p;

	if (backing == BACK_HUGETLB) {
		p = mmap(NULL, (size + block_size - 1) & ~(block_size - 1), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (p == MAP_FAILED)
			die("mmap hugetlb");
		return p;
	}
	p = mmap(NULL, size + 2 * block_size, PROT_NONE, flags, -1, 0);
	if (p == MAP_FAILED)
		die("mmap reserve");
	p = (uint8_t *)(((uintptr_t)p + block_size - 1) & ~(block_size - 1)) + off;
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
	say("LAB: {\"ev\": \"slot\", \"vm\": %d, \"slot\": %u, \"gpa\": \"0x%llx\", "
	    "\"size\": %llu, \"hva\": \"0x%llx\", \"readonly\": %s, \"log\": %s, "
	    "\"backing\": \"%s\"}",
	    vm->index, s->id, (unsigned long long)s->gpa, (unsigned long long)s->size,
	    (unsigned long long)(uintptr_t)s->hva, s->flags & KVM_MEM_READONLY ? "true" : "false",
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

static int gmem_new(struct vm *vm, uint64_t size)
{
	struct create_guest_memfd create = {
		.size = size,
		.flags = GUEST_MEMFD_MMAP | GUEST_MEMFD_INIT_SHARED,
	};
	int fd = ioctl(vm->fd, CREATE_GUEST_MEMFD, &create);

	if (fd < 0)
		die("KVM_CREATE_GUEST_MEMFD");
	return fd;
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
	uint64_t npages = s->size / page_size;
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
					len ? ", " : "",
					(unsigned long long)(s->gpa + i * page_size));
	say("LAB: {\"ev\": \"clean\", \"vm\": %d, \"slot\": %u, \"dirty\": [%s]}", vm->index, s->id,
	    list);
}

/* The host writes its word and a `ret` into n pages; they are then present and writable. */
static void fill(struct vm *vm, uint64_t ipa, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t page = ipa + i * page_size;
		uint8_t *p = hva_of(vm, page);

		*(volatile uint64_t *)(p + OFF_HOST) = page ^ HOST_WORD;
		*(volatile uint32_t *)(p + OFF_RET) = INSN_RET;
	}
	say("LAB: {\"ev\": \"fill\", \"vm\": %d, \"ipa\": \"0x%llx\", \"size\": %llu}", vm->index,
	    (unsigned long long)ipa, (unsigned long long)(n * page_size));
}

/* The host gives the page back; the MMU notifier takes it out of stage 2. */
static void punch(struct vm *vm, uint64_t ipa)
{
	if (madvise(hva_of(vm, ipa), page_size, MADV_DONTNEED))
		die("MADV_DONTNEED");
	say("LAB: {\"ev\": \"punch\", \"vm\": %d, \"ipa\": \"0x%llx\"}", vm->index,
	    (unsigned long long)ipa);
}

/* ---- the guest's own stage 1 ---- */

/* VMSAv8-64 descriptor bits, Arm ARM D8.3. */
#define S1_VALID (1ULL << 0)
#define S1_TABLE (1ULL << 1) /* at level 3: page */
#define S1_ATTR(n) ((uint64_t)(n) << 2)
#define S1_EL0 (1ULL << 6)
#define S1_RO (1ULL << 7)
#define S1_ISH (3ULL << 8)
#define S1_AF (1ULL << 10)
#define S1_NG (1ULL << 11)
#define S1_CONT (1ULL << 52)
#define S1_PXN (1ULL << 53)
#define S1_UXN (1ULL << 54)
#define S1_PXNTABLE (1ULL << 59)
#define S1_ROTABLE (1ULL << 62)
#define S1_ADDR 0x0000fffffffff000ULL
#define S1_MEM (S1_ATTR(0) | S1_ISH | S1_AF)

#define S1_T0SZ 25 /* 39 bits, starts at level 1 */
#define S1_T1SZ 16 /* 48 bits, starts at level 0 */

static unsigned int s1_start(uint64_t va)
{
	return va >> 63 ? 0 : 1;
}

static uint64_t s1_new_table(struct vm *vm)
{
	uint64_t ipa = vm->s1_next;

	vm->s1_next += 4096;
	memset(hva_of(vm, ipa), 0, 4096);
	return ipa;
}

static uint64_t *s1_entry(struct vm *vm, uint64_t table, uint64_t va, unsigned int level)
{
	return (uint64_t *)hva_of(vm, table) + (va >> (39 - 9 * level) & 511);
}

static void s1_map(struct vm *vm, uint64_t va, uint64_t ipa, unsigned int level, uint64_t attr,
		   uint64_t table_attr)
{
	uint64_t table = vm->s1_root[va >> 63];

	for (unsigned int l = s1_start(va); l < level; l++) {
		uint64_t *e = s1_entry(vm, table, va, l);

		if (!*e)
			*e = s1_new_table(vm) | S1_TABLE | S1_VALID |
			     (l == level - 1 ? table_attr : 0);
		table = *e & S1_ADDR;
	}
	*s1_entry(vm, table, va, level) = ipa | attr | S1_VALID | (level == 3 ? S1_TABLE : 0);
	say("LAB: {\"ev\": \"s1map\", \"vm\": %d, \"va\": \"0x%llx\", \"ipa\": \"0x%llx\", "
	    "\"level\": %u, \"size\": %llu, \"ro\": %s, \"el0\": %s, \"pxn\": %s, \"uxn\": %s, "
	    "\"contiguous\": %s, \"attr_index\": %u, \"table_attr\": \"0x%llx\"}",
	    vm->index, (unsigned long long)va, (unsigned long long)ipa, level,
	    1ULL << (39 - 9 * level), attr & S1_RO ? "true" : "false",
	    attr & S1_EL0 ? "true" : "false", attr & S1_PXN ? "true" : "false",
	    attr & S1_UXN ? "true" : "false", attr & S1_CONT ? "true" : "false",
	    (unsigned int)(attr >> 2 & 7), (unsigned long long)table_attr);
}

/* ---- orders and runs ---- */

static void touched(struct vm *vm, uint64_t ipa)
{
	ipa &= ~(page_size - 1);
	for (unsigned int i = 0; i < vm->npages; i++)
		if (vm->pages[i] == ipa)
			return;
	if (vm->npages == MAX_PAGES) {
		errno = ENOSPC;
		die("too many pages");
	}
	vm->pages[vm->npages++] = ipa;
}

/*
 * Says how the guest is about to touch va (which is the IPA when the guest's MMU is off). The
 * pages of the guest's own tables that the CPU reads on the way are touched too, as reads.
 */
static uint64_t say_touch(struct vm *vm, char how, uint64_t va)
{
	char walk[256] = "";
	uint64_t ipa = va;
	size_t len = 0;

	if (vm->s1_root[0]) {
		uint64_t table = vm->s1_root[va >> 63];

		for (unsigned int l = s1_start(va);; l++) {
			uint64_t *e = s1_entry(vm, table, va, l);
			uint64_t mask = (1ULL << (39 - 9 * l)) - 1;
			unsigned long long at = table + (va >> (39 - 9 * l) & 511) * 8;

			touched(vm, table);
			len += snprintf(walk + len, sizeof(walk) - len, "%s\"0x%llx\"",
					len ? ", " : "", at);
			if (l == 3 || !(*e & S1_TABLE)) {
				ipa = (*e & S1_ADDR & ~mask) | (va & mask);
				break;
			}
			table = *e & S1_ADDR;
		}
	}
	if (slot_of(vm, ipa))
		touched(vm, ipa);
	say("LAB: {\"ev\": \"touch\", \"vm\": %d, \"how\": \"%c\", \"ipa\": \"0x%llx\", "
	    "\"va\": \"0x%llx\", \"walk\": [%s]}",
	    vm->index, how, (unsigned long long)ipa, (unsigned long long)va, walk);
	return ipa;
}

static void order(struct vm *vm, enum order_kind kind, uint64_t addr, uint64_t value)
{
	if (vm->norders >= MAX_ORDERS) {
		errno = ENOSPC;
		die("too many orders");
	}
	vm->orders[vm->norders++] = (struct order){ kind, addr, value };
}

static uint64_t page_of(uint64_t ipa)
{
	return ipa & ~(page_size - 1);
}

static void guest_write(struct vm *vm, uint64_t page)
{
	uint64_t ipa = say_touch(vm, 'w', page + OFF_GUEST);

	order(vm, ORDER_WRITE, page + OFF_GUEST, page_of(ipa) ^ GUEST_WORD);
}

/* The guest compares what it reads with what the host put there (nothing: zero). */
static void guest_read(struct vm *vm, uint64_t page, bool filled)
{
	uint64_t ipa = say_touch(vm, 'r', page + OFF_HOST);

	order(vm, ORDER_READ, page + OFF_HOST, filled ? page_of(ipa) ^ HOST_WORD : 0);
}

static void guest_call(struct vm *vm, uint64_t page)
{
	say_touch(vm, 'x', page + OFF_RET);
	order(vm, ORDER_CALL, page + OFF_RET, 0);
}

/* Pages of a protected guest: the host may read and write them from the first on to the second. */
static void guest_share(struct vm *vm, uint64_t page)
{
	say("LAB: {\"ev\": \"share\", \"vm\": %d, \"ipa\": \"0x%llx\"}", vm->index,
	    (unsigned long long)page);
	touched(vm, page);
	order(vm, ORDER_HVC, page, HVC_MEM_SHARE);
}

static void guest_unshare(struct vm *vm, uint64_t page)
{
	say("LAB: {\"ev\": \"unshare\", \"vm\": %d, \"ipa\": \"0x%llx\"}", vm->index,
	    (unsigned long long)page);
	order(vm, ORDER_HVC, page, HVC_MEM_UNSHARE);
}

static uint64_t get_reg(struct vm *vm, uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(vm->vcpu, KVM_GET_ONE_REG, &reg))
		die("KVM_GET_ONE_REG");
	return value;
}

static void set_reg(struct vm *vm, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg))
		die("KVM_SET_ONE_REG");
}

#define CORE_REG(name) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))
#define SYS_REG(op0, op1, crn, crm, op2) ARM64_SYS_REG(op0, op1, crn, crm, op2)
#define REG_SCTLR_EL1 SYS_REG(3, 0, 1, 0, 0)
#define REG_TTBR0_EL1 SYS_REG(3, 0, 2, 0, 0)
#define REG_TTBR1_EL1 SYS_REG(3, 0, 2, 0, 1)
#define REG_TCR_EL1 SYS_REG(3, 0, 2, 0, 2)
#define REG_ESR_EL1 SYS_REG(3, 0, 5, 2, 0)
#define REG_FAR_EL1 SYS_REG(3, 0, 6, 0, 0)
#define REG_MAIR_EL1 SYS_REG(3, 0, 10, 2, 0)
#define REG_VBAR_EL1 SYS_REG(3, 0, 12, 0, 0)

static void guest_broke(struct vm *vm, const char *what)
{
	say("LAB: {\"ev\": \"broken\", \"vm\": %d, \"what\": \"%s\", \"exit_reason\": %u, "
	    "\"pc\": \"0x%llx\", \"x3\": \"0x%llx\", \"x5\": \"0x%llx\", \"esr_el1\": \"0x%llx\", "
	    "\"far_el1\": \"0x%llx\", \"errno\": %d}",
	    vm->index, what, vm->run->exit_reason,
	    (unsigned long long)get_reg(vm, CORE_REG(regs.pc)),
	    (unsigned long long)get_reg(vm, CORE_REG(regs.regs[3])),
	    (unsigned long long)get_reg(vm, CORE_REG(regs.regs[5])),
	    (unsigned long long)get_reg(vm, REG_ESR_EL1),
	    (unsigned long long)get_reg(vm, REG_FAR_EL1), errno);
	_exit(1);
}

/* Until the guest rings its doorbell. A store into a read-only slot also leaves the guest, as MMIO.
 */
static void run_until_doorbell(struct vm *vm)
{
	for (;;) {
		uint64_t value;

		if (ioctl(vm->vcpu, KVM_RUN, 0)) {
			if (errno == EINTR)
				continue;
			guest_broke(vm, "KVM_RUN failed");
		}
		if (vm->run->exit_reason != KVM_EXIT_MMIO || !vm->run->mmio.is_write)
			guest_broke(vm, "unexpected exit");
		if (vm->run->mmio.phys_addr != DOORBELL_IPA) {
			say("LAB: {\"ev\": \"mmio\", \"vm\": %d, \"ipa\": \"0x%llx\"}", vm->index,
			    (unsigned long long)vm->run->mmio.phys_addr);
			continue;
		}
		memcpy(&value, vm->run->mmio.data, sizeof(value));
		if (value == 2)
			guest_broke(vm, "read something else than expected");
		if (value == 4)
			guest_broke(vm, "was refused by the hypervisor");
		if (value)
			guest_broke(vm, "took an exception");
		return;
	}
}

/* Lets the guest do its orders. */
static void go(struct vm *vm)
{
	order(vm, ORDER_DONE, 0, 0);
	vm->norders = 0;
	run_until_doorbell(vm);
}

/* The same for a guest whose orders cannot be changed once it has read them: it spins afterwards. */
static void go_once(struct vm *vm)
{
	order(vm, ORDER_EXIT, 0, 0);
	order(vm, ORDER_SPIN, 0, 0);
	run_until_doorbell(vm);
}

static void vcpu_set(struct vm *vm, uint64_t code, uint64_t list, uint64_t doorbell)
{
	set_reg(vm, CORE_REG(regs.pc), code);
	set_reg(vm, CORE_REG(regs.regs[0]), list);
	set_reg(vm, CORE_REG(regs.regs[27]), vm->index);
	set_reg(vm, CORE_REG(regs.regs[28]), doorbell);
	set_reg(vm, REG_VBAR_EL1, code + (guest_vectors - guest_start));
	say("LAB: {\"ev\": \"vcpu\", \"vm\": %d, \"code\": \"0x%llx\", \"spin\": \"0x%llx\", "
	    "\"list\": \"0x%llx\", \"s1\": %s}",
	    vm->index, (unsigned long long)code,
	    (unsigned long long)(code + (guest_spin - guest_start)), (unsigned long long)list,
	    vm->s1_root[0] ? "true" : "false");
}

static void vcpu_start(struct vm *vm, uint64_t code, uint64_t list, uint64_t doorbell)
{
	vcpu_set(vm, code, list, doorbell);
	/* Before its first order every guest fetches its code and reads its list. */
	say_touch(vm, 'x', code);
	say_touch(vm, 'r', list);
}

static void say_refused(const struct vm *vm)
{
	say("LAB: {\"ev\": \"refused\", \"vm\": %d, \"name\": \"%s\", \"ipa_bits\": %u, "
	    "\"errno\": %d, \"text\": \"%s\"}",
	    vm->index, vm->name, vm->ipa_bits, errno, strerror(errno));
}

static bool can_have(int capability)
{
	return !capability || ioctl(kvm_fd, KVM_CHECK_EXTENSION, capability) > 0;
}

/* Makes the VM with its boot slot: page 0 is code, page 1 the orders. -1: refused, and why. */
static int vm_new(struct vm *vm)
{
	struct kvm_vcpu_init init = { 0 };
	struct slot *boot;
	int mmap_size;

	vm->fd = ioctl(kvm_fd, KVM_CREATE_VM, KVM_VM_TYPE_ARM_IPA_SIZE(vm->ipa_bits) | vm->type);
	if (vm->fd < 0) {
		say_refused(vm);
		return -1;
	}
	say("LAB: {\"ev\": \"vm\", \"vm\": %d, \"name\": \"%s\", \"pid\": %d, \"ipa_bits\": %u, "
	    "\"protected\": %s}",
	    vm->index, vm->name, getpid(), vm->ipa_bits,
	    vm->type & VM_TYPE_PROTECTED ? "true" : "false");

	vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	if (vm->vcpu < 0)
		die("KVM_CREATE_VCPU");
	mmap_size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	vm->run = mmap(NULL, mmap_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		die("mmap vcpu");
	if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init))
		die("KVM_ARM_PREFERRED_TARGET");
	if (ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init))
		die("KVM_ARM_VCPU_INIT");

	boot = slot_add(vm, BOOT_IPA, BOOT_SIZE, BACK_PAGES, 0);
	memset(boot->hva, 0, BOOT_SIZE);
	memcpy(boot->hva, guest_start, guest_end - guest_start);
	vm->orders = (struct order *)(boot->hva + page_size);
	say("LAB: {\"ev\": \"zero\", \"vm\": %d, \"ipa\": \"0x%llx\", \"size\": %llu}", vm->index,
	    BOOT_IPA, BOOT_SIZE);
	return 0;
}

static void vm_start_flat(struct vm *vm)
{
	vcpu_start(vm, BOOT_IPA, BOOT_IPA + page_size, DOORBELL_IPA);
}

/* ---- the guests ---- */

/* The usual size: pages, holes, a read-only slot, blocks, and the last page of the space. */
static void build_ipa40(struct vm *vm)
{
	const uint64_t ram = 2 * GIB, rom = 3 * GIB, huge = 4 * GIB, odd = 6 * GIB + MIB;
	const uint64_t far = 9 * GIB, top = (1ULL << 40) - 256 * KIB;
	const uint64_t p = page_size;

	vm_start_flat(vm);
	slot_add(vm, ram, 4 * MIB, BACK_PAGES, 0);
	slot_add(vm, rom, MIB, BACK_PAGES, KVM_MEM_READONLY);
	slot_add(vm, huge, 2 * block_size, BACK_HUGETLB, 0);
	slot_add(vm, odd, block_size, BACK_HUGETLB, 0);
	slot_add(vm, far, MIB, BACK_PAGES, 0);
	slot_add(vm, top, 256 * KIB, BACK_PAGES, 0);
	fill(vm, ram, 64);
	fill(vm, rom, MIB / p);
	fill(vm, huge, 2 * block_size / p);
	fill(vm, odd, 32);

	for (uint64_t i = 0; i < 8; i++)
		guest_write(vm, ram + i * p);
	for (uint64_t i = 8; i < 16; i++)
		guest_read(vm, ram + i * p, true);
	for (uint64_t i = 16; i < 20; i++)
		guest_call(vm, ram + i * p);
	guest_write(vm, ram + 20 * p);
	guest_call(vm, ram + 20 * p);
	for (uint64_t i = 32; i < 40; i += 2)
		guest_write(vm, ram + i * p);
	/* Never written by anybody: all of these are the one zero page, and not writable. */
	for (uint64_t i = 200; i < 204; i++)
		guest_read(vm, ram + i * p, false);
	/* The zero page first, a page of its own after the write. */
	guest_read(vm, ram + 210 * p, false);
	guest_write(vm, ram + 210 * p);
	go(vm);

	for (uint64_t i = 0; i < 4; i++)
		guest_read(vm, rom + i * p, true);
	guest_call(vm, rom + 8 * p);
	guest_write(vm, rom + 2 * p);
	guest_write(vm, rom + 12 * p);
	guest_write(vm, huge + 3 * p);
	guest_read(vm, huge + block_size + 5 * p, true);
	guest_call(vm, huge + block_size + 9 * p);
	guest_write(vm, odd);
	guest_write(vm, odd + p);
	guest_read(vm, odd + 2 * p, true);
	guest_call(vm, odd + 17 * p);
	guest_write(vm, far);
	guest_write(vm, far + MIB - p);
	guest_read(vm, top, false);
	guest_write(vm, top + 256 * KIB - p);
	go(vm);
	punch(vm, ram + 5 * p);
}

/* The smallest space: start level 2 with four tables, address zero, and a THP block. */
static void build_ipa32(struct vm *vm)
{
	const uint64_t thp = 2 * GIB, top = 4 * GIB - 256 * KIB;
	const uint64_t p = page_size;

	vm_start_flat(vm);
	slot_add(vm, 0, MIB, BACK_PAGES, 0);
	slot_add(vm, thp, block_size, BACK_THP, 0);
	slot_add(vm, top, 256 * KIB, BACK_PAGES, 0);
	fill(vm, thp, block_size / p);
	guest_write(vm, 0);
	guest_write(vm, 3 * p);
	guest_write(vm, thp + p);
	guest_call(vm, thp + 7 * p);
	guest_write(vm, top + 256 * KIB - p);
	go(vm);
}

/* Dirty logging: on from the start, on after the fact (blocks), off again; a slot that goes. */
static void build_ipa36(struct vm *vm)
{
	const uint64_t logged = 2 * GIB, huge = 4 * GIB, back = 8 * GIB, gone = 12 * GIB;
	const uint64_t p = page_size;
	struct slot *s_logged, *s_huge, *s_back, *s_gone;

	vm_start_flat(vm);
	s_logged = slot_add(vm, logged, 2 * MIB, BACK_PAGES, KVM_MEM_LOG_DIRTY_PAGES);
	s_huge = slot_add(vm, huge, 2 * block_size, BACK_HUGETLB, 0);
	s_back = slot_add(vm, back, block_size, BACK_HUGETLB, KVM_MEM_LOG_DIRTY_PAGES);
	s_gone = slot_add(vm, gone, MIB, BACK_PAGES, 0);
	fill(vm, logged, 32);
	fill(vm, huge, 2 * block_size / p);
	fill(vm, back, block_size / p);

	for (uint64_t i = 0; i < 8; i++)
		guest_write(vm, logged + i * p);
	for (uint64_t i = 8; i < 12; i++)
		guest_read(vm, logged + i * p, true);
	guest_call(vm, logged + 12 * p);
	guest_call(vm, logged + 13 * p);
	guest_write(vm, huge + 2 * p);
	guest_write(vm, huge + block_size + 2 * p);
	for (uint64_t i = 0; i < 4; i++)
		guest_write(vm, back + i * p);
	guest_read(vm, back + 4 * p, true);
	for (uint64_t i = 0; i < 4; i++)
		guest_write(vm, gone + i * p);
	go(vm);

	slot_clean(vm, s_logged);
	slot_log(vm, s_huge, true);
	slot_log(vm, s_back, false);
	slot_delete(vm, s_gone);

	guest_write(vm, logged + 2 * p);
	guest_write(vm, logged + 3 * p);
	/* The write breaks the block: only this page is mapped afterwards. */
	guest_write(vm, huge + 7 * p);
	/* A page not mapped so far, without logging: the table becomes a block again. */
	guest_read(vm, back + 100 * p, true);
	go(vm);
}

/* On 4K pages the most that can be concatenated: level 1 with sixteen tables. */
static void build_ipa43(struct vm *vm)
{
	static const unsigned int at[] = { 1, 7, 8, 15 };
	const uint64_t table = 1ULL << 39;

	vm_start_flat(vm);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		slot_add(vm, at[i] * table - 64 * KIB, 128 * KIB, BACK_PAGES, 0);
		guest_write(vm, at[i] * table - page_size);
		guest_write(vm, at[i] * table);
	}
	slot_add(vm, 16 * table - 64 * KIB, 64 * KIB, BACK_PAGES, 0);
	guest_write(vm, 16 * table - page_size);
	go(vm);
}

/* One page at every power of two, so that each address bit is seen alone. */
static void build_bits(struct vm *vm)
{
	vm_start_flat(vm);
	for (unsigned int bit = 16; bit < vm->ipa_bits; bit++) {
		uint64_t ipa = 1ULL << bit;

		if (!slot_of(vm, ipa))
			slot_add(vm, ipa, 64 * KIB, BACK_PAGES, 0);
		else if (ipa != BOOT_IPA)
			die("slots overlap");
		guest_write(vm, ipa == BOOT_IPA ? ipa + 8 * page_size : ipa);
	}
	slot_add(vm, (1ULL << vm->ipa_bits) - 64 * KIB, 64 * KIB, BACK_PAGES, 0);
	guest_write(vm, (1ULL << vm->ipa_bits) - page_size);
	go(vm);
}

/* The largest spaces: a block in the upper half, read-only pages near the top, and the top. */
static void build_wide(struct vm *vm)
{
	const uint64_t half = 1ULL << (vm->ipa_bits - 1), end = 1ULL << vm->ipa_bits;
	const uint64_t rom = end - 4 * GIB;
	const uint64_t p = page_size;

	vm_start_flat(vm);
	slot_add(vm, 2 * GIB, 2 * MIB, BACK_PAGES, 0);
	slot_add(vm, half, block_size, BACK_HUGETLB, 0);
	slot_add(vm, rom, 256 * KIB, BACK_PAGES, KVM_MEM_READONLY);
	slot_add(vm, end - 256 * KIB, 256 * KIB, BACK_PAGES, 0);
	fill(vm, 2 * GIB, 32);
	fill(vm, half, block_size / p);
	fill(vm, rom, 256 * KIB / p);
	for (uint64_t i = 0; i < 16; i++)
		guest_write(vm, 2 * GIB + i * p);
	for (uint64_t i = 16; i < 24; i++)
		guest_call(vm, 2 * GIB + i * p);
	guest_read(vm, half + 3 * p, true);
	guest_write(vm, half + 100 * p);
	guest_call(vm, rom);
	guest_read(vm, rom + p, true);
	for (uint64_t i = 0; i < 256 * KIB / p; i++)
		guest_write(vm, end - 256 * KIB + i * p);
	if (vm->ipa_bits > 48)
		for (unsigned int bit = 48; bit < vm->ipa_bits - 1; bit++) {
			slot_add(vm, 1ULL << bit, 64 * KIB, BACK_PAGES, 0);
			guest_write(vm, 1ULL << bit);
		}
	go(vm);
}

/* Smaller than KVM allows; pKVM of 6.12 takes it all the same, and gives every VM the full size. */
static void build_small(struct vm *vm)
{
	vm_start_flat(vm);
	slot_add(vm, 256 * MIB, MIB, BACK_PAGES, 0);
	for (uint64_t i = 0; i < 4; i++)
		guest_write(vm, 256 * MIB + 3 * i * page_size);
	go(vm);
}

/*
 * 52 bits of 16K pages start at level 0, which QEMU 7.2 takes for a wrong setup: the first fetch
 * faults at level 0 again and again (check_s2_mmu_setup() in target/arm/ptw.c). KVM builds the
 * table all the same, so there is one with a single page to look at.
 */
static void build_stuck(struct vm *vm)
{
	say("LAB: {\"ev\": \"stuck\", \"vm\": %d}", vm->index);
	vcpu_set(vm, BOOT_IPA, BOOT_IPA + page_size, DOORBELL_IPA);
	say_touch(vm, 'x', BOOT_IPA);
}

static void build_ipa52(struct vm *vm)
{
	if (page_size == 16 * KIB)
		build_stuck(vm);
	else
		build_wide(vm);
}

/*
 * guest_memfd: pages of a file that the VMM sees too, from the middle of the file on, and a
 * read-only slot; and pages of another file, which the VMM has other memory beside.
 */
static void build_gmem(struct vm *vm)
{
	const uint64_t seen = 2 * GIB, apart = 4 * GIB;
	const uint64_t p = page_size;
	int file = gmem_new(vm, 4 * MIB), other = gmem_new(vm, MIB);

	vm_start_flat(vm);
	slot_add_gmem(vm, seen, 2 * MIB, file, MIB, false);
	slot_add_gmem(vm, apart, MIB, other, 0, true);
	fill(vm, seen, 32);
	fill(vm, apart, 16);
	for (uint64_t i = 0; i < 8; i++)
		guest_write(vm, seen + i * p);
	for (uint64_t i = 8; i < 12; i++)
		guest_read(vm, seen + i * p, true);
	guest_call(vm, seen + 12 * p);
	/* Pages that nobody has touched before. */
	guest_write(vm, seen + 100 * p);
	guest_read(vm, seen + 101 * p, false);
	for (uint64_t i = 0; i < 4; i++)
		guest_write(vm, apart + i * p);
	guest_read(vm, apart + 7 * p, true);
	guest_call(vm, apart + 9 * p);
	guest_write(vm, apart + 20 * p);
	go(vm);
}

/*
 * A protected guest: its pages are taken from the host as it touches them, and some of them lent
 * back. All its memory is pages, RWX, whatever the host has there.
 */
static void build_protected(struct vm *vm)
{
	const uint64_t ram = 2 * GIB, thp = 4 * GIB;
	const uint64_t p = page_size;

	vm_start_flat(vm);
	slot_add(vm, ram, 4 * MIB, BACK_PAGES, 0);
	slot_add(vm, thp, block_size, BACK_THP, 0);
	fill(vm, ram, 64);
	fill(vm, thp, block_size / p);
	for (uint64_t i = 0; i < 8; i++)
		guest_write(vm, ram + i * p);
	for (uint64_t i = 8; i < 16; i++)
		guest_read(vm, ram + i * p, true);
	guest_call(vm, ram + 16 * p);
	guest_read(vm, ram + 200 * p, false);
	guest_write(vm, thp + p);
	guest_read(vm, thp + 7 * p, true);
	/* Shared: after it was touched; and a page that the guest does not have yet. */
	guest_share(vm, ram + 2 * p);
	guest_share(vm, ram + 30 * p);
	guest_share(vm, thp + p);
	/* Taken back, and taken back and shared once more. */
	guest_share(vm, ram + 4 * p);
	guest_unshare(vm, ram + 4 * p);
	guest_share(vm, ram + 5 * p);
	guest_unshare(vm, ram + 5 * p);
	guest_share(vm, ram + 5 * p);
	guest_write(vm, ram + 30 * p);
	go_once(vm);
}

/* A guest with its MMU on: VA and IPA differ, both halves, pages, blocks, and table attributes. */
static void build_s1(struct vm *vm)
{
	const uint64_t code = 0x400000, list = 0x404000, bell = 0x7f00000000ULL;
	const uint64_t ram = 2 * GIB, huge = 4 * GIB;
	const uint64_t xn = S1_PXN | S1_UXN;
	const uint64_t upper = 0xffff000000000000ULL, kernel = 0xffff800000000000ULL;
	const uint64_t p = page_size;
	uint64_t sctlr, tcr;

	slot_add(vm, ram, 4 * MIB, BACK_PAGES, 0);
	slot_add(vm, huge, block_size, BACK_HUGETLB, 0);
	fill(vm, ram, 128);
	fill(vm, huge, block_size / p);
	vm->s1_next = BOOT_IPA + 4 * p;
	vm->s1_root[0] = s1_new_table(vm);
	vm->s1_root[1] = s1_new_table(vm);

	s1_map(vm, code, BOOT_IPA, 3, S1_MEM | S1_RO | S1_UXN, 0);
	s1_map(vm, list, BOOT_IPA + p, 3, S1_MEM | xn, 0);
	s1_map(vm, bell, DOORBELL_IPA, 3, S1_ATTR(1) | S1_AF | xn, 0);
	/* Pages out of order; read-only; for EL0 too; executable. */
	s1_map(vm, 0x1234567000, ram + 5 * p, 3, S1_MEM | S1_NG | xn, 0);
	s1_map(vm, 0x1234568000, ram + 2 * p, 3, S1_MEM | S1_RO | xn, 0);
	s1_map(vm, 0x1234569000, ram + 9 * p, 3, S1_MEM | S1_EL0 | S1_NG | xn, 0);
	s1_map(vm, 0x123456a000, ram + 7 * p, 3, S1_MEM | S1_RO | S1_EL0, 0);
	s1_map(vm, 0x123456b000, ram + 11 * p, 3, S1_MEM | S1_RO | S1_EL0 | S1_PXN, 0);
	/* A 2M block of the guest, wherever the host's blocks are. */
	s1_map(vm, 0x40000000, huge, 2, S1_MEM | xn, 0);
	/* Sixteen pages with the contiguous hint. */
	for (uint64_t i = 0; i < 16; i++)
		s1_map(vm, 0x50000000 + i * 4096, ram + MIB + i * 4096, 3, S1_MEM | S1_CONT | xn,
		       0);
	/* The upper half: first and last page, a 1G block, a table that takes rights away. */
	s1_map(vm, upper, ram + 20 * p, 3, S1_MEM | xn, 0);
	s1_map(vm, ~0xfffULL, ram + 21 * p, 3, S1_MEM | xn, 0);
	s1_map(vm, kernel, ram, 1, S1_MEM | xn, 0);
	s1_map(vm, kernel + 64 * GIB, ram + 24 * p, 3, S1_MEM, S1_ROTABLE | S1_PXNTABLE);
	s1_map(vm, kernel + 96 * GIB, ram + 25 * p, 3, S1_MEM | S1_RO | S1_UXN, 0);

	/* TCR_EL1: both halves inner shareable, write-back, 4K; IPS 40 bits. */
	tcr = S1_T0SZ | 1ULL << 8 | 1ULL << 10 | 3ULL << 12 | (uint64_t)S1_T1SZ << 16 | 1ULL << 24 |
	      1ULL << 26 | 3ULL << 28 | 2ULL << 30 | 2ULL << 32;
	/* SCTLR_EL1: M, C and I on top of what KVM resets it to. */
	sctlr = get_reg(vm, REG_SCTLR_EL1) | 1ULL << 0 | 1ULL << 2 | 1ULL << 12;
	set_reg(vm, REG_TTBR0_EL1, vm->s1_root[0]);
	set_reg(vm, REG_TTBR1_EL1, vm->s1_root[1]);
	set_reg(vm, REG_TCR_EL1, tcr);
	set_reg(vm, REG_MAIR_EL1, 0x04ff); /* 0: normal write-back, 1: device nGnRE */
	set_reg(vm, REG_SCTLR_EL1, sctlr);
	say("LAB: {\"ev\": \"s1regs\", \"vm\": %d, \"ttbr0_el1\": \"0x%llx\", "
	    "\"ttbr1_el1\": \"0x%llx\", \"tcr_el1\": \"0x%llx\", \"mair_el1\": \"0x%x\", "
	    "\"sctlr_el1\": \"0x%llx\"}",
	    vm->index, (unsigned long long)vm->s1_root[0], (unsigned long long)vm->s1_root[1],
	    (unsigned long long)tcr, 0x04ff, (unsigned long long)sctlr);

	vcpu_start(vm, code, list, bell);
	say_touch(vm, 'd', bell);
	guest_write(vm, 0x1234567000);
	guest_read(vm, 0x1234568000, true);
	guest_write(vm, 0x1234569000);
	guest_read(vm, 0x123456a000, true);
	guest_call(vm, 0x123456a000);
	guest_read(vm, 0x123456b000, true);
	guest_write(vm, 0x40000000 + 4 * p);
	for (uint64_t i = 0; i < 4; i++)
		guest_write(vm, 0x50000000 + i * p);
	guest_write(vm, upper);
	guest_write(vm, ~0xfffULL);
	guest_write(vm, kernel + 40 * p);
	guest_read(vm, kernel + 41 * p, true);
	guest_read(vm, kernel + 64 * GIB, true);
	guest_call(vm, kernel + 96 * GIB);
	go(vm);
}

/* Rows in the order in which they run; the last one spins while memory is captured. */
static const struct {
	const char *name;
	unsigned int ipa_bits;
	void (*build)(struct vm *vm);
	unsigned long type; /* to KVM_CREATE_VM, beside the size */
	int capability;     /* of KVM, without which there is no such guest */
} guests[] = {
	{ .name = "ipa40", .ipa_bits = 40, .build = build_ipa40 },
	{ .name = "ipa32", .ipa_bits = 32, .build = build_ipa32 },
	{ .name = "ipa36", .ipa_bits = 36, .build = build_ipa36 },
	{ .name = "ipa43", .ipa_bits = 43, .build = build_ipa43 },
	{ .name = "ipa44", .ipa_bits = 44, .build = build_bits },
	{ .name = "ipa48", .ipa_bits = 48, .build = build_wide },
	{ .name = "ipa51", .ipa_bits = 51, .build = build_wide },
	{ .name = "ipa52", .ipa_bits = 52, .build = build_ipa52 },
	{ .name = "ipa31", .ipa_bits = 31, .build = build_small },
	{ .name = "gmem", .ipa_bits = 40, .build = build_gmem, .capability = CAP_GUEST_MEMFD },
	{ .name = "protected", .ipa_bits = 40, .build = build_protected, .type = VM_TYPE_PROTECTED },
	{ .name = "s1", .ipa_bits = 40, .build = build_s1 },
};

/* ---- physical addresses ---- */

static void say_pages(struct vm *vm)
{
	int fd = open_pagemap();

	for (unsigned int i = 0; i < vm->npages; i++) {
		uint8_t *hva = hva_of(vm, vm->pages[i]);
		const struct slot *slot = slot_of(vm, vm->pages[i]);
		unsigned long long pa;

		/* A page of the file that only the guest has used so far: now this map has it, too.
		 */
		if (slot && slot->backing == BACK_GMEM)
			(void)*(volatile uint8_t *)hva;
		if (hva && pa_of(fd, hva, &pa))
			say("LAB: {\"ev\": \"page\", \"vm\": %d, \"ipa\": \"0x%llx\", "
			    "\"pa\": \"0x%llx\"}",
			    vm->index, (unsigned long long)vm->pages[i], pa);
	}
	close(fd);
}

/* ---- stages ---- */

static void no_op(int sig)
{
	(void)sig;
}

static void say_thp(struct vm *vm, const struct slot *s)
{
	say("LAB: {\"ev\": \"thp\", \"vm\": %d, \"slot\": %u, \"huge\": %llu}", vm->index, s->id,
	    huge_bytes(s->hva));
}

/* The child's part. The pipe tells the parent when it is about to spin, and when it stopped. */
static void child(int index, int pipe_fd)
{
	static struct vm vm;
	struct sigaction sa = { .sa_handler = no_op };

	vm = (struct vm){ .index = index,
			  .name = guests[index].name,
			  .ipa_bits = guests[index].ipa_bits,
			  .type = guests[index].type };
	sigaction(SIGUSR1, &sa, NULL);
	if (!can_have(guests[index].capability)) {
		errno = EOPNOTSUPP;
		say_refused(&vm);
		_exit(0);
	}
	if (vm_new(&vm))
		_exit(0);
	guests[index].build(&vm);
	for (unsigned int i = 0; i < vm.nslots; i++)
		if (vm.slots[i].present && vm.slots[i].backing == BACK_THP)
			say_thp(&vm, &vm.slots[i]);
	say_pages(&vm);
	if (!vm.type)
		order(&vm, ORDER_SPIN, 0, 0);
	if (write(pipe_fd, "r", 1) != 1)
		_exit(1);
	if (!ioctl(vm.vcpu, KVM_RUN, 0) || errno != EINTR)
		guest_broke(&vm, "stopped spinning");
	if (write(pipe_fd, "s", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void wait_line(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		;
}

static void run_guests(void)
{
	pid_t pids[ARRAY_SIZE(guests)];

	for (size_t i = 0; i < ARRAY_SIZE(guests); i++) {
		bool last = i == ARRAY_SIZE(guests) - 1;
		int fds[2];
		char c;

		if (pipe(fds))
			die("pipe");
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (!pids[i]) {
			close(fds[0]);
			child(i, fds[1]);
		}
		close(fds[1]);
		if (read(fds[0], &c, 1) == 1) {
			if (last)
				run_s2dumps();
			say(last ? "LAB-READY %zu" : "LAB-STAGE %zu", i);
			wait_line();
			/* Again until it worked: the signal may come before KVM_RUN. */
			do {
				struct timespec ts = { .tv_nsec = 20000000 };

				kill(pids[i], SIGUSR1);
				nanosleep(&ts, NULL);
				fcntl(fds[0], F_SETFL, O_NONBLOCK);
			} while (read(fds[0], &c, 1) < 0 && errno == EAGAIN);
		} else if (last) {
			say("LAB-FAILED");
		}
		close(fds[0]);
	}
}

/* ---- the machine ---- */

static unsigned long long read_number(const char *path, const char *key)
{
	unsigned long long value = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = strtoull(line + strlen(key), NULL, 10);
	if (f)
		fclose(f);
	return value;
}

static const char *const kernel_words[] = { "kvm [",        "KVM",     "Hyp mode",
					    "CPU features", "WARNING", NULL };

int main(void)
{
	struct utsname uts;
	uint64_t ctr;

	begin("/dev/ttyAMA0");

	page_size = sysconf(_SC_PAGESIZE);
	block_size = page_size / 8 * page_size;
	uname(&uts);
	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	/* With it and QEMU's `-device vmcoreinfo`, dumps carry a VMCOREINFO note. */
	if (!access("/qemu_fw_cfg.ko", R_OK))
		load_module("qemu_fw_cfg", "");
	write_file("/proc/sys/vm/nr_hugepages", "10");
	/* Off by default on machines with less than 512M (hugepage_init() in mm/huge_memory.c). */
	if (!access(THP_ENABLED, F_OK))
		write_file(THP_ENABLED, "madvise");
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	say("LAB: {\"ev\": \"host\", \"release\": \"%s\", \"page_size\": %llu, "
	    "\"block_size\": %llu, \"hugepages\": %llu, \"hugepage_size\": %llu, "
	    "\"ctr_el0\": \"0x%llx\", \"dic\": %s, \"kvm\": %s, \"ipa_limit\": %d}",
	    uts.release, (unsigned long long)page_size, (unsigned long long)block_size,
	    read_number("/proc/sys/vm/nr_hugepages", ""),
	    read_number("/proc/meminfo", "Hugepagesize:") * KIB, (unsigned long long)ctr,
	    ctr >> 29 & 1 ? "true" : "false", kvm_fd >= 0 ? "true" : "false",
	    kvm_fd >= 0 ? ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE) : 0);
	say_kernel_log(kernel_words);
	if (kvm_fd < 0) {
		say("LAB-FAILED");
	} else {
		say("LAB-STAGE host");
		wait_line();
		run_guests();
	}
	for (;;)
		pause();
}
