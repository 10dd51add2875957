// SPDX-License-Identifier: GPL-2.0-or-later
// An architecture that nobody built: levels from 0 up, shifted addresses, empty entries that are
// not 0.
#include "decode/soft.h"

enum { V = 1, R = 2, W = 4, X = 8, T = 16 /* valid: leads to a table */ };
#define ADDRESS BITS64(53, 10) /* shifted left by 2 */

static enum s2_code shape(const struct s2_regime *regime, struct s2_geometry *ret,
			  struct s2_err *err)
{
	unsigned int levels = (unsigned int)regime->value[0];
	struct s2_geometry geom = { regime->arch,         .page_log2 = 12,   .oa_bits = 56,
				    .heights = 4,         .start_tables = 1, .start_size = 4096,
				    .table_low = ADDRESS, .oa_shift = 2 };

	if (levels < 2 || levels > 4)
		return s2_fail(err, S2_INVALID, "TOYCR is %u, levels are 2 to 4", levels);
	geom.ia_bits = (uint8_t)(12 + 9 * levels);
	geom.top = (uint8_t)(levels - 1);
	for (unsigned int h = 0; h < 4; h++)
		geom.height[h] = (struct s2_height){ (uint8_t)(12 + 9 * h), .leaf = true,
						     .oa_low = BITS64(53, 10 + 9 * h) };
	*ret = geom;
	return S2_OK;
}

static bool is_table(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return (void)geom, height && (raw & V) && (raw & T);
}

static bool is_leaf(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return (void)geom, (void)height, (raw & V) && !(raw & T);
}

static void decode(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		   struct s2_entry *ret)
{
	*ret = (struct s2_entry){ raw, 0, 0, S2_INVALID_ENTRY };
	if (is_table(geom, height, raw))
		*ret = (struct s2_entry){ raw, s2_table_oa(geom, raw), 0, S2_TABLE };
	else if (is_leaf(geom, height, raw))
		*ret = (struct s2_entry){ raw, s2_leaf_oa(geom, height, raw), 0,
					  height ? S2_BLOCK : S2_PAGE };
	else if (raw & V)
		*ret = (struct s2_entry){ raw, 0, S2_ODD_ENCODING, S2_RESERVED_ENTRY };
}

static struct s2_rights rights(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
			       const struct s2_path *path)
{
	(void)geom, (void)height, (void)path;
	return (struct s2_rights){ true, raw & R, raw & W, raw & X, raw & R, raw & W, raw & X };
}

/* Not valid, and W, in place of a page: a doorbell, the address says whose. */
static void classify(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		     struct s2_meaning *ret)
{
	if (!height && (raw & W))
		*ret = (struct s2_meaning){ s2_table_oa(geom, raw), .type = S2_SOFT_MMIO,
					    .placed = true };
}

static void assume(const struct s2_regime *regime, struct s2_soft *ret)
{
	(void)regime;
	ret->empty = BIT64(63);
}

// clang-format off
const struct s2_soft_ops s2_toy_soft = {
	"toyos", "toy", .address = "bell", .assume = assume, .classify = classify };
static const struct s2_claim toycr = {
	"toycr", .use = S2_CLAIM_SHAPE, .option = "toycr", .arg = "LEVELS", .help = "levels (toy)" };
const struct s2_arch s2_toy = {
	"toy", "toy", "GPA", S2_STAGE_2, .claims = &toycr, .nclaims = 1, .level_step = 1, .shape = shape,
	.is_table = is_table, .is_leaf = is_leaf, .decode = decode, .rights = rights };
