// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel virtual addresses: every granule and size, with tables written from the Arm ARM.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "decode/arm64/arm64.h"
#include "kernel/kva.h"
#include "test_kernel_image.h"

static struct s2_kva_facts facts_of(const struct kimage *k)
{
	struct s2_vmcoreinfo info;
	struct s2_kva_facts facts;

	assert_int_equal(s2_vmcoreinfo_init(&info, k->info, strlen(k->info), NULL), S2_OK);
	assert_int_equal(s2_kva_facts_from(&info, &facts, NULL), S2_OK);
	return facts;
}

static struct s2_kva *kva_of(struct kimage *k)
{
	struct s2_kva_facts facts = facts_of(k);
	struct s2_kva *kva;

	assert_int_equal(s2_kva_new(&k->mem.mem, &facts, &kva, NULL), S2_OK);
	return kva;
}

static void expect_pa(struct s2_kva *kva, uint64_t va, uint64_t want)
{
	uint64_t pa = 0;

	assert_int_equal(s2_kva_pa(kva, va, &pa, NULL), S2_OK);
	assert_int_equal(pa, want);
}

/* What 6.12 says on 16K pages, 52 bits, Neoverse N1 (the lab's 6.12-16k-n1): 47 bits, a "negative"
 * PHYS_OFFSET. */
static void facts_of_a_real_kernel(void **state)
{
	static const char text[] =
		"OSRELEASE=6.12.117+deb12-arm64-16k\nPAGESIZE=16384\n"
		"SYMBOL(swapper_pg_dir)=ffffe8f0a4f2c000\nSYMBOL(_stext)=ffffe8f0a3210000\n"
		"NUMBER(VA_BITS)=52\nNUMBER(kimage_voffset)=0xffffe8f063000000\n"
		"NUMBER(PHYS_OFFSET)=0xfff0800040000000\nNUMBER(TCR_EL1_T1SZ)=0x11\n";
	struct s2_vmcoreinfo info;
	struct s2_kva_facts facts;

	(void)state;
	assert_int_equal(s2_vmcoreinfo_init(&info, text, sizeof(text) - 1, NULL), S2_OK);
	assert_int_equal(s2_kva_facts_from(&info, &facts, NULL), S2_OK);
	assert_int_equal(facts.regime.value[S2_ARM64_IA_BITS], 47);
	assert_int_equal(facts.user.value[S2_ARM64_IA_BITS], 47);
	assert_int_equal(s2_regime_flag(&facts.regime, S2_ARM64_LPA2), S2_NO);
	assert_true(s2_regime_has(&facts.regime, S2_ARM64_UPPER));
	assert_false(s2_regime_has(&facts.user, S2_ARM64_UPPER));
	assert_int_equal(facts.root_pa, 0x41f2c000);
	assert_int_equal(s2_kva_image_pa(&facts, facts.stext), 0x40210000);
	assert_int_equal(s2_kva_linear_va(&facts, 0x40000000), 0xffff800000000000);
}

static void facts_are_checked(void **state)
{
	static const struct {
		const char *without, *instead;
	} rows[] = {
		{ "NUMBER(kimage_voffset)", "" },
		{ "PAGESIZE", "" },
		{ "PAGESIZE", "PAGESIZE=8192\n" },
		{ "NUMBER(VA_BITS)", "" },
		{ "NUMBER(VA_BITS)", "NUMBER(VA_BITS)=35\n" },
		{ "NUMBER(VA_BITS)", "NUMBER(VA_BITS)=64\n" },
		{ "NUMBER(TCR_EL1_T1SZ)", "NUMBER(TCR_EL1_T1SZ)=0x40\n" },
		{ "NUMBER(TCR_EL1_T1SZ)", "NUMBER(TCR_EL1_T1SZ)=x\n" },
		{ "NUMBER(PHYS_OFFSET)", "" },
		{ "SYMBOL(_stext)", "" },
		{ "SYMBOL(swapper_pg_dir)", "SYMBOL(swapper_pg_dir)=zz\n" },
	};
	struct kimage k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct s2_vmcoreinfo info;
		struct s2_kva_facts facts;
		char *line, *next;
		struct s2_err err;

		kimage_init(&k, &test_shapes[0]);
		line = strstr(k.info, rows[i].without);
		assert_non_null(line);
		next = strchr(line, '\n') + 1;
		memmove(line, next, strlen(next) + 1);
		strcat(k.info, rows[i].instead);
		assert_int_equal(s2_vmcoreinfo_init(&info, k.info, strlen(k.info), NULL), S2_OK);
		s2_err_init(&err);
		assert_int_equal(s2_kva_facts_from(&info, &facts, &err), S2_INVALID);
		assert_true(err.text[0]);
		kimage_free(&k);
	}
}

/* No T1SZ before 5.9: the configured size counts. With 64K pages it always does. */
static void size_of_the_tables(void **state)
{
	struct kimage k;
	char *line;

	(void)state;
	kimage_init(&k, &test_shapes[0]);
	line = strstr(k.info, "NUMBER(TCR_EL1_T1SZ)");
	line[0] = 'X';
	assert_int_equal(facts_of(&k).regime.value[S2_ARM64_IA_BITS], 48);
	kimage_free(&k);
	kimage_init(&k, &test_shapes[9]);
	line = strstr(k.info, "NUMBER(TCR_EL1_T1SZ)=0xc");
	assert_non_null(line);
	strcpy(line, "NUMBER(TCR_EL1_T1SZ)=0x10\n"); /* as on a 48-bit machine */
	assert_int_equal(facts_of(&k).regime.value[S2_ARM64_IA_BITS], 52);
	kimage_free(&k);
}

static void every_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSHAPES; i++) {
		struct kimage k;
		struct s2_kva *kva;
		struct s2_kva_piece piece;
		uint64_t page = UINT64_C(1) << test_shapes[i].page_log2;
		uint64_t note_va, vmalloc, block_va, block;
		char buf[64];

		kimage_init(&k, &test_shapes[i]);
		/* Pages in no order, and a block. */
		vmalloc = k.stext + (UINT64_C(1) << 32);
		map_one(&k, vmalloc, k.shape.base + 13 * (1 << 20), 0, true);
		map_one(&k, vmalloc + page, k.shape.base + 12 * (1 << 20), 0, false);
		block = UINT64_C(1) << (2 * test_shapes[i].page_log2 - 3);
		block_va = (k.stext + (UINT64_C(1) << 33)) & ~(block - 1);
		map_one(&k, block_va, k.shape.base & ~(block - 1), 1, true);
		for (int views = 0; views < 2; views++) {
			k.mem.views = views;
			kva = kva_of(&k);
			expect_pa(kva, k.stext, image_pa(&k, 0));
			expect_pa(kva, k.stext + RO_END - 1, image_pa(&k, RO_END - 1));
			expect_pa(kva, k.stext + DATA_AT + 8, image_pa(&k, DATA_AT + 8));
			note_va = linear_va(&k, k.shape.base + NOTE_AT);
			expect_pa(kva, note_va + 5, k.shape.base + NOTE_AT + 5);
			expect_pa(kva, note_va, k.shape.base + NOTE_AT);
			/* Tagged, by KASAN or MTE. */
			expect_pa(kva, (note_va & 0x00ffffffffffffff) | 0xf300000000000000,
				  k.shape.base + NOTE_AT);
			assert_int_equal(s2_kva_find(kva, k.stext + DATA_AT, &piece, NULL), S2_OK);
			assert_true(piece.writable);
			assert_int_equal(piece.size, page);
			assert_int_equal(s2_kva_find(kva, k.stext, &piece, NULL), S2_OK);
			assert_false(piece.writable);
			expect_pa(kva, block_va + block - 1,
				  (k.shape.base & ~(block - 1)) + block - 1);
			assert_int_equal(s2_kva_find(kva, block_va + 4096, &piece, NULL), S2_OK);
			assert_int_equal(piece.size, block);
			assert_int_equal(piece.va, block_va);
			/* What follows the block is not in it, though it is remembered in the same
			 * place. */
			assert_int_equal(s2_kva_find(kva, block_va + block, &piece, NULL),
					 S2_INVALID);
			/* A read across pages that do not follow each other. */
			memset(k.ram + 13 * (1 << 20) + page - 16, 'a', 16);
			memset(k.ram + 12 * (1 << 20), 'b', 16);
			assert_int_equal(s2_kva_read(kva, vmalloc + page - 16, buf, 32, NULL),
					 S2_OK);
			assert_memory_equal(buf, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", 32);
			s2_kva_free(kva);
		}
		kimage_free(&k);
	}
}

static void what_is_not_mapped(void **state)
{
	struct kimage k;
	struct s2_kva *kva;
	struct s2_err err;
	char buf[16];
	uint64_t pa;

	(void)state;
	kimage_init(&k, &test_shapes[0]);
	kva = kva_of(&k);
	s2_err_init(&err);
	assert_int_equal(s2_kva_pa(kva, k.stext + RO_END, &pa, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "not mapped"));
	assert_int_equal(s2_kva_pa(kva, 0, &pa, NULL), S2_INVALID);
	assert_int_equal(s2_kva_pa(kva, 0x0000ffff80000000, &pa, NULL), S2_INVALID);
	assert_int_equal(s2_kva_pa(kva, 0x007fffffffffffff, &pa, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "not a kernel address"));
	assert_int_equal(s2_kva_pa(kva, UINT64_MAX, &pa, NULL), S2_INVALID);
	/* All or nothing: the second half is not mapped, or beyond the last address. */
	assert_int_equal(s2_kva_read(kva, k.stext + RO_END - 8, buf, 16, NULL), S2_INVALID);
	assert_int_equal(s2_kva_read(kva, UINT64_MAX - 7, buf, 16, NULL), S2_INVALID);
	s2_kva_free(kva);
	kimage_free(&k);
}

/* A missing page or table keeps its code, also for who does not read the text. */
static void missing_memory_keeps_its_code(void **state)
{
	static const enum s2_code codes[] = { S2_ABSENT, S2_EXCLUDED, S2_TRUNCATED };
	struct kimage k;

	(void)state;
	kimage_init(&k, &test_shapes[0]);
	for (size_t i = 0; i < 3; i++) {
		struct s2_kva *kva = kva_of(&k);
		struct s2_err err;
		uint64_t word;

		k.mem.hole_code = codes[i];
		k.mem.hole_size = 4096;
		k.mem.hole = image_pa(&k, DATA_AT);
		assert_int_equal(s2_kva_read(kva, k.stext + DATA_AT, &word, 8, NULL), codes[i]);
		assert_int_equal(s2_kva_read(kva, k.stext, &word, 8, NULL), S2_OK);
		s2_kva_free(kva);
		kva = kva_of(&k);
		k.mem.hole = image_pa(&k, SWAPPER_AT);
		s2_err_init(&err);
		assert_int_equal(s2_kva_read(kva, k.stext, &word, 8, &err), codes[i]);
		assert_non_null(strstr(err.text, s2_code_name(codes[i])));
		k.mem.hole_size = 0;
		s2_kva_free(kva);
	}
	kimage_free(&k);
}

struct seen {
	struct s2_kva_piece piece[8];
	size_t n, stop;
};

static bool see(void *arg, const struct s2_kva_piece *piece)
{
	struct seen *seen = arg;

	assert_true(seen->n < 8);
	seen->piece[seen->n++] = *piece;
	return seen->n != seen->stop;
}

static void pieces_are_joined(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSHAPES; i++) {
		struct kimage k;
		struct s2_kva *kva;
		struct seen seen = { .n = 0 };

		kimage_init(&k, &test_shapes[i]);
		kva = kva_of(&k);
		assert_int_equal(s2_kva_each(kva, k.stext, UINT64_MAX, see, &seen, NULL, NULL),
				 S2_OK);
		assert_int_equal(seen.n, 2);
		assert_int_equal(seen.piece[0].va, k.stext);
		assert_int_equal(seen.piece[0].pa, image_pa(&k, 0));
		assert_int_equal(seen.piece[0].size, RO_END);
		assert_false(seen.piece[0].writable);
		assert_int_equal(seen.piece[1].va, k.stext + DATA_AT);
		assert_int_equal(seen.piece[1].size, DATA_SIZE);
		assert_true(seen.piece[1].writable);
		seen = (struct seen){ .stop = 1 };
		assert_int_equal(s2_kva_each(kva, k.stext, UINT64_MAX, see, &seen, NULL, NULL),
				 S2_OK);
		assert_int_equal(seen.n, 1);
		s2_kva_free(kva);
		kimage_free(&k);
	}
}

/* Tables that lead into themselves, and random ones. */
static void hostile_tables(void **state)
{
	uint64_t rnd = 1;

	(void)state;
	for (size_t round = 0; round < 200; round++) {
		struct kimage k;
		struct s2_kva *kva;
		uint64_t root, pa;

		kimage_init(&k, &test_shapes[round % NSHAPES]);
		root = image_pa(&k, SWAPPER_AT);
		for (unsigned int i = 0; i < 512; i++) {
			uint64_t desc = test_rnd(&rnd);

			if (round % 2)
				desc = desc_address(&k.shape, root) | 3;
			put64(at_pa(&k, root + i * 8), desc);
		}
		kva = kva_of(&k);
		for (int i = 0; i < 100; i++)
			(void)!s2_kva_pa(kva, test_rnd(&rnd) | 0xfff0000000000000, &pa, NULL);
		s2_kva_free(kva);
		kimage_free(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_of_a_real_kernel),
		cmocka_unit_test(facts_are_checked),
		cmocka_unit_test(size_of_the_tables),
		cmocka_unit_test(every_shape),
		cmocka_unit_test(what_is_not_mapped),
		cmocka_unit_test(missing_memory_keeps_its_code),
		cmocka_unit_test(pieces_are_joined),
		cmocka_unit_test(hostile_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
