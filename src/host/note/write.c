// SPDX-License-Identifier: GPL-2.0-or-later
// Writes the note of s2dump's own snapshots: what the tables are called, where they start, which
// registers shape them, what was lost of them.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "decode/soft.h"
#include "host/host.h"
#include "host/tables.h"
#include "model/note.h"

static const char *tristate_name(enum s2_tristate t)
{
	switch (t) {
	case S2_YES:
		return "yes";
	case S2_NO:
		return "no";
	case S2_UNKNOWN:
		break;
	}
	return "unknown";
}

/* One claim that is no register, as notes have always written it. */
static json_t *note_claim(const struct s2_regime *regime, unsigned int i)
{
	switch (regime->arch->claims[i].kind) {
	case S2_CLAIM_BYTES:
	case S2_CLAIM_BITS:
		return json_integer((json_int_t)regime->value[i]);
	case S2_CLAIM_LEVEL:
		return s2_regime_has(regime, i) ? json_integer(s2_regime_level(regime, i)) : NULL;
	case S2_CLAIM_FLAG:
		return json_string(tristate_name(s2_regime_flag(regime, i)));
	case S2_CLAIM_SWITCH:
		return json_boolean(regime->value[i]);
	case S2_CLAIM_REGISTER:
		break;
	}
	return NULL;
}

static void note_claims(json_t *obj, const struct s2_regime *regime)
{
	for (unsigned int i = 0; i < regime->arch->nclaims; i++) {
		const struct s2_claim *claim = &regime->arch->claims[i];
		bool left_out = claim->use & S2_CLAIM_ACCESS || !s2_arch_claims(regime->arch, i);
		json_t *value = left_out ? NULL : note_claim(regime, i);

		if (value)
			json_object_set_new(obj, claim->name, value);
	}
}

/* What wrote the table, and all that it was told. */
static json_t *note_soft(const struct s2_soft *soft)
{
	json_t *obj = json_object(), *unsure;

	json_object_set_new(obj, "name", json_string(soft->ops->name));
	if (!soft->assumed)
		json_object_set_new(obj, "empty", s2_note_hex(soft->empty));
	for (unsigned int i = 0; i < soft->ops->nparams; i++)
		json_object_set_new(obj, soft->ops->params[i], s2_note_hex(soft->param[i]));
	if (!soft->unsure)
		return obj;
	unsure = json_array();
	for (unsigned int i = 0; i < soft->ops->nparams; i++)
		if (s2_soft_is_unsure(soft, i))
			json_array_append_new(unsure, json_string(soft->ops->params[i]));
	json_object_set_new(obj, "unsure", unsure);
	return obj;
}

/* What is not known of a VM is left out. */
static void note_word(json_t *obj, const char *key, const char *word)
{
	if (word && *word)
		json_object_set_new(obj, key, json_string(word));
}

static void note_tristate(json_t *obj, const char *key, enum s2_tristate value)
{
	if (value != S2_UNKNOWN)
		json_object_set_new(obj, key, json_boolean(value == S2_YES));
}

static json_t *note_vcpu(const struct s2_vm_vcpu *vcpu)
{
	json_t *obj = json_object();

	json_object_set_new(obj, "index", json_integer((json_int_t)vcpu->index));
	json_object_set_new(obj, "address", s2_note_hex(vcpu->va));
	note_word(obj, "state", s2_vcpu_state_text(vcpu->state));
	if (vcpu->have_cpu)
		json_object_set_new(obj, "cpu", json_integer(vcpu->cpu));
	if (vcpu->have_pid)
		json_object_set_new(obj, "pid", json_integer(vcpu->pid));
	return obj;
}

static json_t *note_vm(const struct s2_vm *vm)
{
	json_t *obj = json_object();
	json_t *list;

	note_word(obj, "name", vm->name);
	note_word(obj, "name_from", s2_vm_named_text(vm->named));
	note_word(obj, "name_missing", vm->unnamed);
	note_word(obj, "comm", vm->comm);
	note_word(obj, "state", s2_vm_state_text(vm->state));
	note_tristate(obj, "protected", vm->is_protected);
	note_tristate(obj, "created", vm->is_created);
	note_tristate(obj, "dying", vm->is_dying);
	json_object_set_new(obj, "address", s2_note_hex(vm->va));
	if (!vm->have_vcpus)
		return obj;
	list = json_array();
	for (size_t i = 0; i < vm->nvcpus; i++)
		json_array_append_new(list, note_vcpu(&vm->vcpu[i]));
	json_object_set_new(obj, "vcpu", list);
	return obj;
}

static json_t *note_table(const struct s2_table *table)
{
	const struct s2_regime *r = &table->regime;
	json_t *regs = json_object();
	json_t *obj = json_object();

	for (unsigned int i = 0; i < r->arch->nclaims; i++)
		if (s2_regime_shows(r, i))
			json_object_set_new(regs, r->arch->claims[i].name,
					    s2_note_hex(r->value[i]));
	json_object_set_new(obj, "id", json_string(table->id));
	json_object_set_new(obj, "kind", json_string(table->kind));
	json_object_set_new(obj, "arch", json_string(r->arch->name));
	json_object_set_new(obj, "stage", json_string(r->arch->format));
	if (table->bare)
		json_object_set_new(obj, "bare", json_true());
	else
		json_object_set_new(obj, "root", s2_note_hex(table->root_pa));
	json_object_set_new(obj, "registers", regs);
	note_claims(obj, r);
	if (r->soft.ops)
		json_object_set_new(obj, "soft", note_soft(&r->soft));
	json_object_set_new(obj, "pid", json_integer(table->pid));
	json_object_set_new(obj, "vcpus", json_integer(table->vcpus));
	if (table->have_vmid)
		json_object_set_new(obj, "vmid", json_integer(table->vmid));
	if (table->vm && !table->vm->undescribed)
		json_object_set_new(obj, "vm", note_vm(table->vm));
	if (s2_table_has_shadow(table)) {
		for (unsigned int i = 0; i < S2_NSHADOWS; i++)
			if (r->arch->shadows[i].note)
				json_object_set_new(obj, r->arch->shadows[i].note,
						    s2_note_hex(table->shadow[i]));
		json_object_set_new(obj, "guest_stage2",
				    json_string(tristate_name(table->guest_stage2)));
	}
	for (unsigned int i = 0; i < table->nannotators; i++)
		table->annotator[i].ops->save(table, obj);
	return obj;
}

/* Pages, and the rest of a file, are as missing in the snapshot as they are in the dump. */
static bool shows_itself(const struct s2_loss *loss)
{
	return loss->what == S2_LOST_PAGE || loss->what == S2_LOST_FILE;
}

static json_t *note_loss(const struct s2_loss *loss)
{
	json_t *obj = json_object();
	char text[sizeof(loss->text)];

	s2_escape(loss->text, strlen(loss->text), text, sizeof(text));
	json_object_set_new(obj, "code", json_string(s2_code_name(loss->code)));
	json_object_set_new(obj, "what", json_string(s2_lost_name(loss->what, 1)));
	note_word(obj, "table", loss->table);
	if (loss->address != S2_LOST_NOWHERE)
		json_object_set_new(obj, "address", s2_note_hex(loss->address));
	json_object_set_new(obj, "text", json_string(text));
	return obj;
}

/* What else was lost on the way to the tables: nobody can see it in them. */
static void note_losses(json_t *root, const struct s2_lost *lost)
{
	json_t *list = json_array();

	for (size_t i = 0; i < lost->n; i++)
		if (!lost->loss[i].said && !shows_itself(&lost->loss[i]))
			json_array_append_new(list, note_loss(&lost->loss[i]));
	if (json_array_size(list))
		json_object_set(root, "problems", list);
	json_decref(list);
}

/* Text that grows; NULL once there was no memory. */
struct text {
	char *at;
	size_t len, room;
};

static void add_text(struct text *text, const char *more, size_t len)
{
	if (text->at && more && text->room - text->len < len) {
		size_t room = 2 * text->room + len;
		char *grown = realloc(text->at, room);

		if (grown) {
			text->at = grown;
			text->room = room;
		} else {
			more = NULL;
		}
	}
	if (text->at && more) {
		memcpy(text->at + text->len, more, len);
		text->len += len;
	} else {
		free(text->at);
		text->at = NULL;
	}
}

/* In @root the list of tables is empty: JSON's own values take twenty times the text, so there are
 * never those of more than one table. */
static char *with_tables(json_t *root, const struct s2_tables *tables)
{
	static const char list[] = "\"tables\":[";
	s2_auto_free char *all = s2_note_text(root);
	/* No string holds these: its quotes would be escaped. */
	char *end = all ? strstr(all, list) : NULL;
	struct text text = { .at = malloc(4096), .room = 4096 };

	if (!end) {
		free(text.at);
		return NULL;
	}
	end += strlen(list);
	add_text(&text, all, (size_t)(end - all));
	for (size_t i = 0; text.at && i < tables->n; i++) {
		s2_auto_free char *one = s2_note_text(note_table(&tables->table[i]));

		if (i)
			add_text(&text, ",", 1);
		add_text(&text, one, one ? strlen(one) : 0);
	}
	add_text(&text, end, strlen(end) + 1);
	return text.at;
}

char *s2_snapshot_note(const struct s2_tables *tables, const struct s2_lost *lost)
{
	json_t *root;

	s2_note_begin();
	root = json_object();
	json_object_set_new(root, "version", json_integer(S2_SNAPSHOT_NOTE_VERSION));
	json_object_set_new(root, "release", json_string(tables->release));
	json_object_set_new(root, "build_id", json_string(tables->build_id));
	json_object_set_new(root, "kvm_mode", json_string(s2_kvm_mode_name(tables->mode)));
	for (unsigned int i = 0; i < s2_nhosts; i++)
		if (s2_hosts[i]->save)
			s2_hosts[i]->save(tables, root);
	json_object_set_new(root, "tables", json_array());
	if (tables->chosen)
		json_object_set_new(root, "chosen", json_true());
	note_losses(root, lost);
	return with_tables(root, tables);
}

enum s2_code s2_snapshot_note_within(const struct s2_tables *tables, const struct s2_lost *lost,
				     uint64_t most, char **ret, struct s2_err *err)
{
	s2_auto_free char *note = NULL;

	s2_note_limit(most);
	note = s2_snapshot_note(tables, lost);
	s2_note_limit(0);
	if (!note && !s2_note_spent())
		return s2_fail(err, S2_NOMEM, "no memory");
	if (!note || strlen(note) > S2_NOTE_MAX)
		return s2_fail(err, S2_BUDGET,
			       "what is known of the tables is more than a snapshot can hold: "
			       "fewer of them may fit");
	*ret = s2_take(&note);
	return S2_OK;
}
