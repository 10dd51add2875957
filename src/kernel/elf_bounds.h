/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file with symbols or types really holds: libraries believe the sizes that it claims. */
#ifndef S2_KERNEL_ELF_BOUNDS_H
#define S2_KERNEL_ELF_BOUNDS_H

#include "kernel/symbols.h"

/* How many bytes of a regular file are no hole. */
enum s2_code s2_symbol_file_data(const struct s2_symbol_file *file, uint64_t *ret,
				 struct s2_err *err) S2_MUST_CHECK;

/* The @n bytes at @off, or as many as there are before the end of the file: @ret_n. */
enum s2_code s2_symbol_file_read(const struct s2_symbol_file *file, uint64_t off, void *buf,
				 size_t n, size_t *ret_n, struct s2_err *err) S2_MUST_CHECK;

/* What a file is that is none with symbols, to follow what was said of it: ": it is compressed with
 * gzip ..."; "" when nothing can be told. */
const char *s2_symbol_file_form(const struct s2_symbol_file *file);

/* S2_INVALID: the sections of the ELF file are larger than what is in it, so that to read them
 * takes memory that no byte stands for. What is no such file at all is S2_OK. */
enum s2_code s2_elf_bounds(const struct s2_symbol_file *file, struct s2_err *err) S2_MUST_CHECK;

#endif
