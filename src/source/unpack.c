// SPDX-License-Identifier: GPL-2.0-or-later
// One row per compression of whole files; a library that was not there at build time leaves its row
// out.
#include "source/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_BZIP2
#include <bzlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

#include "base/bits.h"

/* Both buffers of a stream: large enough that calls of a library do not count. */
#define CHUNK (64U << 10)

/* What a stream may take for its window: xz -9 and zstd --ultra -22 need less. */
#define MAX_WINDOW_LOG 27
#define MAX_MEMORY (192U << 20)

enum step {
	STEP_MORE,   /* nothing is wrong: feed it, or take what is there */
	STEP_END,    /* a member ended */
	STEP_BROKEN, /* no valid data */
	STEP_LARGE,  /* it wants more memory than it may have */
	STEP_NOMEM,
};

/* What is left of both buffers. */
struct span {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

/*
 * To add a compression: a row with its first bytes, a further test where these are too few to tell
 * it from a page of descriptors, and its functions. The state that open() makes reads one member;
 * next() makes it ready for another.
 */
struct s2_packing {
	const char *name;
	const char *magic;
	size_t magic_len;
	bool (*is)(const uint8_t *head, size_t len);
	void *(*open)(void);
	enum step (*run)(void *state, struct span *span);
	bool (*next)(void *state);
	void (*close)(void *state);
};

/* --- gzip ------------------------------------------------------------------------------------ */

/* RFC 1952 2.3: no reserved flag is set, and the bytes behind the time have few values. */
static bool gzip_is(const uint8_t *head, size_t len)
{
	return len >= 10 && head[3] < 0x20 && (head[8] == 0 || head[8] == 2 || head[8] == 4) &&
	       (head[9] <= 13 || head[9] == 255);
}

static void *gzip_open(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	/* 15 bits of window, and 16 for "gzip's header and no other". */
	if (z && inflateInit2(z, 15 + 16) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum step gzip_run(void *state, struct span *span)
{
	z_stream *z = state;
	int ret;

	z->next_in = (uint8_t *)(uintptr_t)span->in;
	z->avail_in = (uInt)span->in_left;
	z->next_out = span->out;
	z->avail_out = (uInt)span->out_left;
	ret = inflate(z, Z_NO_FLUSH);
	span->in = z->next_in;
	span->in_left = z->avail_in;
	span->out = z->next_out;
	span->out_left = z->avail_out;
	if (ret == Z_STREAM_END)
		return STEP_END;
	if (ret == Z_MEM_ERROR)
		return STEP_NOMEM;
	return ret == Z_OK || ret == Z_BUF_ERROR ? STEP_MORE : STEP_BROKEN;
}

static bool gzip_next(void *state)
{
	return inflateReset(state) == Z_OK;
}

static void gzip_close(void *state)
{
	inflateEnd(state);
	free(state);
}

/* --- xz -------------------------------------------------------------------------------------- */

#ifdef HAVE_LZMA
static bool xz_next(void *state)
{
	/* Ends what was there before by itself. */
	return lzma_stream_decoder(state, MAX_MEMORY, 0) == LZMA_OK;
}

static void *xz_open(void)
{
	static const lzma_stream init = LZMA_STREAM_INIT;
	lzma_stream *xz = malloc(sizeof(*xz));

	if (!xz)
		return NULL;
	*xz = init;
	if (!xz_next(xz)) {
		free(xz);
		return NULL;
	}
	return xz;
}

static enum step xz_run(void *state, struct span *span)
{
	lzma_stream *xz = state;
	lzma_ret ret;

	xz->next_in = span->in;
	xz->avail_in = span->in_left;
	xz->next_out = span->out;
	xz->avail_out = span->out_left;
	ret = lzma_code(xz, LZMA_RUN);
	span->in = xz->next_in;
	span->in_left = xz->avail_in;
	span->out = xz->next_out;
	span->out_left = xz->avail_out;
	switch ((int)ret) {
	case LZMA_OK:
	case LZMA_BUF_ERROR:
		return STEP_MORE;
	case LZMA_STREAM_END:
		return STEP_END;
	case LZMA_MEM_ERROR:
		return STEP_NOMEM;
	case LZMA_MEMLIMIT_ERROR:
		return STEP_LARGE;
	default:
		return STEP_BROKEN;
	}
}

static void xz_close(void *state)
{
	lzma_end(state);
	free(state);
}
#endif

/* --- bzip2 ----------------------------------------------------------------------------------- */

#ifdef HAVE_BZIP2
/* A block, or the end of a file without one, begins with digits of pi or of its root. */
static bool bzip2_is(const uint8_t *head, size_t len)
{
	return len >= 10 && head[3] >= '1' && head[3] <= '9' &&
	       (!memcmp(head + 4, "1AY&SY", 6) || !memcmp(head + 4, "\x17rE8P\x90", 6));
}

static void *bzip2_open(void)
{
	bz_stream *bz = calloc(1, sizeof(*bz));

	if (bz && BZ2_bzDecompressInit(bz, 0, 0) != BZ_OK) {
		free(bz);
		return NULL;
	}
	return bz;
}

static enum step bzip2_run(void *state, struct span *span)
{
	bz_stream *bz = state;
	int ret;

	bz->next_in = (char *)(uintptr_t)span->in;
	bz->avail_in = (unsigned int)span->in_left;
	bz->next_out = (char *)span->out;
	bz->avail_out = (unsigned int)span->out_left;
	ret = BZ2_bzDecompress(bz);
	span->in = (const uint8_t *)bz->next_in;
	span->in_left = bz->avail_in;
	span->out = (uint8_t *)bz->next_out;
	span->out_left = bz->avail_out;
	if (ret == BZ_STREAM_END)
		return STEP_END;
	if (ret == BZ_MEM_ERROR)
		return STEP_NOMEM;
	return ret == BZ_OK ? STEP_MORE : STEP_BROKEN;
}

static bool bzip2_next(void *state)
{
	BZ2_bzDecompressEnd(state);
	memset(state, 0, sizeof(bz_stream));
	return BZ2_bzDecompressInit(state, 0, 0) == BZ_OK;
}

static void bzip2_close(void *state)
{
	BZ2_bzDecompressEnd(state);
	free(state);
}
#endif

/* --- zstd ------------------------------------------------------------------------------------ */

#ifdef HAVE_ZSTD
static void *zstd_open(void)
{
	ZSTD_DStream *zstd = ZSTD_createDStream();

	if (zstd)
		(void)ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, MAX_WINDOW_LOG);
	return zstd;
}

static enum step zstd_run(void *state, struct span *span)
{
	ZSTD_inBuffer in = { span->in, span->in_left, 0 };
	ZSTD_outBuffer out = { span->out, span->out_left, 0 };
	size_t ret = ZSTD_decompressStream(state, &out, &in);

	span->in += in.pos;
	span->in_left -= in.pos;
	span->out += out.pos;
	span->out_left -= out.pos;
	if (!ret)
		return STEP_END;
	if (!ZSTD_isError(ret))
		return STEP_MORE;
	switch ((int)ZSTD_getErrorCode(ret)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return STEP_LARGE;
	case ZSTD_error_memory_allocation:
		return STEP_NOMEM;
	default:
		return STEP_BROKEN;
	}
}

static bool zstd_next(void *state)
{
	return !ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only));
}

static void zstd_close(void *state)
{
	ZSTD_freeDStream(state);
}
#endif

/* The order is that of `s2dump --version`. */
static const struct s2_packing packings[] = {
#define MAGIC(text) .magic = (text), .magic_len = sizeof(text) - 1
	{ .name = "gzip",
	  MAGIC("\x1f\x8b\x08"),
	  .is = gzip_is,
	  .open = gzip_open,
	  .run = gzip_run,
	  .next = gzip_next,
	  .close = gzip_close },
#ifdef HAVE_LZMA
	{ .name = "xz",
	  MAGIC("\xfd"
		"7zXZ\0"),
	  .open = xz_open,
	  .run = xz_run,
	  .next = xz_next,
	  .close = xz_close },
#endif
#ifdef HAVE_ZSTD
	{ .name = "zstd",
	  MAGIC("\x28\xb5\x2f\xfd"),
	  .open = zstd_open,
	  .run = zstd_run,
	  .next = zstd_next,
	  .close = zstd_close },
#endif
#ifdef HAVE_BZIP2
	{ .name = "bzip2",
	  MAGIC("BZh"),
	  .is = bzip2_is,
	  .open = bzip2_open,
	  .run = bzip2_run,
	  .next = bzip2_next,
	  .close = bzip2_close },
#endif
#undef MAGIC
};

const struct s2_packing *s2_packing_of(const void *head, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(packings); i++) {
		const struct s2_packing *p = &packings[i];

		if (len >= p->magic_len && !memcmp(head, p->magic, p->magic_len) &&
		    (!p->is || p->is(head, len)))
			return p;
	}
	return NULL;
}

const char *s2_packing_name(const struct s2_packing *packing)
{
	return packing->name;
}

const struct s2_packing *s2_packing_next(size_t *at)
{
	return *at < ARRAY_SIZE(packings) ? &packings[(*at)++] : NULL;
}

/* One unpacking. */
struct unpacking {
	const struct s2_packing *packing;
	const struct s2_unpack_io *io;
	void *state;
	struct span span;
	bool ended; /* all that is packed was read */
	bool later; /* this is not the first member */
	uint8_t in[CHUNK], out[CHUNK];
};

static enum s2_code feed(struct unpacking *u, struct s2_err *err)
{
	enum s2_code code;

	if (u->span.in_left || u->ended)
		return S2_OK;
	code = u->io->read(u->io->arg, u->in, sizeof(u->in), &u->span.in_left, err);
	u->span.in = u->in;
	u->ended = !code && !u->span.in_left;
	return code;
}

/* Members may be followed by zeros: xz wants it so, tapes leave them. */
static void skip_padding(struct unpacking *u)
{
	while (u->span.in_left && !*u->span.in) {
		u->span.in++;
		u->span.in_left--;
	}
}

static enum s2_code say_broken(const struct unpacking *u, enum step step, bool begun,
			       struct s2_err *err)
{
	const char *name = u->packing->name;

	if (step == STEP_NOMEM)
		return s2_fail(err, S2_NOMEM, "no memory to unpack %s", name);
	if (step == STEP_LARGE)
		return s2_fail(err, begun || u->later ? S2_DAMAGED : S2_INVALID,
			       "its %s data wants more memory to be unpacked than it may have",
			       name);
	if (u->later && !begun)
		return s2_fail(err, S2_DAMAGED, "what follows its %s data is something else", name);
	return s2_fail(err, S2_DAMAGED, "its %s data is damaged", name);
}

/* Unpacks until a member ends. */
static enum s2_code unpack_member(struct unpacking *u, struct s2_err *err)
{
	bool begun = false;

	for (;;) {
		enum s2_code code = feed(u, err), written = S2_OK;
		enum step step;
		size_t n;

		if (code)
			return code;
		u->span.out = u->out;
		u->span.out_left = sizeof(u->out);
		step = u->packing->run(u->state, &u->span);
		n = sizeof(u->out) - u->span.out_left;
		begun |= n != 0;
		if (n)
			written = u->io->write(u->io->arg, u->out, n, err);
		if (written)
			return written;
		if (step == STEP_END)
			return S2_OK;
		if (step != STEP_MORE)
			return say_broken(u, step, begun, err);
		if (u->ended && !n)
			return s2_fail(err, S2_TRUNCATED, "its %s data is cut off",
				       u->packing->name);
	}
}

static enum s2_code unpack_members(struct unpacking *u, struct s2_err *err)
{
	for (;;) {
		enum s2_code code = unpack_member(u, err);

		if (code)
			return code;
		if (u->io->whole)
			u->io->whole(u->io->arg);
		do {
			code = feed(u, err);
			if (code)
				return code;
			skip_padding(u);
		} while (!u->span.in_left && !u->ended);
		if (u->ended)
			return S2_OK;
		u->later = true;
		if (!u->packing->next(u->state))
			return s2_fail(err, S2_NOMEM, "no memory to unpack %s", u->packing->name);
	}
}

enum s2_code s2_unpack(const struct s2_packing *packing, const struct s2_unpack_io *io,
		       struct s2_err *err)
{
	struct unpacking *u = calloc(1, sizeof(*u));
	enum s2_code code;

	if (u)
		u->state = packing->open();
	if (!u || !u->state) {
		free(u);
		return s2_fail(err, S2_NOMEM, "no memory to unpack %s", packing->name);
	}
	u->packing = packing;
	u->io = io;
	code = unpack_members(u, err);
	packing->close(u->state);
	free(u);
	return code;
}
