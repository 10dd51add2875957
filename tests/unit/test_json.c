// SPDX-License-Identifier: GPL-2.0-or-later
// The hand-written JSON of ranges is what jansson would write, and attribute texts are sound JSON
// and sound columns.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "decode/arm64/arm64.h"
#include "format/format.h"

static struct s2_out out;

/* What is in the buffer now, which must not have been written yet; starts anew. */
static char *take(void)
{
	char *text = strndup(out.buf, out.used);

	out.used = 0;
	return text;
}

static void shape(uint64_t vtcr, struct s2_geometry *geom)
{
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_VTCR_EL2, vtcr);
	s2_regime_set_flag(&regime, S2_ARM64_FWB, S2_NO);
	assert_int_equal(s2_arm64_stage2.shape(&regime, geom, NULL), S2_OK);
}

static uint64_t rnd(void)
{
	return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

static void same_as_jansson(void **state)
{
	static const uint64_t vtcrs[] = { 0x80053558, 0x80653558, 0x82053558, 0x180063558,
					  0x80067558 };
	struct s2_table table = { .id = "t", .kind = "stage2", .pid = -1, .vcpus = -1 };

	(void)state;
	srand(3);
	for (unsigned int n = 0; n < 5000; n++) {
		struct s2_geometry geom;
		struct s2_printer printer;
		struct s2_row row = {
			.run = { .ia = rnd(), .size = rnd() >> 12, .count = rnd() >> 20 }
		};
		json_error_t jerr;
		json_t *value;
		char *mine, *theirs;

		shape(vtcrs[n % ARRAY_SIZE(vtcrs)], &geom);
		s2_regime_init(&table.regime, geom.arch);
		row.run.height = n % (geom.top + 1U);
		row.run.desc_pa = n & 1 ? rnd() : S2_NO_ADDRESS;
		row.pieces = 1 + (n & 1);
		if (n % 7 == 0)
			row.run.missing = n & 8 ? S2_ABSENT : S2_TRUNCATED;
		else
			geom.arch->decode(&geom, row.run.height,
					  row.run.height && (n & 2) ? (rnd() & ~3ULL) | 1 : rnd(),
					  &row.run.entry);
		s2_out_init(&out, -1);
		s2_printer_init(&printer, s2_format_find("json"), s2_annotators, NULL, &out);
		printer.format->begin(&printer, &(struct s2_image){ .path = "p" });
		s2_printer_table(&printer, &table, &geom);
		out.used = 0;
		s2_out_str(&out, "{");
		s2_json_row(&(struct s2_json){ .out = &out }, &printer, &row);
		s2_out_str(&out, "}");
		mine = take();
		value = json_loads(mine, 0, &jerr);
		if (!value)
			fail_msg("%s: %s", jerr.text, mine);
		/* Compact, in the order of writing: the bytes must be the same. */
		theirs = json_dumps(value, JSON_COMPACT);
		assert_string_equal(mine, theirs);
		free(theirs);
		free(mine);
		json_decref(value);
	}
}

static void attribute_texts(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < s2_arm64_stage2.nattrs; i++) {
		const struct s2_attr *attr = &s2_arm64_stage2.attrs[i];

		for (unsigned int v = 0; attr->values && v < attr->nvalues; v++) {
			json_t *value = json_loads(attr->values[v].json, JSON_DECODE_ANY, NULL);

			assert_non_null(value);
			json_decref(value);
			assert_non_null(attr->values[v].text);
			assert_true(strlen(attr->values[v].text) > 0);
			assert_null(strchr(attr->values[v].text, ' '));
		}
		/* Every value that the bits can hold has a row, or there are none. */
		if (attr->values && attr->mask)
			assert_int_equal(attr->nvalues, 1U << __builtin_popcountll(attr->mask));
		if (attr->kind == S2_ATTR_COLUMN)
			assert_true(attr->values && attr->width > 0);
	}
}

static void strings(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "tab\t", "\"tab\\u0009\"" },
		{ "\xc3\xa4", "\"\xc3\xa4\"" },
		{ "bad\xff\xfe!", "\"bad\xef\xbf\xbd\xef\xbf\xbd!\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *text;

		s2_out_init(&out, -1);
		s2_json_string(&out, rows[i].text);
		text = take();
		assert_string_equal(text, rows[i].json);
		free(text);
	}
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(s2_size_text(4096).n, 4);
	assert_int_equal(s2_size_text(4096).unit, 'K');
	assert_int_equal(s2_size_text(1ULL << 39).n, 512);
	assert_int_equal(s2_size_text(1ULL << 39).unit, 'G');
	assert_int_equal(s2_size_text((1ULL << 39) + 4096).unit, 'K');
	assert_int_equal(s2_size_text(1ULL << 62).n, 4);
	assert_int_equal(s2_size_text(1ULL << 62).unit, 'E');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_jansson),
		cmocka_unit_test(attribute_texts),
		cmocka_unit_test(strings),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
