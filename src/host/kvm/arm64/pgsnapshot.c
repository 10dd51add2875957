// SPDX-License-Identifier: GPL-2.0-or-later
// struct kvm_pgtable_snapshot (patches of 2023, v3 and v4): a copy of a stage 2, with a list of its
// pages.
#include "host/kvm/arm64/pgsnapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "decode/arm64/arm64.h"
#include "decode/arm64/registers.h"
#include "decode/walk.h"
#include "host/kvm/layout.h"
#include "host/host.h"

/* A table of a machine with a few TB in pages; more is not believed. */
#define MAX_USED_PAGES (16U << 20)

enum field { PGTABLE, MC, PGD_HVA, PGD_PAGES, USED_HVA, NUM_USED, USED_INDX, NFIELDS };

static const char *const names[NFIELDS] = {
	[PGTABLE] = "pgtable",           [MC] = "mc",
	[PGD_HVA] = "pgd_hva",           [PGD_PAGES] = "pgd_pages",
	[USED_HVA] = "used_pages_hva",   [NUM_USED] = "num_used_pages",
	[USED_INDX] = "used_pages_indx",
};

struct snapshot {
	struct s2_kernel *kernel;
	const struct s2_mem *mem;
	uint64_t va; /* 0: at @pa */
	uint64_t pa;
	uint64_t off[NFIELDS];
	uint64_t value[NFIELDS];
	uint64_t ia_bits, start_level, pgd, flags;
	uint64_t *used; /* sorted */
	uint64_t nused;
};

/* By types where the kernel has them; else as in the series: a kvm_pgtable, a memcache of two
 * words, five words. */
static enum s2_code find_layout(struct snapshot *s, struct s2_types *types, struct s2_err *err)
{
	uint64_t size, mc = 16;
	enum s2_code code;

	if (s2_types_has(types, "kvm_pgtable_snapshot")) {
		for (unsigned int i = 0; i < NFIELDS; i++) {
			struct s2_member m;

			code = s2_types_member(types, "kvm_pgtable_snapshot", names[i], &m, err);
			if (code)
				return code;
			s->off[i] = s2_member_off(&m);
		}
		return S2_OK;
	}
	code = s2_types_sizeof(types, "kvm_pgtable", &size, err);
	if (code)
		return code;
	if (s2_types_sizeof(types, "kvm_hyp_memcache", &mc, NULL))
		mc = 16;
	s->off[MC] = size;
	for (unsigned int i = PGD_HVA; i < NFIELDS; i++)
		s->off[i] = size + mc + (i - PGD_HVA) * sizeof(uint64_t);
	return S2_OK;
}

static enum s2_code read_at(struct snapshot *s, uint64_t off, void *buf, size_t len,
			    struct s2_err *err)
{
	if (s->va)
		return s2_kernel_read(s->kernel, s->va + off, buf, len, err);
	return s2_mem_read(s->mem, s->pa + off, buf, len, err);
}

static enum s2_code pgtable_member(struct snapshot *s, struct s2_types *types, const char *name,
				   uint64_t *ret, struct s2_err *err)
{
	struct s2_member m;
	unsigned char bytes[16];
	enum s2_code code = s2_types_member(types, "kvm_pgtable", name, &m, err);

	if (code || s2_member_span(&m) > sizeof(bytes))
		return code ? code : s2_fail(err, S2_INVALID, "kvm_pgtable.%s is no number", name);
	code = read_at(s, s->off[PGTABLE] + s2_member_off(&m), bytes, (size_t)s2_member_span(&m),
		       err);
	return code ? code : s2_member_value(&m, bytes, ret, err);
}

static enum s2_code read_numbers(struct snapshot *s, struct s2_types *types, struct s2_err *err)
{
	enum s2_code code = S2_OK;

	for (unsigned int i = PGD_HVA; !code && i < NFIELDS; i++)
		code = read_at(s, s->off[i], &s->value[i], sizeof(s->value[i]), err);
	if (!code)
		code = pgtable_member(s, types, "ia_bits", &s->ia_bits, err);
	if (!code)
		code = pgtable_member(s, types, "start_level", &s->start_level, err);
	if (!code)
		code = pgtable_member(s, types, "pgd", &s->pgd, err);
	if (code)
		return code;
	if (pgtable_member(s, types, "flags", &s->flags, NULL))
		s->flags = 0;
	if (s->ia_bits < 25 || s->ia_bits > 52 || (int64_t)s->start_level < -1 ||
	    (int64_t)s->start_level > 3)
		return s2_fail(err, S2_INVALID,
			       "%" PRIu64 " bits from level %" PRId64 " on are no stage 2",
			       s->ia_bits, (int64_t)s->start_level);
	if (s->value[USED_INDX] > s->value[NUM_USED] || s->value[USED_INDX] > MAX_USED_PAGES)
		return s2_fail(err, S2_INVALID, "used_pages_indx is %" PRIu64 " of %" PRIu64,
			       s->value[USED_INDX], s->value[NUM_USED]);
	return S2_OK;
}

static enum s2_code read_list(struct snapshot *s, struct s2_err *err)
{
	size_t n = (size_t)s->value[USED_INDX];
	enum s2_code code = S2_OK;

	s->used = malloc((n ? n : 1) * sizeof(*s->used));
	if (!s->used)
		return s2_fail(err, S2_NOMEM, "no memory for the list of pages");
	if (n)
		code = s2_kernel_read(s->kernel, s->value[USED_HVA], s->used, n * sizeof(*s->used),
				      err);
	if (code)
		return s2_wrap(err, code, "used_pages_hva");
	qsort(s->used, n, sizeof(*s->used), s2_compare_u64);
	s->nused = n;
	return S2_OK;
}

static void make_regime(const struct snapshot *s, struct s2_types *types,
			const struct s2_tables *tables, struct s2_regime *regime)
{
	s2_regime_init(regime, &s2_arm64_stage2);
	s2_regime_set(regime, S2_ARM64_GRANULE, s2_kernel_facts(s->kernel)->kva.page_size);
	s2_regime_set(regime, S2_ARM64_IA_BITS, (unsigned int)s->ia_bits);
	s2_regime_set_level(regime, S2_ARM64_START_LEVEL, (int)(int64_t)s->start_level);
	if (s2_types_flag(types, "KVM_PGTABLE_S2_NOFWB", s->flags))
		s2_regime_set_flag(regime, S2_ARM64_FWB, S2_NO);
	/* LPA2 is the whole system's choice: any other table tells. */
	for (size_t i = 0; i < tables->n; i++)
		if (tables->table[i].regime.value[S2_ARM64_VTCR_EL2] & VTCR_DS)
			s2_regime_set_flag(regime, S2_ARM64_LPA2, S2_YES);
	if (regime->value[S2_ARM64_IA_BITS] > 48 && regime->value[S2_ARM64_GRANULE] != 65536)
		s2_regime_set_flag(regime, S2_ARM64_LPA2, S2_YES);
}

struct listed {
	const struct snapshot *s;
	uint64_t pgd_end;
	uint64_t outside; /* table pages that the list does not have */
	uint64_t first;
};

static bool on_table(void *arg, const struct s2_reached *reached)
{
	struct listed *l = arg;
	uint64_t pa = reached->pa;

	if (pa >= l->s->pgd && pa < l->pgd_end)
		return true;
	if (bsearch(&pa, l->s->used, (size_t)l->s->nused, sizeof(pa), s2_compare_u64))
		return true;
	if (!l->outside++)
		l->first = pa;
	return true;
}

/* Every table page must be the PGD's or in the list; what is not is said, and shown all the same. */
static enum s2_code check_list(const struct snapshot *s, const struct s2_geometry *geom,
			       struct s2_table *table, struct s2_err *err)
{
	s2_auto_free struct s2_walk *walk = malloc(sizeof(*walk));
	struct listed listed = { .s = s,
				 .pgd_end = s->pgd + (s->value[PGD_PAGES] << geom->page_log2) };
	struct s2_strip strip;

	if (!walk)
		return s2_fail(err, S2_NOMEM, "no memory");
	s2_walk_init(walk, geom, s->mem, s->pgd);
	walk->enter = on_table;
	walk->arg = &listed;
	while (s2_walk_next(walk, &strip))
		;
	if (listed.outside)
		snprintf(
			table->remark, sizeof(table->remark),
			"%" PRIu64
			" table pages are not in the list of used pages, the first at PA 0x%" PRIx64,
			listed.outside, listed.first);
	return S2_OK;
}

static enum s2_code make_table(struct snapshot *s, struct s2_types *types,
			       const struct s2_tables *tables, struct s2_table *table,
			       struct s2_err *err)
{
	struct s2_geometry geom;
	uint64_t pgd_pa;
	enum s2_code code;

	make_regime(s, types, tables, &table->regime);
	code = table->regime.arch->shape(&table->regime, &geom, err);
	if (code)
		return code;
	/* After the call the pgd is the physical address of the buffer at pgd_hva. */
	if (!s2_kernel_pa(s->kernel, s->value[PGD_HVA], &pgd_pa, NULL) && pgd_pa != s->pgd)
		return s2_fail(err, S2_INVALID,
			       "pgtable.pgd is 0x%" PRIx64 ", but pgd_hva is at PA 0x%" PRIx64,
			       s->pgd, pgd_pa);
	if (s->value[PGD_PAGES] << geom.page_log2 < geom.start_size || s->value[PGD_PAGES] > 16)
		return s2_fail(err, S2_INVALID, "%" PRIu64 " PGD pages, %" PRIu64 " bits need %u",
			       s->value[PGD_PAGES], s->ia_bits, geom.start_tables);
	table->root_pa = s->pgd;
	if (s2_types_flag(types, "KVM_PGTABLE_S2_IDMAP", s->flags))
		s2_hosts_identity(tables, table);
	return check_list(s, &geom, table, err);
}

enum s2_code s2_pgtable_snapshot(struct s2_kernel *kernel, const struct s2_mem *mem, uint64_t addr,
				 struct s2_tables *tables, struct s2_err *err)
{
	struct snapshot s = {
		.kernel = kernel, .mem = mem, .va = addr >> 55 ? addr : 0, .pa = addr
	};
	struct s2_table table = {
		.id = "snapshot", .kind = "stage2", .pid = -1, .vcpus = -1, .copy = true
	};
	struct s2_types *types;
	enum s2_code code = s2_kernel_types(kernel, &types, err);

	if (!code)
		code = find_layout(&s, types, err);
	if (!code)
		code = read_numbers(&s, types, err);
	if (!code)
		code = read_list(&s, err);
	if (!code)
		code = make_table(&s, types, tables, &table, err);
	free(s.used);
	if (code)
		return s2_wrap(err, code, "struct kvm_pgtable_snapshot at 0x%" PRIx64, addr);
	if (err)
		s2_err_init(err); /* why there are no VMs, say, is no matter here */
	snprintf(table.found, sizeof(table.found), "struct kvm_pgtable_snapshot at 0x%" PRIx64,
		 addr);
	s2_tables_drop(tables);
	return s2_tables_add(tables, &table, err);
}
