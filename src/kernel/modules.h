/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules that a kernel has loaded: their symbols and types, as they lie in memory. */
#ifndef S2_KERNEL_MODULES_H
#define S2_KERNEL_MODULES_H

#include "kernel/kernel.h"

/*
 * Symbols of the module called @module or, when none is loaded, of the kernel itself: the same
 * question serves a KVM that is built in. Answers as s2_kernel_symbols() does; a table that is not
 * in the dump is a missing code.
 */
enum s2_code s2_module_symbols(struct s2_kernel *kernel, const char *module,
			       struct s2_symbol *wanted, size_t n,
			       struct s2_err *err) S2_MUST_CHECK;

/*
 * Types of the module called @module: its own, then the kernel's. They are in memory, or in the
 * file that the user gave for it. Where the module has none, or none is loaded, the kernel's alone.
 * They belong to @kernel. Errors as of s2_kernel_types(), and a missing code when the module's are
 * not in the dump.
 */
enum s2_code s2_module_types(struct s2_kernel *kernel, const char *module, struct s2_types **ret,
			     struct s2_err *err) S2_MUST_CHECK;

/* Were types of a module asked for that are not in the dump, and no file of it was given? */
bool s2_module_file_helps(const struct s2_kernel *kernel);

/* Can nobody say which modules there are, because there are no symbols at all? Then @why says that.
 */
bool s2_module_unseen(struct s2_kernel *kernel, struct s2_err *why);

/* Is the file that the user gave the module @module of this kernel, with types in it? S2_INVALID. */
enum s2_code s2_module_check_file(struct s2_kernel *kernel, const char *module,
				  struct s2_err *err) S2_MUST_CHECK;

#endif
