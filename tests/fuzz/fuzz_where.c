// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions and columns: the first byte chooses, the rest is the text. What is taken must answer
// for any row, and what is refused must say why, and where within the text.
#include "decode/arm64/arm64.h"
#include "model/pick.h"
#include "model/slots.h"
#include "fuzz.h"

static const struct s2_annotator_ops *const annotators[] = { &s2_slots_annotator, NULL };
static const struct s2_arch *const archs[] = { &s2_arm64_stage2, &s2_arm64_stage1_el1, NULL };

static struct s2_member_list list;
static struct s2_table table;
static struct s2_geometry geom;
static struct s2_members of;

static void prepare(void)
{
	table = (struct s2_table){ .id = "vm:1" };
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	s2_regime_set(&table.regime, S2_ARM64_GRANULE, 4096);
	s2_regime_set(&table.regime, S2_ARM64_IA_BITS, 40);
	s2_regime_set_level(&table.regime, S2_ARM64_START_LEVEL, 1);
	REQUIRE(!s2_shape(&table.regime, &geom, NULL));
	s2_member_list(&list, archs, NULL, annotators);
	s2_members_init(&of, &table, &geom, annotators, false);
}

static struct s2_row row_of(uint64_t raw, enum s2_code missing)
{
	struct s2_row row = { .run = { .ia = 0x1000,
				       .size = 4096,
				       .count = 1,
				       .missing = missing,
				       .path = S2_PATH_ALL },
			      .pieces = 1 };

	if (!missing)
		s2_arm64_stage2.decode(&geom, 0, raw, &row.run.entry);
	return row;
}

static void condition(const char *text, size_t size, const struct s2_row *rows, unsigned int n)
{
	static struct s2_condition where;
	struct s2_where_place place;
	struct s2_err err;

	s2_err_init(&err);
	if (s2_where_parse(text, &list, archs, &where, &place, &err)) {
		REQUIRE(err.text[0] && place.len && place.at <= size);
		return;
	}
	REQUIRE(where.nsteps && where.nsteps <= S2_WHERE_STEPS && where.used <= S2_WHERE_TEXT);
	for (unsigned int i = 0; i < n; i++)
		REQUIRE(s2_where_ask(&where, &of, &rows[i]) <= S2_ANSWER_UNKNOWN);
}

static void columns(const char *text, size_t size, struct s2_row *rows, unsigned int n)
{
	static struct s2_columns chosen;
	struct s2_where_place place;
	struct s2_err err;

	s2_err_init(&err);
	if (s2_columns_parse(text, &list, &chosen, &place, &err)) {
		REQUIRE(err.text[0] && place.at <= size);
		return;
	}
	REQUIRE(chosen.n && chosen.n <= S2_MAX_COLUMNS);
	for (unsigned int i = 1; i < n; i++) {
		rows[i].run.ia = rows[i - 1].run.ia + rows[i - 1].run.size;
		s2_columns_join(&chosen, &of, S2_MERGE_ATTRS, &rows[i - 1], &rows[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_row rows[4];
	char *text;

	if (!size)
		return 0;
	if (!list.n)
		prepare();
	text = malloc(size);
	REQUIRE(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	rows[0] = row_of(0x800007ff, S2_OK);
	rows[1] = row_of(0, S2_OK);
	rows[2] = row_of(0, S2_EXCLUDED);
	rows[3] = row_of(~UINT64_C(0), S2_OK);
	if (data[0] == 'c')
		columns(text, size, rows, 4);
	else
		condition(text, size, rows, 4);
	free(text);
	return 0;
}
