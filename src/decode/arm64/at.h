/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the translate engine share: the parameters of both stages, the access, the walk
 * in progress. */
#ifndef S2_DECODE_ARM64_AT_H
#define S2_DECODE_ARM64_AT_H

#include "decode/arm64/translate.h"

/* How an access looks at each stage (Arm ARM pseudocode AccessDescriptor). */
struct s2_access {
	bool read, write, fetch;
	bool el0;
	bool pan; /* PSTATE.PAN counts */
	bool ttw; /* of a stage-1 descriptor */
};

/* What both stages say about the shape of a walk. */
struct s2_at_walk {
	uint8_t page_log2;
	uint8_t ia_bits;
	uint8_t oa_bits;
	int8_t start_level;
	uint8_t sh;
	bool ds; /* 4K, 16K: 52-bit descriptors */
	bool ha, hd;
	bool pnch;     /* stage 1: bit 52 is Protected, and nothing is contiguous */
	bool haft;     /* stage 1: the hardware sets the access flag of table descriptors as well */
	uint64_t base; /* of the start level */
};

struct s2_at_stage1 {
	bool on;
	bool two;      /* an unprivileged level exists */
	bool bad_size; /* TxSZ out of range */
	bool epd, e0pd, hpd;
	bool wxn, epan, pie, poe, e0poe;
	bool nv1; /* HCR_EL2.{NV,NV1}: EL1&0 holds the tables of a guest hypervisor without EL0 */
	bool dcache, icache;
	bool have_mair;
	bool ee;          /* descriptors are big-endian */
	uint8_t addr_top; /* 55 or 63 */
	bool mtx;         /* [59:56] of the address are a tag, but for fetches */
	bool upper;
	bool dc, dct; /* stage 1 off, HCR_EL2.DC */
	uint64_t mair, pir, pire0, por, por_el0;
	struct s2_at_walk walk;
};

struct s2_at_stage2 {
	bool on;
	bool bad_size; /* T0SZ out of range, or a start level that does not fit: level 0 translation
			  fault */
	bool fwb, nofwb; /* neither: not known */
	bool ptw, cd, id, xnx;
	bool ee; /* descriptors are big-endian */
	struct s2_at_walk walk;
};

struct s2_at {
	const struct s2_at_request *req;
	const struct s2_mem *mem;
	struct s2_at_result *ret;
	unsigned int pa_bits;
	bool xs; /* PAR_EL1.ATTR tells the XS attribute */
	struct s2_at_stage1 s1;
	struct s2_at_stage2 s2;
};

/* A leaf that a walk ended at. */
struct s2_at_leaf {
	uint64_t raw;
	uint64_t oa;      /* of the input address */
	uint64_t desc_ia; /* where the descriptor is: IPA of a stage-1 one that stage 2 translates,
			     else PA */
	int level;
};

/* Stage 1: what the tables on the way have taken away. */
struct s2_at_path {
	unsigned int ap_table;
	bool uxn, pxn; /* uxn: XN without an unprivileged level */
};

/* What an access may do (Arm ARM pseudocode S1AccessControls). */
struct s2_at_perm {
	bool r, w, x;
	bool overlay; /* or, ow, ox count */
	bool or, ow, ox;
	bool ndirty; /* indirect permissions: writes need hardware to clear nDirty */
};

/* at_params.c: the regime for @req->op, EL2's with @of_el2, from registers or facts; S2_INVALID
 * with the reason when they do not do. */
enum s2_code s2_at_params(struct s2_at *at, const struct s2_access *access, bool of_el2,
			  bool stage1, bool stage2, struct s2_err *err) S2_MUST_CHECK;

/* s1perm.c: effective permissions (AArch64.S1ComputePermissions). */
struct s2_at_perm s2_at_s1_perm(const struct s2_at_stage1 *s1, uint64_t raw,
				const struct s2_at_path *path, const struct s2_access *access);

/* NULL when @access is allowed, else why not (AArch64.S1CheckPermissions). @overlay, @dirty: bits
 * for PAR_EL1. */
const char *s2_at_s1_denied(const struct s2_at_stage1 *s1, const struct s2_at_perm *perm,
			    const struct s2_access *access, bool *overlay, bool *dirty);

/* The same for stage 2 (AArch64.S2CheckPermissions). @device: the stage-2 memory type. */
const char *s2_at_s2_denied(const struct s2_at_stage2 *s2, uint64_t raw, bool device,
			    const struct s2_access *access);

/* par.c: fills @ret->par. */
void s2_at_par_done(struct s2_at *at);
void s2_at_par_fault(struct s2_at_result *ret, bool overlay, bool dirty);

#endif
