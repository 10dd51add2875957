/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapped bytes that may be gone: a file that was cut while it is read, a disk that fails. */
#ifndef S2_SOURCE_FAULT_H
#define S2_SOURCE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * memcpy(); false, and @to holds anything, when @from could not be read (SIGBUS). Unless @next is
 * 0, also when what was copied ends in a zero and the byte at @from + @next is gone: in the page in
 * which a file that was cut ends, zeros follow without a fault.
 */
bool s2_fault_copy(void *to, const void *from, size_t len, size_t next) S2_MUST_CHECK;

/*
 * For the handler of SIGBUS, which must be installed with SA_NODEFER: does not return when the
 * fault at @address is one that s2_fault_copy() waits for.
 */
void s2_fault_leave(const void *address);

#endif
