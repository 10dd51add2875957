// SPDX-License-Identifier: GPL-2.0-or-later
// What KVM writes into EPT and NPT: values that dumps of Linux 6.1 to 7.3 held are sound, every
// other bit is a finding.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "check/priv.h"
#include "decode/soft.h"
#include "decode/x86/x86.h"
#include "host/kvm/x86/soft.h"
#include "memtable.h"

#define BASE 0x10000000ULL
#define PAGE 4096ULL
#define PAGES 8

/* Pages of the table: a root of level 4, then one of each level; the last two are memory. */
#define PT 3
#define MEMORY (BASE + 6 * PAGE)

static uint64_t words[PAGES * 512];
static struct memtable mem;
static struct s2_slot slot;
static struct s2_table table;
static struct s2_tables tables;
static struct s2_lost lost;
static struct s2_check_report report;

/* One kind of table as dumps show it (entries without addresses). */
struct kind {
	const char *name;
	const struct s2_arch *arch;
	const struct s2_soft_ops *soft;
	uint64_t empty;
	bool ad;
	uint64_t table, leaf;
	uint64_t free; /* bits that may change alone in such a leaf, below and above the address */
};

#define VE BIT64(63)

static const struct kind kinds[] = {
	{ "NPT", &s2_x86_npt, &s2_soft_kvm_old, 0, true, 0x827, 0xe67, BIT64(1) | BITS64(6, 5) },
	{ "NPT 7.3", &s2_x86_npt, &s2_soft_kvm_new, VE, true, 0x827, 0xe67,
	  BIT64(1) | BITS64(6, 5) },
	{ "EPT 6.1", &s2_x86_ept, &s2_soft_kvm_old, 0, true, 0x907, 0x600000000000b77,
	  BIT64(1) | BITS64(9, 8) | BIT64(53) },
	{ "EPT 6.12", &s2_x86_ept, &s2_soft_kvm_old, VE, true, 0x8000000000000907,
	  0x8600000000000b77, BIT64(1) | BITS64(9, 8) | BIT64(53) },
	{ "EPT 6.12 without A/D", &s2_x86_ept, &s2_soft_kvm_old, VE, false, 0x8010000000000807,
	  0x8610000000000877, BIT64(1) | BITS64(9, 8) },
	{ "EPT 7.3", &s2_x86_ept, &s2_soft_kvm_new, VE, true, 0x8000000000000d07,
	  0x80a0000000000f77, BIT64(1) | BITS64(9, 8) | BIT64(61) },
	{ "EPT 7.3 without A/D", &s2_x86_ept, &s2_soft_kvm_new, VE, false, 0x9000000000000c07,
	  0x90a0000000000f77, BIT64(1) | BITS64(9, 8) },
};

static void make(const struct kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = kind->empty;
	memset(&table, 0, sizeof(table));
	memtable_init(&mem, words, BASE, sizeof(words));
	slot = (struct s2_slot){ .ipa = 0, .size = 1ULL << 30 };
	strcpy(table.id, "vm:1");
	strcpy(table.kind, "stage2");
	s2_regime_init(&table.regime, kind->arch);
	s2_regime_set(&table.regime, S2_X86_MAXPHYADDR, 40);
	s2_regime_set_level(&table.regime, S2_X86_START_LEVEL, 4);
	if (kind->arch == &s2_x86_ept)
		s2_regime_set_flag(&table.regime, S2_X86_AD, kind->ad ? S2_YES : S2_NO);
	table.regime.soft.ops = kind->soft;
	kind->soft->assume(&table.regime, &table.regime.soft);
	table.regime.soft.empty = kind->empty;
	table.root_pa = BASE;
	table.slot = &slot;
	table.nslots = 1;
	table.have_slots = true;
	for (unsigned int level = 0; level < PT; level++)
		words[level * 512] = (BASE + (level + 1) * PAGE) | kind->table;
	words[PT * 512 + 5] = MEMORY | kind->leaf;
	tables = (struct s2_tables){ .table = &table, .n = 1 };
}

/* The first finding, or NULL. */
static const struct s2_finding *run(enum s2_check_id *ret_id)
{
	struct s2_check_args args = {
		.mem = &mem.mem, .tables = &tables, .lost = &lost, .wanted = ~0ULL
	};

	s2_check_free(&report);
	assert_int_equal(s2_check_run(&args, &report, NULL), S2_OK);
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		*ret_id = (enum s2_check_id)i;
		if (report.outcome[i].nfindings)
			return report.outcome[i].finding;
	}
	return NULL;
}

static void sound(const struct kind *kind, const char *what)
{
	enum s2_check_id id;
	const struct s2_finding *finding = run(&id);

	if (finding)
		fail_msg("%s, %s: %s: %s", kind->name, what, s2_checks[id].name, finding->text);
}

static void wrong(const struct kind *kind, const char *what, unsigned int bit)
{
	enum s2_check_id id;

	if (!run(&id))
		fail_msg("%s: bit %u of %s is not reported", kind->name, bit, what);
}

static void test_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		make(&kinds[i]);
		sound(&kinds[i], "as it is");
		assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_PASS);
		/* Whether IA32_PAT is known or not, no type of it is reserved. */
		assert_int_equal(report.outcome[S2_CHECK_ENCODING].result, S2_CHECK_PASS);
		assert_int_equal(report.outcome[S2_CHECK_TABLE_EMPTY].result, S2_CHECK_SKIPPED);
		assert_int_equal(report.outcome[S2_CHECK_REFCOUNT].result, S2_CHECK_SKIPPED);
	}
}

/* Of the free bits one makes write-protection the type of A/D tracking. Bits 12 to 39 are the
 * address; beyond it the entry is reserved. The memory type of EPT has legal values that differ in
 * one bit, and others. */
static void test_every_bit_of_a_leaf(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		bool ept = kind->arch == &s2_x86_ept;

		for (unsigned int bit = 0; bit < 64; bit++) {
			if ((bit >= 12 && bit < 40) || (ept && bit >= 3 && bit <= 6))
				continue;
			make(kind);
			words[PT * 512 + 5] ^= BIT64(bit);
			if (kind->free & BIT64(bit))
				sound(kind, "a free bit of the leaf");
			else
				wrong(kind, "the leaf", bit);
		}
	}
}

/* So it is of a large page, but that it need not be executable. */
static void test_every_bit_of_a_large_leaf(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		bool ept = kind->arch == &s2_x86_ept, new = kind->soft == &s2_soft_kvm_new;
		uint64_t *leaf = &words[(PT - 1) * 512 + 1];
		uint64_t x = !ept ? BIT64(63) : new ? BIT64(10) | BIT64(2) : BIT64(2);

		for (unsigned int bit = 0; bit < 64; bit++) {
			if ((bit >= 12 && bit < 40) || bit == 7 || (ept && bit >= 3 && bit <= 6))
				continue;
			make(kind);
			*leaf = 0x200000 | X86_LARGE | kind->leaf;
			sound(kind, "a large page");
			*leaf ^= BIT64(bit);
			if ((kind->free | (ept && new ? 0 : x)) & BIT64(bit))
				sound(kind, "a free bit of a large page");
			else
				wrong(kind, "a large page", bit);
		}
		make(kind);
		*leaf = (0x200000 | X86_LARGE | kind->leaf) ^ x;
		sound(kind, "a large page that is not executable");
		words[PT * 512 + 5] ^= x;
		wrong(kind, "the leaf", 2);
	}
}

/* Upper entries never change but for their address. */
static void test_every_bit_of_an_upper_entry(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (unsigned int bit = 0; bit < 64; bit++) {
			if (bit >= 12 && bit < 40)
				continue;
			make(&kinds[i]);
			words[(PT - 1) * 512] ^= BIT64(bit);
			wrong(&kinds[i], "an upper entry", bit);
		}
}

/* Where nobody says whether A/D bits are on, either may be, but not what is neither. */
static void test_unknown_ad(void **state)
{
	(void)state;
	for (unsigned int i = 3; i < 7; i++) {
		const struct kind *kind = &kinds[i];
		const unsigned int at = kind->soft == &s2_soft_kvm_new ? 60 : 52;
		const struct kind *other = &kinds[i < 5 ? 7 - i : 11 - i];

		for (uint64_t type = 0; type < 4; type++) {
			make(kind);
			s2_regime_clear(&table.regime, S2_X86_AD);
			words[PT * 512 + 5] &= ~(BIT64(at) | BIT64(at + 1));
			words[PT * 512 + 5] |= type << at;
			if (type < 3)
				sound(kind, "a type of A/D tracking");
			else
				wrong(kind, "a type of A/D tracking", at);
		}
		for (unsigned int bit = 0; bit < 64; bit++) {
			if (bit >= 12 && bit < 40)
				continue;
			make(kind);
			s2_regime_clear(&table.regime, S2_X86_AD);
			words[(PT - 1) * 512] = (BASE + PT * PAGE) | other->table;
			sound(kind, "an upper entry of either kind");
			words[(PT - 1) * 512] ^= BIT64(bit);
			wrong(kind, "an upper entry of either kind", bit);
		}
	}
}

/* Upper entries of a table without A/D bits in one with them, and the other way; in a shadow either
 * may stand. */
static void test_upper_entry_of_the_other_kind(void **state)
{
	(void)state;
	for (unsigned int i = 3; i < 7; i++) {
		const struct kind *other = &kinds[i < 5 ? 7 - i : 11 - i];

		make(&kinds[i]);
		words[(PT - 1) * 512] = (BASE + PT * PAGE) | other->table;
		wrong(&kinds[i], "an upper entry of the other kind", 0);
		strcpy(table.kind, "nested-stage2");
		sound(&kinds[i], "an upper entry of a shadow");
	}
}

/* Empty entries are not 0 since 6.10: something else has cleared them. Where nobody says what they
 * are, nothing is wrong. */
static void test_cleared(void **state)
{
	enum s2_check_id id;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		make(&kinds[i]);
		words[PT * 512 + 7] = words[PT * 512 + 8] = 0;
		if (!kinds[i].empty) {
			sound(&kinds[i], "empty entries");
			continue;
		}
		assert_non_null(run(&id));
		assert_int_equal(id, S2_CHECK_WRITER);
		assert_int_equal(report.outcome[id].nfindings, 1);
		assert_non_null(strstr(report.outcome[id].finding->text, "2 entries"));
		s2_soft_unsure(&table.regime.soft, S2_KVM_X86_MMIO_VALUE);
		sound(&kinds[i], "empty entries that may be of MMIO");
		assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_UNKNOWN);
		assert_non_null(strstr(report.outcome[S2_CHECK_WRITER].why, "entries that are 0"));
		table.regime.soft.unsure = 0;
		table.regime.soft.assumed = true;
		sound(&kinds[i], "empty entries that nobody told of");
	}
}

/* Read-only slots, the zero page, logging, tracking, MMIO, and what is being changed. */
static void test_other_entries(void **state)
{
	static const struct {
		unsigned int kind;
		uint64_t raw; /* without the address of memory */
		bool address;
		bool sound;
	} rows[] = {
		{ 0, 0x825, true, true },                    /* read-only */
		{ 0, 0xe65, true, true },                    /* logged */
		{ 0, 0x8000000000005 | 0xf2, false, false }, /* MMIO of address 0, at 0x5000 */
		{ 0, 0x80000000050f7, false, true },         /* ... of 0x5000 */
		{ 0, 0x5a0, false, false },                  /* frozen */
		{ 0, 0x10, false, false },                   /* nothing that KVM writes */
		{ 2, 0x975, true, true },
		{ 3, 0x8000000000000975, true, true },
		{ 3, 0x975, true, false }, /* without suppress-#VE */
		{ 3, 0x80000000000005a0, false, false },
		{ 4, 0x8750000000000870, true, true }, /* tracked */
		{ 5, 0x8000000000000d75, true, true },
		{ 5, 0x8000000000000975, true, false }, /* X without user execute */
		{ 6, 0xd0f0000000000a70, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kind *kind = &kinds[rows[i].kind];
		enum s2_check_id id;

		make(kind);
		words[PT * 512 + 5] = rows[i].raw | (rows[i].address ? MEMORY : 0);
		if (rows[i].sound)
			sound(kind, "another entry");
		else if (!run(&id))
			fail_msg("%s: entry 0x%" PRIx64 " is not reported", kind->name,
				 rows[i].raw);
	}
}

/* Read-only memory is not written, and nothing is mapped outside of the slots. */
static void test_slots(void **state)
{
	enum s2_check_id id;

	(void)state;
	make(&kinds[0]);
	slot.flags = S2_SLOT_READONLY;
	assert_non_null(run(&id));
	assert_int_equal(id, S2_CHECK_MEMSLOTS);
	make(&kinds[2]);
	slot.size = 5 * PAGE;
	assert_non_null(run(&id));
	assert_int_equal(id, S2_CHECK_MEMSLOTS);
}

static void make_nested(const struct kind *kind)
{
	make(kind);
	strcpy(table.id, "vm:1/nested:0");
	strcpy(table.kind, "nested-stage2");
	table.slot = NULL;
	table.nslots = 0;
	table.have_slots = false;
}

/* The shadow of a guest's table: rights are what the guest's table leaves, MMIO is where the guest
 * has it, and a table that the guest uses twice has one shadow. Slots it has none. */
static void test_nested(void **state)
{
	static const struct {
		unsigned int kind;
		uint64_t raw;
		bool address;
	} rows[] = {
		{ 0, 0x8000000000000e67, true }, /* not executable */
		{ 1, 0x80000e00000f7, false },   /* MMIO */
		{ 2, 0x600000000000b73, true },  /* not executable */
		{ 3, 0x8000000000000974, true }, /* executable only */
		{ 5, 0x80a0000000000b73, true }, /* not executable */
		{ 5, 0xe00000f6, false },        /* MMIO */
	};
	enum s2_check_id id;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kind *kind = &kinds[rows[i].kind];
		uint64_t raw = rows[i].raw | (rows[i].address ? MEMORY : 0);

		make_nested(kind);
		words[PT * 512 + 5] = raw;
		words[(PT - 1) * 512 + 7] = words[(PT - 1) * 512];
		sound(kind, "of a nested guest");
		assert_int_equal(report.outcome[S2_CHECK_MEMSLOTS].result, S2_CHECK_PASS);
		make(kind);
		words[PT * 512 + 5] = raw;
		assert_non_null(run(&id));
		assert_int_equal(id, S2_CHECK_WRITER);
	}
	/* User execute goes its own way where the guest's table says so. */
	make_nested(&kinds[5]);
	words[PT * 512 + 5] = 0x80a0000000000b77 | MEMORY;
	wrong(&kinds[5], "a nested guest's leaf", 10);
	s2_regime_set_flag(&table.regime, S2_X86_MBEC, S2_YES);
	sound(&kinds[5], "of a nested guest with MBEC");
	make(&kinds[5]);
	words[(PT - 1) * 512 + 7] = words[(PT - 1) * 512];
	assert_non_null(run(&id));
	assert_int_equal(id, S2_CHECK_TABLE_ONCE);
	/* Nor may a nested guest's table be one of two levels, or lead into itself. */
	make_nested(&kinds[5]);
	words[(PT - 2) * 512 + 7] = words[(PT - 1) * 512];
	assert_non_null(run(&id));
	assert_int_equal(id, S2_CHECK_TABLE_ONCE);
	make_nested(&kinds[5]);
	words[(PT - 1) * 512 + 7] = BASE | kinds[5].table;
	assert_non_null(run(&id));
}

/* With guest mode execute trap a user page of a guest need not be one of NPT (U/S is free). */
static void test_gmet(void **state)
{
	(void)state;
	make(&kinds[0]);
	s2_regime_set_flag(&table.regime, S2_X86_GMET, S2_YES);
	sound(&kinds[0], "with GMET");
	words[PT * 512 + 5] ^= BIT64(2);
	sound(&kinds[0], "with GMET, U/S clear");
	words[PT * 512 + 5] ^= BIT64(7);
	wrong(&kinds[0], "the leaf with GMET", 7);
}

/* R/W of a VMM's page (SDM 3A, 4.5). */
static void test_vmm_writes(void **state)
{
	const struct s2_writer *writer = s2_writer_of(&s2_x86_ept);

	(void)state;
	assert_ptr_equal(s2_writer_of(&s2_x86_npt), writer);
	for (unsigned int bit = 0; bit < 64; bit++)
		assert_int_equal(writer->vmm_writes(BIT64(bit)), bit == 1);
}

/* A table whose software is not known is not held to KVM's. */
static void test_unknown_software(void **state)
{
	enum s2_check_id id;

	(void)state;
	make(&kinds[2]);
	table.regime.soft = (struct s2_soft){ .ops = NULL };
	words[PT * 512 + 5] ^= BIT64(60);
	words[PT * 512 + 6] = 0x5a0;
	words[PT * 512 + 7] = 0x10;
	words[(PT - 1) * 512] ^= BIT64(60);
	assert_null(run(&id));
	assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_UNKNOWN);
}

/* Where a parameter of KVM's could not be read, what looks wrong for want of it is no finding. */
static void test_unsure(void **state)
{
	static const struct {
		enum s2_kvm_x86_param param;
		uint64_t raw;
		bool encoding; /* reserved for hardware, too */
	} rows[] = {
		{ S2_KVM_X86_MMIO_VALUE, 0x5000, false }, /* TDX's MMIO, of 0x5000 */
		{ S2_KVM_X86_MMIO_MASK, 0x5002, true },
		{ S2_KVM_X86_DIRECT_BITS, 0x5000, false },
		{ S2_KVM_X86_LOWER_GFN_MASK, 0x9000, false },
		{ S2_KVM_X86_RSVD_MASK, 0x9000, false },
		{ S2_KVM_X86_ACC_TRACK_MASK, 0x9050000000000800, false },
		{ S2_KVM_X86_HOST_WRITABLE_MASK, 0x8000000000000f77 | MEMORY, false },
		{ S2_KVM_X86_MMU_WRITABLE_MASK, 0x8020000000000f77 | MEMORY, false },
	};
	enum s2_check_id id;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (unsigned int n = 0; n < 2; n++) {
			bool unsure = n;
			struct s2_soft *soft = &table.regime.soft;
			const struct s2_finding *finding;

			make(&kinds[5]);
			soft->param[S2_KVM_X86_MMIO_MASK] |= VE;
			if (i > 1)
				soft->param[S2_KVM_X86_MMIO_VALUE] = 0;
			if (i == 2) /* it is of 0x5000, but for the bit */
				soft->param[S2_KVM_X86_DIRECT_BITS] = unsure ? 0 : BIT64(47);
			if (rows[i].param == S2_KVM_X86_ACC_TRACK_MASK)
				soft->param[S2_KVM_X86_ACC_TRACK_MASK] = 0;
			if (unsure)
				s2_soft_unsure(soft, rows[i].param);
			words[PT * 512 + 5] = rows[i].raw;
			finding = run(&id);
			if ((finding != NULL) == unsure)
				fail_msg("row %zu, unsure %d: %s", i, unsure,
					 finding ? finding->text : "no finding");
			if (unsure)
				assert_int_equal(report.outcome[S2_CHECK_WRITER].result,
						 S2_CHECK_UNKNOWN);
			if (unsure && rows[i].encoding)
				assert_int_equal(report.outcome[S2_CHECK_ENCODING].result,
						 S2_CHECK_UNKNOWN);
		}
	}
	/* What parameters do not tell is found all the same. */
	make(&kinds[5]);
	s2_soft_unsure(&table.regime.soft, S2_KVM_X86_MMIO_VALUE);
	s2_soft_unsure(&table.regime.soft, S2_KVM_X86_DIRECT_BITS);
	words[PT * 512 + 5] ^= BIT64(60);
	assert_non_null(run(&id));
	assert_int_equal(id, S2_CHECK_WRITER);
}

static int end(void **state)
{
	(void)state;
	s2_check_free(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_every_bit_of_a_leaf),
		cmocka_unit_test(test_every_bit_of_a_large_leaf),
		cmocka_unit_test(test_unknown_ad),
		cmocka_unit_test(test_every_bit_of_an_upper_entry),
		cmocka_unit_test(test_other_entries),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_gmet),
		cmocka_unit_test(test_vmm_writes),
		cmocka_unit_test(test_unknown_software),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_upper_entry_of_the_other_kind),
		cmocka_unit_test(test_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
