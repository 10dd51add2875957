/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw images of table pages whose addresses stand in a file of their own. */
#ifndef S2_OPEN_PAGES_H
#define S2_OPEN_PAGES_H

#include "decode/arch.h"
#include "source/source.h"

/*
 * Lays out @source, a raw image: the start level of @geom at @root first, in whole pages, then one
 * page for each address in the file @pages (one per line; blank lines and what follows a '#' are
 * skipped). This is the form of the posted snapshot interface (PGD pages, then pages in used
 * order). S2_INVALID when the two files do not fit each other, or two pages overlap.
 */
enum s2_code s2_pages_place(struct s2_source *source, const struct s2_opened *pages,
			    const struct s2_geometry *geom, uint64_t root,
			    struct s2_err *err) S2_MUST_CHECK;

#endif
