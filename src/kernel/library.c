// SPDX-License-Identifier: GPL-2.0-or-later
// Files with symbols that libraries could not read, told apart from those that are broken.
#include "kernel/library.h"

#include <errno.h>
#include <string.h>

enum s2_code s2_library_failure(void)
{
	enum s2_code code;

	switch (errno) {
	case ENOMEM:
		code = S2_NOMEM;
		break;
	/* Disks, networks, and checksums of file systems. */
	case EIO:
	case ENXIO:
	case ESTALE:
	case ETIMEDOUT:
	case EUCLEAN:
	case EBADMSG:
		code = S2_IO;
		break;
	default:
		return S2_OK;
	}
	s2_err_note_failing(code);
	return code;
}

enum s2_code s2_library_said(enum s2_code code, const char *path, struct s2_err *err)
{
	int error = errno;
	enum s2_code failed = code ? s2_library_failure() : S2_OK;

	if (!failed)
		return code;
	if (failed == S2_NOMEM)
		return s2_fail(err, failed, "%s: no memory to read it", path);
	return s2_fail(err, failed, "%s: %s", path, strerror(error));
}
