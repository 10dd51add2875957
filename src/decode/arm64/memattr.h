/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64 memory attributes: decoding MAIR_ELx and MemAttr, combining two stages, encoding for
 * PAR_EL1. */
#ifndef S2_DECODE_ARM64_MEMATTR_H
#define S2_DECODE_ARM64_MEMATTR_H

#include <stdbool.h>
#include <stdint.h>

/* Cacheability, weakest last. */
enum s2_cache { S2_CACHE_NC, S2_CACHE_WT, S2_CACHE_WB };

/* Shareability as the field values of SH and PAR_EL1.SH. */
enum { S2_SH_NONE = 0, S2_SH_OUTER = 2, S2_SH_INNER = 3 };

/* One of inner and outer (Arm ARM pseudocode MemAttrHints). */
struct s2_cacheattr {
	uint8_t cache; /* enum s2_cache */
	uint8_t hints; /* bit 1: read allocate, bit 0: write allocate */
	bool transient;
};

/* Arm ARM pseudocode MemoryAttributes. */
struct s2_memattr {
	bool known; /* false: a register that decides is not known, the rest means nothing but
		       device and sh if known */
	bool device;
	uint8_t type; /* of Device: 0 nGnRnE, 1 nGnRE, 2 nGRE, 3 GRE */
	struct s2_cacheattr inner, outer;
	uint8_t sh;
	bool tagged;
	bool notag; /* Tagged, and the tags are not accessible */
	bool xs;
};

/* Classes of memory that MAIR_ELx can name, allocation hints and transience left out. */
enum s2_mair {
	S2_MAIR_DEVICE = 0,     /* and three more: nGnRnE, nGnRE, nGRE, GRE */
	S2_MAIR_DEVICE_NXS = 4, /* and three more, with FEAT_XS */
	S2_MAIR_NORMAL = 8,     /* and eight more: outer NC, WT, WB; in each inner NC, WT, WB */
	S2_MAIR_NC_NXS = 17,
	S2_MAIR_WT_NXS,
	S2_MAIR_TAGGED,
	S2_MAIR_RESERVED,
};

enum s2_mair s2_mair_class(uint8_t attr);

/* Attributes that are reserved but for FEAT_XS. */
static inline bool s2_mair_needs_xs(uint8_t attr)
{
	enum s2_mair class = s2_mair_class(attr);

	return (class >= S2_MAIR_DEVICE_NXS && class < S2_MAIR_NORMAL) || class == S2_MAIR_NC_NXS ||
	       class == S2_MAIR_WT_NXS;
}

/* An 8-bit attribute of MAIR_ELx with the SH field beside it (S1DecodeMemAttrs). What is reserved
 * but for FEAT_MTE2 is Tagged: without it there is no right answer. */
struct s2_memattr s2_memattr_s1(uint8_t attr, unsigned int sh);

/* MemAttr[3:0] with HCR_EL2.FWB == 0 (S2DecodeMemAttrs). */
struct s2_memattr s2_memattr_s2(unsigned int memattr, unsigned int sh, bool fnxs);

/* Both stages with FWB == 0 (S2CombineS1MemAttrs). */
struct s2_memattr s2_memattr_combine(const struct s2_memattr *s1, const struct s2_memattr *s2);

/* Both stages with FWB == 1; @memattr and @sh are stage 2's (AArch64.S2ApplyFWBMemAttrs). */
struct s2_memattr s2_memattr_fwb(const struct s2_memattr *s1, unsigned int memattr, unsigned int sh,
				 bool fnxs);

/* Normal Non-cacheable. */
struct s2_memattr s2_memattr_nc(bool xs);

/* Device and Non-cacheable memory is Outer Shareable whatever the field says
 * (EffectiveShareability). */
uint8_t s2_memattr_sh(const struct s2_memattr *attr);

/* PAR_EL1.ATTR (EncodePARAttrs). @xs: FEAT_XS is implemented. */
uint8_t s2_memattr_par(const struct s2_memattr *attr, bool xs);

#endif
