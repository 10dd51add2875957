/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors that KVM's page-table code writes on arm64, for all who use that: KVM itself, and
 * its hypervisor. */
#ifndef S2_CHECK_ARM64_FORMS_H
#define S2_CHECK_ARM64_FORMS_H

#include "check/priv.h"
#include "decode/arm64/arm64.h"

/* Stage 2 (arch/arm64/include/asm/kvm_pgtable.h). */
#define S2_MEMATTR BITS64(5, 2)
#define S2_R BIT64(6)
#define S2_W BIT64(7)
#define S2_XN BIT64(54)
#define S2_XN0 BIT64(53)
/* Both stages. */
#define LEAF_SH BITS64(9, 8)
#define LEAF_AF BIT64(10)
#define LEAF_STATE BITS64(56, 55)
/* Stage 1 of EL2. */
#define S1_INDEX BITS64(4, 2)
#define S1_AP BITS64(7, 6)
#define S1_GP BIT64(50)
#define S1_PXN BIT64(53)
#define S1_UXN BIT64(54)

/* Adds a form of leaves to those of ctx->table, with what all leaves have. */
void s2_arm64_form(struct s2_check_ctx *ctx, struct s2_form form);
/* Guests' memory, as form @i: without FWB and with; false: not with this table's registers. */
#define S2_ARM64_NMEMORY_FORMS 2
bool s2_arm64_memory_form(struct s2_check_ctx *ctx, unsigned int i, struct s2_form *ret);
/* All forms of a guest whose table the host keeps. */
void s2_arm64_guest_forms(struct s2_check_ctx *ctx);

/* Bits in which @raw differs from the nearest form that may stand here; 0: it is one. */
uint64_t s2_arm64_nearest(const struct s2_check_ctx *ctx, unsigned int height, uint64_t oa,
			  uint64_t raw, const struct s2_form **ret);
/* Reports a leaf that is of no form; the form that it is of, else NULL. */
const struct s2_form *s2_arm64_leaf(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia,
				    uint64_t oa, uint64_t raw);
/* Reports an invalid entry that nobody writes. */
void s2_arm64_no_annotation(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia,
			    uint64_t raw);

/* As struct s2_writer has them. */
void s2_arm64_table(struct s2_check_ctx *ctx, unsigned int height, uint64_t ia, uint64_t raw);
bool s2_arm64_is_device(uint64_t raw);
bool s2_arm64_vmm_writes(uint64_t raw);
bool s2_arm64_vmm_is_memory(uint64_t raw);

/* ... what all writers of arm64 have alike. */
#define S2_ARM64_WRITES \
	.arch = "arm64", .is_device = s2_arm64_is_device, .vmm_writes = s2_arm64_vmm_writes, \
	.vmm_is_memory = s2_arm64_vmm_is_memory

extern const struct s2_writer s2_arm64_writer;

#endif
