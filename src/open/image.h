/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of an image that says nothing of itself: where it lies, where its start level is. */
#ifndef S2_OPEN_IMAGE_H
#define S2_OPEN_IMAGE_H

#include "host/tables.h"
#include "open/request.h"

/* Where an image was in memory, if that was to be found out. */
struct s2_inferred_image {
	bool done;
	uint64_t base;
	uint64_t pages, unreached; /* of the image, and those that no table reaches */
	bool thin;                 /* the damage of one descriptor would make another fit */
};

/* Raw bytes, not a container? */
bool s2_is_raw(const struct s2_source *source);

/* Adds the table that @request describes, and lays out an image for it. */
enum s2_code s2_image_table(const struct s2_request *request, const struct s2_files *files,
			    struct s2_source *source, struct s2_tables *tables,
			    struct s2_inferred_image *inferred, struct s2_refusal *refusal,
			    struct s2_err *err) S2_MUST_CHECK;

#endif
