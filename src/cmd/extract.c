// SPDX-License-Identifier: GPL-2.0-or-later
// `extract`: the table pages of the chosen tables as a small ELF core that describes itself.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/cleanup.h"
#include "base/scan.h"
#include "cmd/each.h"
#include "cmd/progress.h"
#include "kernel/kva.h"
#include "source/elf_write.h"

/* Pieces of missing memory that are looked at one by one, whatever the size of the dump. */
#define FLOOR_MISSING (1U << 20)

/* Table pages, as they are met; sorted and made unique when the list has doubled. */
struct pages {
	struct s2_piece *piece;
	size_t n, room;
	bool failed;
	/* Those of the table at hand that cannot be followed, and the first of them. */
	uint64_t nbroken, broken_pa;
	enum s2_code broken;
	struct s2_gaps gaps; /* what of all pages is not there */
};

static int by_pa(const void *a, const void *b)
{
	const struct s2_piece *x = a, *y = b;

	if (x->pa != y->pa)
		return x->pa < y->pa ? -1 : 1;
	return x->size < y->size ? 1 : x->size > y->size ? -1 : 0;
}

/* Sorts, and drops what earlier pages cover (the same page, or part of one). */
static void compact(struct pages *pages)
{
	uint64_t end = 0;
	size_t kept = 0;

	if (!pages->n)
		return;
	qsort(pages->piece, pages->n, sizeof(*pages->piece), by_pa);
	for (size_t i = 0; i < pages->n; i++) {
		struct s2_piece piece = pages->piece[i];

		if (kept && piece.pa + piece.size <= end)
			continue;
		if (kept && piece.pa < end) {
			piece.size -= end - piece.pa;
			piece.pa = end;
		}
		end = piece.pa + piece.size;
		pages->piece[kept++] = piece;
	}
	pages->n = kept;
}

static void add(struct pages *pages, uint64_t pa, uint64_t size, enum s2_code state)
{
	if (pages->failed)
		return;
	if (pages->n == pages->room) {
		compact(pages);
		if (pages->n > pages->room / 2 || !pages->room) {
			size_t room = pages->room ? pages->room * 2 : 1024;
			struct s2_piece *grown = realloc(pages->piece, room * sizeof(*grown));

			if (!grown) {
				pages->failed = true;
				return;
			}
			pages->piece = grown;
			pages->room = room;
		}
	}
	pages->piece[pages->n++] = (struct s2_piece){ .pa = pa, .size = size, .state = state };
}

static bool on_table(void *arg, const struct s2_reached *reached)
{
	struct pages *pages = arg;

	if (reached->state && !pages->nbroken++) {
		pages->broken_pa = reached->pa;
		pages->broken = reached->state;
	}
	if (reached->state)
		return false;
	add(pages, reached->pa, reached->size, S2_OK);
	return true;
}

/* Of the page that was entered last nothing could be read: unless it is just not in the dump, it is
 * no table page. */
static void lost_page(struct pages *pages, const struct s2_strip *strip)
{
	struct s2_piece *last = pages->n ? &pages->piece[pages->n - 1] : NULL;

	if (pages->failed || !last || last->pa != strip->table_pa ||
	    strip->n * sizeof(uint64_t) != last->size || s2_is_missing(strip->missing))
		return;
	pages->n--;
	if (!pages->nbroken++) {
		pages->broken_pa = strip->table_pa;
		pages->broken = strip->missing;
	}
}

static enum s2_code check_room(const struct pages *pages, struct s2_err *err)
{
	return pages->failed ? s2_fail(err, S2_NOMEM, "no memory for the list of table pages") :
			       S2_OK;
}

/* What an annotator needs: in whole words, as table pages are. */
static void add_needed(void *arg, uint64_t pa, uint64_t size)
{
	uint64_t first = pa & ~UINT64_C(7);

	add(arg, first, align_up(pa + size, sizeof(uint64_t)) - first, S2_OK);
}

/* What collect() works with. */
struct collect {
	const struct s2_input *input;
	struct pages *pages;
	struct s2_walk walk;
};

static enum s2_code collect(void *arg, const struct s2_table *table, const struct s2_geometry *geom,
			    struct s2_err *err)
{
	struct collect *c = arg;
	struct pages *pages = c->pages;
	struct s2_strip strip;

	if (table->bare)
		return S2_OK;
	s2_walk_init(&c->walk, geom, &c->input->source->mem, table->root_pa);
	c->walk.enter = on_table;
	c->walk.arg = pages;
	pages->nbroken = 0;
	while (s2_walk_next(&c->walk, &strip))
		if (strip.missing)
			lost_page(pages, &strip);
	if (pages->nbroken)
		s2_lost_add(c->input->lost, S2_LOST_PAGE, pages->broken, table->id,
			    pages->broken_pa,
			    "%" PRIu64 " table page%s not followed, first at PA 0x%" PRIx64 " (%s)",
			    pages->nbroken, pages->nbroken == 1 ? " is" : "s are", pages->broken_pa,
			    s2_code_name(pages->broken));
	for (unsigned int i = 0; i < table->nannotators; i++) {
		const struct s2_annotator *annotator = &table->annotator[i];

		if (annotator->ops->needs)
			annotator->ops->needs(annotator, add_needed, pages);
	}
	return check_room(pages, err);
}

/* Joins neighbours of one state, and appends to @out; absent memory has no piece, nor has what the
 * budget did not reach. */
static void append(struct pages *out, uint64_t pa, uint64_t size, enum s2_code state)
{
	struct s2_piece *last = out->n ? &out->piece[out->n - 1] : NULL;

	if (state == S2_BUDGET)
		state = S2_ABSENT;
	/* An I/O error, or damage: the bytes should be there. */
	if (state == S2_DAMAGED || (!s2_is_missing(state) && state != S2_OK))
		state = S2_TRUNCATED;
	if (state == S2_ABSENT)
		return;
	if (last && last->pa + last->size == pa && last->state == state)
		last->size += size;
	else
		add(out, pa, size, state);
}

/*
 * The state of memory from @pa on, and for how many bytes that was found out, @*len at most: the
 * walker's unit where it is missing in part, all up to the next extent where there is none.
 */
static enum s2_code state_of(const struct s2_mem *mem, uint64_t pa, uint64_t *len)
{
	char buf[BIT64(S2_MAX_PAGE_LOG2)];
	uint64_t whole = *len, gap;
	enum s2_code state;

	*len = whole < sizeof(buf) ? whole : sizeof(buf);
	state = s2_mem_read(mem, pa, buf, (size_t)*len, NULL);
	if (state && *len > S2_WALK_CHUNK) {
		*len = S2_WALK_CHUNK;
		state = s2_mem_read(mem, pa, buf, (size_t)*len, NULL);
	}
	if (state != S2_ABSENT)
		return state;
	gap = s2_mem_gap(mem, pa);
	if (gap >= whole)
		*len = whole;
	else if (gap > *len)
		*len = gap & ~(uint64_t)(S2_WALK_CHUNK - 1);
	return state;
}

/* Splits pages that are there only in part and joins neighbours. What a dump says to have and does
 * not is read through up to a bound. */
static enum s2_code to_pieces(const struct s2_mem *mem, const struct pages *pages,
			      struct pages *ret, struct s2_err *err)
{
	struct s2_budget missing;

	s2_budget_init(&missing, FLOOR_MISSING, 1, mem->bytes / S2_WALK_CHUNK);
	for (size_t i = 0; i < pages->n; i++) {
		const struct s2_piece *page = &pages->piece[i];

		for (uint64_t off = 0, len; off < page->size; off += len) {
			enum s2_code state;

			len = page->size - off;
			state = state_of(mem, page->pa + off, &len);
			if (state && s2_budget_take(&missing, 1)) {
				state = S2_BUDGET;
				len = page->size - off;
			}
			if (state)
				s2_gaps_add(&ret->gaps, page->pa + off, len, state);
			append(ret, page->pa + off, len, state);
		}
	}
	return check_room(ret, err);
}

/* Of the tables that are written; a format without kernels goes under the first machine there is. */
static unsigned int machine_of(const struct s2_input *input)
{
	const struct s2_tables *tables = &input->tables;
	unsigned int machine = tables->n ? s2_kva_machine(tables->table[0].regime.arch->name) : 0;

	return machine ? machine : s2_kva_ops[0]->elf_machine;
}

/* What a part of the note may take, by the size of the dump. */
#define NOTE_PART_MEMORY (16ULL << 20)

static enum s2_code write_snapshot(const struct s2_input *input, const struct pages *pages,
				   struct s2_out *out, struct s2_err *err)
{
	s2_auto_free char *note = NULL;
	struct pages pieces = { 0 };
	enum s2_code code;

	code = s2_snapshot_note_within(&input->tables, input->lost,
				       NOTE_PART_MEMORY + s2_mem_backed(&input->source->mem), &note,
				       err);
	if (code)
		return code;
	code = to_pieces(&input->source->mem, pages, &pieces, err);
	if (pieces.gaps.bytes)
		s2_lost_add(
			input->lost, S2_LOST_PAGE, pieces.gaps.code, NULL, pieces.gaps.pa,
			"%" PRIu64
			" bytes of pages are missing, and missing in the snapshot, first at PA 0x%" PRIx64
			" (%s)",
			pieces.gaps.bytes, pieces.gaps.pa, s2_code_name(pieces.gaps.code));
	if (!code)
		code = s2_elf_write(out, &input->source->mem, machine_of(input), pieces.piece,
				    pieces.n, S2_SNAPSHOT_NOTE, S2_SNAPSHOT_NOTE_TYPE, note, err);
	free(pieces.piece);
	return code;
}

/* *@ret: what became of the tables, when nothing ended all. */
static enum s2_code extract(const struct s2_options *o, struct s2_input *input, struct s2_out *out,
			    enum s2_exit *ret, struct s2_err *err)
{
	s2_auto_free struct collect *c = malloc(sizeof(*c));
	struct pages pages = { 0 };
	enum s2_code code;

	if (!c)
		return s2_fail(err, S2_NOMEM, "no memory");
	c->input = input;
	c->pages = &pages;
	code = s2_each_table(input, input->tables.table, input->tables.n, collect, c, ret, err);
	if (!code) {
		s2_progress(o, "writing the snapshot");
		/* No rows, and for no pager. */
		out->before = NULL;
		s2_input_output(input, out);
		compact(&pages);
		code = write_snapshot(input, &pages, out, err);
	}
	if (!code)
		code = s2_input_commit(input, err);
	free(pages.piece);
	return code;
}

static enum s2_exit run_extract(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_input input;
	enum s2_exit status = S2_EXIT_OK;
	enum s2_code code;

	if (!o->output)
		return s2_exit_of(s2_fail(err, S2_USAGE,
					  "extract needs -o FILE, or '-o -' for standard output"));
	code = s2_input_open(o, o->args, o->nargs, &input, err);
	if (code)
		return s2_exit_of(code);
	code = extract(o, &input, out, &status, err);
	status = s2_input_finish(&input, code ? s2_exit_of(code) : status);
	s2_input_close(&input);
	return status;
}

const struct s2_cmd s2_cmd_extract = {
	.name = "extract",
	.args = "FILE -o OUT",
	.help = "a small self-describing snapshot of the chosen tables",
	.groups = S2_OPTS_INPUT | S2_OPTS_GEOM | S2_OPTS_OUTPUT,
	.min_args = 1,
	.max_args = 1,
	.run = run_extract,
};
