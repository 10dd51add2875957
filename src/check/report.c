// SPDX-License-Identifier: GPL-2.0-or-later
// Findings: the first of each check are kept, all are counted.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/priv.h"

/* Memory for findings: what SECURITY.md allows for a dump, and not the dump's own size again. */
#define FLOOR (16ULL << 20)
#define CEILING (384ULL << 20)

void s2_check_limit_findings(struct s2_check_ctx *ctx)
{
	/* Pages of a kdump may become many times what is there. */
	uint64_t bytes = ctx->args->backed;

	bytes = bytes > CEILING - FLOOR ? CEILING : bytes + FLOOR;
	ctx->max_findings = ctx->args->max_findings ? ctx->args->max_findings : S2_MAX_FINDINGS;
	ctx->findings_left = bytes / sizeof(struct s2_finding);
}

bool s2_check_keeps(const struct s2_check_ctx *ctx, enum s2_check_id id)
{
	const struct s2_check_outcome *o = &ctx->report->outcome[id];

	return s2_check_runs(ctx, id) && o->nkept < ctx->max_findings &&
	       (o->nkept < o->room || ctx->findings_left);
}

/* For one finding more. */
static bool make_room(struct s2_check_ctx *ctx, struct s2_check_outcome *o)
{
	uint64_t more = o->room ? o->room : 16;
	struct s2_finding *finding;

	if (o->nkept < o->room)
		return true;
	if (more > ctx->max_findings - o->room)
		more = ctx->max_findings - o->room;
	if (more > ctx->findings_left)
		more = ctx->findings_left;
	finding = reallocarray(o->finding, o->room + more, sizeof(*finding));
	if (!finding) {
		ctx->nomem = true;
		return false;
	}
	ctx->findings_left -= more;
	o->finding = finding;
	o->room += more;
	return true;
}

void s2_check_found(struct s2_check_ctx *ctx, enum s2_check_id id, const struct s2_table *table,
		    uint64_t ia, uint64_t pa, const char *fmt, ...)
{
	struct s2_check_outcome *o = &ctx->report->outcome[id];
	struct s2_finding *f;
	va_list args;

	if (!s2_check_runs(ctx, id))
		return;
	o->nfindings += ctx->times;
	if (!s2_check_keeps(ctx, id) || !make_room(ctx, o))
		return;
	ctx->kept_findings++;
	f = &o->finding[o->nkept++];
	*f = (struct s2_finding){ 0 };
	if (table)
		memcpy(f->table, table->id, sizeof(f->table));
	f->ia = ia;
	f->pa = pa;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

void s2_check_unknown(struct s2_check_ctx *ctx, enum s2_check_id id, const char *fmt, ...)
{
	struct s2_check_outcome *o = &ctx->report->outcome[id];
	bool first = !o->nunknown;
	va_list args;

	if (!s2_check_runs(ctx, id))
		return;
	o->nunknown += ctx->times;
	if (!first)
		return;
	va_start(args, fmt);
	vsnprintf(o->why, sizeof(o->why), fmt, args);
	va_end(args);
}

void s2_check_looked(struct s2_check_ctx *ctx, enum s2_check_id id, uint64_t n)
{
	if (s2_check_runs(ctx, id))
		ctx->report->outcome[id].checked += n;
}

void s2_check_all_unknown(struct s2_check_ctx *ctx, unsigned int reads, const char *fmt, ...)
{
	char text[sizeof(ctx->report->outcome[0].why)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (s2_checks[i].reads & reads)
			s2_check_unknown(ctx, (enum s2_check_id)i, "%s", text);
}

void s2_check_free(struct s2_check_report *report)
{
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		free(report->outcome[i].finding);
		report->outcome[i].finding = NULL;
	}
}

/* It fails, but for a reason that nobody need believe. */
static void doubt(struct s2_check_outcome *o, const char *why)
{
	const struct s2_finding *first = o->finding;

	snprintf(o->why, sizeof(o->why), "%s: %s", why, first ? first->text : "");
	free(o->finding);
	o->finding = NULL;
	o->nkept = o->room = 0;
	o->nunknown += o->nfindings;
	o->nfindings = 0;
	o->result = S2_CHECK_UNKNOWN;
}

void s2_check_doubt(struct s2_check_report *report)
{
	for (unsigned int i = 0; i < S2_NCHECKS; i++)
		if (report->outcome[i].result == S2_CHECK_FAIL)
			doubt(&report->outcome[i], "bytes that no checksum vouches for break it");
}

uint64_t s2_check_settle(struct s2_check_report *report, struct s2_check_report *strict)
{
	uint64_t assumed = 0;

	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		struct s2_check_outcome *o = &report->outcome[i], *s = &strict->outcome[i];
		const struct s2_check_outcome whole = *o;

		if (s->result == S2_CHECK_FAIL) {
			*o = *s;
			*s = whole;
		} else if (o->result == S2_CHECK_FAIL) {
			doubt(o, "only zeros that are not in the dump break it");
		} else if (o->result == S2_CHECK_PASS && s->result == S2_CHECK_UNKNOWN) {
			assumed |= BIT64(i);
		}
	}
	s2_check_free(strict);
	return assumed;
}
