// SPDX-License-Identifier: GPL-2.0-or-later
// One row per compression; a library that was not there at build time leaves its row without a
// function.
#include "source/codec.h"

#include <zlib.h>
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

#include "base/bits.h"

/* S2_OK, S2_DAMAGED, or S2_NOMEM: a page is not broken because a library lacked memory. */
typedef enum s2_code codec_fn(const void *in, size_t in_size, void *out, size_t out_size);

static enum s2_code zlib_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	uLongf size = out_size;

	int status = uncompress(out, &size, in, in_size);

	if (status == Z_MEM_ERROR)
		return S2_NOMEM;
	return status == Z_OK && size == out_size ? S2_OK : S2_DAMAGED;
}

#ifdef HAVE_LZO
static enum s2_code lzo_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	lzo_uint size = out_size;

	if (lzo1x_decompress_safe(in, in_size, out, &size, NULL) != LZO_E_OK || size != out_size)
		return S2_DAMAGED;
	return S2_OK;
}
#else
#define lzo_decompress NULL
#endif

#ifdef HAVE_SNAPPY
static enum s2_code snappy_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	size_t size;

	/* The length stands in front of the data: it must fit before anything is written. */
	if (snappy_uncompressed_length(in, in_size, &size) != SNAPPY_OK || size != out_size)
		return S2_DAMAGED;
	if (snappy_uncompress(in, in_size, out, &size) != SNAPPY_OK || size != out_size)
		return S2_DAMAGED;
	return S2_OK;
}
#else
#define snappy_decompress NULL
#endif

#ifdef HAVE_ZSTD
static enum s2_code zstd_decompress(const void *in, size_t in_size, void *out, size_t out_size)
{
	size_t size = ZSTD_decompress(out, out_size, in, in_size);

	if (ZSTD_isError(size) && ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
		return S2_NOMEM;
	return size == out_size ? S2_OK : S2_DAMAGED;
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
	enum s2_code code;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		if ((flags & S2_CODEC_FLAGS) != codecs[i].flag)
			continue;
		if (!codecs[i].decompress)
			return s2_fail(
				err, S2_IO,
				"the page is compressed with %s, which this s2dump was built without",
				codecs[i].name);
		code = codecs[i].decompress(in, in_size, out, out_size);
		if (code == S2_NOMEM)
			return s2_fail(err, code, "no memory to decompress %s", codecs[i].name);
		if (code)
			return s2_fail(err, code, "the %s data is broken", codecs[i].name);
		return S2_OK;
	}
	return s2_fail(err, S2_DAMAGED, "page flags 0x%x do not name one compression", flags);
}
