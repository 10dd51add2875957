// SPDX-License-Identifier: GPL-2.0-or-later
// Every container gives back exactly the bytes that tests/tools/mkdump.py put there, and the right
// reason where it has none.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bits.h"
#include "source/source.h"
#include "test_source.h"

/* The memory of most fixtures: two runs with a hole between them and one page left out. */
#define MEMORY "--pattern 0x10000:0x6000 --pattern 0x20000:0x3000 --exclude 0x14000:0x1000 "
/* Without the page that was left out, for containers that cannot say so. */
#define ALL_MEMORY "--pattern 0x10000:0x6000 --pattern 0x20000:0x3000 "
/* The same for blocks of 64K. */
#define BIG_MEMORY "--pattern 0x10000:0x20000 --pattern 0x50000:0x10000 --exclude 0x20000:0x10000 "

static enum s2_code open_blob(const void *data, size_t size, struct s2_source **ret,
			      struct s2_err *err)
{
	const struct s2_raw_args args = { 0 };

	s2_err_init(err);
	return s2_source_open_memory(data, size, &args, ret, err);
}

static struct s2_source *open_path(const char *path)
{
	const struct s2_raw_args args = { 0 };
	const struct s2_opened file = opened(path);
	struct s2_source *source;
	struct s2_err err;

	s2_err_init(&err);
	if (s2_source_open(&file, &args, &source, &err))
		fail_msg("%s: %s", path, err.text);
	return source;
}

/* As mkdump.py's pattern(). */
static void expect_bytes(const uint8_t *buf, uint64_t pa, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t word = (pa + i) & ~UINT64_C(7);
		uint64_t value = word % PAGE < 0xa00 ? word * UINT64_C(0x9e3779b97f4a7c15) : 0;

		if (buf[i] != (uint8_t)(value >> (pa + i) % 8 * 8))
			fail_msg("wrong byte at 0x%llx", (unsigned long long)(pa + i));
	}
}

/* What MEMORY, ALL_MEMORY and BIG_MEMORY say of a page. */
enum shape { SMALL, SMALL_ALL, BIG };

static enum s2_code expected(enum shape shape, uint64_t pa)
{
	if (shape == BIG) {
		bool in = (pa >= 0x10000 && pa < 0x30000) || (pa >= 0x50000 && pa < 0x60000);

		return !in ? S2_ABSENT : pa >= 0x20000 && pa < 0x30000 ? S2_EXCLUDED : S2_OK;
	}
	if (shape == SMALL && pa >= 0x14000 && pa < 0x15000)
		return S2_EXCLUDED;
	return (pa >= 0x10000 && pa < 0x16000) || (pa >= 0x20000 && pa < 0x23000) ? S2_OK :
										    S2_ABSENT;
}

static void check_pages(const struct s2_source *source, enum shape shape)
{
	uint8_t buf[PAGE];

	for (uint64_t pa = 0; pa < 0x70000; pa += PAGE) {
		const uint8_t *view = s2_mem_view(&source->mem, pa, PAGE);
		struct s2_err err;
		enum s2_code code;

		s2_err_init(&err);
		code = s2_mem_read(&source->mem, pa, buf, sizeof(buf), &err);
		if (code != expected(shape, pa))
			fail_msg("0x%llx: %s, %s", (unsigned long long)pa, s2_code_name(code),
				 err.text);
		if (!code)
			expect_bytes(buf, pa, sizeof(buf));
		else
			assert_string_not_equal(err.text, "");
		assert_int_equal(s2_mem_read(&source->mem, pa, buf, 8, NULL), code);
		if (view) {
			assert_int_equal(code, S2_OK);
			assert_true(is_aligned((uintptr_t)view, 8));
			expect_bytes(view, pa, PAGE);
		}
	}
}

static void check_extents(const struct s2_source *source, enum shape shape)
{
	static const struct s2_extent small[] = { { 0x10000, 0x6000 }, { 0x20000, 0x3000 } };
	static const struct s2_extent big[] = { { 0x10000, 0x20000 }, { 0x50000, 0x10000 } };
	const struct s2_extent *want = shape == BIG ? big : small;
	struct s2_extent extent = { 0 };

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(s2_mem_next(&source->mem, extent.pa + extent.size, &extent),
				 S2_OK);
		assert_int_equal(extent.pa, want[i].pa);
		assert_int_equal(extent.size, want[i].size);
	}
	assert_int_equal(s2_mem_next(&source->mem, extent.pa + extent.size, &extent), S2_NOTFOUND);
	assert_int_equal(s2_mem_next(&source->mem, want[0].pa + want[0].size - 1, &extent), S2_OK);
	assert_int_equal(extent.pa + extent.size, want[0].pa + want[0].size);
}

/* Reads that begin and end anywhere, within and across pages and blocks. */
static void check_odd_reads(const struct s2_source *source, enum shape shape)
{
	uint64_t start = 0x10000, end = shape == BIG ? 0x20000 : 0x14000;
	uint8_t buf[2 * PAGE];

	for (uint64_t pa = start; pa + sizeof(buf) <= end; pa += 1013) {
		assert_int_equal(s2_mem_read(&source->mem, pa, buf, sizeof(buf) - pa % 7, NULL),
				 S2_OK);
		expect_bytes(buf, pa, sizeof(buf) - pa % 7);
	}
	assert_int_equal(s2_mem_read(&source->mem, start - 1, buf, 2, NULL), S2_ABSENT);
	assert_int_equal(s2_mem_read(&source->mem, UINT64_MAX - 3, buf, 8, NULL), S2_ABSENT);
	assert_int_equal(s2_mem_read(&source->mem, start, buf, 0, NULL), S2_OK);
	if (shape != SMALL_ALL)
		assert_int_equal(s2_mem_read(&source->mem, end - 1, buf, 2, NULL), S2_EXCLUDED);
}

static const struct fixture {
	const char *args;
	const char *format;
	enum shape shape;
} fixtures[] = {
	{ "elf " MEMORY, "elf-core", SMALL },
	{ "elf " MEMORY "--vmcoreinfo OSRELEASE=6.12", "elf-core", SMALL },
	{ "elf " MEMORY "--overlap 0x11000:0x2000 --overlap 0x12000:0x800", "elf-core", SMALL },
	{ "elf " MEMORY "--phdrs 70000", "elf-core", SMALL },
	{ "elf " MEMORY "--sve 16,64", "elf-core", SMALL },
	{ "elf " MEMORY "--sve 64,16,32", "elf-core", SMALL },
	{ "elf " MEMORY "--sve 64,64 --vmcoreinfo A=1", "elf-core", SMALL },
	{ "elf " MEMORY "--flatten", "flattened+elf-core", SMALL },
	{ "kdump " MEMORY "--codec none", "kdump", SMALL },
	{ "kdump " MEMORY "--version 1", "kdump", SMALL },
	{ "kdump " MEMORY "--version 2", "kdump", SMALL },
	{ "kdump " MEMORY "--version 3 --vmcoreinfo A=1", "kdump", SMALL },
	{ "kdump " MEMORY "--version 4 --vmcoreinfo A=1", "kdump", SMALL },
	{ "kdump " MEMORY "--version 5", "kdump", SMALL },
	{ "kdump " MEMORY "--machine Unknown", "kdump", SMALL },
	{ "kdump " MEMORY "--diskdump --version 1", "kdump", SMALL },
	{ "kdump " ALL_MEMORY "--one-bitmap", "kdump", SMALL_ALL },
	{ "kdump " BIG_MEMORY "--block 0x10000", "kdump", BIG },
	{ "kdump " BIG_MEMORY "--block 0x10000 --flatten", "flattened+kdump", BIG },
#ifdef HAVE_LZO
	{ "kdump " MEMORY "--codec lzo", "kdump", SMALL },
	{ "kdump " BIG_MEMORY "--codec lzo --block 0x10000", "kdump", BIG },
#endif
#ifdef HAVE_SNAPPY
	{ "kdump " MEMORY "--codec snappy", "kdump", SMALL },
	{ "kdump " BIG_MEMORY "--codec snappy --block 0x10000", "kdump", BIG },
#endif
#ifdef HAVE_ZSTD
	{ "kdump " MEMORY "--codec zstd", "kdump", SMALL },
	{ "kdump " BIG_MEMORY "--codec zstd --block 0x10000", "kdump", BIG },
#endif
	{ "lime " ALL_MEMORY, "lime", SMALL_ALL },
};

/* Made once, for more than one test. */
static void make_fixture(size_t i, char *ret, size_t size)
{
	char name[32];

	snprintf(name, sizeof(name), "fixture-%zu", i);
	snprintf(ret, size, "%s/%s", dir, name);
	if (access(ret, F_OK))
		make(fixtures[i].args, name, ret, size);
}

static void test_containers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		struct s2_source *source;
		char path[128];

		print_message("# %s\n", fixtures[i].args);
		make_fixture(i, path, sizeof(path));
		source = open_path(path);
		assert_string_equal(source->format, fixtures[i].format);
		assert_false(source->incomplete);
		check_pages(source, fixtures[i].shape);
		check_extents(source, fixtures[i].shape);
		check_odd_reads(source, fixtures[i].shape);
		assert_true(source->mem.bytes >= 7 * PAGE);
		s2_source_close(source);
	}
}

/*
 * A prefix of a dump: what it still gives is right, and what it does not is not said to be anything
 * else than before.
 */
static void check_prefix(const struct blob *blob, size_t size, const struct fixture *f)
{
	uint8_t *copy = malloc(size), buf[PAGE];
	bool lime = !strcmp(f->format, "lime");
	struct s2_source *source;
	struct s2_err err;

	memcpy(copy, blob->data, size);
	if (open_blob(copy, size, &source, &err)) {
		assert_string_not_equal(err.text, "");
		free(copy);
		return;
	}
	for (uint64_t pa = 0x10000; pa < 0x60000 && source->ops != &s2_source_raw; pa += PAGE) {
		enum s2_code code = s2_mem_read(&source->mem, pa, buf, sizeof(buf), &err);
		enum s2_code want = expected(f->shape, pa);

		if (!code)
			expect_bytes(buf, pa, sizeof(buf));
		/* LiME does not say how many ranges there are. */
		if (code != want && code != S2_TRUNCATED && !(lime && code == S2_ABSENT))
			fail_msg("%s: cut at %zu: 0x%llx is %s: %s", f->args, size,
				 (unsigned long long)pa, s2_code_name(code), err.text);
		if (code == S2_TRUNCATED)
			assert_true(source->incomplete);
	}
	s2_source_close(source);
	free(copy);
}

static void test_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		struct blob blob;
		char path[128];
		size_t step;

		if (strstr(fixtures[i].args, "--phdrs"))
			continue; /* megabytes of headers */
		make_fixture(i, path, sizeof(path));
		blob = load(path);
		step = blob.size < 64 << 10 && !strcmp(fixtures[i].format, "elf-core") ? 7 : 512;
		for (size_t size = 1; size < blob.size; size += step)
			check_prefix(&blob, size, &fixtures[i]);
		for (size_t cut = 1; cut < 64; cut++)
			check_prefix(&blob, blob.size - cut, &fixtures[i]);
		free(blob.data);
	}
}

static void test_truncation_every_byte(void **state)
{
	static const struct fixture small[] = {
		{ "elf --pattern 0x10000:0x1000 --vmcoreinfo A=1", "elf-core", SMALL },
		{ "elf --pattern 0x10000:0x1000 --sve 16,32", "elf-core", SMALL },
		{ "elf --pattern 0x10000:0x1000 --sve 32,16 --vmcoreinfo A=1", "elf-core", SMALL },
		{ "elf --pattern 0x10000:0x1000 --flatten", "flattened+elf-core", SMALL },
		{ "lime --pattern 0x10000:0x800 --pattern 0x10800:0x800", "lime", SMALL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		struct blob blob = build(small[i].args);
		struct s2_err err;

		for (size_t size = 1; size < blob.size; size++) {
			uint8_t *copy = malloc(size), byte;
			struct s2_source *source;

			memcpy(copy, blob.data, size);
			if (!open_blob(copy, size, &source, &err)) {
				for (uint64_t pa = 0x10000;
				     pa < 0x11000 && source->ops != &s2_source_raw; pa++)
					if (!s2_mem_read(&source->mem, pa, &byte, 1, NULL))
						expect_bytes(&byte, pa, 1);
				s2_source_close(source);
			}
			free(copy);
		}
		free(blob.data);
	}
}

static enum s2_code read_page(const struct s2_source *source, uint64_t pa)
{
	uint8_t buf[PAGE];

	return s2_mem_read(&source->mem, pa, buf, sizeof(buf), NULL);
}

/* A writer that ran out of space: pages behind the last that was written are not "left out". */
static void test_incomplete(void **state)
{
	struct blob blob = build(
		"kdump --pattern 0x10000:0x8000 --exclude 0x11000:0x1000 --exclude 0x17000:0x1000 --written 3");
	struct s2_source *source;
	struct s2_err err;

	(void)state;
	assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
	assert_true(source->incomplete);
	assert_int_equal(read_page(source, 0x10000), S2_OK);
	assert_int_equal(read_page(source, 0x11000), S2_EXCLUDED);
	assert_int_equal(read_page(source, 0x13000), S2_OK);
	assert_int_equal(read_page(source, 0x14000), S2_TRUNCATED);
	assert_int_equal(read_page(source, 0x17000), S2_TRUNCATED);
	assert_int_equal(read_page(source, 0x18000), S2_ABSENT);
	s2_source_close(source);
	free(blob.data);

	blob = build("elf --incomplete --pattern 0x10000:0x1000");
	assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
	assert_true(source->incomplete);
	s2_source_close(source);
	free(blob.data);

	blob = build("kdump " MEMORY "--flatten --no-end");
	assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
	assert_true(source->incomplete);
	assert_non_null(strstr(source->remark, "no end marker"));
	check_pages(source, SMALL);
	s2_source_close(source);
	free(blob.data);
}

/* Outside of all extents too it is told how far nothing comes, in one answer. */
static void test_lacks(void **state)
{
	struct blob blob = build("elf --pattern 0x10000:0x1000 --pattern 0x20000000:0x1000");
	struct s2_source *source;
	struct s2_err err;
	uint64_t n;

	(void)state;
	assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
	assert_int_equal(s2_mem_lacks(&source->mem, 0x10001, &n), S2_OK);
	assert_int_equal(s2_mem_lacks(&source->mem, 0xffff, &n), S2_ABSENT);
	assert_int_equal(n, 1);
	assert_int_equal(s2_mem_lacks(&source->mem, 0x11000, &n), S2_ABSENT);
	assert_int_equal(n, 0x20000000 - 0x11000);
	assert_int_equal(s2_mem_lacks(&source->mem, 0x20001000, &n), S2_ABSENT);
	assert_int_equal(n, UINT64_MAX);
	s2_source_close(source);
	free(blob.data);
}

/* Runs that begin and end inside, at and across words and groups of a bitmap: each answer covers
 * all pages of one kind up to the next kind or group, and no other. */
static void test_lacks_of_kdump(void **state)
{
	struct blob blob = build(
		"kdump --pattern 0x3e000:0x3000 --pattern 0x80000:0x1c1000 "
		"--exclude 0x3f000:0x1000 --exclude 0xbf000:0x83000 --exclude 0x1fe000:0x3000");
	enum { GROUP_BYTES = 512 * PAGE, END = 0x241000 };
	enum s2_code code[END / PAGE];
	struct s2_source *source;
	struct s2_err err;
	uint8_t buf[PAGE];

	(void)state;
	assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
	for (uint64_t pa = 0; pa < END; pa += PAGE)
		code[pa / PAGE] = s2_mem_read(&source->mem, pa, buf, sizeof(buf), NULL);
	for (uint64_t pa = 0; pa < END; pa += PAGE) {
		uint64_t end = pa, n;

		assert_int_equal(s2_mem_lacks(&source->mem, pa + 1, &n), code[pa / PAGE]);
		do
			end += PAGE;
		while (end < END && end % GROUP_BYTES && code[end / PAGE] == code[pa / PAGE]);
		assert_int_equal(n, end - pa - 1);
	}
	s2_source_close(source);
	free(blob.data);
}

/* Seven blocks of zeros, and one in whose last byte there is something. */
static void zeros_of_kdump(const char *codec)
{
	static uint8_t memory[8 << 16];
	struct s2_source *source;
	char path[128], raw[128], args[256];
	uint64_t next;
	uint8_t byte;
	FILE *f;

	snprintf(raw, sizeof(raw), "%s/zeros", dir);
	memory[(6 << 16) - 1] = 1;
	f = fopen(raw, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(memory, sizeof(memory), 1, f), 1);
	fclose(f);
	snprintf(args, sizeof(args), "kdump --block 65536 --codec %s --raw %s@0x40000000", codec,
		 raw);
	make(args, "zeros.kdump", path, sizeof(path));
	source = open_path(path);
	/* What is compressed is not known before it was looked at. */
	assert_int_equal(s2_mem_zeros(&source->mem, 0x40000000, &next),
			 strcmp(codec, "none") != 0 ? 0 : 5 << 16);
	assert_int_equal(s2_mem_read(&source->mem, 0x40000000, &byte, 1, NULL), S2_OK);
	assert_int_equal(s2_mem_zeros(&source->mem, 0x40000000, &next), 5 << 16);
	assert_int_equal(s2_mem_zeros(&source->mem, 0x40012345, &next), (5 << 16) - 0x12345);
	assert_int_equal(s2_mem_read(&source->mem, 0x4005ffff, &byte, 1, NULL), S2_OK);
	assert_int_equal(byte, 1);
	assert_int_equal(s2_mem_zeros(&source->mem, 0x40050000, &next), 0);
	assert_int_equal(next, 0x40060000);
	assert_int_equal(s2_mem_zeros(&source->mem, 0x40060000, &next), 2 << 16);
	assert_int_equal(s2_mem_zeros(&source->mem, 0x40080000, &next), 0);
	s2_source_close(source);
}

static void test_zeros_of_kdump(void **state)
{
	(void)state;
	zeros_of_kdump("none");
	zeros_of_kdump("zlib");
}

/* Of a memory of 'x': [1000, 1100) was left out, by a writer of whole pages or not; what is from
 * 5000 on was cut off. */
static enum s2_code some_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
			      struct s2_err *err)
{
	(void)mem;
	for (size_t i = 0; i < len; i++) {
		if (pa + i >= 1000 && pa + i < 1100)
			return s2_fail(err, S2_EXCLUDED, "left out");
		if (pa + i >= 5000)
			return s2_fail(err, S2_TRUNCATED, "cut off");
	}
	memset(buf, 'x', len);
	return S2_OK;
}

static enum s2_code some_lacks(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	(void)mem;
	*ret = pa < 1000 ? 1000 - pa : pa < 1100 ? 1100 - pa : UINT64_MAX;
	return pa >= 1000 && pa < 1100 ? S2_EXCLUDED : S2_OK;
}

/* What a filter left out reads as zeros, byte by byte, and what is missing for another reason does
 * not. */
static void test_absent_is_zero(void **state)
{
	static const struct s2_mem_ops ops[] = { { .read = some_read },
						 { .read = some_read, .lacks = some_lacks } };
	static const struct {
		uint64_t pa, size;
	} rows[] = {
		{ 990, 20 }, { 1000, 100 }, { 999, 102 }, { 1050, 10 },   { 1099, 2 },
		{ 0, 4096 }, { 1090, 20 },  { 1000, 1 },  { 1050, 3900 },
	};
	uint8_t buf[5000];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(ops); k++) {
		struct s2_source source = { .mem = { .ops = &ops[k] } };
		struct s2_err err;

		assert_int_equal(s2_source_absent_is_zero(&source, NULL), S2_OK);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			memset(buf, '?', sizeof(buf));
			assert_int_equal(s2_mem_read(&source.mem, rows[i].pa, buf,
						     (size_t)rows[i].size, &err),
					 S2_OK);
			for (uint64_t off = 0; off < rows[i].size; off++)
				assert_int_equal(buf[off], rows[i].pa + off >= 1000 &&
									   rows[i].pa + off < 1100 ?
								   0 :
								   'x');
			assert_int_equal(source.absent->times, i + 1);
			assert_int_equal(source.absent->first_pa, 990);
		}
		assert_int_equal(s2_mem_read(&source.mem, 1100, buf, 100, &err), S2_OK);
		assert_int_equal(source.absent->times, ARRAY_SIZE(rows));
		assert_int_equal(s2_mem_read(&source.mem, 1050, buf, 3951, &err), S2_TRUNCATED);
		assert_int_equal(s2_mem_read(&source.mem, 5000, buf, 1, &err), S2_TRUNCATED);
		/* Without belief it is missing again. */
		s2_source_believe(&source, false);
		assert_int_equal(s2_mem_read(&source.mem, 1000, buf, 1, &err), S2_EXCLUDED);
		s2_source_believe(&source, true);
		assert_int_equal(s2_mem_read(&source.mem, 1000, buf, 1, &err), S2_OK);
		free(source.absent);
	}
}

static void test_notes(void **state)
{
	static const char *const args[] = {
		"elf " MEMORY "--vmcoreinfo OSRELEASE=6.12",
		"elf " MEMORY "--vmcoreinfo OSRELEASE=6.12 --sve 16,64",
		"elf " MEMORY "--vmcoreinfo OSRELEASE=6.12 --flatten",
		"kdump " MEMORY "--vmcoreinfo OSRELEASE=6.12",
		"kdump " MEMORY "--vmcoreinfo OSRELEASE=6.12 --no-note",
		"kdump " MEMORY "--vmcoreinfo OSRELEASE=6.12 --version 3 --flatten",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		struct blob blob = build(args[i]);
		const struct s2_note *note;
		struct s2_source *source;
		struct s2_err err;
		char text[15];

		assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
		note = s2_source_note(source, "VMCOREINFO", 0);
		assert_non_null(note);
		assert_int_equal(note->size, 14);
		assert_int_equal(s2_file_read(&source->file, note->file_off, text, 14, NULL),
				 S2_OK);
		assert_memory_equal(text, "OSRELEASE=6.12", 14);
		assert_null(s2_source_note(source, "VMCOREINF", UINT32_MAX));
		assert_null(s2_source_note(source, "VMCOREINFO", 1));
		s2_source_close(source);
		free(blob.data);
	}
}

static void test_sve_remark(void **state)
{
	static const struct {
		const char *args;
		const char *remark; /* "" when the file is sound */
	} rows[] = {
		{ "elf " MEMORY "--sve 16,64", "longer than declared" },
		{ "elf " MEMORY "--sve 64,16", "shorter than declared" },
		{ "elf " MEMORY "--sve 64,64", "" },
		{ "elf " MEMORY "--sve 32", "" },
		{ "elf " MEMORY "--vmcoreinfo A=1", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blob blob = build(rows[i].args);
		struct s2_source *source;
		struct s2_err err;

		assert_int_equal(open_blob(blob.data, blob.size, &source, &err), S2_OK);
		assert_int_equal(rows[i].remark[0] != 0, source->remark[0] != 0);
		assert_non_null(strstr(source->remark, rows[i].remark));
		s2_source_close(source);
		free(blob.data);
	}
}

/* Memory that begins with what looks like a note is not taken for one, cut off or not. */
static void test_sound_file_is_not_shifted(void **state)
{
	static const uint8_t fake[] = { 5,   0,   0,   0, 4, 0, 0, 0, 1, 0, 0, 0, 'C',
					'O', 'R', 'E', 0, 0, 0, 0, 1, 2, 3, 4, 9 };
	char path[128], args[256];
	struct blob blob;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/fake", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(fake, 1, sizeof(fake), f), sizeof(fake));
	fclose(f);
	snprintf(args, sizeof(args), "elf --raw %s@0x10000 --vmcoreinfo A=1", path);
	blob = build(args);
	for (size_t cut = 0; cut < sizeof(fake); cut++) {
		struct s2_source *source;
		struct s2_err err;
		uint8_t byte;

		assert_int_equal(open_blob(blob.data, blob.size - cut, &source, &err), S2_OK);
		assert_null(strstr(source->remark, "than declared"));
		for (size_t i = 0; i < sizeof(fake) - cut; i++) {
			assert_int_equal(s2_mem_read(&source->mem, 0x10000 + i, &byte, 1, NULL),
					 S2_OK);
			assert_int_equal(byte, fake[i]);
		}
		assert_int_equal(s2_mem_read(&source->mem, 0x10000 + sizeof(fake) - cut, &byte, 1,
					     NULL),
				 cut ? S2_TRUNCATED : S2_ABSENT);
		s2_source_close(source);
	}
	free(blob.data);
}

/* In tmpfs a hole that is read through a mapping takes memory, and is a hole no more. */
static void holes_stay(void **state)
{
	struct s2_opened opened = { .name = "holes",
				    .fd = memfd_create("holes", 0),
				    .cmdline_fd = -1 };
	struct s2_file file;
	struct stat before, after;
	char page[4096];
	uint64_t end;

	(void)state;
	assert_return_code(opened.fd, errno);
	assert_return_code(ftruncate(opened.fd, 1 << 20), errno);
	assert_int_equal(pwrite(opened.fd, "x", 1, 0), 1);
	assert_return_code(fstat(opened.fd, &before), errno);
	assert_int_equal(s2_file_open(&opened, &file, NULL), S2_OK);
	for (uint64_t off = 0; off < 1 << 20; off += sizeof(page)) {
		assert_int_equal(s2_file_read(&file, off, page, sizeof(page), NULL), S2_OK);
		assert_int_equal(page[0], off ? 0 : 'x');
	}
	assert_return_code(fstat(opened.fd, &after), errno);
	assert_int_equal(after.st_blocks, before.st_blocks);
	assert_int_equal(s2_file_data(&file, 8192, &end), 1 << 20);
	assert_int_equal(s2_file_read(&file, (1 << 20) - 1, page, 2, NULL), S2_TRUNCATED);
	s2_file_close(&file);
	close(opened.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_truncation_every_byte),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_lacks),
		cmocka_unit_test(test_lacks_of_kdump),
		cmocka_unit_test(test_zeros_of_kdump),
		cmocka_unit_test(test_absent_is_zero),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_sve_remark),
		cmocka_unit_test(test_sound_file_is_not_shifted),
		cmocka_unit_test(holes_stay),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
