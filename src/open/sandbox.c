// SPDX-License-Identifier: GPL-2.0-or-later
// Seccomp and Landlock by their own system calls: a filter of fifty numbers needs no library, and
// none then runs before the door is shut.
#include "open/sandbox.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#error "the sandbox does not know this machine: -Dsandbox=disabled"
#endif

const char *s2_sandbox_built(void)
{
	return "seccomp, landlock";
}

/*
 * What the program, glibc 2.36 and the libraries do behind the door, whatever the arguments: none
 * names a file but newfstatat, which is fstat() in glibc and tells sizes and times. All else is
 * refused with EPERM, so that libraries fail as they do without a right. To add a call: a row, and
 * in the manual nothing.
 */
static const int allowed[] = {
	/* Input, output. */
	SYS_read,
	SYS_pread64,
	SYS_pwrite64,
	SYS_write,
	SYS_writev,
	SYS_lseek,
	SYS_close,
	SYS_fstat,
	SYS_newfstatat,
	SYS_fstatfs,
	SYS_fsync,
	SYS_ftruncate,
	/* Memory; mmap and mprotect stand below. */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	/* Signals, time and the end. */
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_setitimer,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_getpid,
	SYS_gettid,
	SYS_exit,
	SYS_exit_group,
	/* malloc(), qsort(), threads. */
	SYS_getrandom,
	SYS_sysinfo,
	SYS_futex,
	SYS_sched_yield,
	SYS_set_robust_list,
	SYS_rseq,
};

/* A call is allowed when its argument @arg, of 32 bits, is @value under @mask. */
struct rule {
	int nr;
	unsigned int arg;
	uint32_t mask, value;
};

static const struct rule rules[] = {
	{ SYS_mmap, 2, PROT_EXEC, 0 },
	{ SYS_mprotect, 2, PROT_EXEC, 0 },
	{ SYS_clone, 0, CLONE_THREAD, CLONE_THREAD },
	/* isatty(), and libelf's question whether a descriptor is open. */
	{ SYS_ioctl, 1, UINT32_MAX, TCGETS },
	/* How wide a terminal is. */
	{ SYS_ioctl, 1, UINT32_MAX, TIOCGWINSZ },
	{ SYS_fcntl, 1, UINT32_MAX, F_GETFD },
	/* fdopen() of a descriptor of its own. */
	{ SYS_fcntl, 1, UINT32_MAX, F_GETFL },
	{ SYS_fcntl, 1, UINT32_MAX, F_DUPFD_CLOEXEC },
};

#define MAX_INSNS 256

struct program {
	struct sock_filter insn[MAX_INSNS];
	unsigned short n;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (p->n < MAX_INSNS)
		p->insn[p->n++] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
}

static void emit_load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Skips @n instructions unless what was loaded is @value. */
static void emit_unless(struct program *p, uint32_t value, uint8_t n)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, n);
}

static void emit_return(struct program *p, uint32_t action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

/* The low half: both machines are little-endian. */
static size_t arg_offset(unsigned int arg)
{
	return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t);
}

static void emit_rule(struct program *p, const struct rule *rule)
{
	emit_load(p, offsetof(struct seccomp_data, nr));
	emit_unless(p, (uint32_t)rule->nr, 4);
	emit_load(p, arg_offset(rule->arg));
	emit(p, BPF_ALU | BPF_AND | BPF_K, rule->mask, 0, 0);
	emit_unless(p, rule->value, 1);
	emit_return(p, SECCOMP_RET_ALLOW);
}

/* Both directories of a rename must be @dir_fd. */
static void emit_rename(struct program *p, int nr, int dir_fd)
{
	emit_load(p, offsetof(struct seccomp_data, nr));
	emit_unless(p, (uint32_t)nr, 5);
	emit_load(p, arg_offset(0));
	emit_unless(p, (uint32_t)dir_fd, 3);
	emit_load(p, arg_offset(2));
	emit_unless(p, (uint32_t)dir_fd, 1);
	emit_return(p, SECCOMP_RET_ALLOW);
}

static void build(struct program *p, int dir_fd)
{
	p->n = 0;
	/* The numbers are those of this machine alone. */
	emit_load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
	emit_return(p, SECCOMP_RET_KILL_PROCESS);
	emit_load(p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		emit_unless(p, (uint32_t)allowed[i], 1);
		emit_return(p, SECCOMP_RET_ALLOW);
	}
	/* Its flags lie in memory, where a filter does not see them: the C library then takes
	 * clone. */
	emit_unless(p, SYS_clone3, 1);
	emit_return(p, SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		emit_rule(p, &rules[i]);
	/* abort() and raise(): to nobody else. */
	emit_rule(p, &(struct rule){ SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid() });
	if (dir_fd >= 0) {
#ifdef SYS_renameat
		emit_rename(p, SYS_renameat, dir_fd);
#endif
		emit_rename(p, SYS_renameat2, dir_fd);
		emit_rule(p, &(struct rule){ SYS_unlinkat, 0, UINT32_MAX, (uint32_t)dir_fd });
	}
	emit_return(p, SECCOMP_RET_ERRNO | EPERM);
}

/* 0, or errno. */
static int filter_calls(int dir_fd)
{
	struct program program;
	struct sock_fprog prog = { .filter = program.insn };

	build(&program, dir_fd);
	if (program.n == MAX_INSNS)
		return E2BIG;
	prog.len = program.n;
	/* Threads that there are already are held, too: not 0 is an error, or a thread that is not.
	 */
	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog))
		return 0;
	return errno ? errno : EBUSY;
}

/* Older headers end earlier than what is asked for here. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* What an ABI handles, each with all that went before (Documentation/userspace-api/landlock.rst). */
static const struct {
	int abi;
	size_t size; /* of the structure that it takes */
	struct ruleset handles;
} abis[] = {
	{ 1, sizeof(uint64_t), { .fs = (UINT64_C(1) << 13) - 1 } },
	{ 2, sizeof(uint64_t), { .fs = LANDLOCK_ACCESS_FS_REFER } },
	{ 3, sizeof(uint64_t), { .fs = UINT64_C(1) << 14 } },     /* truncate */
	{ 4, 2 * sizeof(uint64_t), { .net = 3 } },                /* bind, connect by TCP */
	{ 5, 2 * sizeof(uint64_t), { .fs = UINT64_C(1) << 15 } }, /* ioctl of devices */
	{ 6, 3 * sizeof(uint64_t), { .scoped = 3 } },             /* abstract sockets, signals */
};

static long create_ruleset(int abi)
{
	struct ruleset ruleset = { 0 };
	size_t size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(abis) && abis[i].abi <= abi; i++) {
		ruleset.fs |= abis[i].handles.fs;
		ruleset.net |= abis[i].handles.net;
		ruleset.scoped |= abis[i].handles.scoped;
		size = abis[i].size;
	}
	return syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
}

/* 0, or errno. */
static int restrict_files(int dir_fd, int *ret_abi)
{
	const struct landlock_path_beneath_attr rename = {
		.allowed_access = LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE,
		.parent_fd = dir_fd,
	};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	long fd = abi < 0 ? -1 : create_ruleset((int)abi);
	int error = 0;

	if (fd < 0)
		return errno;
	if ((dir_fd >= 0 &&
	     syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rename, 0)) ||
	    syscall(SYS_landlock_restrict_self, fd, 0))
		error = errno;
	close((int)fd);
	if (!error)
		*ret_abi = (int)abi;
	return error;
}

void s2_sandbox_enter(int dir_fd, struct s2_sandbox *ret)
{
	struct s2_sandbox sandbox = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		sandbox.filter_error = sandbox.landlock_error = errno;
	} else {
		sandbox.landlock_error = restrict_files(dir_fd, &sandbox.landlock);
		sandbox.filter_error = filter_calls(dir_fd);
	}
	sandbox.filter = !sandbox.filter_error;
	*ret = sandbox;
}

/* Not built, or not switched on, in two ways. */
static const char *reason(int error)
{
	bool unknown = error == ENOSYS || error == EOPNOTSUPP || error == EINVAL;

	return unknown ? "the kernel has none" : strerror(error);
}

void s2_sandbox_lacks(const struct s2_sandbox *sandbox, char *buf, size_t size)
{
	char filter[96] = "", landlock[96] = "";

	if (!sandbox->filter)
		snprintf(filter, sizeof(filter), "no filter of system calls (%s)",
			 reason(sandbox->filter_error));
	if (!sandbox->landlock)
		snprintf(landlock, sizeof(landlock), "%sno Landlock (%s)", *filter ? ", " : "",
			 reason(sandbox->landlock_error));
	snprintf(buf, size, "%s%s", filter, landlock);
}
