/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a descriptor of either stage says. Inline: it runs for every row, and a stage's attributes
 * are known when it is compiled. */
#ifndef S2_DECODE_ARM64_ENTRY_H
#define S2_DECODE_ARM64_ENTRY_H

#include "decode/arm64/arm64.h"

static inline uint32_t s2_arm64_leaf_odd(const struct s2_geometry *geom, unsigned int height,
					 uint64_t raw, const struct s2_attr *attrs,
					 unsigned int nattrs)
{
	const struct s2_height *row = &geom->height[height];
	uint32_t odd = 0;

	if (raw & s2_arm64_oa_size_bits(geom, row->oa_low) || row->shift > geom->oa_bits)
		odd |= S2_ODD_OA_SIZE;
	if (raw & row->align)
		odd |= S2_ODD_OA_ALIGN;
	if (raw & row->res0)
		odd |= S2_ODD_RES0;
	if (row->leaf_odd)
		odd |= S2_ODD_NEEDS_PA52;
	for (unsigned int i = 0; i < nattrs; i++) {
		const struct s2_attr *attr = &attrs[i];
		const struct s2_attr_value *value;

		if (!attr->values || !s2_attr_applies(attr, geom, S2_IN_LEAF, height))
			continue;
		value = s2_attr_value(attr, s2_attr_get(attr, geom, height, raw));
		if (value)
			odd |= value->odd;
	}
	return odd;
}

/*
 * Table descriptors (Arm ARM D8.3.1): [63:59] are the stage's own matter; [58:51] and [11:2] are
 * ignored but for high address bits; the rest up to bit 50 is RES0.
 */
static inline uint32_t s2_arm64_table_odd(const struct s2_geometry *geom, uint64_t raw)
{
	uint32_t odd = 0;

	if (raw & s2_arm64_oa_size_bits(geom, geom->table_low))
		odd |= S2_ODD_OA_SIZE;
	if (raw & BITS64(50, 12) & ~geom->table_low & ~geom->oa_high)
		odd |= S2_ODD_RES0;
	return odd;
}

/* The decode() of a stage whose attributes are @attrs, but for the oddities that only it has. */
static inline void s2_arm64_decode(const struct s2_geometry *geom, unsigned int height,
				   uint64_t raw, const struct s2_attr *attrs, unsigned int nattrs,
				   struct s2_entry *ret)
{
	*ret = (struct s2_entry){ .raw = raw, .type = s2_arm64_type(geom, height, raw) };
	switch (ret->type) {
	case S2_BLOCK:
	case S2_PAGE:
		ret->oa = s2_leaf_oa(geom, height, raw);
		ret->odd = s2_arm64_leaf_odd(geom, height, raw, attrs, nattrs);
		break;
	case S2_TABLE:
		ret->oa = s2_table_oa(geom, raw);
		ret->odd = s2_arm64_table_odd(geom, raw);
		break;
	case S2_RESERVED_ENTRY:
		ret->odd = S2_ODD_ENCODING;
		break;
	case S2_INVALID_ENTRY:
		break;
	}
}

#endif
