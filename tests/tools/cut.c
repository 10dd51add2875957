// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into the program: cuts its input off, under its mapping, before a copy out of it.
//
//   S2_CUT=N:SIZE   before the Nth copy the file on standard input, which alone stays open, is cut
//                   to SIZE bytes; says "cut" on standard error
//   S2_CUT=N:half   ... in the middle of what is copied
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool cutting;
static unsigned long wanted, copies;
static long size; /* HALF: in the middle */
#define HALF (-1)
static uintptr_t map_start, map_end;

__attribute__((constructor)) static void begin(void)
{
	const char *cut = getenv("S2_CUT");

	if (!cut)
		return;
	size = HALF;
	cutting = sscanf(cut, "%lu:%ld", &wanted, &size) == 2 || strstr(cut, ":half");
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

	if (cutting && at >= map_start && at < map_end && copies++ == wanted) {
		if (ftruncate(STDIN_FILENO, size == HALF ? (long)(at - map_start + len / 2) : size))
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
