// SPDX-License-Identifier: GPL-2.0-or-later
// Reads one table of a snapshot's note: what it is called, what shapes it, who wrote it, whose it is.
#include "host/note/read_table.h"

#include <stdlib.h>
#include <string.h>

#include "decode/soft.h"

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
	return s2_fail(err, S2_INVALID,
		       "unknown table format '%s %s', or one that this build leaves out",
		       arch ? arch : "?", stage ? stage : "?");
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
	return json_object_get(obj, key) ? s2_note_get_string(obj, key, buf, size, err) : S2_OK;
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
	vm->undescribed = true;
	snprintf(vm->unnamed, sizeof(vm->unnamed), "this snapshot is older than names are kept");
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
		if (s2_annotators[n]->load)
			code = s2_annotators[n]->load(obj, list, table, err);
	if (code)
		s2_table_clear(table);
	return code;
}

enum s2_code s2_note_get_table(json_t *obj, struct s2_tables *list, struct s2_table *ret,
			       struct s2_err *err)
{
	struct s2_table table = { .pid = -1, .vcpus = -1 };
	const struct s2_arch *arch;
	enum s2_code code = get_arch(obj, &arch, err);

	if (code)
		return code;
	s2_regime_init(&table.regime, arch);
	code = s2_note_get_word(obj, "id", table.id, sizeof(table.id), err);
	if (!code && !*table.id)
		code = s2_fail(err, S2_INVALID, "'id' is empty");
	if (!code)
		code = s2_note_get_word(obj, "kind", table.kind, sizeof(table.kind), err);
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
