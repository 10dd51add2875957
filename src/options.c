// SPDX-License-Identifier: GPL-2.0-or-later
// Every option is one row: name, argument, groups, help. getopt_long does the splitting.
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

#define HCR_FWB BIT64(46)

enum opt_id {
	OPT_VTCR = 256,
	OPT_VTTBR,
	OPT_HCR,
	OPT_GRANULE,
	OPT_IA_BITS,
	OPT_OA_BITS,
	OPT_START_LEVEL,
	OPT_LPA2,
	OPT_FWB,
	OPT_NO_FWB,
	OPT_NO_XNX,
	OPT_REALM,
	OPT_BASE,
	OPT_ROOT,
	OPT_SNAPSHOT,
	OPT_MAP,
	OPT_TABLE,
	OPT_RANGE,
	OPT_FORMAT,
	OPT_JSON,
	OPT_MERGE,
	OPT_AS,
	OPT_VMLINUX,
	OPT_PAGES,
	OPT_TCR,
	OPT_TTBR0,
	OPT_TTBR1,
	OPT_MAIR,
	OPT_SCTLR,
	OPT_REG,
	OPT_PAN,
	OPT_PA_BITS,
	OPT_VCPU,
	OPT_EFFECTIVE,
	OPT_PROGRESS,
	OPT_SYSTEM_MAP,
	OPT_KERNEL,
	OPT_LEVEL,
	OPT_ONLY,
	OPT_SKIP,
	OPT_LIST,
	OPT_VERBOSE = 'v',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
	OPT_OUTPUT = 'o',
};

struct opt_row {
	enum opt_id id;
	const char *name;
	const char *arg; /* NULL: none */
	unsigned int groups;
	const char *help;
};

/* The order is that of --help. A new option: an id above, a row here, a case in apply(), the
 * manual, the completion. */
static const struct opt_row rows[] = {
	{ OPT_VTCR, "vtcr", "VALUE", S2_OPTS_GEOM,
	  "VTCR_EL2: granule, input and output size, start level" },
	{ OPT_VTTBR, "vttbr", "VALUE", S2_OPTS_INPUT,
	  "VTTBR_EL2: where the start level is (instead of --root)" },
	{ OPT_HCR, "hcr", "VALUE", S2_OPTS_GEOM, "HCR_EL2: its FWB bit decides how MemAttr reads" },
	{ OPT_GRANULE, "granule", "SIZE", S2_OPTS_GEOM,
	  "translation granule: 4K, 16K or 64K (without --vtcr)" },
	{ OPT_IA_BITS, "ia-bits", "N", S2_OPTS_GEOM, "bits of the input address (without --vtcr)" },
	{ OPT_OA_BITS, "oa-bits", "N", S2_OPTS_GEOM,
	  "bits of the output address: 32 36 40 42 44 48 52 (without --vtcr)" },
	{ OPT_START_LEVEL, "start-level", "N", S2_OPTS_GEOM,
	  "level of the start tables, -1..3 (without --vtcr)" },
	{ OPT_LPA2, "lpa2", NULL, S2_OPTS_GEOM,
	  "52-bit descriptors of the 4K and 16K granules (without --vtcr: DS)" },
	{ OPT_FWB, "fwb", NULL, S2_OPTS_GEOM, "MemAttr reads as with HCR_EL2.FWB = 1" },
	{ OPT_NO_FWB, "no-fwb", NULL, S2_OPTS_GEOM, "MemAttr reads as with HCR_EL2.FWB = 0" },
	{ OPT_NO_XNX, "no-xnx", NULL, S2_OPTS_GEOM,
	  "the hardware has no FEAT_XNX: bit 53 is ignored" },
	{ OPT_REALM, "realm", NULL, S2_OPTS_GEOM, "Realm stage 2: bit 55 is NS" },
	{ OPT_BASE, "base", "PA", S2_OPTS_INPUT, "raw image: physical address of its first byte" },
	{ OPT_ROOT, "root", "PA", S2_OPTS_INPUT, "physical address of the start level" },
	{ OPT_SNAPSHOT, "snapshot", "ADDR", S2_OPTS_INPUT,
	  "the table of the struct kvm_pgtable_snapshot at this kernel virtual or physical address" },
	{ OPT_MAP, "map", "PA:SIZE@OFFSET", S2_OPTS_INPUT,
	  "raw image: this part of the file is memory at PA (repeatable)" },
	{ OPT_PAGES, "pages", "FILE", S2_OPTS_INPUT,
	  "raw image: start level first, then table pages at the addresses in FILE, one per line" },
	{ OPT_TABLE, "table", "ID", S2_OPTS_INPUT,
	  "only these tables, shell patterns allowed (repeatable)" },
	{ OPT_VMLINUX, "vmlinux", "FILE", S2_OPTS_INPUT,
	  "the kernel with symbols and debugging information, when the dump lacks them" },
	{ OPT_SYSTEM_MAP, "system-map", "FILE", S2_OPTS_INPUT, "the kernel's System.map" },
	{ OPT_KERNEL, "kernel", "N", S2_OPTS_INPUT,
	  "which of several kernels in memory, from 1 on (see --verbose)" },
	{ OPT_RANGE, "range", "A-B", S2_OPTS_SHOW,
	  "only entries that intersect the input addresses [A, B)" },
	{ OPT_FORMAT, "format", "NAME", S2_OPTS_SHOW, "output format, see below" },
	{ OPT_JSON, "json", NULL, S2_OPTS_JSON, "the same as --format=json" },
	{ OPT_MERGE, "merge", "HOW", S2_OPTS_SHOW,
	  "join neighbours: attrs (default), pa (split where PAs jump), none" },
	{ OPT_VCPU, "vcpu", "ID/N", S2_OPTS_VCPU,
	  "registers of vCPU N of the VM with this table, e.g. vm:1234/0" },
	{ OPT_EFFECTIVE, "effective", NULL, S2_OPTS_SHOW,
	  "with --vcpu: what EL1 and EL0 may do after both stages" },
	{ OPT_TCR, "tcr", "VALUE", S2_OPTS_TRANSLATE, "TCR_EL1 (TCR_EL2 for the S1E2 operations)" },
	{ OPT_TTBR0, "ttbr0", "VALUE", S2_OPTS_TRANSLATE, "TTBR0_EL1 (TTBR0_EL2)" },
	{ OPT_TTBR1, "ttbr1", "VALUE", S2_OPTS_TRANSLATE, "TTBR1_EL1 (TTBR1_EL2)" },
	{ OPT_MAIR, "mair", "VALUE", S2_OPTS_TRANSLATE, "MAIR_EL1 (MAIR_EL2)" },
	{ OPT_SCTLR, "sctlr", "VALUE", S2_OPTS_TRANSLATE, "SCTLR_EL1 (SCTLR_EL2)" },
	{ OPT_REG, "reg", "NAME=VALUE", S2_OPTS_TRANSLATE,
	  "any other register: tcr2_el1, pir_el1, por_el0, ..." },
	{ OPT_PAN, "pan", NULL, S2_OPTS_TRANSLATE,
	  "PSTATE.PAN is 1 (counts for S1E1RP and S1E1WP)" },
	{ OPT_PA_BITS, "pa-bits", "N", S2_OPTS_TRANSLATE,
	  "physical address bits of the hardware, ID_AA64MMFR0_EL1.PARange (default 52)" },
	{ OPT_AS, "as", "WHAT", S2_OPTS_DECODE | S2_OPTS_TRANSLATE,
	  "decode: descriptor or vtcr_el2; translate: S2E1R (an IPA), S12E1R, S1E0W, ..." },
	{ OPT_LEVEL, "level", "N", S2_OPTS_DECODE, "the level that the descriptor stands at" },
	{ OPT_ONLY, "only", "CHECK", S2_OPTS_CHECK, "only this check (repeatable)" },
	{ OPT_SKIP, "skip", "CHECK", S2_OPTS_CHECK, "all checks but this one (repeatable)" },
	{ OPT_LIST, "list", NULL, S2_OPTS_CHECK, "the checks: what each means, its exceptions" },
	{ OPT_OUTPUT, "output", "FILE", S2_OPTS_OUTPUT,
	  "write to FILE instead of standard output" },
	{ OPT_PROGRESS, "progress", "WHEN", S2_OPTS_INPUT,
	  "say what takes longer than a second: auto (on a terminal), always, never" },
	{ OPT_VERBOSE, "verbose", NULL, S2_OPTS_INPUT,
	  "say on standard error what was found where" },
	{ OPT_HELP, "help", NULL, S2_OPTS_ALL, "this text" },
	{ OPT_VERSION, "version", NULL, S2_OPTS_ALL, "the version" },
};

static enum s2_code parse_map(const char *text, struct s2_options *o, struct s2_err *err)
{
	struct s2_segment *seg = &o->map[o->raw.nmaps];
	const char *colon = strchr(text, ':');
	const char *at = strchr(text, '@');
	char pa[64], size[64];
	enum s2_code code;
	uint64_t end;

	if (!colon || !at || at < colon || (size_t)(colon - text) >= sizeof(pa) ||
	    (size_t)(at - colon) > sizeof(size))
		return s2_fail(err, S2_USAGE, "--map: '%s' is not PA:SIZE@OFFSET", text);
	if (o->raw.nmaps == S2_MAX_MAPS)
		return s2_fail(err, S2_USAGE, "--map: more than %d", S2_MAX_MAPS);
	memcpy(pa, text, (size_t)(colon - text));
	pa[colon - text] = '\0';
	memcpy(size, colon + 1, (size_t)(at - colon - 1));
	size[at - colon - 1] = '\0';
	*seg = (struct s2_segment){ 0 };
	code = s2_parse_u64(pa, "--map", &seg->pa, NULL);
	if (!code)
		code = s2_parse_u64(size, "--map", &seg->size, NULL);
	if (!code)
		code = s2_parse_u64(at + 1, "--map", &seg->file_off, NULL);
	if (code)
		return s2_fail(err, S2_USAGE, "--map: '%s' is not PA:SIZE@OFFSET", text);
	if (!seg->size || !s2_add_ok(seg->pa, seg->size, &end) ||
	    !s2_add_ok(seg->file_off, seg->size, &end))
		return s2_fail(err, S2_USAGE, "--map: '%s' is empty or wraps around", text);
	if (!is_aligned(seg->pa, 8) || !is_aligned(seg->file_off, 8))
		return s2_fail(err, S2_USAGE, "--map: '%s': PA and OFFSET must be multiples of 8",
			       text);
	seg->file_size = seg->size;
	o->raw.nmaps++;
	o->raw.raw = true;
	return S2_OK;
}

static enum s2_code parse_reg(const char *text, const char *what, enum s2_reg reg,
			      struct s2_options *o, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64(text, what, &value, err);

	if (code)
		return code;
	if (s2_regime_has(&o->regime, reg) && o->regime.reg[reg] != value)
		return s2_fail(err, S2_USAGE,
			       "%s: 0x%llx contradicts 0x%llx, which was given for it before", what,
			       (unsigned long long)value, (unsigned long long)o->regime.reg[reg]);
	s2_regime_set(&o->regime, reg, value);
	return S2_OK;
}

static enum s2_code parse_table(const char *text, struct s2_options *o, struct s2_err *err)
{
	if (o->ntables == S2_MAX_GLOBS)
		return s2_fail(err, S2_USAGE, "--table: more than %d", S2_MAX_GLOBS);
	o->table[o->ntables++] = text;
	return S2_OK;
}

static enum s2_code parse_short(const char *text, const char *what, enum s2_short_reg which,
				struct s2_options *o, struct s2_err *err)
{
	enum s2_code code = s2_parse_u64(text, what, &o->short_reg[which], err);

	if (!code)
		o->have_short |= 1U << which;
	return code;
}

static enum s2_code parse_named_reg(const char *text, struct s2_options *o, struct s2_err *err)
{
	const char *equals = strchr(text, '=');

	for (unsigned int i = 0; equals && i < S2_NREGS; i++) {
		size_t len = strlen(s2_reg_names[i]);

		if ((size_t)(equals - text) == len && !strncasecmp(text, s2_reg_names[i], len))
			return parse_reg(equals + 1, "--reg", (enum s2_reg)i, o, err);
	}
	return s2_fail(err, S2_USAGE,
		       "--reg: '%s' is not NAME=VALUE of a register that s2dump knows", text);
}

/* ID/N: the id is a table's, and selects it like --table. */
static enum s2_code parse_vcpu(const char *text, struct s2_options *o, struct s2_err *err)
{
	const char *slash = strrchr(text, '/');
	enum s2_code code;

	if (!slash || slash == text || (size_t)(slash - text) >= sizeof(o->vcpu_table))
		return s2_fail(err, S2_USAGE, "--vcpu: '%s' is not ID/N, such as vm:1234/0", text);
	code = s2_parse_u64(slash + 1, "--vcpu", &o->vcpu, err);
	if (code)
		return code;
	memcpy(o->vcpu_table, text, (size_t)(slash - text));
	o->vcpu_table[slash - text] = '\0';
	o->have_vcpu = true;
	return S2_OK;
}

static enum s2_code parse_merge(const char *text, enum s2_merge_how *ret, struct s2_err *err)
{
	static const char *const names[] = {
		[S2_MERGE_ATTRS] = "attrs", [S2_MERGE_PA] = "pa", [S2_MERGE_NONE] = "none"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret = (enum s2_merge_how)i;
			return S2_OK;
		}
	}
	return s2_fail(err, S2_USAGE, "--merge: '%s' is none of attrs, pa, none", text);
}

static enum s2_code parse_when(const char *text, enum s2_tristate *ret, struct s2_err *err)
{
	static const char *const names[] = {
		[S2_UNKNOWN] = "auto", [S2_NO] = "never", [S2_YES] = "always"
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret = (enum s2_tristate)i;
			return S2_OK;
		}
	}
	return s2_fail(err, S2_USAGE, "--progress: '%s' is none of auto, always, never", text);
}

static enum s2_code parse_format(const char *text, struct s2_options *o, struct s2_err *err)
{
	const struct s2_format *format = s2_format_find(text);

	if (!format)
		return s2_fail(err, S2_USAGE,
			       "--format: unknown format '%s' (see s2dump help dump)", text);
	if (o->format && o->format != format)
		return s2_fail(err, S2_USAGE, "--format=%s and --format=%s exclude each other",
			       o->format->name, format->name);
	o->format = format;
	return S2_OK;
}

/* One of the sizes that PS and PARange can tell. */
static enum s2_code parse_size_bits(const char *text, const char *what, unsigned int *ret,
				    struct s2_err *err)
{
	static const uint8_t legal[] = { 32, 36, 40, 42, 44, 48, 52 };
	uint64_t value;
	enum s2_code code = s2_parse_u64(text, what, &value, err);

	if (code)
		return code;
	for (unsigned int i = 0; i < ARRAY_SIZE(legal); i++) {
		if (legal[i] == value) {
			*ret = legal[i];
			return S2_OK;
		}
	}
	return s2_fail(err, S2_USAGE, "%s: %s is none of 32, 36, 40, 42, 44, 48, 52", what, text);
}

static enum s2_code parse_granule(const char *text, struct s2_options *o, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64(text, "--granule", &value, err);

	if (code)
		return code;
	if (value != 4096 && value != 16384 && value != 65536)
		return s2_fail(err, S2_USAGE, "--granule: %s is none of 4K, 16K, 64K", text);
	o->regime.granule = value;
	return S2_OK;
}

static enum s2_code parse_ia_bits(const char *text, struct s2_options *o, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64_in(text, "--ia-bits", 13, 52, &value, err);

	if (!code)
		o->regime.ia_bits = (unsigned int)value;
	return code;
}

static enum s2_code parse_kernel(const char *text, struct s2_options *o, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64_in(text, "--kernel", 1, UINT32_MAX, &value, err);

	if (!code)
		o->kernel = (unsigned int)value;
	return code;
}

static enum s2_code parse_check(const char *text, const char *what, const char **list,
				unsigned int *n, struct s2_err *err)
{
	if (*n == S2_MAX_CHECKS)
		return s2_fail(err, S2_USAGE, "%s: more than %d", what, S2_MAX_CHECKS);
	list[(*n)++] = text;
	return S2_OK;
}

static enum s2_code set_fwb(struct s2_options *o, enum s2_tristate fwb, struct s2_err *err)
{
	if (o->regime.fwb != S2_UNKNOWN && o->regime.fwb != fwb)
		return s2_fail(err, S2_USAGE, "--fwb and --no-fwb exclude each other");
	o->regime.fwb = fwb;
	return S2_OK;
}

static enum s2_code apply(enum opt_id id, const char *arg, struct s2_options *o, struct s2_err *err)
{
	switch (id) {
	case OPT_VTCR:
		return parse_reg(arg, "--vtcr", S2_REG_VTCR_EL2, o, err);
	case OPT_VTTBR:
		return parse_reg(arg, "--vttbr", S2_REG_VTTBR_EL2, o, err);
	case OPT_HCR:
		return parse_reg(arg, "--hcr", S2_REG_HCR_EL2, o, err);
	case OPT_GRANULE:
		return parse_granule(arg, o, err);
	case OPT_IA_BITS:
		return parse_ia_bits(arg, o, err);
	case OPT_OA_BITS:
		return parse_size_bits(arg, "--oa-bits", &o->regime.oa_bits, err);
	case OPT_START_LEVEL:
		return s2_parse_int_in(arg, "--start-level", -1, 3, &o->regime.start_level, err);
	case OPT_LPA2:
		o->regime.lpa2 = S2_YES;
		return S2_OK;
	case OPT_FWB:
		return set_fwb(o, S2_YES, err);
	case OPT_NO_FWB:
		return set_fwb(o, S2_NO, err);
	case OPT_NO_XNX:
		o->regime.xnx = S2_NO;
		return S2_OK;
	case OPT_REALM:
		o->regime.realm = true;
		return S2_OK;
	case OPT_BASE:
		o->raw.have_base = o->raw.raw = true;
		return s2_parse_u64(arg, "--base", &o->raw.base, err);
	case OPT_SNAPSHOT:
		o->have_snapshot = true;
		return s2_parse_u64(arg, "--snapshot", &o->snapshot, err);
	case OPT_ROOT:
		o->have_root = true;
		return s2_parse_u64(arg, "--root", &o->root, err);
	case OPT_MAP:
		return parse_map(arg, o, err);
	case OPT_TABLE:
		return parse_table(arg, o, err);
	case OPT_RANGE:
		o->have_range = true;
		return s2_parse_range(arg, "--range", &o->range_start, &o->range_end, err);
	case OPT_FORMAT:
		return parse_format(arg, o, err);
	case OPT_JSON:
		o->json = true;
		return S2_OK;
	case OPT_MERGE:
		return parse_merge(arg, &o->merge, err);
	case OPT_VMLINUX:
		o->vmlinux = arg;
		return S2_OK;
	case OPT_PAGES:
		o->pages = arg;
		o->raw.raw = true;
		return S2_OK;
	case OPT_PROGRESS:
		return parse_when(arg, &o->progress, err);
	case OPT_TCR:
		return parse_short(arg, "--tcr", S2_SHORT_TCR, o, err);
	case OPT_TTBR0:
		return parse_short(arg, "--ttbr0", S2_SHORT_TTBR0, o, err);
	case OPT_TTBR1:
		return parse_short(arg, "--ttbr1", S2_SHORT_TTBR1, o, err);
	case OPT_MAIR:
		return parse_short(arg, "--mair", S2_SHORT_MAIR, o, err);
	case OPT_SCTLR:
		return parse_short(arg, "--sctlr", S2_SHORT_SCTLR, o, err);
	case OPT_REG:
		return parse_named_reg(arg, o, err);
	case OPT_PAN:
		o->pan = true;
		return S2_OK;
	case OPT_PA_BITS:
		return parse_size_bits(arg, "--pa-bits", &o->pa_bits, err);
	case OPT_EFFECTIVE:
		o->effective = true;
		return S2_OK;
	case OPT_VCPU:
		return parse_vcpu(arg, o, err);
	case OPT_SYSTEM_MAP:
		o->system_map = arg;
		return S2_OK;
	case OPT_KERNEL:
		return parse_kernel(arg, o, err);
	case OPT_AS:
		o->as = arg;
		return S2_OK;
	case OPT_LEVEL:
		return s2_parse_int_in(arg, "--level", -1, 3, &o->level, err);
	case OPT_ONLY:
		return parse_check(arg, "--only", o->only, &o->nonly, err);
	case OPT_SKIP:
		return parse_check(arg, "--skip", o->skip, &o->nskip, err);
	case OPT_LIST:
		o->list_checks = true;
		return S2_OK;
	case OPT_OUTPUT:
		o->output = arg;
		return S2_OK;
	case OPT_VERBOSE:
		o->verbose = true;
		return S2_OK;
	case OPT_HELP:
		o->help = true;
		return S2_OK;
	case OPT_VERSION:
		o->version = true;
		return S2_OK;
	}
	return s2_fail(err, S2_USAGE, "unknown option");
}

static void long_options(struct option *ret)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		ret[i] = (struct option){ .name = rows[i].name,
					  .has_arg = rows[i].arg ? required_argument : no_argument,
					  .val = (int)rows[i].id };
	ret[ARRAY_SIZE(rows)] = (struct option){ 0 };
}

/* Contradictions between options, whatever the command. */
static enum s2_code cross_check(const struct s2_options *o, struct s2_err *err)
{
	if (o->json && o->format && strcmp(o->format->name, "json") != 0)
		return s2_fail(err, S2_USAGE, "--json and --format=%s exclude each other",
			       o->format->name);
	if (o->pages && (o->raw.have_base || o->raw.nmaps))
		return s2_fail(err, S2_USAGE, "--pages goes with neither --base nor --map");
	if (o->raw.have_base && o->raw.nmaps)
		return s2_fail(err, S2_USAGE, "--base and --map exclude each other");
	if (o->raw.have_base && !is_aligned(o->raw.base, 8))
		return s2_fail(err, S2_USAGE, "--base: 0x%llx is not a multiple of 8",
			       (unsigned long long)o->raw.base);
	if (s2_regime_has(&o->regime, S2_REG_HCR_EL2) && o->regime.fwb != S2_UNKNOWN &&
	    (o->regime.fwb == S2_YES) != !!(o->regime.reg[S2_REG_HCR_EL2] & HCR_FWB))
		return s2_fail(err, S2_USAGE, "--%sfwb contradicts --hcr=0x%llx",
			       o->regime.fwb == S2_YES ? "" : "no-",
			       (unsigned long long)o->regime.reg[S2_REG_HCR_EL2]);
	if (o->have_vcpu && o->ntables)
		return s2_fail(err, S2_USAGE,
			       "--table and --vcpu exclude each other: --vcpu chooses the table");
	if (o->effective && !o->have_vcpu)
		return s2_fail(err, S2_USAGE, "--effective goes with --vcpu");
	if (o->have_root && s2_regime_has(&o->regime, S2_REG_VTTBR_EL2))
		return s2_fail(err, S2_USAGE, "--root and --vttbr exclude each other");
	return S2_OK;
}

static enum s2_code next_option(int argc, char **argv, const struct option *longopts, int *ret,
				struct s2_err *err)
{
	int at = optind;

	*ret = getopt_long(argc, argv, ":o:vhV", longopts, NULL);
	if (*ret == ':')
		return s2_fail(err, S2_USAGE, "option '%s' needs an argument", argv[optind - 1]);
	if (*ret == '?')
		return s2_fail(err, S2_USAGE, "unknown or malformed option '%s'",
			       argv[at < argc && argv[at][0] == '-' ? at : optind - 1]);
	return S2_OK;
}

enum s2_code s2_options_parse(int argc, char **argv, struct s2_options *ret, struct s2_err *err)
{
	struct option longopts[ARRAY_SIZE(rows) + 1];
	enum s2_code code = S2_OK;
	int id = 0;

	memset(ret, 0, sizeof(*ret));
	s2_regime_init(&ret->regime, &s2_arm64_stage2);
	ret->level = S2_NO_LEVEL;
	long_options(longopts);
	opterr = 0;
	optind = 0;
	while (!code) {
		code = next_option(argc, argv, longopts, &id, err);
		if (code || id < 0)
			break;
		code = apply((enum opt_id)id, optarg, ret, err);
	}
	if (!code)
		code = cross_check(ret, err);
	if (code)
		return code;
	if (ret->have_vcpu)
		ret->table[ret->ntables++] = ret->vcpu_table;
	ret->raw.map = ret->map;
	ret->have_regime = ret->regime.have_regs & BIT64(S2_REG_VTCR_EL2) || ret->regime.granule ||
			   ret->regime.ia_bits || ret->regime.oa_bits ||
			   ret->regime.start_level != S2_NO_LEVEL || ret->regime.lpa2 != S2_UNKNOWN;
	ret->args = argv + optind;
	ret->nargs = argc - optind;
	return S2_OK;
}

enum s2_code s2_options_check(const struct s2_options *options, const char *command,
			      unsigned int groups, int argc, char **argv, struct s2_err *err)
{
	struct option longopts[ARRAY_SIZE(rows) + 1];
	int id;

	(void)options;
	long_options(longopts);
	optind = 0;
	while ((id = getopt_long(argc, argv, ":o:vhV", longopts, NULL)) >= 0) {
		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
			if ((int)rows[i].id == id && !(rows[i].groups & (groups | S2_OPTS_ALL)))
				return s2_fail(err, S2_USAGE, "%s does not take --%s", command,
					       rows[i].name);
	}
	return S2_OK;
}

enum s2_code s2_options_shape(const struct s2_regime *regime, struct s2_geometry *ret,
			      struct s2_err *err)
{
	struct s2_regime alone = *regime;
	struct s2_geometry ignored;
	enum s2_code code = alone.arch->shape(&alone, ret, err);

	if (code != S2_INVALID || !s2_regime_has(&alone, S2_REG_VTCR_EL2))
		return code;
	/* A register that is sound without them is contradicted by the sizes. */
	alone.granule = 0;
	alone.ia_bits = alone.oa_bits = 0;
	alone.start_level = S2_NO_LEVEL;
	alone.lpa2 = S2_UNKNOWN;
	if (!alone.arch->shape(&alone, &ignored, NULL))
		code = err->code = S2_USAGE;
	return code;
}

void s2_options_help(struct s2_out *out, unsigned int groups)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];

		if (!(rows[i].groups & groups))
			continue;
		snprintf(text, sizeof(text), "%s%c%s --%s%s%s", rows[i].id < 256 ? "-" : " ",
			 rows[i].id < 256 ? (char)rows[i].id : ' ', rows[i].id < 256 ? "," : " ",
			 rows[i].name, rows[i].arg ? "=" : "", rows[i].arg ? rows[i].arg : "");
		s2_out_str(out, "  ");
		s2_out_pad(out, text, 32);
		s2_out_printf(out, " %s\n", rows[i].help);
	}
}
