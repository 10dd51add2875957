// SPDX-License-Identifier: GPL-2.0-or-later
// What an input is, and which of the ways to its tables is gone.
#include "open/input.h"

#include <stdlib.h>

#include "open/search.h"
#include "open/select.h"
#include "open/shape.h"

static enum s2_code refuse(struct s2_refusal *refusal, enum s2_refused why,
			   enum s2_request_part thing, const struct s2_claim *claim,
			   const char *text, struct s2_err *err)
{
	*refusal = (struct s2_refusal){ .why = why, .thing = thing, .claim = claim };
	return s2_fail(err, S2_USAGE, "%s", text);
}

/* What is only of use to look into a kernel means nothing where none is looked at: because @claim
 * shapes a table, or, NULL, the file is a snapshot. */
static enum s2_code refuse_kernel(const struct s2_request *r, const struct s2_claim *claim,
				  struct s2_refusal *refusal, struct s2_err *err)
{
	const struct {
		enum s2_request_part thing;
		bool given;
	} things[] = {
		{ S2_PART_VMLINUX, r->files.vmlinux },
		{ S2_PART_SYSTEM_MAP, r->files.system_map },
		{ S2_PART_MODULE, r->files.module },
		{ S2_PART_COPY, r->have_copy },
		{ S2_PART_VCPU, r->vcpu },
		{ S2_PART_KERNEL, r->kernel },
	};

	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		if (things[i].given)
			return refuse(refusal, S2_REFUSED_FOR_KERNEL, things[i].thing, claim,
				      "no kernel is looked at", err);
	return S2_OK;
}

/* What describes a table, where nothing says what shape it has. */
static enum s2_code refuse_table(const struct s2_request *r, struct s2_refusal *refusal,
				 struct s2_err *err)
{
	const struct s2_claim *root = s2_regime_given(r->regime, S2_CLAIM_ROOT);
	const struct {
		enum s2_request_part thing;
		bool given;
	} things[] = {
		{ S2_PART_ROOT, r->have_root || root },
		{ S2_PART_PAGES, r->files.pages },
		{ S2_PART_SOFTWARE, r->software },
	};

	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		if (things[i].given)
			return refuse(refusal, S2_REFUSED_FOR_TABLE, things[i].thing,
				      i ? NULL : root, "the shape of the table is not known", err);
	return S2_OK;
}

static enum s2_code refuse_raw(struct s2_input *input, struct s2_err *err)
{
	if (s2_mem_is_zero(&input->source->mem))
		return s2_fail(err, S2_INVALID, "holds nothing but zeros");
	input->refusal.why = S2_REFUSED_NO_DUMP;
	return s2_fail(err, S2_INVALID, "not a dump format that s2dump knows");
}

static enum s2_code find_tables(const struct s2_request *r, struct s2_input *input,
				struct s2_err *err)
{
	const struct s2_claim *shape = s2_regime_given(r->regime, S2_CLAIM_SHAPE);
	struct s2_source *source = input->source;
	bool snapshot = s2_source_note(source, S2_SNAPSHOT_NOTE, UINT32_MAX);
	enum s2_code code = S2_OK;

	if (r->memory_alone && (!s2_is_raw(source) || r->raw->raw))
		return S2_OK;
	if (r->overview && !snapshot && (!s2_is_raw(source) || r->raw->raw))
		return s2_search_kernels_alone(r, input, err);
	if (shape || snapshot)
		code = refuse_kernel(r, shape, &input->refusal, err);
	if (!code && !shape)
		code = refuse_table(r, &input->refusal, err);
	if (code)
		return code;
	if (shape)
		return s2_image_table(r, &input->files, source, &input->tables, &input->inferred,
				      &input->refusal, err);
	if (snapshot)
		return s2_snapshot_tables(source, &input->tables, err);
	if (s2_is_raw(source) && !r->raw->raw)
		return refuse_raw(input, err);
	return s2_search_kernel(r, input, err);
}

enum s2_code s2_input_files(const struct s2_request *r, struct s2_input *ret, struct s2_err *err)
{
	enum s2_code code;

	*ret = (struct s2_input){ .path = r->files.input[0] };
	s2_stage(r, "opening the dump");
	code = s2_files_open(&r->files, &ret->files, err);
	ret->lost = calloc(1, sizeof(*ret->lost));
	if (!code && !ret->lost)
		code = s2_fail(err, S2_NOMEM, "no memory");
	s2_stage(r, NULL);
	return code;
}

/* What could not be unpacked is lost, whatever was in it; what would become too much is refused. */
static void note_loading(struct s2_input *input)
{
	for (size_t i = 0; i < input->files.ninputs; i++) {
		const struct s2_opened *file = &input->files.input[i];

		if (file->too_long)
			input->refusal.why = S2_REFUSED_TOO_LONG;
		if (*file->damage)
			s2_lost_add(input->lost, S2_LOST_FILE, S2_DAMAGED, NULL, S2_LOST_NOWHERE,
				    "%s", file->damage);
	}
}

void s2_input_read(const struct s2_input *input)
{
	struct s2_opened *file;

	for (size_t i = 0; (file = s2_files_nth(&input->files, i)); i++)
		if (s2_file_changed(file))
			s2_lost_add(input->lost, S2_LOST_FILE, S2_IO, NULL, S2_LOST_NOWHERE,
				    "%s was written to, or cut, while it was read: what is said of "
				    "it may be of neither state",
				    i || input->files.ninputs > 1 ? file->name : "the file");
	if (input->kernel && s2_kernel_types_spent(input->kernel))
		s2_lost_add(input->lost, S2_LOST_SEARCH, S2_BUDGET, NULL, S2_LOST_NOWHERE,
			    "not all types of the kernel were looked at: %s",
			    "they have more names and members than any kernel's");
}

enum s2_code s2_input_find(const struct s2_request *r, struct s2_input *input, struct s2_err *err)
{
	enum s2_code code;

	s2_stage(r, "opening the dump");
	code = s2_files_load(&input->files, r->max_input, r->meter, err);
	note_loading(input);
	s2_files_date(&input->files);
	if (!code)
		code = s2_source_open_parts(input->files.input, input->files.ninputs, r->raw,
					    &input->source, err);
	if (!code)
		input->source->lost = input->lost;
	if (!code && r->absent_is_zero)
		code = s2_source_absent_is_zero(input->source, err);
	if (input->source)
		input->source->mem.meter = r->meter;
	s2_stage(r, NULL);
	if (code && code != S2_NOMEM && r->raw->nmaps && input->refusal.why == S2_REFUSED_OTHERWISE)
		input->refusal.why = S2_REFUSED_MAP;
	else if (code == S2_USAGE && input->refusal.why == S2_REFUSED_OTHERWISE)
		input->refusal.why = S2_REFUSED_RAW;
	return code ? code : find_tables(r, input, err);
}

enum s2_code s2_input_select(const struct s2_request *r, struct s2_input *input, struct s2_err *err)
{
	enum s2_code code = s2_select_tables(r, &input->tables, input->lost, input->further,
					     &input->refusal, err);

	if (!code && r->format)
		code = s2_check_format(r->format, &input->tables, &input->refusal, err);
	if (code || s2_regime_given(r->regime, S2_CLAIM_SHAPE))
		return code;
	return s2_complete_regimes(r->regime, &input->tables, &input->refusal, err);
}

void s2_input_close(struct s2_input *input)
{
	s2_tables_free(&input->tables);
	if (input->lost)
		s2_lost_clear(input->lost);
	free(input->lost);
	s2_kernel_close(input->kernel);
	s2_source_close(input->source);
	/* A file that was not made whole needs no last bytes. */
	if (input->out)
		input->out->used = 0;
	s2_files_close(&input->files);
	input->source = NULL;
}

void s2_input_output(struct s2_input *input, struct s2_out *out)
{
	void (*before)(const struct s2_out *) = out->before;

	if (input->files.out.fd < 0)
		return;
	s2_out_init(out, input->files.out.fd);
	out->before = before;
	input->out = out;
}

enum s2_code s2_input_commit(struct s2_input *input, struct s2_err *err)
{
	enum s2_code code;

	if (!input->out)
		return S2_OK;
	code = s2_out_flush(input->out, err);
	return code ? code : s2_output_commit(&input->files.out, err);
}
