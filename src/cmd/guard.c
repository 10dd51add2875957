// SPDX-License-Identifier: GPL-2.0-or-later
// Signals that end the process take the temporary file along.
#include "cmd/guard.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/bits.h"
#include "open/output.h"

/* The signal handler has no argument to carry these. */
static volatile sig_atomic_t dir = -1;
static char file[S2_TEMPORARY_LEN];

static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

void s2_guard_remove(void)
{
	if (dir >= 0)
		unlinkat((int)dir, file, 0);
}

/* SA_RESETHAND: the second time the signal does what it does by default. */
static void on_signal(int signal)
{
	s2_guard_remove();
	raise(signal);
}

/* What is ignored (nohup) stays so. */
static void install(int signal)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND }, old;

	if (!sigaction(signal, NULL, &old) && old.sa_handler == SIG_DFL)
		sigaction(signal, &action, NULL);
}

void s2_guard_temporary(int dir_fd, const char *name)
{
	sigset_t set, old;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		sigaddset(&set, deadly[i]);
	sigprocmask(SIG_BLOCK, &set, &old);
	dir = dir_fd;
	snprintf(file, sizeof(file), "%s", name ? name : "");
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		install(deadly[i]);
	sigprocmask(SIG_SETMASK, &old, NULL);
}
