/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a refused request lacks, in the words of the command line. */
#ifndef S2_CMD_REFUSE_H
#define S2_CMD_REFUSE_H

#include "open/request.h"
#include "options.h"

/* Adds to @err, which came with @code, the options that it is about. Returns @code. */
enum s2_code s2_refuse(const struct s2_options *options, const struct s2_refusal *refusal,
		       enum s2_code code, struct s2_err *err);

/* The option that claim @i of @regime was given by: that for no, where it was. */
const char *s2_given_by(const struct s2_regime *regime, unsigned int i);

#endif
