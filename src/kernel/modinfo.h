/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a module's file says of itself. */
#ifndef S2_KERNEL_MODINFO_H
#define S2_KERNEL_MODINFO_H

#include "kernel/symbols.h"

/*
 * Is @file the module called @module of a kernel of @release (@len characters)? By its .modinfo
 * section. S2_INVALID: it is not, or no module; the text says what it is.
 */
enum s2_code s2_modinfo_check(const struct s2_symbol_file *file, const char *module,
			      const char *release, size_t len, struct s2_err *err) S2_MUST_CHECK;

#endif
