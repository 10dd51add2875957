// SPDX-License-Identifier: GPL-2.0-or-later
// struct s2_kernel: opens what is needed when it is needed, and remembers for people where it came
// from.
#include "kernel/kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "kernel/btf.h"
#include "kernel/dwarf.h"
#include "kernel/kernel_priv.h"
#include "kernel/modules.h"

#define MAX_REMARKS 32

/* Images are smaller by far; the space up to here is looked at, at the price of a few tables. */
#define IMAGE_MAX (UINT64_C(1) << 30)

/* So much of it is looked at where many segments show the same bytes of a file. */
#define IMAGE_FLOOR (256ULL << 20)
#define IMAGE_PER_BYTE 2

void s2_kernel_args_init(struct s2_kernel_args *args, const struct s2_mem *mem)
{
	*args = (struct s2_kernel_args){
		.mem = mem, .vmlinux.fd = -1, .system_map.fd = -1, .module.fd = -1
	};
}

void s2_kernel_say(struct s2_kernel *kernel, const char *fmt, ...)
{
	char **more = realloc(kernel->remark, (kernel->nremarks + 1) * sizeof(*more));
	va_list args;
	char *line;

	if (!more) {
		s2_err_note_failing(S2_NOMEM);
		return;
	}
	kernel->remark = more;
	if (kernel->nremarks == MAX_REMARKS)
		return;
	va_start(args, fmt);
	if (vasprintf(&line, fmt, args) >= 0)
		kernel->remark[kernel->nremarks++] = line;
	va_end(args);
}

static void say_text(void *arg, const char *text)
{
	s2_kernel_say(arg, "%s", text);
}

/* What this folder and its users ask of symbols sooner or later: a pass over all of them costs more
 * than a few names more in it. */
static const char *const ahead[] = { "_stext",      "__start_BTF",   "modules",
				     "btf_idr",     "btf_modules",   "vm_list",
				     "pat_msr_val", "boot_cpu_data", NULL };

enum s2_code s2_kernel_open(const struct s2_kernel_args *args, struct s2_kernel **ret,
			    struct s2_err *err)
{
	struct s2_kernel *kernel = calloc(1, sizeof(*kernel));
	enum s2_code code;

	if (!kernel)
		return s2_fail(err, S2_NOMEM, "no memory");
	kernel->args = *args;
	s2_kernel_limit(kernel);
	s2_room_init(&kernel->room, args->mem);
	code = s2_kernel_locate(kernel, err);
	if (!code) {
		const struct s2_symbols_args symbols = {
			.mem = args->mem,
			.info = &kernel->info,
			.facts = &kernel->facts.kva,
			.room = &kernel->room,
			.vmlinux = args->vmlinux,
			.system_map = args->system_map,
			.ahead = ahead,
			.remark = say_text,
			.arg = kernel,
		};

		code = s2_symbols_new(&symbols, &kernel->symbols, err);
	}
	if (code) {
		s2_kernel_close(kernel);
		return code;
	}
	kernel->args.note = NULL; /* copied */
	*ret = kernel;
	return S2_OK;
}

void s2_kernel_close(struct s2_kernel *kernel)
{
	if (!kernel)
		return;
	for (size_t i = 0; i < kernel->nmodules; i++)
		s2_types_free(kernel->module[i].types);
	s2_types_free(kernel->types);
	s2_symbols_free(kernel->symbols);
	s2_kva_free(kernel->kva);
	for (size_t i = 0; i < kernel->nremarks; i++)
		free(kernel->remark[i]);
	free(kernel->remark);
	free(kernel->text);
	free(kernel);
}

const struct s2_kernel_facts *s2_kernel_facts(const struct s2_kernel *kernel)
{
	return &kernel->facts;
}

const struct s2_vmcoreinfo *s2_kernel_vmcoreinfo(const struct s2_kernel *kernel)
{
	return &kernel->info;
}

const struct s2_kernel_id *s2_kernel_met(const struct s2_kernel *kernel, unsigned int i)
{
	return i < kernel->nmet ? &kernel->met[i] : NULL;
}

const char *s2_kernel_remark(const struct s2_kernel *kernel, size_t i)
{
	return i < kernel->nremarks ? kernel->remark[i] : NULL;
}

enum s2_code s2_kernel_memmap(struct s2_kernel *kernel, uint64_t *ret, struct s2_err *err)
{
	const struct s2_vmcoreinfo *info = s2_kernel_vmcoreinfo(kernel);
	uint64_t variable;
	enum s2_code code;

	if (!s2_vmcoreinfo_get(info, S2_VI_NUMBER, "VMEMMAP_START", ret, NULL) ||
	    !s2_vmcoreinfo_get(info, S2_VI_SYMBOL, "vmemmap", ret, NULL))
		return S2_OK;
	code = s2_kernel_symbol(kernel, "vmemmap_base", &variable, err);
	return code ? code : s2_kernel_read(kernel, variable, ret, sizeof(*ret), err);
}

enum s2_code s2_kernel_read(struct s2_kernel *kernel, uint64_t va, void *buf, size_t len,
			    struct s2_err *err)
{
	return s2_kva_read(kernel->kva, va, buf, len, err);
}

bool s2_kernel_unmapped(struct s2_kernel *kernel, uint64_t va, uint64_t *ret_left)
{
	return s2_kva_unmapped(kernel->kva, va, ret_left);
}

enum s2_code s2_kernel_word(struct s2_kernel *kernel, uint64_t va, uint64_t *ret,
			    struct s2_err *err)
{
	return s2_kva_read(kernel->kva, va, ret, sizeof(*ret), err);
}

enum s2_code s2_kernel_pa(struct s2_kernel *kernel, uint64_t va, uint64_t *ret, struct s2_err *err)
{
	return s2_kva_pa(kernel->kva, va, ret, err);
}

enum s2_code s2_kernel_symbols(struct s2_kernel *kernel, struct s2_symbol *wanted, size_t n,
			       struct s2_err *err)
{
	return s2_symbols_find(kernel->symbols, wanted, n, err);
}

enum s2_code s2_kernel_symbol(struct s2_kernel *kernel, const char *name, uint64_t *ret,
			      struct s2_err *err)
{
	struct s2_symbol symbol = { .name = name };
	enum s2_code code = s2_symbols_find(kernel->symbols, &symbol, 1, err);

	if (code)
		return code;
	if (!symbol.hits)
		return s2_fail(err, S2_NOTFOUND, "the kernel has no symbol %s", name);
	*ret = symbol.value;
	return S2_OK;
}

/* The pieces of the image are those that obey its formula. */
struct image {
	const struct s2_kernel *kernel;
	bool (*piece)(void *arg, const struct s2_kva_piece *piece);
	void *arg;
	struct s2_budget bytes;
	struct s2_gaps *gaps;
};

static bool image_piece(void *arg, const struct s2_kva_piece *piece)
{
	struct image *image = arg;

	if (piece->pa != s2_kva_image_pa(&image->kernel->facts.kva, piece->va))
		return true;
	if (s2_budget_take(&image->bytes, piece->size)) {
		if (image->gaps)
			s2_gaps_add(image->gaps, piece->pa, piece->size, S2_BUDGET);
		return false;
	}
	return image->piece(image->arg, piece);
}

enum s2_code s2_kernel_image(const struct s2_kernel *kernel,
			     bool (*piece)(void *arg, const struct s2_kva_piece *piece), void *arg,
			     struct s2_gaps *gaps, struct s2_err *err)
{
	struct image image = { .kernel = kernel, .piece = piece, .arg = arg, .gaps = gaps };
	uint64_t first = kernel->facts.kva.stext;
	uint64_t last = first > UINT64_MAX - IMAGE_MAX ? UINT64_MAX : first + (IMAGE_MAX - 1);

	s2_budget_init(&image.bytes, IMAGE_FLOOR, IMAGE_PER_BYTE, kernel->args.mem->bytes);
	return s2_kva_each(kernel->kva, first, last, image_piece, &image, gaps, err);
}

static enum s2_code btf_by_symbol(struct s2_kernel *kernel, struct s2_types **ret,
				  struct s2_err *err)
{
	struct s2_symbol symbol = { .name = "__start_BTF" };
	uint32_t ntypes = 0;
	enum s2_code code = s2_symbols_find(kernel->symbols, &symbol, 1, err);

	if (!code && !symbol.hits)
		code = s2_fail(err, S2_NOTFOUND, "there is no symbol __start_BTF");
	if (!code)
		code = s2_btf_read(kernel->args.mem,
				   s2_kva_image_pa(&kernel->facts.kva, symbol.value), &kernel->room,
				   ret, &ntypes, err);
	if (!code)
		s2_kernel_say(kernel, "types from BTF in memory (%u, __start_BTF is 0x%llx)",
			      ntypes, (unsigned long long)symbol.value);
	return code;
}

/* A search for BTF in all pieces of the image. */
struct btf_search {
	const struct s2_mem *mem;
	uint64_t budget;
	uint64_t pa, size;
	struct s2_gaps gaps;
	struct s2_err *err;
	enum s2_code code;
};

static bool btf_in_piece(void *arg, const struct s2_kva_piece *piece)
{
	struct btf_search *search = arg;
	uint64_t pa, size;
	enum s2_code code = s2_btf_scan(search->mem, piece->pa, piece->size, &search->budget,
					&search->gaps, &pa, &size, search->err);

	if (!code && size > search->size) {
		search->pa = pa;
		search->size = size;
	}
	if (code == S2_NOMEM)
		search->code = code;
	return !search->code;
}

static enum s2_code btf_by_search(struct s2_kernel *kernel, struct s2_types **ret,
				  struct s2_err *err)
{
	struct btf_search search = { .mem = kernel->args.mem, .budget = S2_BTF_BUDGET, .err = err };
	uint32_t ntypes = 0;
	enum s2_code code = s2_kernel_image(kernel, btf_in_piece, &search, &search.gaps, err);

	if (code || search.code)
		return code ? code : search.code;
	if (!search.size)
		return s2_fail(err, search.gaps.bytes ? search.gaps.code : S2_NOTFOUND,
			       "there is no BTF in the kernel image%s",
			       s2_gaps_text(&search.gaps).text);
	code = s2_btf_read(kernel->args.mem, search.pa, &kernel->room, ret, &ntypes, err);
	if (!code)
		s2_kernel_say(kernel,
			      "types from BTF in memory (%u, found at physical address 0x%llx)%s",
			      ntypes, (unsigned long long)search.pa,
			      s2_gaps_text(&search.gaps).text);
	return code;
}

/* A vmlinux that is of another kernel must not be believed about types either. */
static enum s2_code check_vmlinux(struct s2_kernel *kernel, struct s2_err *err)
{
	struct s2_symbol symbol = { .name = "_stext" };

	if (kernel->args.vmlinux.fd < 0)
		return s2_fail(err, S2_NOTFOUND, "no vmlinux was given");
	return s2_symbols_find(kernel->symbols, &symbol, 1, err) == S2_INVALID ? S2_INVALID : S2_OK;
}

/* A stripped vmlinux is of use for its types. */
static bool vmlinux_has_types(struct s2_kernel *kernel)
{
	struct s2_types *types = NULL;
	uint32_t ntypes;

	if (s2_btf_elf(&kernel->args.vmlinux, NULL, &types, &ntypes, NULL) &&
	    s2_dwarf_new(&kernel->args.vmlinux, kernel->args.prefer_units, &types, NULL))
		return false;
	s2_types_free(types);
	return true;
}

enum s2_code s2_kernel_check_files(struct s2_kernel *kernel, struct s2_err *err)
{
	const struct s2_kernel_args *args = &kernel->args;
	enum s2_code code = S2_OK;

	if (args->vmlinux.fd >= 0)
		code = s2_symbols_check(kernel->symbols, S2_SYM_VMLINUX, err);
	if (code == S2_NOTFOUND && vmlinux_has_types(kernel)) {
		if (err)
			s2_err_init(err);
		code = S2_OK;
	}
	if (!code && args->system_map.fd >= 0)
		code = s2_symbols_check(kernel->symbols, S2_SYM_SYSTEM_MAP, err);
	if (!code && args->module.fd >= 0)
		code = s2_module_check_file(kernel, args->module_name, err);
	return code;
}

static enum s2_code btf_of_vmlinux(struct s2_kernel *kernel, struct s2_types **ret,
				   struct s2_err *err)
{
	uint32_t ntypes = 0;
	enum s2_code code = check_vmlinux(kernel, err);

	if (!code)
		code = s2_btf_elf(&kernel->args.vmlinux, NULL, ret, &ntypes, err);
	if (!code)
		s2_kernel_say(kernel, "types from .BTF of %s (%u)", kernel->args.vmlinux.path,
			      ntypes);
	return code;
}

static enum s2_code dwarf_of_vmlinux(struct s2_kernel *kernel, struct s2_types **ret,
				     struct s2_err *err)
{
	enum s2_code code = check_vmlinux(kernel, err);

	if (!code)
		code = s2_dwarf_new(&kernel->args.vmlinux, kernel->args.prefer_units, ret, err);
	if (!code)
		s2_kernel_say(kernel, "types from DWARF of %s", kernel->args.vmlinux.path);
	return code;
}

/* In order of trust, then of cost. To add one: a row here. */
static enum s2_code (*const type_sources[])(struct s2_kernel *kernel, struct s2_types **ret,
					    struct s2_err *err) = {
	btf_by_symbol,
	btf_by_search,
	btf_of_vmlinux,
	dwarf_of_vmlinux,
};

static void open_types(struct s2_kernel *kernel)
{
	char all[S2_ERR_TEXT] = "", last[S2_ERR_TEXT] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(type_sources); i++) {
		struct s2_err why;
		int n;

		s2_err_init(&why);
		if (!type_sources[i](kernel, &kernel->types, &why))
			return;
		/* What two sources lack is said once. */
		if (!strcmp(why.text, last))
			continue;
		memcpy(last, why.text, sizeof(last));
		n = snprintf(all + used, sizeof(all) - used, "%s%.*s", i ? "; " : "", 190,
			     why.text);
		used = n > 0 && (size_t)n < sizeof(all) - used ? used + (size_t)n : sizeof(all) - 1;
	}
	s2_fail(&kernel->types_err, S2_NOTFOUND, "the kernel's types are not known: %s", all);
}

enum s2_code s2_kernel_types(struct s2_kernel *kernel, struct s2_types **ret, struct s2_err *err)
{
	if (!kernel->types && !kernel->types_tried) {
		kernel->types_tried = true;
		open_types(kernel);
	}
	if (!kernel->types)
		return s2_fail(err, kernel->types_err.code, "%s", kernel->types_err.text);
	*ret = kernel->types;
	return S2_OK;
}

bool s2_kernel_types_spent(struct s2_kernel *kernel)
{
	bool spent = kernel->types && s2_types_spent(kernel->types), said = kernel->said_spent;

	for (size_t i = 0; i < kernel->nmodules; i++)
		spent |= s2_types_spent(kernel->module[i].types);
	kernel->said_spent = spent;
	return spent && !said;
}

enum s2_code s2_kernel_get(struct s2_kernel *kernel, uint64_t va, const char *type,
			   const char *path, uint64_t *ret, struct s2_err *err)
{
	struct s2_types *types = NULL;
	struct s2_member member;
	uint8_t bytes[16];
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	if (!code)
		code = s2_types_member(types, type, path, &member, err);
	if (code)
		return code;
	if (s2_member_span(&member) > sizeof(bytes))
		return s2_fail(err, S2_INVALID, "struct %s, member %s is not a number", type, path);
	code = s2_kva_read(kernel->kva, va + s2_member_off(&member), bytes,
			   (size_t)s2_member_span(&member), err);
	if (!code)
		code = s2_member_value(&member, bytes, ret, err);
	if (code)
		s2_wrap(err, code, "%s.%s", type, path);
	return code;
}
