/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Foreign text (names in a dump, file names) in a form that a terminal shows and does not obey. */
#ifndef S2_BASE_ESCAPE_H
#define S2_BASE_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* The length of the well-formed UTF-8 character (Unicode 15, table 3-7) at @text, of which @left
 * bytes are there, at least 1; 0 when it is none. @ret is its code point. */
size_t s2_utf8(const char *text, size_t left, uint32_t *ret);

/*
 * How many bytes at @text (at most @left, which is not 0) are one character that may be printed as
 * it is; 0 when the first byte is to be escaped: it is no well-formed UTF-8,
 * a control (C0, DEL, C1), a line or paragraph separator, or one that changes the direction
 * of what follows.
 */
size_t s2_printable(const char *text, size_t left);

/* How many bytes @text of @len begins with that are printable ASCII, and none of those (" , \) that
 * a format may have to escape: mostly all. */
size_t s2_plain(const char *text, size_t len);

/*
 * @text of @len bytes into @ret of @size bytes, zero-terminated: each byte that may not be printed
 * becomes \xNN. What does not fit is left out at a character's border. Returns the length.
 */
size_t s2_escape(const char *text, size_t len, char *ret, size_t size);

/* How many columns of a terminal UTF-8 @text takes that s2_escape() left. */
unsigned int s2_columns_taken(const char *text);

#endif
