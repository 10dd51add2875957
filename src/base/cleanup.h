/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owned locals: released when they leave their scope, handed out with s2_take(). */
#ifndef S2_BASE_CLEANUP_H
#define S2_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void s2_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void s2_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define s2_auto_free __attribute__((cleanup(s2_free_ptr)))
#define s2_auto_close __attribute__((cleanup(s2_close_fd)))

/* The pointer in @p, which is NULL from now on: ownership moves to the caller. */
#define s2_take(p) \
	__extension__({ \
		__typeof__(p) p_ = &*(p); \
		__typeof__(*p_) v_ = *p_; \
		*p_ = NULL; \
		v_; \
	})

#endif
