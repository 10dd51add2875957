// SPDX-License-Identifier: GPL-2.0-or-later
// From the list of modules to the ELF symbol table that each keeps (kernel/module/kallsyms.c), and
// from btf_idr or btf_modules to its types (kernel/bpf/btf.c).
#include "kernel/modules.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "kernel/btf.h"
#include "kernel/btf_split.h"
#include "kernel/dwarf.h"
#include "kernel/fields.h"
#include "kernel/kernel_priv.h"
#include "kernel/modinfo.h"

/* More than any module has; beyond it the counts are lying. */
#define MAX_SYMS (1U << 20)
#define MAX_STRINGS (32U << 20)

/* MODULE_NAME_LEN is 64 - sizeof(unsigned long). */
#define NAME_LEN 64

struct layout {
	struct s2_field_at list, name, kallsyms;         /* struct module */
	struct s2_field_at symtab, num_symtab, strtab;   /* struct mod_kallsyms */
	struct s2_field_at btf_data, btf_size, btf_name; /* struct btf */
	struct s2_field_at btf_base, btf_ntypes;
	struct s2_field_at idr_rt;                /* struct idr */
	struct s2_field_at mod_btf_list, mod_btf; /* struct btf_module */
};

static const struct s2_field_row module_rows[] = {
	S2_FIELD(layout, list, "module", "list", true),
	S2_FIELD(layout, name, "module", "name", true),
	S2_FIELD(layout, kallsyms, "module", "kallsyms", true),
	S2_FIELD(layout, symtab, "mod_kallsyms", "symtab", true),
	S2_FIELD(layout, num_symtab, "mod_kallsyms", "num_symtab", true),
	S2_FIELD(layout, strtab, "mod_kallsyms", "strtab", true),
};

static const struct s2_field_row btf_rows[] = {
	S2_FIELD(layout, btf_data, "btf", "data", true),
	S2_FIELD(layout, btf_size, "btf", "data_size", true),
	S2_FIELD(layout, btf_name, "btf", "name", true),
	S2_FIELD(layout, btf_base, "btf", "base_btf", true),
	S2_FIELD(layout, btf_ntypes, "btf", "nr_types", true),
};

static const struct s2_field_row btf_idr_rows[] = {
	S2_FIELD(layout, idr_rt, "idr", "idr_rt", true),
};

static const struct s2_field_row btf_list_rows[] = {
	S2_FIELD(layout, mod_btf_list, "btf_module", "list", true),
	S2_FIELD(layout, mod_btf, "btf_module", "btf", true),
};

/* Does the string in the kernel at @va say @name? A missing code: nobody knows. */
static enum s2_code is_named(struct s2_kernel *kernel, uint64_t va, const char *name, bool *ret,
			     struct s2_err *err)
{
	size_t len = strlen(name) + 1;
	char text[NAME_LEN];
	enum s2_code code = S2_OK;

	if (len <= sizeof(text))
		code = s2_kernel_read(kernel, va, text, len, err);
	*ret = !code && len <= sizeof(text) && !memcmp(text, name, len);
	return code;
}

struct find_module {
	struct s2_kernel *kernel;
	struct layout layout;
	const char *name;
	uint64_t va; /* 0: not met yet */
	enum s2_code code;
	struct s2_err *err;
};

static bool on_module(void *arg, uint64_t node)
{
	struct find_module *f = arg;
	uint64_t va = node - s2_member_off(&f->layout.list.m);
	bool named;

	f->code =
		is_named(f->kernel, va + s2_member_off(&f->layout.name.m), f->name, &named, f->err);
	if (!f->code && named)
		f->va = va;
	return !f->code && !f->va;
}

/* Fills in @f->va, 0 when no such module is loaded. */
static enum s2_code find_module(struct find_module *f)
{
	uint64_t head;
	enum s2_code code =
		s2_fields_find(f->kernel, module_rows, ARRAY_SIZE(module_rows), &f->layout, f->err);

	if (!code)
		code = s2_kernel_symbol(f->kernel, "modules", &head, f->err);
	if (code == S2_NOTFOUND) {
		if (f->err)
			s2_err_init(f->err); /* a kernel without CONFIG_MODULES */
		return S2_OK;
	}
	if (!code)
		code = s2_kernel_list(f->kernel, head, on_module, f, f->err);
	if (!code)
		code = f->code;
	return code ? s2_wrap(f->err, code, "modules") : S2_OK;
}

/* A module's ELF symbol table, copied. */
struct symtab {
	Elf64_Sym *sym;
	uint64_t n;
	char *strings; /* ends with a zero byte */
	uint64_t strings_len;
	struct s2_budget *room; /* ... of the kernel's tables, from which @taken was drawn */
	uint64_t taken;
};

static enum s2_code symtab_take(struct symtab *tab, uint64_t size, struct s2_err *err)
{
	enum s2_code code = s2_room_take(tab->room, size, "a module's symbols", err);

	if (!code)
		tab->taken += size;
	return code;
}

static void symtab_free(struct symtab *tab)
{
	if (tab->taken)
		s2_room_give(tab->room, tab->taken);
	free(tab->sym);
	free(tab->strings);
}

/*
 * Reads the strings that symbols name. Nothing says how long their table is: up to the page that
 * has the beginning of the last one, and one more if there is one.
 */
static enum s2_code read_strings(struct s2_kernel *kernel, uint64_t va, struct symtab *tab,
				 struct s2_err *err)
{
	uint64_t page = s2_kernel_facts(kernel)->kva.page_size, last = 0, len;
	enum s2_code code;

	for (uint64_t i = 0; i < tab->n; i++)
		if (tab->sym[i].st_name > last)
			last = tab->sym[i].st_name;
	if (last > MAX_STRINGS)
		return s2_fail(err, S2_INVALID, "a symbol's name is at byte %llu",
			       (unsigned long long)last);
	len = align_up(va + last + 1, page) - va;
	code = symtab_take(tab, len, err);
	if (code)
		return code;
	tab->strings = calloc(1, (size_t)(len + page + 1));
	if (!tab->strings)
		return s2_fail(err, S2_NOMEM, "no memory for a module's symbols");
	code = s2_kernel_read(kernel, va, tab->strings, (size_t)len, err);
	if (code)
		return code;
	tab->strings_len = len;
	if (!s2_kernel_read(kernel, va + len, tab->strings + len, (size_t)page, NULL))
		tab->strings_len += page;
	return S2_OK;
}

static enum s2_code read_symtab(struct find_module *f, struct symtab *tab)
{
	uint64_t kallsyms, sym_va, strings_va;
	enum s2_code code = s2_field_get(f->kernel, f->va, &f->layout.kallsyms, &kallsyms, f->err);

	if (!code)
		code = s2_field_get(f->kernel, kallsyms, &f->layout.symtab, &sym_va, f->err);
	if (!code)
		code = s2_field_get(f->kernel, kallsyms, &f->layout.num_symtab, &tab->n, f->err);
	if (!code)
		code = s2_field_get(f->kernel, kallsyms, &f->layout.strtab, &strings_va, f->err);
	if (!code && tab->n > MAX_SYMS)
		code = s2_fail(f->err, S2_INVALID, "%llu symbols", (unsigned long long)tab->n);
	tab->room = &f->kernel->room;
	if (!code)
		code = symtab_take(tab, tab->n * sizeof(*tab->sym), f->err);
	if (code)
		return code;
	tab->sym = calloc((size_t)tab->n + 1, sizeof(*tab->sym));
	if (!tab->sym)
		return s2_fail(f->err, S2_NOMEM, "no memory for a module's symbols");
	code = s2_kernel_read(f->kernel, sym_va, tab->sym, (size_t)tab->n * sizeof(*tab->sym),
			      f->err);
	return code ? code : read_strings(f->kernel, strings_va, tab, f->err);
}

static void query_symtab(const struct symtab *tab, struct s2_symbol_query *query)
{
	/* The first is the empty symbol of every ELF symbol table. */
	for (uint64_t i = 1; i < tab->n; i++) {
		const char *name = tab->strings + tab->sym[i].st_name;
		size_t len;

		if (tab->sym[i].st_shndx == SHN_UNDEF || tab->sym[i].st_name >= tab->strings_len)
			continue;
		len = strnlen(name, S2_SYMBOL_NAME_MAX + 1);
		if (s2_symbol_query_len(query, len))
			s2_symbol_query_take(query, name, len, tab->sym[i].st_value);
	}
}

/* Functions by whose names types are held against symbols. */
#define MAX_FUNCTIONS 64

struct functions {
	const struct symtab *tab;
	struct s2_symbol symbol[MAX_FUNCTIONS];
	size_t n;
};

static bool on_function(void *arg, const char *name)
{
	struct functions *f = arg;

	f->symbol[f->n++] = (struct s2_symbol){ .name = name };
	return f->n < MAX_FUNCTIONS;
}

/* Are the module's symbols those of the functions that @types tell of? The compiler adds to some
 * names, and the kernel drops those of initialization: most count. */
static bool has_functions_of(void *arg, const struct s2_types *types)
{
	struct functions f = { .tab = arg };
	struct s2_symbol_query query;
	size_t found = 0;

	s2_btf_functions(types, on_function, &f);
	s2_symbol_query_init(&query, f.symbol, f.n);
	query.source = S2_SYM_MODULE;
	query_symtab(f.tab, &query);
	for (size_t i = 0; i < f.n; i++)
		found += f.symbol[i].hits > 0;
	return found > f.n / 2;
}

/* Types of the module, whose struct btf is not in the dump, from all memory: S2_NOTFOUND if there
 * are none. */
static enum s2_code types_by_functions(struct s2_kernel *kernel, const char *module,
				       struct s2_types *base, struct s2_types **ret)
{
	struct find_module f = { .kernel = kernel, .name = module };
	struct symtab tab = { 0 };
	struct s2_btf_split wanted = { .base = base, .is_it = has_functions_of, .arg = &tab };
	uint32_t ntypes;
	enum s2_code code = find_module(&f);

	if (!code && !f.va)
		code = S2_NOTFOUND;
	if (!code)
		code = read_symtab(&f, &tab);
	wanted.cost = tab.n * sizeof(*tab.sym);
	if (!code)
		code = s2_btf_find_split(kernel, &wanted, ret, &ntypes, NULL);
	symtab_free(&tab);
	if (!code)
		s2_kernel_say(kernel,
			      "types of the module %s from BTF in memory (%u, found by its "
			      "functions: struct btf is not in the dump)",
			      module, ntypes);
	return code;
}

enum s2_code s2_module_symbols(struct s2_kernel *kernel, const char *module,
			       struct s2_symbol *wanted, size_t n, struct s2_err *err)
{
	struct find_module f = { .kernel = kernel, .name = module, .err = err };
	struct s2_symbol_query query;
	struct symtab tab = { 0 };
	enum s2_code code = find_module(&f);

	if (!code && !f.va)
		return s2_kernel_symbols(kernel, wanted, n, err);
	for (size_t i = 0; i < n; i++)
		wanted[i] = (struct s2_symbol){ .name = wanted[i].name };
	if (!code)
		code = read_symtab(&f, &tab);
	if (!code) {
		s2_symbol_query_init(&query, wanted, n);
		query.source = S2_SYM_MODULE;
		query_symtab(&tab, &query);
	}
	symtab_free(&tab);
	return code ? s2_wrap(err, code, "symbols of the module %s", module) : S2_OK;
}

bool s2_module_unseen(struct s2_kernel *kernel, struct s2_err *why)
{
	struct s2_symbol list = { .name = "modules" };

	return s2_kernel_symbols(kernel, &list, 1, why) == S2_NOTFOUND;
}

struct find_btf {
	struct s2_kernel *kernel;
	struct layout layout;
	const char *name;
	uint64_t va; /* struct btf, 0: not met yet */
	enum s2_code code;
	struct s2_err *err;
	/* Why not all objects were looked at, S2_OK: all were. */
	struct s2_err lost;
};

static void lose_btf(struct find_btf *f, const struct s2_err *why)
{
	if (!f->lost.code)
		f->lost = *why;
}

/* How the reading of an object ended: what is not in the dump is lost, what is wrong ends the
 * search. */
static void note_btf(struct find_btf *f, enum s2_code code, const struct s2_err *why)
{
	if (s2_is_missing(code))
		lose_btf(f, why);
	else if (code)
		f->code = s2_fail(f->err, code, "%s", why->text);
}

/* One struct btf: of the kernel (it has no base), of a module, or a program's own. One that is not
 * in the dump may have been the module's: the others are looked at all the same. */
static bool look_at_btf(struct find_btf *f, uint64_t va)
{
	struct s2_err why;
	uint64_t base = 0;
	bool named = false;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(f->kernel, va, &f->layout.btf_base, &base, &why);
	if (!code && base)
		code = is_named(f->kernel, va + s2_member_off(&f->layout.btf_name.m), f->name,
				&named, &why);
	note_btf(f, code, &why);
	if (named)
		f->va = va;
	return !f->code && !f->va;
}

static bool on_idr_entry(void *arg, uint64_t first, uint64_t last, uint64_t va)
{
	(void)first;
	(void)last;
	return look_at_btf(arg, va);
}

static bool on_lost_idr(void *arg, uint64_t first, uint64_t last, const struct s2_err *why)
{
	(void)first;
	(void)last;
	lose_btf(arg, why);
	return true;
}

static enum s2_code btf_by_idr(struct find_btf *f, struct s2_err *err)
{
	uint64_t idr;
	enum s2_code code =
		s2_fields_find(f->kernel, btf_idr_rows, ARRAY_SIZE(btf_idr_rows), &f->layout, err);

	if (!code)
		code = s2_kernel_symbol(f->kernel, "btf_idr", &idr, err);
	return code ? code :
		      s2_kernel_xarray_spans(f->kernel, idr + s2_member_off(&f->layout.idr_rt.m),
					     on_idr_entry, on_lost_idr, f, err);
}

static bool on_btf_module(void *arg, uint64_t node)
{
	struct find_btf *f = arg;
	struct s2_err why;
	uint64_t va = 0;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_field_get(f->kernel, node - s2_member_off(&f->layout.mod_btf_list.m),
			    &f->layout.mod_btf, &va, &why);
	if (!code)
		return look_at_btf(f, va);
	note_btf(f, code, &why);
	return !f->code;
}

static void on_lost_btf_module(void *arg, uint64_t va, const struct s2_err *why)
{
	(void)va;
	lose_btf(arg, why);
}

static enum s2_code btf_by_list(struct find_btf *f, struct s2_err *err)
{
	uint64_t head;
	enum s2_code code = s2_fields_find(f->kernel, btf_list_rows, ARRAY_SIZE(btf_list_rows),
					   &f->layout, err);

	if (!code)
		code = s2_kernel_symbol(f->kernel, "btf_modules", &head, err);
	return code ? code :
		      s2_kernel_list_around(f->kernel, head, on_btf_module, on_lost_btf_module, f,
					    err);
}

/* Where the kernel keeps types of modules, in the order in which they are asked: the second is for
 * what the first has lost. To add one: a row here. */
static enum s2_code (*const btf_ways[])(struct find_btf *f, struct s2_err *err) = {
	btf_by_idr,
	btf_by_list,
};

/* Fills in @f->va, 0 when the module has none: one of the ways was whole, and has not met it. */
static enum s2_code find_btf(struct find_btf *f)
{
	struct s2_err why = { .code = S2_OK };
	enum s2_code code =
		s2_fields_find(f->kernel, btf_rows, ARRAY_SIZE(btf_rows), &f->layout, f->err);

	if (code == S2_NOTFOUND && f->err)
		s2_err_init(f->err); /* a kernel without types of modules */
	if (code)
		return code == S2_NOTFOUND ? S2_OK : code;
	for (size_t i = 0; i < ARRAY_SIZE(btf_ways); i++) {
		struct s2_err failed;

		s2_err_init(&failed);
		s2_err_init(&f->lost);
		code = btf_ways[i](f, &failed);
		if (f->code || f->va)
			return f->code;
		if (!code && !f->lost.code)
			return S2_OK;
		if (code == S2_NOMEM)
			return s2_fail(f->err, code, "%s", failed.text);
		if (code != S2_NOTFOUND && !why.code)
			why = code ? failed : f->lost;
	}
	return why.code ? s2_fail(f->err, why.code, "%s", why.text) : S2_OK;
}

/*
 * Reads @size bytes at @va page by page, and notes what is missing: from the first such page to the
 * last one (makedumpfile -d 8 takes the second page of a large allocation for anonymous memory
 * from 7.2 on). The first page must be there.
 */
static enum s2_code read_with_gap(struct s2_kernel *kernel, uint64_t va, uint8_t *buf,
				  uint64_t size, struct s2_btf_gap *gap, struct s2_err *err)
{
	uint64_t page = s2_kernel_facts(kernel)->kva.page_size;

	for (uint64_t off = 0, n; off < size; off += n) {
		enum s2_code code;

		n = page - (va + off) % page;
		if (n > size - off)
			n = size - off;
		code = s2_kernel_read(kernel, va + off, buf + off, (size_t)n, err);
		if (code && (!off || !s2_is_missing(code)))
			return code;
		if (!code)
			continue;
		if (err)
			s2_err_init(err);
		if (!gap->code)
			gap->at = (uint32_t)off;
		gap->code = code;
		gap->end = (uint32_t)(off + n);
		memset(buf + off, 0, (size_t)n);
	}
	return S2_OK;
}

static enum s2_code read_btf(struct find_btf *f, struct s2_types *base, struct s2_types **ret,
			     bool *ret_whole, struct s2_err *err)
{
	s2_auto_free void *blob = NULL;
	struct s2_btf_gap gap = { 0 };
	uint64_t data, size, n;
	uint32_t ntypes;
	enum s2_code code = s2_field_get(f->kernel, f->va, &f->layout.btf_data, &data, err);

	if (!code)
		code = s2_field_get(f->kernel, f->va, &f->layout.btf_size, &size, err);
	if (!code)
		code = s2_field_get(f->kernel, f->va, &f->layout.btf_ntypes, &n, err);
	if (!code && size > S2_BTF_MAX)
		code = s2_fail(err, S2_INVALID, "%llu bytes of BTF", (unsigned long long)size);
	if (!code)
		code = s2_room_take(&f->kernel->room, size, "BTF", err);
	if (code)
		return code;
	blob = malloc((size_t)size + 1);
	if (!blob)
		return s2_fail(err, S2_NOMEM, "no memory for a module's types");
	gap.ntypes = (uint32_t)n;
	code = read_with_gap(f->kernel, data, blob, size, &gap, err);
	if (!code)
		code = s2_btf_adopt_split(s2_take(&blob), (size_t)size, &gap, base, ret, &ntypes,
					  err);
	if (!code)
		s2_kernel_say(f->kernel, "types of the module %s from BTF in memory (%u%s%s)",
			      f->name, ntypes, gap.code ? ", a part of them is " : "",
			      gap.code ? s2_code_name(gap.code) : "");
	*ret_whole = !gap.code;
	return code;
}

/* .BTF of the file that the user gave, which continues the kernel's; else its DWARF, which has all.
 */
static enum s2_code types_of_file(struct s2_kernel *kernel, const char *module,
				  struct s2_types *base, struct s2_types **ret, struct s2_err *err)
{
	const struct s2_symbol_file *file = &kernel->args.module;
	const char *release = "";
	size_t len = 0;
	uint32_t ntypes;
	enum s2_code code;

	if (file->fd < 0 || strcmp(kernel->args.module_name, module) != 0)
		return s2_fail(err, S2_NOTFOUND, "no file of the module was given");
	s2_vmcoreinfo_text(&kernel->info, "OSRELEASE", &release, &len);
	code = s2_modinfo_check(file, module, release, len, err);
	if (code)
		return code;
	if (base && !s2_btf_elf(file, base, ret, &ntypes, NULL)) {
		s2_kernel_say(kernel, "types of the module %s from .BTF of %s (%u)", module,
			      file->path, ntypes);
		return S2_OK;
	}
	code = s2_dwarf_new(file, kernel->args.prefer_units, ret, err);
	if (!code)
		s2_kernel_say(kernel, "types of the module %s from DWARF of %s", module,
			      file->path);
	return code;
}

enum s2_code s2_module_check_file(struct s2_kernel *kernel, const char *module, struct s2_err *err)
{
	struct s2_types *base = NULL, *types = NULL;
	enum s2_code code;

	if (s2_kernel_types(kernel, &base, NULL))
		base = NULL;
	code = types_of_file(kernel, module, base, &types, err);
	s2_types_free(types);
	return code == S2_NOTFOUND ?
		       s2_fail(err, S2_INVALID, "%s has no types", kernel->args.module.path) :
		       code;
}

/* Types of the module's own: whole out of memory, else those of the file, else what memory has of
 * them; NULL when there are none. */
static enum s2_code own_types(struct s2_kernel *kernel, const char *module, struct s2_types *base,
			      struct s2_types **ret, struct s2_err *err)
{
	struct find_btf f = { .kernel = kernel, .name = module, .err = err };
	struct s2_types *in_memory = NULL;
	bool whole = false;
	enum s2_code code = base ? find_btf(&f) : S2_OK;

	*ret = NULL;
	if (!code && f.va)
		code = read_btf(&f, base, &in_memory, &whole, err);
	if (!code && whole) {
		*ret = in_memory;
		return S2_OK;
	}
	if (!types_of_file(kernel, module, base, ret, NULL)) {
		s2_types_free(in_memory);
		if (err)
			s2_err_init(err);
		return S2_OK;
	}
	if (s2_is_missing(code)) {
		enum s2_code search = types_by_functions(kernel, module, base, ret);

		if (search == S2_NOMEM)
			return s2_fail(err, search, "no memory for a module's types");
		if (!search && err)
			s2_err_init(err);
		return search ? code : S2_OK;
	}
	*ret = in_memory;
	return code;
}

static struct s2_module_types *remembered(struct s2_kernel *kernel, const char *module)
{
	for (size_t i = 0; i < kernel->nmodules; i++)
		if (!strcmp(kernel->module[i].name, module))
			return &kernel->module[i];
	return NULL;
}

bool s2_module_file_helps(const struct s2_kernel *kernel)
{
	return kernel && kernel->lacks_module;
}

enum s2_code s2_module_types(struct s2_kernel *kernel, const char *module, struct s2_types **ret,
			     struct s2_err *err)
{
	const struct s2_module_types *known = remembered(kernel, module);
	struct s2_types *base = NULL, *own = NULL;
	struct s2_err why;
	enum s2_code none, code;

	if (known) {
		*ret = known->types;
		return S2_OK;
	}
	/* A module's DWARF has all types that it uses: it needs no kernel's. */
	s2_err_init(&why);
	none = s2_kernel_types(kernel, &base, &why);
	code = own_types(kernel, module, base, &own, err);
	if (code && code != S2_NOMEM && !kernel->args.module.path)
		kernel->lacks_module = true;
	if (code)
		return s2_wrap(err, code, "types of the module %s", module);
	if (!own && none)
		return s2_fail(err, none, "%s", why.text);
	if (own && kernel->nmodules == S2_MAX_MODULES) {
		s2_types_free(own);
		return s2_fail(err, S2_INVALID, "types of more than %d modules", S2_MAX_MODULES);
	}
	if (own)
		kernel->module[kernel->nmodules++] =
			(struct s2_module_types){ .name = module, .types = own };
	*ret = own ? own : base;
	return S2_OK;
}
