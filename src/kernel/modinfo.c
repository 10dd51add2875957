// SPDX-License-Identifier: GPL-2.0-or-later
// The section .modinfo: strings "key=value", each terminated (include/linux/module.h).
#include "kernel/modinfo.h"

#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "kernel/elf_bounds.h"
#include "kernel/library.h"

/* The section's bytes, NULL when there is none. */
static const Elf_Data *find_section(Elf *elf)
{
	size_t names;

	if (!elf || elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &names))
		return NULL;
	for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn)) {
		GElf_Shdr shdr;
		const char *name = gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) :
							      NULL;

		if (name && !strcmp(name, ".modinfo") && shdr.sh_type != SHT_NOBITS)
			return elf_rawdata(scn, NULL);
	}
	return NULL;
}

/* The value of @key, NULL when it has none. It ends within the section. */
static const char *find_value(const Elf_Data *data, const char *key)
{
	const char *at = data->d_buf, *end = at + data->d_size;
	size_t len = strlen(key);

	while (at < end) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));

		if (!stop)
			break;
		if ((size_t)(stop - at) > len && !memcmp(at, key, len) && at[len] == '=')
			return at + len + 1;
		at = stop + 1;
	}
	return NULL;
}

static enum s2_code check(const Elf_Data *data, const struct s2_symbol_file *file,
			  const char *module, const char *release, size_t len, struct s2_err *err)
{
	const char *path = file->path;
	const char *name = data && data->d_buf ? find_value(data, "name") : NULL;
	const char *magic = name ? find_value(data, "vermagic") : NULL;

	if (!magic)
		return s2_fail(err, S2_INVALID, "%s is not a kernel module%s", path,
			       s2_symbol_file_form(file));
	if (strcmp(name, module) != 0)
		return s2_fail(err, S2_INVALID, "%s is the module %.64s, not %s", path, name,
			       module);
	/* The release, a blank, and what else the kernel was configured for. */
	if (strncmp(magic, release, len) != 0 || magic[len] != ' ')
		return s2_fail(err, S2_INVALID, "%s is of another kernel: %.*s, not %.*s", path,
			       (int)strcspn(magic, " "), magic, (int)len, release);
	return S2_OK;
}

enum s2_code s2_modinfo_check(const struct s2_symbol_file *file, const char *module,
			      const char *release, size_t len, struct s2_err *err)
{
	enum s2_code code = s2_elf_bounds(file, err);
	Elf *elf;

	if (code)
		return code;
	errno = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(file->fd, ELF_C_READ, NULL);
	code = s2_library_said(check(find_section(elf), file, module, release, len, err),
			       file->path, err);
	elf_end(elf);
	return code;
}
