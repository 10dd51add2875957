// SPDX-License-Identifier: GPL-2.0-or-later
// Decodes kallsyms (scripts/kallsyms.c writes it, kernel/kallsyms.c reads it) out of the kernel
// image in memory.
#include "kernel/kallsyms.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"

#define MAX_SYMS (8U << 20)
#define MAX_NAMES (64U << 20)
#define MAX_TOKENS (64U << 10) /* token_index is 16 bits wide */

/* One symbol's name as it stands in the table. */
struct entry {
	const uint8_t *tokens;
	size_t ntokens;
	const uint8_t *next;
};

/* The entry at @p; false when it runs past @end. */
static inline bool entry_at(const struct s2_kallsyms *ks, const uint8_t *p, const uint8_t *end,
			    struct entry *ret)
{
	size_t len;

	if (p >= end)
		return false;
	len = *p++;
	if (len >= 0x80 && ks->long_names) {
		if (p >= end)
			return false;
		len = (len & 0x7f) | (size_t)*p++ << 7;
	}
	if (!len || len > (size_t)(end - p))
		return false;
	*ret = (struct entry){ .tokens = p, .ntokens = len, .next = p + len };
	return true;
}

/* Characters of an entry, the leading type letter included. */
static inline size_t entry_len(const struct s2_kallsyms *ks, const struct entry *entry)
{
	size_t len = 0;

	for (size_t i = 0; i < entry->ntokens; i++)
		len += ks->token_len[entry->tokens[i]];
	return len;
}

/* Tokens are copied in units of so many bytes: most have no more, and a copy of fixed length is a
 * single instruction. Hot: it runs for every name that is as long as one that is looked for. */
#define COPY 8U

/* Writes out an entry of @len characters; @name has room for COPY more. */
static void expand(const struct s2_kallsyms *ks, const struct entry *entry, char *name, size_t len)
{
	char *out = name;

	for (size_t i = 0; i < entry->ntokens; i++) {
		uint8_t token = entry->tokens[i];
		const char *from = ks->tokens + ks->token_at[token];

		for (size_t off = 0; off < ks->token_len[token]; off += COPY)
			memcpy(out + off, from + off, COPY);
		out += ks->token_len[token];
	}
	name[len] = '\0';
}

/* The address of symbol @i if the table were encoded as @encoding. */
static uint64_t address_as(const struct s2_kallsyms *ks, enum s2_kallsyms_encoding encoding,
			   uint32_t i)
{
	uint64_t absolute;
	uint32_t word;
	int64_t offset;

	if (encoding == S2_KALLSYMS_ABSOLUTE) {
		memcpy(&absolute, ks->table + (size_t)i * sizeof(absolute), sizeof(absolute));
		return absolute;
	}
	memcpy(&word, ks->table + (size_t)i * sizeof(word), sizeof(word));
	offset = (int32_t)word;
	switch (encoding) {
	case S2_KALLSYMS_RELATIVE:
		return ks->base + word;
	case S2_KALLSYMS_PERCPU:
		return offset >= 0 ? (uint64_t)offset : ks->base - 1 - (uint64_t)offset;
	case S2_KALLSYMS_PLACE:
		return ks->table_va + (uint64_t)i * sizeof(word) + (uint64_t)offset;
	case S2_KALLSYMS_ABSOLUTE:
	case S2_KALLSYMS_NENCODINGS:
		break;
	}
	return 0;
}

enum s2_code s2_kallsyms_query(const struct s2_kallsyms *ks, struct s2_symbol_query *query,
			       struct s2_err *err)
{
	const uint8_t *p = ks->names, *end = ks->names + ks->names_size;
	char name[S2_SYMBOL_NAME_MAX + 1 + COPY];

	for (uint32_t i = 0; i < ks->nsyms; i++) {
		struct entry entry;
		size_t len;

		if (!entry_at(ks, p, end, &entry))
			return s2_fail(err, S2_INVALID,
				       "kallsyms: name %u of %u runs out of its table", i,
				       ks->nsyms);
		p = entry.next;
		len = entry_len(ks, &entry);
		if (!len || !s2_symbol_query_len(query, len - 1))
			continue;
		expand(ks, &entry, name, len);
		if (!s2_symbol_query_take(query, name + 1, len - 1,
					  address_as(ks, ks->encoding, i)))
			break;
	}
	return S2_OK;
}

/* Reads @len bytes of the kernel image at @va into memory of its own. */
static enum s2_code read_image(const struct s2_mem *mem, const struct s2_kva_facts *facts,
			       uint64_t va, size_t len, const char *what, struct s2_budget *room,
			       void *ret, struct s2_err *err)
{
	s2_auto_free void *buf = NULL;
	enum s2_code code = s2_room_take(room, len, what, err);

	if (code)
		return code;
	buf = calloc(1, len + COPY); /* what expand() reads past the end */
	if (!buf)
		return s2_fail(err, S2_NOMEM, "no memory for %s", what);
	code = s2_mem_read(mem, s2_kva_image_pa(facts, va), buf, len, err);
	if (code) {
		s2_wrap(err, code, "%s", what);
		return code;
	}
	*(void **)ret = s2_take(&buf);
	return S2_OK;
}

/* Where VMCOREINFO says that the tables are. */
struct places {
	uint64_t names, num_syms, tokens, token_index, offsets, addresses;
};

static enum s2_code find_places(const struct s2_vmcoreinfo *info, struct places *ret,
				struct s2_kallsyms *ks, bool *ret_have_base, struct s2_err *err)
{
	const struct {
		const char *name;
		uint64_t *value;
	} need[] = {
		{ "kallsyms_names", &ret->names },
		{ "kallsyms_num_syms", &ret->num_syms },
		{ "kallsyms_token_table", &ret->tokens },
		{ "kallsyms_token_index", &ret->token_index },
	};
	enum s2_code code;

	for (size_t i = 0; i < ARRAY_SIZE(need); i++) {
		code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, need[i].name, need[i].value, err);
		if (code == S2_NOTFOUND)
			return s2_fail(
				err, code,
				"VMCOREINFO does not say where kallsyms is (kernels before 6.0 do not)");
		if (code)
			return code;
	}
	code = s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "kallsyms_relative_base", &ks->base, err);
	if (code == S2_INVALID)
		return code;
	*ret_have_base = !code;
	if (!s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "kallsyms_offsets", &ret->offsets, NULL))
		return S2_OK;
	ret->offsets = 0;
	if (!s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "kallsyms_addresses", &ret->addresses, NULL))
		return S2_OK;
	return s2_fail(err, S2_NOTFOUND,
		       "VMCOREINFO names neither kallsyms_offsets nor kallsyms_addresses");
}

/* The strings of the tokens: 256, each terminated, found through their index. */
static enum s2_code read_tokens(struct s2_kallsyms *ks, const struct s2_mem *mem,
				const struct s2_kva_facts *facts, const struct places *at,
				struct s2_budget *room, struct s2_err *err)
{
	enum s2_code code;

	/* The index follows its strings in every layout. */
	if (at->token_index <= at->tokens || at->token_index - at->tokens > MAX_TOKENS)
		return s2_fail(err, S2_INVALID,
			       "kallsyms: token index 0x%llx does not follow token table 0x%llx",
			       (unsigned long long)at->token_index, (unsigned long long)at->tokens);
	ks->tokens_size = (size_t)(at->token_index - at->tokens);
	code = read_image(mem, facts, at->tokens, ks->tokens_size, "kallsyms_token_table", room,
			  &ks->tokens, err);
	if (!code)
		code = s2_mem_read(mem, s2_kva_image_pa(facts, at->token_index), ks->token_at,
				   sizeof(ks->token_at), err);
	if (code) {
		s2_wrap(err, code, "kallsyms");
		return code;
	}
	for (unsigned int i = 0; i < 256; i++) {
		size_t off = ks->token_at[i];
		const char *stop = off < ks->tokens_size ?
					   memchr(ks->tokens + off, '\0', ks->tokens_size - off) :
					   NULL;

		if (!stop || stop - (ks->tokens + off) > UINT8_MAX)
			return s2_fail(err, S2_INVALID,
				       "kallsyms: token %u at offset %zu is not a short string", i,
				       off);
		ks->token_len[i] = (uint8_t)(stop - (ks->tokens + off));
	}
	return S2_OK;
}

/* Symbol types that name data (man nm). Weak ones are both; on arm64 they are functions. */
static bool is_data(char type)
{
	return type && strchr("bBdDrRgGsSvV", type);
}

/*
 * Reads through all names: whether they fit in their table, which one is _stext, how many are data.
 * S2_INVALID when they do not fit, S2_NOTFOUND when there is no _stext.
 */
static enum s2_code survey(struct s2_kallsyms *ks, uint32_t *ret_stext, struct s2_err *err)
{
	static const char stext[] = "_stext";
	const uint8_t *p = ks->names, *end = ks->names + ks->names_size;
	bool found = false;

	ks->ndata = 0;
	for (uint32_t i = 0; i < ks->nsyms; i++) {
		char name[sizeof(stext) + COPY];
		struct entry entry;
		size_t len;

		if (!entry_at(ks, p, end, &entry))
			return s2_fail(err, S2_INVALID,
				       "kallsyms: name %u of %u runs out of its table", i,
				       ks->nsyms);
		p = entry.next;
		len = entry_len(ks, &entry);
		if (len && is_data(ks->tokens[ks->token_at[entry.tokens[0]]]))
			ks->ndata++;
		if (found || len != sizeof(stext))
			continue;
		expand(ks, &entry, name, len);
		if (!strcmp(name + 1, stext)) {
			*ret_stext = i;
			found = true;
		}
	}
	return found ? S2_OK :
		       s2_fail(err, S2_NOTFOUND, "kallsyms: there is no _stext among %u names",
			       ks->nsyms);
}

/* The encoding that makes symbol @stext come out where VMCOREINFO says. */
static enum s2_code choose_encoding(struct s2_kallsyms *ks, uint32_t stext, bool absolute,
				    bool have_base, uint64_t stext_va, struct s2_err *err)
{
	for (int e = 0; e < S2_KALLSYMS_NENCODINGS; e++) {
		bool needs_base = e == S2_KALLSYMS_RELATIVE || e == S2_KALLSYMS_PERCPU;

		if (absolute != (e == S2_KALLSYMS_ABSOLUTE) || (needs_base && !have_base))
			continue;
		if (address_as(ks, (enum s2_kallsyms_encoding)e, stext) != stext_va)
			continue;
		ks->encoding = (enum s2_kallsyms_encoding)e;
		return S2_OK;
	}
	return s2_fail(err, S2_INVALID, "kallsyms: no known encoding places _stext at 0x%llx",
		       (unsigned long long)stext_va);
}

static enum s2_code read_tables(struct s2_kallsyms *ks, const struct s2_mem *mem,
				const struct s2_kva_facts *facts, const struct places *at,
				bool have_base, struct s2_budget *room, struct s2_err *err)
{
	uint64_t base_va = ks->base;
	size_t entry_size = at->offsets ? sizeof(uint32_t) : sizeof(uint64_t);
	enum s2_code code;

	code = s2_mem_read(mem, s2_kva_image_pa(facts, at->num_syms), &ks->nsyms, sizeof(ks->nsyms),
			   err);
	if (!code && have_base)
		code = s2_mem_read(mem, s2_kva_image_pa(facts, base_va), &ks->base,
				   sizeof(ks->base), err);
	if (code) {
		s2_wrap(err, code, "kallsyms");
		return code;
	}
	if (!ks->nsyms || ks->nsyms > MAX_SYMS)
		return s2_fail(err, S2_INVALID, "kallsyms: %u symbols is not plausible", ks->nsyms);
	/* In every layout the tokens come after the names, with no more than the markers in
	 * between. */
	if (at->tokens <= at->names || at->tokens - at->names > MAX_NAMES)
		return s2_fail(err, S2_INVALID,
			       "kallsyms: token table 0x%llx does not follow the names at 0x%llx",
			       (unsigned long long)at->tokens, (unsigned long long)at->names);
	ks->names_size = (size_t)(at->tokens - at->names);
	if (ks->nsyms > ks->names_size / 2)
		return s2_fail(err, S2_INVALID, "kallsyms: %u symbols do not fit in %zu bytes",
			       ks->nsyms, ks->names_size);
	ks->table_va = at->offsets ? at->offsets : at->addresses;
	code = read_image(mem, facts, at->names, ks->names_size, "kallsyms_names", room, &ks->names,
			  err);
	if (!code)
		code = read_image(mem, facts, ks->table_va, ks->nsyms * entry_size,
				  at->offsets ? "kallsyms_offsets" : "kallsyms_addresses", room,
				  &ks->table, err);
	return code ? code : read_tokens(ks, mem, facts, at, room, err);
}

static enum s2_code open_tables(struct s2_kallsyms *ks, const struct s2_mem *mem,
				const struct s2_vmcoreinfo *info, const struct s2_kva_facts *facts,
				struct s2_budget *room, struct s2_err *err)
{
	struct places at = { 0 };
	bool have_base = false;
	uint32_t stext = 0;
	enum s2_code code = find_places(info, &at, ks, &have_base, err);

	if (!code)
		code = read_tables(ks, mem, facts, &at, have_base, room, err);
	if (code)
		return code;
	/*
	 * Before 6.1 a length was one byte. Names are shorter than 128 tokens there, so reading it
	 * as two changes nothing; if it does not work out, it is tried as one.
	 */
	ks->long_names = true;
	code = survey(ks, &stext, err);
	if (code) {
		ks->long_names = false;
		code = survey(ks, &stext, err);
	}
	return code ? code : choose_encoding(ks, stext, !at.offsets, have_base, facts->stext, err);
}

enum s2_code s2_kallsyms_open(struct s2_kallsyms *ret, const struct s2_mem *mem,
			      const struct s2_vmcoreinfo *info, const struct s2_kva_facts *facts,
			      struct s2_budget *room, struct s2_err *err)
{
	struct s2_kallsyms ks = { 0 };
	enum s2_code code = open_tables(&ks, mem, info, facts, room, err);

	if (code)
		s2_kallsyms_close(&ks);
	else
		*ret = ks;
	return code;
}

void s2_kallsyms_close(struct s2_kallsyms *kallsyms)
{
	free(kallsyms->names);
	free(kallsyms->table);
	free(kallsyms->tokens);
	kallsyms->names = NULL;
	kallsyms->table = NULL;
	kallsyms->tokens = NULL;
}

const char *s2_kallsyms_encoding_name(enum s2_kallsyms_encoding encoding)
{
	switch (encoding) {
	case S2_KALLSYMS_ABSOLUTE:
		return "absolute";
	case S2_KALLSYMS_RELATIVE:
		return "base-relative";
	case S2_KALLSYMS_PERCPU:
		return "base-relative with absolute per-CPU";
	case S2_KALLSYMS_PLACE:
		return "place-relative";
	case S2_KALLSYMS_NENCODINGS:
		break;
	}
	return "unknown";
}
