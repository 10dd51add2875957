/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DWARF of a vmlinux as a source for kernel/types.h: slow and large, for kernels without BTF. */
#ifndef S2_KERNEL_DWARF_H
#define S2_KERNEL_DWARF_H

#include "kernel/symbols.h"
#include "kernel/types.h"

/*
 * Opens the debugging information of the ELF file @file; its descriptor stays the caller's and must
 * stay open. Compilation units whose name contains @prefer (NULL: none does) are read first, all
 * others only for types that those do not have: in a whole kernel the former takes 0.2 s, the
 * latter 1 s. S2_NOTFOUND: there is none. S2_INVALID: broken, or compressed in a way that libdwarf
 * cannot read.
 */
enum s2_code s2_dwarf_new(const struct s2_symbol_file *file, const char *prefer,
			  struct s2_types **ret, struct s2_err *err) S2_MUST_CHECK;

#endif
