// SPDX-License-Identifier: GPL-2.0-or-later
// x86-64 paging with 4 or 5 levels, as far as finding and describing what it maps goes (Intel SDM
// 3A, 4.5; AMD APM 2, 5.3).
#include "decode/x86/paging.h"

#define PRESENT BIT64(0)
#define PAGE_SIZE_BIT BIT64(7) /* PS: of entries of 1G and 2M a leaf, above reserved */
#define ADDRESS BITS64(51, 12)
#define PAT_OF_BLOCK BIT64(12)

#define PAGE_LOG2 12U
#define LEVEL_LOG2 9U

static const struct s2_claim claims[] = {
	[S2_PAGING_LEVELS] = { .name = "levels", .kind = S2_CLAIM_BITS, .min = 4, .max = 5 },
	[S2_PAGING_UPPER] = { .name = "upper", .kind = S2_CLAIM_SWITCH },
	[S2_PAGING_SME_MASK] = { .name = "sme_mask", .kind = S2_CLAIM_REGISTER },
};

static enum s2_code shape(const struct s2_regime *regime, struct s2_geometry *ret,
			  struct s2_err *err)
{
	uint64_t levels = regime->value[S2_PAGING_LEVELS];
	uint64_t encryption = regime->value[S2_PAGING_SME_MASK];
	struct s2_geometry geom = {
		.arch = regime->arch,
		.page_log2 = PAGE_LOG2,
		.oa_bits = 52,
		.heights = 5,
		.start_tables = 1,
		.start_size = 2048,
		.table_low = ADDRESS & ~encryption,
	};

	if (levels != 4 && levels != 5)
		return s2_fail(err, S2_INVALID, "%llu levels of paging are neither 4 nor 5",
			       (unsigned long long)levels);
	if (encryption & ~ADDRESS)
		return s2_fail(err, S2_INVALID, "the encryption mask 0x%llx is not of an address",
			       (unsigned long long)encryption);
	geom.top = (uint8_t)(levels - 1);
	geom.ia_bits = (uint8_t)(PAGE_LOG2 + levels * LEVEL_LOG2 - 1);
	if (s2_regime_has(regime, S2_PAGING_UPPER))
		geom.ia_base = ~low_bits(geom.ia_bits);
	for (unsigned int h = 0; h < S2_MAX_HEIGHTS; h++) {
		struct s2_height *row = &geom.height[h];

		row->shift = (uint8_t)(PAGE_LOG2 + h * LEVEL_LOG2);
		row->leaf = h <= 2;
		if (!row->leaf)
			continue;
		row->oa_low = BITS64(51, row->shift) & ~encryption;
		row->align = h ? BITS64(row->shift - 1, PAGE_LOG2) & ~PAT_OF_BLOCK : 0;
	}
	*ret = geom;
	return S2_OK;
}

static enum s2_code check_root(const struct s2_geometry *geom, uint64_t root, struct s2_err *err)
{
	if (!is_aligned(root, geom->start_size) || root >> geom->oa_bits)
		return s2_fail(err, S2_INVALID, "root 0x%llx is not half a page of 52 bits",
			       (unsigned long long)root);
	return S2_OK;
}

static enum s2_type type_of(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	if (!(raw & PRESENT))
		return S2_INVALID_ENTRY;
	if (!height)
		return S2_PAGE;
	if (!(raw & PAGE_SIZE_BIT))
		return S2_TABLE;
	return geom->height[height].leaf ? S2_BLOCK : S2_RESERVED_ENTRY;
}

static bool is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return type_of(geom, height, raw) == S2_TABLE;
}

static bool is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return s2_is_leaf(type_of(geom, height, raw));
}

static void decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		   struct s2_entry *ret)
{
	*ret = (struct s2_entry){ .raw = raw, .type = type_of(geom, height, raw) };
	switch (ret->type) {
	case S2_BLOCK:
	case S2_PAGE:
		ret->oa = s2_leaf_oa(geom, height, raw);
		if (raw & geom->height[height].align)
			ret->odd = S2_ODD_OA_ALIGN;
		break;
	case S2_TABLE:
		ret->oa = s2_table_oa(geom, raw);
		break;
	case S2_RESERVED_ENTRY:
		ret->odd = S2_ODD_ENCODING;
		break;
	case S2_INVALID_ENTRY:
		break;
	}
}

const struct s2_arch s2_x86_paging = {
	.name = "x86",
	.format = "paging",
	.ia_name = "VA",
	.stage = S2_STAGE_1,
	.claims = claims,
	.nclaims = ARRAY_SIZE(claims),
	.shape = shape,
	.check_root = check_root,
	.is_table = is_table,
	.decode = decode,
	.is_leaf = is_leaf,
	.level_base = 1,
	.level_step = 1,
};
