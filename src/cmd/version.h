/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this build is: its version, and what it can read. */
#ifndef S2_CMD_VERSION_H
#define S2_CMD_VERSION_H

#include "base/out.h"

void s2_version_print(struct s2_out *out);

#endif
