/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libdwarf with our errors and without its version differences. Only dwarf.c and dwarf_lib.c
 * include this. */
#ifndef S2_KERNEL_DWARF_LIB_H
#define S2_KERNEL_DWARF_LIB_H

#include <stdbool.h>
#include <stdint.h>

/* Newer packages bring a pkg-config file with the path; Debian 12 has the headers in a folder and
 * no such file. */
#if __has_include(<libdwarf.h>)
#include <dwarf.h>
#include <libdwarf.h>
#else
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#endif

#include "base/budget.h"
#include "kernel/symbols.h"
#include "kernel/types.h"

struct s2_dw {
	Dwarf_Debug dbg;
	uint16_t addr_size; /* of the last compilation unit */
	uint64_t data;      /* bytes of the file that are no hole */
	/* Entries that libdwarf may go through, again for each that they lie in, for all questions
	 * together. */
	struct s2_budget dies;
};

enum s2_code s2_dw_open(const struct s2_symbol_file *file, struct s2_dw *ret,
			struct s2_err *err) S2_MUST_CHECK;
void s2_dw_close(struct s2_dw *self);

/* The DIE at an offset in .debug_info; give it back with s2_dw_drop(), which takes NULL. */
enum s2_code s2_dw_at(struct s2_dw *self, uint64_t off, Dwarf_Die *ret,
		      struct s2_err *err) S2_MUST_CHECK;
void s2_dw_drop(struct s2_dw *self, Dwarf_Die die);

/* A constant attribute, whatever its form; false when it is not there. Negative ones come in two's
 * complement. */
bool s2_dw_number(struct s2_dw *self, Dwarf_Die die, Dwarf_Half which, uint64_t *ret);

/* Is the attribute there, in whatever form? */
bool s2_dw_has(struct s2_dw *self, Dwarf_Die die, Dwarf_Half which);

/* The offset of the DIE that DW_AT_type names; S2_NO_TYPE: none, that is void. */
uint64_t s2_dw_type(struct s2_dw *self, Dwarf_Die die);

/* In the file's own memory; "" when there is none. */
const char *s2_dw_name(struct s2_dw *self, Dwarf_Die die);

/* DW_TAG_*; 0 when it is broken. */
Dwarf_Half s2_dw_tag(struct s2_dw *self, Dwarf_Die die);

/* Calls @each for the children of @parent, or for every compilation unit, until it returns false.
 * DIEs are good during the call. */
enum s2_code s2_dw_children(struct s2_dw *self, Dwarf_Die parent,
			    bool (*each)(void *arg, Dwarf_Die die), void *arg, struct s2_err *err);
enum s2_code s2_dw_units(struct s2_dw *self, bool (*each)(void *arg, Dwarf_Die unit), void *arg,
			 struct s2_err *err);

#endif
