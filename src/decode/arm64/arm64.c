// SPDX-License-Identifier: GPL-2.0-or-later
// What VMSAv8-64 descriptors of both stages have in common: types and address bits (Arm ARM D8.3).
#include "decode/arm64/arm64.h"

bool s2_arm64_is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	(void)geom;
	return height > 0 && (raw & 3) == 3;
}

const struct s2_feature s2_arm64_features[S2_ARM64_NFEATURES] = {
	{ .name = "fwb", .yes = S2_G_FWB, .no = S2_G_NOFWB, .text = "FWB", .no_text = "no FWB" },
	{ .name = "lpa2", .yes = S2_G_LPA2, .text = "LPA2" },
};

enum s2_code s2_arm64_check_root(const struct s2_geometry *geom, uint64_t root, struct s2_err *err)
{
	/* The start level is aligned to its size (Arm ARM, VTTBR_EL2.BADDR), to 64 bytes in the
	 * 52-bit form. */
	uint64_t align = geom->oa_bits == 52 && geom->start_size < 64 ? 64 : geom->start_size;

	if (!is_aligned(root, align))
		return s2_fail(err, S2_INVALID,
			       "root 0x%llx is not aligned to the %llu bytes of the start level",
			       (unsigned long long)root, (unsigned long long)align);
	if (root >> 52)
		return s2_fail(err, S2_INVALID, "root 0x%llx is beyond 52 bits",
			       (unsigned long long)root);
	return S2_OK;
}

uint8_t s2_arm64_heights(unsigned int page_log2)
{
	switch (page_log2) {
	case 12:
		return 5;
	case 14:
		return 4;
	default:
		return 3;
	}
}

enum s2_type s2_arm64_type(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	switch (raw & 3) {
	case 3:
		return height > 0 ? S2_TABLE : S2_PAGE;
	case 1:
		return height > 0 && geom->height[height].leaf ? S2_BLOCK : S2_RESERVED_ENTRY;
	default:
		return S2_INVALID_ENTRY;
	}
}

bool s2_arm64_is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return s2_is_leaf(s2_arm64_type(geom, height, raw));
}

uint64_t s2_arm64_oa_size_bits(const struct s2_geometry *geom, uint64_t in_place)
{
	uint64_t beyond = geom->oa_bits < 52 ? BITS64(51, geom->oa_bits) : 0;

	return (in_place & beyond) | (geom->oa_high & beyond >> geom->oa_high_shift);
}

uint64_t s2_arm64_key_mask(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	const struct s2_height *row = &geom->height[height];

	if (!s2_arm64_is_leaf(geom, height, raw))
		return ~UINT64_C(0);
	return ~(row->oa_low | geom->oa_high) | s2_arm64_oa_size_bits(geom, row->oa_low);
}
