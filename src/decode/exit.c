// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses by name, and whether rights allow them.
#include "decode/exit.h"

#include <string.h>

const char *const s2_access_names[S2_ACCESS_KINDS] = { "", "read", "write", "exec", "exec-user" };

enum s2_access s2_access_of(const char *name)
{
	for (unsigned int i = S2_ACCESS_READ; i < S2_ACCESS_KINDS; i++)
		if (!strcmp(s2_access_names[i], name))
			return (enum s2_access)i;
	return S2_ACCESS_NONE;
}

bool s2_access_allowed(enum s2_access access, const struct s2_rights *rights)
{
	switch (access) {
	case S2_ACCESS_READ:
		return rights->read;
	case S2_ACCESS_WRITE:
		return rights->write;
	case S2_ACCESS_EXEC:
		return rights->exec;
	case S2_ACCESS_EXEC_USER:
		return rights->exec_user;
	case S2_ACCESS_NONE:
	case S2_ACCESS_KINDS:
		break;
	}
	return true;
}
