// SPDX-License-Identifier: GPL-2.0-or-later
// Writing JSON of schema 2: members, one by one, and the envelope around what a command says.
#include "format/json.h"

#include <string.h>

#include "base/escape.h"
#include "config.h"
#include "format/format.h"

/*
 * What a terminal would obey is written as \u: C1 and direction overrides, too, which JSON would
 * let stand. A file name need not be UTF-8, JSON must be.
 */
void s2_json_string(struct s2_out *out, const char *text)
{
	size_t left = strlen(text);

	s2_out_str(out, "\"");
	while (left) {
		uint32_t code;
		size_t n = s2_plain(text, left);

		if (n) {
			s2_out_mem(out, text, n);
			text += n;
			left -= n;
			continue;
		}
		n = s2_utf8(text, left, &code);
		if (!n)
			s2_out_str(out, "\xef\xbf\xbd");
		else if (!s2_printable(text, left))
			s2_out_printf(out, "\\u%04X", (unsigned int)code);
		else if (*text == '"' || *text == '\\')
			s2_out_printf(out, "\\%c", *text);
		else
			s2_out_mem(out, text, n);
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	s2_out_str(out, "\"");
}

/* A comma where something stands before. */
static void next(struct s2_json *json)
{
	if (json->more)
		s2_out_str(json->out, ",");
	json->more = true;
}

void s2_json_number(struct s2_json *json, const char *name, uint64_t value)
{
	s2_json_key(json, name);
	s2_out_dec(json->out, value, 0);
}

void s2_json_signed(struct s2_json *json, const char *name, int64_t value)
{
	s2_json_key(json, name);
	s2_out_signed(json->out, value);
}

void s2_json_size(struct s2_json *json, const char *name, uint64_t size)
{
	s2_json_key(json, name);
	if (size)
		s2_out_dec(json->out, size, 0);
	else
		s2_out_str(json->out, "18446744073709551616");
}

void s2_json_hex(struct s2_json *json, const char *name, uint64_t value)
{
	s2_json_key(json, name);
	s2_out_str(json->out, "\"");
	s2_out_hex(json->out, value, 1);
	s2_out_str(json->out, "\"");
}

void s2_json_bool_if(struct s2_json *json, const char *name, bool known, bool value)
{
	if (known)
		s2_json_bool(json, name, value);
	else
		s2_json_null(json, name);
}

void s2_json_number_if(struct s2_json *json, const char *name, bool known, uint64_t value)
{
	if (known)
		s2_json_number(json, name, value);
	else
		s2_json_null(json, name);
}

void s2_json_hex_if(struct s2_json *json, const char *name, bool known, uint64_t value)
{
	if (known)
		s2_json_hex(json, name, value);
	else
		s2_json_null(json, name);
}

void s2_json_text(struct s2_json *json, const char *name, const char *text)
{
	s2_json_key(json, name);
	if (text)
		s2_json_string(json->out, text);
	else
		s2_out_str(json->out, "null");
}

void s2_json_word(struct s2_json *json, const char *name, const char *word)
{
	s2_json_key(json, name);
	if (!word) {
		s2_out_str(json->out, "null");
		return;
	}
	s2_out_str(json->out, "\"");
	s2_out_str(json->out, word);
	s2_out_str(json->out, "\"");
}

void s2_json_odds(struct s2_json *json, const char *name, const struct s2_odd_row *rows,
		  unsigned int n, uint32_t odd)
{
	const char *lead = "\"";

	s2_json_key(json, name);
	s2_out_str(json->out, "[");
	for (unsigned int i = 0; odd && i < n; i++) {
		if (!(odd & rows[i].bit))
			continue;
		s2_out_str(json->out, lead);
		s2_out_str(json->out, rows[i].name);
		lead = "\",\"";
	}
	s2_out_str(json->out, lead[1] ? "\"]" : "]");
}

void s2_json_open(struct s2_json *json, const char *name, char bracket)
{
	if (name)
		s2_json_key(json, name);
	else
		next(json);
	s2_out_mem(json->out, &bracket, 1);
	json->more = false;
}

void s2_json_close(struct s2_json *json, char bracket)
{
	s2_out_mem(json->out, &bracket, 1);
	json->more = true;
}

void s2_json_rights(struct s2_json *json, const struct s2_rights *rights)
{
	static const struct s2_rights none;
	const struct s2_rights *of = rights ? rights : &none;

	s2_json_bool_if(json, "read", of->known, of->read);
	s2_json_bool_if(json, "write", of->known, of->write);
	s2_json_bool_if(json, "exec", of->known, of->exec || of->exec_user);
	s2_json_bool_if(json, "read_user", of->known, of->read_user);
	s2_json_bool_if(json, "write_user", of->known, of->write_user);
	s2_json_bool_if(json, "exec_priv", of->known, of->exec);
	s2_json_bool_if(json, "exec_user", of->known, of->exec_user);
}

/* ---- The envelope ---- */

/* What is not known of a dump yet has its place all the same. */
static const struct s2_image no_image;

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

/* Everything of an image but its id; all null for none. */
static void image_members(struct s2_json *json, const struct s2_image *image)
{
	const struct s2_image *from = image ? image : &no_image;

	s2_json_key(json, "tags");
	s2_out_str(json->out, image ? "{}" : "null");
	s2_json_text(json, "path", from->path);
	s2_json_text(json, "format", from->format);
	s2_json_number_if(json, "size", from->have_size, from->size);
	if (image)
		s2_json_bool(json, "incomplete", from->incomplete);
	else
		s2_json_null(json, "incomplete");
	/* Not a thing of the dump but of whoever asked: only where it is so. */
	if (from->absent_is_zero)
		s2_json_bool(json, "absent_is_zero", true);
	s2_json_text(json, "arch", text_or_null(from->arch));
	s2_json_text(json, "release", text_or_null(from->release));
	s2_json_text(json, "build_id", text_or_null(from->build_id));
	s2_json_text(json, "node", text_or_null(from->node));
	s2_json_number_if(json, "time", from->time, from->time);
	s2_json_text(json, "host", text_or_null(from->host));
	s2_json_text(json, "kvm_mode", text_or_null(from->kvm_mode));
}

static void program_members(struct s2_json *json, const char *command)
{
	s2_json_word(json, "version", S2DUMP_VERSION);
	s2_json_number(json, "schema", S2_JSON_SCHEMA);
	s2_json_word(json, "command", command);
}

void s2_json_begin(struct s2_json *json, struct s2_out *out, bool lines, const char *command,
		   const char *payload, const struct s2_image *image)
{
	*json = (struct s2_json){ .out = out, .lines = lines };
	s2_out_str(out, "{");
	if (lines) {
		s2_json_word(json, "record", "image");
		s2_json_null(json, "id");
		program_members(json, command);
		image_members(json, image);
		s2_out_str(out, "}\n");
		return;
	}
	s2_json_open(json, "s2dump", '{');
	program_members(json, command);
	s2_json_close(json, '}');
	if (image) {
		s2_json_open(json, "image", '{');
		s2_json_null(json, "id");
		image_members(json, image);
		s2_json_close(json, '}');
	} else {
		s2_json_null(json, "image");
	}
	s2_json_open(json, payload, '[');
}

/* Begins an object on a line of its own. */
void s2_json_item(struct s2_json *json, const char *record)
{
	if (json->lines) {
		s2_out_str(json->out, "{\"record\":\"");
		s2_out_str(json->out, record);
		s2_out_str(json->out, "\",\"image\":null");
		json->more = true;
		return;
	}
	s2_out_str(json->out, json->more ? ",\n{" : "\n{");
	json->more = false;
}

void s2_json_item_end(struct s2_json *json)
{
	s2_out_str(json->out, json->lines ? "}\n" : "}");
	json->more = true;
}

static void problem_members(struct s2_json *json, const struct s2_loss *loss)
{
	s2_json_word(json, "code", s2_code_name(loss->code));
	s2_json_word(json, "what", s2_lost_name(loss->what, 1));
	s2_json_hex_if(json, "address", loss->address != S2_LOST_NOWHERE, loss->address);
	s2_json_text(json, "table", text_or_null(loss->table));
	s2_json_text(json, "text", loss->text);
}

static void put_problems(struct s2_json *json, const struct s2_lost *lost)
{
	for (size_t i = 0; lost && i < lost->n; i++) {
		s2_json_item(json, "problem");
		problem_members(json, &lost->loss[i]);
		s2_json_item_end(json);
	}
}

void s2_json_end(struct s2_json *json, bool complete, const struct s2_lost *lost,
		 const struct s2_lost *more)
{
	if (!json->lines) {
		s2_json_close(json, ']');
		s2_json_bool(json, "complete", complete);
		s2_json_open(json, "problems", '[');
	}
	put_problems(json, lost);
	put_problems(json, more);
	if (!json->lines) {
		s2_out_str(json->out, "]}\n");
		return;
	}
	s2_json_item(json, "end");
	s2_json_null(json, "table");
	s2_json_bool(json, "complete", complete);
	s2_json_null(json, "totals");
	s2_json_item_end(json);
}
