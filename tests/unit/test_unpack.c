// SPDX-License-Identifier: GPL-2.0-or-later
// Unpacking: cut anywhere and flipped anywhere, what comes out is a beginning of what went in, and
// it is said when it is not all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "source/codec.h"
#include "source/unpack.h"

#define SIZE 3000

struct streams {
	const uint8_t *in;
	size_t left, step; /* at most @step bytes at a time */
	uint8_t out[4 * SIZE];
	size_t n;
	enum s2_code read_code, write_code;
};

static enum s2_code take(void *arg, void *buf, size_t len, size_t *ret, struct s2_err *err)
{
	struct streams *s = arg;

	if (s->read_code)
		return s2_fail(err, s->read_code, "no more");
	if (len > s->left)
		len = s->left;
	if (len > s->step)
		len = s->step;
	memcpy(buf, s->in, len);
	s->in += len;
	s->left -= len;
	*ret = len;
	return S2_OK;
}

static enum s2_code put(void *arg, const void *buf, size_t len, struct s2_err *err)
{
	struct streams *s = arg;

	if (s->write_code)
		return s2_fail(err, s->write_code, "full");
	assert_true(len <= sizeof(s->out) - s->n);
	memcpy(s->out + s->n, buf, len);
	s->n += len;
	return S2_OK;
}

/* Text that compresses a little. */
static void fill(uint8_t *data)
{
	uint32_t x = 1;

	for (size_t i = 0; i < SIZE; i++) {
		x = x * 1103515245 + 12345;
		data[i] = (uint8_t)("0123456789abcdef"[(x >> 16) & 15]);
	}
}

static size_t pack(const uint8_t *data, uint8_t *packed, size_t room)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)data,
		       .avail_in = SIZE,
		       .next_out = packed,
		       .avail_out = (uInt)room };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static enum s2_code unpack(struct streams *s, const uint8_t *in, size_t len, struct s2_err *err)
{
	const struct s2_unpack_io io = { .read = take, .write = put, .arg = s };
	const struct s2_packing *packing = s2_packing_of(in, len);

	assert_non_null(packing);
	assert_string_equal(s2_packing_name(packing), "gzip");
	s->in = in;
	s->left = len;
	s->n = 0;
	s2_err_init(err);
	return s2_unpack(packing, &io, err);
}

static void test_cut(void **state)
{
	static uint8_t data[SIZE], packed[SIZE];
	static struct streams s = { .step = 7 };
	struct s2_err err;
	size_t len;

	(void)state;
	fill(data);
	len = pack(data, packed, sizeof(packed));
	assert_int_equal(unpack(&s, packed, len, &err), S2_OK);
	assert_int_equal(s.n, SIZE);
	assert_memory_equal(s.out, data, SIZE);
	for (size_t n = 10; n < len; n++) {
		assert_int_equal(unpack(&s, packed, n, &err), S2_TRUNCATED);
		assert_string_equal(err.text, "its gzip data is cut off");
		assert_true(s.n <= SIZE);
		assert_memory_equal(s.out, data, s.n);
	}
	assert_true(s.n > SIZE / 2);
}

/* No flip of the data goes unseen. */
static void test_flipped(void **state)
{
	static uint8_t data[SIZE], packed[SIZE];
	static struct streams s = { .step = SIZE };
	size_t len, unseen = 0;

	(void)state;
	fill(data);
	len = pack(data, packed, sizeof(packed));
	for (size_t bit = 10 * 8; bit < len * 8; bit++) {
		struct s2_err err;

		packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
		/* A few bits before the checksum are there to fill a byte. */
		if (unpack(&s, packed, len, &err)) {
			assert_true(s2_is_missing(err.code));
		} else {
			unseen++;
			assert_int_equal(s.n, SIZE);
			assert_memory_equal(s.out, data, SIZE);
		}
		packed[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_true(unseen < 8);
}

static void test_members(void **state)
{
	static uint8_t data[SIZE], packed[3 * SIZE];
	static struct streams s = { .step = 100 };
	struct s2_err err;
	size_t len, all;

	(void)state;
	fill(data);
	len = pack(data, packed, SIZE);
	memset(packed + len, 0, 512);
	all = len + 512;
	all += pack(data, packed + all, SIZE);
	assert_int_equal(unpack(&s, packed, all, &err), S2_OK);
	assert_int_equal(s.n, 2 * SIZE);
	assert_memory_equal(s.out + SIZE, data, SIZE);
	packed[len + 512] = 'x';
	assert_int_equal(unpack(&s, packed, all, &err), S2_DAMAGED);
	assert_int_equal(s.n, SIZE);
	assert_string_equal(err.text, "what follows its gzip data is something else");
}

static void test_streams_fail(void **state)
{
	static uint8_t data[SIZE], packed[SIZE];
	static struct streams s = { .step = SIZE };
	struct s2_err err;
	size_t len;

	(void)state;
	fill(data);
	len = pack(data, packed, sizeof(packed));
	s.write_code = S2_INVALID;
	assert_int_equal(unpack(&s, packed, len, &err), S2_INVALID);
	assert_string_equal(err.text, "full");
	s.read_code = S2_IO;
	assert_int_equal(unpack(&s, packed, len, &err), S2_IO);
	assert_string_equal(err.text, "no more");
}

/* Pages of descriptors begin like compressed files now and then. */
static void test_told(void **state)
{
	static const uint8_t descriptors[16] = "\x1f\x8b\x08\x40\0\0\0\0\x1f\x9b\x08\x40";
	static const uint8_t bz[16] = "BZh91AY&SY", not_bz[16] = "BZh9\0\0\0\0\0\0";
	const struct s2_packing *p;
	const char *name = NULL;
	size_t at = 0, n = 0;

	(void)state;
	assert_null(s2_packing_of(descriptors, sizeof(descriptors)));
	assert_null(s2_packing_of(not_bz, sizeof(not_bz)));
	assert_null(s2_packing_of("\x1f", 1));
	assert_null(s2_packing_of("", 0));
	while ((p = s2_packing_next(&at)))
		n += strcmp(s2_packing_name(p), "") != 0;
	assert_true(n >= 1);
	assert_true(n < 4 || s2_packing_of(bz, sizeof(bz)));
	for (at = 0; s2_codec_next(&at);)
		name = name ? name : "zlib";
	assert_string_equal(name, "zlib");
}

/* A window of 2 GiB: what wants too much is not called damaged. */
static void test_large(void **state)
{
	static const uint8_t large[24] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01 };
	struct streams s = { .in = large, .left = sizeof(large), .step = sizeof(large) };
	const struct s2_unpack_io io = { .read = take, .write = put, .arg = &s };
	const struct s2_packing *packing = s2_packing_of(large, sizeof(large));
	struct s2_err err;

	(void)state;
	if (!packing)
		skip();
	s2_err_init(&err);
	assert_int_equal(s2_unpack(packing, &io, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "wants more memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),     cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_members), cmocka_unit_test(test_streams_fail),
		cmocka_unit_test(test_told),    cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
