// SPDX-License-Identifier: GPL-2.0-or-later
// Guest memory through stage 2, a piece per leaf; nothing is remembered between reads.
#include "decode/guestmem.h"

#include "decode/lookup.h"

static enum s2_code guest_read(const struct s2_mem *mem, uint64_t ipa, void *buf, size_t len,
			       struct s2_err *err)
{
	const struct s2_guestmem *g = (const struct s2_guestmem *)(const void *)mem;
	char *out = buf;

	while (len) {
		struct s2_found found;
		enum s2_code code = s2_lookup(g->host, g->geom, g->root_pa, ipa, &found);
		uint64_t n = found.mapped;

		/* Beyond the input space nothing is mapped either. */
		if (code && code != S2_NOTFOUND)
			return s2_fail(err, code, "stage-2 table for IPA 0x%llx",
				       (unsigned long long)ipa);
		if (!n)
			return s2_fail(err, S2_ABSENT, "stage 2 does not map IPA 0x%llx",
				       (unsigned long long)ipa);
		if (n > len)
			n = len;
		code = s2_mem_read(g->host, found.pa, out, (size_t)n, err);
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
	*ret = (struct s2_guestmem){ .mem = { .ops = &guest_ops,
					      .bytes = host->bytes,
					      .backed = host->backed,
					      .meter = host->meter },
				     .host = host,
				     .geom = geom,
				     .root_pa = root_pa };
}
