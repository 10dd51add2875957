// SPDX-License-Identifier: GPL-2.0-or-later
// Translating one address as the hardware does, after the Arm ARM's pseudocode
// AArch64.FullTranslate; names are given below.
#include "decode/arm64/translate.h"

#include <stddef.h>
#include <string.h>

#include "decode/arm64/at.h"

#define DESC_AF BIT64(10)
#define DESC_FNXS BIT64(11)
#define DESC_CONTIGUOUS BIT64(52)
#define DESC_MEMATTR BITS64(5, 2)
#define DESC_ATTRINDX BITS64(4, 2)
#define DESC_SH BITS64(9, 8)
#define DESC_PXNTABLE BIT64(59)
#define DESC_UXNTABLE BIT64(60)
#define DESC_APTABLE BITS64(62, 61)

/* What an operation asks for. @el2: of the regime of EL2; @el0: as whom. */
static const struct op {
	bool el2, el0, write, fetch, pan, stage1, stage2;
} ops[S2_AT_NOPS] = {
	[S2_AT_S1E1R] = { .stage1 = true },
	[S2_AT_S1E1W] = { .stage1 = true, .write = true },
	[S2_AT_S1E0R] = { .stage1 = true, .el0 = true },
	[S2_AT_S1E0W] = { .stage1 = true, .el0 = true, .write = true },
	[S2_AT_S1E1RP] = { .stage1 = true, .pan = true },
	[S2_AT_S1E1WP] = { .stage1 = true, .pan = true, .write = true },
	[S2_AT_S12E1R] = { .stage1 = true, .stage2 = true },
	[S2_AT_S12E1W] = { .stage1 = true, .stage2 = true, .write = true },
	[S2_AT_S12E0R] = { .stage1 = true, .stage2 = true, .el0 = true },
	[S2_AT_S12E0W] = { .stage1 = true, .stage2 = true, .el0 = true, .write = true },
	[S2_AT_S1E2R] = { .el2 = true, .stage1 = true },
	[S2_AT_S1E2W] = { .el2 = true, .stage1 = true, .write = true },
	[S2_AT_S1E1X] = { .stage1 = true, .fetch = true },
	[S2_AT_S1E0X] = { .stage1 = true, .el0 = true, .fetch = true },
	[S2_AT_S12E1X] = { .stage1 = true, .stage2 = true, .fetch = true },
	[S2_AT_S12E0X] = { .stage1 = true, .stage2 = true, .el0 = true, .fetch = true },
	[S2_AT_S1E2X] = { .el2 = true, .stage1 = true, .fetch = true },
	[S2_AT_S2E1R] = { .stage2 = true },
	[S2_AT_S2E1W] = { .stage2 = true, .write = true },
	[S2_AT_S2E1X] = { .stage2 = true, .fetch = true },
	[S2_AT_S2E0X] = { .stage2 = true, .el0 = true, .fetch = true },
};

const char *const s2_at_names[S2_AT_NOPS] = {
	[S2_AT_S1E1R] = "S1E1R",   [S2_AT_S1E1W] = "S1E1W",   [S2_AT_S1E0R] = "S1E0R",
	[S2_AT_S1E0W] = "S1E0W",   [S2_AT_S1E1RP] = "S1E1RP", [S2_AT_S1E1WP] = "S1E1WP",
	[S2_AT_S12E1R] = "S12E1R", [S2_AT_S12E1W] = "S12E1W", [S2_AT_S12E0R] = "S12E0R",
	[S2_AT_S12E0W] = "S12E0W", [S2_AT_S1E2R] = "S1E2R",   [S2_AT_S1E2W] = "S1E2W",
	[S2_AT_S1E1X] = "S1E1X",   [S2_AT_S1E0X] = "S1E0X",   [S2_AT_S12E1X] = "S12E1X",
	[S2_AT_S12E0X] = "S12E0X", [S2_AT_S1E2X] = "S1E2X",   [S2_AT_S2E1R] = "S2E1R",
	[S2_AT_S2E1W] = "S2E1W",   [S2_AT_S2E1X] = "S2E1X",   [S2_AT_S2E0X] = "S2E0X",
};

/* Records a fault and returns false, so that a caller can `return fault(...)`. */
static bool fault(struct s2_at *at, enum s2_at_fault kind, uint8_t stage, int level, bool s1ptw,
		  const char *why)
{
	struct s2_at_result *ret = at->ret;

	ret->outcome = S2_AT_FAULT;
	ret->fault = kind;
	ret->stage = stage;
	ret->level = (int8_t)level;
	ret->s1ptw = s1ptw;
	ret->why = why;
	s2_at_par_fault(ret, false, false);
	return false;
}

/* The descriptor at @pa; records why not and returns false when the dump does not hold it. */
static bool fetch(struct s2_at *at, uint64_t pa, uint8_t stage, int level, bool s1ptw,
		  uint64_t *raw)
{
	const void *view = s2_mem_view(at->mem, pa, sizeof(*raw));
	enum s2_code code = S2_OK;

	if (view)
		memcpy(raw, view, sizeof(*raw));
	else
		code = s2_mem_read(at->mem, pa, raw, sizeof(*raw), NULL);
	if (!code && (stage == 1 ? at->s1.ee : at->s2.ee))
		*raw = __builtin_bswap64(*raw);
	if (!code)
		return true;
	at->ret->outcome = S2_AT_MISSING;
	at->ret->missing = code;
	at->ret->missing_pa = pa;
	at->ret->stage = stage;
	at->ret->level = (int8_t)level;
	at->ret->s1ptw = s1ptw;
	return false;
}

/* AArch64.BlockDescSupported; a 64K level 1 block needs 52-bit physical addresses. */
static bool block_allowed(const struct s2_at *at, const struct s2_at_walk *walk, int level)
{
	switch (walk->page_log2) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && walk->ds);
	case 14:
		return level == 2 || (level == 1 && walk->ds);
	default:
		return level == 2 || (level == 1 && at->pa_bits >= 52);
	}
}

/* AArch64.DecodeDescriptorType. */
static enum s2_type type_of(const struct s2_at *at, const struct s2_at_walk *walk, int level,
			    uint64_t raw)
{
	switch (raw & 3) {
	case 3:
		return level == 3 ? S2_PAGE : S2_TABLE;
	case 1:
		return block_allowed(at, walk, level) ? S2_BLOCK : S2_RESERVED_ENTRY;
	default:
		return S2_INVALID_ENTRY;
	}
}

/* AArch64.NextTableBase, AArch64.LeafBase: address bits from @low on. 64K descriptors have four
 * high bits with 52-bit PAs. */
static uint64_t desc_address(const struct s2_at *at, const struct s2_at_walk *walk,
			     unsigned int low, uint64_t raw)
{
	if (walk->ds)
		return (raw & BITS64(49, low)) | field_get(BITS64(9, 8), raw) << 50;
	if (walk->page_log2 == 16 && at->pa_bits >= 52)
		return (raw & BITS64(47, low)) | field_get(BITS64(15, 12), raw) << 48;
	return raw & BITS64(47, low);
}

/* log2 of the entries that the contiguous bit joins at @level (AArch64.ContiguousBit,
 * ContiguousSize). */
static unsigned int contiguous(const struct s2_at_walk *walk, int level, uint64_t raw)
{
	if (!(raw & DESC_CONTIGUOUS) || walk->pnch)
		return 0;
	switch (walk->page_log2) {
	case 12:
		return level >= 1 ? 4 : 0;
	case 14:
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	default:
		return level >= 2 ? 5 : 0;
	}
}

static bool beyond(uint64_t address, unsigned int bits)
{
	return address >> bits;
}

static bool stage2(struct s2_at *at, uint64_t ipa, const struct s2_memattr *s1,
		   const struct s2_access *access, uint64_t *pa, struct s2_memattr *attr);

/*
 * Translates the address of a stage-1 descriptor when there is a stage 2. @write: for the update of
 * its access flag. Attributes of the walk itself do not show in the answer.
 */
static bool walk_pa(struct s2_at *at, uint8_t stage, uint64_t ia, bool write, bool el0,
		    uint64_t *pa)
{
	const struct s2_access access = { .read = true, .write = write, .ttw = true, .el0 = el0 };
	const struct s2_memattr normal = s2_memattr_nc(true);
	struct s2_memattr attr;

	if (stage == 2 || !at->s2.on) {
		*pa = ia;
		return true;
	}
	return stage2(at, ia, &normal, &access, pa, &attr);
}

static void record(struct s2_at *at, const struct s2_at_step *step)
{
	if (at->ret->nsteps < S2_AT_MAX_STEPS)
		at->ret->step[at->ret->nsteps++] = *step;
}

/* Where the table that @raw leads to is, and what it leaves allowed. */
static bool enter(struct s2_at *at, const struct s2_at_step *step, const struct s2_at_walk *w,
		  struct s2_at_path *path, uint64_t *ret)
{
	uint64_t raw = step->raw, next = desc_address(at, w, w->page_log2, raw);

	if (beyond(next, w->oa_bits))
		return fault(at, S2_AT_ADDRESS_SIZE, step->stage, step->level, step->s1ptw,
			     "the next table is beyond the output size");
	path->ap_table |= (unsigned int)field_get(DESC_APTABLE, raw);
	path->uxn |= (raw & DESC_UXNTABLE) != 0;
	path->pxn |= (raw & DESC_PXNTABLE) != 0;
	*ret = next;
	return true;
}

/* StageOA: the contiguous bit widens the block, also one that is not aligned to its group. */
static bool reach(struct s2_at *at, const struct s2_at_step *step, const struct s2_at_walk *w,
		  uint64_t ia, struct s2_at_leaf *leaf)
{
	uint64_t address = desc_address(at, w, step->shift, step->raw);
	unsigned int size_log2 = step->shift + contiguous(w, step->level, step->raw);

	leaf->raw = step->raw;
	leaf->level = step->level;
	leaf->oa = (address & ~low_bits(size_log2)) | (ia & low_bits(size_log2));
	if (beyond(leaf->oa, w->oa_bits))
		return fault(at, S2_AT_ADDRESS_SIZE, step->stage, step->level, step->s1ptw,
			     "the output address is beyond the output size");
	if (!(step->raw & DESC_AF) && !w->ha)
		return fault(at, S2_AT_ACCESS_FLAG, step->stage, step->level, step->s1ptw,
			     "the access flag is clear");
	return true;
}

/* A walk of one stage (AArch64.S1Walk, AArch64.S2Walk). @path: filled for stage 1. */
static bool walk(struct s2_at *at, uint8_t stage, const struct s2_at_walk *w, uint64_t ia,
		 const struct s2_access *access, struct s2_at_leaf *leaf, struct s2_at_path *path)
{
	const unsigned int stride = w->page_log2 - 3U;
	const bool s1ptw = stage == 2 && access->ttw;
	unsigned int top = w->ia_bits; /* input bits above the index of this level */
	uint64_t base = w->base;

	if (beyond(base, w->oa_bits))
		return fault(at, S2_AT_ADDRESS_SIZE, stage, 0, s1ptw,
			     "the table base is beyond the output size");
	for (int level = w->start_level;; level++) {
		const unsigned int shift = w->page_log2 + stride * (unsigned int)(3 - level);
		const uint64_t index = (ia & low_bits(top)) >> shift;
		struct s2_at_step step = { .stage = stage,
					   .level = (int8_t)level,
					   .s1ptw = s1ptw,
					   .shift = (uint8_t)shift };
		const uint64_t desc_ia = base + index * sizeof(uint64_t);
		uint64_t raw, updated;

		if (!walk_pa(at, stage, desc_ia, false, access->el0, &step.desc_pa))
			return false;
		if (!fetch(at, step.desc_pa, stage, level, s1ptw, &raw))
			return false;
		step.table =
			base + (index >>
				stride << w->page_log2); /* a start level may be up to 16 tables */
		step.index = (uint32_t)(index & low_bits(stride));
		step.raw = raw;
		step.type = type_of(at, w, level, raw);
		record(at, &step);
		switch (step.type) {
		case S2_TABLE:
			if (!enter(at, &step, w, path, &base))
				return false;
			/* As the access flag of a leaf: stage 2 must let it be written. */
			if (w->haft && !(raw & DESC_AF) &&
			    !walk_pa(at, stage, desc_ia, true, access->el0, &updated))
				return false;
			top = shift;
			continue;
		case S2_BLOCK:
		case S2_PAGE:
			leaf->desc_ia = desc_ia;
			return reach(at, &step, w, ia, leaf);
		case S2_RESERVED_ENTRY:
			return fault(at, S2_AT_TRANSLATION, stage, level, s1ptw,
				     "reserved descriptor");
		case S2_INVALID_ENTRY:
			return fault(at, S2_AT_TRANSLATION, stage, level, s1ptw,
				     "invalid descriptor");
		}
	}
}

/* Memory attributes of stage 2, joined with those of stage 1; *@device: stage 2 says Device. */
static struct s2_memattr stage2_attr(const struct s2_at *at, const struct s2_memattr *s1,
				     const struct s2_access *access, uint64_t raw, bool *device)
{
	const struct s2_at_stage2 *s2 = &at->s2;
	unsigned int memattr = (unsigned int)field_get(DESC_MEMATTR, raw);
	unsigned int sh = s2->walk.ds ? s2->walk.sh : (unsigned int)field_get(DESC_SH, raw);
	bool fnxs = raw & DESC_FNXS;
	struct s2_memattr mine;

	if (s2->fwb) {
		mine = s2_memattr_fwb(s1, memattr, sh, fnxs);
		*device = mine.device;
	} else {
		mine = s2_memattr_s2(memattr, sh, fnxs);
		*device = mine.device;
	}
	if ((access->fetch && (mine.device || s2->id)) ||
	    (!access->fetch && !mine.device && s2->cd)) {
		bool known = mine.known;

		mine = s2_memattr_nc(mine.xs);
		mine.known = known;
	}
	if (!s2->fwb)
		mine = s2_memattr_combine(s1, &mine);
	if (!s2->fwb && !s2->nofwb)
		mine.known = false;
	return mine;
}

/* AArch64.S2Translate. */
static bool stage2(struct s2_at *at, uint64_t ipa, const struct s2_memattr *s1,
		   const struct s2_access *access, uint64_t *pa, struct s2_memattr *attr)
{
	struct s2_at_path path = { 0 };
	struct s2_at_leaf leaf;
	const char *why;
	bool device;

	if (at->s2.bad_size)
		return fault(at, S2_AT_TRANSLATION, 2, 0, access->ttw,
			     "VTCR_EL2.T0SZ, or the start level that goes with it, is out of range");
	if (beyond(ipa, at->s2.walk.ia_bits))
		return fault(at, S2_AT_TRANSLATION, 2, 0, access->ttw,
			     "the IPA is beyond the input size");
	if (!walk(at, 2, &at->s2.walk, ipa, access, &leaf, &path))
		return false;
	*attr = stage2_attr(at, s1, access, leaf.raw, &device);
	why = s2_at_s2_denied(&at->s2, leaf.raw, device, access);
	if (why)
		return fault(at, S2_AT_PERMISSION, 2, leaf.level, access->ttw, why);
	*pa = leaf.oa;
	return true;
}

/* AArch64.VAIsOutOfRange. */
static bool va_out_of_range(const struct s2_at_stage1 *s1, uint64_t va,
			    const struct s2_access *access)
{
	uint64_t above = BITS64(s1->addr_top, s1->walk.ia_bits);

	if (s1->mtx && !access->fetch)
		above &= ~BITS64(59, 56);
	return (va & above) != (s1->upper ? above : 0);
}

/* AArch64.S1DisabledOutput. */
static bool stage1_off(struct s2_at *at, uint64_t va, const struct s2_access *access, uint64_t *ipa,
		       struct s2_memattr *attr)
{
	const struct s2_at_stage1 *s1 = &at->s1;
	const struct s2_cacheattr wb = { .cache = S2_CACHE_WB, .hints = 3 };
	const struct s2_cacheattr wt = { .cache = S2_CACHE_WT, .hints = 2 };
	uint64_t above = BITS64(s1->addr_top, at->pa_bits);

	/* A tag is none of the address here as well, but where DC makes memory with tags. */
	if (s1->mtx && (s1->dc ? !s1->dct : !access->fetch))
		above &= ~BITS64(59, 56);
	if (va & above)
		return fault(at, S2_AT_ADDRESS_SIZE, 1, 0, false,
			     "stage 1 is off, and the address is beyond the physical size");
	*ipa = va & BITS64(55, 0);
	*attr = (struct s2_memattr){ .known = true, .device = true, .sh = S2_SH_OUTER, .xs = true };
	if (s1->dc) {
		*attr = (struct s2_memattr){
			.known = true, .inner = wb, .outer = wb, .sh = S2_SH_NONE
		};
		attr->tagged = s1->dct;
	} else if (access->fetch) {
		*attr = s2_memattr_nc(true);
		if (s1->icache)
			attr->inner = attr->outer = wt;
	}
	return true;
}

static struct s2_memattr stage1_attr(struct s2_at *at, const struct s2_access *access, uint64_t raw)
{
	const struct s2_at_stage1 *s1 = &at->s1;
	uint8_t mair = (uint8_t)(s1->mair >> field_get(DESC_ATTRINDX, raw) * 8);
	unsigned int sh = s1->walk.ds ? s1->walk.sh : (unsigned int)field_get(DESC_SH, raw);
	struct s2_memattr ret = s2_memattr_s1(mair, sh);
	uint8_t field = ret.sh;

	if ((access->fetch && (ret.device || !s1->icache)) ||
	    (!access->fetch && !ret.device && !s1->dcache))
		ret = s2_memattr_nc(ret.xs);
	/* Below a stage 2, the field itself is joined with stage 2's: a choice that the
	 * architecture leaves open. */
	ret.sh = at->s2.on ? field : s2_memattr_sh(&ret);
	ret.known = s1->have_mair;
	at->xs |= s2_mair_needs_xs(mair);
	return ret;
}

/* AArch64.S1Translate without the parts that need a running machine. */
static bool stage1(struct s2_at *at, uint64_t va, const struct s2_access *access, uint64_t *ipa,
		   struct s2_memattr *attr)
{
	const struct s2_at_stage1 *s1 = &at->s1;
	struct s2_at_path path = { 0 };
	struct s2_at_perm perm;
	struct s2_at_leaf leaf;
	bool overlay, dirty;
	const char *why;
	uint64_t pa;

	if (!s1->on)
		return stage1_off(at, va, access, ipa, attr);
	if (s1->bad_size)
		return fault(at, S2_AT_TRANSLATION, 1, 0, false, "TCR_ELx.TxSZ is out of range");
	if (!s1->epd && va_out_of_range(s1, va, access))
		return fault(at, S2_AT_TRANSLATION, 1, 0, false,
			     "the address is beyond the input size");
	if (access->el0 && s1->e0pd)
		return fault(at, S2_AT_TRANSLATION, 1, 0, false, "TCR_ELx.E0PD keeps EL0 out");
	if (s1->epd)
		return fault(at, S2_AT_TRANSLATION, 1, 0, false,
			     "TCR_ELx.EPD disables walks of this half");
	if (!walk(at, 1, &s1->walk, va, access, &leaf, &path))
		return false;
	if (s1->hpd)
		path = (struct s2_at_path){ 0 };
	perm = s2_at_s1_perm(s1, leaf.raw, &path, access);
	why = s2_at_s1_denied(s1, &perm, access, &overlay, &dirty);
	/* The hardware sets the access flag even when the permission check fails; stage 2 must let
	 * it. */
	if (!(leaf.raw & DESC_AF) && !walk_pa(at, 1, leaf.desc_ia, true, access->el0, &pa))
		return false;
	if (why) {
		fault(at, S2_AT_PERMISSION, 1, leaf.level, false, why);
		s2_at_par_fault(at->ret, overlay, dirty);
		return false;
	}
	*ipa = leaf.oa;
	*attr = stage1_attr(at, access, leaf.raw);
	return true;
}

/* AArch64.FullTranslate. */
static bool full(struct s2_at *at, const struct op *op, const struct s2_access *access)
{
	/* The S2E ops: as if stage 1 said Write-Back. */
	struct s2_memattr attr = s2_memattr_s1(0xff, S2_SH_NONE);
	uint64_t ia = at->req->ia, out = ia;

	if (op->stage1 && !stage1(at, ia, access, &out, &attr))
		return false;
	at->ret->nested = op->stage1 && at->s2.on;
	at->ret->ipa = out;
	if (op->stage2 && at->s2.on && !stage2(at, out, &attr, access, &out, &attr))
		return false;
	at->ret->pa = out;
	at->ret->attr = attr;
	return true;
}

enum s2_code s2_translate(const struct s2_at_request *req, const struct s2_mem *mem,
			  struct s2_at_result *ret, struct s2_err *err)
{
	struct s2_at at = {
		.req = req,
		.mem = mem,
		.ret = ret,
		.pa_bits = req->pa_bits ? req->pa_bits : 52,
		.xs = req->features & S2_AT_XS,
	};
	const struct op *op;
	struct s2_access access;
	enum s2_code code;

	if (req->op >= S2_AT_NOPS)
		return s2_fail(err, S2_INVALID, "translate operation %d does not exist",
			       (int)req->op);
	if (at.pa_bits < 32 || at.pa_bits > 52)
		return s2_fail(err, S2_INVALID, "%u physical address bits are not in 32..52",
			       at.pa_bits);
	op = &ops[req->op];
	access = (struct s2_access){ .read = !op->write && !op->fetch,
				     .write = op->write,
				     .fetch = op->fetch,
				     .el0 = op->el0,
				     .pan = op->pan && req->pan };
	code = s2_at_params(&at, &access, op->el2, op->stage1, op->stage2, err);
	if (code)
		return code;
	memset(ret, 0, offsetof(struct s2_at_result, step));
	if (full(&at, op, &access))
		s2_at_par_done(&at);
	return S2_OK;
}
