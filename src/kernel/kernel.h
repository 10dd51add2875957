/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Linux kernel in memory: what it is, its symbols, its types, and reads at its own addresses. */
#ifndef S2_KERNEL_KERNEL_H
#define S2_KERNEL_KERNEL_H

#include "base/mem.h"
#include "base/scan.h"
#include "kernel/kva.h"
#include "kernel/symbols.h"
#include "kernel/types.h"
#include "kernel/vmcoreinfo.h"

struct s2_kernel_args {
	const struct s2_mem *mem;

	/* The payload of the container's VMCOREINFO note, copied; NULL: there is none, memory is
	 * searched. */
	const void *note;
	size_t note_size;

	/* Which of several kernels, from 1 on as s2_kernel_met() counts them; 0: the first. */
	unsigned int number;
	/* Search memory for others even when the container's note is this memory's. */
	bool name_others;

	/* What the user gave; fd -1 when nothing. The descriptors stay the caller's, and open as
	 * long as the kernel. */
	struct s2_symbol_file vmlinux;
	struct s2_symbol_file system_map;
	struct s2_symbol_file module; /* the file of the module called ... */
	const char *module_name;

	/* DWARF only: compilation units whose name contains this have the types that will be asked
	 * for. May be NULL. */
	const char *prefer_units;
};

/* Nothing given. */
void s2_kernel_args_init(struct s2_kernel_args *args, const struct s2_mem *mem);

struct s2_kernel_facts {
	char release[128]; /* OSRELEASE */
	char build_id[65]; /* hex; "" when VMCOREINFO has none */
	struct s2_kva_facts kva;
	uint64_t kaslr;   /* KERNELOFFSET */
	bool from_note;   /* VMCOREINFO came from the container, else it was found in memory: */
	uint64_t note_pa; /* ... here */
	unsigned int rejected;     /* VMCOREINFOs that were met and are not of this machine, such as
				      guests' */
	unsigned int number;       /* of s2_kernel_met() */
	struct s2_gaps unsearched; /* memory in which another VMCOREINFO may be: it is missing, and
				      no note told which kernel it is */
};

/* A kernel of this machine: its own tables or its name in memory say so. */
struct s2_kernel_id {
	char release[128];
	struct s2_kva_facts kva;
	uint64_t note_pa; /* of its VMCOREINFO, UINT64_MAX: only the container has it */
};

struct s2_kernel;

/*
 * Finds and checks VMCOREINFO and prepares to translate; symbols and types are opened when they are
 * first asked for. S2_NOTFOUND: there is no Linux kernel (or only guests' kernels). S2_INVALID:
 * there is one, but not one that can be read. S2_USAGE: there are fewer than @args->number.
 * @args->mem must outlive it. Not for two threads at once.
 */
enum s2_code s2_kernel_open(const struct s2_kernel_args *args, struct s2_kernel **ret,
			    struct s2_err *err) S2_MUST_CHECK;
void s2_kernel_close(struct s2_kernel *kernel);

const struct s2_kernel_facts *s2_kernel_facts(const struct s2_kernel *kernel);
const struct s2_vmcoreinfo *s2_kernel_vmcoreinfo(const struct s2_kernel *kernel);

/*
 * The kernels that were met, this one included; NULL past the last one. The container's is the
 * first, then they come in ascending address of their notes: the crashed and the capture kernel,
 * say, or one that ran before. Memory is searched for them when the container brings no note, or
 * when that was asked for.
 */
const struct s2_kernel_id *s2_kernel_met(const struct s2_kernel *kernel, unsigned int i);

/* What was found where, a line each, for --verbose; grows as symbols and types are asked for. NULL
 * past the last one. */
const char *s2_kernel_remark(const struct s2_kernel *kernel, size_t i);

/*
 * Where the array of struct page begins: a constant that VMCOREINFO tells (since 5.19
 * or 6.12), or the kernel's variable. S2_NOTFOUND: neither; and what reading it fails with.
 */
enum s2_code s2_kernel_memmap(struct s2_kernel *kernel, uint64_t *ret,
			      struct s2_err *err) S2_MUST_CHECK;

/* Reads at a kernel virtual address (s2_kva_read()), and where it is. */
enum s2_code s2_kernel_read(struct s2_kernel *kernel, uint64_t va, void *buf, size_t len,
			    struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_kernel_pa(struct s2_kernel *kernel, uint64_t va, uint64_t *ret,
			  struct s2_err *err) S2_MUST_CHECK;
/* s2_kva_unmapped(). */
bool s2_kernel_unmapped(struct s2_kernel *kernel, uint64_t va, uint64_t *ret_left);

/* s2_symbols_find(). */
enum s2_code s2_kernel_symbols(struct s2_kernel *kernel, struct s2_symbol *wanted, size_t n,
			       struct s2_err *err) S2_MUST_CHECK;

/* One symbol's address; S2_NOTFOUND. A pass over the table each time: ask for many at once instead.
 */
enum s2_code s2_kernel_symbol(struct s2_kernel *kernel, const char *name, uint64_t *ret,
			      struct s2_err *err) S2_MUST_CHECK;

/*
 * Can the files that were given be used? What cannot, or is of another kernel, is an error, though
 * the dump may tell all that is asked for. A vmlinux may have types and no symbols.
 */
enum s2_code s2_kernel_check_files(struct s2_kernel *kernel, struct s2_err *err) S2_MUST_CHECK;

/*
 * The kernel's types: BTF in memory, else .BTF of the vmlinux, else its DWARF. S2_NOTFOUND when
 * there is none; the text says what was tried. They belong to @kernel.
 */
enum s2_code s2_kernel_types(struct s2_kernel *kernel, struct s2_types **ret,
			     struct s2_err *err) S2_MUST_CHECK;

/* Were any types asked more than s2_types_spent() allows? Then something may have been answered
 * "no" that is not known. True once. */
bool s2_kernel_types_spent(struct s2_kernel *kernel);

/* The number in member @path of the `struct @type` at @va: s2_types_member(), s2_kernel_read(),
 * s2_member_value(). */
enum s2_code s2_kernel_get(struct s2_kernel *kernel, uint64_t va, const char *type,
			   const char *path, uint64_t *ret, struct s2_err *err) S2_MUST_CHECK;

/*
 * The pieces of the kernel image as swapper_pg_dir maps them: everything from _stext on that obeys
 * the image formula. That needs no symbol but _stext. Between the pieces lies what the kernel gave
 * back (the init sections). @piece returns false to stop. @gaps (may be NULL): what tables that are
 * missing may map of it, s2_kva_each(). S2_NOMEM.
 */
enum s2_code s2_kernel_image(const struct s2_kernel *kernel,
			     bool (*piece)(void *arg, const struct s2_kva_piece *piece), void *arg,
			     struct s2_gaps *gaps, struct s2_err *err) S2_MUST_CHECK;

/* ---- Structures that the kernel builds from types of its own. All bounded, whatever memory holds.
 * ---- */

/*
 * The nodes of a circular struct list_head from @head on, @head left out. Each step checks that the
 * way back is the way there. S2_LOOP: it is not, or there is no end (a dump of a running machine
 * can catch a list half changed); @node has seen what came before. @node returns false to stop.
 */
enum s2_code s2_kernel_list(struct s2_kernel *kernel, uint64_t head,
			    bool (*node)(void *arg, uint64_t va), void *arg,
			    struct s2_err *err) S2_MUST_CHECK;

/*
 * The same when a node on the way may not be in the dump: those behind it are read from the end
 * backwards, and come in their order all the same. @lost gets the address of each node that another
 * one leads to and that could not be read (one, or two when more than one is missing), and why;
 * S2_OK then. A head that is not in the dump is a missing code; else errors are as above.
 */
enum s2_code s2_kernel_list_around(struct s2_kernel *kernel, uint64_t head,
				   bool (*node)(void *arg, uint64_t va),
				   void (*lost)(void *arg, uint64_t va, const struct s2_err *why),
				   void *arg, struct s2_err *err) S2_MUST_CHECK;

/* Draws an entry from what all walks over lists and trees may meet, for whoever goes through an
 * array. */
enum s2_code s2_kernel_entry(struct s2_kernel *kernel, struct s2_err *err) S2_MUST_CHECK;

/* The entries of the struct xarray at @va in ascending index: pointers, or values with bit 0 set.
 * S2_LOOP as above. */
enum s2_code s2_kernel_xarray(struct s2_kernel *kernel, uint64_t va,
			      bool (*entry)(void *arg, uint64_t index, uint64_t value), void *arg,
			      struct s2_err *err) S2_MUST_CHECK;

/*
 * The same, with the first and the last index that has an entry, and beyond nodes that are not in
 * the dump: @lost gets the indices that they have, and why; S2_OK then. Either ends the walk when
 * it returns false.
 */
enum s2_code s2_kernel_xarray_spans(struct s2_kernel *kernel, uint64_t va,
				    bool (*span)(void *arg, uint64_t first, uint64_t last,
						 uint64_t value),
				    bool (*lost)(void *arg, uint64_t first, uint64_t last,
						 const struct s2_err *why),
				    void *arg, struct s2_err *err) S2_MUST_CHECK;

/* How struct xarray and struct xa_node are laid out; S2_NOTFOUND, S2_INVALID. */
struct s2_xa_layout {
	uint64_t head, shift, slots; /* byte offsets */
	unsigned int chunk_log2;
};
enum s2_code s2_kernel_xa_layout(struct s2_kernel *kernel, struct s2_xa_layout *ret,
				 struct s2_err *err) S2_MUST_CHECK;

/*
 * The entry at @index of the struct xarray at @va, the first index that has it (it may span
 * several, as a folio does), and the last one from @index on that surely has. S2_NOTFOUND: there is
 * none. S2_LOOP as above.
 */
enum s2_code s2_kernel_xa_load(struct s2_kernel *kernel, const struct s2_xa_layout *layout,
			       uint64_t va, uint64_t index, uint64_t *ret, uint64_t *ret_first,
			       uint64_t *ret_last, struct s2_err *err) S2_MUST_CHECK;

/* The nodes of the struct rb_root at @va in order. S2_LOOP as above. A struct rb_root_cached begins
 * with its root. */
enum s2_code s2_kernel_rbtree(struct s2_kernel *kernel, uint64_t va,
			      bool (*node)(void *arg, uint64_t va), void *arg,
			      struct s2_err *err) S2_MUST_CHECK;

/* What looks like a list head in the kernel's data. */
struct s2_list_candidate {
	uint64_t va;
	uint64_t next, prev; /* never the head itself: empty lists are not shown */
};

/* What a search for lists leaves open, because it is not in the dump. */
struct s2_list_doubt {
	struct s2_gaps gaps;    /* data that was not searched */
	unsigned int unchecked; /* places that may be lists, but what they point to is missing */
	uint64_t va;            /* ... the first of them, */
	enum s2_code code;      /* ... and why */
};

/* One more of the places. */
void s2_list_doubt_add(struct s2_list_doubt *doubt, uint64_t va, enum s2_code code);

/*
 * Every place in the writable part of the kernel image that is a member of a sound list with at
 * least one other member (next->prev and prev->next lead back): heads of lists, but nodes within
 * the image as well. For those who miss a symbol. @doubt is overwritten: that a list is not there
 * is known only when nothing is left open.
 */
enum s2_code s2_kernel_scan_lists(struct s2_kernel *kernel,
				  bool (*candidate)(void *arg,
						    const struct s2_list_candidate *candidate),
				  void *arg, struct s2_list_doubt *doubt,
				  struct s2_err *err) S2_MUST_CHECK;

#endif
