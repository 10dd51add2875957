// SPDX-License-Identifier: GPL-2.0-or-later
// EPT and NPT entries, bit by bit. What each bit is stands here as the manuals print it (Intel SDM
// volume 3C, "Format of EPTP" and "Format of an EPT ..."; AMD APM volume 2, "Long-Mode Page
// Translation" and "Nested Paging"), a letter for each; nothing is taken from the decoder.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decode/soft.h"
#include "decode/x86/paging.h"
#include "decode/x86/x86.h"

/*
 * From bit 63 down, blanks do not count. MAXPHYADDR is 46.
 *   A address, V address beyond MAXPHYADDR, 0 must be 0, . ignored, L 1 in large pages, 0 in tables
 *   of EPT: R W X rights, M memory type, P ignore PAT, a d accessed and dirty, x user execute,
 *           g verify guest paging, p paging-write, s supervisor shadow stack, S sub-page write,
 *           e suppress #VE
 *   of NPT: R present, W, U, w PWT, c PCD, T PAT, a, d, G, N no execute
 */
#define BEYOND "VVVVVV"

struct form {
	const char *name;
	const struct s2_arch *arch;
	unsigned int height;
	bool leaf;
	const char *bits;
};

static const struct form forms[] = {
	{ "EPT page", &s2_x86_ept, 0, true,
	  "e.Ss.pg..... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA .xda.PMMMXWR" },
	{ "EPT 2M", &s2_x86_ept, 1, true,
	  "e..s.pg..... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAA 000000000 .xdaLPMMMXWR" },
	{ "EPT 1G", &s2_x86_ept, 2, true,
	  "e..s.pg..... " BEYOND " AAAAAAAAAAAAAAAA 000000000000000000 .xdaLPMMMXWR" },
	{ "EPT PDE", &s2_x86_ept, 1, false,
	  "............ " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA .x.aL0000XWR" },
	{ "EPT PDPTE", &s2_x86_ept, 2, false,
	  "............ " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA .x.aL0000XWR" },
	{ "EPT PML4E", &s2_x86_ept, 3, false,
	  "............ " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA .x.a00000XWR" },
	{ "EPT PML5E", &s2_x86_ept, 4, false,
	  "............ " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA .x.a00000XWR" },
	{ "NPT page", &s2_x86_npt, 0, true,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ...GTdacwUWR" },
	{ "NPT 2M", &s2_x86_npt, 1, true,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAA 00000000T ...GLdacwUWR" },
	{ "NPT 1G", &s2_x86_npt, 2, true,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAA 00000000000000000T ...GLdacwUWR" },
	{ "NPT PDE", &s2_x86_npt, 1, false,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ....L.acwUWR" },
	{ "NPT PDPE", &s2_x86_npt, 2, false,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ....L.acwUWR" },
	{ "NPT PML4E", &s2_x86_npt, 3, false,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ...00.acwUWR" },
	{ "NPT PML5E", &s2_x86_npt, 4, false,
	  "N........... " BEYOND " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ...00.acwUWR" },
};

/* The letter of a bit. */
static char letter(const struct form *form, unsigned int bit)
{
	const char *at = form->bits;
	unsigned int left = 63;

	for (;; at++) {
		if (*at == ' ')
			continue;
		assert_true(*at);
		if (left-- == bit)
			return *at;
	}
}

static void shape(const struct s2_arch *arch, const unsigned int *flags, size_t n,
		  struct s2_geometry *ret)
{
	struct s2_regime regime;
	struct s2_err err;

	s2_err_init(&err);
	s2_regime_init(&regime, arch);
	s2_regime_set(&regime, S2_X86_MAXPHYADDR, 46);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 5);
	if (arch == &s2_x86_ept)
		s2_regime_set(&regime, S2_X86_AD, 1);
	for (size_t i = 0; i < n; i++)
		s2_regime_set(&regime, flags[i], 1);
	if (s2_shape(&regime, ret, &err))
		fail_msg("%s", err.text);
}

/* The text of an attribute; "" when no row applies. */
static const char *text_of(const struct s2_geometry *geom, const char *name, unsigned int height,
			   uint64_t raw)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(geom, i)); i++)
		if (!strcmp(attr->name, name) && s2_attr_applies(attr, geom, S2_IN_LEAF, height))
			return s2_attr_value(attr, s2_attr_get(attr, geom, height, raw))->text;
	return "";
}

static uint64_t bits_of(const struct s2_geometry *geom, const char *name, unsigned int height,
			uint64_t raw)
{
	const struct s2_attr *attr;

	for (unsigned int i = 0; (attr = s2_attr_at(geom, i)); i++)
		if (!strcmp(attr->name, name) && s2_attr_applies(attr, geom, S2_IN_LEAF, height))
			return s2_attr_get(attr, geom, height, raw);
	fail_msg("no attribute %s", name);
	return 0;
}

/* A sound entry: readable and writable, write-back in EPT, a user's in NPT; large if it is. */
static uint64_t sound(const struct form *form)
{
	uint64_t raw = form->arch == &s2_x86_ept ? 3 : 7;

	if (form->leaf && form->arch == &s2_x86_ept)
		raw |= 6 << 3;
	if (form->leaf && form->height)
		raw |= BIT64(7);
	return raw;
}

static enum s2_type want_type(const struct form *form)
{
	return !form->leaf ? S2_TABLE : form->height ? S2_BLOCK : S2_PAGE;
}

/* All of decode(), is_leaf() and is_table() say that @raw is of @type. */
static struct s2_entry expect(const struct s2_geometry *geom, const struct form *form,
			      unsigned int bit, uint64_t raw, enum s2_type type)
{
	struct s2_entry entry;

	geom->arch->decode(geom, form->height, raw, &entry);
	if (entry.type != type)
		fail_msg("%s, bit %u: 0x%llx is %s, not %s", form->name, bit,
			 (unsigned long long)raw, s2_type_name(entry.type), s2_type_name(type));
	assert_int_equal(geom->arch->is_leaf(geom, form->height, raw), s2_is_leaf(type));
	if (form->height)
		assert_int_equal(geom->arch->is_table(geom, form->height, raw), type == S2_TABLE);
	/* What is wrong is said, and nothing is said of what is sound. */
	assert_int_equal(!!entry.odd, type == S2_RESERVED_ENTRY);
	return entry;
}

/* What attribute a letter is, and what its text is when the bit is set. */
static const struct {
	char letter;
	const char *name, *text;
} flags[] = {
	{ 'P', "ipat", "ipat" },         { 'a', "accessed", "a" },
	{ 'd', "dirty", "d" },           { 'g', "verify_paging", "vgp" },
	{ 'p', "paging_write", "pw" },   { 's', "shadow_stack", "sss" },
	{ 'S', "subpage_write", "spp" }, { 'e', "suppress_ve", "sve" },
	{ 'G', "global", "g" },
};

static const char *flag_text(const struct s2_geometry *geom, size_t i, unsigned int height,
			     uint64_t raw)
{
	return text_of(geom, flags[i].name, height, raw);
}

/* The bit turned over from what it is in @base, in a leaf whose controls are all on. */
static void try_flag(const struct s2_geometry *geom, const struct form *form, unsigned int bit,
		     uint64_t base)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool this = flags[i].letter == letter(form, bit);

		if (!*flag_text(geom, i, form->height, base))
			continue;
		assert_string_equal(flag_text(geom, i, form->height, base ^ BIT64(bit)),
				    this ? flags[i].text : "-");
	}
}

static void one_bit(const struct s2_geometry *geom, const struct form *form, unsigned int bit)
{
	char c = letter(form, bit);
	uint64_t base = sound(form), raw = base ^ BIT64(bit);
	enum s2_type type = want_type(form);
	struct s2_entry entry;

	if (strchr("V0", c)) {
		expect(geom, form, bit, raw, S2_RESERVED_ENTRY);
		return;
	}
	/* Rights, and what makes a leaf of a table, are tried by themselves. */
	if (strchr("RWXULMxN", c))
		return;
	entry = expect(geom, form, bit, raw, type);
	assert_int_equal(entry.oa, c == 'A' ? BIT64(bit) : 0);
	if (form->leaf) {
		try_flag(geom, form, bit, base);
		assert_int_equal(bits_of(geom, "sw_bits", form->height, raw),
				 c == '.' ? BIT64(bit) : 0);
	}
}

static void test_bits(void **state)
{
	static const unsigned int controls[] = { S2_X86_MBEC, S2_X86_VE, S2_X86_SPP,
						 S2_X86_PAGING_WRITE, S2_X86_VERIFY };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		struct s2_geometry geom;

		shape(form->arch, controls, form->arch == &s2_x86_ept ? ARRAY_SIZE(controls) : 0,
		      &geom);
		/* Supervisor shadow stacks are a bit of EPTP, which says more than levels. */
		if (form->arch == &s2_x86_ept)
			geom.flags |= S2_X86_G_SSS;
		expect(&geom, form, 64, sound(form), want_type(form));
		for (unsigned int bit = 0; bit < 64; bit++)
			one_bit(&geom, form, bit);
	}
}

/* Without their controls, bits are the software's. */
static void test_controls_off(void **state)
{
	static const char off[] = "xgpsSe.";
	struct s2_geometry geom;

	(void)state;
	shape(&s2_x86_ept, NULL, 0, &geom);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		for (unsigned int bit = 0; bit < 64 && form->arch == &s2_x86_ept; bit++) {
			uint64_t raw = sound(form) ^ BIT64(bit);

			if (!strchr(off, letter(form, bit)))
				continue;
			expect(&geom, form, bit, raw, want_type(form));
			if (form->leaf)
				assert_int_equal(bits_of(&geom, "sw_bits", form->height, raw),
						 BIT64(bit));
		}
	}
}

/* All eight combinations of R, W, X, with and without execute-only and MBEC (SDM, "EPT
 * Misconfigurations"): nothing of it is there, it is misconfigured, or it has those rights. */
static void test_ept_rights(void **state)
{
	(void)state;
	for (unsigned int mode = 0; mode < 4; mode++) {
		bool mbec = mode & 1, exec_only = !(mode & 2);
		struct s2_geometry geom;
		struct s2_regime regime;

		s2_regime_init(&regime, &s2_x86_ept);
		s2_regime_set(&regime, S2_X86_EPTP, 0x5e);
		s2_regime_set_flag(&regime, S2_X86_EXEC_ONLY, exec_only ? S2_YES : S2_NO);
		if (mbec)
			s2_regime_set(&regime, S2_X86_MBEC, 1);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
		for (unsigned int bits = 0; bits < 16; bits++) {
			bool r = bits & 1, w = bits & 2, x = bits & 4, xu = bits & 8;
			uint64_t raw = (bits & 7) | (xu ? BIT64(10) : 0) | 6 << 3;
			bool present = r || w || x || (mbec && xu);
			bool wrong = (!r && w) || (!r && !exec_only && (x || (mbec && xu)));
			enum s2_type type = !present ? S2_INVALID_ENTRY :
					    wrong    ? S2_RESERVED_ENTRY :
						       S2_PAGE;
			struct s2_rights rights;

			expect(&geom, &forms[0], bits, raw, type);
			if (type != S2_PAGE)
				continue;
			rights = geom.arch->rights(&geom, 0, raw, NULL);
			assert_true(rights.known);
			assert_int_equal(rights.read, r);
			assert_int_equal(rights.write, w);
			assert_int_equal(rights.exec, x);
			assert_int_equal(rights.exec_user, mbec ? xu : x);
			assert_int_equal(rights.read_user, r);
			assert_int_equal(rights.write_user, w);
		}
	}
}

/* Each of eight memory types, in leaves alone; 2, 3 and 7 are reserved. */
static void test_ept_memory_types(void **state)
{
	static const char *const names[8] = { "uc", "wc", NULL, NULL, "wt", "wp", "wb", NULL };
	struct s2_geometry geom;

	(void)state;
	shape(&s2_x86_ept, NULL, 0, &geom);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		for (uint64_t t = 0; t < 8 && form->arch == &s2_x86_ept && form->leaf; t++) {
			uint64_t raw = (sound(form) & ~BITS64(5, 3)) | t << 3;

			expect(&geom, form, 3, raw, names[t] ? want_type(form) : S2_RESERVED_ENTRY);
			if (names[t])
				assert_string_equal(text_of(&geom, "memattr", form->height, raw),
						    names[t]);
		}
	}
	/* An entry that is not present is not looked at. */
	expect(&geom, &forms[0], 3, 7 << 3 | BIT64(51), S2_INVALID_ENTRY);
}

/* Bit 7 makes leaves of entries of the second and third level, and nothing else. */
static void test_large(void **state)
{
	struct s2_geometry geom;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		uint64_t raw = sound(form) ^ BIT64(7);

		shape(form->arch, NULL, 0, &geom);
		if (letter(form, 7) == 'L')
			expect(&geom, form, 7, form->leaf ? raw & ~BITS64(6, 3) : raw,
			       form->leaf ? S2_TABLE : S2_BLOCK);
	}
}

static void test_no_1g(void **state)
{
	struct s2_regime regime;
	struct s2_geometry geom;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		s2_regime_init(&regime, form->arch);
		s2_regime_set_level(&regime, S2_X86_START_LEVEL, 5);
		s2_regime_set_flag(&regime, S2_X86_PAGES_1G, S2_NO);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
		expect(&geom, form, 7, sound(form),
		       form->leaf && form->height == 2 ? S2_RESERVED_ENTRY : want_type(form));
	}
}

/* Rights of NPT: U/S denies everything, R/W writing, NX execution (APM, "Nested Table Walk"). */
static void test_npt_rights(void **state)
{
	static const unsigned int gmet[] = { S2_X86_GMET };
	struct s2_geometry geom;

	(void)state;
	for (unsigned int mode = 0; mode < 2; mode++) {
		shape(&s2_x86_npt, gmet, mode, &geom);
		for (unsigned int bits = 0; bits < 8; bits++) {
			bool w = bits & 1, u = bits & 2, nx = bits & 4;
			uint64_t raw = 1 | (w ? 2U : 0) | (u ? 4U : 0) | (nx ? BIT64(63) : 0);
			struct s2_rights rights = geom.arch->rights(&geom, 0, raw, NULL);
			bool any = u || mode;

			expect(&geom, &forms[7], bits, raw, S2_PAGE);
			assert_int_equal(rights.read, any);
			assert_int_equal(rights.write, any && w);
			assert_int_equal(rights.exec_user, any && !nx);
			assert_int_equal(rights.exec, any && !nx && !(mode && u));
		}
	}
	/* Not present: nothing is looked at. */
	expect(&geom, &forms[7], 0, BIT64(63) | BIT64(51) | 6, S2_INVALID_ENTRY);
}

/* PAT, PCD, PWT pick a byte of IA32_PAT; PAT is bit 7 of pages, bit 12 of large ones. */
static void test_npt_pat(void **state)
{
	static const char *const names[8] = { "wb", "wt", "uc-", "uc", "wc", "wp", "uc", "wb" };
	struct s2_geometry geom, unknown;
	struct s2_regime regime;

	(void)state;
	s2_regime_init(&regime, &s2_x86_npt);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 4);
	assert_int_equal(s2_shape(&regime, &unknown, NULL), S2_OK);
	s2_regime_set(&regime, S2_X86_PAT, 0x0600050100070406);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	for (unsigned int h = 0; h < 3; h++) {
		for (uint64_t i = 0; i < 8; i++) {
			uint64_t pat = i & 4 ? (h ? BIT64(12) : BIT64(7)) : 0;
			uint64_t raw = 7 | (i & 1) << 3 | (i & 2) << 3 | pat | (h ? BIT64(7) : 0);
			const char want[] = { 'p', 'a', 't', (char)('0' + i), 0 };

			assert_string_equal(text_of(&geom, "memattr", h, raw), names[i]);
			assert_string_equal(text_of(&unknown, "memattr", h, raw), want);
		}
	}
}

/* Bit 63 of NPT without EFER.NXE. */
static void test_npt_no_nx(void **state)
{
	struct s2_regime regime;
	struct s2_geometry geom;

	(void)state;
	s2_regime_init(&regime, &s2_x86_npt);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 5);
	s2_regime_set_flag(&regime, S2_X86_NX, S2_NO);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].arch == &s2_x86_npt)
			expect(&geom, &forms[i], 63, sound(&forms[i]) | BIT64(63),
			       S2_RESERVED_ENTRY);
}

/* The C-bit is no part of addresses, and all others from MAXPHYADDR on stay reserved. */
static void test_npt_c_bit(void **state)
{
	struct s2_regime regime;
	struct s2_geometry geom;

	(void)state;
	s2_regime_init(&regime, &s2_x86_npt);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 5);
	s2_regime_set(&regime, S2_X86_MAXPHYADDR, 43);
	s2_regime_set(&regime, S2_X86_C_BIT, 47);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];

		for (unsigned int bit = 43; bit < 52 && form->arch == &s2_x86_npt; bit++) {
			uint64_t raw = sound(form) | BIT64(42) | BIT64(bit);
			struct s2_entry entry =
				expect(&geom, form, bit, raw,
				       bit == 47 ? want_type(form) : S2_RESERVED_ENTRY);

			if (bit == 47)
				assert_int_equal(entry.oa, BIT64(42));
			if (bit == 47 && form->leaf)
				assert_string_equal(text_of(&geom, "c_bit", form->height, raw),
						    "c");
		}
	}
}

/* Rights of a leaf are those of all entries that lead to it. */
static void test_path(void **state)
{
	struct s2_geometry ept, npt;
	struct s2_rights rights;

	(void)state;
	shape(&s2_x86_ept, NULL, 0, &ept);
	shape(&s2_x86_npt, NULL, 0, &npt);
	for (unsigned int bits = 0; bits < 8; bits++) {
		struct s2_path path = s2_below(&ept, 3, bits, S2_PATH_ALL);

		path = s2_below(&ept, 2, 7, path);
		rights = ept.arch->rights(&ept, 0, 0x37, &path);
		assert_int_equal(rights.read, bits & 1);
		assert_int_equal(rights.write, !!(bits & 2));
		assert_int_equal(rights.exec, !!(bits & 4));
		assert_int_equal(rights.exec_user, !!(bits & 4));

		path = s2_below(&npt, 3,
				1 | (bits & 1) << 1 | (bits & 2) << 1 | (bits & 4 ? BIT64(63) : 0),
				S2_PATH_ALL);
		path = s2_below(&npt, 2, 7, path);
		rights = npt.arch->rights(&npt, 0, 7, &path);
		assert_int_equal(rights.read, !!(bits & 2));
		assert_int_equal(rights.write, (bits & 3) == 3);
		assert_int_equal(rights.exec, (bits & 2) && !(bits & 4));
	}
}

static enum s2_code eptp(uint64_t value, unsigned int maxphyaddr, struct s2_geometry *ret)
{
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_x86_ept);
	s2_regime_set(&regime, S2_X86_EPTP, value);
	s2_regime_set(&regime, S2_X86_MAXPHYADDR, maxphyaddr);
	return s2_shape(&regime, ret, NULL);
}

/* SDM, "Format of Extended-Page-Table Pointer", and what VM entry checks of it. */
static void test_eptp(void **state)
{
	struct s2_geometry geom;

	(void)state;
	for (uint64_t bit = 0; bit < 64; bit++) {
		/* Write-back, four levels, and one bit turned over. */
		uint64_t value = (6 | 3 << 3) ^ BIT64(bit);
		bool memtype = bit <= 2, levels = bit >= 3 && bit <= 5;
		bool fine = bit == 6 || bit == 7 || (bit >= 12 && bit < 46);

		if (memtype || levels)
			continue;
		assert_int_equal(eptp(value, 46, &geom), fine ? S2_OK : S2_INVALID);
	}
	for (uint64_t t = 0; t < 8; t++)
		assert_int_equal(eptp(t | 3 << 3, 46, &geom),
				 t == 0 || t == 6 ? S2_OK : S2_INVALID);
	for (uint64_t n = 0; n < 8; n++) {
		enum s2_code code = eptp(6 | n << 3, 46, &geom);

		assert_int_equal(code, n == 3 || n == 4 ? S2_OK : S2_INVALID);
		if (code)
			continue;
		assert_int_equal(s2_level(&geom, geom.top), n + 1);
		assert_int_equal(geom.ia_bits, n == 3 ? 48 : 57);
	}
}

static void test_eptp_root(void **state)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	uint64_t root;

	(void)state;
	for (unsigned int bit = 12; bit < 46; bit++) {
		s2_regime_init(&regime, &s2_x86_ept);
		s2_regime_set(&regime, S2_X86_EPTP, BIT64(bit) | 0x5e);
		s2_regime_set(&regime, S2_X86_MAXPHYADDR, 46);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
		assert_int_equal(geom.arch->root(&geom, &regime, &root, NULL), S2_OK);
		assert_int_equal(root, BIT64(bit));
		assert_int_equal(s2_check_root(&geom, root, NULL), S2_OK);
	}
	assert_int_equal(s2_check_root(&geom, BIT64(46), NULL), S2_INVALID);
	assert_int_equal(s2_check_root(&geom, 0x800, NULL), S2_INVALID);
}

static void test_ncr3(void **state)
{
	struct s2_geometry geom;
	struct s2_regime regime;
	uint64_t root;

	(void)state;
	s2_regime_init(&regime, &s2_x86_npt);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_NOTFOUND); /* how many levels? */
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 5);
	s2_regime_set(&regime, S2_X86_MAXPHYADDR, 43);
	s2_regime_set(&regime, S2_X86_C_BIT, 47);
	s2_regime_set(&regime, S2_X86_NCR3, BIT64(47) | 0x12345018);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	assert_int_equal(geom.ia_bits, 57);
	assert_int_equal(geom.arch->root(&geom, &regime, &root, NULL), S2_OK);
	assert_int_equal(root, 0x12345000);
	s2_regime_set(&regime, S2_X86_NCR3, BIT64(44) | 0x12345000);
	assert_int_equal(geom.arch->root(&geom, &regime, &root, NULL), S2_INVALID);
}

/* What claims say against each other, or no processor has. */
static void test_refused(void **state)
{
	static const struct {
		unsigned int claim;
		int64_t value;
	} wrong[] = {
		{ S2_X86_MAXPHYADDR, 31 }, { S2_X86_MAXPHYADDR, 53 }, { S2_X86_START_LEVEL, 3 },
		{ S2_X86_START_LEVEL, 6 }, { S2_X86_C_BIT, 31 },      { S2_X86_C_BIT, 52 },
	};
	struct s2_geometry geom;
	struct s2_regime regime;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		s2_regime_init(&regime, &s2_x86_npt);
		s2_regime_set_level(&regime, S2_X86_START_LEVEL, 4);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
		s2_regime_set(&regime, wrong[i].claim, (uint64_t)wrong[i].value);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_INVALID);
	}
	/* The first and the last of what is right. */
	for (size_t i = 0; i < 2; i++) {
		s2_regime_init(&regime, &s2_x86_npt);
		s2_regime_set_level(&regime, S2_X86_START_LEVEL, 4);
		s2_regime_set(&regime, S2_X86_MAXPHYADDR, i ? 52 : 32);
		s2_regime_set(&regime, S2_X86_C_BIT, i ? 51 : 32);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
		assert_int_equal(geom.oa_bits, i ? 51 : 32);
	}
	s2_regime_init(&regime, &s2_x86_ept);
	s2_regime_set(&regime, S2_X86_EPTP, 0x5e);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 5);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_INVALID);
	s2_regime_set_level(&regime, S2_X86_START_LEVEL, 4);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	s2_regime_set_flag(&regime, S2_X86_AD, S2_NO);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_INVALID);
}

/* The processor's own paging, in which kernels have their memory (SDM 3A, 4.5): a half of it. */
static void test_paging(void **state)
{
	/* Heights of 4K, 2M, 1G, and what leads to tables of 1G. */
	static const struct {
		unsigned int height;
		uint64_t raw;
		enum s2_type type;
		uint64_t oa;
		unsigned int odd;
	} rows[] = {
		{ 0, 0, S2_INVALID_ENTRY, 0, 0 },
		{ 2, ~BIT64(0), S2_INVALID_ENTRY, 0, 0 },
		{ 0, 0x12345003, S2_PAGE, 0x12345000, 0 },
		{ 0, BIT64(63) | 0xffffffffff0e3, S2_PAGE, 0xffffffffff000, 0 },
		{ 1, 0x12345003, S2_TABLE, 0x12345000, 0 },
		{ 1, 0x12200083, S2_BLOCK, 0x12200000, 0 },
		{ 1, 0x12201083, S2_BLOCK, 0x12200000, 0 }, /* PAT */
		{ 1, 0x12202083, S2_BLOCK, 0x12200000, S2_ODD_OA_ALIGN },
		{ 1, 0x12300083, S2_BLOCK, 0x12200000, S2_ODD_OA_ALIGN },
		{ 2, 0x40000083, S2_BLOCK, 0x40000000, 0 },
		{ 2, 0x40001083, S2_BLOCK, 0x40000000, 0 },
		{ 2, 0x60000083, S2_BLOCK, 0x40000000, S2_ODD_OA_ALIGN },
		{ 3, 0x40000003, S2_TABLE, 0x40000000, 0 },
		{ 3, 0x40000083, S2_RESERVED_ENTRY, 0, S2_ODD_ENCODING },
	};
	struct s2_regime regime;
	struct s2_geometry geom;

	(void)state;
	for (unsigned int levels = 3; levels <= 6; levels++) {
		s2_regime_init(&regime, &s2_x86_paging);
		s2_regime_set(&regime, S2_PAGING_LEVELS, levels);
		assert_int_equal(s2_shape(&regime, &geom, NULL),
				 levels == 4 || levels == 5 ? S2_OK : S2_INVALID);
		if (levels != 4 && levels != 5)
			continue;
		assert_int_equal(geom.ia_bits, levels == 4 ? 47 : 56);
		assert_int_equal(geom.ia_base, 0);
		assert_int_equal(geom.top, levels - 1);
		s2_regime_set(&regime, S2_PAGING_UPPER, 1);
		assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
		assert_int_equal(geom.ia_base,
				 levels == 4 ? 0xffff800000000000 : 0xff00000000000000);
	}
	s2_regime_set(&regime, S2_PAGING_LEVELS, 5);
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_entry entry;

		geom.arch->decode(&geom, rows[i].height, rows[i].raw, &entry);
		if (entry.type != rows[i].type || entry.oa != rows[i].oa ||
		    entry.odd != rows[i].odd || entry.raw != rows[i].raw)
			fail_msg("row %zu: type %d, oa 0x%" PRIx64, i, (int)entry.type, entry.oa);
		assert_int_equal(geom.arch->is_table(&geom, rows[i].height, rows[i].raw),
				 rows[i].type == S2_TABLE);
		assert_int_equal(geom.arch->is_leaf(&geom, rows[i].height, rows[i].raw),
				 s2_is_leaf(rows[i].type));
	}
	assert_int_equal(geom.arch->check_root(&geom, 0xffffffffff800, NULL), S2_OK);
	assert_int_equal(geom.arch->check_root(&geom, 0xffffffffff400, NULL), S2_INVALID);
	assert_int_equal(geom.arch->check_root(&geom, BIT64(52), NULL), S2_INVALID);
	/* With memory encryption a bit of the address is none. */
	s2_regime_set(&regime, S2_PAGING_SME_MASK, BIT64(47));
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_OK);
	for (unsigned int height = 0; height < 4; height++) {
		struct s2_entry entry;

		geom.arch->decode(&geom, height, BIT64(47) | BIT64(51) | 3, &entry);
		assert_int_equal(entry.oa, BIT64(51));
		assert_int_equal(entry.odd, 0);
	}
	s2_regime_set(&regime, S2_PAGING_SME_MASK, BIT64(52));
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_INVALID);
	s2_regime_set(&regime, S2_PAGING_SME_MASK, BIT64(11));
	assert_int_equal(s2_shape(&regime, &geom, NULL), S2_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),       cmocka_unit_test(test_controls_off),
		cmocka_unit_test(test_ept_rights), cmocka_unit_test(test_ept_memory_types),
		cmocka_unit_test(test_large),      cmocka_unit_test(test_no_1g),
		cmocka_unit_test(test_npt_rights), cmocka_unit_test(test_npt_pat),
		cmocka_unit_test(test_npt_no_nx),  cmocka_unit_test(test_npt_c_bit),
		cmocka_unit_test(test_path),       cmocka_unit_test(test_eptp),
		cmocka_unit_test(test_eptp_root),  cmocka_unit_test(test_ncr3),
		cmocka_unit_test(test_refused),    cmocka_unit_test(test_paging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
