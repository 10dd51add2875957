// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into the program: cuts its input off, under its mapping, before a copy out of it.
//
//   S2_CUT=FILE:N:SIZE   before the Nth copy FILE is cut to SIZE bytes; says "cut" on standard error
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int input = -1;
static unsigned long wanted, copies;
static long size;
static uintptr_t map_start, map_end;

__attribute__((constructor)) static void begin(void)
{
	char path[256];

	if (sscanf(getenv("S2_CUT") ? getenv("S2_CUT") : "", "%255[^:]:%lu:%ld", path, &wanted,
		   &size) == 3)
		input = open(path, O_RDWR | O_CLOEXEC);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	long got = syscall(SYS_mmap, addr, len, prot, flags, fd, off);

	if (fd >= 0 && got > 0) {
		map_start = (uintptr_t)got;
		map_end = map_start + len;
	}
	return (void *)got;
}

static void copy(void *to, const void *from, size_t len)
{
	uintptr_t at = (uintptr_t)from;

	if (input >= 0 && at >= map_start && at < map_end && copies++ == wanted) {
		if (ftruncate(input, size))
			_exit(98);
		dprintf(STDERR_FILENO, "cut\n");
	}
	memmove(to, from, len);
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	copy(to, from, len);
	return to;
}

void *__memcpy_chk(void *restrict to, const void *restrict from, size_t len, size_t room);

void *__memcpy_chk(void *restrict to, const void *restrict from, size_t len, size_t room)
{
	(void)room;
	copy(to, from, len);
	return to;
}
