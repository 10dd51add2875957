// SPDX-License-Identifier: GPL-2.0-or-later
// Whether an ELF file is as large as its sections say, before a library reads them whole.
#include "kernel/elf_bounds.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/budget.h"

/* Sections of sound files take up less than the file; the copy of a sparse one may have holes where
 * whole blocks are zero, but no more of them than data. */
#define TIMES_DATA 2
#define FLOOR (1U << 20)

#define AT_ONCE 64 /* section headers that are read together */

enum s2_code s2_symbol_file_data(const struct s2_symbol_file *file, uint64_t *ret,
				 struct s2_err *err)
{
	uint64_t sum = 0;
	struct stat st;
	off_t at = 0;

	if (fstat(file->fd, &st))
		return s2_fail(err, S2_INVALID, "%s: %s", file->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return s2_fail(err, S2_INVALID, "%s is not a regular file", file->path);
	if ((uint64_t)st.st_blocks * 512 >= (uint64_t)st.st_size) {
		*ret = (uint64_t)st.st_size;
		return S2_OK;
	}
	/* Blocks may be compressed as well, which is no hole. */
	while ((at = lseek(file->fd, at, SEEK_DATA)) >= 0) {
		off_t hole = lseek(file->fd, at, SEEK_HOLE);

		if (hole <= at)
			break;
		sum += (uint64_t)(hole - at);
		at = hole;
	}
	*ret = sum;
	return S2_OK;
}

enum s2_code s2_symbol_file_read(const struct s2_symbol_file *file, uint64_t off, void *buf,
				 size_t n, size_t *ret_n, struct s2_err *err)
{
	char *to = buf;
	size_t len = 0;

	while (len < n && off + len <= INT64_MAX) {
		ssize_t got = pread(file->fd, to + len, n - len, (off_t)(off + len));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			s2_err_note_failing(S2_IO);
			return s2_fail(err, S2_IO, "%s: %s", file->path, strerror(errno));
		}
		if (!got)
			break;
		len += (size_t)got;
	}
	*ret_n = len;
	return S2_OK;
}

/* False at the end of the file, or when it cannot be read. */
static bool read_at(const struct s2_symbol_file *file, void *buf, size_t n, uint64_t off)
{
	struct s2_err unsaid;
	size_t len;

	s2_err_init(&unsaid);
	return !s2_symbol_file_read(file, off, buf, n, &len, &unsaid) && len == n;
}

/* Draws what section headers [@first, @first + @n) say that sections take up in the file. */
static enum s2_code draw(const struct s2_symbol_file *file, uint64_t off, uint64_t first,
			 uint64_t n, struct s2_budget *budget)
{
	Elf64_Shdr shdr[AT_ONCE];

	if (!read_at(file, shdr, n * sizeof(*shdr), off + first * sizeof(*shdr)))
		return S2_TRUNCATED;
	for (uint64_t i = 0; i < n; i++)
		/* The first one is none: its size may be the number of sections. */
		if (first + i && shdr[i].sh_type != SHT_NOBITS &&
		    s2_budget_take(budget, shdr[i].sh_size))
			return S2_BUDGET;
	return S2_OK;
}

/*
 * To add a form: a row, in any order. Distributions compress kernels and modules, and what boots
 * has no symbols: Documentation/arch/arm64/booting.rst, .../x86/boot.rst; of a kernel that unpacks
 * itself drivers/firmware/efi/libstub/zboot-header.S.
 */
static const struct {
	off_t at;
	const char *magic, *form;
} forms[] = {
	{ 0, "\x1f\x8b", ": it is compressed with gzip, decompress it first" },
	{ 0,
	  "\xfd"
	  "7zXZ",
	  ": it is compressed with xz, decompress it first" },
	{ 0, "\x28\xb5\x2f\xfd", ": it is compressed with zstd, decompress it first" },
	{ 0, "\x04\x22\x4d\x18", ": it is compressed with lz4, decompress it first" },
	{ 0, "\x02\x21\x4c\x18", ": it is compressed with lz4, decompress it first" },
	{ 0, "BZh", ": it is compressed with bzip2, decompress it first" },
	{ 0, "!<arch>", ": it is an archive (a package?), unpack it first" },
	{ 4, "zimg", ": it is a kernel that unpacks itself, without symbols" },
	{ 56, "ARM\x64", ": it is a bootable image, without symbols" },
	{ 514, "HdrS", ": it is a bootable image, without symbols" },
};

const char *s2_symbol_file_form(const struct s2_symbol_file *file)
{
	char bytes[8];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t len = strlen(forms[i].magic);

		if (pread(file->fd, bytes, len, forms[i].at) == (ssize_t)len &&
		    !memcmp(bytes, forms[i].magic, len))
			return forms[i].form;
	}
	return "";
}

enum s2_code s2_elf_bounds(const struct s2_symbol_file *file, struct s2_err *err)
{
	struct s2_budget budget;
	Elf64_Ehdr ehdr;
	Elf64_Shdr none;
	uint64_t data, n;
	enum s2_code code = s2_symbol_file_data(file, &data, err);

	if (code)
		return code;
	/* What is no ELF file of 64 bits, the library says of it. */
	if (!read_at(file, &ehdr, sizeof(ehdr), 0) || memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB ||
	    !ehdr.e_shoff || ehdr.e_shentsize != sizeof(Elf64_Shdr))
		return S2_OK;
	n = ehdr.e_shnum;
	if (!n && read_at(file, &none, sizeof(none), ehdr.e_shoff))
		n = none.sh_size;
	s2_budget_init(&budget, FLOOR, TIMES_DATA, data);
	if (n > UINT32_MAX || s2_budget_take(&budget, n * sizeof(Elf64_Shdr)))
		return s2_fail(err, S2_INVALID, "%s: %" PRIu64 " sections are more than it holds",
			       file->path, n);
	for (uint64_t i = 0; !code && i < n; i += AT_ONCE)
		code = draw(file, ehdr.e_shoff, i, n - i < AT_ONCE ? n - i : AT_ONCE, &budget);
	/* Headers that the file ends before are the library's to complain of. */
	return code == S2_BUDGET ?
		       s2_fail(err, S2_INVALID,
			       "%s: its sections are said to be larger than all that is in it",
			       file->path) :
		       S2_OK;
}
