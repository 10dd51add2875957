/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that are wider than a terminal, broken where it does not hurt. */
#ifndef S2_BASE_FOLD_H
#define S2_BASE_FOLD_H

#include <stddef.h>

/* @least: so many columns the last word of a line is taken to have, that lines of one table are
 * broken at one place whatever stands there. */
struct s2_fold {
	unsigned int width; /* of the terminal; 0: nothing is broken */
	unsigned int least;
};

/*
 * @line of @len bytes, without its end, broken between columns: a word and the blanks up to the next
 * one stay together. What follows is indented; of a remark ("# ") it is a remark, too. Of a row
 * ("0x...") nothing follows where there is nothing but "-". @put gets the pieces, "\n" among them.
 */
void s2_fold_line(const struct s2_fold *fold, const char *line, size_t len,
		  void (*put)(void *arg, const char *text, size_t len), void *arg);

#endif
