/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pKVM in a Linux kernel's memory: the tables of a protected system, and what its marks mean. */
#ifndef S2_HOST_PKVM_PKVM_H
#define S2_HOST_PKVM_PKVM_H

#include "base/lost.h"
#include "host/kvm/arm64/layout.h"
#include "host/pkvm/annotate.h"
#include "host/tables.h"

/*
 * Adds the tables `host` (stage 2) and `hyp` (stage 1 of EL2) to @tables, and what s2_pkvm_of()
 * answers. By symbols of the nVHE image, or, where the kernel keeps none of data, by searching its
 * image for structures that point at each other as those must. What of them could not be had goes
 * to @lost. S2_NOTFOUND: there is no host stage 2.
 */
enum s2_code s2_pkvm_find(struct s2_kernel *kernel, const struct s2_mem *mem,
			  const struct s2_kvm_arm64_layout *layout, struct s2_lost *lost,
			  struct s2_tables *tables, struct s2_err *err) S2_MUST_CHECK;

/* A guest that the hypervisor manages: struct pkvm_hyp_vm. */
struct s2_pkvm_guest {
	uint32_t handle;
	uint32_t vmid;        /* 0: not known */
	uint64_t pa;          /* of the structure */
	uint64_t host_kvm_pa; /* of the host's struct kvm, 0 when it is not known */
	uint64_t root_pa;
	uint64_t vtcr;
	enum s2_code unread; /* why not all of the structure is known; S2_OK: all of it is */
};

/*
 * The guests in vm_table[], in its order; to be freed by the caller. Guests without a table of
 * their own (6.6 to 6.13: the host's is used) have root_pa 0, and so have those whose structure
 * could not be read: see unread. S2_NOTFOUND: this kernel has no vm_table, or its symbol is not
 * known; a missing code: vm_table was not read.
 */
enum s2_code s2_pkvm_guests(struct s2_kernel *kernel, const struct s2_mem *mem,
			    const struct s2_kvm_arm64_layout *layout, struct s2_pkvm *pkvm,
			    struct s2_pkvm_guest **ret, size_t *ret_n,
			    struct s2_err *err) S2_MUST_CHECK;

void s2_pkvm_free(struct s2_pkvm *pkvm);

extern const struct s2_host s2_pkvm_host;

/* What is known of the system that @tables are of; NULL: it is not protected, or its host stage 2
 * was not found. */
static inline struct s2_pkvm *s2_pkvm_of(const struct s2_tables *tables)
{
	return tables->keeper == &s2_pkvm_host ? tables->kept : NULL;
}

#endif
