// SPDX-License-Identifier: GPL-2.0-or-later
// BTF: the input as a blob, and as memory in which a blob is searched for.
#include "kernel/btf.h"
#include "memtable.h"
#include "fuzz.h"

#define BASE 0x40000000ULL

struct visit {
	struct s2_types *types;
	const char *outer;
	unsigned int n;
};

/* What fields() tells of a struct, a question for the same member must confirm. */
static bool visit_field(void *arg, const struct s2_type_field *field)
{
	struct visit *visit = arg;
	struct s2_member member;
	struct s2_err err;

	if (!field->name || !field->name[0] || strchr(field->name, '.') || visit->n++ > 20)
		return visit->n <= 20;
	s2_err_init(&err);
	if (s2_types_member(visit->types, visit->outer, field->name, &member, &err)) {
		REQUIRE(err.text[0]);
		return true;
	}
	REQUIRE(member.bit_size <= 255);
	REQUIRE((member.kind == S2_KIND_ARRAY) || !member.nelems);
	REQUIRE(s2_types_has_member(visit->types, visit->outer, field->name));
	return true;
}

static void ask(struct s2_types *types)
{
	struct s2_type_info info;
	uint64_t value;

	for (uint64_t id = 0; id < 64; id++) {
		struct visit visit = { .types = types };
		char name[100];

		if (types->ops->info(types, id, &info, NULL))
			continue;
		if (!info.name || !info.name[0] || strlen(info.name) >= sizeof(name))
			continue;
		strcpy(name, info.name);
		visit.outer = name;
		if (info.kind == S2_KIND_STRUCT || info.kind == S2_KIND_UNION)
			(void)!types->ops->fields(types, id, visit_field, &visit, NULL);
		(void)!s2_types_sizeof(types, name, &value, NULL);
		(void)!s2_types_enum(types, name, "A", &value, NULL);
		(void)!s2_types_enum(types, NULL, "A", &value, NULL);
	}
}

/* The input as what continues @base, a module's types, whole and with a part of it missing. */
static void as_module(const uint8_t *data, size_t size, struct s2_types *base)
{
	for (unsigned int i = 0; i < 3; i++) {
		struct s2_btf_gap gap = { .at = (uint32_t)(size / 4 * i),
					  .end = (uint32_t)(size / 4 * (i + 1)),
					  .ntypes = (uint32_t)(size / 64),
					  .code = i ? S2_EXCLUDED : S2_OK };
		struct s2_types *types;
		struct s2_err err;

		s2_err_init(&err);
		if (s2_btf_new_split(data, size, &gap, base, &types, NULL, &err)) {
			REQUIRE(err.text[0]);
			continue;
		}
		ask(types);
		s2_types_free(types);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_types *types;
	struct memtable mem;
	struct s2_err err;
	uint64_t pa, found, budget = S2_BTF_BUDGET;
	struct s2_gaps gaps = { 0 };
	enum s2_code code;

	s2_err_init(&err);
	code = s2_btf_new(data, size, &types, NULL, &err);
	if (!code) {
		REQUIRE(!s2_btf_size(data, size, &found, NULL) && found <= size);
		ask(types);
		as_module(data, size, types);
		s2_types_free(types);
	} else {
		REQUIRE(err.text[0]);
	}
	if (!size)
		return 0;
	memtable_init(&mem, data, BASE, size);
	mem.views = data[size - 1] & 1;
	if (!s2_btf_scan(&mem.mem, BASE, size, &budget, &gaps, &pa, &found, NULL)) {
		REQUIRE(pa >= BASE && pa - BASE + found <= size);
		REQUIRE(!s2_btf_check(&mem.mem, pa, &found, NULL));
	}
	REQUIRE(!gaps.bytes);
	return 0;
}
