// SPDX-License-Identifier: GPL-2.0-or-later
// Raw images: no header, so the addresses come from the command line (--base, --map) or are
// inferred later.
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "source/source.h"

/* Overlapping maps give one address two contents: a mistake, not a thing to resolve by order. */
static enum s2_code check_maps(const struct s2_segment *map, size_t n, uint64_t file_size,
			       struct s2_err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct s2_segment *a = &map[i];

		if (a->file_off >= file_size)
			return s2_fail(err, S2_INVALID,
				       "offset 0x%llx is past the end of the file (size 0x%llx)",
				       (unsigned long long)a->file_off,
				       (unsigned long long)file_size);
		for (size_t j = 0; j < i; j++) {
			const struct s2_segment *b = &map[j];

			if (a->pa < b->pa + b->size && b->pa < a->pa + a->size)
				return s2_fail(err, S2_USAGE,
					       "0x%llx:0x%llx and 0x%llx:0x%llx overlap",
					       (unsigned long long)b->pa,
					       (unsigned long long)b->size,
					       (unsigned long long)a->pa,
					       (unsigned long long)a->size);
		}
	}
	return S2_OK;
}

static enum s2_code raw_open(struct s2_source *source, const struct s2_raw_args *args,
			     struct s2_err *err)
{
	size_t n = args->nmaps ? args->nmaps : 1;
	struct s2_segment *seg = calloc(n, sizeof(*seg));
	enum s2_code code;

	if (!seg)
		return s2_fail(err, S2_NOMEM, "no memory for %zu maps", n);
	if (args->nmaps) {
		memcpy(seg, args->map, n * sizeof(*seg));
		code = check_maps(seg, n, source->file.size, err);
		if (code) {
			free(seg);
			return code;
		}
	} else {
		seg[0] = (struct s2_segment){ .pa = args->base,
					      .size = source->file.size,
					      .file_size = source->file.size };
	}
	return s2_segments_install(source, seg, n, err);
}

void s2_raw_rebase(struct s2_source *source, uint64_t base)
{
	source->seg[0].pa = base;
}

/* Without a probe: it is what nothing else is. */
const struct s2_source_ops s2_source_raw = { .name = "raw", .open = raw_open };
