// SPDX-License-Identifier: GPL-2.0-or-later
// One address through stage 1 and stage 2 of random registers and tables: one of the known outcomes,
// in bounded steps, and what the same guest's tables leave as effective rights is in order.
#include "decode/arm64/effective.h"
#include "decode/arm64/stage1.h"
#include "decode/arm64/translate.h"
#include "decode/guestmem.h"
#include "fuzz.h"
#include "memtable.h"

#define BASE 0x40000000ULL

/* What the first bytes of the input choose. */
struct choice {
	uint64_t ia;
	uint64_t given; /* registers, a bit each */
	uint8_t op, flags, pa_bits, features;
	uint8_t hole, usual, pad[2];
	uint64_t value[S2_ARM64_NREGS];
};

enum { PAN = 1, VIEWS = 2, FWB = 4, FOLD = 8, FACTS = 16, FOLD_ROOTS = 32 };

/* Random registers mostly turn translation off, or are refused: half of them are usual ones. */
static const struct {
	enum s2_arm64_claim claim;
	uint64_t value[4];
} usual[] = {
	{ S2_ARM64_SCTLR_EL1, { 0x5, 0x80005, 0x1, 0x30d0198d } },
	{ S2_ARM64_SCTLR_EL2, { 0x5, 0x80005, 0x1, 0x30c5083d } },
	{ S2_ARM64_TCR_EL1, { 0x580190019, 0x5b5503510, 0x8000580194019, 0x1a59e519a59a519 } },
	{ S2_ARM64_TCR_EL2, { 0x50019, 0x580190019, 0x80853510, 0x100053510 } },
	{ S2_ARM64_VTCR_EL2, { 0x80053558, 0x80053590, 0x8005b558, 0x38006300c } },
	{ S2_ARM64_HCR_EL2, { 0x1, 0x400000000001, 0x80000001, 0 } },
	{ S2_ARM64_MAIR_EL1, { 0x04bb44ff, 0xf0ff, 0x4400bbff04, 0 } },
	{ S2_ARM64_MAIR_EL2, { 0x04bb44ff, 0xf0ff, 0x4400bbff04, 0 } },
};

static void set_registers(struct s2_regime *regs, const struct choice *c, size_t size)
{
	s2_regime_init(regs, NULL);
	for (unsigned int i = 0; i < S2_ARM64_NREGS; i++) {
		bool root = i == S2_ARM64_VTTBR_EL2 || i == S2_ARM64_TTBR0_EL1 ||
			    i == S2_ARM64_TTBR1_EL1 || i == S2_ARM64_TTBR0_EL2 ||
			    i == S2_ARM64_TTBR1_EL2;
		uint64_t value = c->value[i];

		if (root && c->flags & FOLD_ROOTS)
			value = (value & ~BITS64(47, 1)) |
				(BASE + (value >> 12) % (size / 4096 + 1) * 4096);
		if (c->given >> i & 1)
			s2_regime_set(regs, i, value);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(usual); i++)
		if (c->usual >> i & 1)
			s2_regime_set(regs, usual[i].claim,
				      usual[i].value[c->value[usual[i].claim] & 3]);
	if (c->flags & FWB)
		s2_regime_set_flag(regs, S2_ARM64_FWB, S2_YES);
}

static void check_answer(const struct s2_at_result *at)
{
	REQUIRE(at->nsteps <= S2_AT_MAX_STEPS);
	for (unsigned int i = 0; i < at->nsteps; i++)
		REQUIRE((at->step[i].stage == 1 || at->step[i].stage == 2) &&
			at->step[i].level >= -1 && at->step[i].level <= 3);
	switch (at->outcome) {
	case S2_AT_DONE:
		REQUIRE(!(at->par & 1) && at->fault == S2_AT_NO_FAULT);
		REQUIRE((at->par & BITS64(51, 12)) == (at->pa & BITS64(51, 12)));
		return;
	case S2_AT_FAULT:
		REQUIRE(at->par & 1 && at->fault != S2_AT_NO_FAULT && at->why);
		REQUIRE(at->stage == 1 || at->stage == 2);
		return;
	case S2_AT_MISSING:
		REQUIRE(s2_is_missing(at->missing));
		return;
	}
	abort();
}

static void check_at(const struct s2_at_request *req, struct memtable *mem)
{
	struct s2_at_result at, again;
	struct s2_err err;
	enum s2_code code;

	s2_err_init(&err);
	code = s2_translate(req, &mem->mem, &at, &err);
	if (code) {
		REQUIRE((code == S2_INVALID || code == S2_NOTFOUND) && err.text[0]);
		return;
	}
	check_answer(&at);
	mem->views = !mem->views;
	REQUIRE(!s2_translate(req, &mem->mem, &again, NULL));
	REQUIRE(again.outcome == at.outcome && again.nsteps == at.nsteps);
	REQUIRE(at.outcome == S2_AT_MISSING || again.par == at.par);
}

/* Rows ascend, and what is allowed leads somewhere. */
static void check_effective(const struct s2_at_request *req, struct memtable *mem,
			    const struct s2_geometry *stage2, uint64_t root)
{
	static struct s2_walk walk1, walk2;
	struct s2_guestmem guest;
	struct s2_geometry stage1;
	struct s2_regime regime = req->regs;
	struct s2_effective e = {
		.req = { .regs = req->regs, .stage2 = stage2, .stage2_root = root },
		.mem = &mem->mem,
		.stage2_walk = &walk2,
		.how = S2_MERGE_PA
	};
	struct s2_effective_row row;
	uint64_t next = 0, root1, rows = 0;
	enum s2_code code;

	regime.arch = &s2_arm64_stage1_el1;
	if (!s2_regime_has(&regime, S2_ARM64_TCR_EL1) ||
	    !s2_regime_has(&regime, S2_ARM64_TTBR0_EL1) || s2_shape(&regime, &stage1, NULL) ||
	    s2_arm64_ttbr_root(&stage1, regime.value[S2_ARM64_TTBR0_EL1], &root1, NULL))
		return;
	s2_guestmem_init(&guest, &mem->mem, stage2, root);
	s2_walk_init(&walk1, &stage1, &guest.mem, root1);
	s2_budget_init(&e.steps, 2000, 0, 0);
	s2_merge_init(&e.stage1, &walk1, S2_MERGE_PA, S2_SHOW_ALL);
	while (!(code = s2_effective_next(&e, &row, NULL))) {
		REQUIRE(row.size && (!rows || (next && row.va >= next)) &&
			row.va + row.size - 1 >= row.va);
		REQUIRE(!row.allowed || !row.missing);
		REQUIRE(row.allowed < 1U << S2_NACCESSES);
		next = row.va + row.size;
		REQUIRE(++rows <= 8000);
	}
	REQUIRE(code == S2_NOTFOUND || code == S2_INVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_at_request req = { 0 };
	struct s2_geometry stage2;
	struct s2_regime regime;
	struct memtable mem;
	struct choice c;
	uint64_t *words;

	fuzz_take(&data, &size, &c, sizeof(c));
	if (size < 8)
		return 0;
	size &= ~(size_t)7;
	words = malloc(size);
	REQUIRE(words);
	memcpy(words, data, size);
	for (size_t i = 0; i < size / 8; i++)
		if (c.flags & FOLD && (words[i] & 3) == 3)
			words[i] = (words[i] & ~BITS64(47, 12)) |
				   (BASE + (words[i] >> 12 & 0xff) % (size / 4096 + 2) * 4096);
	memtable_init(&mem, words, BASE, size);
	mem.views = c.flags & VIEWS;
	mem.hole = BASE + c.hole * 64ULL;
	mem.hole_size = c.hole & 1 ? 64 : 0;
	mem.hole_code = S2_EXCLUDED;
	req.op = (enum s2_at_op)(c.op % S2_AT_NOPS);
	req.ia = c.ia;
	req.pan = c.flags & PAN;
	req.pa_bits = c.pa_bits & 1 ? (uint8_t)(32 + c.pa_bits % 21) : 0;
	req.features = c.features & 15;
	set_registers(&req.regs, &c, size);
	regime = req.regs;
	regime.arch = &s2_arm64_stage2;
	if (c.flags & FACTS && s2_regime_has(&regime, S2_ARM64_VTCR_EL2) &&
	    !s2_shape(&regime, &stage2, NULL)) {
		req.stage2 = &stage2;
		req.have_stage2_root = true;
		req.stage2_root = BASE & ~(stage2.start_size - 1);
		check_effective(&req, &mem, &stage2, req.stage2_root);
	}
	check_at(&req, &mem);
	free(words);
	return 0;
}
