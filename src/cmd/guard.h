/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A temporary file does not outlive the process, whatever ends it. */
#ifndef S2_CMD_GUARD_H
#define S2_CMD_GUARD_H

/* From now on the file @name in the open directory @dir_fd is removed when a signal ends the
 * process; (-1, NULL): there is none any more. For s2_output_request. */
void s2_guard_temporary(int dir_fd, const char *name);

/* Removes it, for signal handlers. */
void s2_guard_remove(void);

#endif
