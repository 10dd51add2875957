/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing an ELF core: a note and pieces of physical memory. */
#ifndef S2_SOURCE_ELF_WRITE_H
#define S2_SOURCE_ELF_WRITE_H

#include "base/out.h"
#include "source/source.h"

/* A piece of memory to write: present bytes, or memory that the origin lacks for a reason that the
 * copy keeps. */
struct s2_piece {
	uint64_t pa;
	uint64_t size;
	enum s2_code state; /* S2_OK, S2_EXCLUDED or S2_TRUNCATED; what is S2_ABSENT has no piece */
};

/*
 * Writes an ET_CORE file for @machine (EM_*): one note (@name, @type, @text without its NUL) and
 * one PT_LOAD per piece, bytes from @mem. Excluded pieces become p_memsz without p_filesz,
 * truncated ones lie beyond the end of the file, so that whoever reads the copy sees what was
 * missing and why. Pieces are sorted and disjoint.
 */
enum s2_code s2_elf_write(struct s2_out *out, const struct s2_mem *mem, unsigned int machine,
			  const struct s2_piece *piece, size_t n, const char *name, uint32_t type,
			  const char *text, struct s2_err *err) S2_MUST_CHECK;

#endif
