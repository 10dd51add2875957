/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One address through stage 1 and stage 2, as the arm64 AT instruction would: the PAR_EL1 value,
 * the fault, every step. */
#ifndef S2_DECODE_ARM64_TRANSLATE_H
#define S2_DECODE_ARM64_TRANSLATE_H

#include "base/mem.h"
#include "decode/arm64/arm64.h"
#include "decode/arm64/memattr.h"

/*
 * What is asked. The names are those of the AT instruction; those that end in X are instruction
 * fetches, which AT cannot ask for, and S2E1R and its like put an IPA through stage 2 alone.
 */
enum s2_at_op {
	S2_AT_S1E1R,
	S2_AT_S1E1W,
	S2_AT_S1E0R,
	S2_AT_S1E0W,
	S2_AT_S1E1RP,
	S2_AT_S1E1WP,
	S2_AT_S12E1R,
	S2_AT_S12E1W,
	S2_AT_S12E0R,
	S2_AT_S12E0W,
	S2_AT_S1E2R,
	S2_AT_S1E2W,
	S2_AT_S1E1X,
	S2_AT_S1E0X,
	S2_AT_S12E1X,
	S2_AT_S12E0X,
	S2_AT_S1E2X,
	S2_AT_S2E1R,
	S2_AT_S2E1W,
	S2_AT_S2E1X,
	S2_AT_S2E0X,
	S2_AT_NOPS,
};

/* Upper-case names: "S12E1R". */
extern const char *const s2_at_names[S2_AT_NOPS];

/* Features of the machine that registers do not tell. */
enum s2_at_feature {
	S2_AT_XS = 1 << 0,      /* FEAT_XS: PAR_EL1.ATTR tells the XS attribute; it does so, too,
				   where MAIR_ELx has an attribute that nothing else has */
	S2_AT_NO_XNX = 1 << 2,  /* without FEAT_XNX: bit 53 of stage-2 descriptors is ignored */
	S2_AT_NO_TTST = 1 << 3, /* without FEAT_TTST: TxSZ above 39 faults, 4K stage-2 walks do not
				   start at level 3 */
};

struct s2_at_request {
	enum s2_at_op op;
	uint64_t ia;           /* VA, or IPA for the S2E ops */
	struct s2_regime regs; /* claims of S2_ARM64_*: registers and FWB are looked at */
	bool pan;              /* PSTATE.PAN, for S1E1RP and S1E1WP */
	uint8_t pa_bits;       /* ID_AA64MMFR0_EL1.PARange in bits; 0: not known, 52 */
	uint32_t features;     /* S2_AT_* features */

	/* Instead of VTCR_EL2: facts. NULL: the register. HCR_EL2, when not given, is taken as VM=1
	 * where stage-2 tables are known. */
	const struct s2_geometry *stage2;
	/* Instead of VTTBR_EL2; always with @stage2. */
	bool have_stage2_root;
	uint64_t stage2_root;

	/* Instead of TCR_ELx and TTBRn_ELx: facts for the lower and upper half of the regime. NULL:
	 * registers. */
	const struct s2_geometry *stage1[2];
	uint64_t stage1_root[2];
};

/* Fields of PAR_EL1 without a fault (Arm ARM D24.2). */
#define PAR_SH BITS64(8, 7)
#define PAR_ATTR BITS64(63, 56)

enum s2_at_outcome {
	S2_AT_DONE,    /* @pa and @par */
	S2_AT_FAULT,   /* @par, @fault, @stage, @level */
	S2_AT_MISSING, /* the dump does not hold what the walk needs: @missing, @missing_pa, @stage,
			  @level */
};

enum s2_at_fault {
	S2_AT_NO_FAULT,
	S2_AT_ADDRESS_SIZE,
	S2_AT_TRANSLATION,
	S2_AT_ACCESS_FLAG,
	S2_AT_PERMISSION
};

/* One descriptor that was read. */
struct s2_at_step {
	uint8_t stage; /* 1 or 2 */
	int8_t level;
	bool s1ptw; /* stage 2 on behalf of a stage-1 descriptor */
	enum s2_type type;
	uint64_t table;   /* first byte of the table page, in the space that the stage's descriptors
			     speak of: IPA or PA */
	uint64_t desc_pa; /* where the descriptor is */
	uint32_t index;   /* in the table page */
	uint8_t shift;    /* one entry of this level is for 1 << shift bytes */
	uint64_t raw;
};

/* A stage-1 walk reads at most 5 descriptors, each through at most 5 of stage 2; the result and an
 * AF update of each descriptor 5 more each. */
#define S2_AT_MAX_STEPS 60

struct s2_at_result {
	enum s2_at_outcome outcome;
	enum s2_at_fault fault;
	uint8_t stage; /* of the fault, or of the descriptor that is missing */
	int8_t level;
	bool s1ptw;         /* stage 2 failed for a stage-1 descriptor */
	const char *why;    /* what was wrong, in a few words; NULL without a fault */
	uint64_t par;       /* PAR_EL1, unless something is missing */
	uint64_t par_known; /* bits of @par that are known: ATTR and SH depend on MAIR_ELx and
			       HCR_EL2.FWB */
	uint64_t pa;
	bool nested;  /* stage 1, and a stage 2 behind it */
	uint64_t ipa; /* output of stage 1 when @nested */
	struct s2_memattr attr;
	enum s2_code missing;
	uint64_t missing_pa;
	unsigned int nsteps;
	struct s2_at_step step[S2_AT_MAX_STEPS];
};

/*
 * Answers @req from the tables in @mem. S2_OK when there is an answer, including "fault" and
 * "missing"; S2_NOTFOUND when TCR_EL1 is not known, which a table or a vCPU would bring;
 * S2_INVALID when the registers do not say enough or say something that is not supported (128-bit
 * descriptors, stage-2 permission indirection, assured translations, MAIR2_ELx), or whose meaning
 * is the implementation's choice (reserved granules).
 * Source of the rules: Arm ARM pseudocode AArch64.FullTranslate and below.
 */
enum s2_code s2_translate(const struct s2_at_request *req, const struct s2_mem *mem,
			  struct s2_at_result *ret, struct s2_err *err) S2_MUST_CHECK;

/* "translation fault", ... */
const char *s2_at_fault_name(enum s2_at_fault fault);

/* What PAR_EL1 says of memory, each NULL when it is not known, as after a fault. */
void s2_at_memory(const struct s2_at_result *at, const struct s2_attr_value **ret_memory,
		  const struct s2_attr_value **ret_shareability);

#endif
