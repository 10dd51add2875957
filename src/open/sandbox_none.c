// SPDX-License-Identifier: GPL-2.0-or-later
// A build that has no door: sanitizers, coverage and fuzzers open files when they like.
#include <stdio.h>

#include "open/sandbox.h"

const char *s2_sandbox_built(void)
{
	return "none";
}

void s2_sandbox_enter(int dir_fd, struct s2_sandbox *ret)
{
	(void)dir_fd;
	*ret = (struct s2_sandbox){ 0 };
}

void s2_sandbox_lacks(const struct s2_sandbox *sandbox, char *buf, size_t size)
{
	(void)sandbox;
	snprintf(buf, size, "this build has none");
}
