// SPDX-License-Identifier: GPL-2.0-or-later
// One row per compression; a library that was not there at build time leaves its row without a
// function.
#include "source/codec.h"

#include <stdbool.h>
#include <zlib.h>
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/bits.h"

typedef bool codec_fn(const void *in, size_t in_size, void *out, size_t out_size);

static bool zlib_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	uLongf size = out_size;

	return uncompress(out, &size, in, in_size) == Z_OK && size == out_size;
}

#ifdef HAVE_LZO
static bool lzo_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	lzo_uint size = out_size;

	return lzo1x_decompress_safe(in, in_size, out, &size, NULL) == LZO_E_OK && size == out_size;
}
#else
#define lzo_decompress NULL
#endif

#ifdef HAVE_SNAPPY
static bool snappy_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	size_t size;

	/* The length stands in front of the data: it must fit before anything is written. */
	if (snappy_uncompressed_length(in, in_size, &size) != SNAPPY_OK || size != out_size)
		return false;
	return snappy_uncompress(in, in_size, out, &size) == SNAPPY_OK && size == out_size;
}
#else
#define snappy_decompress NULL
#endif

#ifdef HAVE_ZSTD
static bool zstd_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	return ZSTD_decompress(out, out_size, in, in_size) == out_size;
}
#else
#define zstd_decompress NULL
#endif

/* To add a codec: its flag (also in S2_CODEC_FLAGS), its name, and a function or NULL. */
static const struct {
	uint32_t flag;
	const char *name;
	codec_fn *decompress;
} codecs[] = {
	{ 0x01, "zlib", zlib_decompress },
	{ 0x02, "lzo", lzo_decompress },
	{ 0x04, "snappy", snappy_decompress },
	{ 0x20, "zstd", zstd_decompress },
};

const char *s2_codec_next(size_t *at)
{
	while (*at < ARRAY_SIZE(codecs) && !codecs[*at].decompress)
		++*at;
	return *at < ARRAY_SIZE(codecs) ? codecs[(*at)++].name : NULL;
}

enum s2_code s2_codec_decompress(uint32_t flags, const void *in, size_t in_size, void *out,
				 size_t out_size, struct s2_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		if ((flags & S2_CODEC_FLAGS) != codecs[i].flag)
			continue;
		if (!codecs[i].decompress)
			return s2_fail(
				err, S2_IO,
				"the page is compressed with %s, which this s2dump was built without",
				codecs[i].name);
		if (!codecs[i].decompress(in, in_size, out, out_size))
			return s2_fail(err, S2_DAMAGED, "the %s data is broken", codecs[i].name);
		return S2_OK;
	}
	return s2_fail(err, S2_DAMAGED, "page flags 0x%x do not name one compression", flags);
}
