// SPDX-License-Identifier: GPL-2.0-or-later
// The only file that calls libdwarf, of both generations: up to 2021 (no version macros), and
// 0.x/2.x.
#include "kernel/dwarf_lib.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "base/budget.h"
#include "base/num.h"
#include "kernel/elf_bounds.h"
#include "kernel/library.h"

#ifdef DW_LIBDWARF_VERSION_MAJOR
#define INIT(fd, dbg, error) dwarf_init_b(fd, DW_GROUPNUMBER_ANY, NULL, NULL, dbg, error)
#define FINISH(dbg) dwarf_finish(dbg)
#else
#define INIT(fd, dbg, error) \
	dwarf_init_b(fd, DW_DLC_READ, DW_GROUPNUMBER_ANY, NULL, NULL, dbg, error)
#define FINISH(dbg) dwarf_finish(dbg, NULL)
#endif

#define COMPRESS_ZSTD 2 /* ch_type, newer than some elf.h */

/* Of an answer that is none it is noted when that is not because of the file: most of them are not
 * told to callers as errors. */
static int asked(int res)
{
	if (res != DW_DLV_OK)
		(void)s2_library_failure();
	return res;
}
#define ASK(call) (errno = 0, asked(call))

/* libdwarf's answer as ours; forgets @error. */
static enum s2_code result(struct s2_dw *self, int res, Dwarf_Error error, const char *what,
			   struct s2_err *err)
{
	enum s2_code code = S2_INVALID, failing;

	if (res == DW_DLV_OK)
		return S2_OK;
	failing = s2_library_failure();
	if (failing)
		code = s2_fail(err, failing, "DWARF: %s: %s", what,
			       failing == S2_NOMEM ? "no memory" : "cannot be read");
	else if (res == DW_DLV_NO_ENTRY)
		code = s2_fail(err, S2_NOTFOUND, "DWARF: %s is not there", what);
	else
		s2_fail(err, code, "DWARF: %s: %s", what, error ? dwarf_errmsg(error) : "error");
	if (error)
		dwarf_dealloc(self->dbg, error, DW_DLA_ERROR);
	return code;
}

void s2_dw_drop(struct s2_dw *self, Dwarf_Die die)
{
	if (die)
		dwarf_dealloc(self->dbg, die, DW_DLA_DIE);
}

/* The attribute, or NULL. */
static Dwarf_Attribute attr_of(struct s2_dw *self, Dwarf_Die die, Dwarf_Half which)
{
	Dwarf_Attribute attr = NULL;
	Dwarf_Error error = NULL;
	int res = ASK(dwarf_attr(die, which, &attr, &error));

	if (res == DW_DLV_OK)
		return attr;
	(void)result(self, res, error, "attribute", NULL);
	return NULL;
}

/* A constant, whatever its form: unsigned as it is, negative in two's complement. */
bool s2_dw_number(struct s2_dw *self, Dwarf_Die die, Dwarf_Half which, uint64_t *ret)
{
	Dwarf_Attribute attr = attr_of(self, die, which);
	Dwarf_Unsigned u = 0;
	Dwarf_Signed s = 0;
	Dwarf_Error error = NULL;
	int res;

	if (!attr)
		return false;
	res = ASK(dwarf_formudata(attr, &u, &error));
	if (res == DW_DLV_OK) {
		*ret = u;
	} else {
		(void)result(self, res, error, "constant", NULL);
		error = NULL;
		res = ASK(dwarf_formsdata(attr, &s, &error));
		if (res == DW_DLV_OK)
			*ret = (uint64_t)s;
		else
			(void)result(self, res, error, "constant", NULL);
	}
	dwarf_dealloc(self->dbg, attr, DW_DLA_ATTR);
	return res == DW_DLV_OK;
}

bool s2_dw_has(struct s2_dw *self, Dwarf_Die die, Dwarf_Half which)
{
	Dwarf_Attribute attr = attr_of(self, die, which);

	if (attr)
		dwarf_dealloc(self->dbg, attr, DW_DLA_ATTR);
	return attr != NULL;
}

/* The offset of the DIE that an attribute refers to; false when there is none in .debug_info. */
static bool reference(struct s2_dw *self, Dwarf_Die die, Dwarf_Half which, Dwarf_Off *ret)
{
	Dwarf_Attribute attr = attr_of(self, die, which);
	Dwarf_Error error = NULL;
	int res;

	if (!attr)
		return false;
	res = ASK(dwarf_global_formref(attr, ret, &error));
	(void)result(self, res, error, "reference", NULL);
	dwarf_dealloc(self->dbg, attr, DW_DLA_ATTR);
	return res == DW_DLV_OK;
}

/* The DIE that DW_AT_type points to; S2_NO_TYPE: none (void). */
uint64_t s2_dw_type(struct s2_dw *self, Dwarf_Die die)
{
	Dwarf_Off off;

	return reference(self, die, DW_AT_type, &off) ? off : S2_NO_TYPE;
}

/* The name in the file's own memory; "" when there is none. */
const char *s2_dw_name(struct s2_dw *self, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	char *name = NULL;
	int res = ASK(dwarf_diename(die, &name, &error));

	(void)result(self, res, error, "name", NULL);
	return res == DW_DLV_OK && name ? name : "";
}

Dwarf_Half s2_dw_tag(struct s2_dw *self, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Half tag = 0;
	int res = ASK(dwarf_tag(die, &tag, &error));

	(void)result(self, res, error, "tag", NULL);
	return res == DW_DLV_OK ? tag : 0;
}

enum s2_code s2_dw_at(struct s2_dw *self, uint64_t off, Dwarf_Die *ret, struct s2_err *err)
{
	Dwarf_Error error = NULL;
	int res = ASK(dwarf_offdie_b(self->dbg, off, 1, ret, &error));

	return result(self, res, error, "type", err);
}

#define DIES_FLOOR (2U << 20)

/* DIEs within each other whose end libdwarf has to look for. Functions have some 20. */
#define MAX_NESTED 200

/* 0 when it is broken. */
static Dwarf_Off offset_of(struct s2_dw *self, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Off off = 0;
	int res = ASK(dwarf_dieoffset(die, &off, &error));

	(void)result(self, res, error, "offset", NULL);
	return res == DW_DLV_OK ? off : 0;
}

static enum s2_code next_sibling(struct s2_dw *self, Dwarf_Die die, unsigned int depth,
				 Dwarf_Die *ret, uint64_t *ret_n, struct s2_err *err);

/*
 * libdwarf goes where DW_AT_sibling says, and where a DIE with children has none, from child to
 * child to their end. Up to 0.6 it does not look whether that leads back, and then has no end; so
 * it is looked at here before. *@ret_n: how many it goes through.
 */
static enum s2_code check_children(struct s2_dw *self, Dwarf_Die die, unsigned int depth,
				   uint64_t *ret_n, struct s2_err *err)
{
	Dwarf_Error error = NULL;
	Dwarf_Die child = NULL;
	Dwarf_Off sibling;
	enum s2_code code = S2_OK;
	int res = ASK(dwarf_child(die, &child, &error));

	if (res != DW_DLV_OK)
		return res == DW_DLV_NO_ENTRY ? S2_OK : result(self, res, error, "entries", err);
	if (reference(self, die, DW_AT_sibling, &sibling) && sibling > offset_of(self, die)) {
		s2_dw_drop(self, child);
		return S2_OK;
	}
	if (depth == MAX_NESTED)
		code = s2_fail(err, S2_INVALID, "DWARF: entries lie within each other without end");
	while (!code && child) {
		Dwarf_Die next = NULL;

		code = next_sibling(self, child, depth + 1, &next, ret_n, err);
		s2_dw_drop(self, child);
		child = next;
	}
	s2_dw_drop(self, child);
	return code;
}

/* The DIE behind @die and all that lies within it, which are added to *@ret_n; NULL: it was the
 * last one. */
static enum s2_code next_sibling(struct s2_dw *self, Dwarf_Die die, unsigned int depth,
				 Dwarf_Die *ret, uint64_t *ret_n, struct s2_err *err)
{
	Dwarf_Error error = NULL;
	Dwarf_Die next = NULL;
	uint64_t n = 1;
	enum s2_code code = check_children(self, die, depth, &n, err);
	int res;

	*ret_n += n;
	if (!code && s2_budget_take(&self->dies, n))
		code = s2_fail(err, S2_BUDGET, "DWARF: entries are gone through too often");
	if (code)
		return code;
	res = ASK(dwarf_siblingof_b(self->dbg, die, 1, &next, &error));
	if (res == DW_DLV_NO_ENTRY)
		next = NULL;
	else if (res != DW_DLV_OK)
		return result(self, res, error, "entries", err);
	else if (offset_of(self, next) <= offset_of(self, die)) {
		s2_dw_drop(self, next);
		return s2_fail(err, S2_INVALID,
			       "DWARF: the entry at 0x%llx leads back to itself or before",
			       (unsigned long long)offset_of(self, die));
	}
	*ret = next;
	return S2_OK;
}

/* Calls @each for the children of @parent until it returns false. The DIE is only good during the
 * call. */
enum s2_code s2_dw_children(struct s2_dw *self, Dwarf_Die parent,
			    bool (*each)(void *arg, Dwarf_Die die), void *arg, struct s2_err *err)
{
	Dwarf_Error error = NULL;
	Dwarf_Die die = NULL;
	enum s2_code code = S2_OK;
	uint64_t n = 0;
	int res = ASK(dwarf_child(parent, &die, &error));

	if (res != DW_DLV_OK)
		return res == DW_DLV_NO_ENTRY ? S2_OK : result(self, res, error, "entries", err);
	while (!code && die) {
		Dwarf_Die next = NULL;

		if (each(arg, die))
			code = next_sibling(self, die, 0, &next, &n, err);
		s2_dw_drop(self, die);
		die = next;
	}
	return code;
}

/* Calls @each with the DIE of every compilation unit, until it returns false. @err keeps why it
 * ended early. */
enum s2_code s2_dw_units(struct s2_dw *self, bool (*each)(void *arg, Dwarf_Die unit), void *arg,
			 struct s2_err *err)
{
	bool go = true;

	/* Once begun, the library goes through all headers before it starts over: so must we. */
	for (;;) {
		Dwarf_Unsigned header_len, typeoff, next;
		Dwarf_Half version, addr_size = 8, len_size, ext_size, unit_type;
		Dwarf_Off abbrev;
		Dwarf_Sig8 sig;
		Dwarf_Error error = NULL;
		Dwarf_Die unit = NULL;
		int res = ASK(dwarf_next_cu_header_d(self->dbg, 1, &header_len, &version, &abbrev,
						     &addr_size, &len_size, &ext_size, &sig,
						     &typeoff, &next, &unit_type, &error));

		if (res == DW_DLV_NO_ENTRY)
			return S2_OK;
		if (res != DW_DLV_OK)
			return result(self, res, error, "compilation unit", err);
		if (!go)
			continue;
		self->addr_size = addr_size;
		res = ASK(dwarf_siblingof_b(self->dbg, NULL, 1, &unit, &error));
		if (res == DW_DLV_OK)
			go = each(arg, unit);
		else if (res == DW_DLV_ERROR)
			(void)result(self, res, error, "compilation unit", NULL);
		s2_dw_drop(self, unit);
	}
}

/* Does the section lie in the file? libdwarf takes the header's word for it when it allocates. */
static bool in_file(const GElf_Shdr *shdr, uint64_t file_size)
{
	return shdr->sh_type == SHT_NOBITS || s2_fits(shdr->sh_offset, shdr->sh_size, file_size);
}

/*
 * libdwarf believes what a compressed section says it becomes, up to 16 times its size (20210528).
 * A kernel's shrink by 40 to 86 % (Linux 10e68b02c861 ("Makefile: support compressed debug info")),
 * most of them being .debug_info, to 60 % of what it was.
 */
#define UNPACKED_PER_BYTE 3
#define UNPACKED_FLOOR (16U << 20)
#define UNPACKED_MOST (512ULL << 20)

static struct s2_budget unpacked_limit(uint64_t data)
{
	struct s2_budget ret;

	s2_budget_init(&ret, UNPACKED_FLOOR, UNPACKED_PER_BYTE, data);
	ret.left = ret.left < UNPACKED_MOST ? ret.left : UNPACKED_MOST;
	return ret;
}

/* How sections were called that compilers compressed before ELF had a flag for it. */
#define ZDEBUG ".zdebug_"

/* What follows @prefix in @name; NULL when it does not begin so. */
static const char *after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) ? NULL : name + len;
}

/* What libdwarf unpacks when it is asked for them, and nobody here asks. (The lists of DWARF 5,
 * .debug_loclists and .debug_rnglists, it reads with the first unit.) */
static bool is_asked_for(const char *name)
{
	static const char *const never[] = { "line",    "macro", "loc",      "ranges",
					     "aranges", "frame", "pubnames", "pubtypes" };
	const char *rest = after(name, ".debug_");

	if (!rest)
		rest = after(name, ZDEBUG);
	for (size_t i = 0; rest && i < ARRAY_SIZE(never); i++)
		if (!strcmp(rest, never[i]))
			return false;
	return true;
}

/* What libdwarf makes of the section, 0 when it is not compressed: it goes by "ZLIB" and a number
 * in network order, whatever the section is called, or by struct Elf64_Chdr. */
static enum s2_code unpacked_size(const struct s2_symbol_file *file, const GElf_Shdr *shdr,
				  const char *name, uint64_t *ret, struct s2_err *err)
{
	uint8_t head[sizeof(Elf64_Chdr)] = { 0 };
	enum s2_code code;
	size_t n;

	*ret = 0;
	if (shdr->sh_type == SHT_NOBITS || !is_asked_for(name))
		return S2_OK;
	if (!(shdr->sh_flags & SHF_COMPRESSED) && !after(name, ZDEBUG))
		return S2_OK;
	code = s2_symbol_file_read(file, shdr->sh_offset, head, sizeof(head), &n, err);
	if (code)
		return code;
	if (memcmp(head, "ZLIB", 4) != 0)
		memcpy(ret, head + offsetof(Elf64_Chdr, ch_size), sizeof(*ret));
	else
		for (unsigned int i = 0; i < sizeof(*ret); i++)
			*ret = *ret << 8 | head[4 + i];
	return S2_OK;
}

/* Draws what a section becomes. */
static enum s2_code draw(const struct s2_symbol_file *file, const GElf_Shdr *shdr, const char *name,
			 struct s2_budget *unpacked, struct s2_err *err)
{
	uint64_t size;
	enum s2_code code = unpacked_size(file, shdr, name, &size, err);

	if (!code && s2_budget_take(unpacked, size))
		code = s2_fail(err, S2_INVALID,
			       "%s: section %s says that it becomes %llu bytes, and all of them too "
			       "many for the file; objcopy --decompress-debug-sections helps",
			       file->path, name, (unsigned long long)size);
	return code;
}

/*
 * Looks at the sections before libdwarf does: whether there is .debug_info, and whether it is
 * compressed with zstd, which older libraries take for an empty section and none complains about.
 */
static enum s2_code check_elf(const struct s2_symbol_file *file, Elf *elf, uint64_t file_size,
			      uint64_t data, struct s2_err *err)
{
	const char *path = file->path, *ident = elf ? elf_getident(elf, NULL) : NULL;
	struct s2_budget unpacked = unpacked_limit(data);
	bool found = false;
	size_t names;
	enum s2_code code;

	if (!ident || elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &names))
		return s2_fail(err, S2_INVALID, "%s is not an ELF file", path);
	/* No other was looked at before (s2_elf_bounds()), and no kernel that is read is one. */
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return s2_fail(err, S2_INVALID, "%s is not of a little-endian machine of 64 bits",
			       path);
	for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn)) {
		GElf_Shdr shdr;
		GElf_Chdr chdr;
		const char *name = gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) :
							      NULL;

		if (!name || !in_file(&shdr, file_size))
			return s2_fail(err, S2_INVALID,
				       "%s: section %zu runs past the end of the file", path,
				       elf_ndxscn(scn));
		code = draw(file, &shdr, name, &unpacked, err);
		if (code)
			return code;
		/* dwz -m, and its form of DWARF 5 (section 7.3.6). */
		if (!strcmp(name, ".gnu_debugaltlink") || !strcmp(name, ".debug_sup"))
			return s2_fail(err, S2_INVALID,
				       "%s: a part of the debugging information is in a "
				       "supplementary file (%s), which is not read",
				       path, name);
		if (strcmp(name, ".debug_info") != 0 && strcmp(name, ZDEBUG "info") != 0)
			continue;
		found = true;
		if ((shdr.sh_flags & SHF_COMPRESSED) && gelf_getchdr(scn, &chdr) &&
		    chdr.ch_type == COMPRESS_ZSTD)
			return s2_fail(err, S2_INVALID,
				       "%s: the debugging information is compressed with zstd; "
				       "objcopy --decompress-debug-sections helps",
				       path);
	}
	return found ? S2_OK : s2_fail(err, S2_NOTFOUND, "%s has no debugging information", path);
}

static enum s2_code check_sections(const struct s2_symbol_file *file, uint64_t *ret_data,
				   struct s2_err *err)
{
	struct stat st;
	enum s2_code code = s2_elf_bounds(file, err);
	Elf *elf;

	if (code)
		return code;
	if (fstat(file->fd, &st) < 0)
		return s2_fail(err, S2_INVALID, "%s: %s", file->path, strerror(errno));
	code = s2_symbol_file_data(file, ret_data, err);
	if (code)
		return code;
	errno = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(file->fd, ELF_C_READ, NULL);
	code = s2_library_said(check_elf(file, elf, (uint64_t)st.st_size, *ret_data, err),
			       file->path, err);
	elf_end(elf);
	return code;
}

enum s2_code s2_dw_open(const struct s2_symbol_file *file, struct s2_dw *ret, struct s2_err *err)
{
	struct s2_dw dw = { .addr_size = 8 };
	Dwarf_Error error = NULL;
	enum s2_code code = check_sections(file, &dw.data, err);
	int res;

	if (code)
		return code;
	/* Some nine bytes are an entry, and those that clang makes do not tell where the next one
	 * is. */
	s2_budget_init(&dw.dies, DIES_FLOOR, 1, dw.data);
	res = ASK(INIT(file->fd, &dw.dbg, &error));
	if (res != DW_DLV_OK) {
		code = s2_fail(err, res == DW_DLV_NO_ENTRY ? S2_NOTFOUND : S2_INVALID, "%s: %s",
			       file->path,
			       error ? dwarf_errmsg(error) : "no debugging information");
		code = s2_library_said(code, file->path, err);
		if (error)
			dwarf_dealloc_error(NULL, error);
		return code;
	}
	*ret = dw;
	return S2_OK;
}

void s2_dw_close(struct s2_dw *self)
{
	(void)FINISH(self->dbg);
}
