/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libelf and libdwarf do not tell: whether a file is broken or lacks something, or whether
 * memory was lacking or a read failed. */
#ifndef S2_KERNEL_LIBRARY_H
#define S2_KERNEL_LIBRARY_H

#include "base/err.h"

/*
 * After a call of theirs that failed or found nothing, errno having been 0 before: S2_NOMEM or
 * S2_IO when that was not because of the file, which s2_err_failing() then knows, else S2_OK. It is
 * malloc() and read() that set errno; the libraries leave it as it is.
 */
enum s2_code s2_library_failure(void);

/* @code is what came of such calls for the file @path. Returns it, or, with a text of its own, what
 * s2_library_failure() says. */
enum s2_code s2_library_said(enum s2_code code, const char *path, struct s2_err *err);

#endif
