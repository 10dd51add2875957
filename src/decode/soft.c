// SPDX-License-Identifier: GPL-2.0-or-later
// Asking the software of a regime what it means.
#include "decode/soft.h"

bool s2_says_something(const struct s2_geometry *geom, uint64_t raw)
{
	return raw && raw != geom->soft.empty;
}

const char *s2_soft_type_name(enum s2_soft_type type)
{
	switch (type) {
	case S2_SOFT_MMIO:
		return "mmio";
	case S2_SOFT_TRACKED:
		return "tracked";
	case S2_SOFT_FROZEN:
		return "frozen";
	case S2_SOFT_NOTHING:
		break;
	}
	return NULL;
}

void s2_soft_wrote(struct s2_regime *regime, const struct s2_soft_ops *ops)
{
	regime->soft = (struct s2_soft){ .ops = ops };
	ops->assume(regime, &regime->soft);
	regime->soft.assumed = true;
}

void s2_soft_classify(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		      enum s2_type type, struct s2_meaning *ret)
{
	*ret = (struct s2_meaning){ .type = S2_SOFT_NOTHING };
	if (geom->soft.ops && (type == S2_INVALID_ENTRY || type == S2_RESERVED_ENTRY) &&
	    s2_says_something(geom, raw))
		geom->soft.ops->classify(geom, height, raw, ret);
}
