// SPDX-License-Identifier: GPL-2.0-or-later
// BTF from the section of a vmlinux.
#include <errno.h>
#include <gelf.h>
#include <string.h>

#include "kernel/btf.h"
#include "kernel/elf_bounds.h"
#include "kernel/library.h"

static enum s2_code from_elf(Elf *elf, const char *path, struct s2_types *base,
			     struct s2_types **ret, uint32_t *ret_ntypes, struct s2_err *err)
{
	size_t names;

	if (!elf || elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &names))
		return s2_fail(err, S2_INVALID, "%s is not an ELF file", path);
	for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn)) {
		GElf_Shdr shdr;
		const char *name = gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) :
							      NULL;
		const Elf_Data *data;
		enum s2_code code;

		if (!name)
			(void)s2_library_failure();
		if (!name || strcmp(name, ".BTF") != 0 || shdr.sh_type == SHT_NOBITS)
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf)
			return s2_fail(err, S2_INVALID, "%s: .BTF cannot be read: %s", path,
				       elf_errmsg(-1));
		code = s2_btf_new_split(data->d_buf, data->d_size, NULL, base, ret, ret_ntypes,
					err);
		if (code)
			s2_wrap(err, code, "%s", path);
		return code;
	}
	return s2_fail(err, S2_NOTFOUND, "%s has no .BTF section", path);
}

enum s2_code s2_btf_elf(const struct s2_symbol_file *file, struct s2_types *base,
			struct s2_types **ret, uint32_t *ret_ntypes, struct s2_err *err)
{
	Elf *elf;
	enum s2_code code = s2_elf_bounds(file, err);

	if (code)
		return code;
	errno = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(file->fd, ELF_C_READ, NULL);
	code = s2_library_said(from_elf(elf, file->path, base, ret, ret_ntypes, err), file->path,
			       err);
	elf_end(elf);
	return code;
}
