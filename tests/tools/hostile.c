// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into the program: an allocator that does what an attacker would, once the program has
// begun to look at a dump.
//
//   S2_HOSTILE=NAME         only this attack
//   S2_HOSTILE_THREAD=1     by a thread that there was before the program began
//   S2_HOSTILE_INHERITED=FD a pipe that the program was started with, to write to
//
// Says "hostile: ... succeeded" and ends with 99 when anything does; at the end "hostile: tried"
// and how often.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static bool begun;
static unsigned long tries;
static int inherited = -1;
static const char *only;
static bool threaded;
static sem_t handed, done;

static void say(const char *text)
{
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

	(void)ignored;
}

static bool try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool try_create(void)
{
	return open("made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool try_unlink(void)
{
	return !unlink("victim");
}

static bool try_rename(void)
{
	return !rename("victim", "gone");
}

static bool try_chmod(void)
{
	return !chmod("victim", 0777);
}

/* The socket is one that there was before, as standard input: that alone stays open. */
static bool try_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };

	return !connect(STDIN_FILENO, (struct sockaddr *)&address, sizeof(address));
}

static bool try_inherited(void)
{
	return write(inherited, "x", 1) == 1;
}

static bool try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool try_ptrace(void)
{
	return !ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static bool try_kill(void)
{
	return !kill(getppid(), 0);
}

static bool try_fork(void)
{
	pid_t child = fork();

	if (!child)
		syscall(SYS_exit_group, 0);
	return child > 0;
}

static bool try_code(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0) >= 0;
}

#ifdef __x86_64__
/* By a number of the x32 interface, whether the kernel has that or not: the door asks first. */
static bool try_x32(void)
{
	return syscall(0x40000000 | SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC, 0) >=
		       0 ||
	       errno != EPERM;
}
#endif

/* What is run ends with a status of its own. */
static bool try_execve(void)
{
	char program[] = "/bin/sh", option[] = "-c",
	     script[] = "echo hostile: execve succeeded >&2; exit 99";
	char *args[] = { program, option, script, NULL }, *none[] = { NULL };

	return !execve(program, args, none);
}

static const struct {
	const char *name;
	bool (*succeeds)(void);
} attacks[] = {
	{ "open", try_open },     { "create", try_create }, { "unlink", try_unlink },
	{ "rename", try_rename }, { "chmod", try_chmod },   { "connect", try_connect },
	{ "socket", try_socket }, { "ptrace", try_ptrace }, { "kill", try_kill },
	{ "fork", try_fork },     { "code", try_code },     { "inherited", try_inherited },
#ifdef __x86_64__
	{ "x32", try_x32 },
#endif
	{ "execve", try_execve },
};

static void try_all(void)
{
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		if ((only && strcmp(only, attacks[i].name) != 0) || !attacks[i].succeeds())
			continue;
		say("hostile: ");
		say(attacks[i].name);
		say(" succeeded\n");
		syscall(SYS_exit_group, 99);
	}
}

static void *hand(void *arg)
{
	for (;;) {
		sem_wait(&handed);
		try_all();
		sem_post(&done);
	}
	return arg;
}

static void attack(void)
{
	int saved = errno;

	if (!begun)
		return;
	tries++;
	if (threaded) {
		sem_post(&handed);
		sem_wait(&done);
	} else {
		try_all();
	}
	errno = saved;
}

__attribute__((constructor)) static void begin(void)
{
	const char *fd = getenv("S2_HOSTILE_INHERITED");
	pthread_t thread;

	only = getenv("S2_HOSTILE");
	if (fd)
		inherited = atoi(fd);
	threaded = getenv("S2_HOSTILE_THREAD") && !sem_init(&handed, 0, 0) &&
		   !sem_init(&done, 0, 0) && !pthread_create(&thread, NULL, hand, NULL);
}

__attribute__((destructor)) static void end(void)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	begun = false;
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + tries % 10);
		tries /= 10;
	} while (tries);
	say("hostile: tried ");
	say(digits + at);
	say("\n");
}

/* The program maps a file when it begins to read it. */
void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	begun |= fd >= 0;
	attack();
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	attack();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	attack();
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	attack();
	return __libc_realloc(old, size);
}
