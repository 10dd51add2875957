// SPDX-License-Identifier: GPL-2.0-or-later
// Options become a request; what was found, and what was not, is said in words.
#include "cmd/input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "cmd/guard.h"
#include "cmd/progress.h"
#include "cmd/refuse.h"
#include "cmd/say.h"
#include "format/text.h"
#include "kernel/modules.h"
#include "model/note.h"
#include "open/sandbox.h"

static void on_stage(const void *options, const char *stage)
{
	s2_progress(options, stage);
}

static struct s2_request request_of(const struct s2_options *o, char *const *paths, int npaths)
{
	bool to_file = o->output && strcmp(o->output, "-") != 0;

	return (struct s2_request){
		.files = { .input = o->nparts ? (char *const *)o->part : paths,
			   .ninputs = o->nparts ? o->nparts : (size_t)npaths,
			   .pages = o->pages,
			   .vmlinux = o->vmlinux,
			   .system_map = o->system_map,
			   .module = o->module,
			   .output = { .path = to_file ? o->output : NULL,
				       .as = "-o",
				       .temporary = s2_guard_temporary } },
		.raw = &o->raw,
		.regime = &o->regime,
		.max_input = o->max_input,
		.absent_is_zero = o->absent_is_zero,
		.software = o->software,
		.format = o->arch,
		.have_root = o->have_root,
		.root = o->root,
		.table = o->table,
		.ntables = o->ntables,
		.vcpu = o->have_vcpu,
		.one_table = o->one_table || o->have_vcpu,
		.kernel = o->kernel,
		.name_kernels = o->kernel || o->verbose || o->overview,
		.have_copy = o->have_snapshot,
		.copy = o->snapshot,
		.memory_alone = o->stage1_alone,
		.overview = o->overview,
		.unshaped = o->unshaped,
		.stage = on_stage,
		.arg = o,
		.meter = s2_progress_meter(),
	};
}

static void say_source(const struct s2_input *input)
{
	const struct s2_source *source = input->source;

	if (*source->remark)
		s2_say("%s: %s", input->path, source->remark);
	else if (source->incomplete && !input->lost->count[S2_LOST_FILE])
		s2_say("%s: the dump itself is incomplete: its writer stopped, or the file is cut",
		       input->path);
}

static void say_inferred(const struct s2_inferred_image *inferred)
{
	if (!inferred->done)
		return;
	s2_say("base address inferred: --base=0x%llx", (unsigned long long)inferred->base);
	if (inferred->thin)
		s2_say("few table descriptors tell that base: if the address of one is damaged, another may be true");
	if (inferred->unreached)
		s2_say("no table reaches %llu of the %llu pages of the blob",
		       (unsigned long long)inferred->unreached,
		       (unsigned long long)inferred->pages);
}

/* Whoever has several kernels in memory must know which one speaks. */
static void name_others(const struct s2_input *input)
{
	const struct s2_kernel_facts *facts = s2_kernel_facts(input->kernel);
	const struct s2_kernel_id *id;

	for (unsigned int i = 0; (id = s2_kernel_met(input->kernel, i)); i++) {
		char where[64] = "the container's note";

		if (i + 1 == facts->number)
			continue;
		if (id->note_pa != UINT64_MAX)
			snprintf(where, sizeof(where), "VMCOREINFO at PA 0x%" PRIx64, id->note_pa);
		s2_say("%s: another kernel is in memory: Linux %s (%s); --kernel=%u reads it, "
		       "this is --kernel=%u",
		       input->path, id->release, where, i + 1, facts->number);
	}
	if (facts->unsearched.bytes)
		s2_say("%s: whether another kernel is in memory is not known%s", input->path,
		       s2_gaps_text(&facts->unsearched).text);
}

/* What was strange about the tables of a kernel. */
static void say_tables(const struct s2_input *input)
{
	const struct s2_tables *tables = &input->tables;

	for (size_t i = 0; i < tables->n; i++)
		if (*tables->table[i].remark)
			s2_say("%s: %s: %s", input->path, tables->table[i].id,
			       tables->table[i].remark);
	if (!tables->n && !input->lost->total)
		s2_say("%s: Linux %s runs no VM with a table in this dump%s", input->path,
		       tables->release,
		       *tables->found ?
			       "" :
			       " (vm_list has no symbol here: see --vmlinux, --system-map)");
}

static void say_what_was_found(const struct s2_input *input)
{
	const struct s2_source *source = input->source;
	char size[S2_TEXT_SIZE_LEN];
	const char *line;

	s2_text_size(source->claimed ? source->claimed : source->mem.bytes, size);
	s2_say("%s: %s, %s of memory", input->path, source->format, size);
	for (size_t i = 0; input->kernel && (line = s2_kernel_remark(input->kernel, i)); i++)
		s2_say("%s", line);
	if (*input->tables.found)
		s2_say("%u VMs from %s", input->tables.nvms, input->tables.found);
	if (*input->tables.mode_why)
		s2_say("KVM mode %s, from %s", s2_kvm_mode_name(input->tables.mode),
		       input->tables.mode_why);
}

/* @code: how finding the tables ended. */
static void say_all(const struct s2_options *o, const struct s2_input *input, enum s2_code code)
{
	if (!input->source)
		return;
	say_source(input);
	say_inferred(&input->inferred);
	if (input->searched && (!o->kernel || o->verbose))
		name_others(input);
	if (input->searched && !code)
		say_tables(input);
	if (o->verbose)
		say_what_was_found(input);
}

/* All that will be read or written is open: from here on nothing else can be. */
static void shut_door(const struct s2_options *o, const struct s2_files *files)
{
	struct s2_sandbox sandbox;
	char lacks[256];

	if (o->no_sandbox)
		return;
	s2_note_seed();
	if (!s2_files_alone(files) && o->verbose)
		s2_say("sandbox: what was open before s2dump began stays open");
	s2_sandbox_enter(files->out.dir_fd, &sandbox);
	s2_sandbox_lacks(&sandbox, lacks, sizeof(lacks));
	/* With -o the right to rename is then not held to the folder of the output. */
	if (*lacks &&
	    (o->verbose || (files->out.dir_fd >= 0 && sandbox.filter && !sandbox.landlock)))
		s2_say("sandbox: %s", lacks);
}

enum s2_code s2_input_open(const struct s2_options *options, char *const *paths, int npaths,
			   struct s2_input *ret, struct s2_err *err)
{
	const struct s2_request request = request_of(options, paths, npaths);
	struct s2_input input;
	enum s2_code code = s2_input_files(&request, &input, err);

	if (code) {
		s2_input_close(&input);
		return code;
	}
	shut_door(options, &input.files);
	code = s2_input_find(&request, &input, err);
	say_all(options, &input, code);
	if (!code)
		code = s2_input_select(&request, &input, err);
	if (code) {
		code = s2_refuse(options, &input.refusal, code, err);
		/* What was not found may be among what was lost. */
		(void)s2_input_finish(&input, s2_exit_of(code));
		s2_input_close(&input);
		return s2_wrap(err, code, "%s", input.path);
	}
	if (*input.further)
		s2_say("%s: further tables of these VMs were not asked for: %s (--table='ID/*' takes them)",
		       input.path, input.further);
	/* What was missing on the way, and is among the losses, is no error of what follows. */
	s2_err_init(err);
	*ret = input;
	s2_progress(options, "reading the tables");
	return S2_OK;
}

/* When the dump was written, else when the kernel says that it crashed. */
static uint64_t time_of(const struct s2_input *input)
{
	uint64_t time = input->source->time;

	if (!time && input->kernel &&
	    s2_vmcoreinfo_get(s2_kernel_vmcoreinfo(input->kernel), S2_VI_PLAIN, "CRASHTIME", &time,
			      NULL))
		return 0;
	return time > INT64_MAX ? 0 : time;
}

struct s2_image s2_input_image(const struct s2_input *input)
{
	const struct s2_tables *tables = &input->tables;
	bool known = *tables->mode_why && tables->mode != S2_KVM_UNKNOWN;

	return (struct s2_image){
		.path = input->path,
		.format = input->source->format,
		.have_size = true,
		.size = input->source->file.size,
		.incomplete = input->source->incomplete,
		.absent_is_zero = input->source->absent != NULL,
		.arch = tables->n ? tables->table[0].regime.arch->name : NULL,
		.release = tables->release,
		.build_id = tables->build_id,
		.node = input->source->node,
		.time = time_of(input),
		.host = *tables->release ? "kvm" : NULL,
		.kvm_mode = known ? s2_kvm_mode_name(tables->mode) : NULL,
	};
}

/* When all has been read: was all of it @told, and is nothing lost of what was asked for? */
static bool is_complete(const struct s2_input *input, bool told)
{
	enum s2_code failing = s2_err_failing();

	s2_input_read(input);
	/* People are told when all is printed. */
	if (failing)
		s2_lost_add_said(input->lost, failing, "", s2_err_failing_text());
	return told && !input->lost->total && !failing;
}

void s2_input_end_document(const struct s2_input *input, struct s2_json *json, bool told,
			   const struct s2_lost *more)
{
	s2_json_end(json, is_complete(input, told), input->lost, more);
}

void s2_input_end_rows(const struct s2_input *input, struct s2_printer *printer, bool told)
{
	printer->format->end(printer, is_complete(input, told));
}

static void print_loss(const struct s2_input *input, const struct s2_loss *loss)
{
	s2_say("%s: %s%sincomplete: %s", input->path, loss->table, *loss->table ? ": " : "",
	       loss->text);
}

/* Of one cause that takes two kinds of things there are two losses in the same words. */
static bool was_said(const struct s2_lost *lost, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(lost->loss[i].table, lost->loss[n].table) &&
		    !strcmp(lost->loss[i].text, lost->loss[n].text))
			return true;
	return false;
}

/* How much of each kind was lost. */
static void print_sums(const struct s2_input *input)
{
	const struct s2_lost *lost = input->lost;
	char text[400] = "";

	for (unsigned int i = 0; i < S2_NLOST; i++)
		if (lost->count[i])
			s2_words_add(text, sizeof(text), ", ", "%" PRIu64 " %s", lost->count[i],
				     s2_lost_name((enum s2_lost_what)i, lost->count[i]));
	s2_say("%s: incomplete: not read: %s", input->path, text);
}

/* More lines than this would hide what else was said; JSON has all. */
#define MAX_LOSS_LINES 16

/* What the user said was believed; or what they might say, where something is missing. */
static void say_absent(const struct s2_input *input, bool incomplete)
{
	const struct s2_absent *absent = input->source ? input->source->absent : NULL;

	if (absent && absent->times)
		s2_say("%s: --absent-is-zero: pages that are not in the dump were read as zeros, "
		       "%" PRIu64 " time%s, the first at PA 0x%" PRIx64,
		       input->path, absent->times, absent->times == 1 ? "" : "s", absent->first_pa);
	else if (absent)
		s2_say("%s: --absent-is-zero: nothing was read that a filter left out",
		       input->path);
	else if (incomplete && input->source && input->source->left_out_zeros)
		s2_say("%s: the dump's level says that pages of zeros were left out; what is "
		       "missing reads as zeros with --absent-is-zero, if you know that nothing "
		       "else was",
		       input->path);
}

/* Bytes around an image that may have been cut off. */
#define NEAR (1U << 20)

/* Is the page so far from all of the image that it is not the next one, which was cut off? */
static bool is_far(const struct s2_source *source, uint64_t pa)
{
	for (size_t i = 0; i < source->nsegs; i++) {
		const struct s2_segment *seg = &source->seg[i];
		uint64_t near = seg->size > NEAR ? seg->size : NEAR;

		if (pa - seg->pa < seg->size + near || seg->pa - pa < near)
			return false;
	}
	return true;
}

/* Of a raw image that somebody placed: do its tables lead far away from it? */
static void ask_for_place(const struct s2_input *input)
{
	const struct s2_source *source = input->source;
	const struct s2_lost *lost = input->lost;
	size_t i = 0;

	if (!source || source->ops != &s2_source_raw || input->inferred.done || input->kernel ||
	    input->files.pages.fd >= 0 || !source->nsegs)
		return;
	while (i < lost->n &&
	       (lost->loss[i].what != S2_LOST_PAGE || lost->loss[i].code != S2_ABSENT ||
		!is_far(source, lost->loss[i].address)))
		i++;
	if (i < lost->n)
		s2_say("%s: is %s=0x%" PRIx64 " right? tables lead out of the image", input->path,
		       source->nsegs > 1 ? "--map" : "--base", source->seg[0].pa);
}

enum s2_exit s2_input_finish(const struct s2_input *input, enum s2_exit status)
{
	const struct s2_lost *lost = input->lost;
	size_t said = 0;

	s2_progress_end();
	s2_input_read(input);
	say_absent(input, lost->total || status == S2_EXIT_INCOMPLETE);

	for (size_t i = 0; i < lost->n && i - said < MAX_LOSS_LINES; i++) {
		said += lost->loss[i].said;
		if (!lost->loss[i].said && !was_said(lost, i))
			print_loss(input, &lost->loss[i]);
	}
	/* Of a single line there is no sum. */
	if (lost->total > 1 && lost->n - said != 1)
		print_sums(input);
	ask_for_place(input);
	if ((lost->total || status) && s2_module_file_helps(input->kernel))
		s2_say("%s: types of KVM's module could not be had: --module=kvm.ko of that "
		       "kernel has them",
		       input->path);
	return lost->total && status == S2_EXIT_OK ? S2_EXIT_INCOMPLETE : status;
}
