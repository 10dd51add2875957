/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compressions of kdump pages: whole blocks, decompressed into a buffer of known size. */
#ifndef S2_SOURCE_CODEC_H
#define S2_SOURCE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Every flag of a page that stands for a compression (makedumpfile's diskdump_mod.h,
 * DUMP_DH_COMPRESSED_*).
 */
#define S2_CODEC_FLAGS 0x27U

/*
 * Decompresses @in, a page with one of S2_CODEC_FLAGS in @flags, to exactly @out_size bytes.
 * S2_DAMAGED when the data is broken; S2_NOMEM; S2_IO when s2dump was built without the codec,
 * which is then named.
 */
enum s2_code s2_codec_decompress(uint32_t flags, const void *in, size_t in_size, void *out,
				 size_t out_size, struct s2_err *err) S2_MUST_CHECK;

/* The names of those that are built in, @at from 0 on; NULL at their end. */
const char *s2_codec_next(size_t *at);

#endif
