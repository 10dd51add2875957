// SPDX-License-Identifier: GPL-2.0-or-later
// The front of all symbol tables: opens each when it is first needed, checks that it fits the
// kernel, asks them in turn.
#include "kernel/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "kernel/kallsyms.h"
#include "kernel/namelist.h"

/* What became of a source. */
struct state {
	bool tried;
	bool open;
	enum s2_code code; /* why it is not open */
	struct s2_err err;
};

struct s2_symbols {
	struct s2_symbols_args args;
	struct state state[S2_SYM_KALLSYMS + 1];
	struct s2_elfsyms elfsyms;
	struct s2_sysmap sysmap;
	struct s2_kallsyms kallsyms;
	struct s2_symbol *ahead; /* answers to what will be asked for */
	size_t nahead;
	bool looked_ahead;
};

const char *s2_symbol_source_name(enum s2_symbol_source source)
{
	switch (source) {
	case S2_SYM_NONE:
		return "none";
	case S2_SYM_VMLINUX:
		return "vmlinux";
	case S2_SYM_SYSTEM_MAP:
		return "System.map";
	case S2_SYM_KALLSYMS:
		return "kallsyms";
	case S2_SYM_MODULE:
		return "module";
	}
	return "none";
}

void s2_symbol_query_init(struct s2_symbol_query *query, struct s2_symbol *wanted, size_t n)
{
	*query = (struct s2_symbol_query){ .wanted = wanted, .n = n };
	for (size_t i = 0; i < n; i++) {
		size_t len = wanted[i].len = strlen(wanted[i].name);

		if (!wanted[i].source && len <= S2_SYMBOL_NAME_MAX)
			query->lengths[len / 64] |= BIT64(len % 64);
	}
}

bool s2_symbol_query_take(struct s2_symbol_query *query, const char *name, size_t len,
			  uint64_t value)
{
	if (query->prefix && len >= query->prefix_len &&
	    !memcmp(name, query->prefix, query->prefix_len))
		return query->each(query->arg, name, value);
	for (size_t i = 0; i < query->n; i++) {
		struct s2_symbol *symbol = &query->wanted[i];

		/* What an earlier source has answered stays. */
		if (symbol->len != len || (symbol->source && symbol->source != query->source) ||
		    memcmp(symbol->name, name, len) != 0)
			continue;
		if (!symbol->source) {
			symbol->source = query->source;
			symbol->value = value;
			symbol->hits = 1;
		} else if (symbol->value != value) {
			symbol->other = value;
			symbol->hits++;
		}
	}
	return true;
}

enum s2_code s2_symbols_new(const struct s2_symbols_args *args, struct s2_symbols **ret,
			    struct s2_err *err)
{
	struct s2_symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return s2_fail(err, S2_NOMEM, "no memory for symbols");
	symbols->args = *args;
	while (args->ahead && args->ahead[symbols->nahead])
		symbols->nahead++;
	symbols->ahead = calloc(symbols->nahead + 1, sizeof(*symbols->ahead));
	if (!symbols->ahead) {
		free(symbols);
		return s2_fail(err, S2_NOMEM, "no memory for symbols");
	}
	for (size_t i = 0; i < symbols->nahead; i++)
		symbols->ahead[i].name = args->ahead[i];
	*ret = symbols;
	return S2_OK;
}

void s2_symbols_free(struct s2_symbols *symbols)
{
	if (!symbols)
		return;
	if (symbols->state[S2_SYM_VMLINUX].open)
		s2_elfsyms_close(&symbols->elfsyms);
	if (symbols->state[S2_SYM_SYSTEM_MAP].open)
		s2_sysmap_close(&symbols->sysmap);
	if (symbols->state[S2_SYM_KALLSYMS].open)
		s2_kallsyms_close(&symbols->kallsyms);
	free(symbols->ahead);
	free(symbols);
}

/* One pass over an open source. */
static enum s2_code query_source(struct s2_symbols *symbols, enum s2_symbol_source source,
				 struct s2_symbol_query *query, struct s2_err *err)
{
	query->source = source;
	switch (source) {
	case S2_SYM_VMLINUX:
		s2_elfsyms_query(&symbols->elfsyms, query);
		break;
	case S2_SYM_SYSTEM_MAP:
		s2_sysmap_query(&symbols->sysmap, query);
		break;
	case S2_SYM_KALLSYMS:
		return s2_kallsyms_query(&symbols->kallsyms, query, err);
	case S2_SYM_NONE:
	case S2_SYM_MODULE:
		break;
	}
	return S2_OK;
}

/* Does memory hold this kernel's banner where the file says that it is? */
static enum s2_code check_banner(const struct s2_symbols *symbols, const char *path,
				 uint64_t banner, struct s2_err *err)
{
	static const char start[] = "Linux version ";
	char want[160], have[160];
	const char *release;
	size_t len;

	if (!s2_vmcoreinfo_text(symbols->args.info, "OSRELEASE", &release, &len) || len > 128)
		return S2_OK;
	snprintf(want, sizeof(want), "%s%.*s ", start, (int)len, release);
	len = strlen(want);
	if (s2_mem_read(symbols->args.mem, s2_kva_image_pa(symbols->args.facts, banner), have, len,
			NULL))
		return S2_OK; /* not in the dump: nothing to compare */
	if (!memcmp(want, have, len))
		return S2_OK;
	return s2_fail(err, S2_INVALID,
		       "%s is of another kernel: linux_banner is not at 0x%llx in the dump", path,
		       (unsigned long long)banner);
}

/* Fits a file's symbols to the running kernel: how far KASLR moved it, and whether it is the same
 * kernel. */
static enum s2_code fit_file(struct s2_symbols *symbols, enum s2_symbol_source source,
			     const char *path, uint64_t *delta, struct s2_err *err)
{
	struct s2_symbol wanted[] = { { .name = "_stext" }, { .name = "linux_banner" } };
	struct s2_symbol_query query;
	enum s2_code code;

	*delta = 0;
	s2_symbol_query_init(&query, wanted, ARRAY_SIZE(wanted));
	code = query_source(symbols, source, &query, err);
	if (code)
		return code;
	if (!wanted[0].hits)
		return s2_fail(err, S2_INVALID, "%s is not of a kernel: it has no _stext", path);
	*delta = symbols->args.facts->stext - wanted[0].value;
	/* The image moves by whole pages of the smallest size (arch/arm64/kernel/head.S,
	 * kaslr_early_init()). */
	if (!is_aligned(*delta, 4096))
		return s2_fail(
			err, S2_INVALID,
			"%s is of another kernel: _stext is at 0x%llx there and at 0x%llx in the dump",
			path, (unsigned long long)wanted[0].value,
			(unsigned long long)symbols->args.facts->stext);
	return wanted[1].hits ? check_banner(symbols, path, wanted[1].value + *delta, err) : S2_OK;
}

/* A kernel of another build may have its symbols where this one has them, and other types. */
static enum s2_code check_build_id(const struct s2_symbols *symbols,
				   const struct s2_symbol_file *file, struct s2_err *err)
{
	char have[128];
	const char *want;
	size_t len;
	enum s2_code code =
		s2_elf_build_id(file, symbols->args.facts->ops, have, sizeof(have), err);

	if (code == S2_NOTFOUND ||
	    (!code && !s2_vmcoreinfo_text(symbols->args.info, "BUILD-ID", &want, &len))) {
		if (err)
			s2_err_init(err);
		return S2_OK; /* nothing to compare */
	}
	if (code || (strlen(have) == len && !memcmp(have, want, len)))
		return code;
	return s2_fail(err, S2_INVALID,
		       "%s is of another kernel: its build id is %s, the dump's %.*s", file->path,
		       have, (int)(len < 64 ? len : 64), want);
}

static enum s2_code open_vmlinux(struct s2_symbols *symbols, char *remark, size_t size,
				 struct s2_err *err)
{
	const struct s2_symbol_file *file = &symbols->args.vmlinux;
	struct s2_elfsyms *syms = &symbols->elfsyms;
	enum s2_code code;

	if (file->fd < 0)
		return S2_NOTFOUND; /* none was given: nothing to say */
	code = check_build_id(symbols, file, err);
	if (!code)
		code = s2_elfsyms_open(file, symbols->args.facts->ops, syms, err);
	if (code)
		return code;
	code = fit_file(symbols, S2_SYM_VMLINUX, file->path, &syms->delta, err);
	if (code)
		s2_elfsyms_close(syms);
	else
		snprintf(remark, size, "symbols from %s (%zu, moved by 0x%llx)", file->path,
			 syms->nsyms, (unsigned long long)syms->delta);
	return code;
}

static enum s2_code open_system_map(struct s2_symbols *symbols, char *remark, size_t size,
				    struct s2_err *err)
{
	const struct s2_symbol_file *file = &symbols->args.system_map;
	struct s2_sysmap *map = &symbols->sysmap;
	enum s2_code code;

	if (file->fd < 0)
		return S2_NOTFOUND;
	code = s2_sysmap_open(file, map, err);
	if (code)
		return code;
	code = fit_file(symbols, S2_SYM_SYSTEM_MAP, file->path, &map->delta, err);
	if (code)
		s2_sysmap_close(map);
	else
		snprintf(remark, size, "symbols from %s (moved by 0x%llx)", file->path,
			 (unsigned long long)map->delta);
	return code;
}

/* At least this share of a full kallsyms is data; without CONFIG_KALLSYMS_ALL a handful is. */
static bool has_data(const struct s2_kallsyms *ks)
{
	return ks->ndata > ks->nsyms / 16;
}

static enum s2_code open_kallsyms(struct s2_symbols *symbols, char *remark, size_t size,
				  struct s2_err *err)
{
	struct s2_kallsyms *ks = &symbols->kallsyms;
	enum s2_code code = s2_kallsyms_open(ks, symbols->args.mem, symbols->args.info,
					     symbols->args.facts, symbols->args.room, err);

	if (!code)
		snprintf(remark, size, "symbols from kallsyms (%u, %s%s)", ks->nsyms,
			 s2_kallsyms_encoding_name(ks->encoding),
			 has_data(ks) ?
				 "" :
				 ", functions only: the kernel is without CONFIG_KALLSYMS_ALL");
	return code;
}

/*
 * In the order in which they are asked: what the user gave wins. To add one: a row here, a value in
 * enum s2_symbol_source, a case in query_source().
 */
static const struct {
	enum s2_symbol_source source;
	enum s2_code (*open)(struct s2_symbols *symbols, char *remark, size_t size,
			     struct s2_err *err);
	bool given; /* by the user: then it must not be broken */
} sources[] = {
	{ S2_SYM_VMLINUX, open_vmlinux, true },
	{ S2_SYM_SYSTEM_MAP, open_system_map, true },
	{ S2_SYM_KALLSYMS, open_kallsyms, false },
};

/* Opens source @i if that was not tried yet. True when it can be asked. */
static bool ready(struct s2_symbols *symbols, size_t i)
{
	struct state *state = &symbols->state[sources[i].source];
	char remark[S2_ERR_TEXT] = "";

	if (state->tried)
		return state->open;
	state->tried = true;
	s2_err_init(&state->err);
	state->code = sources[i].open(symbols, remark, sizeof(remark), &state->err);
	state->open = !state->code;
	if (state->code && !(sources[i].given && state->code == S2_NOTFOUND && !state->err.text[0]))
		snprintf(remark, sizeof(remark), "no symbols from %s: %.400s",
			 s2_symbol_source_name(sources[i].source), state->err.text);
	if (remark[0] && symbols->args.remark)
		symbols->args.remark(symbols->args.arg, remark);
	return state->open;
}

static bool all_found(const struct s2_symbol_query *query)
{
	for (size_t i = 0; i < query->n; i++)
		if (!query->wanted[i].source)
			return false;
	return true;
}

/* Asks all sources in turn until one has answered and nothing is missing. */
static enum s2_code ask(struct s2_symbols *symbols, struct s2_symbol_query *query,
			struct s2_err *err)
{
	const struct state *state = NULL;
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(sources) && !(any && all_found(query)); i++) {
		enum s2_code code;

		if (!ready(symbols, i)) {
			state = &symbols->state[sources[i].source];
			if (sources[i].given && state->code != S2_NOTFOUND)
				return s2_fail(err, state->code, "%s", state->err.text);
			continue;
		}
		code = query_source(symbols, sources[i].source, query, err);
		if (code)
			return code;
		any = true;
	}
	return any || !state ? S2_OK : s2_fail(err, state->code, "%s", state->err.text);
}

enum s2_code s2_symbols_check(struct s2_symbols *symbols, enum s2_symbol_source source,
			      struct s2_err *err)
{
	const struct state *state = &symbols->state[source];

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i].source == source && ready(symbols, i))
			return S2_OK;
	return s2_fail(err, state->code, "%s", state->err.text);
}

/* The answer that is there already, NULL: @name is none of those. */
static const struct s2_symbol *known_ahead(const struct s2_symbols *symbols, const char *name)
{
	for (size_t i = 0; symbols->looked_ahead && i < symbols->nahead; i++)
		if (!strcmp(symbols->ahead[i].name, name))
			return &symbols->ahead[i];
	return NULL;
}

/* The first pass answers what will be asked for, too. */
static enum s2_code look_ahead(struct s2_symbols *symbols, struct s2_err *err)
{
	struct s2_symbol_query query;
	enum s2_code code;

	s2_symbol_query_init(&query, symbols->ahead, symbols->nahead);
	code = ask(symbols, &query, err);
	symbols->looked_ahead = !code;
	return code;
}

enum s2_code s2_symbols_find(struct s2_symbols *symbols, struct s2_symbol *wanted, size_t n,
			     struct s2_err *err)
{
	struct s2_symbol_query query;
	size_t known = 0;
	enum s2_code code = symbols->looked_ahead ? S2_OK : look_ahead(symbols, err);

	for (size_t i = 0; i < n; i++) {
		const struct s2_symbol *answer = known_ahead(symbols, wanted[i].name);

		wanted[i] = answer ? *answer : (struct s2_symbol){ .name = wanted[i].name };
		known += answer != NULL;
	}
	if (code || known == n)
		return code;
	for (size_t i = 0; i < n; i++)
		wanted[i] = (struct s2_symbol){ .name = wanted[i].name };
	s2_symbol_query_init(&query, wanted, n);
	return ask(symbols, &query, err);
}
