// SPDX-License-Identifier: GPL-2.0-or-later
// Guest memory through stage 2, a piece per leaf; nothing is remembered between reads.
#include "decode/guestmem.h"

enum s2_code s2_lookup(const struct s2_mem *mem, const struct s2_geometry *geom, uint64_t root_pa,
		       uint64_t ia, struct s2_entry *ret_entry, unsigned int *ret_height)
{
	uint64_t offset = ia - geom->ia_base, table = root_pa;
	unsigned int height = geom->top;

	if (offset > low_bits(geom->ia_bits))
		return S2_ABSENT;
	for (;; height--) {
		uint64_t index = offset >> geom->height[height].shift, raw;
		enum s2_code code;

		if (height != geom->top)
			index &= BIT64(geom->page_log2 - 3) - 1;
		code = s2_mem_read(mem, table + index * sizeof(raw), &raw, sizeof(raw), NULL);
		if (code)
			return code;
		if (!height || !geom->arch->is_table(geom, height, raw)) {
			geom->arch->decode(geom, height, raw, ret_entry);
			*ret_height = height;
			return S2_OK;
		}
		table = s2_table_oa(geom, raw);
	}
}

static enum s2_code guest_read(const struct s2_mem *mem, uint64_t ipa, void *buf, size_t len,
			       struct s2_err *err)
{
	const struct s2_guestmem *g = (const struct s2_guestmem *)(const void *)mem;
	char *out = buf;

	while (len) {
		struct s2_entry entry;
		unsigned int height;
		uint64_t size, skip, n;
		enum s2_code code = s2_lookup(g->host, g->geom, g->root_pa, ipa, &entry, &height);

		if (code)
			return s2_fail(err, code, "stage-2 table for IPA 0x%llx",
				       (unsigned long long)ipa);
		size = s2_entry_size(g->geom, height);
		skip = ipa & (size - 1);
		n = s2_is_leaf(entry.type) ? s2_within_oa(g->geom, entry.oa + skip, size - skip) :
					     0;
		if (!n)
			return s2_fail(err, S2_ABSENT, "stage 2 does not map IPA 0x%llx",
				       (unsigned long long)ipa);
		if (n > len)
			n = len;
		code = s2_mem_read(g->host, entry.oa + skip, out, (size_t)n, err);
		if (code)
			return code;
		out += n;
		ipa += n;
		len -= (size_t)n;
	}
	return S2_OK;
}

static enum s2_code guest_next(const struct s2_mem *mem, uint64_t ipa, struct s2_extent *ret)
{
	const struct s2_guestmem *g = (const struct s2_guestmem *)(const void *)mem;

	if (ipa > low_bits(g->geom->ia_bits))
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ .pa = 0, .size = low_bits(g->geom->ia_bits) + 1 };
	return S2_OK;
}

static const struct s2_mem_ops guest_ops = { .read = guest_read, .next = guest_next };

void s2_guestmem_init(struct s2_guestmem *ret, const struct s2_mem *host,
		      const struct s2_geometry *geom, uint64_t root_pa)
{
	*ret = (struct s2_guestmem){ .mem = { .ops = &guest_ops, .bytes = host->bytes },
				     .host = host,
				     .geom = geom,
				     .root_pa = root_pa };
}
