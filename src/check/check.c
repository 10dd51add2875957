// SPDX-License-Identifier: GPL-2.0-or-later
// Which checks apply, the passes that they need, and what comes of them.
#include "check/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/looks.h"
#include "check/priv.h"

_Static_assert(S2_READS_GUESTS == 1U << S2_ROLE_GUEST && S2_READS_HOST == 1U << S2_ROLE_HOST &&
		       S2_READS_HYP == 1U << S2_ROLE_HYP && S2_READS_KEPT == 1U << S2_ROLE_KEPT,
	       "s2_reads() shifts by the role");
_Static_assert(((S2_LOOK_SET(S2_REACHED_LOOKS) | S2_LOOK_SET(S2_ENTRY_LOOKS) |
		 S2_LOOK_SET(S2_STRIP_LOOKS) | S2_LOOK_SET(S2_LEAF_LOOKS) |
		 S2_LOOK_SET(S2_PASS_LEAF_LOOKS) | S2_LOOK_SET(S2_MEMORY_LOOKS) |
		 S2_LOOK_SET(S2_OBJECT_LOOKS) | S2_WRITER_SET) &
		S2_KVM_SET) == S2_KVM_SET,
	       "a check that no function looks for");

static const struct {
	enum s2_check_id id;
	void (*look)(struct s2_check_ctx *ctx);
} object_looks[] = { S2_OBJECT_LOOKS(S2_LOOK_ROW) };

static void skip(struct s2_check_ctx *ctx, unsigned int i, const char *why)
{
	struct s2_check_outcome *o = &ctx->report->outcome[i];

	o->result = S2_CHECK_SKIPPED;
	snprintf(o->why, sizeof(o->why), "%s", why);
	ctx->running &= ~BIT64(i);
}

/* Does no rule speak of the table? */
static bool has_no_rules(const struct s2_table *table)
{
	for (unsigned int i = 0; i < s2_nkeepers; i++)
		if (s2_keepers[i]->exempt(table))
			return true;
	return table->bare;
}

/* Unknown, and whatever looks wrong to it is not: it lacks what it would need to tell. */
static void give_up(struct s2_check_ctx *ctx, unsigned int i, const char *why)
{
	s2_check_unknown(ctx, (enum s2_check_id)i, "%s", why);
	ctx->running &= ~BIT64(i);
}

static bool any_host_managed(const struct s2_check_ctx *ctx)
{
	for (size_t i = 0; i < ctx->tables->n; i++)
		if (s2_role(&ctx->tables->table[i]) == S2_ROLE_GUEST &&
		    !has_no_rules(&ctx->tables->table[i]))
			return true;
	return false;
}

/* May there be a table that is not among them? */
static bool lost_table(const struct s2_check_ctx *ctx)
{
	const struct s2_lost *lost = ctx->args->lost;

	return lost && (lost->count[S2_LOST_VM] || lost->count[S2_LOST_TABLE]);
}

/* Is check @i one of what all tables say together? */
static bool needs_all(unsigned int i)
{
	return i == S2_CHECK_TABLE_ONCE || i == S2_CHECK_TABLE_HIDDEN || i == S2_CHECK_TWO_GUESTS;
}

/* Is any table there that check @i looks at? */
static bool any_to_read(const struct s2_check_ctx *ctx, unsigned int i)
{
	unsigned int reads = s2_checks[i].reads & ~(unsigned int)S2_READS_PAGES;

	for (size_t t = 0; reads && t < ctx->tables->n; t++)
		if (reads & s2_reads(&ctx->tables->table[t]))
			return true;
	return !reads;
}

bool s2_check_is_rule(const struct s2_table *table, enum s2_check_id id)
{
	/* KVM's habits, of which nobody knows whether it has them there. */
	const uint64_t habits = BIT64(S2_CHECK_WRITER) | BIT64(S2_CHECK_REFCOUNT) |
				BIT64(S2_CHECK_TABLE_EMPTY) | BIT64(S2_CHECK_LOCKED);
	const struct s2_writer *writer = s2_writer_of(table->regime.arch);

	return !((writer ? writer->without : habits) & BIT64(id)) &&
	       !(table->copy && id == S2_CHECK_REFCOUNT);
}

/* Is check @i a rule for one of the tables at least? For none of them it is one as good as any. */
static bool is_rule(const struct s2_check_ctx *ctx, unsigned int i)
{
	for (size_t t = 0; t < ctx->tables->n; t++)
		if (s2_check_is_rule(&ctx->tables->table[t], (enum s2_check_id)i))
			return true;
	return !ctx->tables->n;
}

/* Why check @i has no meaning here, NULL when it has one. */
static const char *meaningless(const struct s2_check_ctx *ctx, unsigned int i)
{
	unsigned int needs = s2_checks[i].needs;
	const char *why = NULL;

	if (needs & S2_NEED_KEEPER && ctx->tables->mode != S2_KVM_PROTECTED && !ctx->kept)
		return "not a protected system";
	if (needs & S2_NEED_VMS && !any_host_managed(ctx) && !ctx->args->some && !lost_table(ctx))
		return "no guest's table is the host's";
	if (!is_rule(ctx, i))
		return ctx->tables->table->copy ? "nobody counts the pages of a copy" :
						  "no rule on this architecture";
	for (unsigned int k = 0; !why && k < s2_nkeepers; k++)
		why = s2_keepers[k]->meaningless(ctx, needs);
	return why;
}

/* What a check that has a meaning cannot do without and lacks, NULL when nothing. */
static const char *lacks(const struct s2_check_ctx *ctx, unsigned int needs)
{
	const char *what = NULL;

	if (needs & S2_NEED_VMS && !any_host_managed(ctx))
		return "no guest's table is known, or chosen";
	if (needs & S2_NEED_KEEPER && (!ctx->kept || ctx->host == SIZE_MAX))
		return "the host's stage 2 is not known, or not chosen";
	if (needs & S2_NEED_HYP && ctx->hyp == SIZE_MAX)
		return "the hypervisor's stage 1 is not known, or not chosen";
	for (unsigned int k = 0; !what && k < s2_nkeepers; k++)
		what = s2_keepers[k]->lacks(ctx, needs);
	return what;
}

static void choose(struct s2_check_ctx *ctx)
{
	ctx->running = low_bits(S2_NCHECKS);
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		const char *why;

		if (!(ctx->args->wanted & BIT64(i))) {
			skip(ctx, i, "");
			continue;
		}
		why = meaningless(ctx, i);
		if (why)
			skip(ctx, i, why);
		else if ((why = lacks(ctx, s2_checks[i].needs)) != NULL)
			give_up(ctx, i, why);
		else if (s2_checks[i].needs & S2_NEED_KERNEL && !ctx->kernel)
			s2_check_unknown(ctx, (enum s2_check_id)i,
					 "the kernel's own structures are not known");
		else if (ctx->args->some && !any_to_read(ctx, i))
			s2_check_unknown(ctx, (enum s2_check_id)i,
					 "no table that it looks at is chosen");
		else if (ctx->args->some && needs_all(i))
			s2_check_unknown(ctx, (enum s2_check_id)i, "not all tables are chosen");
	}
}

/* What the tables that check @i reads showed it. */
static uint64_t tally(const struct s2_check_ctx *ctx, unsigned int i)
{
	const struct s2_check_row *row = &s2_checks[i];
	uint64_t sum = 0;

	if (row->tally == S2_TALLY_MEMORY)
		return ctx->seen[0][S2_TALLY_MEMORY];
	for (unsigned int role = 0; role < S2_NROLES; role++)
		if (row->reads & BIT64(role))
			sum += ctx->seen[role][row->tally];
	return sum;
}

static void conclude(struct s2_check_ctx *ctx)
{
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		struct s2_check_outcome *o = &ctx->report->outcome[i];

		if (o->result == S2_CHECK_SKIPPED)
			continue;
		if (!s2_check_runs(ctx, (enum s2_check_id)i))
			o->checked = 0;
		else if (s2_checks[i].tally != S2_TALLY_OWN)
			o->checked = tally(ctx, i);
		o->result = o->nfindings ? S2_CHECK_FAIL :
			    o->nunknown  ? S2_CHECK_UNKNOWN :
					   S2_CHECK_PASS;
	}
}

static void shape_tables(struct s2_check_ctx *ctx)
{
	ctx->host = ctx->hyp = SIZE_MAX;
	for (size_t i = 0; i < ctx->tables->n; i++) {
		const struct s2_table *table = &ctx->tables->table[i];

		if (has_no_rules(table) || s2_shape(&table->regime, &ctx->geom[i], NULL) ||
		    s2_check_root(&ctx->geom[i], table->root_pa, NULL)) {
			ctx->geom[i].arch = NULL;
			continue;
		}
		if (s2_role(table) == S2_ROLE_HOST)
			ctx->host = i;
		else if (s2_role(table) == S2_ROLE_HYP)
			ctx->hyp = i;
	}
}

/* Which kinds of tables a loss may be of: a VM's may be kept by either. */
static unsigned int kind_of(const struct s2_loss *loss)
{
	/* CPUs' parameters of the hypervisor: cpus_lost, which the checks that need them ask for. */
	if (loss->what == S2_LOST_SEARCH && *loss->table)
		return 0;
	if (!strcmp(loss->table, "host"))
		return S2_READS_HOST;
	if (!strcmp(loss->table, "hyp"))
		return S2_READS_HYP;
	return S2_READS_GUESTS | S2_READS_KEPT;
}

/* Tables, and VMs, that are there and cannot be read at all. */
static void unreadable(struct s2_check_ctx *ctx)
{
	for (size_t i = 0; i < ctx->tables->n; i++) {
		if (ctx->geom[i].arch || has_no_rules(&ctx->tables->table[i]))
			continue;
		s2_check_all_unknown(ctx, s2_reads(&ctx->tables->table[i]),
				     "%s: its geometry, or its root, is not sound",
				     ctx->tables->table[i].id);
		ctx->kept_lost |= s2_role(&ctx->tables->table[i]) == S2_ROLE_KEPT;
	}
	for (size_t i = 0; ctx->args->lost && i < ctx->args->lost->n; i++) {
		const struct s2_loss *loss = &ctx->args->lost->loss[i];

		if (loss->what == S2_LOST_VM || loss->what == S2_LOST_TABLE ||
		    loss->what == S2_LOST_SEARCH)
			s2_check_all_unknown(ctx, kind_of(loss),
					     "a VM or table cannot be read: %s%s%s", loss->table,
					     *loss->table ? ": " : "", loss->text);
	}
}

/* Memory that is too much for a dump of this size, or in too many pieces. */
static void left_out(struct s2_check_ctx *ctx)
{
	uint64_t pa = ctx->pages.left_out_pa;

	if (pa == S2_NO_PAGE)
		return;
	s2_check_all_unknown(ctx, S2_READS_PAGES,
			     "memory from PA 0x%" PRIx64
			     " on is not looked at: too much for a dump of this size",
			     pa);
	s2_lost_add(ctx->args->lost, S2_LOST_SEARCH, S2_BUDGET, NULL, pa,
		    "memory from PA 0x%" PRIx64
		    " on is not checked: too much for a dump of this size",
		    pa);
}

/* What the tables say of a page may not be all: nothing can be concluded from what is known. */
static void too_many_changes(struct s2_check_ctx *ctx)
{
	static const char text[] = "tables map the same memory more often than tables of a dump of "
				   "this size can";

	s2_check_all_unknown(ctx, S2_READS_PAGES, "%s", text);
	s2_lost_add(ctx->args->lost, S2_LOST_SEARCH, S2_BUDGET, NULL, S2_NO_ADDRESS, "%s", text);
}

/*
 * All tables are read again for each window: about a second's worth of entries, and twice as many
 * as there can be in what is there. Of sound dumps, whose memory is not all tables, that is never
 * much.
 */
#define FLOOR_AGAIN (32U << 20)
#define AGAIN_PER_ENTRY 2

/* May the window be looked at that begins with page @next? */
static bool reads_again(struct s2_check_ctx *ctx, struct s2_budget *again, uint64_t next)
{
	uint64_t entries = 0;

	for (unsigned int role = 0; role < S2_NROLES; role++)
		entries += ctx->seen[role][S2_TALLY_ENTRIES];
	if (!s2_budget_take(again, entries))
		return true;
	ctx->pages.left_out_pa = s2_pages_pa(&ctx->pages, next);
	left_out(ctx);
	return false;
}

static void pass(struct s2_check_ctx *ctx)
{
	uint64_t running = ctx->running;
	struct s2_budget again;

	s2_budget_init(&again, FLOOR_AGAIN, AGAIN_PER_ENTRY, ctx->args->backed / sizeof(uint64_t));
	ctx->first_window = true;
	for (uint64_t at = 0;; at += ctx->pages.nwindow) {
		ctx->pass++;
		s2_pages_window(ctx, at);
		ctx->seen[0][S2_TALLY_MEMORY] += ctx->pages.nwindow;
		s2_check_tables(ctx);
		if (ctx->pages.too_many_changes) {
			too_many_changes(ctx);
			break;
		}
		if (!ctx->kept)
			s2_check_memory(ctx);
		for (unsigned int i = 0; ctx->kept && i < s2_nkeepers; i++)
			s2_keepers[i]->pages(ctx);
		ctx->first_window = false;
		/* All that VMMs do not confirm has been said; two-guests goes on asking. */
		ctx->running &= ~BIT64(S2_CHECK_VMM);
		if (ctx->nomem || !ctx->pages.nwindow || !(ctx->reads & S2_READS_PAGES) ||
		    at + ctx->pages.nwindow >= ctx->pages.npages ||
		    !reads_again(ctx, &again, at + ctx->pages.nwindow))
			break;
	}
	ctx->running = running;
}

enum s2_code s2_check_run(const struct s2_check_args *args, struct s2_check_report *ret,
			  struct s2_err *err)
{
	struct s2_check_report report = { .wanted = args->wanted & low_bits(S2_NCHECKS) };
	struct s2_check_ctx ctx = { .args = args,
				    .mem = args->mem,
				    .kernel = args->kernel,
				    .tables = args->tables,
				    .report = &report,
				    .times = 1 };
	enum s2_code code = S2_OK;

	ctx.geom = calloc(args->tables->n + 1, sizeof(*ctx.geom));
	ctx.tables_walk = malloc(sizeof(*ctx.tables_walk));
	ctx.walk = malloc(sizeof(*ctx.walk));
	if (!ctx.geom || !ctx.tables_walk || !ctx.walk)
		code = s2_fail(err, S2_NOMEM, "no memory");
	for (unsigned int i = 0; !code && i < s2_nkeepers; i++)
		s2_keepers[i]->open(&ctx);
	if (ctx.nomem)
		code = s2_fail(err, S2_NOMEM, "no memory");
	if (!code) {
		s2_check_limit_findings(&ctx);
		shape_tables(&ctx);
		choose(&ctx);
		for (unsigned int i = 0; i < S2_NCHECKS; i++)
			ctx.reads |= s2_check_runs(&ctx, (enum s2_check_id)i) ? s2_checks[i].reads :
										0;
		code = s2_pages_init(&ctx, err);
	}
	if (!code) {
		unreadable(&ctx);
		left_out(&ctx);
		for (unsigned int i = 0; i < s2_nkeepers; i++)
			s2_keepers[i]->begin(&ctx);
		pass(&ctx);
		for (unsigned int i = 0; i < ARRAY_SIZE(object_looks); i++)
			if (s2_check_runs(&ctx, object_looks[i].id))
				object_looks[i].look(&ctx);
		conclude(&ctx);
		if (args->unverified)
			s2_check_doubt(&report);
		if (ctx.nomem)
			code = s2_fail(err, S2_NOMEM, "no memory");
	}
	for (unsigned int i = 0; i < s2_nkeepers; i++)
		s2_keepers[i]->end(&ctx);
	free(ctx.geom);
	free(ctx.tables_walk);
	free(ctx.walk);
	free(ctx.pages.region);
	free(ctx.pages.chunk);
	free(ctx.pages.fact);
	free(ctx.tpages.slot);
	if (code) {
		s2_check_free(&report);
		return code;
	}
	*ret = report;
	return S2_OK;
}
