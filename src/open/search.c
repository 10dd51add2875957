// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the kernel in a dump, and asks its hosts for tables.
#include "open/search.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/kvm/kvm.h"
#include "open/select.h"

/* VMCOREINFO is a page, or a few. */
#define MAX_VMCOREINFO (1U << 20)

/* The payload of the container's VMCOREINFO note, to be freed; NULL when there is none. */
static enum s2_code vmcoreinfo_note(const struct s2_source *source, void **ret, size_t *ret_size,
				    struct s2_err *err)
{
	const struct s2_note *note = s2_source_note(source, "VMCOREINFO", UINT32_MAX);
	void *text;

	*ret = NULL;
	if (!note || note->size > MAX_VMCOREINFO)
		return S2_OK;
	text = malloc((size_t)note->size + 1);
	if (!text)
		return s2_fail(err, S2_NOMEM, "no memory for VMCOREINFO");
	if (s2_file_read(&source->file, note->file_off, text, (size_t)note->size, NULL)) {
		free(text);
		return S2_OK;
	}
	*ret = text;
	*ret_size = (size_t)note->size;
	return S2_OK;
}

static struct s2_symbol_file symbol_file(const struct s2_opened *file)
{
	return (struct s2_symbol_file){ .path = file->name, .fd = file->fd };
}

static enum s2_code open_kernel(const struct s2_request *r, struct s2_input *input,
				struct s2_err *err)
{
	struct s2_kernel_args args;
	s2_auto_free void *note = NULL;
	enum s2_code code;

	s2_kernel_args_init(&args, &input->source->mem);
	code = vmcoreinfo_note(input->source, &note, &args.note_size, err);
	if (code)
		return code;
	args.note = note;
	args.vmlinux = symbol_file(&input->files.vmlinux);
	args.system_map = symbol_file(&input->files.system_map);
	args.module = symbol_file(&input->files.module);
	args.module_name = "kvm";
	args.prefer_units = "kvm/";
	args.number = r->kernel;
	args.name_others = r->name_kernels;
	code = s2_kernel_open(&args, &input->kernel, err);
	if (code == S2_NOTFOUND)
		input->refusal.why = S2_REFUSED_NO_KERNEL;
	if (code == S2_USAGE)
		input->refusal.why = S2_REFUSED_KERNEL;
	return code ? code : s2_kernel_check_files(input->kernel, err);
}

/* All tables that the hosts have, or those of the VMs that are @wanted. */
static enum s2_code find_all(struct s2_input *input, const struct s2_vms_wanted *wanted,
			     struct s2_lost *lost, struct s2_err *err)
{
	return s2_hosts_find(input->kernel, &input->source->mem, wanted, lost, &input->tables, err);
}

/* Asks for the VMs that @r names, and for all when one of them is not there: others may be, and are
 * named. */
static enum s2_code find_wanted(const struct s2_request *r, struct s2_input *input,
				struct s2_err *err)
{
	const struct s2_vms_wanted wanted = { .wants = s2_asks_for_vm, .arg = r };
	struct s2_lost lost = { .n = 0 }; /* by the search alone: damage of the file stays told */
	const char *other;
	enum s2_code code;

	if (r->have_copy || !s2_asks_for_vms(r))
		return find_all(input, NULL, input->lost, err);
	code = find_all(input, &wanted, &lost, err);
	if (code || (s2_all_selected(r, &input->tables, &lost, &other) &&
		     s2_any_selected(r, &input->tables))) {
		s2_lost_join(input->lost, &lost);
	} else {
		s2_tables_free(&input->tables);
		code = find_all(input, NULL, input->lost, err);
	}
	s2_lost_clear(&lost);
	return code;
}

static enum s2_code find_tables(const struct s2_request *r, struct s2_input *input,
				struct s2_err *err)
{
	enum s2_code code = find_wanted(r, input, err);

	if (code == S2_NOTFOUND)
		input->refusal.why = S2_REFUSED_NO_HOST;
	/* A copy that the kernel made needs none of KVM's own structures. */
	if (!r->have_copy || code == S2_NOMEM)
		return code;
	input->refusal.why = S2_REFUSED_OTHERWISE;
	code = s2_kvm_kernel_copy(input->kernel, &input->source->mem, r->copy, &input->tables, err);
	if (code == S2_USAGE)
		input->refusal.why = S2_REFUSED_COPY;
	return code;
}

enum s2_code s2_search_kernels_alone(const struct s2_request *r, struct s2_input *input,
				     struct s2_err *err)
{
	enum s2_code code;

	s2_stage(r, "looking for Linux kernels in the dump");
	code = open_kernel(r, input, err);
	s2_stage(r, NULL);
	if (!code || code == S2_NOMEM)
		return code;
	snprintf(input->no_kernel, sizeof(input->no_kernel), "%s", err->text);
	return S2_OK;
}

enum s2_code s2_search_kernel(const struct s2_request *r, struct s2_input *input,
			      struct s2_err *err)
{
	enum s2_code code;

	s2_stage(r, "looking for a Linux kernel in the dump");
	code = open_kernel(r, input, err);
	if (!code) {
		s2_stage(r, "looking for KVM's tables");
		input->searched = true;
		code = find_tables(r, input, err);
	}
	s2_stage(r, NULL);
	return code;
}
