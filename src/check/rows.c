// SPDX-License-Identifier: GPL-2.0-or-later
// The invariants by name: what each says, which tables it relates, and what is known not to break
// it; what results are called.
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "check/writer.h"

#define HOST_HYP (S2_NEED_KEEPER | S2_NEED_HYP | S2_NEED_MEMORY | S2_NEED_STATES)

/* Guests of either, and all there are. */
#define READS_ANY_GUEST (S2_READS_GUESTS | S2_READS_KEPT)
#define READS_ALL (READS_ANY_GUEST | S2_READS_HOST | S2_READS_HYP)

const struct s2_check_row s2_checks[S2_NCHECKS] = {
	[S2_CHECK_COMPLETE] = { .name = "complete",
				.meaning =
					"every table page of every table can be read, and no table leads back into itself",
				.tables = "all",
				.exceptions = "",
				.tally = S2_TALLY_TABLE_PAGES,
				.of = "table pages",
				.severity = S2_SEV_CORRUPT,
				.reads = READS_ALL },
	[S2_CHECK_ENCODING] = { .name = "encoding",
				.meaning =
					"no descriptor holds a reserved encoding, a misaligned address or one beyond the output size",
				.tables = "all",
				.exceptions = "",
				.tally = S2_TALLY_ENTRIES,
				.of = "entries",
				.severity = S2_SEV_CORRUPT,
				.reads = READS_ALL },
	[S2_CHECK_WRITER] = { .name = "writer",
			      .meaning =
				      "every descriptor is one that KVM writes into this kind of table, bit by bit",
			      .tables = "all",
			      .exceptions =
				      "W, XN and AF of host-managed guests change for good reason; stale fixmap slots of the hypervisor",
			      .tally = S2_TALLY_ENTRIES,
			      .of = "entries",
			      .severity = S2_SEV_CORRUPT,
			      .reads = READS_ALL },
	[S2_CHECK_WX] = { .name = "wx",
			  .meaning =
				  "nothing of the hypervisor is writable and executable, no device memory is executable in a guest",
			  .tables = "hyp, guests",
			  .exceptions = "memory of host and guests is RWX",
			  .tally = S2_TALLY_LEAVES,
			  .of = "leaves",
			  .severity = S2_SEV_ISOLATION,
			  .reads = READS_ANY_GUEST | S2_READS_HYP },
	[S2_CHECK_TABLE_ONCE] = { .name = "table-once",
				  .meaning = "every table page is reached once, from one table",
				  .tables = "all",
				  .exceptions = "",
				  .tally = S2_TALLY_TABLE_PAGES,
				  .of = "table pages",
				  .severity = S2_SEV_ISOLATION,
				  .reads = READS_ALL },
	[S2_CHECK_TABLE_EMPTY] = { .name = "table-empty",
				   .meaning =
					   "no table page below the start level is empty: KVM frees those",
				   .tables = "all",
				   .exceptions = "a mapping that ran out of memory half-way",
				   .tally = S2_TALLY_TABLE_PAGES,
				   .of = "table pages",
				   .severity = S2_SEV_CORRUPT,
				   .reads = READS_ALL },
	[S2_CHECK_TABLE_HIDDEN] = { .name = "table-hidden",
				    .meaning =
					    "no table page is mapped in a guest, and none of a guest's belongs to the hypervisor unless it keeps it",
				    .tables = "all, guests",
				    .exceptions = "",
				    .tally = S2_TALLY_MEMORY,
				    .of = "pages of memory",
				    .severity = S2_SEV_ISOLATION,
				    .reads = READS_ALL | S2_READS_PAGES },
	[S2_CHECK_REFCOUNT] = { .name = "refcount",
				.meaning =
					"the reference count of every table page is 1 and its entries that are not 0",
				.tables = "all, struct page or hyp_vmemmap",
				.exceptions =
					"up to 6.1 the hypervisor's first tables count only entries of its linear map",
				.tally = S2_TALLY_OWN,
				.of = "table pages",
				.severity = S2_SEV_CORRUPT,
				.needs = S2_NEED_KERNEL,
				.reads = READS_ALL },
	[S2_CHECK_MEMSLOTS] = { .name = "memslots",
				.meaning =
					"a guest is mapped nothing outside of its memslots, and nothing writable in a read-only one",
				.tables = "guests, memslots",
				.exceptions =
					"device pages outside of the memory: the interrupt controller's (GICV)",
				.tally = S2_TALLY_OWN,
				.of = "leaves",
				.severity = S2_SEV_ISOLATION,
				.reads = READS_ANY_GUEST | S2_READS_PAGES },
	[S2_CHECK_VMM] = { .name = "vmm",
			   .meaning =
				   "a guest's page is its VMM's at that memslot's address, or its guest_memfd's, and writable only if there",
			   .tables =
				   "host-managed guests, the VMM's page tables, files of guest_memfd",
			   .exceptions = "",
			   .tally = S2_TALLY_OWN,
			   .of = "leaves",
			   .severity = S2_SEV_ISOLATION,
			   .needs = S2_NEED_KERNEL | S2_NEED_VMS,
			   .reads = S2_READS_GUESTS },
	[S2_CHECK_TWO_GUESTS] = { .name = "two-guests",
				  .meaning = "no page is writable in two guests",
				  .tables = "host-managed guests",
				  .exceptions =
					  "memory that both VMMs map at these memslots' addresses: shared on purpose",
				  .tally = S2_TALLY_LEAVES,
				  .of = "leaves",
				  .severity = S2_SEV_ISOLATION,
				  .needs = S2_NEED_VMS,
				  .reads = S2_READS_GUESTS | S2_READS_PAGES },
	[S2_CHECK_LOCKED] = { .name = "locked",
			      .meaning = "no entry is locked for break-before-make",
			      .tables = "guests, host",
			      .exceptions =
				      "a vCPU that was handling a fault when the dump was taken",
			      .tally = S2_TALLY_ENTRIES,
			      .of = "entries",
			      .severity = S2_SEV_CORRUPT,
			      .reads = READS_ANY_GUEST | S2_READS_HOST },
	[S2_CHECK_HOST_IDENTITY] = { .name = "host-identity",
				     .meaning =
					     "the host's stage 2 maps every address to itself (I1)",
				     .tables = "host",
				     .exceptions = "",
				     .tally = S2_TALLY_LEAVES,
				     .of = "leaves",
				     .severity = S2_SEV_ISOLATION,
				     .needs = S2_NEED_KEEPER,
				     .reads = S2_READS_HOST },
	[S2_CHECK_HOST_PROT] = { .name = "host-prot",
				 .meaning =
					 "the host's leaves are RWX on memory, RW and not executable elsewhere, and never both at once (I2)",
				 .tables = "host",
				 .exceptions =
					 "since 6.18 the hypervisor's text stays readable for the host",
				 .tally = S2_TALLY_LEAVES,
				 .of = "leaves",
				 .severity = S2_SEV_ISOLATION,
				 .needs = S2_NEED_KEEPER | S2_NEED_MEMORY,
				 .reads = S2_READS_HOST },
	[S2_CHECK_HOST_STATE] = { .name = "host-state",
				  .meaning =
					  "a state other than owned stands in pages only, never in blocks, and is never 11 (I19)",
				  .tables = "host",
				  .exceptions = "",
				  .tally = S2_TALLY_LEAVES,
				  .of = "leaves",
				  .severity = S2_SEV_CORRUPT,
				  .needs = S2_NEED_KEEPER | S2_NEED_HOST_PTE,
				  .reads = S2_READS_HOST },
	[S2_CHECK_HYP_ADDRESS] = { .name = "hyp-address",
				   .meaning =
					   "the hypervisor's linear map has one offset, its text is identity-mapped, its page array lies without gaps",
				   .tables = "hyp",
				   .exceptions =
					   "devices, stacks and fixmap slots in the private range",
				   .tally = S2_TALLY_LEAVES,
				   .of = "leaves",
				   .severity = S2_SEV_ISOLATION,
				   .needs = S2_NEED_KEEPER | S2_NEED_HYP | S2_NEED_MEMORY,
				   .reads = S2_READS_HYP | S2_READS_PAGES },
	[S2_CHECK_HYP_PROT] = { .name = "hyp-prot",
				.meaning =
					"the hypervisor maps the kernel image as the kernel does: text RX, data of constants R, the rest and all else RW",
				.tables = "hyp, swapper_pg_dir",
				.exceptions =
					"what it lends to the host (SHARED_OWNED) it maps read-only",
				.tally = S2_TALLY_LEAVES,
				.of = "leaves",
				.severity = S2_SEV_ISOLATION,
				.needs = S2_NEED_KEEPER | S2_NEED_HYP | S2_NEED_MEMORY |
					 S2_NEED_KERNEL,
				.reads = S2_READS_HYP },
	[S2_CHECK_HYP_RESERVED] = { .name = "hyp-reserved",
				    .meaning =
					    "every page of the memory that is reserved for the hypervisor is mapped there, writable, and not the host's",
				    .tables = "hyp, host",
				    .exceptions = "",
				    .tally = S2_TALLY_MEMORY,
				    .of = "pages of memory",
				    .severity = S2_SEV_ISOLATION,
				    .needs = S2_NEED_KEEPER | S2_NEED_HYP | S2_NEED_MEMORY,
				    .reads = S2_READS_HOST | S2_READS_HYP | S2_READS_PAGES },
	[S2_CHECK_HYP_OWNS] = { .name = "hyp-owns",
				.meaning =
					"the host has given a page to the hypervisor if and only if that owns and maps it (I3)",
				.tables = "host, hyp",
				.exceptions =
					"EL2 stacks (private range; the host's up to 7.1); donated pages mapped only there; fixmap slots in use",
				.tally = S2_TALLY_MEMORY,
				.of = "pages of memory",
				.severity = S2_SEV_ISOLATION,
				.needs = HOST_HYP,
				.reads = S2_READS_HOST | S2_READS_HYP | S2_READS_PAGES },
	[S2_CHECK_HOST_NOPAGE] = { .name = "host-nopage",
				   .meaning =
					   "the host's state is NOPAGE exactly where its entry is annotated (I4)",
				   .tables = "host, hyp_vmemmap",
				   .exceptions =
					   "since 6.18 the hypervisor's text: NOPAGE, and still mapped read-only",
				   .tally = S2_TALLY_MEMORY,
				   .of = "pages of memory",
				   .severity = S2_SEV_ISOLATION,
				   .needs = S2_NEED_KEEPER | S2_NEED_MEMORY | S2_NEED_VMEMMAP |
					    S2_NEED_HOST_VMM,
				   .reads = S2_READS_HOST | S2_READS_HYP | S2_READS_PAGES },
	[S2_CHECK_HOST_KEEPS] = { .name = "host-keeps",
				  .meaning =
					  "the host's entry is empty or valid where it owns, shares or borrows the page (I5)",
				  .tables = "host, hyp_vmemmap",
				  .exceptions = "",
				  .tally = S2_TALLY_MEMORY,
				  .of = "pages of memory",
				  .severity = S2_SEV_CORRUPT,
				  .needs = S2_NEED_KEEPER | S2_NEED_MEMORY | S2_NEED_VMEMMAP |
					   S2_NEED_HOST_VMM,
				  .reads = S2_READS_HOST | S2_READS_PAGES },
	[S2_CHECK_HYP_BORROWS] = { .name = "hyp-borrows",
				   .meaning =
					   "what the hypervisor borrows the host shares, with no guest; what it lends the host borrows (I6)",
				   .tables = "hyp, host",
				   .exceptions = "",
				   .tally = S2_TALLY_MEMORY,
				   .of = "pages of memory",
				   .severity = S2_SEV_ISOLATION,
				   .needs = HOST_HYP,
				   .reads = S2_READS_HOST | S2_READS_HYP | S2_READS_PAGES },
	[S2_CHECK_HOST_SHARES] = { .name = "host-shares",
				   .meaning =
					   "what the host shares somebody borrows: the hypervisor, a guest, or FF-A; what it borrows somebody lends (I7)",
				   .tables = "host, hyp, guests",
				   .exceptions =
					   "pages without a borrower once the host has set up FF-A: they are the secure world's",
				   .tally = S2_TALLY_MEMORY,
				   .of = "pages of memory",
				   .severity = S2_SEV_CORRUPT,
				   .needs = HOST_HYP,
				   .reads = S2_READS_HOST | S2_READS_HYP | S2_READS_KEPT |
					    S2_READS_PAGES },
	[S2_CHECK_HYP_PINS] = { .name = "hyp-pins",
				.meaning =
					"a page that the hypervisor borrows is mapped there exactly while it is pinned (I9)",
				.tables = "hyp, hyp_vmemmap",
				.exceptions = "",
				.tally = S2_TALLY_MEMORY,
				.of = "pages of memory",
				.severity = S2_SEV_CORRUPT,
				.needs = HOST_HYP | S2_NEED_VMEMMAP | S2_NEED_HYP_VMM,
				.reads = S2_READS_HYP | S2_READS_PAGES },
	[S2_CHECK_SHARE_COUNT] = { .name = "share-count",
				   .meaning =
					   "host_share_guest_count is the number of guest pages that borrow the page (I8)",
				   .tables = "hyp_vmemmap, hypervisor-managed guests",
				   .exceptions = "",
				   .tally = S2_TALLY_MEMORY,
				   .of = "pages of memory",
				   .severity = S2_SEV_CORRUPT,
				   .needs = S2_NEED_KEEPER | S2_NEED_MEMORY | S2_NEED_VMEMMAP |
					    S2_NEED_HOST_VMM | S2_NEED_GUESTS,
				   .reads = S2_READS_KEPT | S2_READS_PAGES },
	[S2_CHECK_GUEST_STATE] = { .name = "guest-state",
				   .meaning =
					   "what a guest borrows the host shares, what it owns is donated to it, what it shares the host borrows (I10)",
				   .tables = "hypervisor-managed guests, host",
				   .exceptions = "",
				   .tally = S2_TALLY_MEMORY,
				   .of = "pages of memory",
				   .severity = S2_SEV_ISOLATION,
				   .needs = S2_NEED_KEEPER | S2_NEED_MEMORY | S2_NEED_GUESTS |
					    S2_NEED_STATES,
				   .reads = S2_READS_HOST | S2_READS_KEPT | S2_READS_PAGES },
	[S2_CHECK_DONATION] = { .name = "donation",
				.meaning =
					"a page that is annotated as a guest's is a page of that guest, at that address (I11)",
				.tables = "host, hypervisor-managed guests",
				.exceptions =
					"a guest that was being torn down when the dump was taken",
				.tally = S2_TALLY_MEMORY,
				.of = "pages of memory",
				.severity = S2_SEV_CORRUPT,
				.needs = S2_NEED_KEEPER | S2_NEED_MEMORY | S2_NEED_DONATED,
				.reads = S2_READS_HOST | S2_READS_KEPT | S2_READS_PAGES },
	[S2_CHECK_ISOLATION] = { .name = "isolation",
				 .meaning =
					 "no page is writable for two of host, hypervisor and guests, except along a recorded share (I12)",
				 .tables = "host, hyp, guests",
				 .exceptions =
					 "EL2 stacks up to 7.1; fixmap slots in use; what the host borrows its guests may read (the zero page up to 6.1)",
				 .tally = S2_TALLY_MEMORY,
				 .of = "pages of memory",
				 .severity = S2_SEV_ISOLATION,
				 .needs = S2_NEED_KEEPER | S2_NEED_HYP | S2_NEED_MEMORY,
				 .reads = READS_ALL | S2_READS_PAGES },
	[S2_CHECK_TABLE_OWNER] = { .name = "table-owner",
				   .meaning =
					   "every table page of host, hypervisor and hypervisor-managed guests belongs to the hypervisor (I13)",
				   .tables = "host, hyp, hypervisor-managed guests",
				   .exceptions = "",
				   .tally = S2_TALLY_MEMORY,
				   .of = "pages of memory",
				   .severity = S2_SEV_ISOLATION,
				   .needs = S2_NEED_KEEPER | S2_NEED_MEMORY,
				   .reads = S2_READS_HOST | S2_READS_HYP | S2_READS_KEPT |
					    S2_READS_PAGES },
	[S2_CHECK_MAPPINGS] = { .name = "mappings",
				.meaning =
					"the host's list of what it mapped into a guest equals the guest's table (I16)",
				.tables = "hypervisor-managed guests, kvm_pgtable.pkvm_mappings",
				.exceptions = "poisoned pages stay in the host's list",
				.tally = S2_TALLY_LEAVES,
				.of = "leaves",
				.severity = S2_SEV_CORRUPT,
				.needs = S2_NEED_KEEPER | S2_NEED_GUESTS | S2_NEED_KERNEL,
				.reads = S2_READS_KEPT },
	[S2_CHECK_HYP_VM] = { .name = "hyp-vm",
			      .meaning =
				      "handles of guests are those of their places in vm_table, and the host's VM knows the same (I17)",
			      .tables = "vm_table",
			      .exceptions = "reserved places",
			      .tally = S2_TALLY_OWN,
			      .of = "guests",
			      .severity = S2_SEV_CORRUPT,
			      .needs = S2_NEED_KEEPER | S2_NEED_KERNEL | S2_NEED_HYP_VM },
	[S2_CHECK_VM_SHARED] = { .name = "vm-shared",
				 .meaning =
					 "the host's struct kvm of a guest in vm_table is shared with the hypervisor and pinned (I18)",
				 .tables = "vm_table, host, hyp",
				 .exceptions = "",
				 .tally = S2_TALLY_OWN,
				 .of = "guests",
				 .severity = S2_SEV_CORRUPT,
				 .needs = HOST_HYP | S2_NEED_KERNEL | S2_NEED_HYP_VM,
				 .reads = S2_READS_HOST | S2_READS_HYP | S2_READS_PAGES },
};

const struct s2_check_row *s2_check_find(const char *name, size_t len)
{
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (strlen(s2_checks[i].name) == len && !memcmp(s2_checks[i].name, name, len))
			return &s2_checks[i];
	return NULL;
}

void s2_check_exceptions(const struct s2_check_row *row, char ret[S2_CHECK_EXCEPTIONS_LEN])
{
	size_t len = 0, id = (size_t)(row - s2_checks);

	for (unsigned int i = 0; i <= s2_nwriters && len < S2_CHECK_EXCEPTIONS_LEN; i++) {
		const char *const *writer = i < s2_nwriters ? s2_writers[i]->exceptions : NULL;
		const char *text = i == s2_nwriters ? row->exceptions : writer ? writer[id] : NULL;

		len += (size_t)snprintf(ret + len, S2_CHECK_EXCEPTIONS_LEN - len, "%s%s",
					len && text && *text ? "; " : "", text ? text : "");
	}
}

const char *s2_check_result_name(enum s2_check_result result)
{
	switch (result) {
	case S2_CHECK_PASS:
		return "pass";
	case S2_CHECK_FAIL:
		return "fail";
	case S2_CHECK_SKIPPED:
		return "skipped";
	case S2_CHECK_UNKNOWN:
		break;
	}
	return "unknown";
}
