/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pKVM: who owns a page and in which state, from descriptors, annotations and the hypervisor's page
 * array. */
#ifndef S2_HOST_PKVM_ENCODING_H
#define S2_HOST_PKVM_ENCODING_H

#include <stddef.h>

#include "base/mem.h"
#include "decode/arch.h"

/* To whom a page belongs. Values of the kernel's enum pkvm_component_id moved; these are ours. */
enum s2_owner {
	S2_OWNER_NONE, /* not known, or nobody's */
	S2_OWNER_HOST,
	S2_OWNER_HYP,
	S2_OWNER_FFA,
	S2_OWNER_GUEST,
	S2_OWNER_OTHER, /* an id that no enumerator of this kernel names */
	S2_NOWNERS,
};

/* Of a page, as the component whose table is looked at sees it (enum pkvm_page_state). */
enum s2_page_state {
	S2_STATE_NONE,
	S2_STATE_OWNED,
	S2_STATE_SHARED_OWNED,
	S2_STATE_SHARED_BORROWED,
	S2_STATE_NOPAGE,
	S2_STATE_LOCKED,   /* break-before-make is under way */
	S2_STATE_POISONED, /* taken away from the guest by force */
	S2_STATE_RESERVED, /* a value that means nothing */
	S2_NSTATES,
};

/* Where owner and state were read. */
enum s2_own_from {
	S2_FROM_NONE,
	S2_FROM_PTE,
	S2_FROM_ANNOTATION,
	S2_FROM_VMEMMAP,
	S2_FROM_MISSING, /* they stand in hyp_vmemmap, which is not in the dump there */
};

struct s2_own {
	uint8_t owner;       /* enum s2_owner */
	uint8_t state;       /* enum s2_page_state */
	uint8_t from;        /* enum s2_own_from */
	uint8_t id;          /* the raw owner id of an annotation */
	bool have_handle;    /* handle and gfn count: owner GUEST */
	uint8_t missing;     /* enum s2_code: why the page's struct hyp_page was not read, */
	uint32_t handle;     /* of the guest */
	uint64_t gfn;        /* of the first page */
	uint64_t missing_pa; /* ... and where it is */
};

/* JSON names, and the kernel's: "hyp", "owned" and "PKVM_PAGE_OWNED". "" for NONE. */
const char *s2_owner_json(enum s2_owner owner);
const char *s2_page_state_json(enum s2_page_state state);
const char *s2_page_state_text(enum s2_page_state state);
const char *s2_own_from_json(enum s2_own_from from);

/* What the table is to pKVM. */
enum s2_pkvm_role {
	S2_PKVM_NONE, /* nothing: the host keeps it */
	S2_PKVM_HOST, /* the host's stage 2, an identity map */
	S2_PKVM_HYP,  /* the hypervisor's stage 1 */
	S2_PKVM_GUEST /* stage 2 of a guest that the hypervisor manages */
};

/* How invalid entries say whose the page is (arch/arm64/kvm/hyp/pgtable.c, nvhe/mem_protect.c). */
enum s2_annotation {
	S2_ANNOTATION_NONE,
	S2_ANNOTATION_HIGH,  /* up to 5.14: owner id in [63:56], at any level */
	S2_ANNOTATION_LOW,   /* 5.15 to 7.0: owner id in [9:2], pages only; later bit 10 locks */
	S2_ANNOTATION_TYPED, /* 7.1: type in [63:60]; a donation's owner in [3:1], handle [19:4],
				gfn [59:20] */
};

/* Where a component keeps the state of its pages. */
enum s2_state_in { S2_STATE_UNTRACKED, S2_STATE_IN_PTE, S2_STATE_IN_VMEMMAP };

/* Of enum kvm_invalid_pte_type. */
enum s2_invalid_type { S2_INVALID_LOCKED, S2_INVALID_DONATION, S2_INVALID_POISONED, S2_NINVALID };

/* Memory as the hypervisor was told of it (hyp_memory[]). */
struct s2_pkvm_region {
	uint64_t pa;
	uint64_t size;
	bool nomap;
};

/* A part of hyp_vmemmap that is backed: struct hyp_page of @n pages from @pfn on lie at @pa. */
struct s2_vmemmap_piece {
	uint64_t pfn;
	uint64_t n;
	uint64_t pa;
};

/* struct hyp_page, as bits of its (at most 8) bytes; 0: the kernel has no such member. */
struct s2_hyp_page_bits {
	uint8_t size;
	uint64_t refcount;
	uint64_t order;
	uint64_t host;
	uint64_t hyp;   /* kept XORed with 3, so that zeroed memory means NOPAGE */
	uint64_t share; /* host_share_guest_count */
};

/* Per CPU: struct kvm_nvhe_init_params, what EL2's registers were given. */
struct s2_pkvm_cpu {
	uint64_t stack_va; /* end of the stack in the hypervisor's address space */
	uint64_t stack_pa;
	uint64_t pa; /* of the structure */
};

#define S2_MEMATTR_UNKNOWN 0xff

/* What a protected system's tables mean; filled by s2_pkvm_find() or from a snapshot's note. */
struct s2_pkvm {
	enum s2_annotation annotation;
	bool locked_bit;      /* LOW: bit 10 means locked */
	bool guests;          /* the hypervisor keeps guests' tables and knows what they own */
	bool hyp_vms;         /* ... or at least knows them (struct pkvm_hyp_vm) */
	bool text_stays;      /* the host may keep the hypervisor's text mapped, read-only (6.18) */
	bool split_xn;        /* XN is written as two bits (6.19: KVM_PGTABLE_PROT_PX) */
	enum s2_tristate ffa; /* does the host share memory with FF-A? */
	enum s2_state_in host_in, hyp_in;
	int16_t id[S2_NOWNERS];    /* owner ids, -1: this kernel has none */
	uint8_t type[S2_NINVALID]; /* TYPED: values of the types */
	uint8_t value[S2_NSTATES]; /* VMEMMAP: values of OWNED..NOPAGE */
	uint8_t host_memattr;      /* that the host's leaves carry, or S2_MEMATTR_UNKNOWN */
	struct s2_hyp_page_bits page;
	uint64_t phys_offset; /* hypervisor linear map: PA = VA + this, mod 2^64 */
	bool have_vmemmap;
	uint64_t vmemmap_va;
	struct s2_vmemmap_piece *piece; /* sorted by pfn */
	size_t npieces;
	bool have_memory;
	struct s2_pkvm_region *memory; /* sorted, disjoint */
	size_t nmemory;
	uint64_t reserved_pa; /* what the host set aside for the hypervisor; size 0: not known */
	uint64_t reserved_size;
	struct s2_pkvm_cpu *cpu;
	size_t ncpus;
	bool cpus_lost;        /* there are more, or may be: not all of them were found */
	uint32_t handle_first; /* handle of vm_table[0] */
};

/* What an invalid entry of a table of @role says; NONE when it is 0 or says nothing that is known. */
struct s2_own s2_pkvm_invalid(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t raw);

/* What the software bits [56:55] of a valid leaf say. */
struct s2_own s2_pkvm_leaf(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t raw);

/* Where these are, for people. */
struct s2_fields s2_pkvm_marks(enum s2_where where);

/* What a struct hyp_page word says to the component with a table of @role. */
struct s2_own s2_pkvm_word(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t word);

/* State of a component from a struct hyp_page word; @bits is page.host or page.hyp. */
enum s2_page_state s2_pkvm_host_state(const struct s2_pkvm *pkvm, uint64_t word);
enum s2_page_state s2_pkvm_hyp_state(const struct s2_pkvm *pkvm, uint64_t word);

/* References to the page from its struct hyp_page word; 0 when this kernel counts none. */
static inline uint64_t s2_pkvm_refs(const struct s2_pkvm *pkvm, uint64_t word)
{
	return pkvm->page.refcount ? field_get(pkvm->page.refcount, word) : 0;
}

/* The region of memory that holds @pa, or NULL; @ret_next: where the answer may change. */
const struct s2_pkvm_region *s2_pkvm_memory_at(const struct s2_pkvm *pkvm, uint64_t pa,
					       uint64_t *ret_next);

/*
 * The struct hyp_page of the page at @pa, and in @ret_left how many pages from there on stand
 * behind each other. S2_NOTFOUND: hyp_vmemmap is not known or not backed there, nor for so many
 * pages.
 */
enum s2_code s2_pkvm_page_pa(const struct s2_pkvm *pkvm, unsigned int page_log2, uint64_t pa,
			     uint64_t *ret, uint64_t *ret_left);
/* The word of the page at @pa; errors as above, and those of the memory itself. */
enum s2_code s2_pkvm_page(const struct s2_pkvm *pkvm, const struct s2_mem *mem,
			  unsigned int page_log2, uint64_t pa, uint64_t *ret);

#endif
