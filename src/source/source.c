// SPDX-License-Identifier: GPL-2.0-or-later
// Which container is it? A table walk with three answers: not mine, mine, mine but broken.
#include "source/source.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

/*
 * In probe order. Magic numbers do not collide, so order matters only for Xen's ELF cores, which
 * are not to be taken for others, and for the raw image, which takes anything and is not here.
 */
static const struct s2_source_ops *const s2_sources[] = {
	&s2_source_xen,       &s2_source_elf,  &s2_source_kdump,
	&s2_source_flattened, &s2_source_lime, &s2_source_unsupported,
};

/* Machines whose dumps are read. To add one: its ELF number and what uname -m says there. */
static const struct {
	unsigned int e_machine;
	const char *name;
} machines[] = {
	{ EM_AARCH64, "aarch64" },
	{ EM_X86_64, "x86_64" },
};

const char *s2_machine_of_elf(unsigned int e_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].e_machine == e_machine)
			return machines[i].name;
	return NULL;
}

const char *s2_machine_of_uname(const char *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (!strcmp(machines[i].name, machine))
			return machines[i].name;
	return NULL;
}

/* What they are told by, most of it: where it cannot be read the file is no raw image either. */
#define HEAD 4096

static enum s2_code probe_all(const struct s2_file *file, const struct s2_source_ops **ret,
			      struct s2_err *err)
{
	uint8_t head[HEAD];
	size_t len = file->size < sizeof(head) ? (size_t)file->size : sizeof(head);

	for (size_t i = 0; i < ARRAY_SIZE(s2_sources); i++) {
		enum s2_code code = s2_sources[i]->probe(file, err);

		if (code == S2_NOTMINE)
			continue;
		*ret = s2_sources[i];
		return code;
	}
	*ret = &s2_source_raw;
	/* What cannot be read is nobody's. */
	return s2_file_read(file, 0, head, len, err);
}

enum s2_code s2_source_probe_read(const struct s2_file *file, uint64_t off, void *buf, size_t len,
				  struct s2_err *err)
{
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	code = s2_file_read(file, off, buf, len, &why);
	if (code == S2_TRUNCATED)
		return S2_NOTMINE;
	return code ? s2_fail(err, code, "%s", why.text) : S2_OK;
}

enum s2_code s2_source_open_inner(struct s2_source *source, const struct s2_raw_args *args,
				  struct s2_err *err)
{
	const struct s2_source_ops *ops;
	enum s2_code code = probe_all(&source->file, &ops, err);

	if (code)
		return code;
	if (ops == &s2_source_raw || ops == source->ops)
		return s2_fail(err, S2_INVALID, "holds neither an ELF core nor a kdump");
	source->ops = ops;
	source->format = ops->name;
	return ops->open(source, args, err);
}

/* @source has its file and nothing else yet; closed on failure. */
static enum s2_code open_file(struct s2_source *source, const struct s2_raw_args *args,
			      struct s2_source **ret, struct s2_err *err)
{
	const struct s2_source_ops *ops = &s2_source_raw;
	enum s2_code code = probe_all(&source->file, &ops, args->raw ? NULL : err);

	/* A file that says what it is needs nobody to say where it was in memory. */
	if (args->raw && !code && ops != &s2_source_raw)
		code = s2_fail(err, S2_USAGE,
			       "is no raw image, but %s: it says itself what is where", ops->name);
	else if (args->raw)
		code = S2_OK;
	if (args->raw && !code)
		ops = &s2_source_raw;

	if (!code) {
		source->ops = ops;
		source->format = ops->name;
		code = ops->open(source, args, err);
	}
	if (code) {
		s2_source_close(source);
		return code;
	}
	*ret = source;
	return S2_OK;
}

/* "gzip+elf-core"; what was cut off is not the dump's writer's fault, and still not there. */
static void say_packed(struct s2_source *source, const struct s2_opened *file)
{
	char format[sizeof(source->format_text)];

	if (!file->packed)
		return;
	snprintf(format, sizeof(format), "%s+%s", file->packed, source->format);
	memcpy(source->format_text, format, sizeof(format));
	source->format = source->format_text;
	source->incomplete |= *file->damage != '\0';
}

enum s2_code s2_source_open(const struct s2_opened *file, const struct s2_raw_args *args,
			    struct s2_source **ret, struct s2_err *err)
{
	struct s2_source *source = calloc(1, sizeof(*source));
	enum s2_code code;

	if (!source)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = s2_file_open(file, &source->file, err);
	if (code) {
		free(source);
		return code;
	}
	code = open_file(source, args, ret, err);
	if (!code)
		say_packed(*ret, file);
	return code;
}

enum s2_code s2_source_open_memory(const void *data, size_t size, const struct s2_raw_args *args,
				   struct s2_source **ret, struct s2_err *err)
{
	struct s2_source *source;

	if (!size)
		return s2_fail(err, S2_INVALID, "is empty");
	source = calloc(1, sizeof(*source));
	if (!source)
		return s2_fail(err, S2_NOMEM, "no memory");
	s2_file_memory(data, size, &source->file);
	return open_file(source, args, ret, err);
}

/* One of @n. */
static enum s2_code open_part(const struct s2_opened *opened, size_t n,
			      const struct s2_raw_args *args, struct s2_source **ret,
			      struct s2_err *err)
{
	struct s2_source *part;
	enum s2_code code = s2_source_open(opened, args, &part, err);

	if (!code && n > 1) {
		code = s2_file_share(&part->file, n, err);
		if (code)
			s2_source_close(part);
	}
	if (!code)
		*ret = part;
	return code;
}

enum s2_code s2_source_open_parts(const struct s2_opened *parts, size_t n,
				  const struct s2_raw_args *args, struct s2_source **ret,
				  struct s2_err *err)
{
	struct s2_source *whole;
	enum s2_code code = open_part(&parts[0], n, args, &whole, err);

	if (code)
		return n > 1 ? s2_wrap(err, code, "%s", parts[0].name) : code;
	for (size_t i = 1; i < n; i++) {
		struct s2_source *part;

		code = open_part(&parts[i], n, args, &part, err);
		if (!code && (!whole->ops->join || part->ops != whole->ops)) {
			s2_source_close(part);
			code = s2_fail(err, S2_INVALID, "is no part of %s" S2_NOT_PARTS,
				       parts[0].name);
		} else if (!code) {
			code = whole->ops->join(whole, part, err);
		}
		if (code) {
			s2_source_close(whole);
			return s2_wrap(err, code, "%s", parts[i].name);
		}
	}
	*ret = whole;
	return S2_OK;
}

void s2_source_close(struct s2_source *source)
{
	if (!source)
		return;
	if (source->ops && source->ops->close)
		source->ops->close(source);
	s2_file_close(&source->file);
	free(source->seg);
	free(source->note);
	free(source->absent);
	free(source);
}

void s2_source_remark(struct s2_source *source, const char *fmt, ...)
{
	va_list args;

	if (source->remark[0])
		return;
	va_start(args, fmt);
	vsnprintf(source->remark, sizeof(source->remark), fmt, args);
	va_end(args);
}

const struct s2_note *s2_source_note(const struct s2_source *source, const char *name,
				     uint32_t type)
{
	for (size_t i = 0; i < source->nnotes; i++)
		if (!strcmp(source->note[i].name, name) &&
		    (type == UINT32_MAX || source->note[i].type == type))
			return &source->note[i];
	return NULL;
}
