// SPDX-License-Identifier: GPL-2.0-or-later
// ELF cores: vmcore, QEMU's dump-guest-memory, /proc/kcore, s2dump's own snapshot. Read bounded,
// field by field.
#include <elf.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "source/source.h"

/*
 * Program headers that we are willing to look at: a filtered dump of a large machine has some ten
 * thousand.
 */
#define MAX_PHDRS (1U << 22)

/* Notes that are shorter than declared by more than this are not the work of vector lengths. */
#define MAX_SHIFT (16U << 20)

/*
 * makedumpfile sets this bit of e_flags when it ran out of space (makedumpfile.h,
 * DUMP_ELF_INCOMPLETE).
 */
#define DUMP_ELF_INCOMPLETE 0x1

/*
 * /proc/kcore gives this physical address to what has none: vmalloc, vmemmap (Linux
 * fs/proc/kcore.c).
 */
#define NO_PADDR UINT64_MAX

/* e_machine, which lies at the same place whatever class and byte order are. */
static unsigned int machine_of(const Elf64_Ehdr *ehdr)
{
	return ehdr->e_ident[EI_DATA] == ELFDATA2MSB ? be16toh(ehdr->e_machine) : ehdr->e_machine;
}

static enum s2_code elf_probe(const struct s2_file *file, struct s2_err *err)
{
	Elf64_Ehdr ehdr;
	size_t len = file->size < sizeof(ehdr) ? (size_t)file->size : sizeof(ehdr);
	enum s2_code code;

	memset(&ehdr, 0, sizeof(ehdr));
	code = s2_source_probe_read(file, 0, &ehdr, len, err);
	if (code)
		return code;
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0)
		return S2_NOTMINE;
	if (len < sizeof(ehdr))
		return s2_fail(err, S2_INVALID, "ELF header: the file ends inside it (%zu bytes)",
			       len);
	if (ehdr.e_ident[EI_CLASS] == ELFCLASS32)
		return s2_fail(err, S2_INVALID,
			       "is a 32-bit ELF file (machine %u), only 64-bit dumps are supported",
			       machine_of(&ehdr));
	if (ehdr.e_ident[EI_CLASS] != ELFCLASS64)
		return s2_fail(err, S2_INVALID, "ELF header: class %u is neither 32-bit nor 64-bit",
			       ehdr.e_ident[EI_CLASS]);
	if (ehdr.e_ident[EI_DATA] != ELFDATA2LSB && ehdr.e_ident[EI_DATA] != ELFDATA2MSB)
		return s2_fail(
			err, S2_INVALID,
			"ELF header: data encoding %u is neither little-endian nor big-endian",
			ehdr.e_ident[EI_DATA]);
	if (ehdr.e_ident[EI_DATA] == ELFDATA2MSB)
		return s2_fail(err, S2_INVALID,
			       "is a big-endian ELF file (machine %u), which is not supported",
			       machine_of(&ehdr));
	if (ehdr.e_type != ET_CORE)
		return s2_fail(err, S2_INVALID,
			       "ELF header: type %u is not a core dump (an executable or vmlinux?)",
			       ehdr.e_type);
	if (!s2_machine_of_elf(ehdr.e_machine))
		return s2_fail(err, S2_INVALID,
			       "ELF header: machine %u is none whose dumps are read",
			       ehdr.e_machine);
	if (ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return s2_fail(err, S2_INVALID, "ELF header: program headers of %u bytes, not %zu",
			       ehdr.e_phentsize, sizeof(Elf64_Phdr));
	return S2_OK;
}

/* The number of program headers; beyond 65534 it stands in section header 0 (PN_XNUM). */
static enum s2_code count_phdrs(const struct s2_file *file, const Elf64_Ehdr *ehdr, uint64_t *ret,
				struct s2_err *err)
{
	uint64_t n = ehdr->e_phnum, size;
	Elf64_Shdr shdr;

	if (n == PN_XNUM) {
		enum s2_code code = s2_file_read(file, ehdr->e_shoff, &shdr, sizeof(shdr), err);

		if (code)
			return s2_wrap(err, code, "section header 0 (PN_XNUM)");
		n = shdr.sh_info;
	}
	if (!n)
		return s2_fail(err, S2_INVALID, "ELF header: no program headers");
	if (n > MAX_PHDRS)
		return s2_fail(err, S2_INVALID, "ELF header: %llu program headers, more than %u",
			       (unsigned long long)n, MAX_PHDRS);
	size = n * sizeof(Elf64_Phdr);
	if (!s2_file_holds(file, ehdr->e_phoff, size))
		return s2_fail(err, S2_TRUNCATED,
			       "program headers (%llu at 0x%llx) run past the end of the file",
			       (unsigned long long)n, (unsigned long long)ehdr->e_phoff);
	*ret = n;
	return S2_OK;
}

static enum s2_code read_phdrs(const struct s2_file *file, const Elf64_Ehdr *ehdr, Elf64_Phdr **ret,
			       uint64_t *ret_n, struct s2_err *err)
{
	s2_auto_free Elf64_Phdr *phdr = NULL;
	uint64_t n, end;
	enum s2_code code = count_phdrs(file, ehdr, &n, err);

	if (code)
		return code;
	phdr = malloc((size_t)n * sizeof(*phdr));
	if (!phdr)
		return s2_fail(err, S2_NOMEM, "no memory for %llu program headers",
			       (unsigned long long)n);
	code = s2_file_read(file, ehdr->e_phoff, phdr, (size_t)n * sizeof(*phdr), err);
	if (code)
		return s2_wrap(err, code, "program headers");
	for (uint64_t i = 0; i < n; i++)
		if (!s2_add_ok(phdr[i].p_offset, phdr[i].p_filesz, &end))
			return s2_fail(
				err, S2_INVALID,
				"program header %llu: offset 0x%llx and size 0x%llx wrap around",
				(unsigned long long)i, (unsigned long long)phdr[i].p_offset,
				(unsigned long long)phdr[i].p_filesz);
	*ret = s2_take(&phdr);
	*ret_n = n;
	return S2_OK;
}

/* Where the file should end: behind its last segment or section. QEMU puts a string table last. */
static uint64_t declared_size(const struct s2_file *file, const Elf64_Ehdr *ehdr,
			      const Elf64_Phdr *phdr, uint64_t n)
{
	uint64_t ret = 0, end;
	Elf64_Shdr shdr;

	for (uint64_t i = 0; i < n; i++)
		if (phdr[i].p_offset + phdr[i].p_filesz > ret)
			ret = phdr[i].p_offset + phdr[i].p_filesz;
	for (uint64_t i = 0; i < ehdr->e_shnum && ehdr->e_shentsize == sizeof(shdr); i++) {
		uint64_t off;

		if (!s2_add_ok(ehdr->e_shoff, i * sizeof(shdr), &off) ||
		    s2_file_read(file, off, &shdr, sizeof(shdr), NULL))
			break;
		if (shdr.sh_type == SHT_NOBITS || shdr.sh_type == SHT_NULL)
			continue;
		if (s2_add_ok(shdr.sh_offset, shdr.sh_size, &end) && end > ret)
			ret = end;
	}
	return ret;
}

static bool all_zero(const struct s2_file *file, uint64_t off, uint64_t end)
{
	for (uint8_t byte; off < end; off++)
		if (s2_file_read(file, off, &byte, 1, NULL) || byte)
			return false;
	return true;
}

/*
 * QEMU sizes the SVE notes of all CPUs by the vector length that the first has at that moment, but
 * writes each at its own length (target/arm/arch_dump.c, cpu_get_note_size(), seen in 7.2): memory
 * then begins where the notes really end and every p_offset is wrong by the difference. Returns the
 * difference, modulo 2^64. It is believed only in a file of QEMU's shape (one PT_NOTE, memory right
 * behind it), and when the size of the file is off by the same number, or, in a file that is too
 * short to tell, when the declared end of the notes lies inside a note or before other bytes.
 */
static uint64_t note_shift(const struct s2_file *file, const Elf64_Ehdr *ehdr,
			   const Elf64_Phdr *phdr, uint64_t n)
{
	uint64_t memory = UINT64_MAX, border, end, size;
	const Elf64_Phdr *note = NULL;
	bool crossed;

	for (uint64_t i = 0; i < n; i++) {
		if (phdr[i].p_type == PT_NOTE && note)
			return 0;
		if (phdr[i].p_type == PT_NOTE)
			note = &phdr[i];
		else if (phdr[i].p_type == PT_LOAD && phdr[i].p_filesz && phdr[i].p_offset < memory)
			memory = phdr[i].p_offset;
	}
	if (!note || !note->p_filesz || note->p_offset + note->p_filesz != memory)
		return 0;
	border = memory;
	end = s2_notes_end(file, note->p_offset, border, &crossed);
	size = declared_size(file, ehdr, phdr, n);
	if (end == border || end == note->p_offset || size > INT64_MAX)
		return 0;
	if (end < border && (border > file->size || border - end > MAX_SHIFT))
		return 0;
	size += end - border;
	if (file->size == size)
		return end - border;
	if (file->size < size && (end > border ? crossed : !all_zero(file, end, border)))
		return end - border;
	return 0;
}

static void shift_segments(struct s2_source *source, Elf64_Phdr *phdr, uint64_t n, uint64_t shift)
{
	for (uint64_t i = 0; i < n; i++) {
		if (phdr[i].p_type == PT_NOTE)
			phdr[i].p_filesz += shift;
		else if (phdr[i].p_type == PT_LOAD)
			phdr[i].p_offset += shift;
	}
	s2_source_remark(
		source,
		"the notes are 0x%llx bytes %s than declared (QEMU with SVE): all segments were moved by that",
		(unsigned long long)((int64_t)shift < 0 ? -shift : shift),
		(int64_t)shift < 0 ? "shorter" : "longer");
}

static enum s2_code elf_open(struct s2_source *source, const struct s2_raw_args *args,
			     struct s2_err *err)
{
	s2_auto_free Elf64_Phdr *phdr = NULL;
	s2_auto_free struct s2_segment *seg = NULL;
	size_t nsegs = 0;
	Elf64_Ehdr ehdr;
	enum s2_code code;
	uint64_t n, shift;

	(void)args;
	code = s2_file_read(&source->file, 0, &ehdr, sizeof(ehdr), err);
	if (!code)
		code = read_phdrs(&source->file, &ehdr, &phdr, &n, err);
	if (code)
		return code;
	seg = calloc((size_t)n, sizeof(*seg));
	if (!seg)
		return s2_fail(err, S2_NOMEM, "no memory for %llu segments", (unsigned long long)n);
	shift = note_shift(&source->file, &ehdr, phdr, n);
	if (shift)
		shift_segments(source, phdr, n, shift);
	for (uint64_t i = 0; i < n; i++) {
		const Elf64_Phdr *p = &phdr[i];

		if (p->p_type == PT_NOTE) {
			char what[32];

			snprintf(what, sizeof(what), "PT_NOTE %llu", (unsigned long long)i);
			code = s2_source_read_notes(source, what, p->p_offset,
						    p->p_offset + p->p_filesz, p->p_align, err);
			if (code)
				return code;
		} else if (p->p_type == PT_LOAD && p->p_paddr != NO_PADDR) {
			seg[nsegs++] = (struct s2_segment){
				.pa = p->p_paddr,
				.size = p->p_memsz > p->p_filesz ? p->p_memsz : p->p_filesz,
				.file_off = p->p_offset,
				.file_size = p->p_filesz,
			};
		}
	}
	source->machine = s2_machine_of_elf(ehdr.e_machine);
	source->incomplete |= (ehdr.e_flags & DUMP_ELF_INCOMPLETE) != 0;
	if (s2_source_note(source, S2_SNAPSHOT_NOTE, UINT32_MAX))
		source->format = "s2dump-snapshot";
	code = s2_kcore_check(source, seg, nsegs, err);
	if (code)
		return code;
	return s2_segments_install(source, s2_take(&seg), nsegs, err);
}

const struct s2_source_ops s2_source_elf = { .name = "elf-core",
					     .probe = elf_probe,
					     .open = elf_open };
