// SPDX-License-Identifier: GPL-2.0-or-later
// The running kernel's memory, /proc/kcore: an ELF core with traps of its own.
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "source/source.h"

/* /proc/kcore has this note, /proc/vmcore has not (Linux fs/proc/kcore.c). */
#define KCORE_NOTE NT_TASKSTRUCT

/* COMMAND_LINE_SIZE is 2048 on arm64, bootconfig may add to it. */
#define CMDLINE_SIZE 65536

static bool is_kcore(const struct s2_source *source)
{
	return s2_fd_is_proc(source->file.fd) && s2_source_note(source, "CORE", KCORE_NOTE);
}

/* The kernel takes - and _ for the same in the names of parameters. */
static bool is_protected(char *cmdline)
{
	for (char *p = cmdline; *p; p++)
		if (*p == '_')
			*p = '-';
	return strstr(cmdline, "kvm-arm.mode=protected");
}

/* S2_OK: it does not run protected KVM. What is not known is not risked. */
static enum s2_code refuse_protected_kvm(int cmdline_fd, struct s2_err *err)
{
	s2_auto_free char *cmdline = calloc(1, CMDLINE_SIZE);
	ssize_t n;

	if (!cmdline)
		return s2_fail(err, S2_NOMEM, "no memory for the kernel's command line");
	do
		n = pread(cmdline_fd, cmdline, CMDLINE_SIZE - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return s2_fail(err, S2_IO,
			       "/proc/cmdline cannot be read, so nobody knows whether this kernel "
			       "runs protected KVM, which panics when its memory is read");
	if (is_protected(cmdline))
		return s2_fail(
			err, S2_INVALID,
			"this kernel runs protected KVM: it panics when the hypervisor's memory "
			"is read; take a dump from outside instead");
	return S2_OK;
}

/*
 * Linux gives physical addresses since 464920104bf7 ("/proc/kcore: update physical address for
 * kcore ram and text"), v4.11.
 */
static bool has_addresses(const struct s2_segment *seg, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seg[i].pa)
			return true;
	return n <= 1;
}

enum s2_code s2_kcore_check(struct s2_source *source, const struct s2_segment *seg, size_t n,
			    struct s2_err *err)
{
	enum s2_code code;

	if (!is_kcore(source))
		return S2_OK;
	/*
	 * Seen with 6.1 and 6.12: the hypervisor answers the host's read of a page that it owns
	 * with BUG() (arch/arm64/kvm/hyp/nvhe/mem_protect.c, handle_host_mem_abort()), and the
	 * machine is gone. Nothing tells which pages these are, and the tables are among them.
	 */
	code = refuse_protected_kvm(source->file.cmdline_fd, err);
	if (code)
		return code;
	if (!has_addresses(seg, n))
		return s2_fail(err, S2_INVALID,
			       "this kernel gives no physical addresses in /proc/kcore (Linux "
			       "before 4.11)");
	source->format = "kcore";
	source->file.live = true;
	return S2_OK;
}
