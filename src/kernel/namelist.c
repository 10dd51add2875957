// SPDX-License-Identifier: GPL-2.0-or-later
// Symbol tables in files: the .symtab of a vmlinux through libelf, and System.map text.
#include "kernel/namelist.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "kernel/elf_bounds.h"
#include "kernel/kva.h"
#include "kernel/library.h"

/* The kernel has no longer ones (KSYM_NAME_LEN); each may be the end of one as long as the file. */
#define NAME_MAX_LEN 511

#define NOTES_MAX (1U << 20) /* a section of notes has some hundred bytes, libelf reads it whole */
#define MAP_MAX (256U << 20) /* a System.map has a few MB, */
#define MAP_HOLES (1U << 20) /* all of them text */

/* The first section of type @type, or NULL. */
static Elf_Scn *section_of_type(Elf *elf, GElf_Word type, GElf_Shdr *ret)
{
	for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn))
		if (gelf_getshdr(scn, ret) && ret->sh_type == type)
			return scn;
	return NULL;
}

static enum s2_code check_machine(Elf *elf, const struct s2_symbol_file *file,
				  const struct s2_kva_ops *ops, struct s2_err *err)
{
	GElf_Ehdr ehdr;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr))
		return s2_fail(err, S2_INVALID, "%s is not an ELF file%s", file->path,
			       s2_symbol_file_form(file));
	if (ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return s2_fail(err, S2_INVALID, "%s is for a big-endian machine, not %s",
			       file->path, ops->name);
	if (gelf_getclass(elf) != ELFCLASS64 || ehdr.e_machine != ops->elf_machine)
		return s2_fail(err, S2_INVALID, "%s is for machine %u, not %s", file->path,
			       ehdr.e_machine, ops->name);
	return S2_OK;
}

/* errno is 0 behind it, for s2_library_said(). */
static enum s2_code elf_open(const struct s2_symbol_file *file, const struct s2_kva_ops *ops,
			     Elf **ret, struct s2_err *err)
{
	enum s2_code code = s2_elf_bounds(file, err);
	Elf *elf;

	if (code)
		return code;
	errno = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!elf)
		code = s2_fail(err, S2_INVALID, "%s: %s", file->path, elf_errmsg(-1));
	else
		code = check_machine(elf, file, ops, err);
	code = s2_library_said(code, file->path, err);
	if (code) {
		elf_end(elf);
		return code;
	}
	errno = 0;
	*ret = elf;
	return S2_OK;
}

/* The build id among the notes in @data, in hex; false when there is none that fits. */
static bool build_id_note(Elf_Data *data, char *ret, size_t size)
{
	size_t name, desc, next, off = 0;
	GElf_Nhdr nhdr;

	while ((next = gelf_getnote(data, off, &nhdr, &name, &desc)) > 0) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf + desc;

		off = next;
		if (nhdr.n_type != NT_GNU_BUILD_ID || nhdr.n_namesz != sizeof("GNU") ||
		    memcmp((const char *)data->d_buf + name, "GNU", sizeof("GNU")) != 0 ||
		    nhdr.n_descsz >= size / 2)
			continue;
		for (size_t i = 0; i < nhdr.n_descsz; i++)
			snprintf(ret + 2 * i, size - 2 * i, "%02x", bytes[i]);
		return nhdr.n_descsz > 0;
	}
	return false;
}

enum s2_code s2_elf_build_id(const struct s2_symbol_file *file, const struct s2_kva_ops *ops,
			     char *ret, size_t size, struct s2_err *err)
{
	Elf *elf = NULL;
	bool found = false;
	enum s2_code code = elf_open(file, ops, &elf, err);

	if (code)
		return code;
	for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn && !found; scn = elf_nextscn(elf, scn)) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_NOTE ||
		    shdr.sh_size > NOTES_MAX)
			continue;
		data = elf_getdata(scn, NULL);
		found = data && data->d_buf && build_id_note(data, ret, size);
	}
	code = found ? S2_OK : s2_fail(err, S2_NOTFOUND, "%s has no build id", file->path);
	code = s2_library_said(code, file->path, err);
	elf_end(elf);
	return code;
}

enum s2_code s2_elfsyms_open(const struct s2_symbol_file *file, const struct s2_kva_ops *ops,
			     struct s2_elfsyms *ret, struct s2_err *err)
{
	struct s2_elfsyms syms = { 0 };
	GElf_Shdr shdr;
	Elf_Scn *scn;
	Elf *elf = NULL;
	enum s2_code code = elf_open(file, ops, &elf, err);

	if (code)
		return code;
	scn = section_of_type(elf, SHT_SYMTAB, &shdr);
	syms.elf = elf;
	syms.data = scn ? elf_getdata(scn, NULL) : NULL;
	syms.strtab = shdr.sh_link;
	if (!scn)
		code = s2_fail(err, S2_NOTFOUND, "%s has no symbol table", file->path);
	else if (!syms.data || shdr.sh_entsize != sizeof(Elf64_Sym))
		code = s2_fail(err, S2_INVALID, "%s: the symbol table is broken", file->path);
	code = s2_library_said(code, file->path, err);
	if (code) {
		elf_end(elf);
		return code;
	}
	syms.nsyms = ((Elf_Data *)syms.data)->d_size / sizeof(Elf64_Sym);
	*ret = syms;
	return S2_OK;
}

void s2_elfsyms_close(struct s2_elfsyms *syms)
{
	elf_end(syms->elf);
	syms->elf = NULL;
}

void s2_elfsyms_query(const struct s2_elfsyms *syms, struct s2_symbol_query *query)
{
	for (size_t i = 1; i < syms->nsyms && i <= INT32_MAX; i++) {
		const char *name;
		GElf_Sym sym;
		size_t len;

		if (!gelf_getsym(syms->data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) == STT_FILE ||
		    GELF_ST_TYPE(sym.st_info) == STT_SECTION)
			continue;
		errno = 0;
		name = elf_strptr(syms->elf, syms->strtab, sym.st_name);
		if (!name)
			(void)s2_library_failure();
		len = name ? strnlen(name, NAME_MAX_LEN + 1) : 0;
		/* Mapping symbols ($x, $d; AAELF64 4.5) name nothing, prefixed by objcopy or not. */
		if (!name || len > NAME_MAX_LEN || memchr(name, '$', len))
			continue;
		if (s2_symbol_query_len(query, len) &&
		    !s2_symbol_query_take(query, name, len, sym.st_value + syms->delta))
			break;
	}
}

/* All of the file at @file->fd, from its start, terminated. */
static enum s2_code slurp(const struct s2_symbol_file *file, char **ret, size_t *ret_len,
			  struct s2_err *err)
{
	s2_auto_free char *text = NULL;
	struct stat st;
	enum s2_code code;
	uint64_t data;
	size_t len;

	if (fstat(file->fd, &st) || !S_ISREG(st.st_mode))
		return s2_fail(err, S2_IO, "%s is not a regular file", file->path);
	if (st.st_size > MAP_MAX)
		return s2_fail(err, S2_INVALID, "%s is too large for a System.map", file->path);
	code = s2_symbol_file_data(file, &data, err);
	if (code)
		return code;
	if ((uint64_t)st.st_size > data + MAP_HOLES)
		return s2_fail(err, S2_INVALID, "%s is mostly a hole", file->path);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return s2_fail(err, S2_NOMEM, "%s: no memory", file->path);
	code = s2_symbol_file_read(file, 0, text, (size_t)st.st_size, &len, err);
	if (code)
		return code;
	text[len] = '\0';
	*ret = s2_take(&text);
	*ret_len = len;
	return S2_OK;
}

/*
 * The line at @line: 1 to 16 hex digits, a type letter, a name, single blanks in between (nm's
 * format). False when it is something else. @ret_next is set either way. Undefined symbols have no
 * address and do not match.
 */
static bool map_line(const char *line, const char *end, const char **ret_next,
		     const char **ret_name, size_t *ret_len, uint64_t *ret_value)
{
	const char *stop = memchr(line, '\n', (size_t)(end - line));
	const char *p = line;
	uint64_t value = 0;

	if (!stop)
		stop = end;
	*ret_next = stop < end ? stop + 1 : end;
	for (; p < stop && p - line < 17; p++) {
		char c = *p;
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned int)(c - 'a') + 10;
		else
			break;
		value = value << 4 | digit;
	}
	if (p == line || p - line > 16 || stop - p < 4 || p[0] != ' ' || p[2] != ' ')
		return false;
	*ret_name = p + 3;
	/* "name [module]" in copies of /proc/kallsyms */
	*ret_len = (size_t)(stop - (p + 3));
	if (memchr(p + 3, ' ', *ret_len) || memchr(p + 3, '\t', *ret_len) ||
	    memchr(p + 3, '\0', *ret_len))
		return false;
	*ret_value = value;
	return true;
}

enum s2_code s2_sysmap_open(const struct s2_symbol_file *file, struct s2_sysmap *ret,
			    struct s2_err *err)
{
	struct s2_sysmap map = { 0 };
	enum s2_code code = slurp(file, &map.text, &map.len, err);
	const char *name, *p, *end;
	uint64_t value;
	size_t len;

	if (code)
		return code;
	p = map.text;
	end = map.text + map.len;
	/* A stub says in its one line where the real file is; that is not a symbol of interest. */
	for (unsigned int n = 0; p < end;) {
		if (map_line(p, end, &p, &name, &len, &value) && ++n == 2) {
			*ret = map;
			return S2_OK;
		}
	}
	if (map.len > SELFMAG && !memcmp(map.text, ELFMAG, SELFMAG)) {
		free(map.text);
		return s2_fail(err, S2_INVALID, "%s is an ELF file, not a System.map", file->path);
	}
	free(map.text);
	return s2_fail(err, S2_NOTFOUND, "%s holds no symbols%s", file->path,
		       s2_symbol_file_form(file));
}

void s2_sysmap_close(struct s2_sysmap *map)
{
	free(map->text);
	map->text = NULL;
}

void s2_sysmap_query(const struct s2_sysmap *map, struct s2_symbol_query *query)
{
	const char *p = map->text, *end = map->text + map->len;
	char copy[S2_SYMBOL_NAME_MAX + 1];

	while (p < end) {
		const char *name;
		uint64_t value;
		size_t len;

		if (!map_line(p, end, &p, &name, &len, &value) || !s2_symbol_query_len(query, len))
			continue;
		memcpy(copy, name, len);
		copy[len] = '\0';
		if (!s2_symbol_query_take(query, copy, len, value + map->delta))
			break;
	}
}
