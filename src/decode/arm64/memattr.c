// SPDX-License-Identifier: GPL-2.0-or-later
// arm64 memory attributes, after the Arm ARM's pseudocode functions named at each function.
#include "decode/arm64/memattr.h"

#include "base/bits.h"

/* DecodeLDFAttr: a 4-bit half of a MAIR_ELx attribute. */
static struct s2_cacheattr decode_half(unsigned int half)
{
	struct s2_cacheattr ret = { .hints = half & 3, .transient = !(half & 8) };

	if (half == 4)
		return (struct s2_cacheattr){ .cache = S2_CACHE_NC };
	ret.cache = half & 4 ? S2_CACHE_WB : S2_CACHE_WT;
	return ret;
}

static uint8_t encode_half(struct s2_cacheattr half)
{
	uint8_t hints = half.hints & 3;

	switch (half.cache) {
	case S2_CACHE_WT:
		return (half.transient ? 0 : 8) | hints;
	case S2_CACHE_WB:
		return (half.transient ? 4 : 12) | hints;
	default:
		return 4;
	}
}

/* DecodeShareability; what is reserved is Non-shareable here, a choice that the architecture leaves
 * open. */
static uint8_t decode_sh(unsigned int sh)
{
	return sh == 1 ? S2_SH_NONE : (uint8_t)sh;
}

static bool is_nc(const struct s2_memattr *attr)
{
	return attr->inner.cache == S2_CACHE_NC && attr->outer.cache == S2_CACHE_NC;
}

static bool is_wb(const struct s2_memattr *attr)
{
	return attr->inner.cache == S2_CACHE_WB && attr->outer.cache == S2_CACHE_WB;
}

uint8_t s2_memattr_sh(const struct s2_memattr *attr)
{
	return attr->device || is_nc(attr) ? S2_SH_OUTER : attr->sh;
}

struct s2_memattr s2_memattr_nc(bool xs)
{
	return (struct s2_memattr){ .known = true, .sh = S2_SH_OUTER, .xs = xs };
}

struct s2_memattr s2_memattr_s1(uint8_t attr, unsigned int sh)
{
	struct s2_memattr ret = { .known = true, .sh = decode_sh(sh) };

	if (attr < 0x10) {
		ret.device = true;
		ret.type = attr >> 2;
		ret.xs = !(attr & 1);
		return ret;
	}
	switch (attr) {
	case 0x40: /* FEAT_XS */
		break;
	case 0xa0: /* FEAT_XS */
		ret.inner = ret.outer = (struct s2_cacheattr){ .cache = S2_CACHE_WT, .hints = 2 };
		break;
	case 0xf0: /* FEAT_MTE2 */
		ret.inner = ret.outer = (struct s2_cacheattr){ .cache = S2_CACHE_WB, .hints = 3 };
		ret.tagged = true;
		break;
	default:
		ret.outer = decode_half(attr >> 4);
		ret.inner = decode_half(attr & 15);
		ret.xs = !is_wb(&ret);
		break;
	}
	return ret;
}

/* S2DecodeCacheability; 0 is reserved and taken as Non-cacheable, as KVM does
 * (arch/arm64/kvm/at.c). */
static struct s2_cacheattr decode_s2_half(unsigned int half)
{
	return (struct s2_cacheattr){ .cache = half == 3 ? S2_CACHE_WB :
					       half == 2 ? S2_CACHE_WT :
							   S2_CACHE_NC };
}

struct s2_memattr s2_memattr_s2(unsigned int memattr, unsigned int sh, bool fnxs)
{
	struct s2_memattr ret = { .known = true, .sh = decode_sh(sh), .xs = !fnxs };

	if (memattr < 4) {
		ret.device = true;
		ret.type = (uint8_t)memattr;
		return ret;
	}
	ret.outer = decode_s2_half(memattr >> 2);
	ret.inner = decode_s2_half(memattr & 3);
	return ret;
}

/* S2CombineS1AttrHints: the weaker cacheability, the hints of stage 1. */
static struct s2_cacheattr combine_half(struct s2_cacheattr s1, struct s2_cacheattr s2)
{
	if (s1.cache == S2_CACHE_NC || s2.cache == S2_CACHE_NC)
		return (struct s2_cacheattr){ .cache = S2_CACHE_NC };
	if (s2.cache < s1.cache)
		s1.cache = s2.cache;
	return s1;
}

/* S2CombineS1Shareability. */
static uint8_t combine_sh(uint8_t s1, uint8_t s2)
{
	if (s1 == S2_SH_OUTER || s2 == S2_SH_OUTER)
		return S2_SH_OUTER;
	return s1 == S2_SH_INNER || s2 == S2_SH_INNER ? S2_SH_INNER : S2_SH_NONE;
}

/* S2MemTagType: Tagged only stays on Write-Back, Read and Write Allocate, non-transient memory. */
static bool stays_tagged(const struct s2_memattr *attr, bool s1_tagged)
{
	return s1_tagged && !attr->device && is_wb(attr) && attr->inner.hints == 3 &&
	       attr->outer.hints == 3 && !attr->inner.transient && !attr->outer.transient;
}

struct s2_memattr s2_memattr_combine(const struct s2_memattr *s1, const struct s2_memattr *s2)
{
	struct s2_memattr ret;

	if (s1->device && s2->device) {
		ret = *s1;
		if (s2->type < s1->type)
			ret.type = s2->type;
	} else if (s1->device) {
		ret = *s1;
	} else if (s2->device) {
		ret = *s2;
	} else {
		ret = (struct s2_memattr){ .inner = combine_half(s1->inner, s2->inner),
					   .outer = combine_half(s1->outer, s2->outer) };
	}
	ret.known = s1->known && s2->known;
	ret.tagged = stays_tagged(&ret, s1->tagged);
	ret.xs = !ret.device && is_wb(&ret) ? false : s1->xs && s2->xs;
	ret.sh = combine_sh(s1->sh, s2->sh);
	ret.sh = s2_memattr_sh(&ret);
	return ret;
}

static struct s2_cacheattr force_wb(const struct s2_memattr *s1, struct s2_cacheattr half)
{
	if (s1->device || half.cache == S2_CACHE_NC)
		return (struct s2_cacheattr){ .cache = S2_CACHE_WB, .hints = 3 };
	half.cache = S2_CACHE_WB;
	return half;
}

struct s2_memattr s2_memattr_fwb(const struct s2_memattr *s1, unsigned int memattr, unsigned int sh,
				 bool fnxs)
{
	struct s2_memattr ret = *s1;

	if (!(memattr & 4)) {
		ret.device = true;
		ret.type = (uint8_t)(memattr & 3);
		if (s1->device && s1->type < ret.type)
			ret.type = s1->type;
	} else if ((memattr & 3) == 2) {
		ret.device = false;
		ret.inner = force_wb(s1, s1->inner);
		ret.outer = force_wb(s1, s1->outer);
		ret.xs = false;
	} else if ((memattr & 3) != 3 && !s1->device) {
		ret.inner = ret.outer = (struct s2_cacheattr){ .cache = S2_CACHE_NC };
	}
	ret.tagged = stays_tagged(&ret, s1->tagged);
	ret.notag = ret.tagged && field_get(BITS64(3, 1), memattr) == 7;
	if (fnxs)
		ret.xs = false;
	ret.sh = combine_sh(s1->sh, decode_sh(sh));
	ret.sh = s2_memattr_sh(&ret);
	return ret;
}

uint8_t s2_memattr_par(const struct s2_memattr *attr, bool xs)
{
	if (attr->tagged)
		return attr->notag ? 0xe0 : 0xf0;
	if (attr->device)
		return (uint8_t)(attr->type << 2 | (xs && !attr->xs));
	if (xs && !attr->xs && is_nc(attr))
		return 0x40;
	if (xs && !attr->xs && attr->inner.cache == S2_CACHE_WT &&
	    attr->outer.cache == S2_CACHE_WT && attr->outer.hints == 2 && attr->inner.hints == 2 &&
	    !attr->outer.transient && !attr->inner.transient)
		return 0xa0;
	return (uint8_t)(encode_half(attr->outer) << 4 | encode_half(attr->inner));
}

/* MAIR_ELx.Attr<n>, Arm ARM D23.2. */
enum s2_mair s2_mair_class(uint8_t attr)
{
	/* Cacheability of a 4-bit half: 0 Non-cacheable, 1 Write-Through, 2 Write-Back, transient
	 * or not. */
	static const uint8_t cache[16] = { 0, 1, 1, 1, 0, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2 };
	unsigned int outer = (unsigned int)field_get(BITS64(7, 4), attr);
	unsigned int inner = (unsigned int)field_get(BITS64(3, 0), attr);

	if (outer == 0 && inner & 2)
		return S2_MAIR_RESERVED;
	if (outer == 0)
		return (inner & 1 ? S2_MAIR_DEVICE_NXS : S2_MAIR_DEVICE) + (inner >> 2);
	if (inner)
		return S2_MAIR_NORMAL + cache[outer] * 3U + cache[inner];
	switch (outer) {
	case 4:
		return S2_MAIR_NC_NXS;
	case 10:
		return S2_MAIR_WT_NXS;
	case 15:
		return S2_MAIR_TAGGED;
	default:
		return S2_MAIR_RESERVED;
	}
}
