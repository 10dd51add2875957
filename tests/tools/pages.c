// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded, writes down which pages of the file PAGES_OF are read: one byte for each, '1' when it
// was, to the file PAGES_LOG, which is mapped: the program closes what is not its own. Files cannot
// be mapped, so that all that is read goes through pread().
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

static struct stat wanted;
static char *seen;
static size_t npages;

/* It stays open while the program reads. */
static int is_wanted(int fd)
{
	static int known = -1;
	struct stat st;

	if (!seen || fd < 0 || fd == known)
		return seen && fd >= 0;
	if (fstat(fd, &st) || st.st_dev != wanted.st_dev || st.st_ino != wanted.st_ino)
		return 0;
	known = fd;
	return 1;
}

static void *mmap_as(const char *symbol, void *addr, size_t len, int prot, int flags, int fd,
		     off_t off)
{
	void *(*real)(void *, size_t, int, int, int, off_t) =
		(void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, symbol);

	if (is_wanted(fd)) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	return real(addr, len, prot, flags, fd, off);
}

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("PAGES_OF"), *log = getenv("PAGES_LOG");
	int fd;

	if (!name || !log || stat(name, &wanted))
		return;
	npages = ((size_t)wanted.st_size + PAGE - 1) / PAGE;
	fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)npages))
		abort();
	seen = mmap_as("mmap", NULL, npages, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (seen == MAP_FAILED)
		abort();
	close(fd);
	memset(seen, '0', npages);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	return mmap_as("mmap", addr, len, prot, flags, fd, off);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	return mmap_as("mmap64", addr, len, prot, flags, fd, off);
}

static ssize_t pread_as(const char *symbol, int fd, void *buf, size_t len, off_t off)
{
	static ssize_t (*real)(int, void *, size_t, off_t);
	ssize_t n;

	if (!real)
		real = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, symbol);
	n = real(fd, buf, len, off);

	if (n > 0 && is_wanted(fd))
		for (size_t page = (size_t)off / PAGE;
		     page <= ((size_t)off + (size_t)n - 1) / PAGE && page < npages; page++)
			seen[page] = '1';
	return n;
}

ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	return pread_as("pread", fd, buf, len, off);
}

ssize_t pread64(int fd, void *buf, size_t len, off_t off)
{
	return pread_as("pread64", fd, buf, len, off);
}

/* What a fortified program calls. */
ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t off, size_t room);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t off, size_t room)
{
	if (len > room)
		abort();
	return pread64(fd, buf, len, off);
}
