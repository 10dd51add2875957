// SPDX-License-Identifier: GPL-2.0-or-later
// The point look-up; no walker, no buffers: a descriptor per level.
#include "decode/lookup.h"

/* Where the entry puts the address that is @skip bytes into it. */
static void translate(const struct s2_geometry *geom, uint64_t skip, struct s2_found *ret)
{
	ret->left = s2_entry_size(geom, ret->height) - skip;
	ret->leaf = geom->arch->is_leaf(geom, ret->height, ret->raw);
	if (!ret->leaf)
		return;
	ret->pa = s2_leaf_oa(geom, ret->height, ret->raw) + skip;
	ret->mapped = s2_within_oa(geom, ret->pa, ret->left);
}

enum s2_code s2_lookup(const struct s2_mem *mem, const struct s2_geometry *geom, uint64_t root_pa,
		       uint64_t ia, struct s2_found *ret)
{
	uint64_t offset = ia - geom->ia_base, index, raw;

	*ret = (struct s2_found){ .table_pa = root_pa, .height = geom->top, .path = S2_PATH_ALL };
	if (offset > low_bits(geom->ia_bits)) {
		*ret = (struct s2_found){ 0 };
		return S2_NOTFOUND;
	}
	index = offset >> geom->height[geom->top].shift;
	/* Concatenated tables of the start level: the page is the one that holds the entry. */
	ret->table_pa += (index * sizeof(raw)) & ~(BIT64(geom->page_log2) - 1);
	for (;;) {
		unsigned int shift = geom->height[ret->height].shift;
		enum s2_code code;

		index = (offset >> shift) & (BIT64(geom->page_log2 - 3) - 1);
		ret->desc_pa = ret->table_pa + index * sizeof(raw);
		code = s2_mem_read(mem, ret->desc_pa, &raw, sizeof(raw), NULL);
		if (code)
			return code;
		if (!ret->height || !geom->arch->is_table(geom, ret->height, raw)) {
			ret->raw = raw;
			translate(geom, offset & low_bits(shift), ret);
			return S2_OK;
		}
		if (!s2_within_oa(geom, s2_table_oa(geom, raw), 1))
			return S2_INVALID;
		ret->table_pa = s2_table_oa(geom, raw);
		ret->path = s2_below(geom, ret->height, raw, ret->path);
		ret->height--;
	}
}
