/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables that an input holds: from options, from a snapshot's note, or from the kernel in a
 * dump. */
#ifndef S2_HOST_TABLES_H
#define S2_HOST_TABLES_H

#include "base/lost.h"
#include "model/table.h"
#include "source/source.h"

enum s2_kvm_mode {
	S2_KVM_UNKNOWN = 0,
	S2_KVM_VHE,
	S2_KVM_NVHE,
	S2_KVM_PROTECTED,
	S2_KVM_NESTED, /* VHE, and guests may be hypervisors (kvm-arm.mode=nested) */
	S2_NKVM_MODES,
};

/* "vhe", "nvhe", "protected", "nested", "unknown" */
const char *s2_kvm_mode_name(enum s2_kvm_mode mode);

struct s2_host;

/* More tables than a host can have VMs, nested ones included; beyond it the input is lying. */
#define S2_MAX_TABLES 65535

struct s2_tables {
	struct s2_table *table;
	size_t n, room;
	size_t most;       /* that there may be, 0: as many as any host has */
	struct s2_vm **vm; /* whose they are */
	size_t nvm, vm_room;
	uint32_t *by_id; /* a hash of ids: 1 + index, 0 free; 2 * room places */
	enum s2_kvm_mode mode;
	char mode_why[96]; /* what the mode was seen from, "" when not known */
	char found[128];   /* how the VMs were found, "" when they were not looked for */
	unsigned int nvms; /* VMs, with or without a table */
	bool chosen; /* of all there were, some: here, or for the snapshot that they are from */
	char release[96];  /* of the kernel, "" when not known */
	char build_id[64]; /* hex, "" when not known */
	/* What a row of s2_hosts[] knows that all of these share: of a system has one at most. */
	const struct s2_host *keeper;
	void *kept;
};

void s2_tables_free(struct s2_tables *tables);

/* Gives up the tables, not what is known of the system. */
void s2_tables_drop(struct s2_tables *tables);

/* Adds a copy of @table; its id must be new (S2_INVALID otherwise). S2_BUDGET: @tables->most are
 * there. */
enum s2_code s2_tables_add(struct s2_tables *tables, const struct s2_table *table,
			   struct s2_err *err) S2_MUST_CHECK;

/* Takes @vm, also when it fails: it is freed with the tables. */
enum s2_code s2_tables_own(struct s2_tables *tables, struct s2_vm *vm,
			   struct s2_err *err) S2_MUST_CHECK;

/* The note by which a snapshot describes itself, of S2_SNAPSHOT_NOTE: the payload is JSON. */
#define S2_SNAPSHOT_NOTE_TYPE 0x53324431 /* "S2D1" */
/* Of its layout: a reader refuses what is newer. */
#define S2_SNAPSHOT_NOTE_VERSION 1

/* Reads the tables of a snapshot from its note, and into the source's losses what was lost already
 * when it was made. */
enum s2_code s2_snapshot_tables(const struct s2_source *source, struct s2_tables *ret,
				struct s2_err *err) S2_MUST_CHECK;

/* The note's payload for @tables and what was lost of them, to be freed by the caller; NULL without
 * memory. */
char *s2_snapshot_note(const struct s2_tables *tables, const struct s2_lost *lost);

/* The same in at most so many bytes of memory for each of its parts, and in no more text than is
 * read. S2_BUDGET: it would be more. */
enum s2_code s2_snapshot_note_within(const struct s2_tables *tables, const struct s2_lost *lost,
				     uint64_t most, char **ret, struct s2_err *err) S2_MUST_CHECK;

#endif
