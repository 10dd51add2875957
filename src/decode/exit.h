/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that a second stage denies, and what the processor tells the hypervisor of them. */
#ifndef S2_DECODE_EXIT_H
#define S2_DECODE_EXIT_H

#include "decode/arch.h"

enum s2_access {
	S2_ACCESS_NONE, /* asked for no access: rights deny nothing */
	S2_ACCESS_READ,
	S2_ACCESS_WRITE,
	S2_ACCESS_EXEC, /* of code of the guest's kernel, */
	S2_ACCESS_EXEC_USER,
	S2_ACCESS_KINDS,
};

/* "read", "write", "exec", "exec-user"; "": S2_ACCESS_NONE */
extern const char *const s2_access_names[S2_ACCESS_KINDS];

/* S2_ACCESS_NONE: no access is called so. */
enum s2_access s2_access_of(const char *name);

bool s2_access_allowed(enum s2_access access, const struct s2_rights *rights);

/* An access that is denied, and the last entry that was read for it. */
struct s2_denied {
	enum s2_access access;
	bool outside; /* beyond what the table translates: no entry was read */
	unsigned int height;
	uint64_t raw;
	enum s2_type type;
	struct s2_path path; /* what the tables above leave */
};

struct s2_guest_exit {
	unsigned int reason;
	uint64_t info;
	bool in_guest; /* it may become an exception in the guest instead */
};

/* How an architecture tells. */
struct s2_guest_exit_ops {
	const char *info; /* what s2_guest_exit.info is, in JSON and text */

	/*
	 * Of an access to memory by the guest at a linear address, through tables of its own or
	 * none. False: not known.
	 */
	bool (*exit)(const struct s2_geometry *geom, const struct s2_denied *denied,
		     struct s2_guest_exit *ret);
};

#endif
