// SPDX-License-Identifier: GPL-2.0-or-later
// Walks random memory as EPT or NPT, with and without KVM's meaning of it: ranges must cover the
// input space in order, without gap or overlap.
#include <stdlib.h>
#include <string.h>

#include "decode/x86/x86.h"
#include "host/kvm/x86/soft.h"
#include "walk_invariants.h"

/* What the first bytes of the input choose. */
struct choice {
	uint64_t root;
	uint64_t range_first, range_last;
	uint64_t claims; /* of the yes-or-no ones, a bit each */
	uint8_t how, flags, hole_code, maxphyaddr;
	uint8_t soft, pat, pad[2];
	uint64_t hole, hole_size;
	uint64_t param[3];
};

#define BASE 0x40000000ULL

static const unsigned int yes_no[] = {
	S2_X86_AD, S2_X86_EXEC_ONLY, S2_X86_PAGES_1G,     S2_X86_NX,     S2_X86_MBEC,
	S2_X86_VE, S2_X86_SPP,       S2_X86_PAGING_WRITE, S2_X86_VERIFY, S2_X86_GMET,
};

static void set_claims(struct s2_regime *regime, const struct choice *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(yes_no); i++)
		if (c->claims >> 2 * i & 1)
			s2_regime_set(regime, yes_no[i], c->claims >> (2 * i + 1) & 1);
	s2_regime_set(regime, S2_X86_MAXPHYADDR,
		      c->maxphyaddr & 128 ? c->maxphyaddr : 36 + c->maxphyaddr % 17);
	s2_regime_set_level(regime, S2_X86_START_LEVEL, c->flags & 16 ? 5 : 4);
	if (c->pat & 1)
		s2_regime_set(regime, S2_X86_PAT, 0x0407050600070106);
	if (c->pat & 2)
		s2_regime_set(regime, S2_X86_C_BIT, 32 + c->pat / 4 % 20);
}

static void set_software(struct s2_regime *regime, const struct choice *c)
{
	if (!(c->soft & 1))
		return;
	regime->soft.ops = c->soft & 2 ? &s2_soft_kvm_new : &s2_soft_kvm_old;
	regime->soft.empty = c->soft & 4 ? BIT64(63) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(regime->soft.param); i++)
		regime->soft.param[i] = c->param[i % 3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	struct choice c;
	struct shown shown;
	uint64_t *words;

	if (size < sizeof(c) + 8)
		return 0;
	memcpy(&c, data, sizeof(c));
	data += sizeof(c);
	size = (size - sizeof(c)) & ~(size_t)7;
	s2_regime_init(&regime, c.flags & 8 ? &s2_x86_npt : &s2_x86_ept);
	set_claims(&regime, &c);
	set_software(&regime, &c);
	if (s2_shape(&regime, &geom, NULL))
		return 0;
	words = malloc(size);
	if (!words)
		return 0;
	memcpy(words, data, size);
	/* Random addresses would hardly ever hit: fold what looks like a table into the memory
	 * there is, and clear what would be reserved. */
	for (size_t i = 0; i < size / 8; i++)
		if ((words[i] & 7) == 7)
			words[i] = (words[i] & 0xf07) |
				   (BASE + (words[i] >> 12) % (size / 4096 + 2) * 4096);
	shown = (struct shown){ .base = BASE,
				.root = BASE + (c.root % (size + 1) & ~UINT64_C(4095)),
				.how = c.how,
				.flags = c.flags,
				.hole_code = c.hole_code,
				.hole = c.hole,
				.hole_size = c.hole_size,
				.range = { c.range_first, c.range_last } };
	check_words(&geom, words, size, &shown);
	free(words);
	return 0;
}
