// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of attributes of every table format: which values are odd, and that texts are words.
#include "decode/arch.h"

#include <ctype.h>
#include <string.h>

#include "base/bits.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

/* What manuals call reserved is odd: SH (Arm ARM, "Shareability attributes"), memory types of stage
 * 2, of MAIR_ELx and of EPT (SDM, "EPT Paging-Structure Entries"). Not what only IA32_PAT can hold:
 * WRMSR refuses it. */
static uint32_t expected_odd(const struct s2_arch *arch, const struct s2_attr *attr,
			     const struct s2_attr_value *value)
{
	bool reserved = strstr(value->json, "reserved") ||
			(value->meaning && !strncmp(value->meaning, "reserved", 8));

	if (!reserved || !strcmp(arch->format, "npt"))
		return 0;
	if (!strcmp(attr->name, "sh"))
		return S2_ODD_SH;
	return strcmp(attr->name, "memattr") ? 0 : S2_ODD_MEMATTR;
}

static bool is_word(const char *text)
{
	for (; *text; text++)
		if (isspace((unsigned char)*text))
			return false;
	return true;
}

static void test_values(void **state)
{
	unsigned int odd = 0;

	(void)state;
	for (unsigned int a = 0; a < s2_narchs; a++)
		for (unsigned int i = 0; i < s2_archs[a]->nattrs; i++) {
			const struct s2_attr *attr = &s2_archs[a]->attrs[i];

			for (unsigned int v = 0; v < attr->nvalues; v++) {
				const struct s2_attr_value *value = &attr->values[v];

				if (!value->json)
					continue;
				if (value->odd != expected_odd(s2_archs[a], attr, value))
					fail_msg("%s %s %s: odd 0x%x", s2_archs[a]->format,
						 attr->name, value->json, value->odd);
				if (!value->text || !is_word(value->text))
					fail_msg("%s %s %s: '%s' is not one word",
						 s2_archs[a]->format, attr->name, value->json,
						 value->text ? value->text : "");
				odd += !!value->odd;
			}
		}
	assert_true(odd);
}

/* A memory type that a register tells in one row is open in the row that does without it. */
static void test_open(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (unsigned int a = 0; a < s2_narchs; a++) {
		const struct s2_arch *arch = s2_archs[a];

		for (unsigned int i = 0; i < arch->nattrs; i++)
			for (unsigned int k = 0; arch->attrs[i].resolve && k < arch->nattrs; k++) {
				const struct s2_attr *other = &arch->attrs[k];

				if (other->resolve || !other->values ||
				    strcmp(arch->attrs[i].name, S2_MEMORY_NAME) != 0 ||
				    strcmp(other->name, S2_MEMORY_NAME) != 0)
					continue;
				if (other->open != low_bits(other->nvalues))
					fail_msg("%s %s: open 0x%x", arch->format, other->name,
						 other->open);
				n++;
			}
	}
	assert_true(n);
}

/* What help and errors show as a value to give shapes a table, alone or beside a level. */
static void test_examples(void **state)
{
	unsigned int examples = 0;

	(void)state;
	for (unsigned int a = 0; a < s2_narchs; a++)
		for (unsigned int i = 0; i < s2_archs[a]->nclaims; i++) {
			const struct s2_claim *claim = &s2_archs[a]->claims[i];
			struct s2_geometry geom;
			struct s2_regime regime;
			struct s2_err err;

			if (!claim->example || !s2_arch_claims(s2_archs[a], i) ||
			    !s2_is_stage2(s2_archs[a]))
				continue;
			s2_err_init(&err);
			s2_regime_init(&regime, s2_archs[a]);
			s2_regime_set(&regime, i, claim->example);
			if (s2_shape(&regime, &geom, &err))
				fail_msg("%s %s: %s", s2_archs[a]->format, claim->name, err.text);
			assert_int_equal(geom.odd, 0);
			examples++;
		}
	assert_true(examples);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_values),
					    cmocka_unit_test(test_examples),
					    cmocka_unit_test(test_open) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
