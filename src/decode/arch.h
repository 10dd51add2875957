/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page-table format is to the rest of the house: registers in, geometry out, descriptors to
 * meaning. */
#ifndef S2_DECODE_ARCH_H
#define S2_DECODE_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/err.h"

/* Heights count from the page: 0 is the last level. arm64 levels -1..3 are heights 4..0. */
#define S2_MAX_HEIGHTS 6
#define S2_MAX_PAGE_LOG2 16
#define S2_MAX_ENTRIES (1U << (S2_MAX_PAGE_LOG2 - 3))

/* System registers that a regime can be told; names in s2_reg_names[]. */
enum s2_reg {
	S2_REG_VTCR_EL2,
	S2_REG_VTTBR_EL2,
	S2_REG_HCR_EL2,
	S2_REG_SCTLR_EL1,
	S2_REG_TCR_EL1,
	S2_REG_TCR2_EL1,
	S2_REG_TTBR0_EL1,
	S2_REG_TTBR1_EL1,
	S2_REG_MAIR_EL1,
	S2_REG_PIR_EL1,
	S2_REG_PIRE0_EL1,
	S2_REG_POR_EL1,
	S2_REG_POR_EL0,
	S2_REG_SCTLR_EL2,
	S2_REG_TCR_EL2,
	S2_REG_TTBR0_EL2,
	S2_REG_TTBR1_EL2,
	S2_REG_MAIR_EL2,
	S2_REG_TCR2_EL2,
	S2_REG_PIR_EL2,
	S2_REG_PIRE0_EL2,
	S2_REG_POR_EL2,
	S2_NREGS,
};

/* Lower-case names as in JSON and options: "vtcr_el2", ... */
extern const char *const s2_reg_names[S2_NREGS];

enum s2_tristate { S2_UNKNOWN = 0, S2_NO, S2_YES };

struct s2_arch;
struct s2_geometry;

/* Claims, unchecked: from options, registers, a snapshot note or a dump. shape() turns them into
 * facts. */
struct s2_regime {
	const struct s2_arch *arch;
	uint64_t reg[S2_NREGS];
	uint64_t have_regs; /* bit n: reg[n] was given */

	/* Instead of a register, or beside it (then they must agree). 0 or S2_NO_LEVEL: not given. */
	uint64_t granule; /* bytes: 4096, 16384, 65536 */
	unsigned int ia_bits;
	unsigned int oa_bits;
	int start_level; /* hardware numbering, S2_NO_LEVEL when not given */
	enum s2_tristate lpa2;
	enum s2_tristate fwb;
	enum s2_tristate xnx;
	bool realm; /* Realm EL1&0 stage 2: bit 55 is NS */
	bool upper; /* stage 1: the TTBR1 half of the address space */
};

#define S2_NO_LEVEL INT32_MIN

static inline void s2_regime_set(struct s2_regime *regime, enum s2_reg reg, uint64_t value)
{
	regime->reg[reg] = value;
	regime->have_regs |= BIT64(reg);
}

static inline bool s2_regime_has(const struct s2_regime *regime, enum s2_reg reg)
{
	return regime->have_regs & BIT64(reg);
}

void s2_regime_init(struct s2_regime *regime, const struct s2_arch *arch);

/* What an entry is. */
enum s2_type {
	S2_INVALID_ENTRY, /* not valid; the payload may carry a software annotation */
	S2_TABLE,
	S2_BLOCK,
	S2_PAGE,
	S2_RESERVED_ENTRY, /* valid bit set, but the hardware faults as if it were not (reserved
			      encoding) */
};

/* "invalid", "table", "block", "page", "reserved" */
const char *s2_type_name(enum s2_type type);

/* True for the types that translate an address. */
static inline bool s2_is_leaf(enum s2_type type)
{
	return type == S2_BLOCK || type == S2_PAGE;
}

/* What one descriptor says, before its attributes are looked at. */
struct s2_entry {
	uint64_t raw;
	uint64_t oa;  /* output address of a leaf, address of the next table of a table; else 0 */
	uint32_t odd; /* S2_ODD_*: legal or at least decodable, but strange */
	enum s2_type type;
};

/* Oddities. A row each in s2_odds[] (name, meaning). A pure function of raw & geometry key bits. */
enum s2_odd {
	S2_ODD_RES0 = 1 << 0, /* a RES0 bit of the descriptor is set */
	S2_ODD_OA_SIZE =
		1 << 1, /* output address beyond the output address size: address size fault */
	S2_ODD_OA_ALIGN = 1 << 2,   /* address bits below the block size are set */
	S2_ODD_MEMATTR = 1 << 3,    /* reserved memory attribute */
	S2_ODD_SH = 1 << 4,         /* reserved shareability */
	S2_ODD_ENCODING = 1 << 5,   /* reserved descriptor type */
	S2_ODD_NEEDS_LPA = 1 << 6,  /* block that only a 52-bit PA implementation accepts */
	S2_ODD_WRITE_ONLY = 1 << 7, /* writable but not readable */
	S2_ODD_RESERVED = 1 << 8,   /* another field holds a reserved value */
	S2_ODD_TABLE_BITS =
		1 << 9,        /* a table descriptor sets bits that have no meaning in this stage */
	S2_ODD_RES1 = 1 << 10, /* a RES1 bit of the descriptor is clear */
};

struct s2_odd_row {
	uint32_t bit;
	const char *name;
	const char *meaning;
};

extern const struct s2_odd_row s2_odds[];
extern const unsigned int s2_nodds;

/* Facts about the regime that decide how descriptors read. */
enum s2_geom_flag {
	S2_G_LPA2 = 1 << 0,   /* DS=1: OA[51:50] in [9:8], no SH field */
	S2_G_LPA = 1 << 1,    /* 64K pages: OA[51:48] in [15:12] */
	S2_G_FWB = 1 << 2,    /* stage-2 MemAttr with HCR_EL2.FWB=1 */
	S2_G_NOFWB = 1 << 3,  /* ... =0; neither flag: not known */
	S2_G_XNX = 1 << 4,    /* XN[1:0] is two bits */
	S2_G_REALM = 1 << 5,  /* Realm stage 2 */
	S2_G_HA = 1 << 6,     /* hardware sets the access flag */
	S2_G_HD = 1 << 7,     /* hardware manages dirty state: DBM counts */
	S2_G_PBHA = 1 << 8,   /* the regime allots PBHA bits */
	S2_G_TWO_EL = 1 << 9, /* stage 1 with an unprivileged level (EL1&0, EL2&0) */
	S2_G_UPPER = 1 << 10, /* stage 1, TTBR1 half */
	S2_G_HPD = 1 << 11,   /* hierarchical permissions disabled */
	S2_G_PIE = 1 << 12,   /* stage-1 permission indirection */
	S2_G_MAIR = 1 << 13,  /* stage 1: mair is known */
	S2_G_PIR = 1 << 14,   /* stage 1: pir and pire0 are known */
	S2_G_SH0 = 1 << 16,   /* sh is known (VTCR_EL2.SH0) */
	S2_G_POE = 1 << 15,   /* stage 1: permission overlays, descriptors hold POIndex */
};

/* Oddities of the regime itself: legal or tolerated by hardware, flagged in the header. */
enum s2_geom_odd {
	S2_GODD_RES1 = 1 << 0,       /* VTCR_EL2[31] (RES1) is 0 */
	S2_GODD_RES0 = 1 << 1,       /* RES0 bits are set */
	S2_GODD_PS_CAPPED = 1 << 2,  /* PS says 52 bits, granule without LPA2 gives 48 */
	S2_GODD_TTST = 1 << 3,       /* needs FEAT_TTST */
	S2_GODD_IA_OVER_OA = 1 << 4, /* input size above the output size */
	S2_GODD_HD_NO_HA = 1 << 5,   /* HD without HA */
	S2_GODD_SL_PA = 1 << 6,      /* start level that needs more PA bits than PS gives */
};

/* One level of the tables, by height. */
struct s2_height {
	uint8_t shift;     /* input-address bits below one entry: an entry spans 1 << shift bytes */
	bool leaf;         /* a block (or, at height 0, a page) may stand here */
	bool leaf_odd;     /* ... but only on some implementations: S2_ODD_NEEDS_LPA */
	uint8_t cont_log2; /* entries of one contiguous group, log2; 0: none defined */
	uint64_t oa_low;   /* leaf: descriptor bits that are OA bits in place */
	uint64_t res0;     /* leaf: RES0 bits */
	uint64_t align;    /* leaf: address bits below the block size, RES0 */
};

/* Facts, made only by arch->shape() from a regime; nobody checks them again. */
struct s2_geometry {
	const struct s2_arch *arch;
	uint32_t flags;    /* S2_G_* */
	uint32_t odd;      /* S2_GODD_* */
	uint8_t page_log2; /* granule */
	uint8_t ia_bits;
	uint8_t oa_bits;
	uint8_t top;           /* height of the start level */
	uint32_t start_tables; /* concatenated tables at the start level, 1..16 */
	uint64_t start_size;   /* bytes that the start level occupies (all tables together) */
	uint64_t ia_base;      /* input address of the first entry (not 0 in a TTBR1 half) */
	uint64_t table_low;    /* next-table address bits in place */
	uint64_t oa_high;      /* descriptor bits that hold high OA bits, 0 when none */
	uint8_t oa_high_shift; /* ... shifted left by this */
	uint8_t sh;            /* shareability when descriptors have no SH field (VTCR_EL2.SH0) */
	uint64_t mair;         /* stage 1, with S2_G_MAIR */
	uint64_t pir, pire0; /* stage 1, with S2_G_PIR: permissions by index, privileged and not */
	struct s2_height height[S2_MAX_HEIGHTS];
};

static inline uint64_t s2_entry_size(const struct s2_geometry *geom, unsigned int height)
{
	return BIT64(geom->height[height].shift);
}

/* Number of entries of the start level, all concatenated tables together. */
static inline uint64_t s2_start_entries(const struct s2_geometry *geom)
{
	return geom->start_size / sizeof(uint64_t);
}

/* A height as the architecture numbers it. */
int s2_level(const struct s2_geometry *geom, unsigned int height);

/* Output address bits of a leaf at @height (the next-table address has its own mask). */
static inline uint64_t s2_leaf_oa(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return (raw & geom->height[height].oa_low) | (raw & geom->oa_high) << geom->oa_high_shift;
}

static inline uint64_t s2_table_oa(const struct s2_geometry *geom, uint64_t raw)
{
	return (raw & geom->table_low) | (raw & geom->oa_high) << geom->oa_high_shift;
}

/* Where an attribute stands. */
enum s2_where { S2_IN_LEAF = 1 << 0, S2_IN_TABLE = 1 << 1, S2_IN_INVALID = 1 << 2 };

enum s2_attr_kind {
	S2_ATTR_COLUMN, /* always shown, its text is never empty */
	S2_ATTR_FLAG,   /* shown when it is not 0, by name or with its value */
};

struct s2_attr_value {
	const char *json; /* a JSON fragment as it stands in the output: `true`, `"inner"`, `{"el1":
			     ...}` */
	const char *text; /* ptdump column text, no blanks */
	const char *meaning; /* one line for people; NULL: the text says it */
	uint32_t odd;        /* S2_ODD_* that this value raises */
};

/*
 * One row per attribute and regime variant. The first row of a name whose @needs and @unless fit
 * the geometry counts. The same row serves every format, `decode`, the manual's table and the docs
 * test.
 */
struct s2_attr {
	const char *name;  /* JSON key */
	const char *field; /* as the architecture manual prints it */
	uint64_t mask; /* descriptor bits; several fields may be joined, the value is then gathered
			  low to high */
	uint8_t where; /* S2_IN_* */
	uint8_t kind;  /* enum s2_attr_kind */
	uint8_t width; /* of the ptdump column */
	bool blocks_only;                   /* not in pages (height 0) */
	uint32_t needs;                     /* S2_G_* that must all be set */
	uint32_t unless;                    /* S2_G_* of which none may be set */
	const struct s2_attr_value *values; /* indexed by the gathered value; NULL: a plain number */
	unsigned int nvalues;
	/*
	 * When the meaning of the gathered bits stands in a register (MAIR_ELx, PIR_ELx): turns
	 * them into the index in @values. Applied by s2_attr_get(). NULL: the gathered value is the
	 * index.
	 */
	uint64_t (*resolve)(const struct s2_geometry *geom, uint64_t value);
};

struct s2_arch {
	const char *name;    /* JSON: "arm64" */
	const char *ia_name; /* what input addresses are called: "IPA", "VA" */
	const char *stage;   /* "stage2", "stage1-el1", "stage1-el2" */

	/* Claims to facts. Refuses what no hardware accepts and names the register field. */
	enum s2_code (*shape)(const struct s2_regime *regime, struct s2_geometry *ret,
			      struct s2_err *err);

	/* True when @raw at @height > 0 leads to a table. Cheap; the walker asks it for every upper
	 * entry. */
	bool (*is_table)(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

	/* Total: every 64-bit value at every height has an answer. */
	void (*decode)(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
		       struct s2_entry *ret);

	/*
	 * Bits of @raw that distinguish it from a neighbour of the same height, when every
	 * attribute is shown: all but the output address. Always holds the bits that decide the
	 * type, and all that `odd` depends on.
	 */
	uint64_t (*key_mask)(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

	/* Whether @raw translates an address at @height (cheap form of decode()). */
	bool (*is_leaf)(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

	const struct s2_attr *attrs; /* in column order */
	unsigned int nattrs;
	int last_level; /* the architecture's number for height 0; numbers fall as heights rise */
};

extern const struct s2_arch s2_arm64_stage2;
extern const struct s2_arch s2_arm64_stage1_el1; /* EL1&0; regime->upper: the TTBR1_EL1 half */
extern const struct s2_arch
	s2_arm64_stage1_el2; /* EL2, or EL2&0 when HCR_EL2 is given and E2H is 1 */

/* True for the tables that a guest's (or the host's) intermediate physical addresses go through. */
static inline bool s2_is_stage2(const struct s2_arch *arch)
{
	return arch == &s2_arm64_stage2;
}

/*
 * The value of @attr in @raw: the bits of the mask, gathered, and resolved through a register if
 * the row says so. An attribute without bits comes from the geometry (shareability with LPA2).
 */
uint64_t s2_attr_get(const struct s2_attr *attr, const struct s2_geometry *geom, uint64_t raw);

/* The row of value @value, or NULL when the attribute is a plain number or the value has no row. */
const struct s2_attr_value *s2_attr_value(const struct s2_attr *attr, uint64_t value);

/* Does this row count for this geometry and this kind of entry at this height? */
bool s2_attr_applies(const struct s2_attr *attr, const struct s2_geometry *geom,
		     enum s2_where where, unsigned int height);

/* S2_IN_* of an entry type. */
enum s2_where s2_where(enum s2_type type);

/* Rows to name geometry flags and oddities for people. */
extern const struct s2_odd_row s2_geom_odds[];
extern const unsigned int s2_ngeom_odds;

#endif
