// SPDX-License-Identifier: GPL-2.0-or-later
// Pages of a guest_memfd slot are held against the file's own, whatever the VMM maps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/check.h"
#include "model/private.h"
#include "test_kvm_make.h"

/* Flags of a slot: it has a file, and that has shared memory, too. */
#define GMEM 4U
#define GMEM_ONLY (1U << 17)

#define IPA 0x40000000ULL
#define PGOFF 61 /* so that the slot's pages lie in two nodes of the file's xarray */
#define NPAGES 16U
#define MAPPED 6U
#define LEAF 0x7ff /* a page, Normal, read and write, AF */
#define VMEMMAP 0xfffffdffc0000000ULL
#define SIZEOF_PAGE 64ULL
#define PAGE_REFCOUNT 52

struct gmemtest {
	struct kvmtest t;
	uint64_t leaf;  /* VA of the descriptor of the slot's first page */
	uint64_t table; /* ... and of the one that leads to it */
	uint64_t file, node[2];
	uint64_t slot;
	struct s2_check_report report;
};

/* The page that the file has as page @i of the slot. */
static uint64_t page_pa(const struct gmemtest *g, unsigned int i)
{
	return g->t.k.shape.base + 0x200000 + i * 0x3000;
}

static uint64_t heap_pa(const struct gmemtest *g, uint64_t va)
{
	return g->t.k.shape.base + HEAP_AT + (va - linear_va(&g->t.k, g->t.k.shape.base + HEAP_AT));
}

/* vmemmap is VMEMMAP_START minus (memstart_addr >> PAGE_SHIFT) struct pages (asm/pgtable.h). */
static uint64_t struct_page(const struct gmemtest *g, uint64_t pa)
{
	return VMEMMAP + (pa - g->t.k.shape.phys_offset) / 4096 * SIZEOF_PAGE;
}

static uint64_t folio(const struct gmemtest *g, unsigned int i)
{
	return struct_page(g, page_pa(g, i));
}

/* Where the xarray has page @i of the slot. */
static uint64_t entry_va(const struct gmemtest *g, unsigned int i)
{
	return g->node[(PGOFF + i) / 64] + 40 + (PGOFF + i) % 64 * 8;
}

static void put_table(struct gmemtest *g, uint64_t kvm)
{
	struct kvmtest *t = &g->t;
	uint64_t root, level2;

	t->used = (t->used + 8191) & ~8191ULL;
	root = heap_alloc(t, 8192);
	level2 = heap_alloc(t, 4096);
	g->table = level2;
	g->leaf = heap_alloc(t, 4096);
	set64(t, root + IPA / 0x40000000 * 8, heap_pa(g, level2) | 3);
	set64(t, level2, heap_pa(g, g->leaf) | 3);
	for (unsigned int i = 0; i < MAPPED; i++)
		set64(t, g->leaf + i * 8, page_pa(g, i) | LEAF);
	set64(t, kvm + KVM_ARCH + MMU_PGD_PHYS, heap_pa(g, root));
}

/* Pages [0, MAPPED) of the slot, all but one of them mapped by the guest. */
static void put_file(struct gmemtest *g)
{
	struct kvmtest *t = &g->t;
	uint64_t inode = heap_alloc(t, INODE_SIZE), mapping = heap_alloc(t, MAPPING_SIZE);
	uint64_t top = heap_alloc(t, 552);

	g->file = heap_alloc(t, FILE_SIZE);
	set64(t, g->file + FILE_INODE, inode);
	set64(t, inode + INODE_MAPPING, mapping);
	set64(t, mapping + MAPPING_PAGES + 8, top | 2);
	set_bytes(t, top, 6, 1);
	for (unsigned int n = 0; n < 2; n++) {
		g->node[n] = heap_alloc(t, 552);
		set64(t, top + 40 + n * 8, g->node[n] | 2);
	}
	for (unsigned int i = 0; i <= MAPPED; i++)
		set64(t, entry_va(g, i), folio(g, i));
}

static void gmem_init(struct gmemtest *g)
{
	struct kvmtest *t = &g->t;
	uint64_t kvm, set, mm;

	memset(g, 0, sizeof(*g));
	kvm_init(t, FORM_6_18, &test_shapes[0], true);
	info_line(&t->k,
		  "NUMBER(VMEMMAP_START)=0x%llx\nSIZE(page)=%llu\nOFFSET(page._refcount)=%d\n",
		  VMEMMAP, SIZEOF_PAGE, PAGE_REFCOUNT);
	kvm = put_vm(t, 1, 0);
	put_table(g, kvm);
	put_file(g);
	/* The VMM has a table and nothing in it: nobody maps this file. */
	mm = heap_alloc(t, 64);
	t->used = (t->used + 4095) & ~4095ULL;
	set64(t, kvm + KVM_MM, mm);
	set64(t, mm + MM_PGD, heap_alloc(t, 4096));
	set = heap_alloc(t, SLOTS_ARRAY + SLOT_SIZE);
	g->slot = heap_alloc(t, SLOT_SIZE);
	set64(t, set, g->slot + SLOT_NODES);
	set64(t, g->slot + SLOT_GFN, IPA / 4096);
	set64(t, g->slot + SLOT_NPAGES, NPAGES);
	set64(t, g->slot + SLOT_HVA, 0x7f0000000000);
	set64(t, g->slot + SLOT_GMEM_FILE, g->file);
	set64(t, g->slot + SLOT_GMEM_PGOFF, PGOFF);
	set_bytes(t, g->slot + SLOT_FLAGS, GMEM | GMEM_ONLY, 4);
	set64(t, kvm + KVM_MEMSLOTS, set);
}

/* @window: of how many pages of memory facts are kept at a time, 0: the default. */
static void run_all(struct gmemtest *g, uint64_t wanted, uint64_t window)
{
	struct s2_check_args args = { .wanted = wanted, .window = window };

	s2_kernel_close(g->t.kernel);
	g->t.kernel = NULL;
	kvm_must(&g->t);
	args.kernel = g->t.kernel;
	args.mem = &g->t.k.mem.mem;
	args.tables = &g->t.tables;
	s2_check_free(&g->report);
	assert_int_equal(s2_check_run(&args, &g->report, NULL), S2_OK);
}

static const struct s2_check_outcome *run(struct gmemtest *g, enum s2_check_id id)
{
	run_all(g, BIT64(id), 0);
	return &g->report.outcome[id];
}

/* As above, where the guest has private memory: pages [@from, @to) of the slot. */
static enum s2_check_result check_private(struct gmemtest *g, unsigned int from, unsigned int to,
					  bool unread)
{
	struct s2_check_args args = { .wanted = BIT64(S2_CHECK_VMM) };
	struct s2_private *p = calloc(1, sizeof(*p));
	struct s2_private_piece piece = { IPA + from * 4096ULL, IPA + to * 4096ULL - 1, unread };

	assert_non_null(p);
	s2_kernel_close(g->t.kernel);
	g->t.kernel = NULL;
	kvm_must(&g->t);
	assert_true(to == from || s2_private_add(p, &piece));
	s2_private_known(&g->t.tables.table[0], p);
	args.kernel = g->t.kernel;
	args.mem = &g->t.k.mem.mem;
	args.tables = &g->t.tables;
	s2_check_free(&g->report);
	assert_int_equal(s2_check_run(&args, &g->report, NULL), S2_OK);
	return g->report.outcome[S2_CHECK_VMM].result;
}

static const struct s2_check_outcome *check(struct gmemtest *g)
{
	return run(g, S2_CHECK_VMM);
}

static void must_fail(struct gmemtest *g, unsigned int i, const char *text)
{
	const struct s2_check_outcome *o = check(g);

	assert_int_equal(o->result, S2_CHECK_FAIL);
	assert_int_equal(o->nfindings, 1);
	assert_string_equal(o->finding[0].table, "vm:1");
	assert_int_equal(o->finding[0].ia, IPA + i * 4096ULL);
	if (!strstr(o->finding[0].text, text))
		fail_msg("'%s' is not in '%s'", text, o->finding[0].text);
}

static void gmem_exit(struct gmemtest *g)
{
	s2_check_free(&g->report);
	kvm_exit(&g->t);
}

/* The file has what is mapped, and one page more; at the VMM's address there is nothing at all. */
static void sound(void **state)
{
	struct gmemtest g;
	const struct s2_check_outcome *o;

	(void)state;
	gmem_init(&g);
	o = check(&g);
	if (o->result != S2_CHECK_PASS)
		fail_msg("%s", o->nfindings ? o->finding[0].text : o->why);
	/* Of a folio of two pages only the first has an entry of its own. */
	set64(&g.t, entry_va(&g, 1), (PGOFF % 64) << 2 | 2);
	set64(&g.t, g.leaf + 8, (page_pa(&g, 0) + 4096) | LEAF);
	assert_int_equal(check(&g)->result, S2_CHECK_PASS);
	/* Without the flag it is an ordinary slot, and the VMM has nothing there. */
	set_bytes(&g.t, g.slot + SLOT_FLAGS, 0, 4);
	assert_int_equal(check(&g)->result, S2_CHECK_FAIL);
	gmem_exit(&g);
}

/* What the guest shares with the VMM is the VMM's own memory, where the file has private memory
 * alone. */
static void shared(void **state)
{
	struct gmemtest g;

	(void)state;
	gmem_init(&g);
	set_bytes(&g.t, g.slot + SLOT_FLAGS, GMEM, 4);
	assert_int_equal(check_private(&g, 0, MAPPED, false), S2_CHECK_PASS);
	assert_int_equal(check_private(&g, 0, MAPPED - 1, false), S2_CHECK_FAIL);
	assert_non_null(strstr(g.report.outcome[S2_CHECK_VMM].finding[0].text,
			       "the VMM has nothing at 0x7f0000005000"));
	assert_int_equal(check_private(&g, 0, MAPPED, true), S2_CHECK_UNKNOWN);
	/* Of an ordinary VM all is. */
	assert_int_equal(check(&g)->result, S2_CHECK_FAIL);
	assert_non_null(strstr(g.report.outcome[S2_CHECK_VMM].finding[0].text,
			       "the VMM has nothing at 0x7f0000000000"));
	set_bytes(&g.t, g.slot + SLOT_FLAGS, GMEM | GMEM_ONLY, 4);
	assert_int_equal(check_private(&g, 0, 0, false), S2_CHECK_PASS);
	gmem_exit(&g);
}

static void another_page(void **state)
{
	struct gmemtest g;

	(void)state;
	gmem_init(&g);
	set64(&g.t, g.leaf + 4 * 8, (page_pa(&g, 4) + 4096) | LEAF);
	must_fail(&g, 4, "the guest_memfd has 0x");
	set64(&g.t, g.leaf + 4 * 8, page_pa(&g, 4) | LEAF);
	/* A page that the file gave up must not stay mapped. */
	set64(&g.t, entry_va(&g, 5), 0);
	must_fail(&g, 5, "has no page 66");
	set64(&g.t, entry_va(&g, 5), 9 << 1 | 1); /* a value is no page */
	must_fail(&g, 5, "has no page 66");
	gmem_exit(&g);
}

/* However often tables are read again for windows of memory, each page is held against the file's
 * once. */
static void windows(void **state)
{
	const uint64_t both = BIT64(S2_CHECK_VMM) | BIT64(S2_CHECK_TWO_GUESTS);
	struct gmemtest g;

	(void)state;
	gmem_init(&g);
	set64(&g.t, g.leaf + 4 * 8, (page_pa(&g, 4) + 4096) | LEAF);
	for (uint64_t window = 64; window <= 4096; window *= 8) {
		const struct s2_check_outcome *o = &g.report.outcome[S2_CHECK_VMM];

		run_all(&g, both, window);
		assert_int_equal(o->nfindings, 1);
		assert_int_equal(o->checked, MAPPED);
	}
	set64(&g.t, g.slot + SLOT_GMEM_FILE, 0);
	run_all(&g, both, 64);
	assert_int_equal(g.report.outcome[S2_CHECK_VMM].nunknown, MAPPED);
	gmem_exit(&g);
}

/* The slot begins at another page of the file. */
static void another_offset(void **state)
{
	struct gmemtest g;

	(void)state;
	gmem_init(&g);
	set64(&g.t, g.slot + SLOT_GMEM_PGOFF, PGOFF + 1);
	assert_int_equal(check(&g)->nfindings, MAPPED);
	gmem_exit(&g);
}

/* What is not in the dump is unknown: each part of the way to the pages. */
static void missing(void **state)
{
	struct gmemtest g;

	(void)state;
	gmem_init(&g);
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t va = i == 0 ? g.file + FILE_INODE : i == 1 ? g.node[0] : g.node[1];

		g.t.k.mem.hole = heap_pa(&g, va);
		g.t.k.mem.hole_size = 8;
		g.t.k.mem.hole_code = S2_EXCLUDED;
		assert_int_equal(check(&g)->result, S2_CHECK_UNKNOWN);
		assert_int_equal(g.report.outcome[S2_CHECK_VMM].nfindings, 0);
	}
	g.t.k.mem.hole_size = 0;
	set64(&g.t, g.slot + SLOT_GMEM_FILE, 0);
	assert_int_equal(check(&g)->result, S2_CHECK_UNKNOWN);
	set64(&g.t, g.slot + SLOT_GMEM_FILE, 0xffffdead00000000);
	assert_int_equal(check(&g)->result, S2_CHECK_UNKNOWN);
	gmem_exit(&g);
}

/* A guest writes what is not in the dump's memory: by its struct page that is memory that the dump
 * lacks, or a device, whose page is reserved or has none. */
static void outside(void **state)
{
	static const uint64_t pa = 0x2000000000, flags = 1 << 3;
	struct gmemtest g;
	uint64_t page, va;

	(void)state;
	gmem_init(&g);
	info_line(&g.t.k, "OFFSET(page.flags)=0\n%s", "");
	page = struct_page(&g, pa);
	set64(&g.t, g.leaf, pa | LEAF);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	g.t.used = (g.t.used + 4095) & ~4095ULL;
	va = heap_alloc(&g.t, 4096);
	map_one(&g.t.k, page & ~4095ULL, heap_pa(&g, va), 0, true);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	set64(&g.t, va + page % 4096, flags);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	/* The struct page is missing itself. */
	g.t.k.mem.hole = heap_pa(&g, va);
	g.t.k.mem.hole_size = 4096;
	g.t.k.mem.hole_code = S2_EXCLUDED;
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	gmem_exit(&g);
}

/* KVM counts the entries of a table page in its struct page; -1 is a page that was freed too
 * often. */
static void refcounts(void **state)
{
	/* The start level, which is two pages, and a table of level 2 and of level 3. */
	static const unsigned int refs[] = { 1 + 1, 1, 1 + 1, 1 + MAPPED };
	const struct s2_check_outcome *o;
	struct gmemtest g;
	uint64_t first, va;

	(void)state;
	gmem_init(&g);
	first = struct_page(&g, heap_pa(&g, g.leaf) - 3 * 4096ULL);
	g.t.used = (g.t.used + 4095) & ~4095ULL;
	va = heap_alloc(&g.t, 8192);
	for (uint64_t at = 0; at < 8192; at += 4096)
		map_one(&g.t.k, (first & ~4095ULL) + at, heap_pa(&g, va) + at, 0, true);
	va += first % 4096 + PAGE_REFCOUNT;
	for (unsigned int i = 0; i < 4; i++)
		set_bytes(&g.t, va + i * SIZEOF_PAGE, refs[i], 4);
	assert_int_equal(run(&g, S2_CHECK_REFCOUNT)->result, S2_CHECK_PASS);
	set_bytes(&g.t, va + 3 * SIZEOF_PAGE, UINT32_MAX, 4);
	o = run(&g, S2_CHECK_REFCOUNT);
	assert_int_equal(o->nfindings, 1);
	assert_string_equal(o->finding[0].text,
			    "level 3 table page: 7 references expected, -1 found");
	gmem_exit(&g);
}

/* No struct page is mapped where the kernel's list of sections has memory: that is damage. */
static void outside_section(void **state)
{
	static const uint64_t pa = 0x2000000000, section = pa >> 27;
	struct gmemtest g;
	uint64_t roots, root;

	(void)state;
	gmem_init(&g);
	roots = heap_alloc(&g.t, 64);
	root = heap_alloc(&g.t, 256);
	info_line(&g.t.k,
		  "OFFSET(page.flags)=0\nSYMBOL(mem_section)=%llx\nLENGTH(mem_section)=%d\n"
		  "SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\n"
		  "NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=48\n",
		  (unsigned long long)roots, 1 << (48 - 27 - 8));
	set64(&g.t, g.leaf, pa | LEAF);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	set64(&g.t, roots + (section >> 8) * 8, root);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	set64(&g.t, root + section % 256 * 16, 1); /* present, and without struct pages */
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	set64(&g.t, root + section % 256 * 16, 3);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	set64(&g.t, roots + (section >> 8) * 8, 0xffffdead00000000);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	gmem_exit(&g);
}

/* What is beyond MAX_PHYSMEM_BITS has no section: what stands behind the list is none of it. */
static void outside_sections(void **state)
{
	struct gmemtest g;
	uint64_t roots;

	(void)state;
	gmem_init(&g);
	roots = heap_alloc(&g.t, 64);
	info_line(&g.t.k,
		  "OFFSET(page.flags)=0\nSYMBOL(mem_section)=%llx\nLENGTH(mem_section)=4\n"
		  "SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\n"
		  "NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=37\n",
		  (unsigned long long)roots);
	set64(&g.t, roots + 4 * 8, 0xffffdead00000000);
	set64(&g.t, g.leaf, BIT64(37) | LEAF);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	gmem_exit(&g);
}

/* Numbers of sections that no kernel has are no list of memory. */
static void impossible_sections(void **state)
{
	static const struct {
		unsigned int length, section_bits, bits;
		enum s2_check_result result;
	} rows[] = {
		{ 1 << 13, 27, 48, S2_CHECK_UNKNOWN }, /* a list that says there is memory */
		{ 0, 27, 48, S2_CHECK_PASS },          { 1 << 20, 27, 48, S2_CHECK_UNKNOWN },
		{ 1 << 21, 27, 48, S2_CHECK_PASS }, /* of one section each: not SPARSEMEM_EXTREME */
		{ 1 << 21, 12, 48, S2_CHECK_UNKNOWN }, { 1 << 21, 11, 48, S2_CHECK_PASS },
		{ 1 << 21, 27, 63, S2_CHECK_UNKNOWN }, { 1 << 21, 27, 64, S2_CHECK_PASS },
		{ 1, 47, 48, S2_CHECK_UNKNOWN },       { 1, 48, 48, S2_CHECK_PASS },
		{ 1, 49, 48, S2_CHECK_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gmemtest g;

		gmem_init(&g);
		/* Whatever is asked for in the list, it cannot be read. */
		info_line(&g.t.k,
			  "OFFSET(page.flags)=0\nSYMBOL(mem_section)=ffffdead00000000\n"
			  "LENGTH(mem_section)=%u\nSIZE(mem_section)=16\n"
			  "OFFSET(mem_section.section_mem_map)=0\nNUMBER(SECTION_SIZE_BITS)=%u\n"
			  "NUMBER(MAX_PHYSMEM_BITS)=%u\n",
			  rows[i].length, rows[i].section_bits, rows[i].bits);
		set64(&g.t, g.leaf, 0x2000000000 | LEAF);
		if (run(&g, S2_CHECK_TWO_GUESTS)->result != rows[i].result)
			fail_msg("row %zu", i);
		gmem_exit(&g);
	}
}

/* A block of 2 MiB that is not in the dump's memory: each of its pages is asked for. */
static void outside_block(void **state)
{
	static const uint64_t pa = 0x2000000000, flags = 1 << 3;
	struct gmemtest g;
	uint64_t pages, va, leaf;

	(void)state;
	gmem_init(&g);
	info_line(&g.t.k, "OFFSET(page.flags)=0\n%s", "");
	pages = VMEMMAP + (pa - g.t.k.shape.phys_offset) / 4096 * SIZEOF_PAGE;
	set64(&g.t, g.table, pa | (LEAF & ~2));
	g.t.used = (g.t.used + 4095) & ~4095ULL;
	va = heap_alloc(&g.t, 4096);
	assert_int_equal(pages % 0x8000, 0);
	map_one(&g.t.k, pages, heap_pa(&g, va), 0, true);
	leaf = TABLES_AT + g.t.k.tables_used - 4096;
	/* One reserved page, and memory behind it. */
	set64(&g.t, va, flags);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	for (unsigned int i = 0; i < 64; i++)
		set64(&g.t, va + i * SIZEOF_PAGE, flags);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	set64(&g.t, va + 63 * SIZEOF_PAGE, 0);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	set64(&g.t, va + 63 * SIZEOF_PAGE, flags);
	map_one(&g.t.k, pages + 7 * 4096, heap_pa(&g, va), 0, true);
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_PASS);
	/* Where struct pages are, a descriptor that maps nothing and is not empty is damage. */
	g.t.k.ram[leaf + (pages / 4096 + 7) % 512 * 8] &= (uint8_t)~2;
	assert_int_equal(run(&g, S2_CHECK_TWO_GUESTS)->result, S2_CHECK_UNKNOWN);
	gmem_exit(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound),
		cmocka_unit_test(shared),
		cmocka_unit_test(another_page),
		cmocka_unit_test(windows),
		cmocka_unit_test(another_offset),
		cmocka_unit_test(missing),
		cmocka_unit_test(outside),
		cmocka_unit_test(refcounts),
		cmocka_unit_test(outside_block),
		cmocka_unit_test(outside_section),
		cmocka_unit_test(outside_sections),
		cmocka_unit_test(impossible_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
