// SPDX-License-Identifier: GPL-2.0-or-later
// What KVM writes into EPT and NPT, as dumps of real kernels have it, and each thing that it never
// writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/check.h"
#include "test_x86_make.h"

#define BIT63 (UINT64_C(1) << 63)

/* Entries but for their address, of the forms of x86_forms[]: a table, writable and read-only
 * memory with A and D, and what is empty. */
static const struct entries {
	uint64_t table, writable, read_only, empty;
} entries_of[NX86_FORMS] = {
	{ 0x827, 0xe67, 0x825, 0 },
	{ 0x907, 0x600000000000b77, 0x975, 0 },
	{ 0x8000000000000907, 0x8600000000000b77, 0x8000000000000975, BIT63 },
	{ 0x827, 0xe67, 0x825, BIT63 },
	{ 0x8000000000000d07, 0x80a0000000000f77, 0x8000000000000d75, BIT63 },
};

struct built {
	struct x86_test t;
	const struct entries *e;
	uint64_t pt; /* PA of the page of last-level entries */
};

/* A VM whose slot at 0x100000 has 16 pages, the first writable, the second read-only. */
static void build(struct built *b, size_t form)
{
	struct x86_test *t = &b->t;
	uint64_t kvm, table, next, levels;

	x86_init(t, &x86_forms[form]);
	b->e = &entries_of[form];
	levels = t->form->ept ? 4 : t->form->levels;
	kvm = put_vm(t, 42);
	put_slot(t, kvm, 0, 0x100, 16, 0);
	put_root(t, kvm + KVM_ROOTS, ROLE_LEVEL(levels) | ROLE_DIRECT, true, &table);
	for (uint64_t level = levels; level > 1; level--) {
		next = page_alloc(t) - x86_linear(t, 0);
		for (unsigned int i = 0; i < 512; i++)
			put64(t->k.ram + table + i * 8, b->e->empty);
		put64(t->k.ram + table, next | b->e->table | t->form->sme_mask);
		table = next;
	}
	b->pt = table;
	for (unsigned int i = 0; i < 512; i++)
		put64(t->k.ram + table + i * 8, b->e->empty);
	put64(t->k.ram + table + 0x100 * 8, 0x300000 | b->e->writable | t->form->sme_mask);
	put64(t->k.ram + table + 0x101 * 8, 0x301000 | b->e->read_only | t->form->sme_mask);
}

static struct s2_check_report run(struct built *b)
{
	struct s2_check_report report;
	struct s2_check_args args = { .wanted = UINT64_MAX };

	x86_must(&b->t);
	args.mem = &b->t.k.mem.mem;
	args.kernel = b->t.kernel;
	args.tables = &b->t.tables;
	args.lost = &b->t.lost;
	assert_int_equal(s2_check_run(&args, &report, &b->t.err), S2_OK);
	return report;
}

static void sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		struct s2_check_report report;
		struct built b;

		build(&b, i);
		report = run(&b);
		for (unsigned int c = 0; c < S2_NCHECKS; c++)
			if (report.outcome[c].result == S2_CHECK_FAIL)
				fail_msg("%s: %s: %s", b.t.form->name, s2_checks[c].name,
					 report.outcome[c].finding[0].text);
		assert_int_equal(report.outcome[S2_CHECK_WRITER].result, S2_CHECK_PASS);
		assert_int_equal(report.outcome[S2_CHECK_ENCODING].result, S2_CHECK_PASS);
		assert_int_equal(report.outcome[S2_CHECK_MEMSLOTS].result, S2_CHECK_PASS);
		assert_int_equal(report.outcome[S2_CHECK_REFCOUNT].result, S2_CHECK_SKIPPED);
		s2_check_free(&report);
		x86_exit(&b.t);
	}
}

/* Of the entry at @pa flips @bits; check @id must say @text of it. */
static void expect(size_t form, uint64_t index, uint64_t bits, enum s2_check_id id,
		   const char *text)
{
	struct s2_check_report report;
	struct built b;
	uint64_t raw;
	uint8_t *at;

	build(&b, form);
	at = b.t.k.ram + b.pt + index * 8;
	memcpy(&raw, at, 8);
	put64(at, raw ^ bits);
	report = run(&b);
	if (report.outcome[id].nfindings != 1 || !strstr(report.outcome[id].finding[0].text, text))
		fail_msg("%s: entry %llu ^ 0x%llx: %s finds %llu: %s", b.t.form->name,
			 (unsigned long long)index, (unsigned long long)bits, s2_checks[id].name,
			 (unsigned long long)report.outcome[id].nfindings,
			 report.outcome[id].nfindings ? report.outcome[id].finding[0].text : "");
	s2_check_free(&report);
	x86_exit(&b.t);
}

static void what_kvm_never_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++) {
		const struct x86_form *f = &x86_forms[i];
		unsigned int host = !f->ept ? 9 : f->new_bits ? 53 : 57;
		unsigned int mmu = !f->ept ? 10 : f->new_bits ? 55 : 58;

		expect(i, 0x100, UINT64_C(1) << 11, S2_CHECK_WRITER, "not present to KVM");
		expect(i, 0x100, UINT64_C(1) << host, S2_CHECK_WRITER, "is writable, but");
		expect(i, 0x100, UINT64_C(1) << mmu, S2_CHECK_WRITER, "is writable, but");
		expect(i, 0x101, 2, S2_CHECK_WRITER, "is writable, but");
		expect(i, 0x101, UINT64_C(1) << mmu, S2_CHECK_WRITER, "but not by the VMM");
		/* Nothing that KVM has a name for. */
		expect(i, 0x105, 0x40, S2_CHECK_WRITER, "means nothing to KVM");
		/* A page of another slot's address, and one that no slot has. */
		expect(i, 0x110,
		       f->sme_mask | 0x302000 | (entries_of[i].read_only ^ entries_of[i].empty),
		       S2_CHECK_MEMSLOTS, "not in one memslot");
	}
}

/* Each bit of a table's descriptor but the address. */
static void tables_bit_by_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < NX86_FORMS; i++)
		for (unsigned int bit = 0; bit < 64; bit++) {
			struct s2_check_report report;
			struct built b;
			uint64_t raw, root;
			uint8_t *at;

			if (bit >= 12 && bit < 52)
				continue;
			build(&b, i);
			x86_must(&b.t);
			root = x86_table(&b.t, "vm:42")->root_pa;
			at = b.t.k.ram + root;
			memcpy(&raw, at, 8);
			put64(at, raw ^ UINT64_C(1) << bit);
			report = run(&b);
			if (!report.outcome[S2_CHECK_WRITER].nfindings)
				fail_msg("%s: bit %u of a table goes unnoticed", b.t.form->name,
					 bit);
			s2_check_free(&report);
			x86_exit(&b.t);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound),
		cmocka_unit_test(what_kvm_never_writes),
		cmocka_unit_test(tables_bit_by_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
