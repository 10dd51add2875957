// SPDX-License-Identifier: GPL-2.0-or-later
// What VMSAv8-64 descriptors of both stages have in common: types and address bits (Arm ARM D8.3).
#include "decode/arm64/arm64.h"

bool s2_arm64_is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	(void)geom;
	return height > 0 && (raw & 3) == 3;
}

/* In the order in which they are printed. */
const struct s2_odd_row s2_arm64_geom_odds[S2_ARM64_NGEOM_ODDS] = {
	{ S2_GODD_RES1, "res1-clear", "VTCR_EL2[31] is RES1 but 0" },
	{ S2_GODD_RES0, "res0-set", "RES0 bits of the control register are set" },
	{ S2_GODD_PS_CAPPED, "ps-capped",
	  "PS says 52 bits, but this granule gives 48 without DS=1" },
	{ S2_GODD_TTST, "needs-ttst", "only hardware with FEAT_TTST accepts this" },
	{ S2_GODD_IA_OVER_OA, "ia-over-oa", "the input size is larger than the output size" },
	{ S2_GODD_HD_NO_HA, "hd-without-ha", "HD is set without HA: it has no effect" },
	{ S2_GODD_SL_PA, "start-level-pa",
	  "hardware with this PA size does not accept this start level" },
};

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
	/* An Address size fault for every access (AArch64.S1Walk, AArch64.S2Walk). */
	if (root >> geom->oa_bits)
		return s2_fail(err, S2_INVALID,
			       "root 0x%llx is beyond the %u bits of the output address size: every "
			       "access faults",
			       (unsigned long long)root, geom->oa_bits);
	return S2_OK;
}

uint8_t s2_arm64_heights(unsigned int page_log2, bool lpa2)
{
	switch (page_log2) {
	case 12:
		return lpa2 ? 5 : 4;
	case 14:
		return 4;
	default:
		return 3;
	}
}

unsigned int s2_arm64_ps_bits(unsigned int ps)
{
	static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 0 };

	return bits[ps];
}

enum s2_code s2_arm64_page_log2(uint64_t granule, unsigned int *ret, struct s2_err *err)
{
	switch (granule) {
	case 4096:
		*ret = 12;
		return S2_OK;
	case 16384:
		*ret = 14;
		return S2_OK;
	case 65536:
		*ret = 16;
		return S2_OK;
	default:
		return s2_fail(err, S2_INVALID, "granule %llu is none of 4K, 16K, 64K",
			       (unsigned long long)granule);
	}
}

/* Entries of a contiguous group, log2 (Arm ARM pseudocode ContiguousSize); 0: none, the bit is
 * RES0. */
static uint8_t contiguous_log2(unsigned int page_log2, unsigned int height)
{
	switch (page_log2) {
	case 12:
		return height <= 2 ? 4 : 0;
	case 14:
		return height == 0 ? 7 : height == 1 ? 5 : 0;
	default:
		return height <= 1 ? 5 : 0;
	}
}

/* Bits per height: what is output address, what must be zero (Arm ARM D8.3.1, figures of the
 * descriptor formats). */
void s2_arm64_shape_levels(struct s2_geometry *geom, bool lpa2, uint64_t res0)
{
	unsigned int page_log2 = geom->page_log2, oa_top = lpa2 ? 49 : 47;

	if (lpa2) {
		geom->flags |= S2_G_LPA2;
		geom->oa_high = BITS64(9, 8);
		geom->oa_high_shift = 50 - 8;
	} else if (page_log2 == 16) {
		geom->flags |= S2_G_LPA;
		geom->oa_high = BITS64(15, 12);
		geom->oa_high_shift = 48 - 12;
	}
	for (unsigned int h = 0; h < S2_MAX_HEIGHTS; h++) {
		struct s2_height *row = &geom->height[h];
		unsigned int shift = page_log2 + h * (page_log2 - 3);

		*row = (struct s2_height){ .shift = (uint8_t)(shift < 64 ? shift : 63) };
		if (shift > oa_top)
			continue;
		/* AArch64.BlockDescSupported. */
		row->leaf = h <= 1 || (h == 2 && (page_log2 == 12 || lpa2 || page_log2 == 16)) ||
			    (h == 3 && page_log2 == 12 && lpa2);
		/* A 4 TiB block needs FEAT_LPA; PS below 52 bits does not prove that the hardware
		 * has it. */
		row->leaf_odd = h == 2 && page_log2 == 16 && geom->oa_bits < 52;
		row->cont_log2 = contiguous_log2(page_log2, h);
		row->oa_low = BITS64(oa_top, shift);
		row->res0 = res0;
		row->align = shift > 12 ? BITS64(shift - 1, 12) & ~geom->oa_high : 0;
		if (h > 0)
			row->align &= ~BIT64(16); /* nT */
	}
	geom->table_low = BITS64(oa_top, page_log2);
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
