/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control registers field by field, for people: the rows behind `decode`. */
#ifndef S2_DECODE_EXPLAIN_H
#define S2_DECODE_EXPLAIN_H

#include "decode/arch.h"

struct s2_field {
	const char *name; /* as the Arm ARM prints it */
	uint64_t mask;
	const char *const *values; /* text per value, NULL: a plain number */
	const char *meaning;
};

/* The fields of VTCR_EL2 from bit 0 up, Arm ARM D23.2. Bits in no row are RES0. */
extern const struct s2_field s2_vtcr_fields[];
extern const unsigned int s2_nvtcr_fields;

#endif
