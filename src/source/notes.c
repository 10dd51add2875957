// SPDX-License-Identifier: GPL-2.0-or-later
// ELF notes, wherever they lie: read bounded, names matched whole.
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/num.h"
#include "source/source.h"

#define MAX_NOTES 65536

/*
 * The owners of notes that QEMU writes for arm64 (target/arm/arch_dump.c, dump/dump.c), in any
 * order.
 */
static const char *const writers[] = { "CORE", "LINUX", "VMCOREINFO", "QEMU" };

/*
 * The note at @off, which may end past the file. Offsets are aligned relative to @base, where the
 * notes begin. No sum overflows, because @off is in the file and the sizes have 32 bits.
 */
static enum s2_code read_note(const struct s2_file *file, uint64_t base, uint64_t off,
			      uint64_t align, struct s2_note *ret, uint64_t *ret_next)
{
	struct s2_note note = { 0 };
	Elf64_Nhdr nhdr;
	enum s2_code code = s2_file_read(file, off, &nhdr, sizeof(nhdr), NULL);
	size_t len;

	if (code)
		return code;
	off += sizeof(nhdr);
	note.type = nhdr.n_type;
	note.size = nhdr.n_descsz;
	note.file_off = base + align_up(off - base + nhdr.n_namesz, align);
	/* A name that does not fit is none that anybody asks for. */
	if (nhdr.n_namesz <= sizeof(note.name)) {
		code = s2_file_read(file, off, note.name, nhdr.n_namesz, NULL);
		if (code)
			return code;
		len = strnlen(note.name, sizeof(note.name));
		if (len == sizeof(note.name) || (len != nhdr.n_namesz && len + 1 != nhdr.n_namesz))
			memset(note.name, 0, sizeof(note.name));
	}
	*ret = note;
	*ret_next = base + align_up(note.file_off - base + note.size, align);
	return S2_OK;
}

enum s2_code s2_source_add_note(struct s2_source *source, const struct s2_note *note,
				struct s2_err *err)
{
	if (is_aligned(source->nnotes, 64)) {
		struct s2_note *grown =
			realloc(source->note, (source->nnotes + 64) * sizeof(*grown));

		if (!grown)
			return s2_fail(err, S2_NOMEM, "no memory for notes");
		source->note = grown;
	}
	source->note[source->nnotes++] = *note;
	return S2_OK;
}

enum s2_code s2_source_read_notes(struct s2_source *source, const char *what, uint64_t off,
				  uint64_t end, uint64_t align, struct s2_err *err)
{
	uint64_t base = off, next;
	struct s2_note note;

	align = align == 8 ? 8 : 4;
	for (; s2_fits(off, sizeof(Elf64_Nhdr), end); off = next) {
		enum s2_code code = read_note(&source->file, base, off, align, &note, &next);

		if (code || !s2_fits(note.file_off, note.size, source->file.size)) {
			s2_source_remark(source,
					 "%s: the file ends inside the note at file offset 0x%llx",
					 what, (unsigned long long)off);
			break;
		}
		if (!s2_fits(note.file_off, note.size, end)) {
			s2_source_remark(
				source,
				"%s: the note at file offset 0x%llx runs past the end of the notes",
				what, (unsigned long long)off);
			break;
		}
		if (!note.size && !note.type && !note.name[0] &&
		    next - off < sizeof(Elf64_Nhdr) + 8)
			break; /* zeros: padding up to the end of a segment */
		if (source->nnotes == MAX_NOTES) {
			s2_source_remark(source, "%s: only the first %d notes are used", what,
					 MAX_NOTES);
			break;
		}
		code = s2_source_add_note(source, &note, err);
		if (code)
			return code;
	}
	return S2_OK;
}

static bool is_writer(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		if (!strcmp(name, writers[i]))
			return true;
	return false;
}

uint64_t s2_notes_end(const struct s2_file *file, uint64_t off, uint64_t border, bool *ret_crossed)
{
	uint64_t base = off, next;
	struct s2_note note;

	*ret_crossed = false;
	while (off < file->size) {
		if (read_note(file, base, off, 4, &note, &next))
			return file->size;
		if (!is_writer(note.name))
			break;
		*ret_crossed |= off < border && next > border;
		off = next;
	}
	return off;
}
