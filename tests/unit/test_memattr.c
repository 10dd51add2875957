// SPDX-License-Identifier: GPL-2.0-or-later
// Memory attributes: every MAIR_ELx byte joined with every stage-2 MemAttr, against a model that
// works on the bytes as the manual prints them (Arm ARM D8.6, MAIR_ELx and PAR_EL1.ATTR in D23.2,
// D24.2).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decode/arm64/memattr.h"

/* Cacheability of half a byte: 0 Non-cacheable, 1 Write-Through, 2 Write-Back. Bits [1:0] are the
 * allocation hints, bit 3 clear: transient. */
static int kind(unsigned int half)
{
	if (half == 4)
		return 0;
	return half < 4 || (half >= 8 && half < 12) ? 1 : 2;
}

static unsigned int half_of(int cache, unsigned int hints, bool transient)
{
	return (cache == 2 ? 4 : 0) | (transient ? 0 : 8) | hints;
}

/* What is neither Device nor two cacheable halves, nor one of the bytes that have a meaning of
 * their own, is reserved. */
static bool reserved(unsigned int mair)
{
	if (mair == 0x40 || mair == 0xa0 || mair == 0xf0)
		return false;
	return mair >> 4 == 0 ? mair & 2 : !(mair & 15);
}

/* The attributes as an outer and an inner half, or a Device type; whether they are Tagged, and have
 * XS. */
struct model {
	bool device, tagged, xs;
	unsigned int type, outer, inner;
};

static bool all(const struct model *m, unsigned int outer, unsigned int inner)
{
	return !m->device && m->outer == outer && m->inner == inner;
}

static bool write_back(const struct model *m)
{
	return !m->device && kind(m->outer) == 2 && kind(m->inner) == 2;
}

static struct model of_mair(unsigned int mair)
{
	struct model ret = { .outer = mair >> 4, .inner = mair & 15, .xs = true };

	if (mair < 16)
		return (struct model){ .device = true, .type = mair >> 2, .xs = !(mair & 1) };
	switch (mair) {
	case 0x40: /* FEAT_XS: Non-cacheable, Write-Through Read-Allocate without XS */
		ret.inner = 4;
		ret.xs = false;
		break;
	case 0xa0:
		ret.inner = 10;
		ret.xs = false;
		break;
	case 0xf0: /* FEAT_MTE2 */
		ret.inner = 15;
		ret.tagged = true;
		ret.xs = false;
		break;
	default:
		ret.xs = !write_back(&ret);
	}
	return ret;
}

/* S2CombineS1AttrHints: the weaker of both, with the hints of stage 1. @s2: 1 Non-cacheable, 2
 * Write-Through, 3 Write-Back. */
static unsigned int join(unsigned int half, unsigned int s2)
{
	int cache = kind(half);

	if (!cache || s2 < 2)
		return 4;
	return half_of(s2 == 2 ? 1 : cache, half & 3, half < 8);
}

static struct model joined(struct model s1, unsigned int memattr, bool fnxs)
{
	struct model ret = s1;

	if (memattr < 4) {
		ret.device = true;
		ret.type = s1.device && s1.type < memattr ? s1.type : memattr;
	} else if (!s1.device) {
		ret.outer = join(s1.outer, memattr >> 2);
		ret.inner = join(s1.inner, memattr & 3);
	}
	ret.xs = !write_back(&ret) && s1.xs && !fnxs;
	ret.tagged = s1.tagged && all(&ret, 15, 15);
	return ret;
}

/* S2ApplyFWBMemAttrs. */
static struct model forced(struct model s1, unsigned int memattr, bool fnxs)
{
	struct model ret = s1;

	if (memattr < 4) {
		ret.device = true;
		ret.type = s1.device && s1.type < memattr ? s1.type : memattr;
	} else if (memattr == 6) {
		ret.device = false;
		ret.outer = s1.device || !kind(s1.outer) ? 15 :
							   half_of(2, s1.outer & 3, s1.outer < 8);
		ret.inner = s1.device || !kind(s1.inner) ? 15 :
							   half_of(2, s1.inner & 3, s1.inner < 8);
	} else if (memattr == 5 && !s1.device) {
		ret.outer = ret.inner = 4;
	}
	ret.xs = !write_back(&ret) && s1.xs && !fnxs;
	ret.tagged = s1.tagged && all(&ret, 15, 15);
	return ret;
}

static unsigned int par(const struct model *m, bool xs)
{
	bool without = xs && !m->xs;

	if (m->tagged)
		return 0xf0;
	if (m->device)
		return m->type << 2 | without;
	if (without && all(m, 4, 4))
		return 0x40;
	if (without && all(m, 10, 10))
		return 0xa0;
	return m->outer << 4 | m->inner;
}

static void expect(const struct model *want, const struct s2_memattr *got, unsigned int mair,
		   unsigned int memattr, bool fwb)
{
	for (int xs = 0; xs < 2; xs++)
		if (s2_memattr_par(got, xs) != par(want, xs))
			fail_msg("MAIR 0x%x MemAttr 0x%x FWB %d XS %d: 0x%x, not 0x%x", mair,
				 memattr, fwb, xs, s2_memattr_par(got, xs), par(want, xs));
	assert_true(got->known);
}

static void every_byte(void **state)
{
	(void)state;
	for (unsigned int mair = 0; mair < 256; mair++) {
		struct model s1 = of_mair(mair);
		struct s2_memattr mine = s2_memattr_s1((uint8_t)mair, 3);

		if (reserved(mair))
			continue;
		expect(&s1, &mine, mair, ~0U, false);
		for (unsigned int memattr = 0; memattr < 16; memattr++)
			for (int fnxs = 0; fnxs < 2; fnxs++) {
				struct s2_memattr two = s2_memattr_s2(memattr, 3, fnxs), both;
				struct model want = joined(s1, memattr, fnxs);

				both = s2_memattr_combine(&mine, &two);
				expect(&want, &both, mair, memattr, false);
				if (memattr >= 8 || memattr == 4)
					continue;
				want = forced(s1, memattr, fnxs);
				both = s2_memattr_fwb(&mine, memattr, 3, fnxs);
				expect(&want, &both, mair, memattr, true);
			}
	}
}

/* S2CombineS1Shareability, and what is always Outer Shareable: Device and Non-cacheable memory. */
static void every_shareability(void **state)
{
	static const uint8_t joined_sh[4][4] = {
		{ 0, 0, 2, 3 }, { 0, 0, 2, 3 }, { 2, 2, 2, 2 }, { 3, 3, 2, 3 }
	};
	static const uint8_t wb = 0xff, nc = 0x44, mixed = 0x4f, device = 0x04;

	(void)state;
	for (unsigned int one = 0; one < 4; one++)
		for (unsigned int two = 0; two < 4; two++) {
			struct s2_memattr s2 = s2_memattr_s2(15, two, false), s1, both;

			s1 = s2_memattr_s1(wb, one);
			both = s2_memattr_combine(&s1, &s2);
			assert_int_equal(both.sh, joined_sh[one][two]);
			both = s2_memattr_fwb(&s1, 7, two, false);
			assert_int_equal(both.sh, joined_sh[one][two]);
			s1 = s2_memattr_s1(mixed, one);
			both = s2_memattr_combine(&s1, &s2);
			assert_int_equal(both.sh, joined_sh[one][two]);
			s1 = s2_memattr_s1(nc, one);
			assert_int_equal(s2_memattr_sh(&s1), 2);
			both = s2_memattr_combine(&s1, &s2);
			assert_int_equal(both.sh, 2);
			s1 = s2_memattr_s1(device, one);
			assert_int_equal(s2_memattr_sh(&s1), 2);
			both = s2_memattr_fwb(&s1, 7, two, false);
			assert_int_equal(both.sh, 2);
		}
}

/* What is not known at one stage is not known of both. */
static void unknown_stays_unknown(void **state)
{
	struct s2_memattr s1 = s2_memattr_s1(0xff, 3), s2 = s2_memattr_s2(15, 3, false), both;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		s1.known = i & 1;
		s2.known = i & 2;
		both = s2_memattr_combine(&s1, &s2);
		assert_int_equal(both.known, i == 3);
	}
}

/* The class of a byte: as it decodes, without hints and transience. */
static void every_class(void **state)
{
	(void)state;
	for (unsigned int mair = 0; mair < 256; mair++) {
		struct model m = of_mair(mair);
		unsigned int want = S2_MAIR_RESERVED;

		if (mair == 0x40)
			want = S2_MAIR_NC_NXS;
		else if (mair == 0xa0)
			want = S2_MAIR_WT_NXS;
		else if (mair == 0xf0)
			want = S2_MAIR_TAGGED;
		else if (!reserved(mair) && m.device)
			want = (m.xs ? S2_MAIR_DEVICE : S2_MAIR_DEVICE_NXS) + m.type;
		else if (!reserved(mair))
			want = S2_MAIR_NORMAL + 3U * (unsigned int)kind(m.outer) +
			       (unsigned int)kind(m.inner);
		if (s2_mair_class((uint8_t)mair) != want)
			fail_msg("MAIR 0x%x: %d, not %u", mair, (int)s2_mair_class((uint8_t)mair),
				 want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte),
		cmocka_unit_test(every_shareability),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(every_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
