// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO: its lines and numbers, and the search for notes in memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/vmcoreinfo.h"
#include "test_kernel_image.h"

static struct s2_vmcoreinfo parsed(const char *text)
{
	struct s2_vmcoreinfo info;

	assert_int_equal(s2_vmcoreinfo_init(&info, text, strlen(text), NULL), S2_OK);
	return info;
}

/* A line, and what each family makes of it. */
static void numbers(void **state)
{
	static const struct {
		const char *line;
		enum s2_vmcoreinfo_kind kind;
		const char *name;
		enum s2_code code;
		uint64_t value;
	} rows[] = {
		{ "SYMBOL(_stext)=ffff800080010000", S2_VI_SYMBOL, "_stext", S2_OK,
		  0xffff800080010000 },
		{ "SYMBOL(_stext)=FFFF", S2_VI_SYMBOL, "_stext", S2_OK, 0xffff },
		{ "SYMBOL(_stext)=0xffff", S2_VI_SYMBOL, "_stext", S2_INVALID, 0 },
		{ "SYMBOL(_stext)=", S2_VI_SYMBOL, "_stext", S2_INVALID, 0 },
		{ "SYMBOL(_stext)=ffffffffffffffff", S2_VI_SYMBOL, "_stext", S2_OK, UINT64_MAX },
		{ "SYMBOL(_stext)=10000000000000000", S2_VI_SYMBOL, "_stext", S2_INVALID, 0 },
		{ "SYMBOL(_stext)=12 ", S2_VI_SYMBOL, "_stext", S2_INVALID, 0 },
		{ "SYMBOL(_stex)=12", S2_VI_SYMBOL, "_stext", S2_NOTFOUND, 0 },
		{ "SYMBOL(_stextt)=12", S2_VI_SYMBOL, "_stext", S2_NOTFOUND, 0 },
		{ " SYMBOL(_stext)=12", S2_VI_SYMBOL, "_stext", S2_NOTFOUND, 0 },
		{ "XSYMBOL(_stext)=12", S2_VI_SYMBOL, "_stext", S2_NOTFOUND, 0 },
		{ "SYMBOL(_stext)", S2_VI_SYMBOL, "_stext", S2_NOTFOUND, 0 },
		{ "SYMBOL(_stext)=1\nSYMBOL(_stext)=2", S2_VI_SYMBOL, "_stext", S2_OK, 1 },
		{ "NUMBER(VA_BITS)=48", S2_VI_NUMBER, "VA_BITS", S2_OK, 48 },
		{ "NUMBER(VA_BITS)=0x30", S2_VI_NUMBER, "VA_BITS", S2_OK, 48 },
		{ "NUMBER(X)=-129", S2_VI_NUMBER, "X", S2_OK, (uint64_t)-129 },
		{ "NUMBER(X)=-9223372036854775808", S2_VI_NUMBER, "X", S2_OK, 1ULL << 63 },
		{ "NUMBER(X)=-9223372036854775809", S2_VI_NUMBER, "X", S2_INVALID, 0 },
		{ "NUMBER(X)=18446744073709551615", S2_VI_NUMBER, "X", S2_OK, UINT64_MAX },
		{ "NUMBER(X)=18446744073709551616", S2_VI_NUMBER, "X", S2_INVALID, 0 },
		{ "NUMBER(X)=-", S2_VI_NUMBER, "X", S2_INVALID, 0 },
		{ "NUMBER(X)=0x", S2_VI_NUMBER, "X", S2_INVALID, 0 },
		{ "NUMBER(X)=-0x5", S2_VI_NUMBER, "X", S2_INVALID, 0 },
		{ "OFFSET(uts_namespace.name)=4", S2_VI_OFFSET, "uts_namespace.name", S2_OK, 4 },
		{ "SIZE(page)=64", S2_VI_SIZE, "page", S2_OK, 64 },
		{ "LENGTH(mem_section)=8192", S2_VI_LENGTH, "mem_section", S2_OK, 8192 },
		{ "LENGTH(mem_section)=a", S2_VI_LENGTH, "mem_section", S2_INVALID, 0 },
		{ "PAGESIZE=65536", S2_VI_PLAIN, "PAGESIZE", S2_OK, 65536 },
		{ "KERNELOFFSET=460073600000", S2_VI_HEX, "KERNELOFFSET", S2_OK, 0x460073600000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[200];
		struct s2_vmcoreinfo info;
		struct s2_err err;
		uint64_t value = 0x1234;

		/* First, in the middle, last without a line feed. */
		for (int where = 0; where < 3; where++) {
			snprintf(text, sizeof(text),
				 where == 0 ? "%s\nOSRELEASE=6\nCRASHTIME=1\n" :
				 where == 1 ? "OSRELEASE=6\n%s\nCRASHTIME=1\n" :
					      "OSRELEASE=6\nCRASHTIME=1\n%s",
				 rows[i].line);
			info = parsed(text);
			s2_err_init(&err);
			assert_int_equal(s2_vmcoreinfo_get(&info, rows[i].kind, rows[i].name,
							   &value, &err),
					 rows[i].code);
			assert_true(!rows[i].code || err.text[0]);
			assert_int_equal(value, rows[i].code ? 0x1234 : rows[i].value);
			value = 0x1234;
		}
	}
}

static void text_lines(void **state)
{
	struct s2_vmcoreinfo info = parsed("X=\nOSRELEASE=6.12.107+deb12-arm64\nBUILD-ID=ab");
	const char *value;
	size_t len;

	(void)state;
	assert_true(s2_vmcoreinfo_text(&info, "OSRELEASE", &value, &len));
	assert_int_equal(len, 20);
	assert_memory_equal(value, "6.12.107+deb12-arm64", 20);
	assert_true(s2_vmcoreinfo_text(&info, "X", &value, &len));
	assert_int_equal(len, 0);
	assert_true(s2_vmcoreinfo_text(&info, "BUILD-ID", &value, &len));
	assert_int_equal(len, 2);
	assert_false(s2_vmcoreinfo_text(&info, "BUILD", &value, &len));
}

static void what_is_not_vmcoreinfo(void **state)
{
	static char big[S2_VMCOREINFO_MAX + 100];
	struct s2_vmcoreinfo info = { .text = "kept" };

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big, "OSRELEASE=6\n", 12);
	assert_int_equal(s2_vmcoreinfo_init(&info, big, sizeof(big), NULL), S2_INVALID);
	assert_int_equal(s2_vmcoreinfo_init(&info, NULL, 0, NULL), S2_INVALID);
	assert_int_equal(s2_vmcoreinfo_init(&info, "", 0, NULL), S2_INVALID);
	assert_int_equal(s2_vmcoreinfo_init(&info, "PAGESIZE=1\n", 11, NULL), S2_INVALID);
	assert_int_equal(s2_vmcoreinfo_init(&info, "OSRELEASE=\n", 11, NULL), S2_INVALID);
	assert_int_equal(s2_vmcoreinfo_init(&info, "OSRELEASE=6\n\t\n", 14, NULL), S2_INVALID);
	assert_int_equal(s2_vmcoreinfo_init(&info, "OSRELEASE=6\n\x80\n", 14, NULL), S2_INVALID);
	assert_string_equal(info.text, "kept");
	/* What comes after the first zero byte is padding. */
	assert_int_equal(s2_vmcoreinfo_init(&info, "OSRELEASE=6\n\0\x80", 14, NULL), S2_OK);
	assert_int_equal(info.len, 12);
}

/* Bits turned and ends cut off at every place: an answer, or an error, never a crash. */
static void hostile_text(void **state)
{
	static const char good[] =
		"OSRELEASE=6.1\nNUMBER(VA_BITS)=48\nSYMBOL(_stext)=ffff800080010000\n";
	uint64_t value;

	(void)state;
	for (size_t cut = 0; cut < sizeof(good) - 1; cut++) {
		for (int bit = -1; bit < 8; bit++) {
			char *copy = malloc(cut + 1); /* exact, for the address sanitizer */
			struct s2_vmcoreinfo info;

			assert_non_null(copy);
			memcpy(copy, good, cut + 1);
			if (bit >= 0)
				copy[cut] ^= (char)(1 << bit);
			if (!s2_vmcoreinfo_init(&info, copy, cut + 1, NULL)) {
				(void)!s2_vmcoreinfo_get(&info, S2_VI_SYMBOL, "_stext", &value,
							 NULL);
				(void)!s2_vmcoreinfo_get(&info, S2_VI_NUMBER, "VA_BITS", &value,
							 NULL);
			}
			free(copy);
		}
	}
}

#define BASE 0x40000000ULL
#define SIZE (20U << 20)

static struct kimage ram_only(void)
{
	struct kimage k = { .shape = { .base = BASE } };

	k.ram = calloc(1, SIZE);
	assert_non_null(k.ram);
	memtable_init(&k.mem, k.ram, BASE, SIZE);
	return k;
}

/* All hits in order, up to @max. */
static size_t scan_all(const struct s2_mem *mem, uint64_t *hits, size_t max, bool *gave_up)
{
	struct s2_vmcoreinfo_scan scan;
	struct s2_vmcoreinfo_hit hit;
	size_t n = 0;

	s2_vmcoreinfo_scan_init(&scan, mem);
	while (n < max && !s2_vmcoreinfo_scan_next(&scan, &hit, NULL)) {
		assert_int_equal(hit.text_pa, hit.pa + 24);
		hits[n++] = hit.pa;
	}
	if (gave_up)
		*gave_up = scan.gave_up;
	return n;
}

static void scan_finds_page_starts(void **state)
{
	/* First and last page, either side of the chunks' borders. */
	static const uint64_t at[] = { 0,        0x3f000,  0x40000,    0x7ff000,
				       0x800000, 0x801000, SIZE - 4096 };
	struct kimage k = ram_only();
	uint64_t hits[20];

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		put_note(&k, at[i], "OSRELEASE=1\n");
	put_note(&k, 0x5000 + 8, "OSRELEASE=1\n"); /* not at a page start */
	put_note(&k, 0x6000, "OSRELEASE=1\n");
	k.ram[0x6000 + 8] = 1; /* type is not 0 */
	put_note(&k, 0x7000, "OSRELEASE=1\n");
	k.ram[0x7000 + 12] = 'X';
	put_note(&k, 0x8000, ""); /* no payload */
	put_note(&k, 0x9000, "OSRELEASE=1\n");
	put32(k.ram + 0x9004, S2_VMCOREINFO_MAX + 1);
	for (int views = 0; views < 2; views++) {
		k.mem.views = views;
		assert_int_equal(scan_all(&k.mem.mem, hits, 20, NULL), 7);
		for (size_t i = 0; i < 7; i++)
			assert_int_equal(hits[i], BASE + at[i]);
	}
	kimage_free(&k);
}

static void scan_passes_holes(void **state)
{
	struct kimage k = ram_only();
	uint64_t hits[4];

	(void)state;
	put_note(&k, 0x10000, "OSRELEASE=1\n");
	put_note(&k, 0x20000, "OSRELEASE=1\n");
	put_note(&k, 0x30000, "OSRELEASE=1\n");
	k.mem.hole = BASE + 0x1f000;
	k.mem.hole_size = 0x2000;
	k.mem.hole_code = S2_EXCLUDED;
	assert_int_equal(scan_all(&k.mem.mem, hits, 4, NULL), 2);
	assert_int_equal(hits[0], BASE + 0x10000);
	assert_int_equal(hits[1], BASE + 0x30000);
	kimage_free(&k);
}

/* Memory that is zero throughout, as far as it is there, is named as such. */
static void scan_of_zeros(void **state)
{
	struct kimage k = ram_only();

	(void)state;
	for (int round = 0; round < 8; round++) {
		struct s2_vmcoreinfo_scan scan;
		struct s2_vmcoreinfo_hit hit;
		struct s2_err err;
		bool zero = round < 4;

		k.mem.views = round % 2;
		k.mem.hole = BASE + 0x3000;
		k.mem.hole_size = round & 2 ? 4096 : 0;
		k.mem.hole_code = S2_EXCLUDED;
		k.ram[SIZE - 1] = !zero;
		s2_err_init(&err);
		s2_vmcoreinfo_scan_init(&scan, &k.mem.mem);
		assert_int_equal(s2_vmcoreinfo_scan_next(&scan, &hit, &err), S2_NOTFOUND);
		assert_non_null(strstr(err.text, zero ? "all memory in this file is zero" :
							"no VMCOREINFO in memory"));
		assert_int_equal(strstr(err.text, "4096 bytes") != NULL, (round & 2) != 0);
	}
	kimage_free(&k);
}

/* Each page in turn is missing: the others' notes are found, and it is counted. */
static void scan_passes_any_hole(void **state)
{
	struct kimage k = ram_only();

	(void)state;
	for (uint64_t at = 0; at < SIZE; at += 0x1f000)
		put_note(&k, at, "OSRELEASE=1\n");
	k.mem.hole_size = 4096;
	k.mem.hole_code = S2_TRUNCATED;
	for (uint64_t page = 0; page < SIZE; page += 4096) {
		struct s2_vmcoreinfo_scan scan;
		struct s2_vmcoreinfo_hit hit;
		struct s2_err err;
		uint64_t want = BASE;

		k.mem.hole = BASE + page;
		s2_err_init(&err);
		s2_vmcoreinfo_scan_init(&scan, &k.mem.mem);
		while (!s2_vmcoreinfo_scan_next(&scan, &hit, &err)) {
			want += want == k.mem.hole ? 0x1f000 : 0;
			assert_int_equal(hit.pa, want);
			want += 0x1f000;
		}
		assert_true(want + (want == k.mem.hole ? 0x1f000 : 0) >= BASE + SIZE);
		assert_int_equal(scan.gaps.bytes, 4096);
		assert_int_equal(scan.gaps.pa, k.mem.hole);
		assert_non_null(
			strstr(err.text, "no VMCOREINFO in memory (4096 bytes could not be"));
	}
	kimage_free(&k);
}

static enum s2_code known_lacks(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	const struct memtable *t = memtable_of(mem);

	*ret = t->hole + t->hole_size - pa;
	if (pa >= t->hole && pa - t->hole < t->hole_size)
		return t->hole_code;
	*ret = 1;
	return S2_OK;
}

/* What is missing counts as gone through, as in what there is to go through. */
static void scan_tells_how_far_it_is(void **state)
{
	const struct s2_mem_ops ops = { .read = memtable_read,
					.view = memtable_view,
					.next = memtable_next,
					.lacks = known_lacks };
	struct kimage k = ram_only();

	(void)state;
	/* Not all zeros, which are looked at once more. */
	k.ram[0] = 1;
	k.ram[SIZE - 4096] = 1;
	k.mem.mem.ops = &ops;
	k.mem.hole_size = SIZE / 2;
	k.mem.hole_code = S2_EXCLUDED;
	for (int views = 0; views < 2; views++) {
		for (uint64_t at = 0; at <= SIZE / 2; at += SIZE / 4) {
			struct s2_meter meter = { .done = 0 };
			uint64_t hit;

			k.mem.views = views;
			k.mem.hole = BASE + at;
			k.mem.mem.meter = &meter;
			assert_int_equal(scan_all(&k.mem.mem, &hit, 1, NULL), 0);
			assert_int_equal(meter.done, s2_mem_claimed(&k.mem.mem));
		}
	}
	kimage_free(&k);
}

/* A first page that is an extent of its own, and the rest. */
static enum s2_code next_of_two(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	(void)mem;
	if (pa >= BASE + SIZE)
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ .pa = pa < BASE + 4096 ? BASE : BASE + 4096,
				   .size = pa < BASE + 4096 ? 4096 : SIZE - 4096 };
	return S2_OK;
}

/* A search that gives up where an extent ends leaves out the next ones. */
static void scan_that_gives_up_says_so(void **state)
{
	const struct s2_mem_ops ops = { .read = memtable_read,
					.view = memtable_view,
					.next = next_of_two };
	struct kimage k = ram_only();

	(void)state;
	k.mem.mem.ops = &ops;
	for (int views = 0; views < 2; views++) {
		struct s2_vmcoreinfo_scan scan;
		struct s2_vmcoreinfo_hit hit;

		k.mem.views = views;
		s2_vmcoreinfo_scan_init(&scan, &k.mem.mem);
		scan.bytes.left = 100;
		assert_int_equal(s2_vmcoreinfo_scan_next(&scan, &hit, NULL), S2_NOTFOUND);
		assert_true(scan.gave_up);
		assert_int_equal(scan.gaps.bytes, SIZE - 4096);
		assert_int_equal(scan.gaps.code, S2_BUDGET);
	}
	kimage_free(&k);
}

/* An extent that claims all addresses there are, with nothing behind it. */
static enum s2_code empty_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
			       struct s2_err *err)
{
	(void)mem;
	(void)pa;
	(void)buf;
	(void)len;
	return s2_fail(err, S2_EXCLUDED, "left out");
}

static enum s2_code endless_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	(void)mem;
	if (pa >= UINT64_MAX - 4096)
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ .pa = 0, .size = UINT64_MAX };
	return S2_OK;
}

static enum s2_code wrapping_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	(void)mem;
	(void)pa;
	*ret = (struct s2_extent){ .pa = UINT64_MAX - 100, .size = 101 };
	return S2_OK;
}

static void scan_ends_on_hostile_extents(void **state)
{
	static const struct s2_mem_ops endless = { .read = empty_read, .next = endless_next };
	static const struct s2_mem_ops wrapping = { .read = empty_read, .next = wrapping_next };
	struct s2_mem mem = { .ops = &endless, .bytes = 4096 };
	bool gave_up;
	uint64_t hit;

	(void)state;
	assert_int_equal(scan_all(&mem, &hit, 1, &gave_up), 0);
	assert_true(gave_up);
	mem.ops = &wrapping;
	assert_int_equal(scan_all(&mem, &hit, 1, &gave_up), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(text_lines),
		cmocka_unit_test(what_is_not_vmcoreinfo),
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(scan_finds_page_starts),
		cmocka_unit_test(scan_passes_holes),
		cmocka_unit_test(scan_of_zeros),
		cmocka_unit_test(scan_passes_any_hole),
		cmocka_unit_test(scan_tells_how_far_it_is),
		cmocka_unit_test(scan_that_gives_up_says_so),
		cmocka_unit_test(scan_ends_on_hostile_extents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
