/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far that has come which takes long: written by whoever does it, read by whoever shows it. */
#ifndef S2_BASE_METER_H
#define S2_BASE_METER_H

#include <stdint.h>

/* In bytes. Volatile, because a signal handler reads it. */
struct s2_meter {
	volatile uint64_t done;
	volatile uint64_t total; /* as soon as @done reaches it: how much there is is not known */
};

/* @meter may be NULL. */
static inline void s2_meter_add(struct s2_meter *meter, uint64_t bytes)
{
	if (meter)
		meter->done += bytes;
}

/* So much will be added from now on; 0: nobody knows. */
static inline void s2_meter_expect(struct s2_meter *meter, uint64_t bytes)
{
	if (meter)
		meter->total = meter->done + bytes;
}

#endif
