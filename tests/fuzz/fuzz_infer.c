// SPDX-License-Identifier: GPL-2.0-or-later
// A blob that does not say where it was: the answer is one that its descriptors can give, or a
// reason.
#include "decode/arm64/arm64.h"
#include "decode/infer.h"
#include "decode/x86/x86.h"
#include "fuzz.h"
#include "memtable.h"

struct choice {
	uint8_t shape, views, fold, hole;
	uint32_t base;
};

static void shape(uint8_t how, struct s2_geometry *ret)
{
	static const struct {
		uint64_t granule;
		uint8_t ia_bits, level;
	} rows[] = { { 4096, 30, 2 },  { 4096, 39, 1 },  { 4096, 40, 1 }, { 4096, 48, 0 },
		     { 16384, 36, 2 }, { 65536, 42, 2 }, { 65536, 29, 3 } };
	struct s2_regime regime;

	if (how % 8 == 7) {
		s2_regime_init(&regime, how & 8 ? &s2_x86_npt : &s2_x86_ept);
		s2_regime_set_level(&regime, S2_X86_START_LEVEL, how & 16 ? 5 : 4);
	} else {
		s2_regime_init(&regime, &s2_arm64_stage2);
		s2_regime_set(&regime, S2_ARM64_GRANULE, rows[how % 8].granule);
		s2_regime_set(&regime, S2_ARM64_IA_BITS, rows[how % 8].ia_bits);
		s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, rows[how % 8].level);
		s2_regime_set_flag(&regime, S2_ARM64_FWB, how & 8 ? S2_YES : S2_UNKNOWN);
	}
	REQUIRE(!s2_shape(&regime, ret, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_inferred one, two;
	struct s2_geometry geom;
	struct memtable blob;
	struct choice c;
	struct s2_err err;
	enum s2_code code;
	uint64_t *words, page, base;
	void *scratch;

	fuzz_take(&data, &size, &c, sizeof(c));
	if (size < 8)
		return 0;
	shape(c.shape, &geom);
	page = BIT64(geom.page_log2);
	/* Whole pages, the last of them padded. */
	words = calloc(size / page + 1, page);
	scratch = malloc((size_t)s2_infer_scratch(&geom, (size / page + 1) * page));
	REQUIRE(words && scratch);
	memcpy(words, data, size);
	size = (size_t)((size / page + 1) * page);
	base = (uint64_t)c.base << geom.page_log2;
	for (size_t i = 0; i < size / 8; i++)
		if (c.fold & 1 && (words[i] & 7) == 3)
			words[i] = (words[i] & 0xfff) |
				   ((base + (words[i] >> 12) % (size / page + 1) * page) &
				    BITS64(47, 12));
	memtable_init(&blob, words, 0, size);
	blob.views = c.views & 1;
	if (c.hole) {
		blob.hole = c.hole * page % size;
		blob.hole_size = page;
		blob.hole_code = S2_DAMAGED;
	}
	s2_err_init(&err);
	code = s2_infer_base(&geom, &blob.mem, size, scratch, &one, &err);
	if (code) {
		REQUIRE(err.code == code && err.text[0] && code != S2_NOMEM);
	} else {
		REQUIRE(!(one.base & (page - 1)) && one.unreached < size / page);
		blob.views = !blob.views;
		REQUIRE(!s2_infer_base(&geom, &blob.mem, size, scratch, &two, NULL));
		REQUIRE(two.base == one.base && two.unreached == one.unreached);
	}
	free(scratch);
	free(words);
	return 0;
}
