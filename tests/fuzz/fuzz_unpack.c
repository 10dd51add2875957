// SPDX-License-Identifier: GPL-2.0-or-later
// Compressions: the input as a file that is compressed as a whole, and, when its first byte is odd,
// as a page of a kdump.
#include "fuzz.h"
#include "source/codec.h"
#include "source/unpack.h"

/* A few bytes become very many: more than this is not taken. */
#define MOST (1U << 20)

struct stream {
	const uint8_t *in;
	size_t left, step;
	size_t written, whole;
	uint64_t hash;
};

static enum s2_code feed(void *arg, void *buf, size_t len, size_t *ret, struct s2_err *err)
{
	struct stream *s = arg;
	size_t n = len < s->step ? len : s->step;

	(void)err;
	n = n < s->left ? n : s->left;
	memcpy(buf, s->in, n);
	s->in += n;
	s->left -= n;
	*ret = n;
	return S2_OK;
}

static enum s2_code drain(void *arg, const void *buf, size_t len, struct s2_err *err)
{
	const uint8_t *bytes = buf;
	struct stream *s = arg;

	REQUIRE(len);
	for (size_t i = 0; i < len; i++)
		s->hash = (s->hash ^ bytes[i]) * 0x100000001b3;
	s->written += len;
	return s->written > MOST ? s2_fail(err, S2_BUDGET, "enough") : S2_OK;
}

static void on_whole(void *arg)
{
	struct stream *s = arg;

	s->whole = s->written;
}

static enum s2_code unpack(const struct s2_packing *packing, const uint8_t *data, size_t size,
			   size_t step, struct stream *s)
{
	struct s2_unpack_io io = { .read = feed, .write = drain, .whole = on_whole, .arg = s };
	struct s2_err err;
	enum s2_code code;

	*s = (struct stream){ .in = data, .left = size, .step = step };
	s2_err_init(&err);
	code = s2_unpack(packing, &io, &err);
	REQUIRE(!code || (err.code == code && err.text[0]));
	REQUIRE(!code || code == S2_TRUNCATED || code == S2_DAMAGED || code == S2_INVALID ||
		(code == S2_BUDGET && s->written > MOST));
	REQUIRE(code != S2_INVALID || !s->written);
	REQUIRE(code || (!s->left && s->whole == s->written));
	return code;
}

static void as_page(const uint8_t *data, size_t size, uint8_t how)
{
	static const size_t sizes[] = { 4096, 16384, 65536, 1 };
	size_t out_size = sizes[how >> 1 & 3];
	struct s2_err err;
	enum s2_code code;
	uint8_t *out = malloc(out_size);

	REQUIRE(out);
	s2_err_init(&err);
	code = s2_codec_decompress(1U << (how >> 3 & 7), data, size, out, out_size, &err);
	REQUIRE(!code || ((code == S2_DAMAGED || code == S2_IO) && err.text[0]));
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct s2_packing *packing;
	struct stream once, again;
	uint8_t how;

	fuzz_take(&data, &size, &how, 1);
	if (how & 1) {
		as_page(data, size, how);
		return 0;
	}
	packing = s2_packing_of(data, size);
	if (!packing)
		return 0;
	/* However the file is read, it is the same file. */
	if (!unpack(packing, data, size, 1U << 16, &once)) {
		REQUIRE(!unpack(packing, data, size, 1 + how / 2, &again));
		REQUIRE(once.written == again.written && once.hash == again.hash);
	}
	return 0;
}
