// SPDX-License-Identifier: GPL-2.0-or-later
// Progress by a timer signal: layers below add to a meter, and have no clock.
#include "cmd/progress.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "format/progress.h"

#define MAX_WIDTH 120
#define USUAL_WIDTH 80

/* A file is told less often than a terminal. */
#define FILE_SECONDS 10

/* The signal handler has no argument to carry these. */
static const char *volatile current;
static struct s2_meter meter;
static struct timespec begun;
static volatile sig_atomic_t shown;    /* columns that the line takes */
static volatile sig_atomic_t yielded;  /* rows go to the terminal, or may */
static volatile sig_atomic_t terminal; /* standard error is one */
static volatile sig_atomic_t width;    /* of it, 0: not asked yet */

static void put(const char *text, size_t len)
{
	/* Nothing can be done about a standard error that does not take it. */
	ssize_t ignored = write(STDERR_FILENO, text, len);

	(void)ignored;
}

static void set_timer(long first, long then)
{
	struct itimerval timer = { .it_interval = { .tv_sec = then },
				   .it_value = { .tv_sec = first } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

void s2_progress_wipe(void)
{
	char text[MAX_WIDTH + 2];
	size_t len = (size_t)shown;

	if (!len)
		return;
	/* Not again before what follows is written. */
	if (current)
		set_timer(1, 1);
	shown = 0;
	text[0] = '\r';
	memset(text + 1, ' ', len);
	text[len + 1] = '\r';
	put(text, len + 2);
}

static uint64_t elapsed_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - begun.tv_sec) * 1000 +
			  (now.tv_nsec - begun.tv_nsec) / 1000000);
}

/* One write for what was there and what comes: nothing flickers. */
static void on_alarm(int signal)
{
	static const char name[] = "s2dump: ";
	const size_t before = (size_t)shown, head = sizeof(name) - 1;
	const char *stage = current;
	char text[2 * MAX_WIDTH + 2] = "\r";
	int error = errno;
	size_t len;

	(void)signal;
	if (!stage)
		return;
	memcpy(text + 1, name, head);
	len = head + s2_progress_text(text + 1 + head, (size_t)width - head, stage, meter.done,
				      meter.total, elapsed_ms());
	if (terminal) {
		shown = (sig_atomic_t)len;
		/* What was longer is wiped, and the cursor stays behind the text. */
		for (size_t more = len; more < before; more++)
			text[1 + more] = ' ';
		for (size_t more = len; more < before; more++)
			text[1 + before + more - len] = '\b';
		put(text, 1 + (len < before ? 2 * before - len : len));
	} else {
		text[1 + len] = '\n';
		put(text + 1, len + 1);
	}
	errno = error;
}

/* Asked once, as behind the sandbox's door it cannot be. */
static void ask_terminal(void)
{
	struct winsize size;

	if (width)
		return;
	terminal = isatty(STDERR_FILENO);
	width = USUAL_WIDTH;
	if (terminal && !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col > MAX_WIDTH ? MAX_WIDTH : size.ws_col < 20 ? 20 : size.ws_col;
}

void s2_progress_end(void)
{
	if (!current)
		return;
	current = NULL;
	set_timer(0, 0);
	s2_progress_wipe();
}

void s2_progress(const struct s2_options *options, const char *stage)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	ask_terminal();
	if (yielded || options->progress == S2_NO || (options->progress == S2_UNKNOWN && !terminal))
		return;
	s2_progress_end();
	current = stage;
	meter = (struct s2_meter){ .done = 0 };
	clock_gettime(CLOCK_MONOTONIC, &begun);
	sigaction(SIGALRM, &action, NULL);
	if (stage)
		set_timer(1, terminal ? 1 : FILE_SECONDS);
}

struct s2_meter *s2_progress_meter(void)
{
	return &meter;
}

/* A pipe may lead to a pager, which has the terminal then. */
static bool is_pipe(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

void s2_progress_yield(const struct s2_out *out)
{
	if (!current || (!isatty(out->fd) && !(terminal && is_pipe(out->fd))))
		return;
	yielded = true;
	s2_progress_end();
}
