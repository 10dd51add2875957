/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs that make images write: FOLDER/N.EXT. */
#ifndef WRITE_FILE_H
#define WRITE_FILE_H

#include <stdio.h>
#include <stdlib.h>

static inline void write_file(const char *folder, size_t n, const char *ext, const void *data,
			      size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%zu.%s", folder, n, ext);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

#endif
