// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into the program: lets one of its own calls of the C library fail, chosen by number.
//
//   S2_FAULT=N:ERRNO   the first call of the Nth place that calls (in the order in which the
//   program comes by) fails with
//                      ERRNO; 0 stands for a read that gives nothing, and like EINTR is only for
//                      reads and writes
//   S2_FAULT_NTH=KIND:N:ERRNO   the Nth call of a kind (m: memory is asked for, r: read, w: write,
//   p: mapping) fails, whoever makes it, libraries too; FILE then has how many calls there were
//   S2_FAULT_MARK=FILE is not all zero bytes when that call was reached
//   S2_FAULT_NOMAP=1   every mmap fails

// What is defined here the headers would define, too.
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_PLACES 4096
#define MARK_SIZE 32

static uintptr_t program_start, program_end;
static uintptr_t place[MAX_PLACES];
static long nplaces, wanted = -1;
static int error;
static char *mark; /* in the file, which is mapped: the program closes what is not its own */
static bool no_map;
static char kind;
static long nth = -1, calls;
static bool ended;

/* The first object is the program. */
static int first_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	program_start = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type != PT_LOAD)
			continue;
		if (start < program_start)
			program_start = start;
		if (start + phdr->p_memsz > program_end)
			program_end = start + phdr->p_memsz;
	}
	return 1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *fault = getenv("S2_FAULT");
	const char *colon = fault ? strchr(fault, ':') : NULL;

	/* Later the sandbox would refuse it. */
	if (getenv("S2_FAULT_MARK")) {
		long fd = syscall(SYS_openat, AT_FDCWD, getenv("S2_FAULT_MARK"),
				  O_CREAT | O_RDWR | O_CLOEXEC, 0600);

		if (syscall(SYS_ftruncate, fd, MARK_SIZE))
			abort();
		mark = (char *)syscall(SYS_mmap, NULL, MARK_SIZE, PROT_READ | PROT_WRITE,
				       MAP_SHARED, fd, 0);
		syscall(SYS_close, fd);
	}
	no_map = getenv("S2_FAULT_NOMAP");
	if (getenv("S2_FAULT_NTH") &&
	    sscanf(getenv("S2_FAULT_NTH"), "%c:%ld:%d", &kind, &nth, &error) != 3)
		abort();
	calls = 0;
	dl_iterate_phdr(first_object, NULL);
	if (!colon)
		return;
	error = atoi(colon + 1);
	wanted = atol(fault);
}

/* What runs when the program has ended, such as a count of what was covered, is not the program's. */
static void end(void)
{
	wanted = -1;
	ended = true;
}

/* Is it a call of the program's own? With the first of them, handlers of its end run before a
 * count. */
static bool is_own(const void *caller)
{
	static bool asked;
	uintptr_t at = (uintptr_t)caller;

	if (at < program_start || at >= program_end)
		return false;
	if (!asked)
		atexit(end);
	asked = true;
	return true;
}

/* Is it this call from @caller that has to fail? Each place is met once, by its first call. */
static bool fails_io(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (wanted < 0 || !is_own(caller))
		return false;
	for (long i = 0; i < nplaces; i++)
		if (place[i] == at)
			return false;
	if (nplaces == MAX_PLACES)
		return false;
	place[nplaces] = at;
	if (nplaces++ != wanted)
		return false;
	if (mark)
		*mark = '.';
	errno = error;
	return true;
}

/* Is it the call of its kind that has to fail? */
static bool is_nth(char of, const void *caller)
{
	(void)is_own(caller);
	if (of != kind || ended || calls++ != nth)
		return false;
	errno = error;
	return true;
}

__attribute__((destructor)) static void tell(void)
{
	if (kind && mark)
		snprintf(mark, MARK_SIZE, "%ld", calls);
	kind = 0;
}

static bool fails(const void *caller)
{
	return error != EINTR && error != 0 && fails_io(caller);
}

/* The C library's own, looked up once. */
static void *real(void **slot, const char *name)
{
	if (!*slot)
		*slot = dlsym(RTLD_NEXT, name);
	return *slot;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))(uintptr_t)real(&real_##name, #name))
#define CALLER __builtin_return_address(0)

static void *real_malloc, *real_calloc, *real_realloc, *real_mmap64, *real_pread64, *real_read,
	*real_fstat64, *real_open64, *real_openat64, *real_fcntl64, *real_lseek64, *real_write,
	*real_pwrite64, *real_fdopen, *real_ftruncate64, *real_fsync, *real_renameat;

void *malloc(size_t size)
{
	return is_nth('m', CALLER) || fails(CALLER) ? NULL : REAL(void *, malloc, size_t)(size);
}

/* dlsym() itself may call it before there is an answer. */
void *calloc(size_t n, size_t size)
{
	static char early[4096];
	static size_t used;
	static bool asking;

	if (!real_calloc) {
		if (asking) {
			char *room = early + used;

			used += (n * size + 15) & ~(size_t)15;
			return used <= sizeof(early) ? room : NULL;
		}
		asking = true;
		real_calloc = dlsym(RTLD_NEXT, "calloc");
		asking = false;
	}
	return is_nth('m', CALLER) || fails(CALLER) ? NULL :
						      REAL(void *, calloc, size_t, size_t)(n, size);
}

void *realloc(void *old, size_t size)
{
	return is_nth('m', CALLER) || fails(CALLER) ?
		       NULL :
		       REAL(void *, realloc, void *, size_t)(old, size);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	if (no_map || is_nth('p', CALLER) || fails(CALLER)) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	return REAL(void *, mmap64, void *, size_t, int, int, int, off64_t)(addr, len, prot, flags,
									    fd, off);
}

ssize_t pread64(int fd, void *buf, size_t len, off64_t off)
{
	if (is_nth('r', CALLER) || fails_io(CALLER))
		return error ? -1 : 0;
	return REAL(ssize_t, pread64, int, void *, size_t, off64_t)(fd, buf, len, off);
}

/* What a fortified build calls in their place. */
ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t off, size_t room);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);

ssize_t __pread64_chk(int fd, void *buf, size_t len, off64_t off, size_t room)
{
	if (is_nth('r', CALLER) || fails_io(CALLER))
		return error ? -1 : 0;
	return REAL(ssize_t, pread64, int, void *, size_t, off64_t)(fd, buf,
								    len < room ? len : room, off);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (is_nth('r', CALLER) || fails_io(CALLER))
		return error ? -1 : 0;
	return REAL(ssize_t, read, int, void *, size_t)(fd, buf, len < room ? len : room);
}

ssize_t read(int fd, void *buf, size_t len)
{
	if (is_nth('r', CALLER) || fails_io(CALLER))
		return error ? -1 : 0;
	return REAL(ssize_t, read, int, void *, size_t)(fd, buf, len);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	return is_nth('w', CALLER) || fails_io(CALLER) ?
		       -1 :
		       REAL(ssize_t, write, int, const void *, size_t)(fd, buf, len);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t off)
{
	if (is_nth('w', CALLER) || fails(CALLER))
		return -1;
	return REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)(fd, buf, len, off);
}

int fstat64(int fd, struct stat64 *st)
{
	return fails(CALLER) ? -1 : REAL(int, fstat64, int, struct stat64 *)(fd, st);
}

int open64(const char *path, int flags, ...)
{
	/* The mode is wanted with O_CREAT only, and is the same in every call. */
	return fails(CALLER) ? -1 : REAL(int, open64, const char *, int, ...)(path, flags, 0666);
}

int openat64(int dir, const char *path, int flags, ...)
{
	return fails(CALLER) ?
		       -1 :
		       REAL(int, openat64, int, const char *, int, ...)(dir, path, flags, 0666);
}

/* The program duplicates descriptors only, whose argument is a number. */
int fcntl64(int fd, int command, ...)
{
	return fails(CALLER) ? -1 : REAL(int, fcntl64, int, int, ...)(fd, command, 0);
}

int fsync(int fd)
{
	return fails(CALLER) ? -1 : REAL(int, fsync, int)(fd);
}

int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
	return fails(CALLER) ? -1 :
			       REAL(int, renameat, int, const char *, int,
				    const char *)(old_dir, old, new_dir, new);
}

off64_t lseek64(int fd, off64_t off, int whence)
{
	return fails(CALLER) ? -1 : REAL(off64_t, lseek64, int, off64_t, int)(fd, off, whence);
}

FILE *fdopen(int fd, const char *mode)
{
	return fails(CALLER) ? NULL : REAL(FILE *, fdopen, int, const char *)(fd, mode);
}

int ftruncate64(int fd, off64_t size)
{
	return fails(CALLER) ? -1 : REAL(int, ftruncate64, int, off64_t)(fd, size);
}
