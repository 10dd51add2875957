// SPDX-License-Identifier: GPL-2.0-or-later
// PAR_EL1: the answer of an AT instruction as a register value (Arm ARM D23.2 PAR_EL1, pseudocode
// AArch64.EncodePAR).
#include "decode/arm64/at.h"
#include "decode/arm64/stage1.h"

#define PAR_F BIT64(0)
#define PAR_FST BITS64(6, 1)
#define PAR_PTW BIT64(8)
#define PAR_S BIT64(9)
#define PAR_NS BIT64(9)
#define PAR_RES1 BIT64(11)
#define PAR_OVERLAY BIT64(14)
#define PAR_DIRTY BIT64(15)
#define PAR_PA BITS64(51, 12)

/* EncodeLDFSC; the architecture numbers level -1 apart. */
static unsigned int fault_status(enum s2_at_fault fault, int level)
{
	unsigned int ll = (unsigned int)level & 3;

	switch (fault) {
	case S2_AT_ADDRESS_SIZE:
		return level < 0 ? 0x29 : 0x00 + ll;
	case S2_AT_TRANSLATION:
		return level < 0 ? 0x2b : 0x04 + ll;
	case S2_AT_ACCESS_FLAG:
		return 0x08 + ll;
	case S2_AT_PERMISSION:
		return 0x0c + ll;
	case S2_AT_NO_FAULT:
		break;
	}
	return 0;
}

void s2_at_par_fault(struct s2_at_result *ret, bool overlay, bool dirty)
{
	ret->par = PAR_F | PAR_RES1 | field_prep(PAR_FST, fault_status(ret->fault, ret->level));
	if (ret->s1ptw)
		ret->par |= PAR_PTW;
	if (ret->stage == 2)
		ret->par |= PAR_S;
	if (overlay)
		ret->par |= PAR_OVERLAY;
	if (dirty)
		ret->par |= PAR_DIRTY;
	ret->par_known = ~UINT64_C(0);
}

void s2_at_par_done(struct s2_at *at)
{
	struct s2_at_result *ret = at->ret;

	/* Non-secure: NS reads as 1. */
	ret->par = PAR_RES1 | PAR_NS | (ret->pa & PAR_PA);
	ret->par_known = ~UINT64_C(0);
	if (!ret->attr.known) {
		ret->par_known = ~(PAR_ATTR | PAR_SH);
		return;
	}
	ret->par |= field_prep(PAR_SH, s2_memattr_sh(&ret->attr));
	ret->par |= field_prep(PAR_ATTR, s2_memattr_par(&ret->attr, at->xs));
}

const char *s2_at_fault_name(enum s2_at_fault fault)
{
	switch (fault) {
	case S2_AT_NO_FAULT:
		return "no fault";
	case S2_AT_ADDRESS_SIZE:
		return "address size fault";
	case S2_AT_TRANSLATION:
		return "translation fault";
	case S2_AT_ACCESS_FLAG:
		return "access flag fault";
	case S2_AT_PERMISSION:
		return "permission fault";
	}
	return "unknown";
}

void s2_at_memory(const struct s2_at_result *at, const struct s2_attr_value **ret_memory,
		  const struct s2_attr_value **ret_shareability)
{
	bool done = at->outcome == S2_AT_DONE;

	*ret_memory = NULL;
	*ret_shareability = NULL;
	if (done && !(~at->par_known & PAR_ATTR))
		*ret_memory = s2_arm64_par_value((uint8_t)field_get(PAR_ATTR, at->par));
	if (done && !(~at->par_known & PAR_SH))
		*ret_shareability = s2_arm64_sh_value((unsigned int)field_get(PAR_SH, at->par));
}
