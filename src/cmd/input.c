// SPDX-License-Identifier: GPL-2.0-or-later
// Opening an input: container or raw image, tables from options or from what the file says of itself.
#include "cmd/input.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/scan.h"
#include "claim_options.h"
#include "cmd/guard.h"
#include "cmd/pages.h"
#include "cmd/progress.h"
#include "cmd/say.h"
#include "decode/infer.h"
#include "host/host.h"
#include "host/kvm/kvm.h"
#include "model/note.h"
#include "open/sandbox.h"

/* VMCOREINFO is a page, or a few. */
#define MAX_VMCOREINFO (1U << 20)

static bool is_raw(const struct s2_source *source)
{
	return source->ops == &s2_source_raw;
}

/* Finds out where a blob without --base lies, and says so. */
static enum s2_code infer_base(struct s2_source *source, const struct s2_geometry *geom,
			       struct s2_err *err)
{
	uint64_t size = source->file.size;
	s2_auto_free void *scratch = malloc((size_t)s2_infer_scratch(geom, size));
	struct s2_inferred inferred;
	enum s2_code code;

	if (!scratch)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = s2_infer_base(geom, &source->mem, size, scratch, &inferred, err);
	if (code)
		return s2_wrap(err, code, "cannot infer where the blob was in memory");
	s2_raw_rebase(source, inferred.base);
	s2_say("base address inferred: --base=0x%llx", (unsigned long long)inferred.base);
	if (inferred.unreached)
		s2_say("no table reaches %llu of the %llu pages of the blob",
		       (unsigned long long)inferred.unreached,
		       (unsigned long long)(size >> geom->page_log2));
	return S2_OK;
}

/* Enough for the options that s2_claim_examples() names. */
#define EXAMPLES 64

/*
 * The start level's address from a register; @ret_has false: none was given. One that shapes the
 * table, too, may be given for that alone, with address 0.
 */
static enum s2_code register_root(const struct s2_options *o, const struct s2_geometry *geom,
				  bool *ret_has, uint64_t *ret, struct s2_err *err)
{
	const struct s2_claim *claim = s2_regime_given(&o->regime, S2_CLAIM_ROOT);
	enum s2_code code;

	*ret_has = false;
	if (!claim)
		return S2_OK;
	code = geom->arch->root(geom, &o->regime, ret, err);
	*ret_has = !code && (*ret || !(claim->use & S2_CLAIM_SHAPE));
	return code;
}

/* The start level's address from --root, a register (then @geom counts), or the first byte of a raw
 * image. */
static enum s2_code find_root(const struct s2_options *o, const struct s2_source *source,
			      const struct s2_geometry *geom, uint64_t *ret, struct s2_err *err)
{
	char roots[EXAMPLES], shapes[EXAMPLES];
	enum s2_code code;
	bool has;

	if (o->have_root) {
		*ret = o->root;
		return S2_OK;
	}
	code = register_root(o, geom, &has, ret, err);
	if (code || has)
		return code;
	s2_claim_examples(S2_CLAIM_ROOT, roots, sizeof(roots));
	s2_claim_examples(S2_CLAIM_SHAPE, shapes, sizeof(shapes));
	if (o->pages)
		return s2_fail(err, S2_USAGE,
			       "--pages needs --root (or %s): where is the start level?", roots);
	if (!is_raw(source))
		return s2_fail(err, S2_USAGE,
			       "give --root (or %s) with %s when the file is not a raw image",
			       roots, shapes);
	*ret = o->raw.nmaps ? o->raw.map[0].pa : source->seg[0].pa;
	return S2_OK;
}

/* Without a place in memory nobody can say where in the image an address is. */
static enum s2_code needs_place(const struct s2_options *o, struct s2_err *err)
{
	const struct s2_claim *claim = s2_regime_given(&o->regime, S2_CLAIM_ROOT);

	if (!o->have_root && (!claim || claim->use & S2_CLAIM_SHAPE))
		return S2_OK;
	return s2_fail(err, S2_USAGE, "--%s needs --base or --map: where is the image in memory?",
		       o->have_root ? "root" : claim->option);
}

/* A register that shapes the table tells the address, too: the inferred one must be the same. */
static enum s2_code confirm_base(const struct s2_options *o, const struct s2_source *source,
				 const struct s2_geometry *geom, struct s2_err *err)
{
	uint64_t root = 0;
	bool has;
	enum s2_code code = register_root(o, geom, &has, &root, err);

	if (code || !has || root == source->seg[0].pa)
		return code;
	return s2_fail(err, S2_NOTFOUND,
		       "--%s says that the start level is at 0x%" PRIx64
		       ", the descriptors that it is at 0x%" PRIx64 ": give --base",
		       s2_regime_given(&o->regime, S2_CLAIM_ROOT)->option, root, source->seg[0].pa);
}

/* The one table that the options describe. */
static enum s2_code table_from_options(const struct s2_options *o, const struct s2_files *files,
				       struct s2_source *source, struct s2_tables *tables,
				       struct s2_err *err)
{
	struct s2_table table = { .id = "raw",
				  .kind = "stage2",
				  .found = "command line",
				  .pid = -1,
				  .vcpus = -1,
				  .regime = o->regime };
	const bool placed = o->raw.have_base || o->raw.nmaps || o->pages || !is_raw(source);
	struct s2_geometry geom;
	enum s2_code code;

	if (o->unshaped && placed && !o->pages) {
		code = s2_regime_given(&o->regime, S2_CLAIM_ROOT) ?
			       S2_OK :
			       find_root(o, source, NULL, &table.root_pa, err);
		return code ? code : s2_tables_add(tables, &table, err);
	}
	code = s2_options_shape(&o->regime, &geom, err);
	if (code)
		return code;
	if (!placed)
		code = needs_place(o, err);
	if (!code && !placed)
		code = infer_base(source, &geom, err);
	if (!code && !placed)
		code = confirm_base(o, source, &geom, err);
	if (!code)
		code = find_root(o, source, &geom, &table.root_pa, err);
	if (!code && o->pages)
		code = s2_pages_place(source, &files->pages, &geom, table.root_pa, err);
	if (code)
		return code;
	return s2_tables_add(tables, &table, err);
}

/* The payload of the container's VMCOREINFO note, to be freed; NULL when there is none. */
static void *vmcoreinfo_note(const struct s2_source *source, size_t *ret_size)
{
	const struct s2_note *note = s2_source_note(source, "VMCOREINFO", UINT32_MAX);
	void *text;

	if (!note || note->size > MAX_VMCOREINFO)
		return NULL;
	text = malloc((size_t)note->size + 1);
	if (text && s2_file_read(&source->file, note->file_off, text, (size_t)note->size, NULL)) {
		free(text);
		return NULL;
	}
	*ret_size = (size_t)note->size;
	return text;
}

static struct s2_symbol_file symbol_file(const struct s2_opened *file)
{
	return (struct s2_symbol_file){ .path = file->name, .fd = file->fd };
}

static void say_what_was_found(const struct s2_input *input)
{
	const char *line;

	s2_say("%s: %s, %llu MiB of memory", input->path, input->source->format,
	       (unsigned long long)(input->source->mem.bytes >> 20));
	for (size_t i = 0; input->kernel && (line = s2_kernel_remark(input->kernel, i)); i++)
		s2_say("%s", line);
	if (*input->tables.found)
		s2_say("%u VMs from %s", input->tables.nvms, input->tables.found);
	if (*input->tables.mode_why)
		s2_say("KVM mode %s, from %s", s2_kvm_mode_name(input->tables.mode),
		       input->tables.mode_why);
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
}

/* Finds the kernel in the dump, and KVM's tables in the kernel. */
static enum s2_code tables_from_kernel(const struct s2_options *o, struct s2_input *input,
				       struct s2_err *err)
{
	struct s2_kernel_args args;
	s2_auto_free void *note = NULL;
	char shapes[EXAMPLES];
	enum s2_code code;

	s2_kernel_args_init(&args, &input->source->mem);
	args.note = note = vmcoreinfo_note(input->source, &args.note_size);
	args.vmlinux = symbol_file(&input->files.vmlinux);
	args.system_map = symbol_file(&input->files.system_map);
	args.module = symbol_file(&input->files.module);
	args.module_name = "kvm";
	args.prefer_units = "kvm/";
	args.number = o->kernel;
	args.name_others = o->kernel || o->verbose;
	s2_progress(o, "looking for a Linux kernel in the dump");
	code = s2_kernel_open(&args, &input->kernel, err);
	s2_claim_examples(S2_CLAIM_SHAPE, shapes, sizeof(shapes));
	if (code == S2_NOTFOUND)
		s2_wrap(err, code,
			"the kernel is not found (%s with --root reads a table without it%s)",
			shapes, o->system_map || o->vmlinux ? "; symbols alone do not help" : "");
	if (!code)
		code = s2_kernel_check_files(input->kernel, err);
	if (code) {
		s2_progress(o, NULL);
		return code;
	}
	s2_progress(o, "looking for KVM's tables");
	if (!o->kernel || o->verbose)
		name_others(input);
	code = s2_hosts_find(input->kernel, &input->source->mem, input->lost, &input->tables, err);
	/* A snapshot that the kernel made needs none of KVM's own structures. */
	if (o->have_snapshot && code != S2_NOMEM)
		code = s2_kvm_kernel_copy(input->kernel, &input->source->mem, o->snapshot,
					  &input->tables, err);
	s2_progress(o, NULL);
	if (code)
		return code;
	for (size_t i = 0; i < input->tables.n; i++)
		if (*input->tables.table[i].remark)
			s2_say("%s: %s: %s", input->path, input->tables.table[i].id,
			       input->tables.table[i].remark);
	if (!input->tables.n && !input->lost->total)
		s2_say("%s: Linux %s runs no VM with a table in this dump%s", input->path,
		       input->tables.release,
		       *input->tables.found ?
			       "" :
			       " (vm_list has no symbol here: see --vmlinux, --system-map)");
	return S2_OK;
}

/* What is only of use to look into a kernel means nothing where @why no kernel is looked at. */
static enum s2_code refuse_kernel_options(const struct s2_options *o, const char *why,
					  struct s2_err *err)
{
	const struct {
		const char *name;
		bool given;
	} options[] = {
		{ "--vmlinux", o->vmlinux }, { "--system-map", o->system_map },
		{ "--module", o->module },   { "--snapshot", o->have_snapshot },
		{ "--vcpu", o->have_vcpu },  { "--kernel", o->kernel },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].given)
			return s2_fail(err, S2_USAGE, "%s means nothing here: %s", options[i].name,
				       why);
	return S2_OK;
}

/* Options that describe a table, where nothing says what shape it has. */
static enum s2_code refuse_table_options(const struct s2_options *o, struct s2_err *err)
{
	const struct s2_claim *root = s2_regime_given(&o->regime, S2_CLAIM_ROOT);
	char shapes[EXAMPLES];

	s2_claim_examples(S2_CLAIM_SHAPE, shapes, sizeof(shapes));
	if (o->have_root || root)
		return s2_fail(err, S2_USAGE,
			       "--%s describes a table together with %s, or with sizes",
			       root ? root->option : "root", shapes);
	if (o->pages)
		return s2_fail(err, S2_USAGE, "--pages goes with %s, or with sizes", shapes);
	if (o->software)
		return s2_fail(err, S2_USAGE,
			       "--software goes with %s, or with sizes: a dump says it itself",
			       shapes);
	return S2_OK;
}

static enum s2_code refuse_raw(const struct s2_source *source, struct s2_err *err)
{
	char shapes[EXAMPLES];

	if (s2_mem_is_zero(&source->mem))
		return s2_fail(err, S2_INVALID, "holds nothing but zeros");
	s2_claim_examples(S2_CLAIM_SHAPE, shapes, sizeof(shapes));
	return s2_fail(err, S2_INVALID,
		       "not a dump format that s2dump knows; a raw image of tables needs %s, or "
		       "sizes, a raw image of memory --base",
		       shapes);
}

static enum s2_code find_tables(const struct s2_options *o, struct s2_input *input,
				struct s2_err *err)
{
	const struct s2_claim *shape = s2_regime_given(&o->regime, S2_CLAIM_SHAPE);
	struct s2_source *source = input->source;
	bool snapshot = s2_source_note(source, S2_SNAPSHOT_NOTE, UINT32_MAX);
	enum s2_code code = S2_OK;
	char why[EXAMPLES];

	if (o->stage1_alone && (!is_raw(source) || o->raw.raw))
		return S2_OK;
	if (shape) {
		snprintf(why, sizeof(why), "with --%s no kernel is looked at", shape->option);
		code = refuse_kernel_options(o, why, err);
		return code ? code :
			      table_from_options(o, &input->files, source, &input->tables, err);
	}
	if (snapshot)
		code = refuse_kernel_options(o, "a snapshot holds no kernel", err);
	if (!code)
		code = refuse_table_options(o, err);
	if (code)
		return code;
	if (snapshot)
		return s2_snapshot_tables(source, &input->tables, err);
	if (is_raw(source) && !o->raw.raw)
		return refuse_raw(source, err);
	return tables_from_kernel(o, input, err);
}

/* "--a, --b and --c": the options of claims that say how descriptors of stage 2 read. */
static void detail_options(char *buf, size_t size)
{
	struct s2_claim_option option;
	const char *last = NULL;
	size_t len = 0;
	unsigned int at = 0;

	*buf = '\0';
	while (s2_claim_option_next(&at, &option)) {
		if (!(option.use & S2_CLAIM_DETAIL))
			continue;
		if (last && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s--%s", len ? ", " : "",
						last);
		last = option.name;
	}
	if (last && len < size)
		snprintf(buf + len, size - len, "%s--%s", len ? " and " : "", last);
}

/* Options for claims of one architecture mean nothing to tables of another. */
static enum s2_code complete_regime(const struct s2_regime *option, struct s2_table *table,
				    struct s2_err *err)
{
	const struct s2_arch *arch = table->regime.arch;
	unsigned int i = 0;

	if (option->arch->claims == arch->claims)
		return arch->complete(option, table->id, &table->regime, err);
	while (!s2_regime_has(option, i))
		i++;
	return s2_fail(err, S2_USAGE, "--%s is for tables of %s, %s is one of %s",
		       option->arch->claims[i].option, option->arch->name, table->id, arch->name);
}

/* What the options say of how descriptors read, where the file does not. */
static enum s2_code complete_regimes(const struct s2_options *o, struct s2_tables *tables,
				     struct s2_err *err)
{
	bool any = false;
	char list[160];

	for (size_t i = 0; o->regime.have && i < tables->n; i++) {
		enum s2_code code = complete_regime(&o->regime, &tables->table[i], err);

		if (code)
			return code;
		any |= s2_is_stage2(tables->table[i].regime.arch);
	}
	if (!tables->n || any || !s2_regime_given(&o->regime, S2_CLAIM_DETAIL))
		return S2_OK;
	detail_options(list, sizeof(list));
	return s2_fail(err, S2_USAGE, "%s are for tables of stage 2", list);
}

/* Does @pattern name the table @id? It is an id, a glob, or the pid of a VM's process alone. */
static bool id_fits(const char *pattern, const char *id)
{
	static const char vm[] = "vm:";
	size_t n = strlen(pattern);

	if (!fnmatch(pattern, id, 0))
		return true;
	if (strspn(pattern, "0123456789") != n || strncmp(id, vm, sizeof(vm) - 1) != 0)
		return false;
	id += sizeof(vm) - 1;
	/* A process that runs several VMs has vm:PID.0, vm:PID.1, ... */
	return n && !strncmp(id, pattern, n) && (!id[n] || (id[n] == '.' && !strchr(id, '/')));
}

static bool is_asked_for(const struct s2_options *o, const char *id)
{
	for (unsigned int g = 0; g < o->ntables; g++)
		if (id_fits(o->table[g], id))
			return true;
	return !o->ntables;
}

/* What is not known to belong to another table may belong to one that was asked for. */
static bool concerns(void *arg, const struct s2_loss *loss)
{
	return !*loss->table || is_asked_for(arg, loss->table);
}

/* May something that was asked for be among what was lost without a name? */
static bool lost_nameless(const struct s2_lost *lost)
{
	for (size_t i = 0; i < lost->n; i++)
		if (!*lost->loss[i].table && lost->loss[i].what == S2_LOST_VM)
			return true;
	return lost->total && !lost->n;
}

static bool fits_loss(const char *pattern, const struct s2_lost *lost)
{
	for (size_t i = 0; i < lost->n; i++)
		if (*lost->loss[i].table && id_fits(pattern, lost->loss[i].table))
			return true;
	return false;
}

/* Names the tables that there are, as far as the line reaches. */
static enum s2_code refuse_table(const struct s2_options *o, const char *pattern,
				 const struct s2_input *input, struct s2_err *err)
{
	const struct s2_tables *tables = &input->tables;
	char list[3 * S2_ID_LEN] = "";
	size_t len = 0;

	for (size_t i = 0; i < tables->n && len < sizeof(list); i++) {
		bool fits = len + strlen(tables->table[i].id) + sizeof(", , ...") <= sizeof(list);

		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					fits ? tables->table[i].id : "...");
		if (!fits)
			break;
	}
	return s2_fail(err, lost_nameless(input->lost) ? S2_NOTFOUND : S2_USAGE,
		       "--%s: no table is called '%.100s'; there %s %s",
		       o->have_vcpu ? "vcpu" : "table", pattern, tables->n == 1 ? "is" : "are",
		       tables->n ? list : "none");
}

/* Keeps the tables that one of the patterns fits; a pattern that fits none is an error. */
static enum s2_code select_tables(const struct s2_options *o, struct s2_input *input,
				  struct s2_err *err)
{
	struct s2_tables *tables = &input->tables;
	size_t kept = 0;

	for (unsigned int g = 0; g < o->ntables; g++) {
		bool any = fits_loss(o->table[g], input->lost);

		for (size_t i = 0; i < tables->n; i++)
			any |= id_fits(o->table[g], tables->table[i].id);
		if (!any)
			return refuse_table(o, o->table[g], input, err);
	}
	for (size_t i = 0; i < tables->n; i++) {
		if (is_asked_for(o, tables->table[i].id))
			tables->table[kept++] = tables->table[i];
		else
			s2_table_clear(&tables->table[i]);
	}
	tables->n = kept;
	s2_lost_filter(input->lost, concerns, (void *)(uintptr_t)o);
	return S2_OK;
}

static struct s2_files_request files_of(const struct s2_options *o, char *const *paths, int npaths)
{
	bool to_file = o->output && strcmp(o->output, "-") != 0;

	return (struct s2_files_request){ .input = paths,
					  .ninputs = (size_t)npaths,
					  .pages = o->pages,
					  .vmlinux = o->vmlinux,
					  .system_map = o->system_map,
					  .module = o->module,
					  .output = { .path = to_file ? o->output : NULL,
						      .as = "-o",
						      .temporary = s2_guard_temporary } };
}

/* All that will be read or written is open: from here on nothing else can be. */
static void shut_door(const struct s2_options *o, const struct s2_files *files)
{
	struct s2_sandbox sandbox;
	char lacks[256];

	if (o->no_sandbox)
		return;
	s2_note_seed();
	s2_sandbox_enter(files->out.dir_fd, &sandbox);
	s2_sandbox_lacks(&sandbox, lacks, sizeof(lacks));
	if (o->verbose && *lacks)
		s2_say("sandbox: %s", lacks);
}

enum s2_code s2_input_open(const struct s2_options *options, char *const *paths, int npaths,
			   struct s2_input *ret, struct s2_err *err)
{
	const struct s2_files_request request = files_of(options, paths, npaths);
	const char *path = paths[0];
	struct s2_input input = { .path = path };
	enum s2_code code;

	s2_progress(options, "opening the dump");
	code = s2_files_open(&request, &input.files, err);
	input.lost = calloc(1, sizeof(*input.lost));
	if (!code && !input.lost)
		code = s2_fail(err, S2_NOMEM, "no memory");
	if (code) {
		s2_progress(options, NULL);
		s2_input_close(&input);
		return code;
	}
	shut_door(options, &input.files);
	code = s2_source_open_parts(input.files.input, input.files.ninputs, &options->raw,
				    &input.source, err);
	s2_progress(options, NULL);

	if (!code && *input.source->remark)
		s2_say("%s: %s", path, input.source->remark);
	else if (!code && input.source->incomplete)
		s2_say("%s: the dump itself is incomplete: its writer stopped, or the file is cut",
		       path);
	if (!code)
		code = find_tables(options, &input, err);
	if (options->verbose && input.source)
		say_what_was_found(&input);
	if (!code)
		code = select_tables(options, &input, err);
	if (!code && !options->have_regime)
		code = complete_regimes(options, &input.tables, err);
	if (code) {
		/* What was not found may be among what was lost. */
		(void)s2_input_finish(&input, s2_exit_of(code));
		s2_input_close(&input);
		return s2_wrap(err, code, "%s", path);
	}
	*ret = input;
	return S2_OK;
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
		.arch = tables->n ? tables->table[0].regime.arch->name : NULL,
		.release = tables->release,
		.build_id = tables->build_id,
		.host = *tables->release ? "kvm" : NULL,
		.kvm_mode = known ? s2_kvm_mode_name(tables->mode) : NULL,
	};
}

static void print_loss(const struct s2_input *input, const struct s2_loss *loss)
{
	s2_say("%s: %s%sincomplete: %s", input->path, loss->table, *loss->table ? ": " : "",
	       loss->text);
}

/* How much of each kind was lost. */
static void print_sums(const struct s2_input *input)
{
	const struct s2_lost *lost = input->lost;
	char text[400];
	int len = 0;

	for (unsigned int i = 0; i < S2_NLOST; i++)
		if (lost->count[i] && len < (int)sizeof(text))
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%" PRIu64 " %s",
					len ? ", " : "", lost->count[i],
					s2_lost_name((enum s2_lost_what)i, lost->count[i]));
	s2_say("%s: incomplete: not read: %s", input->path, text);
}

/* More lines than this would hide what else was said; JSON has all. */
#define MAX_LOSS_LINES 16

enum s2_exit s2_input_finish(const struct s2_input *input, enum s2_exit status)
{
	const struct s2_lost *lost = input->lost;

	for (size_t i = 0; i < lost->n && i < MAX_LOSS_LINES; i++)
		print_loss(input, &lost->loss[i]);
	if (lost->total > 1)
		print_sums(input);
	return lost->total && status == S2_EXIT_OK ? S2_EXIT_INCOMPLETE : status;
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

enum s2_code s2_input_shape(const struct s2_table *table, struct s2_geometry *ret,
			    struct s2_err *err)
{
	struct s2_geometry geom;
	enum s2_code code = s2_shape(&table->regime, &geom, err);

	if (!code)
		code = geom.arch->check_root(&geom, table->root_pa, err);
	if (code)
		return s2_wrap(err, code, "%s", table->id);
	*ret = geom;
	return S2_OK;
}

void s2_input_output(struct s2_input *input, struct s2_out *out)
{
	if (input->files.out.fd < 0)
		return;
	s2_out_init(out, input->files.out.fd);
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
