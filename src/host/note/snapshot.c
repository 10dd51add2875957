// SPDX-License-Identifier: GPL-2.0-or-later
// The note of s2dump's own snapshots: what the tables are called, where they start, which registers
// shape them.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "decode/soft.h"
#include "host/host.h"
#include "host/tables.h"
#include "model/note.h"

#define MAX_NOTE (16U << 20)

/* How many tables may be in a file by its size: each has a root of its own, as a rule, and a struct
 * s2_table is larger than the shortest object that describes one. */
#define TABLES_FLOOR 4096
#define BYTES_PER_TABLE 1024

/* What its values may take of memory, by the size of the whole file. */
#define NOTE_MEMORY (32ULL << 20)
#define NOTE_MEMORY_PER_BYTE 3

/* Version of the note's layout: a reader refuses what is newer. */
#define NOTE_VERSION 1

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

/* Of a VM of which a note says nothing: then a note that is made of that does not either. */
static const char older[] = "this snapshot is older than names are kept";

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
	if (table->vm && strcmp(table->vm->unnamed, older) != 0)
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
		if (!shows_itself(&lost->loss[i]))
			json_array_append_new(list, note_loss(&lost->loss[i]));
	if (json_array_size(list))
		json_object_set(root, "problems", list);
	json_decref(list);
}

char *s2_snapshot_note(const struct s2_tables *tables, const struct s2_lost *lost)
{
	json_t *list, *root;

	s2_note_begin();
	list = json_array();
	root = json_object();
	for (size_t i = 0; i < tables->n; i++)
		json_array_append_new(list, note_table(&tables->table[i]));
	json_object_set_new(root, "version", json_integer(NOTE_VERSION));
	json_object_set_new(root, "release", json_string(tables->release));
	json_object_set_new(root, "build_id", json_string(tables->build_id));
	json_object_set_new(root, "kvm_mode", json_string(s2_kvm_mode_name(tables->mode)));
	for (unsigned int i = 0; i < s2_nhosts; i++)
		if (s2_hosts[i]->save)
			s2_hosts[i]->save(tables, root);
	json_object_set_new(root, "tables", list);
	if (tables->chosen)
		json_object_set_new(root, "chosen", json_true());
	note_losses(root, lost);
	return s2_note_text(root);
}

/* What of a note reaches text is escaped here, once: nobody above has to tell a name of our own
 * from one that the note brought. */
static enum s2_code get_string(json_t *obj, const char *key, char *buf, size_t size,
			       struct s2_err *err)
{
	const char *text = json_string_value(json_object_get(obj, key));
	char shown[1024];

	if (!text)
		return s2_fail(err, S2_INVALID, "'%s' is not a string", key);
	if (strlen(text) >= size || s2_escape(text, strlen(text), shown, sizeof(shown)) >= size)
		return s2_fail(err, S2_INVALID, "'%s' is longer than %zu bytes", key, size - 1);
	memcpy(buf, shown, strlen(shown) + 1);
	return S2_OK;
}

/* One that is to stand in a column: without blanks. */
static enum s2_code get_word(json_t *obj, const char *key, char *buf, size_t size,
			     struct s2_err *err)
{
	enum s2_code code = get_string(obj, key, buf, size, err);

	for (char *blank = buf; !code && (blank = strchr(blank, ' '));)
		*blank = '_';
	return code;
}

static enum s2_tristate get_tristate(json_t *obj, const char *key)
{
	const char *text = json_string_value(json_object_get(obj, key));

	if (text && !strcmp(text, "yes"))
		return S2_YES;
	return text && !strcmp(text, "no") ? S2_NO : S2_UNKNOWN;
}

static enum s2_code get_arch(json_t *obj, const struct s2_arch **ret, struct s2_err *err)
{
	const char *arch = json_string_value(json_object_get(obj, "arch"));
	const char *stage = json_string_value(json_object_get(obj, "stage"));

	for (unsigned int i = 0; arch && stage && i < s2_narchs; i++) {
		if (!strcmp(s2_archs[i]->name, arch) && !strcmp(s2_archs[i]->format, stage)) {
			*ret = s2_archs[i];
			return S2_OK;
		}
	}
	return s2_fail(err, S2_INVALID, "unknown table format '%s %s'", arch ? arch : "?",
		       stage ? stage : "?");
}

static enum s2_code get_register(json_t *value, unsigned int i, struct s2_regime *regime,
				 struct s2_err *err)
{
	uint64_t word;
	enum s2_code code;

	if (!value)
		return S2_OK;
	code = s2_note_get_hex(value, regime->arch->claims[i].name, &word, err);
	if (!code)
		s2_regime_set(regime, i, word);
	return code;
}

/* A claim that is no register; what notes write for one that was not given sets nothing. */
static enum s2_code get_claim(json_t *obj, unsigned int i, struct s2_regime *regime,
			      struct s2_err *err)
{
	const struct s2_claim *claim = &regime->arch->claims[i];
	enum s2_code code = S2_OK;
	int64_t number = 0;

	switch (claim->kind) {
	case S2_CLAIM_BYTES:
	case S2_CLAIM_BITS:
		code = s2_note_get_int(obj, claim->name, 0, claim->max, &number, err);
		if (number)
			s2_regime_set(regime, i, (uint64_t)number);
		break;
	case S2_CLAIM_LEVEL:
		number = S2_NO_LEVEL;
		code = s2_note_get_int(obj, claim->name, claim->min, claim->max, &number, err);
		s2_regime_set_level(regime, i, (int)number);
		break;
	case S2_CLAIM_FLAG:
		s2_regime_set_flag(regime, i, get_tristate(obj, claim->name));
		break;
	case S2_CLAIM_SWITCH:
		if (json_is_true(json_object_get(obj, claim->name)))
			s2_regime_set(regime, i, 1);
		break;
	case S2_CLAIM_REGISTER:
		break;
	}
	return code;
}

static enum s2_code get_claims(json_t *obj, struct s2_regime *regime, struct s2_err *err)
{
	json_t *regs = json_object_get(obj, "registers");
	enum s2_code code = S2_OK;

	for (unsigned int i = 0; !code && i < regime->arch->nclaims; i++) {
		const struct s2_claim *claim = &regime->arch->claims[i];

		if (claim->use & S2_CLAIM_ACCESS || !s2_arch_claims(regime->arch, i))
			continue;
		code = claim->kind == S2_CLAIM_REGISTER ?
			       get_register(json_object_get(regs, claim->name), i, regime, err) :
			       get_claim(obj, i, regime, err);
	}
	return code;
}

/* A parameter that is not there is as @soft has it. */
static enum s2_code get_parameter(json_t *obj, const char *name, uint64_t *ret, struct s2_err *err)
{
	json_t *value = json_object_get(obj, name);

	return value ? s2_note_get_hex(value, name, ret, err) : S2_OK;
}

/* Names of parameters that were guessed; those that nobody knows any more decide nothing. */
static void get_unsure(json_t *list, struct s2_soft *soft)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		for (unsigned int p = 0; name && p < soft->ops->nparams; p++)
			if (!strcmp(name, soft->ops->params[p]))
				s2_soft_unsure(soft, p);
	}
}

static enum s2_code get_soft(json_t *obj, struct s2_regime *regime, struct s2_err *err)
{
	const char *name = json_string_value(json_object_get(obj, "name"));
	struct s2_soft *soft = &regime->soft;
	enum s2_code code;
	unsigned int i = 0;

	if (!obj)
		return S2_OK;
	while (i < s2_nsofts && (!name || strcmp(s2_softs[i]->name, name) != 0 ||
				 strcmp(s2_softs[i]->arch, regime->arch->name) != 0))
		i++;
	if (i == s2_nsofts)
		return s2_fail(err, S2_INVALID, "unknown software '%s' of a table of %s",
			       name ? name : "?", regime->arch->name);
	s2_soft_wrote(regime, s2_softs[i]);
	soft->assumed = !json_object_get(obj, "empty");
	code = get_parameter(obj, "empty", &soft->empty, err);
	for (i = 0; !code && i < soft->ops->nparams; i++)
		code = get_parameter(obj, soft->ops->params[i], &soft->param[i], err);
	get_unsure(json_object_get(obj, "unsure"), soft);
	return code;
}

/* One that may not be there: then it is empty. */
static enum s2_code get_text(json_t *obj, const char *key, char *buf, size_t size,
			     struct s2_err *err)
{
	return json_object_get(obj, key) ? get_string(obj, key, buf, size, err) : S2_OK;
}

static enum s2_tristate get_bool(json_t *obj, const char *key)
{
	json_t *value = json_object_get(obj, key);

	return !json_is_boolean(value) ? S2_UNKNOWN : json_is_true(value) ? S2_YES : S2_NO;
}

static enum s2_code get_vcpu(json_t *obj, struct s2_vm_vcpu *ret, struct s2_err *err)
{
	int64_t index = 0, cpu = -1, pid = -1;
	enum s2_code code = s2_note_get_int(obj, "index", 0, INT32_MAX, &index, err);

	if (!code)
		code = s2_note_get_hex(json_object_get(obj, "address"), "address", &ret->va, err);
	if (!code && json_object_get(obj, "cpu"))
		code = s2_note_get_int(obj, "cpu", 0, INT32_MAX, &cpu, err);
	if (!code && json_object_get(obj, "pid"))
		code = s2_note_get_int(obj, "pid", 0, INT32_MAX, &pid, err);
	ret->index = (uint64_t)index;
	ret->state = s2_vcpu_state_from(json_string_value(json_object_get(obj, "state")));
	ret->have_cpu = cpu >= 0;
	ret->cpu = (int32_t)cpu;
	ret->have_pid = pid >= 0;
	ret->pid = (int32_t)pid;
	return code;
}

static enum s2_code get_vcpus(json_t *list, struct s2_vm *vm, struct s2_err *err)
{
	size_t n = json_array_size(list);
	enum s2_code code = S2_OK;

	if (!json_is_array(list))
		return S2_OK;
	vm->vcpu = calloc(n + 1, sizeof(*vm->vcpu));
	if (!vm->vcpu)
		return s2_fail(err, S2_NOMEM, "no memory for vCPUs");
	while (!code && vm->nvcpus < n) {
		code = get_vcpu(json_array_get(list, vm->nvcpus), &vm->vcpu[vm->nvcpus], err);
		vm->nvcpus++;
	}
	vm->have_vcpus = true;
	return code ? s2_wrap(err, code, "vcpu %zu", vm->nvcpus - 1) : S2_OK;
}

static enum s2_code parse_vm(json_t *obj, struct s2_vm *vm, struct s2_err *err)
{
	enum s2_code code = get_text(obj, "name", vm->name, sizeof(vm->name), err);

	if (!code)
		code = get_text(obj, "name_missing", vm->unnamed, sizeof(vm->unnamed), err);
	if (!code)
		code = get_text(obj, "comm", vm->comm, sizeof(vm->comm), err);
	if (!code)
		code = s2_note_get_hex(json_object_get(obj, "address"), "address", &vm->va, err);
	if (!code)
		code = get_vcpus(json_object_get(obj, "vcpu"), vm, err);
	vm->named = s2_vm_named_from(json_string_value(json_object_get(obj, "name_from")));
	vm->state = s2_vm_state_from(json_string_value(json_object_get(obj, "state")));
	vm->is_protected = get_bool(obj, "protected");
	vm->is_created = get_bool(obj, "created");
	vm->is_dying = get_bool(obj, "dying");
	return code;
}

/* Whose the table is; notes before 0.2 do not say. */
static enum s2_code get_vm(json_t *obj, struct s2_tables *tables, struct s2_table *table,
			   struct s2_err *err)
{
	json_t *vmid = json_object_get(obj, "vmid"), *object = json_object_get(obj, "vm");
	enum s2_code code = S2_OK;
	struct s2_vm *vm;
	int64_t number = 0;

	if (vmid)
		code = s2_note_get_int(obj, "vmid", 0, UINT16_MAX, &number, err);
	table->have_vmid = vmid && !code;
	table->vmid = (uint32_t)number;
	if (code || (!object && !s2_table_is_vms(table)))
		return code;
	vm = s2_vm_new();
	if (!vm)
		return s2_fail(err, S2_NOMEM, "no memory for VMs");
	table->vm = vm;
	code = s2_tables_own(tables, vm, err);
	if (code || object)
		return code ? code : parse_vm(object, vm, err);
	snprintf(vm->unnamed, sizeof(vm->unnamed), "%s", older);
	return S2_OK;
}

/* The registers of a guest hypervisor: all of them, or none. */
static enum s2_code get_shadows(json_t *obj, struct s2_table *table, struct s2_err *err)
{
	const struct s2_shadow_name *names = table->regime.arch->shadows;
	enum s2_code code = S2_OK;

	if (!names[S2_SHADOW_CONTROL].note || !json_object_get(obj, names[S2_SHADOW_CONTROL].note))
		return S2_OK;
	for (unsigned int i = S2_NSHADOWS; !code && i-- > 0;)
		code = s2_note_get_hex(json_object_get(obj, names[i].note), names[i].note,
				       &table->shadow[i], err);
	if (!code)
		table->guest_stage2 = get_tristate(obj, "guest_stage2");
	return code;
}

/* What annotators know of the table, in the order in which a snapshot of this snapshot has it. */
static enum s2_code get_annotators(json_t *obj, const struct s2_tables *list,
				   struct s2_table *table, struct s2_err *err)
{
	enum s2_code code = S2_OK;
	unsigned int n = s2_nannotators;

	while (!code && n--)
		code = s2_annotators[n]->load(obj, list, table, err);
	if (code)
		s2_table_clear(table);
	return code;
}

/* On success the caller owns what the table has, s2_table_clear(). */
static enum s2_code get_table(json_t *obj, struct s2_tables *list, struct s2_table *ret,
			      struct s2_err *err)
{
	struct s2_table table = { .pid = -1, .vcpus = -1 };
	const struct s2_arch *arch;
	enum s2_code code = get_arch(obj, &arch, err);

	if (code)
		return code;
	s2_regime_init(&table.regime, arch);
	code = get_word(obj, "id", table.id, sizeof(table.id), err);
	if (!code)
		code = get_word(obj, "kind", table.kind, sizeof(table.kind), err);
	table.bare = json_is_true(json_object_get(obj, "bare"));
	if (!code && !table.bare)
		code = s2_note_get_hex(json_object_get(obj, "root"), "root", &table.root_pa, err);
	if (!code)
		code = get_claims(obj, &table.regime, err);
	if (!code)
		code = get_soft(json_object_get(obj, "soft"), &table.regime, err);
	if (!code)
		code = s2_note_get_int(obj, "pid", -1, INT32_MAX, &table.pid, err);
	if (!code)
		code = s2_note_get_int(obj, "vcpus", -1, INT32_MAX, &table.vcpus, err);
	if (!code)
		code = get_vm(obj, list, &table, err);
	if (code)
		return code;
	code = get_shadows(obj, &table, err);
	if (code)
		return code;
	code = get_annotators(obj, list, &table, err);
	if (code)
		return code;
	*ret = table;
	return S2_OK;
}

static enum s2_code read_note(const struct s2_source *source, json_t **ret, struct s2_err *err)
{
	const struct s2_note *note = s2_source_note(source, S2_SNAPSHOT_NOTE, UINT32_MAX);
	s2_auto_free char *text = NULL;
	enum s2_code code;

	if (!note)
		return s2_fail(err, S2_NOTFOUND, "no %s note", S2_SNAPSHOT_NOTE);
	if (note->size > MAX_NOTE)
		return s2_fail(err, S2_INVALID, "%llu bytes are too many",
			       (unsigned long long)note->size);
	text = malloc((size_t)note->size + 1);
	if (!text)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = s2_file_read(&source->file, note->file_off, text, (size_t)note->size, err);
	if (code)
		return code;
	return s2_note_parse(text, (size_t)note->size,
			     NOTE_MEMORY + NOTE_MEMORY_PER_BYTE * source->file.size, ret, err);
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
		code = get_word(obj, "table", loss.table, sizeof(loss.table), err);
	if (!code && json_object_get(obj, "address"))
		code = s2_note_get_hex(json_object_get(obj, "address"), "address", &loss.address,
				       err);
	if (!code)
		code = get_string(obj, "text", loss.text, sizeof(loss.text), err);
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
	if (version != NOTE_VERSION)
		return s2_fail(err, S2_INVALID, "version %lld, this s2dump reads version %d",
			       (long long)version, NOTE_VERSION);
	if (!json_is_array(list) || !json_array_size(list))
		return s2_fail(err, S2_INVALID, "no tables");
	if (json_array_size(list) > TABLES_FLOOR + file_size / BYTES_PER_TABLE)
		return s2_fail(err, S2_BUDGET, "%zu tables are too many for a file of %llu bytes",
			       json_array_size(list), (unsigned long long)file_size);
	code = get_string(root, "release", tables->release, sizeof(tables->release), err);
	if (!code)
		code = get_string(root, "build_id", tables->build_id, sizeof(tables->build_id),
				  err);
	get_mode(root, tables);
	tables->chosen = json_is_true(json_object_get(root, "chosen"));
	for (unsigned int i = 0; !code && i < s2_nhosts; i++)
		if (s2_hosts[i]->load)
			code = s2_hosts[i]->load(root, tables, err);
	for (size_t i = 0; !code && i < json_array_size(list); i++) {
		struct s2_table table;

		code = get_table(json_array_get(list, i), tables, &table, err);
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
		code = parse_note(root, source->file.size, &tables, err);
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
