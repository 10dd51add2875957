// SPDX-License-Identifier: GPL-2.0-or-later
// ELF cores of Xen and of processes, which look like others but hold something else: named, so that
// nobody takes the reason to be a broken header, or a kernel that is not found.
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "source/source.h"

/* Xen's files have a handful. */
#define MAX_HEADERS 64

/* Xen include/public/elfnote.h: in every crash dump of the hypervisor. */
#define XEN_ELFNOTE_CRASH_INFO 0x1000001

/* Does the name of a section say so? (Xen docs/misc/dump-core-format.txt) */
static bool is_xen_section(const struct s2_file *file, const Elf64_Shdr *names,
			   const Elf64_Shdr *shdr)
{
	static const char *const prefixes[] = { ".xen_", ".note.Xen" };
	char name[sizeof(".note.Xen")] = "";
	uint64_t off;

	if (shdr->sh_name >= names->sh_size || !s2_add_ok(names->sh_offset, shdr->sh_name, &off) ||
	    s2_file_read(file, off, name, sizeof(name) - 1, NULL))
		return false;
	return !strncmp(name, prefixes[0], strlen(prefixes[0])) || !strcmp(name, prefixes[1]);
}

/* `xl dump-core`: memory is in sections, there are no segments. */
static bool is_guest_core(const struct s2_file *file, const Elf64_Ehdr *ehdr)
{
	Elf64_Shdr names, shdr;
	uint64_t off;

	if (ehdr->e_shentsize != sizeof(shdr) || ehdr->e_shnum > MAX_HEADERS ||
	    ehdr->e_shstrndx >= ehdr->e_shnum ||
	    !s2_add_ok(ehdr->e_shoff, ehdr->e_shstrndx * sizeof(shdr), &off) ||
	    s2_file_read(file, off, &names, sizeof(names), NULL))
		return false;
	for (unsigned int i = 0; i < ehdr->e_shnum; i++)
		if (!s2_file_read(file, ehdr->e_shoff + i * sizeof(shdr), &shdr, sizeof(shdr),
				  NULL) &&
		    is_xen_section(file, &names, &shdr))
			return true;
	return false;
}

/*
 * What the notes of a segment say that it is, NULL when nothing of these. In a crash dump of the
 * hypervisor addresses are machine addresses, and dom0 is one guest of many; the auxiliary vector
 * is a process's (fs/binfmt_elf.c), and in no dump of a machine.
 */
static const char *what_notes_say(const struct s2_file *file, const Elf64_Phdr *phdr)
{
	struct s2_source notes = { .file = *file };
	const char *ret = NULL;
	uint64_t end;

	if (phdr->p_type != PT_NOTE || !s2_add_ok(phdr->p_offset, phdr->p_filesz, &end))
		return NULL;
	if (!s2_source_read_notes(&notes, "", phdr->p_offset, end, phdr->p_align, NULL)) {
		if (s2_source_note(&notes, "Xen", XEN_ELFNOTE_CRASH_INFO) ||
		    s2_source_note(&notes, "VMCOREINFO_XEN", UINT32_MAX))
			ret = "a crash dump of a Xen hypervisor";
		else if (s2_source_note(&notes, "CORE", NT_AUXV))
			ret = "a core of one process";
	}
	free(notes.note);
	return ret;
}

static const char *what_segments_say(const struct s2_file *file, const Elf64_Ehdr *ehdr)
{
	for (unsigned int i = 0; i < ehdr->e_phnum && i < MAX_HEADERS; i++) {
		Elf64_Phdr phdr;
		const char *what;
		uint64_t off;

		if (!s2_add_ok(ehdr->e_phoff, i * sizeof(phdr), &off) ||
		    s2_file_read(file, off, &phdr, sizeof(phdr), NULL))
			return NULL;
		what = what_notes_say(file, &phdr);
		if (what)
			return what;
	}
	return NULL;
}

static enum s2_code xen_probe(const struct s2_file *file, struct s2_err *err)
{
	const char *what;
	Elf64_Ehdr ehdr;
	enum s2_code code = s2_source_probe_read(file, 0, &ehdr, sizeof(ehdr), err);

	if (code)
		return code;
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB || ehdr.e_type != ET_CORE)
		return S2_NOTMINE;
	if (is_guest_core(file, &ehdr))
		return s2_fail(
			err, S2_INVALID,
			"is a core of a Xen guest (xl dump-core, machine %u), which is not supported",
			ehdr.e_machine);
	what = what_segments_say(file, &ehdr);
	if (what)
		return s2_fail(err, S2_INVALID, "is %s (machine %u), which is not supported", what,
			       ehdr.e_machine);
	return S2_NOTMINE;
}

/* Never opened: its probe only refuses. */
const struct s2_source_ops s2_source_xen = { .name = "xen", .probe = xen_probe };
