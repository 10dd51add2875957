// SPDX-License-Identifier: GPL-2.0-or-later
// `dump --tables`: the pages that the tables themselves take, in the order of a walk.
#include "cmd/table_pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "cmd/color.h"
#include "cmd/each.h"
#include "decode/soft.h"
#include "format/color.h"
#include "format/text.h"
#include "model/ranges.h"

#define COUNT_TEXT 48

/* What one table page holds. */
struct content {
	enum s2_code missing; /* it was not read, or not all of it: nothing is counted */
	uint64_t missing_pa;
	uint64_t entries, tables, leaves, used;
};

struct job {
	const struct s2_options *o;
	const struct s2_input *input;
	const struct s2_table *table;
	const struct s2_geometry *geom;
	struct s2_out *out;
	struct s2_json json;
	bool document, color;
	uint64_t pa[S2_MAX_HEIGHTS]; /* the page of each height that was come to last */
	uint64_t pages, bytes;       /* of the table */
	struct s2_effort effort;
	struct s2_ranges ranges;
};

static void count(const struct s2_geometry *geom, unsigned int height, const uint64_t *desc,
		  uint64_t n, struct content *ret)
{
	for (uint64_t i = 0; i < n; i++) {
		struct s2_entry entry;

		geom->arch->decode(geom, height, desc[i], &entry);
		if (entry.type == S2_TABLE)
			ret->tables++;
		else if (s2_is_leaf(entry.type))
			ret->leaves++;
		else if (!s2_says_something(geom, desc[i]))
			continue;
		ret->used++;
	}
}

static struct content content_of(const struct job *job, const struct s2_reached *reached)
{
	const struct s2_mem *mem = job->table->mem ? job->table->mem : &job->input->source->mem;
	struct content ret = { .missing = reached->state,
			       .missing_pa = reached->pa,
			       .entries = reached->size / sizeof(uint64_t) };
	uint64_t desc[S2_WALK_CHUNK / sizeof(uint64_t)];
	uint64_t at = 0, n = reached->size < sizeof(desc) ? reached->size : sizeof(desc);

	for (; !ret.missing && at < reached->size; at += n) {
		ret.missing_pa = reached->pa + at;
		ret.missing = s2_mem_read(mem, ret.missing_pa, desc, n, NULL);
		if (!ret.missing)
			count(job->geom, reached->height, desc, n / sizeof(*desc), &ret);
	}
	return ret;
}

static void print_json(struct job *job, const struct s2_reached *reached, const struct content *c)
{
	struct s2_json *json = &job->json;
	bool root = reached->desc_pa == S2_WALK_ROOT;

	s2_json_item(json, "table_page");
	s2_json_text(json, "table", job->table->id);
	s2_json_hex(json, "pa", reached->pa);
	s2_json_size(json, "size", reached->size);
	s2_json_signed(json, "level", s2_level(job->geom, reached->height));
	s2_json_hex(json, "ia", reached->ia);
	s2_json_size(json, "span", c->entries * s2_entry_size(job->geom, reached->height));
	s2_json_number(json, "entries", c->entries);
	s2_json_number_if(json, "used", !c->missing, c->used);
	s2_json_number_if(json, "to_tables", !c->missing, c->tables);
	s2_json_number_if(json, "leaves", !c->missing, c->leaves);
	s2_json_hex_if(json, "parent", !root, root ? 0 : job->pa[reached->height + 1]);
	s2_json_hex_if(json, "descriptor_pa", !root, reached->desc_pa);
	s2_json_word(json, "missing", c->missing ? s2_code_name(c->missing) : NULL);
	s2_json_hex_if(json, "missing_pa", c->missing, c->missing_pa);
	s2_json_item_end(json);
}

static void print_text(const struct job *job, const struct s2_reached *reached,
		       const struct content *c)
{
	char buf[COUNT_TEXT], size[S2_TEXT_SIZE_LEN];

	if (c->missing && job->color)
		s2_style(job->out, S2_GONE);
	snprintf(buf, sizeof(buf), "0x%" PRIx64, reached->pa);
	s2_out_pad(job->out, buf, 16);
	s2_out_printf(job->out, " %-2d ", s2_level(job->geom, reached->height));
	snprintf(buf, sizeof(buf), "0x%" PRIx64, reached->ia);
	s2_out_pad(job->out, buf, 18);
	s2_text_size(c->entries * s2_entry_size(job->geom, reached->height), size);
	s2_out_str(job->out, " ");
	s2_out_pad(job->out, size, 6);
	if (c->missing)
		snprintf(buf, sizeof(buf), "?/%" PRIu64, c->entries);
	else
		snprintf(buf, sizeof(buf), "%" PRIu64 "/%" PRIu64, c->used, c->entries);
	s2_out_str(job->out, " ");
	s2_out_pad(job->out, buf, 9);
	if (reached->desc_pa == S2_WALK_ROOT)
		s2_out_str(job->out, " -");
	else
		s2_out_printf(job->out, " 0x%" PRIx64, job->pa[reached->height + 1]);
	if (c->missing)
		s2_out_printf(job->out, " %s@0x%" PRIx64, s2_code_name(c->missing), c->missing_pa);
	if (c->missing && job->color)
		s2_style(job->out, S2_PLAIN);
	s2_out_str(job->out, "\n");
}

static bool on_page(void *arg, const struct s2_reached *reached)
{
	struct job *job = arg;
	struct content content;

	/* What is left out is then counted as such by the walk. */
	if (s2_effort_ends(&job->effort, job->out))
		s2_ranges_stop(&job->ranges);
	content = content_of(job, reached);
	job->pa[reached->height] = reached->pa;
	job->pages +=
		reached->size >> job->geom->page_log2 ? reached->size >> job->geom->page_log2 : 1;
	job->bytes += reached->size;
	if (job->document)
		print_json(job, reached, &content);
	else
		print_text(job, reached, &content);
	return !s2_out_dead(job->out);
}

static enum s2_code list_pages(void *arg, const struct s2_table *table,
			       const struct s2_geometry *geom, struct s2_err *err)
{
	struct job *job = arg;
	const struct s2_options *o = job->o;
	struct s2_ctx ctx = { .mem = &job->input->source->mem,
			      .lost = job->input->lost,
			      .visits = &job->effort.visits,
			      .looks = &job->effort.looks };
	struct s2_view view = { .how = S2_MERGE_ATTRS,
				.range = o->range,
				.nranges = o->nranges,
				.enter = on_page,
				.arg = job };
	char size[S2_TEXT_SIZE_LEN];
	struct s2_row row;
	bool any;

	(void)err;
	if (table->bare && !job->document)
		s2_out_printf(job->out, "# %s %s, no table\n", table->id, table->kind);
	if (table->bare)
		return S2_OK;
	job->table = table;
	job->geom = geom;
	job->pages = job->bytes = 0;
	s2_effort_table(&job->effort, job->out);
	/* It comes to the first pages already. */
	if (!job->document)
		s2_out_printf(job->out,
			      "# %s %s, pages of the table\n# %-14s %-2s %-18s %-6s %-9s %s\n",
			      table->id, table->kind, "pa", "l", "ia", "span", "used", "parent");
	any = s2_ranges_init(&job->ranges, table, geom, &view, &ctx);
	/* Rows are of no interest, but what they could not read is. */
	while (any && !s2_out_dead(job->out) && s2_ranges_next(&job->ranges, &row))
		;
	if (any)
		s2_ranges_end(&job->ranges);
	s2_text_size(job->bytes, size);
	if (!job->document) {
		s2_out_str(job->out, "# ");
		s2_out_counted(job->out, job->pages, "page");
		s2_out_printf(job->out, ", %s\n", size);
	}
	return S2_OK;
}

enum s2_code s2_table_pages(const struct s2_options *options, const struct s2_input *input,
			    const struct s2_table *tables, size_t n, struct s2_out *out,
			    enum s2_exit *ret, struct s2_err *err)
{
	struct s2_image image = s2_input_image(input);
	s2_auto_free struct job *job = malloc(sizeof(*job));
	enum s2_code code;
	bool lines;

	if (!job)
		return s2_fail(err, S2_NOMEM, "no memory");
	job->o = options;
	job->input = input;
	job->out = out;
	job->document = s2_options_document(options, &lines);
	job->color = s2_colors(options, out);
	s2_effort_init(&job->effort, input, job->document);
	if (job->document)
		s2_json_begin(&job->json, out, lines, "dump", "table_pages", &image);
	code = s2_each_table(input, tables, n, list_pages, job, ret, err);
	if (job->document)
		s2_input_end_document(input, &job->json, !*ret, NULL);
	return code;
}
