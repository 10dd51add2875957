/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door behind which a dump is interpreted: nothing can be opened, run or connected to any more.
 */
#ifndef S2_OPEN_SANDBOX_H
#define S2_OPEN_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* What the kernel gave, and errno of what it refused. */
struct s2_sandbox {
	bool filter; /* system calls are filtered */
	int filter_error;
	int landlock; /* its ABI, 0: none */
	int landlock_error;
};

/* What this build can do, as one line. */
const char *s2_sandbox_built(void);

/*
 * Shuts the door for the whole process, for good. What is open already stays so, for what it was
 * opened for; in the directory @dir_fd (-1: in none) a file may be renamed and removed. What the
 * kernel does not give is no error: @ret tells.
 */
void s2_sandbox_enter(int dir_fd, struct s2_sandbox *ret);

/* What the kernel did not give, in words; "" when it gave all. */
void s2_sandbox_lacks(const struct s2_sandbox *sandbox, char *buf, size_t size);

#endif
