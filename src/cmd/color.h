/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What terminal does text go to, and is it to have colours? */
#ifndef S2_CMD_COLOR_H
#define S2_CMD_COLOR_H

#include "options.h"

/* As --color says; `auto`: where @out goes to a terminal that knows colours, and NO_COLOR is not
 * set. To be asked when it is known where @out goes. */
bool s2_colors(const struct s2_options *options, const struct s2_out *out);

/* Columns of the terminal that @out goes to; 0 when it goes to none, or they are not known. */
unsigned int s2_terminal_width(const struct s2_out *out);

/* Has lines of text that are wider than the terminal broken, where @out goes to one; @least: see
 * base/fold.h. */
void s2_fold_text(const struct s2_options *options, struct s2_out *out, unsigned int least);

#endif
