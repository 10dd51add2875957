// SPDX-License-Identifier: GPL-2.0-or-later
// What programs inside the lab's machines have in common: see inside.h.
#define _GNU_SOURCE
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void say(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(STDOUT_FILENO, line, n) != n)
		_exit(1);
}

void die(const char *what)
{
	say("LAB: {\"ev\": \"died\", \"what\": \"%s\", \"errno\": %d, \"text\": \"%s\"}", what,
	    errno, strerror(errno));
	_exit(1);
}

void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		say("LAB: {\"ev\": \"warning\", \"what\": \"%s: %s\"}", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* ---- the machine ---- */

static void open_console(const char *device)
{
	struct termios t;
	int fd = open(device, O_RDWR);

	if (fd < 0)
		fd = open("/dev/console", O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	if (!tcgetattr(STDIN_FILENO, &t)) {
		t.c_lflag &= ~(ECHO | ISIG);
		tcsetattr(STDIN_FILENO, TCSANOW, &t);
	}
}

void begin(const char *console)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	open_console(console);
	klogctl(8, NULL, 1); /* console_loglevel: keep printk out of our lines */
}

void load_module(const char *name, const char *parameters)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		say("LAB: {\"ev\": \"warning\", \"what\": \"%s: %s\"}", path, strerror(errno));
	else
		say("LAB: {\"ev\": \"module\", \"name\": \"%s\"}", name);
	close(fd);
}

static bool has_word(const char *line, const char *const words[])
{
	for (; *words; words++)
		if (strstr(line, *words))
			return true;
	return false;
}

void say_kernel_log(const char *const words[])
{
	static char log[1 << 18];
	int n = klogctl(3, log, sizeof(log) - 1);
	char *save = NULL;

	for (char *line = n > 0 ? strtok_r(log, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!has_word(line, words))
			continue;
		for (char *c = line; *c; c++)
			if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
				*c = '.';
		say("LAB: {\"ev\": \"kernel\", \"text\": \"%s\"}", line);
	}
}

/* ---- memory ---- */

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

int open_pagemap(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("pagemap");
	return fd;
}

/* Bit 63 of a pagemap word is "present", [54:0] the frame
 * (Documentation/admin-guide/mm/pagemap.rst). */
bool pa_of(int pagemap, const uint8_t *page, unsigned long long *ret)
{
	const uint64_t size = page_size();
	uint64_t word = 0;

	if (pread(pagemap, &word, 8, (uintptr_t)page / size * 8) != 8)
		die("pagemap read");
	*ret = (word & ((1ULL << 55) - 1)) * size;
	return word >> 63;
}

/* AnonHugePages of the area in smaps. */
unsigned long long huge_bytes(const uint8_t *area)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long long from, kib = 0, found = 0;
	char line[512];
	bool here = false;

	if (!f)
		die("smaps");
	while (fgets(line, sizeof(line), f)) {
		unsigned long long to;

		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			here = from <= (uintptr_t)area && (uintptr_t)area < to;
		else if (here && sscanf(line, "AnonHugePages: %llu kB", &kib) == 1)
			found = kib;
	}
	fclose(f);
	return found * 1024;
}

/* ---- s2dump on this machine's own memory ---- */

#define S2DUMP_SECONDS 60

static const struct {
	const char *name;
	char *const argv[6];
} s2dump_runs[] = {
	{ "list", { "s2dump", "list", "-v", "/proc/kcore", NULL } },
	{ "json", { "s2dump", "--json", "/proc/kcore", NULL } },
	{ "extract", { "s2dump", "extract", "/proc/kcore", "-o", "-", NULL } },
};

/* Runs the program with its output in files called @name.out and @name.err; its wait status. */
static int run_s2dump(const char *name, char *const *argv)
{
	static const char *const suffix[] = { "out", "err" };
	int status = -1;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		for (int i = 0; i < 2; i++) {
			char path[64];
			int fd;

			snprintf(path, sizeof(path), "/%s.%s", name, suffix[i]);
			fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
			if (fd < 0 || dup2(fd, STDOUT_FILENO + i) < 0)
				_exit(126);
		}
		alarm(S2DUMP_SECONDS);
		execv("/s2dump", argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return status;
}

/* Says where the pages of a file lie: all of memory is captured, so that is where it can be read. */
static void say_file(const char *name)
{
	int pagemap = open_pagemap();
	int fd = open(name, O_RDWR | O_CLOEXEC);
	unsigned long long pa;
	struct stat st;
	uint8_t *map;

	if (fd < 0 || fstat(fd, &st))
		die("file");
	say("LAB: {\"ev\": \"file\", \"name\": \"%s\", \"size\": %llu}", name,
	    (unsigned long long)st.st_size);
	map = st.st_size ? mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
				fd, 0) :
			   NULL;
	if (map == MAP_FAILED)
		die("mmap file");
	for (uint64_t off = 0; off < (uint64_t)st.st_size; off += page_size()) {
		if (!pa_of(pagemap, map + off, &pa))
			die("file page");
		say("LAB: {\"ev\": \"frame\", \"name\": \"%s\", \"pa\": \"0x%llx\"}", name, pa);
	}
	close(fd);
	close(pagemap);
}

static uint64_t milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

void run_s2dumps(void)
{
	if (access("/s2dump", X_OK))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(s2dump_runs); i++) {
		const char *name = s2dump_runs[i].name;
		uint64_t start = milliseconds();
		int status = run_s2dump(name, s2dump_runs[i].argv);
		char path[64];

		say("LAB: {\"ev\": \"s2dump\", \"run\": \"%s\", \"exit\": %d, \"signal\": %d, "
		    "\"ms\": %llu}",
		    name, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		    (unsigned long long)(milliseconds() - start));
		snprintf(path, sizeof(path), "/%s.out", name);
		say_file(path);
		snprintf(path, sizeof(path), "/%s.err", name);
		say_file(path);
	}
}
