// SPDX-License-Identifier: GPL-2.0-or-later
// `inspect`: what kind of dump this is and what it lacks, as a paragraph for a ticket.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "cmd/input.h"
#include "cmd/progress.h"
#include "format/text.h"
#include "source/survey.h"

/* More names of notes than this hide the rest of the paragraph; JSON has all. */
#define MAX_NOTES 8

/* What was lost of the file itself before memory was asked for: any byte behind it may be wrong. */
static const struct s2_loss *lost_of_file(const struct s2_lost *lost, const char *format)
{
	/* Of a container that is not packed memory itself tells what is missing. */
	if (!strchr(format, '+'))
		return NULL;
	for (size_t i = 0; i < lost->n; i++)
		if (lost->loss[i].what == S2_LOST_FILE)
			return &lost->loss[i];
	return NULL;
}

/* Is it a part of a dump that was split, and another one is not here? */
static bool lacks_part(const struct s2_source *source)
{
	return source->lacks[0] != source->lacks[1];
}

/* Notes of the same name and type, which a dump has of each CPU. */
struct same_notes {
	const struct s2_note *first;
	size_t n;
	uint64_t bytes;
};

struct note_list {
	struct same_notes *group; /* in the order of the dump */
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	const struct s2_note *x = ((const struct same_notes *)a)->first;
	const struct s2_note *y = ((const struct same_notes *)b)->first;
	int ret = strcmp(x->name, y->name);

	if (!ret)
		ret = (x->type > y->type) - (x->type < y->type);
	return ret ? ret : (x > y) - (x < y);
}

static int by_place(const void *a, const void *b)
{
	const struct s2_note *x = ((const struct same_notes *)a)->first;
	const struct s2_note *y = ((const struct same_notes *)b)->first;

	return (x > y) - (x < y);
}

/* Sorted, not compared with all others: a file may have 65536 that differ. */
static enum s2_code list_notes(const struct s2_source *source, struct note_list *ret,
			       struct s2_err *err)
{
	struct same_notes *group = calloc(source->nnotes + 1, sizeof(*group));
	size_t n = 0;

	if (!group)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (size_t i = 0; i < source->nnotes; i++)
		group[i] = (struct same_notes){ &source->note[i], 1, source->note[i].size };
	qsort(group, source->nnotes, sizeof(*group), by_name);
	for (size_t i = 0; i < source->nnotes; i++) {
		struct same_notes *last = n ? &group[n - 1] : NULL;

		if (last && last->first->type == group[i].first->type &&
		    !strcmp(last->first->name, group[i].first->name)) {
			last->n++;
			last->bytes += group[i].bytes;
		} else {
			group[n++] = group[i];
		}
	}
	qsort(group, n, sizeof(*group), by_place);
	*ret = (struct note_list){ group, n };
	return S2_OK;
}

static void put_escaped(struct s2_out *out, const char *text)
{
	char escaped[256];

	s2_escape(text, strlen(text), escaped, sizeof(escaped));
	s2_out_str(out, escaped);
}

static void put_size(struct s2_out *out, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_size(size, text);
	s2_out_str(out, text);
}

/* Of a snapshot its note says what the tables are of: files of old have one machine's number in
 * their ELF header, whatever they are of. */
static const char *machine_of(const struct s2_input *input)
{
	const char *machine = NULL;

	if (input->tables.n)
		machine =
			s2_machine_of_elf(s2_kva_machine(input->tables.table[0].regime.arch->name));
	return machine ? machine : input->source->machine;
}

static void put_file(struct s2_out *out, const struct s2_input *input, const struct s2_image *image)
{
	const char *writer = s2_source_writer(input->source);
	const char *machine = machine_of(input);
	char text[S2_TEXT_TIME_LEN] = "";

	put_escaped(out, image->path);
	s2_out_printf(out, ": %s, ", image->format);
	put_size(out, image->size);
	if (machine)
		s2_out_printf(out, ", of an %s machine", machine);
	if (*input->source->node) {
		s2_out_str(out, " called ");
		put_escaped(out, input->source->node);
	}
	s2_out_printf(out, "; written by %s", writer ? writer : "an unknown program");
	if (image->time)
		s2_text_time(image->time, text);
	if (*text)
		s2_out_printf(out, ", %s %s", input->source->time ? "on" : "of a crash on", text);
	else
		s2_out_str(out, ", at an unknown time");
	if (lacks_part(input->source))
		s2_out_str(out, "; a part of several, not all of which were given.\n");
	else if (lost_of_file(input->lost, image->format))
		s2_out_str(out, "; not all of it could be unpacked.\n");
	else
		s2_out_str(out,
			   image->incomplete ? "; its writer stopped, or it is cut.\n" : ".\n");
}

/* "VMCOREINFO at PA 0x41002000", or where else it was. */
static void put_kernels(struct s2_out *out, const struct s2_input *input,
			const struct s2_image *image)
{
	const struct s2_kernel_id *id;

	if (!input->kernel) {
		s2_out_str(out, *image->release ? "Kernel: Linux " : "Kernel: ");
		put_escaped(out, *image->release   ? image->release :
				 *input->no_kernel ? input->no_kernel :
						     "not told");
		s2_out_str(out, ".\n");
		return;
	}
	for (unsigned int i = 0; (id = s2_kernel_met(input->kernel, i)); i++) {
		s2_out_str(out, i ? "; Linux " : "Kernel: Linux ");
		put_escaped(out, id->release);
		if (id->note_pa == UINT64_MAX)
			s2_out_str(out, " (VMCOREINFO in the container's note)");
		else
			s2_out_printf(out, " (VMCOREINFO at PA 0x%" PRIx64 ")", id->note_pa);
	}
	s2_out_str(out, ".\n");
}

static void put_notes(struct s2_out *out, const struct note_list *notes)
{
	size_t left = 0;

	for (size_t i = 0; i < notes->n; i++) {
		const struct same_notes *group = &notes->group[i];

		if (i >= MAX_NOTES) {
			left += group->n;
			continue;
		}
		s2_out_printf(out, "%s%zu ", i ? ", " : "Notes: ", group->n);
		put_escaped(out, group->first->name);
		s2_out_printf(out, " of type 0x%x", group->first->type);
	}
	if (left)
		s2_out_printf(out, ", and %zu more", left);
	s2_out_str(out, notes->n ? ".\n" : "Notes: none.\n");
}

static void put_memory(struct s2_out *out, const struct s2_survey *survey, bool in_parts)
{
	bool any = false;

	s2_out_str(out, "Memory: ");
	put_size(out, survey->there);
	s2_out_str(out, " of ");
	put_size(out, survey->claimed);
	s2_out_str(out, " there");
	for (size_t i = 0; i < S2_SURVEY_REASONS; i++) {
		const struct s2_survey_reason *reason = &survey->missing[i];

		if (!reason->bytes)
			continue;
		s2_out_str(out, any ? ", " : "; missing: ");
		put_size(out, reason->bytes);
		s2_out_printf(out, " %s, from PA 0x%" PRIx64 " on", s2_code_name(reason->code),
			      reason->first);
		any = true;
	}
	if (survey->unseen) {
		s2_out_str(out, "; not looked at: ");
		put_size(out, survey->unseen);
		s2_out_str(out, ", far more than the file can hold");
	}
	if (any || survey->unseen)
		s2_out_str(out, ".\n");
	else
		s2_out_str(out, in_parts ? ", in the parts that were given.\n" :
					   ", nothing is missing.\n");
}

static void put_damage(struct s2_out *out, const struct s2_survey *survey,
		       const struct s2_lost *lost, const char *format)
{
	const struct s2_loss *loss = lost_of_file(lost, format);

	if (!survey->damage && !loss) {
		s2_out_str(out, "Damage: none.\n");
		return;
	}
	s2_out_str(out, "First damage: ");
	put_escaped(out, loss ? loss->text : survey->damage_text);
	s2_out_str(out, ".\n");
}

/* ---- JSON ---- */

static void kernel_members(struct s2_json *json, const struct s2_kernel_id *id, unsigned int number)
{
	s2_json_number(json, "number", number);
	s2_json_text(json, "release", id->release);
	s2_json_hex_if(json, "address", id->note_pa != UINT64_MAX, id->note_pa);
}

static void kernels_member(struct s2_json *json, const struct s2_input *input)
{
	const struct s2_kernel_id *id;

	s2_json_open(json, "kernels", '[');
	for (unsigned int i = 0; input->kernel && (id = s2_kernel_met(input->kernel, i)); i++) {
		s2_json_open(json, NULL, '{');
		kernel_members(json, id, i + 1);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
	s2_json_text(json, "no_kernel", *input->no_kernel ? input->no_kernel : NULL);
}

static void notes_member(struct s2_json *json, const struct note_list *notes)
{
	s2_json_open(json, "notes", '[');
	for (size_t i = 0; i < notes->n; i++) {
		s2_json_open(json, NULL, '{');
		s2_json_text(json, "name", notes->group[i].first->name);
		s2_json_number(json, "type", notes->group[i].first->type);
		s2_json_number(json, "count", notes->group[i].n);
		s2_json_number(json, "bytes", notes->group[i].bytes);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
}

static void survey_members(struct s2_json *json, const struct s2_survey *survey,
			   const struct s2_lost *lost, const char *format)
{
	const struct s2_loss *loss = lost_of_file(lost, format);

	s2_json_number(json, "claimed_bytes", survey->claimed);
	s2_json_number(json, "there_bytes", survey->there);
	s2_json_number(json, "unseen_bytes", survey->unseen);
	s2_json_open(json, "missing", '[');
	for (size_t i = 0; i < S2_SURVEY_REASONS; i++) {
		if (!survey->missing[i].bytes)
			continue;
		s2_json_open(json, NULL, '{');
		s2_json_word(json, "code", s2_code_name(survey->missing[i].code));
		s2_json_number(json, "bytes", survey->missing[i].bytes);
		s2_json_hex(json, "first", survey->missing[i].first);
		s2_json_close(json, '}');
	}
	s2_json_close(json, ']');
	if (!survey->damage && !loss) {
		s2_json_null(json, "damage");
		return;
	}
	s2_json_open(json, "damage", '{');
	s2_json_word(json, "code", s2_code_name(loss ? loss->code : survey->damage));
	s2_json_hex_if(json, "address", !loss, survey->damage_pa);
	s2_json_text(json, "text", loss ? loss->text : survey->damage_text);
	s2_json_close(json, '}');
}

static void print_document(struct s2_out *out, const struct s2_input *input,
			   const struct s2_image *image, const struct s2_survey *survey,
			   const struct note_list *notes, bool lines)
{
	struct s2_json json;

	s2_json_begin(&json, out, lines, "inspect", "inspected", image);
	s2_json_item(&json, "inspected");
	s2_json_word(&json, "machine", machine_of(input));
	s2_json_word(&json, "writer", s2_source_writer(input->source));
	s2_json_text(&json, "remark", *input->source->remark ? input->source->remark : NULL);
	kernels_member(&json, input);
	notes_member(&json, notes);
	survey_members(&json, survey, input->lost, image->format);
	s2_json_item_end(&json);
	s2_input_end_document(input, &json, true, NULL);
}

/* ---- The command ---- */

/* What should be there and is not, or was not looked at, is lost; what was left out is not. */
static void note_lost(const struct s2_input *input, const struct s2_survey *survey)
{
	if (survey->damage)
		s2_lost_add(input->lost, S2_LOST_FILE, survey->damage, NULL, survey->damage_pa,
			    "%s", survey->damage_text);
	if (lacks_part(input->source))
		s2_lost_add(input->lost, S2_LOST_FILE, S2_ABSENT, NULL, input->source->lacks[0],
			    "the part of the dump with PA 0x%" PRIx64 "-0x%" PRIx64
			    " was not given%s",
			    input->source->lacks[0], input->source->lacks[1],
			    input->source->lacks_more ? ", and others" : "");
	if (survey->unseen)
		s2_lost_add(input->lost, S2_LOST_SEARCH, S2_BUDGET, NULL, S2_LOST_NOWHERE,
			    "%" PRIu64 " bytes of memory were not looked at: the file is far "
			    "too small for them",
			    survey->unseen);
}

static enum s2_code print_text(struct s2_out *out, const struct s2_input *input,
			       const struct s2_image *image, const struct s2_survey *survey,
			       const struct note_list *notes, struct s2_err *err)
{
	s2_auto_free struct s2_out *page = malloc(sizeof(*page));

	if (!page)
		return s2_fail(err, S2_NOMEM, "no memory");
	s2_out_init(page, -1);
	put_file(page, input, image);
	put_kernels(page, input, image);
	put_notes(page, notes);
	put_memory(page, survey, lacks_part(input->source));
	put_damage(page, survey, input->lost, image->format);
	s2_text_wrap_page(page, out, 2, 2);
	return S2_OK;
}

static enum s2_exit run_inspect(const struct s2_options *o, struct s2_out *out, struct s2_err *err)
{
	struct s2_options own = *o;
	struct note_list notes;
	struct s2_survey survey;
	struct s2_input input;
	struct s2_image image;
	enum s2_exit status;
	enum s2_code code;
	bool lines, document = s2_options_document(o, &lines);

	own.overview = true;
	code = s2_input_open(&own, o->args, o->nargs, &input, err);
	if (code)
		return s2_exit_of(code);
	s2_progress(o, "looking at all memory of the dump");
	code = s2_survey(input.source, &survey, err);
	s2_progress(o, NULL);
	if (!code)
		code = list_notes(input.source, &notes, err);
	if (code) {
		s2_input_close(&input);
		return s2_exit_of(code);
	}
	note_lost(&input, &survey);
	image = s2_input_image(&input);
	if (input.kernel) {
		image.release = s2_kernel_facts(input.kernel)->release;
		image.build_id = s2_kernel_facts(input.kernel)->build_id;
	}
	if (document)
		print_document(out, &input, &image, &survey, &notes, lines);
	else
		code = print_text(out, &input, &image, &survey, &notes, err);
	status = s2_input_finish(&input, s2_exit_of(code));
	free(notes.group);
	s2_input_close(&input);
	return status;
}

const struct s2_cmd s2_cmd_inspect = {
	.name = "inspect",
	.args = "FILE",
	.help = "what kind of dump this is, and what it lacks",
	.groups = S2_OPTS_FILE | S2_OPTS_JSON,
	.min_args = 1,
	.max_args = 1,
	.run = run_inspect,
};
