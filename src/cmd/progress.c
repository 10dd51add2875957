// SPDX-License-Identifier: GPL-2.0-or-later
// Progress by a timer signal, so that no layer below has to know of it.
#include "cmd/progress.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* The signal handler has no argument to carry these. */
static const char *volatile current;
static volatile sig_atomic_t shown;

static void put(const char *text)
{
	/* Nothing can be done about a standard error that does not take it. */
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

	(void)ignored;
}

static void on_alarm(int signal)
{
	const char *stage = current;

	(void)signal;
	if (!stage)
		return;
	put(shown ? "." : "s2dump: ");
	if (!shown)
		put(stage);
	shown = 1;
}

static void set_timer(long seconds)
{
	struct itimerval timer = { .it_interval = { .tv_sec = seconds },
				   .it_value = { .tv_sec = seconds } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

void s2_progress(const struct s2_options *options, const char *stage)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	if (options->progress == S2_NO ||
	    (options->progress == S2_UNKNOWN && !isatty(STDERR_FILENO)))
		return;
	set_timer(0);
	if (shown)
		put("\n");
	shown = 0;
	current = stage;
	sigaction(SIGALRM, &action, NULL);
	if (stage)
		set_timer(1);
}
