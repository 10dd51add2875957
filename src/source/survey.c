// SPDX-License-Identifier: GPL-2.0-or-later
// Goes through the memory of a dump: what is there, what is missing and why, and the first damage.
#include "source/survey.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bits.h"
#include "base/budget.h"
#include "base/num.h"

#define PAGE 4096U
#define VIEW_CHUNK (8U << 20)

/* So much is looked at where many extents show the same bytes of a file. */
#define SEEN_FLOOR (1ULL << 30)
#define SEEN_PER_BYTE 4

/* Stretches of which the container says at once that they are missing: they may be many more than
 * there are pages, but each is a part of a bitmap or a header that is in the file. */
#define STRETCH_FLOOR 65536
#define STRETCH_PER_BYTE 8

static const enum s2_code reasons[S2_SURVEY_REASONS] = { S2_EXCLUDED, S2_ABSENT, S2_TRUNCATED,
							 S2_DAMAGED, S2_IO };

struct survey {
	const struct s2_mem *mem;
	struct s2_survey *ret;
	struct s2_budget bytes, stretches;
	uint64_t no_hole;                   /* up to here there is none to ask for */
	struct s2_survey_reason behind_end; /* of what is missing: what the file ends before */
	bool nomem;                         /* for s2dump itself: says nothing of the dump */
};

static void add_missing(struct s2_survey *ret, uint64_t pa, uint64_t bytes, enum s2_code code)
{
	size_t i = 0;

	while (i + 1 < S2_SURVEY_REASONS && ret->missing[i].code != code)
		i++;
	if (!ret->missing[i].bytes)
		ret->missing[i].first = pa;
	ret->missing[i].bytes += bytes;
}

/* What a writer leaves out on purpose is no damage. */
static void note_damage(struct s2_survey *ret, uint64_t pa, enum s2_code code, const char *text)
{
	if (ret->damage || code == S2_EXCLUDED || code == S2_ABSENT)
		return;
	ret->damage = code;
	ret->damage_pa = pa;
	for (size_t i = 0; i + 1 < sizeof(ret->damage_text) && text[i]; i++)
		ret->damage_text[i] = text[i];
}

/* [@pa, @pa + @len), of which @code says why it is missing; the words come from trying to read. */
static void miss(struct survey *s, uint64_t pa, uint64_t len, enum s2_code code)
{
	uint8_t byte;
	struct s2_err err;

	add_missing(s->ret, pa, len, code);
	s2_err_init(&err);
	if (!s->ret->damage && s2_mem_read(s->mem, pa, &byte, sizeof(byte), &err))
		note_damage(s->ret, pa, code, err.text);
}

/* The same, where the container knows before it is read. */
static void miss_known(struct survey *s, uint64_t pa, uint64_t len, enum s2_code code)
{
	if (code == S2_TRUNCATED && s2_source_of(s->mem)->nsegs) {
		if (!s->behind_end.bytes)
			s->behind_end.first = pa;
		s->behind_end.bytes += len;
	}
	miss(s, pa, len, code);
}

/* The words of one read count its bytes alone, where all that follows is lost. */
static void say_behind_end(const struct survey *s)
{
	struct s2_survey *ret = s->ret;

	if (ret->damage && s->behind_end.bytes && s->behind_end.first == ret->damage_pa)
		snprintf(ret->damage_text, sizeof(ret->damage_text),
			 "physical address 0x%" PRIx64 ": from here on %" PRIu64
			 " bytes of memory are past the end of the file (size 0x%" PRIx64 ")",
			 ret->damage_pa, s->behind_end.bytes, s2_source_of(s->mem)->file.size);
}

static void look_at_page(struct survey *s, uint64_t pa, size_t len)
{
	uint8_t page[PAGE];
	enum s2_code code = s2_mem_read(s->mem, pa, page, len, NULL);

	if (code == S2_NOMEM)
		s->nomem = true;
	else if (code)
		miss(s, pa, len, code);
	else
		s->ret->there += len;
}

/* The next bytes of [@pa, @pa + @size), which may be there; returns how many. */
static uint64_t look(struct survey *s, uint64_t pa, uint64_t size)
{
	uint64_t len = size < VIEW_CHUNK ? size : VIEW_CHUNK;

	if (s2_mem_view(s->mem, pa, (size_t)len)) {
		s->ret->there += len;
		return len;
	}
	len = PAGE - (pa & (PAGE - 1));
	len = len < size ? len : size;
	look_at_page(s, pa, (size_t)len);
	return len;
}

/* How many bytes from @pa on are a hole of a sparse file, which is there at no cost; they are not
 * looked at. */
static uint64_t pass_hole(struct survey *s, uint64_t pa, uint64_t size)
{
	uint64_t n, next;

	if (pa < s->no_hole)
		return 0;
	n = s2_mem_zeros(s->mem, pa, &next);
	/* Not for each byte, where the source does not know more. */
	if (!n)
		s->no_hole = next < UINT64_MAX - PAGE ? align_up(next, PAGE) : next;
	n = n < size ? n : size;
	s->ret->there += n;
	return n;
}

/* What is there until the next hole or the end of [@pa, @pa + @size), as far as the budget goes;
 * returns how much of it that was. */
static uint64_t look_at_data(struct survey *s, uint64_t pa, uint64_t size, bool *ret_spent)
{
	uint64_t done = 0;

	size = s->no_hole - pa < size ? s->no_hole - pa : size;
	while (done < size && !*ret_spent) {
		uint64_t n = look(s, pa + done, size - done);

		*ret_spent = s2_budget_take(&s->bytes, n) != S2_OK;
		s2_meter_add(s->mem->meter, n);
		done += n;
	}
	return done;
}

/* As far as budgets go; returns how much of the extent that was. */
static uint64_t survey_extent(struct survey *s, uint64_t pa, uint64_t size)
{
	uint64_t done = 0;
	bool spent = false;

	while (done < size && !spent) {
		uint64_t n, hole;
		enum s2_code code = s2_mem_lacks(s->mem, pa + done, &n);

		n = n < size - done ? n : size - done;
		if (!code && !(hole = pass_hole(s, pa + done, n))) {
			done += look_at_data(s, pa + done, n, &spent);
			continue;
		}
		if (code && s2_budget_take(&s->stretches, 1))
			break;
		if (code)
			miss_known(s, pa + done, n, code);
		else
			n = hole;
		done += n;
		s2_meter_add(s->mem->meter, n);
	}
	return done;
}

enum s2_code s2_survey(const struct s2_source *source, struct s2_survey *ret, struct s2_err *err)
{
	struct survey s = { .mem = &source->mem, .ret = ret };
	struct s2_extent extent;
	uint64_t pa = 0, end;

	*ret = (struct s2_survey){ .claimed = 0 };
	for (size_t i = 0; i < S2_SURVEY_REASONS; i++)
		ret->missing[i].code = reasons[i];
	s2_budget_init(&s.bytes, SEEN_FLOOR, SEEN_PER_BYTE, source->mem.bytes);
	s2_budget_init(&s.stretches, STRETCH_FLOOR, STRETCH_PER_BYTE,
		       s2_file_backed(&source->file));
	s2_meter_expect(source->mem.meter, s2_mem_claimed(&source->mem));
	while (!s.nomem && !s2_mem_next(&source->mem, pa, &extent)) {
		uint64_t done;

		if (!s2_add_ok(extent.pa, extent.size, &end) || end <= pa)
			break;
		done = survey_extent(&s, extent.pa, extent.size);
		ret->claimed += extent.size;
		ret->unseen += extent.size - done;
		pa = end;
	}
	say_behind_end(&s);
	return s.nomem ? s2_fail(err, S2_NOMEM, "no memory") : S2_OK;
}

const char *s2_source_writer(const struct s2_source *source)
{
	static const struct {
		const char *note, *writer;
	} rows[] = { { S2_SNAPSHOT_NOTE, "s2dump" }, { "QEMU", "QEMU" }, { "Xen", "Xen" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (s2_source_note(source, rows[i].note, UINT32_MAX))
			return rows[i].writer;
	if (source->ops == &s2_source_lime)
		return "LiME";
	return source->writer;
}
