// SPDX-License-Identifier: GPL-2.0-or-later
// Where types go on behind a gap.
#include "kernel/btf_gap.h"

#include "base/budget.h"

/* How often the end of a row is looked for: once per word of a page is enough for sound BTF. */
#define MAX_TRIES 16384

/* Types that are looked at: where a row is begun at a wrong word, it soon has none that is sound. */
#define TYPES_PER_TRY 16
#define ROUNDS 4

/* How many types there are from @off on that end before @stop; true when they end there exactly. */
static bool count_types(const struct s2_btf_blob *blob, uint32_t off, uint32_t stop,
			struct s2_budget *types, uint32_t *ret)
{
	struct s2_btf_type t;

	for (*ret = 0; off < stop; ++*ret) {
		if (s2_budget_take(types, 1) || s2_btf_type(blob, off, 0, &t, NULL) ||
		    t.len > stop - off)
			return false;
		off += t.len;
	}
	return true;
}

enum s2_code s2_btf_find_rows(const struct s2_btf_blob *blob, uint32_t at, uint32_t end,
			      uint32_t ntypes, struct s2_btf_rows *ret, struct s2_err *err)
{
	struct s2_btf_rows rows = { .resume = end };
	struct s2_budget types;
	bool found = false;

	s2_budget_init(&types, MAX_TRIES * TYPES_PER_TRY, ROUNDS, ntypes);
	count_types(blob, 0, at, &types, &rows.before);
	for (unsigned int i = 0; i < MAX_TRIES && rows.resume < blob->types_len; i++) {
		found = count_types(blob, rows.resume, blob->types_len, &types, &rows.after);
		if (found)
			break;
		rows.resume += 4; /* types are aligned so */
	}
	if (!found)
		rows.after = 0;
	if (rows.after > ntypes || rows.before > ntypes - rows.after)
		return s2_fail(err, S2_INVALID,
			       "BTF: %u types before a gap and %u behind it are more than %u",
			       rows.before, rows.after, ntypes);
	*ret = rows;
	return S2_OK;
}
