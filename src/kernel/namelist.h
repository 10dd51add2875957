/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbol tables in files: the .symtab of a vmlinux, and a System.map. */
#ifndef S2_KERNEL_NAMELIST_H
#define S2_KERNEL_NAMELIST_H

#include "kernel/symbols.h"

/* A vmlinux, read through libelf. */
struct s2_elfsyms {
	void *elf;  /* Elf * */
	void *data; /* Elf_Data *: the symbols */
	size_t nsyms;
	size_t strtab;  /* section index of their names */
	uint64_t delta; /* added to every address: KASLR */
};

/*
 * Opens the symbol table of the ELF file @file; its descriptor stays the caller's. S2_NOTFOUND:
 * there is none (stripped). S2_INVALID: not an ELF file of @ops's machine,
 * or broken.
 */
enum s2_code s2_elfsyms_open(const struct s2_symbol_file *file, const struct s2_kva_ops *ops,
			     struct s2_elfsyms *ret, struct s2_err *err) S2_MUST_CHECK;
void s2_elfsyms_close(struct s2_elfsyms *syms);
void s2_elfsyms_query(const struct s2_elfsyms *syms, struct s2_symbol_query *query);

/*
 * The build id of the ELF file @file in hex, as VMCOREINFO has it. S2_NOTFOUND: it has none, or not
 * in @size bytes. S2_INVALID: not an ELF file of @ops's machine.
 */
enum s2_code s2_elf_build_id(const struct s2_symbol_file *file, const struct s2_kva_ops *ops,
			     char *ret, size_t size, struct s2_err *err) S2_MUST_CHECK;

/* A System.map in memory: lines "address type name". */
struct s2_sysmap {
	char *text;
	size_t len;
	uint64_t delta;
};

/* Reads the whole of @file. S2_NOTFOUND: no line of it is a symbol (Debian's stub). S2_IO. */
enum s2_code s2_sysmap_open(const struct s2_symbol_file *file, struct s2_sysmap *ret,
			    struct s2_err *err) S2_MUST_CHECK;
void s2_sysmap_close(struct s2_sysmap *map);
void s2_sysmap_query(const struct s2_sysmap *map, struct s2_symbol_query *query);

#endif
