// SPDX-License-Identifier: GPL-2.0-or-later
// What a regime of x86 can be told, and how claims from options go with those of a file.
#include "decode/x86/claims.h"

#include "decode/x86/x86.h"

static const char *const memtypes[] = { "UC",       "reserved", "reserved", "reserved",
					"reserved", "reserved", "WB",       "reserved" };
static const char *const levels[] = { "reserved", "reserved", "reserved", "4 levels",
				      "5 levels", "reserved", "reserved", "reserved" };
static const char *const off_on[] = { "off", "on" };

/* From bit 0 up, as the SDM prints it ("Extended-Page-Table Pointer (EPTP)"). */
static const struct s2_field eptp_fields[] = {
	{ "memory type", EPTP_MEMTYPE, memtypes, "of the tables", NULL },
	{ "walk length", EPTP_LEVELS, levels, "levels, less 1", NULL },
	{ "A/D", EPTP_AD, off_on, "accessed and dirty flags", NULL },
	{ "SSS", EPTP_SSS, off_on, "access rights for supervisor shadow-stack pages", NULL },
	{ "PML", X86_ADDRESS, NULL, "page frame of the top table", NULL },
};

/* APM volume 2, VMCB, N_CR3. */
static const struct s2_field ncr3_fields[] = {
	{ "PWT", BIT64(3), off_on, "write-through of the top table", NULL },
	{ "PCD", BIT64(4), off_on, "cache disable of the top table", NULL },
	{ "PML", X86_ADDRESS, NULL, "page frame of the top table, with the C-bit", NULL },
};

static bool eptp_root(uint64_t value, struct s2_told *ret)
{
	*ret = (struct s2_told){ "root", value & X86_ADDRESS, "where the top table is" };
	return true;
}

static bool ncr3_root(uint64_t value, struct s2_told *ret)
{
	*ret = (struct s2_told){ "root", value & X86_ADDRESS,
				 "where the top table is, with the C-bit" };
	return true;
}

static const char *const pat_types[] = {
	"UC", "WC", "reserved", "reserved", "WT", "WP", "WB", "UC-"
};

#define PAT(n) \
	{ \
		"PA" #n, BITS64((n)*8 + 2, (n)*8), pat_types, NULL, NULL \
	}

/* SDM 3A, "IA32_PAT MSR". */
static const struct s2_field pat_fields[] = { PAT(0), PAT(1), PAT(2), PAT(3),
					      PAT(4), PAT(5), PAT(6), PAT(7) };

#define EPT_ALONE .format = "ept"
#define NPT_ALONE .format = "npt"

/* An on-off fact that completes what a file says of a table. */
#define SWITCH(text, what) \
	.name = (text), .kind = S2_CLAIM_SWITCH, .use = S2_CLAIM_DETAIL, .help = (what)

/*
 * The order is that of --help and of JSON. A new claim: an index in claims.h, a row here; with an
 * option, the manual and the completion.
 */
const struct s2_claim s2_x86_claims[S2_X86_NCLAIMS] = {
	[S2_X86_EPTP] = { .name = "eptp",
			  EPT_ALONE,
			  .kind = S2_CLAIM_REGISTER,
			  .use = S2_CLAIM_SHAPE | S2_CLAIM_ROOT,
			  .option = "eptp",
			  .arg = "VALUE",
			  .help = "EPTP: levels, A/D, where the top table is (x86)",
			  .fields = eptp_fields,
			  .nfields = ARRAY_SIZE(eptp_fields),
			  .told = eptp_root,
			  .example = 0x5e },
	[S2_X86_NCR3] = { .name = "ncr3",
			  NPT_ALONE,
			  .kind = S2_CLAIM_REGISTER,
			  .use = S2_CLAIM_ROOT,
			  .option = "ncr3",
			  .arg = "VALUE",
			  .help = "N_CR3 of the VMCB: where the top table of NPT is (x86)",
			  .fields = ncr3_fields,
			  .nfields = ARRAY_SIZE(ncr3_fields),
			  .told = ncr3_root },
	[S2_X86_PAT] = { .name = "pat",
			 NPT_ALONE,
			 .kind = S2_CLAIM_REGISTER,
			 .use = S2_CLAIM_DETAIL,
			 .option = "pat",
			 .arg = "VALUE",
			 .help = "IA32_PAT of the host: names the memory types of NPT (x86)",
			 .fields = pat_fields,
			 .nfields = ARRAY_SIZE(pat_fields) },
	[S2_X86_MAXPHYADDR] = { .name = "maxphyaddr",
				.kind = S2_CLAIM_BITS,
				.use = S2_CLAIM_DETAIL,
				.option = "maxphyaddr",
				.arg = "N",
				.help = "physical address bits of the processor, default 52 (x86)",
				.min = 32,
				.max = 52 },
	[S2_X86_START_LEVEL] = { .name = "start_level",
				 .kind = S2_CLAIM_LEVEL,
				 .use = S2_CLAIM_SHAPE,
				 .option = "start-level",
				 .arg = "N",
				 .help = "level of the top table: 4 or 5 (x86, without EPTP)",
				 .min = 4,
				 .max = 5 },
	[S2_X86_AD] = { .name = "ad",
			EPT_ALONE,
			.kind = S2_CLAIM_FLAG,
			.use = S2_CLAIM_DETAIL,
			.option = "ad",
			.help = "accessed and dirty flags are on (EPT, without EPTP)",
			.no_option = "no-ad",
			.no_help = "accessed and dirty flags are off (EPT, without EPTP)" },
	[S2_X86_EXEC_ONLY] = { .name = "exec_only",
			       EPT_ALONE,
			       .kind = S2_CLAIM_FLAG,
			       .use = S2_CLAIM_DETAIL,
			       .no_option = "no-exec-only",
			       .no_help = "execute-only entries are misconfigured (EPT)" },
	[S2_X86_PAGES_1G] = { .name = "pages_1g",
			      .kind = S2_CLAIM_FLAG,
			      .use = S2_CLAIM_DETAIL,
			      .no_option = "no-1g-pages",
			      .no_help = "the processor has no pages of 1G (x86)" },
	[S2_X86_NX] = { .name = "nx",
			NPT_ALONE,
			.kind = S2_CLAIM_FLAG,
			.use = S2_CLAIM_DETAIL,
			.no_option = "no-nx",
			.no_help = "EFER.NXE of the host is 0: bit 63 is reserved (NPT)" },
	[S2_X86_MBEC] = { SWITCH("mbec",
				 "mode-based execute control: bit 10 is user execute (EPT)"),
			  EPT_ALONE, .option = "mbec" },
	[S2_X86_VE] = { SWITCH("ve", "EPT-violation #VE: bit 63 suppresses it (EPT)"), EPT_ALONE,
			.option = "ve" },
	[S2_X86_SPP] = { SWITCH("spp", "sub-page write permissions: bit 61 of pages (EPT)"),
			 EPT_ALONE, .option = "spp" },
	[S2_X86_PAGING_WRITE] = { SWITCH("paging_write", "paging-write control: bit 58 (EPT)"),
				  EPT_ALONE, .option = "paging-write" },
	[S2_X86_VERIFY] = { SWITCH("verify_paging", "guest-paging verification: bit 57 (EPT)"),
			    EPT_ALONE, .option = "verify-paging" },
	[S2_X86_GMET] = { SWITCH("gmet", "guest mode execute trap: U/S may be 0 (NPT)"), NPT_ALONE,
			  .option = "gmet" },
	[S2_X86_C_BIT] = { .name = "c_bit",
			   NPT_ALONE,
			   .kind = S2_CLAIM_BITS,
			   .use = S2_CLAIM_DETAIL,
			   .option = "c-bit",
			   .arg = "N",
			   .help = "where the host's memory encryption has its C-bit (NPT)",
			   .min = 32,
			   .max = 51 },
};

/* Whether the A/D bits of @regime are on, by its switch or by EPTP. */
static enum s2_tristate known_ad(const struct s2_regime *regime)
{
	if (s2_regime_has(regime, S2_X86_EPTP))
		return regime->value[S2_X86_EPTP] & EPTP_AD ? S2_YES : S2_NO;
	return s2_regime_flag(regime, S2_X86_AD);
}

enum s2_code s2_x86_complete(const struct s2_regime *option, const char *id,
			     struct s2_regime *regime, struct s2_err *err)
{
	enum s2_tristate ad = s2_regime_flag(option, S2_X86_AD), known = known_ad(regime);

	if (ad != S2_UNKNOWN && known != S2_UNKNOWN && ad != known)
		return s2_fail(err, S2_USAGE,
			       "the file says that accessed and dirty flags of %s are %s", id,
			       known == S2_YES ? "on" : "off");
	for (unsigned int i = 0; i < S2_X86_NCLAIMS; i++) {
		const struct s2_claim *claim = &s2_x86_claims[i];

		if (!(claim->use & S2_CLAIM_DETAIL) || !s2_regime_has(option, i) ||
		    !s2_arch_claims(regime->arch, i))
			continue;
		if (s2_regime_has(regime, i) && regime->value[i] != option->value[i])
			return s2_fail(err, S2_USAGE,
				       claim->kind == S2_CLAIM_REGISTER ?
					       "the file says that %s of %s is 0x%llx" :
					       "the file says that %s of %s is %llu",
				       claim->name, id, (unsigned long long)regime->value[i]);
		s2_regime_set(regime, i, option->value[i]);
	}
	return S2_OK;
}

void s2_x86_assume(struct s2_regime *regime)
{
	if (!s2_regime_has(regime, S2_X86_EPTP) && !s2_regime_has(regime, S2_X86_START_LEVEL))
		s2_regime_set_level(regime, S2_X86_START_LEVEL, 4);
}
