/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page-table format is to the rest of the house: registers in, geometry out, descriptors to
 * meaning. */
#ifndef S2_DECODE_ARCH_H
#define S2_DECODE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/err.h"

/* Heights count from the page: 0 is the last level. arm64 levels -1..3 are heights 4..0. */
#define S2_MAX_HEIGHTS 6
#define S2_MAX_PAGE_LOG2 16
#define S2_MAX_ENTRIES (1U << (S2_MAX_PAGE_LOG2 - 3))

enum s2_tristate { S2_UNKNOWN = 0, S2_NO, S2_YES };

struct s2_arch;
struct s2_geometry;

/* How a claim is typed and written. In a regime all are 64-bit values. */
enum s2_claim_kind {
	S2_CLAIM_REGISTER, /* a system register; among "registers" of JSON and notes */
	S2_CLAIM_BYTES,    /* a size; 0 says as much as nothing */
	S2_CLAIM_BITS,     /* a number of address bits; 0 says as much as nothing */
	S2_CLAIM_LEVEL,    /* in the architecture's numbers, which may be negative */
	S2_CLAIM_FLAG,     /* 1 yes, 0 no; not known when not given */
	S2_CLAIM_SWITCH,   /* 1, or not given */
};

/* What a claim is of use for, to be joined; 0: a register that shapes no table by itself. */
enum s2_claim_use {
	S2_CLAIM_SHAPE = 1 << 0, /* makes the geometry: its option describes a table */
	/* How descriptors of stage 2 read: its option completes what a file says. */
	S2_CLAIM_DETAIL = 1 << 1,
	S2_CLAIM_ROOT = 1 << 2,   /* a register that holds the start level's address */
	S2_CLAIM_ACCESS = 1 << 3, /* of one translation, not of a table: options of `translate` */
};

/* A field of a control register, for people. */
struct s2_field {
	const char *name; /* as the architecture's manual prints it */
	uint64_t mask;
	const char *const *values; /* text per value, NULL: a plain number */
	const char *meaning;
	const char *(*text)(uint64_t value); /* in place of @values, when there are many */
};

/* Some fields of a register. */
struct s2_fields {
	const struct s2_field *row;
	unsigned int n;
};

/* An address that follows from a register's fields. */
struct s2_told {
	const char *name; /* as columns call it: "ipa" */
	uint64_t value;
	const char *meaning;
};

/* A register that describes no table but tells what became of an access: for `decode`. */
struct s2_report {
	const char *name;  /* JSON */
	const char *alias; /* as people call it for short */
	unsigned int nparts;
	/* Fields from bit 0 up are those of part 0, 1, ...: which there are depends on the value. */
	struct s2_fields (*part)(uint64_t value, unsigned int part);
	bool (*told)(uint64_t value, struct s2_told *ret); /* NULL: nothing */
};

/*
 * One row per claim of an architecture: it makes the options, their help, the names in JSON and in
 * notes, and what `decode` explains. Several table formats of one architecture may share the rows.
 */
struct s2_claim {
	const char *name; /* in JSON and notes: "vtcr_el2", "ia_bits" */
	enum s2_claim_kind kind;
	unsigned int use;   /* S2_CLAIM_SHAPE, ... */
	const char *format; /* the table format that alone knows it; NULL: all that share the rows */
	const char *option; /* without dashes; NULL: none */
	const char *arg;    /* its argument, NULL for flags and switches */
	const char *help;
	const char *no_option; /* S2_CLAIM_FLAG: says no; NULL: none */
	const char *no_help;
	int64_t min, max;      /* numbers: what a note may say, both included */
	const uint64_t *legal; /* what the option takes, NULL: all within min and max */
	unsigned int nlegal;
	const struct s2_field *fields; /* S2_CLAIM_REGISTER: from bit 0 up; NULL: not explained */
	unsigned int nfields;          /* bits in no field are RES0 */
	bool (*told)(uint64_t value, struct s2_told *ret); /* S2_CLAIM_REGISTER; NULL: nothing */
	uint64_t example; /* S2_CLAIM_SHAPE: a sound value, to show how it is used; 0: none */
};

#define S2_MAX_CLAIMS 48

struct s2_soft_ops;

#define S2_SOFT_PARAMS 16

/* What software that writes a table means by the bits that hardware leaves to it (decode/soft.h). */
struct s2_soft {
	const struct s2_soft_ops *ops; /* NULL: nobody says, and nothing is read into them */
	uint64_t empty;                /* what an entry holds that says nothing; 0 does so, too */
	bool assumed;                  /* ... which nobody told */
	uint64_t param[S2_SOFT_PARAMS];
	uint32_t unsure; /* bit n: what param[n] should be could not be read */
};

/* Claims, unchecked: from options, registers, a snapshot note or a dump. shape() turns them into
 * facts. */
struct s2_regime {
	const struct s2_arch *arch;
	uint64_t value[S2_MAX_CLAIMS]; /* by the index of arch->claims[]; 0 when not given */
	uint64_t have;                 /* bit n: value[n] was given */
	struct s2_soft soft;
};

#define S2_NO_LEVEL INT32_MIN

static inline void s2_regime_set(struct s2_regime *regime, unsigned int claim, uint64_t value)
{
	regime->value[claim] = value;
	regime->have |= BIT64(claim);
}

static inline void s2_regime_clear(struct s2_regime *regime, unsigned int claim)
{
	regime->value[claim] = 0;
	regime->have &= ~BIT64(claim);
}

static inline bool s2_regime_has(const struct s2_regime *regime, unsigned int claim)
{
	return regime->have & BIT64(claim);
}

/* A claim of S2_CLAIM_FLAG. */
enum s2_tristate s2_regime_flag(const struct s2_regime *regime, unsigned int claim);
void s2_regime_set_flag(struct s2_regime *regime, unsigned int claim, enum s2_tristate value);

/* A claim of S2_CLAIM_LEVEL, S2_NO_LEVEL when not given. */
int s2_regime_level(const struct s2_regime *regime, unsigned int claim);
void s2_regime_set_level(struct s2_regime *regime, unsigned int claim, int level);

/* Is @name what this format, or its architecture, is called? Any is, by NULL. */
bool s2_arch_is_called(const struct s2_arch *arch, const char *name);

/* Does @arch know the @claim'th of its rows? Formats share rows of which one is another's alone. */
bool s2_arch_claims(const struct s2_arch *arch, unsigned int claim);

/* The first claim of one of these uses that was given, NULL when none was. */
const struct s2_claim *s2_regime_given(const struct s2_regime *regime, unsigned int uses);

/* Is the claim a register of the table that was given, to be shown and saved as one? */
bool s2_regime_shows(const struct s2_regime *regime, unsigned int claim);

/* Gives up all claims but registers. */
void s2_regime_keep_registers(struct s2_regime *regime);

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

/* True for leaves, which translate an address unless theirs is too large. */
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
	S2_ODD_RES0 = 1 << 0,    /* a RES0 bit of the descriptor is set */
	S2_ODD_OA_SIZE = 1 << 1, /* output address beyond the output address size, or a block larger
				    than it: address size fault beyond */
	S2_ODD_OA_ALIGN = 1 << 2,   /* address bits below the block size are set */
	S2_ODD_MEMATTR = 1 << 3,    /* reserved memory attribute */
	S2_ODD_SH = 1 << 4,         /* reserved shareability */
	S2_ODD_ENCODING = 1 << 5,   /* reserved descriptor type */
	S2_ODD_NEEDS_PA52 = 1 << 6, /* block that only a 52-bit PA implementation accepts */
	S2_ODD_WRITE_ONLY = 1 << 7, /* writable but not readable */
	S2_ODD_RESERVED = 1 << 8,   /* another field holds a reserved value */
	S2_ODD_TABLE_BITS =
		1 << 9,        /* a table descriptor sets bits that have no meaning in this stage */
	S2_ODD_RES1 = 1 << 10, /* a RES1 bit of the descriptor is clear */
	S2_ODD_EXEC_ONLY = 1 << 11, /* executable but not readable, which the hardware refuses */
};

struct s2_odd_row {
	uint32_t bit;
	const char *name;
	const char *meaning;
};

extern const struct s2_odd_row s2_odds[];
extern const unsigned int s2_nodds;

/* One level of the tables, by height. */
struct s2_height {
	uint8_t shift;     /* input-address bits below one entry: an entry spans 1 << shift bytes */
	bool leaf;         /* a block (or, at height 0, a page) may stand here */
	bool leaf_odd;     /* ... but only on some implementations: S2_ODD_NEEDS_PA52 */
	uint8_t cont_log2; /* entries of one contiguous group, log2; 0: none defined */
	uint64_t oa_low;   /* leaf: descriptor bits that are OA bits in place, before oa_shift */
	uint64_t res0;     /* leaf: RES0 bits */
	uint64_t align;    /* leaf: address bits below the block size, RES0 */
	uint64_t table_res0; /* table: bits that make hardware fault, where there are any */
};

/* Facts, made only by s2_shape() and arch->shape() from a regime; nobody checks them again. */
struct s2_geometry {
	const struct s2_arch *arch;
	uint32_t flags;    /* facts that decide how descriptors read; the architecture's own */
	uint32_t odd;      /* of the regime itself; the architecture's own: s2_arch.geom_odds */
	uint8_t page_log2; /* granule */
	uint8_t ia_bits;
	uint8_t oa_bits;
	uint8_t top;           /* height of the start level */
	uint8_t heights;       /* levels that descriptors of this regime can stand at */
	uint32_t start_tables; /* concatenated tables at the start level, 1..16 */
	uint64_t start_size;   /* bytes that the start level occupies (all tables together) */
	uint64_t ia_base;      /* input address of the first entry (not 0 in a TTBR1 half) */
	uint64_t table_low;    /* next-table address bits in place, before oa_shift */
	uint64_t oa_high;      /* descriptor bits that hold high OA bits, 0 when none */
	uint8_t oa_high_shift; /* ... shifted left by this */
	int8_t oa_shift;       /* then the whole: left, or right when negative; no bit gets lost */
	uint8_t sh;            /* shareability when descriptors have no SH field (VTCR_EL2.SH0) */
	uint64_t memory_types; /* by index, where a register has them */
	/* Permissions by index, privileged and not, where registers have them. */
	uint64_t perms, perms_user;
	uint64_t address_flag; /* a bit among those of addresses that is none */
	uint64_t soft_bits;    /* bits of leaves that rows of @soft name */
	struct s2_soft soft;   /* set by s2_shape() */
	/* What overlays leave, by index, where registers have them and they count. */
	uint64_t overlay, overlay_user;
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

/* The height of a level; negative or too large when the architecture has no such level. */
int s2_height_of(const struct s2_arch *arch, int level);

/* Address bits of a leaf at @height, joined but not shifted: addresses that follow each other do so
 * here too. */
static inline uint64_t s2_leaf_address_bits(const struct s2_geometry *geom, unsigned int height,
					    uint64_t raw)
{
	return (raw & geom->height[height].oa_low) | (raw & geom->oa_high) << geom->oa_high_shift;
}

/* Output address bits of a leaf at @height (the next-table address has its own mask). */
static inline uint64_t s2_leaf_oa(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return shift_left(s2_leaf_address_bits(geom, height, raw), geom->oa_shift);
}

static inline uint64_t s2_table_oa(const struct s2_geometry *geom, uint64_t raw)
{
	return shift_left((raw & geom->table_low) | (raw & geom->oa_high) << geom->oa_high_shift,
			  geom->oa_shift);
}

/*
 * What the tables on the way to an entry allow of rights (hierarchical permissions): bits that only
 * the architecture reads, set where nothing was taken away.
 */
struct s2_path {
	uint64_t allow;
};

#define S2_PATH_ALL ((struct s2_path){ ~UINT64_C(0) })

/* What may be done at the privileged level and at the other, which are the same where a regime
 * knows one. Not @known: a register that decides is not. */
struct s2_rights {
	bool known;
	bool read, write, exec;
	bool read_user, write_user, exec_user;
};

/*
 * "rwx", "r--": execution is x at both levels, p at the privileged one only, u at the other only.
 * With @two_levels "rw-/r-x": the privileged level's, then the other's.
 */
#define S2_TEXT_RIGHTS_LEN 8
void s2_text_rights(const struct s2_rights *rights, bool two_levels, char ret[S2_TEXT_RIGHTS_LEN]);

/* Where an attribute stands. */
enum s2_where { S2_IN_LEAF = 1 << 0, S2_IN_TABLE = 1 << 1, S2_IN_INVALID = 1 << 2 };

/* The attribute that says what memory it is, on every architecture. */
#define S2_MEMORY_NAME "memattr"

enum s2_attr_kind {
	S2_ATTR_COLUMN, /* always shown, its text is never empty */
	S2_ATTR_FLAG,   /* shown when it is not 0, with its value; with @values, what is not "-" */
	S2_ATTR_RIGHT,  /* for decode; rows have what rights() says */
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
	const char *title; /* of a column of text, */
	uint8_t width;     /* and how wide that is */
	bool blocks_only;  /* not in pages (height 0) */
	bool rest;         /* less the bits that the regime's software has names for */
	bool in_place;     /* a plain number that keeps its bits where they stand */
	/* In place of @mask, where a register, software or the height decides. */
	uint64_t (*bits)(const struct s2_geometry *geom, unsigned int height);
	uint32_t needs;                     /* S2_G_* that must all be set */
	uint32_t unless;                    /* S2_G_* of which none may be set */
	const struct s2_attr_value *values; /* indexed by the gathered value; NULL: a plain number */
	unsigned int nvalues;
	uint32_t open; /* bit N: value N is named by its number, for what decides is not known */
	/*
	 * When the meaning of the gathered bits stands in a register (MAIR_ELx, PIR_ELx): turns
	 * them into the index in @values. Applied by s2_attr_get(). NULL: the gathered value is the
	 * index.
	 */
	uint64_t (*resolve)(const struct s2_geometry *geom, uint64_t value);
};

/* A fact about a table that headers tell and JSON has as a member. */
struct s2_feature {
	const char *name; /* JSON: true, false, or null when it is not known */
	uint32_t yes;     /* S2_G_* that says so */
	uint32_t no;      /* S2_G_* that says it is not so; 0: whatever is not @yes */
	const char *text; /* in a header */
	const char *no_text;
};

/* What a table translates: what software asks for, or what the first stage answered. */
enum s2_stage { S2_STAGE_1 = 1, S2_STAGE_2 = 2 };

/* Registers of a guest hypervisor that a table may shadow. */
enum s2_shadow { S2_SHADOW_ROOT, S2_SHADOW_CONTROL, S2_NSHADOWS };

/* What such a register is called in JSON, and in the note of a snapshot. */
struct s2_shadow_name {
	const char *name;
	const char *note;
};

/* The kernel's own text of a page table, in debugfs; named for the release that began with it. */
enum s2_debugfs_generation {
	S2_DEBUGFS_6_12,
	S2_DEBUGFS_6_18,
	S2_DEBUGFS_6_19,
	S2_DEBUGFS_7_3,
	S2_NDEBUGFS_GENERATIONS,
};

/* A column: @set when the bits under @mask equal @value, else @clear (NULL: it is not there). That
 * is all the kernel's table knows. */
struct s2_debugfs_column {
	uint64_t mask;
	uint64_t value;
	const char *set;
	const char *clear;
};

struct s2_debugfs_text {
	const struct s2_debugfs_column *column;
	unsigned int n;
	/* The line before the header of a shadow table: what stands before each register. NULL:
	 * there is no such line. */
	const char *shadow_control, *shadow_root;
};

/* One table format. Its names, @name and @format, stand in notes. */
struct s2_arch {
	const char *name;    /* JSON: "arm64" */
	const char *format;  /* "stage2", "stage1-el1", "stage1-el2" */
	const char *ia_name; /* what input addresses are called: "IPA", "VA" */
	enum s2_stage stage;
	const struct s2_feature *features;
	unsigned int nfeatures;
	/* Oddities of the regime itself: legal or tolerated by hardware, flagged in the header. */
	const struct s2_odd_row *geom_odds;
	unsigned int ngeom_odds;
	uint32_t geom_odds_reserved; /* those of RES bits: the value was no such register, as a rule
				      */
	const struct s2_claim *claims; /* in the order of options and JSON */
	unsigned int nclaims;
	const struct s2_report *reports; /* registers that only `decode` knows */
	unsigned int nreports;
	struct s2_shadow_name shadows[S2_NSHADOWS]; /* NULL where a table shadows nothing */
	const struct s2_debugfs_text *debugfs; /* by enum s2_debugfs_generation; NULL: the kernel
						has no such text of it */
	const char *title; /* what headers call the format beside its stage; NULL: nothing */
	bool one_granule;  /* all pages are 4K: headers tell how many levels there are instead */

	/* Claims to facts. Refuses what no hardware accepts and names the register field.
	 * S2_NOTFOUND: too little was claimed. */
	enum s2_code (*shape)(const struct s2_regime *regime, struct s2_geometry *ret,
			      struct s2_err *err);

	/*
	 * The start level's address from a register of S2_CLAIM_ROOT. S2_INVALID when it is not
	 * aligned as the geometry demands.
	 */
	enum s2_code (*root)(const struct s2_geometry *geom, const struct s2_regime *regime,
			     uint64_t *ret, struct s2_err *err);

	/* May the start level stand at @root? S2_INVALID: alignment, or more bits than tables have.
	 * NULL: aligned to its size, within the output size. Asked through s2_check_root(). */
	enum s2_code (*check_root)(const struct s2_geometry *geom, uint64_t root,
				   struct s2_err *err);

	/*
	 * Do claims from options contradict each other, before anything is shaped? S2_USAGE. NULL:
	 * none do.
	 */
	enum s2_code (*agree)(const struct s2_regime *option, struct s2_err *err);

	/*
	 * Adds to @regime what options say and the file did not: @option is a regime of the same
	 * architecture. S2_USAGE when they gainsay what the file says of the table called @id.
	 * NULL: no claim is S2_CLAIM_DETAIL.
	 */
	enum s2_code (*complete)(const struct s2_regime *option, const char *id,
				 struct s2_regime *regime, struct s2_err *err);

	/* Claims that `decode` takes for granted when a descriptor comes alone. NULL: none. */
	void (*assume)(struct s2_regime *regime);

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
	 * NULL: all bits, in leaves but those of the address in place.
	 */
	uint64_t (*key_mask)(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

	/* Whether @raw is a leaf at @height (cheap form of decode()); s2_maps() says whether it
	 * maps. */
	bool (*is_leaf)(const struct s2_geometry *geom, unsigned int height, uint64_t raw);

	/*
	 * What is left of @path below the table descriptor @raw at @height. Only bits that decide
	 * about rights differ from @path's. NULL: tables take nothing away.
	 */
	struct s2_path (*below)(const struct s2_geometry *geom, unsigned int height, uint64_t raw,
				struct s2_path path);

	/*
	 * Rights of the leaf @raw at @height as the tables above it, @path, and the regime's
	 * registers leave them (write excludes execution, say). @path NULL: as the leaf has them
	 * itself.
	 */
	struct s2_rights (*rights)(const struct s2_geometry *geom, unsigned int height,
				   uint64_t raw, const struct s2_path *path);
	/* Do both levels have rights of their own? NULL: never. */
	bool (*two_levels)(const struct s2_geometry *geom);

	const struct s2_guest_exit_ops
		*exits; /* NULL: whom a fault is told, and how, is another's matter */

	const struct s2_attr *attrs; /* in column order */
	unsigned int nattrs;
	uint8_t flags_width; /* that the flags of an ordinary leaf take in text; 0: few */
	const char *device;  /* memory of devices, a pattern of S2_MEMORY_NAME's text; NULL: none */
	int level_base;      /* the architecture's number for height 0 */
	int level_step;      /* added for each height above: arm64 -1, x86 and RISC-V 1 */
};

/*
 * Bytes of the @size at output address @oa that hardware translates to: what lies beyond the output
 * size takes an address size fault, also the end of a block that is larger than it (Arm ARM
 * pseudocode AArch64.OAOutOfRange, asked of the final address).
 */
static inline uint64_t s2_within_oa(const struct s2_geometry *geom, uint64_t oa, uint64_t size)
{
	uint64_t end = BIT64(geom->oa_bits);

	if (oa >= end)
		return 0;
	return size < end - oa ? size : end - oa;
}

/* What is left of @path below the table descriptor @raw at @height. */
static inline struct s2_path s2_below(const struct s2_geometry *geom, unsigned int height,
				      uint64_t raw, struct s2_path path)
{
	return geom->arch->below ? geom->arch->below(geom, height, raw, path) : path;
}

static inline bool s2_two_levels(const struct s2_geometry *geom)
{
	return geom->arch->two_levels && geom->arch->two_levels(geom);
}

/* Does @raw map something at @height? A leaf beyond the output size does not. */
static inline bool s2_maps(const struct s2_geometry *geom, unsigned int height, uint64_t raw)
{
	return geom->arch->is_leaf(geom, height, raw) &&
	       s2_within_oa(geom, s2_leaf_oa(geom, height, raw), 1);
}

/* Claims to facts: what arch->shape() says, and what the regime's software means. */
enum s2_code s2_shape(const struct s2_regime *regime, struct s2_geometry *ret,
		      struct s2_err *err) S2_MUST_CHECK;

enum s2_code s2_check_root(const struct s2_geometry *geom, uint64_t root,
			   struct s2_err *err) S2_MUST_CHECK;

/* All table formats of -Darchs=, generated, NULL at the end; the first is what options mean that
 * several know. */
extern const struct s2_arch *const s2_archs[];
extern const unsigned int s2_narchs;

/* True for the tables that a guest's (or the host's) intermediate physical addresses go through. */
static inline bool s2_is_stage2(const struct s2_arch *arch)
{
	return arch->stage == S2_STAGE_2;
}

/* The @i'th attribute: those of the regime's software, then the architecture's; NULL after the last.
 */
const struct s2_attr *s2_attr_at(const struct s2_geometry *geom, unsigned int i);

/* The bits of an entry at @height that @attr is gathered from; 0: of none. */
uint64_t s2_attr_bits(const struct s2_attr *attr, const struct s2_geometry *geom,
		      unsigned int height);

/* The bits of @attr in @raw, an entry at @height, gathered low to high. Without bits it comes from
 * the geometry (shareability with LPA2). */
uint64_t s2_attr_gather(const struct s2_attr *attr, const struct s2_geometry *geom,
			unsigned int height, uint64_t raw);

/* The value of @attr: what is gathered, resolved through a register if the row says so. */
uint64_t s2_attr_get(const struct s2_attr *attr, const struct s2_geometry *geom,
		     unsigned int height, uint64_t raw);

/* Is that value one which is named by its number alone? */
bool s2_attr_is_open(const struct s2_attr *attr, const struct s2_geometry *geom,
		     unsigned int height, uint64_t raw);

/* The row of value @value, or NULL when the attribute is a plain number or the value has no row. */
const struct s2_attr_value *s2_attr_value(const struct s2_attr *attr, uint64_t value);

/* Does this row count for this geometry and this kind of entry at this height? decode() asks of all
 * rows. */
static inline bool s2_attr_applies(const struct s2_attr *attr, const struct s2_geometry *geom,
				   enum s2_where where, unsigned int height)
{
	return (attr->where & where) && !(attr->blocks_only && height == 0) &&
	       (geom->flags & attr->needs) == attr->needs && !(geom->flags & attr->unless);
}

/* S2_IN_* of an entry type. */
enum s2_where s2_where(enum s2_type type);

#endif
