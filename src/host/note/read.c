// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the note of s2dump's own snapshots: of which system it is, its tables, what was lost of them.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "host/note/read_table.h"
#include "host/tables.h"
#include "model/note.h"

/* How many tables may be in a file by its size: each has a root of its own, as a rule, and a struct
 * s2_table is larger than the shortest object that describes one. */
#define TABLES_FLOOR 4096
#define BYTES_PER_TABLE 1024

/* What its values may take of memory, by the size of the whole file. */
#define NOTE_MEMORY (32ULL << 20)
#define NOTE_MEMORY_PER_BYTE 3

static enum s2_code read_note(const struct s2_source *source, json_t **ret, struct s2_err *err)
{
	const struct s2_note *note = s2_source_note(source, S2_SNAPSHOT_NOTE, UINT32_MAX);
	s2_auto_free char *text = NULL;
	enum s2_code code;

	if (!note)
		return s2_fail(err, S2_NOTFOUND, "no %s note", S2_SNAPSHOT_NOTE);
	if (note->size > S2_NOTE_MAX)
		return s2_fail(err, S2_INVALID, "%llu bytes are too many",
			       (unsigned long long)note->size);
	text = malloc((size_t)note->size + 1);
	if (!text)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = s2_file_read(&source->file, note->file_off, text, (size_t)note->size, err);
	if (code)
		return code;
	return s2_note_parse(text, (size_t)note->size,
			     NOTE_MEMORY + NOTE_MEMORY_PER_BYTE * s2_file_backed(&source->file),
			     ret, err);
}

/* A snapshot made from a blob knows no mode. */
static void get_mode(json_t *root, struct s2_tables *tables)
{
	const char *text = json_string_value(json_object_get(root, "kvm_mode"));

	for (unsigned int i = S2_KVM_VHE; text && i < S2_NKVM_MODES; i++) {
		if (strcmp(text, s2_kvm_mode_name((enum s2_kvm_mode)i)) != 0)
			continue;
		tables->mode = (enum s2_kvm_mode)i;
		snprintf(tables->mode_why, sizeof(tables->mode_why), "snapshot note");
	}
}

static enum s2_code get_code(json_t *obj, enum s2_code *ret, struct s2_err *err)
{
	const char *text = json_string_value(json_object_get(obj, "code"));

	for (unsigned int i = S2_OK + 1; text && i <= S2_BUDGET; i++) {
		*ret = (enum s2_code)i;
		if (!strcmp(text, s2_code_name(*ret)))
			return S2_OK;
	}
	return s2_fail(err, S2_INVALID, "unknown 'code'");
}

static enum s2_code get_what(json_t *obj, enum s2_lost_what *ret, struct s2_err *err)
{
	const char *text = json_string_value(json_object_get(obj, "what"));

	for (unsigned int i = 0; text && i < S2_NLOST; i++) {
		*ret = (enum s2_lost_what)i;
		if (!strcmp(text, s2_lost_name(*ret, 1)))
			return S2_OK;
	}
	return s2_fail(err, S2_INVALID, "unknown 'what'");
}

static enum s2_code get_loss(json_t *obj, struct s2_lost *lost, struct s2_err *err)
{
	struct s2_loss loss = { .address = S2_LOST_NOWHERE };
	enum s2_code code = get_code(obj, &loss.code, err);

	if (!code)
		code = get_what(obj, &loss.what, err);
	if (!code && json_object_get(obj, "table"))
		code = s2_note_get_word(obj, "table", loss.table, sizeof(loss.table), err);
	if (!code && json_object_get(obj, "address"))
		code = s2_note_get_hex(json_object_get(obj, "address"), "address", &loss.address,
				       err);
	if (!code)
		code = s2_note_get_string(obj, "text", loss.text, sizeof(loss.text), err);
	if (!code)
		s2_lost_add(lost, loss.what, loss.code, loss.table, loss.address, "%s", loss.text);
	return code;
}

/* Older notes do not say what was lost. */
static enum s2_code get_losses(json_t *root, struct s2_lost *lost, struct s2_err *err)
{
	json_t *list = json_object_get(root, "problems");
	enum s2_code code = S2_OK;

	if (list && (!json_is_array(list) || json_array_size(list) > S2_MAX_LOSSES))
		return s2_fail(err, S2_INVALID, "'problems' is not a list of up to %d",
			       S2_MAX_LOSSES);
	for (size_t i = 0; i < json_array_size(list); i++) {
		code = get_loss(json_array_get(list, i), lost, err);
		if (code)
			return s2_wrap(err, code, "problem %zu", i);
	}
	return code;
}

static enum s2_code parse_note(json_t *root, uint64_t file_size, struct s2_tables *tables,
			       struct s2_err *err)
{
	json_t *list = json_object_get(root, "tables");
	int64_t version = 0;
	enum s2_code code = s2_note_get_int(root, "version", 1, INT32_MAX, &version, err);

	if (code)
		return code;
	if (version != S2_SNAPSHOT_NOTE_VERSION)
		return s2_fail(err, S2_INVALID, "version %lld, this s2dump reads version %d",
			       (long long)version, S2_SNAPSHOT_NOTE_VERSION);
	if (!json_is_array(list) || !json_array_size(list))
		return s2_fail(err, S2_INVALID, "no tables");
	if (json_array_size(list) > TABLES_FLOOR + file_size / BYTES_PER_TABLE)
		return s2_fail(err, S2_BUDGET, "%zu tables are too many for a file of %llu bytes",
			       json_array_size(list), (unsigned long long)file_size);
	code = s2_note_get_string(root, "release", tables->release, sizeof(tables->release), err);
	if (!code)
		code = s2_note_get_string(root, "build_id", tables->build_id,
					  sizeof(tables->build_id), err);
	get_mode(root, tables);
	tables->chosen = json_is_true(json_object_get(root, "chosen"));
	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->load)
			code = s2_hosts[i]->load(root, tables, err);
	for (size_t i = 0; !code && i < json_array_size(list); i++) {
		struct s2_table table;

		code = s2_note_get_table(json_array_get(list, i), tables, &table, err);
		if (!code) {
			snprintf(table.found, sizeof(table.found), "snapshot note");
			code = s2_tables_add(tables, &table, err);
			if (code)
				s2_table_clear(&table);
		}
		if (code)
			return s2_wrap(err, code, "table %zu", i);
	}
	return code;
}

enum s2_code s2_snapshot_tables(const struct s2_source *source, struct s2_tables *ret,
				struct s2_err *err)
{
	struct s2_tables tables = { 0 };
	json_t *root = NULL;
	enum s2_code code = read_note(source, &root, err);

	if (!code)
		code = parse_note(root, s2_file_backed(&source->file), &tables, err);
	if (!code)
		code = get_losses(root, source->lost, err);
	json_decref(root);
	if (code) {
		s2_tables_free(&tables);
		return s2_wrap(err, code, "%s note", S2_SNAPSHOT_NOTE);
	}
	*ret = tables;
	return S2_OK;
}
