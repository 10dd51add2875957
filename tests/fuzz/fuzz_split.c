// SPDX-License-Identifier: GPL-2.0-or-later
// Split BTF: the first bytes say how long the kernel's blob is, and which part of a module's, that
// continues it, is missing.
#include "fuzz.h"
#include "kernel/btf.h"

struct choice {
	uint16_t len, at, end, ntypes;
};

/* Both answer, and what has a name in both is the module's. */
static void ask(struct s2_types *module, struct s2_types *base)
{
	struct s2_type_info info;
	struct s2_member member;
	struct s2_err err;
	uint64_t size, other;

	for (uint64_t id = 0; id < 96; id++) {
		char name[100];

		if (module->ops->info(module, id, &info, NULL) || !info.name || !info.name[0] ||
		    strlen(info.name) >= sizeof(name))
			continue;
		strcpy(name, info.name);
		s2_err_init(&err);
		if (s2_types_member(module, name, "next", &member, &err))
			REQUIRE(err.text[0]);
		else
			REQUIRE(s2_types_has_member(module, name, "next"));
		(void)!s2_types_enum(module, name, "A", &other, NULL);
		if (!s2_types_sizeof(base, name, &other, NULL) &&
		    !s2_types_sizeof(module, name, &size, NULL))
			REQUIRE(s2_types_has(module, name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct s2_types *base, *module;
	uint32_t nmodule;
	struct choice c;
	struct s2_err err;

	fuzz_take(&data, &size, &c, sizeof(c));
	if (c.len > size || s2_btf_new(data, c.len, &base, NULL, NULL))
		return 0;
	data += c.len;
	size -= c.len;
	for (unsigned int i = 0; i < 2; i++) {
		struct s2_btf_gap gap = {
			.at = c.at, .end = c.end, .ntypes = c.ntypes, .code = S2_EXCLUDED
		};

		s2_err_init(&err);
		if (s2_btf_new_split(data, size, i && c.at <= c.end && c.end <= size ? &gap : NULL,
				     base, &module, &nmodule, &err)) {
			REQUIRE(err.text[0]);
			continue;
		}
		REQUIRE(nmodule <= size);
		ask(module, base);
		s2_types_free(module);
	}
	s2_types_free(base);
	return 0;
}
