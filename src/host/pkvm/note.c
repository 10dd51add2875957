// SPDX-License-Identifier: GPL-2.0-or-later
// Owners and states survive `extract`: encodings, ids, memory and the page array in the snapshot's
// note.
#include "host/pkvm/note.h"

#include <stddef.h>
#include <stdlib.h>

#include "host/pkvm/priv.h"
#include "model/note.h"

/* Numbers of struct s2_pkvm that stand in the note under their own name. A row each; old notes read
 * as 0. */
#define NUMBER(m) \
	{ \
#m, offsetof(struct s2_pkvm, m), sizeof(((struct s2_pkvm *)0)->m), \
			_Generic(((struct s2_pkvm *)0)->m, bool : 1, default \
				 : UINT64_MAX) \
	}

static const struct {
	const char *key;
	size_t off;
	size_t size;
	uint64_t max; /* what the type holds beyond its size */
} numbers[] = {
	NUMBER(annotation),  NUMBER(locked_bit),    NUMBER(guests),       NUMBER(hyp_vms),
	NUMBER(text_stays),  NUMBER(split_xn),      NUMBER(ffa),          NUMBER(host_in),
	NUMBER(hyp_in),      NUMBER(host_memattr),  NUMBER(page.size),    NUMBER(page.refcount),
	NUMBER(page.order),  NUMBER(page.host),     NUMBER(page.hyp),     NUMBER(page.share),
	NUMBER(phys_offset), NUMBER(have_vmemmap),  NUMBER(vmemmap_va),   NUMBER(have_memory),
	NUMBER(reserved_pa), NUMBER(reserved_size), NUMBER(handle_first), NUMBER(cpus_lost),
};

static uint64_t load(const void *at, size_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)at;
	case 4:
		return *(const uint32_t *)at;
	default:
		return *(const uint64_t *)at;
	}
}

static bool store(void *at, size_t size, uint64_t value)
{
	if (size < sizeof(value) && value >> size * 8)
		return false;
	switch (size) {
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(uint64_t *)at = value;
		break;
	}
	return true;
}

static json_t *small_numbers(const uint8_t *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_integer(list[i]));
	return array;
}

json_t *s2_pkvm_to_json(const struct s2_pkvm *pkvm)
{
	json_t *obj = json_object(), *ids = json_array(), *pieces = json_array(),
	       *memory = json_array(), *cpus = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		json_object_set_new(obj, numbers[i].key,
				    s2_note_hex(load((const char *)pkvm + numbers[i].off,
						     numbers[i].size)));
	for (size_t i = 0; i < S2_NOWNERS; i++)
		json_array_append_new(ids, json_integer(pkvm->id[i]));
	for (size_t i = 0; i < pkvm->npieces; i++) {
		json_array_append_new(pieces, s2_note_hex(pkvm->piece[i].pfn));
		json_array_append_new(pieces, s2_note_hex(pkvm->piece[i].n));
		json_array_append_new(pieces, s2_note_hex(pkvm->piece[i].pa));
	}
	for (size_t i = 0; i < pkvm->nmemory; i++) {
		json_array_append_new(memory, s2_note_hex(pkvm->memory[i].pa));
		json_array_append_new(memory, s2_note_hex(pkvm->memory[i].size));
		json_array_append_new(memory, s2_note_hex(pkvm->memory[i].nomap));
	}
	for (size_t i = 0; i < pkvm->ncpus; i++) {
		json_array_append_new(cpus, s2_note_hex(pkvm->cpu[i].pa));
		json_array_append_new(cpus, s2_note_hex(pkvm->cpu[i].stack_va));
		json_array_append_new(cpus, s2_note_hex(pkvm->cpu[i].stack_pa));
	}
	json_object_set_new(obj, "cpus", cpus);
	json_object_set_new(obj, "ids", ids);
	json_object_set_new(obj, "types", small_numbers(pkvm->type, S2_NINVALID));
	json_object_set_new(obj, "values", small_numbers(pkvm->value, S2_NSTATES));
	json_object_set_new(obj, "vmemmap", pieces);
	json_object_set_new(obj, "memory", memory);
	return obj;
}

static enum s2_code get_small(json_t *obj, const char *key, uint8_t *list, size_t n,
			      struct s2_err *err)
{
	json_t *array = json_object_get(obj, key);

	for (size_t i = 0; i < n; i++) {
		json_t *value = json_array_get(array, i);

		if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > UINT8_MAX)
			return s2_fail(err, S2_INVALID, "'%s' is not a list of %zu small numbers",
				       key, n);
		list[i] = (uint8_t)json_integer_value(value);
	}
	return S2_OK;
}

static enum s2_code get_ids(json_t *obj, struct s2_pkvm *pkvm, struct s2_err *err)
{
	json_t *array = json_object_get(obj, "ids");

	for (size_t i = 0; i < S2_NOWNERS; i++) {
		json_t *value = json_array_get(array, i);

		if (!json_is_integer(value) || json_integer_value(value) < -1 ||
		    json_integer_value(value) > UINT8_MAX)
			return s2_fail(err, S2_INVALID, "'ids' is not a list of owner ids");
		pkvm->id[i] = (int16_t)json_integer_value(value);
	}
	return S2_OK;
}

/* A flat list of numbers, three to an element: number k of element i goes to (*ret)[i][k]. To be
 * freed. */
static enum s2_code get_triples(json_t *obj, const char *key, uint64_t (**ret)[3], size_t *ret_n,
				struct s2_err *err)
{
	uint64_t(*list)[3];
	json_t *array;
	size_t n;
	enum s2_code code = s2_note_get_list(obj, key, &array, err);

	if (code)
		return code;
	n = json_array_size(array) / 3;
	list = calloc(n ? n : 1, sizeof(*list));
	if (!list)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (size_t i = 0; !code && i < n * 3; i++)
		code = s2_note_get_hex(json_array_get(array, i), key, &list[i / 3][i % 3], err);
	if (code) {
		free(list);
		return code;
	}
	*ret = list;
	*ret_n = n;
	return S2_OK;
}

/* Number 0 begins and number 1 lasts: ascending and disjoint, within the 52 bits of a physical
 * address. */
static enum s2_code in_order(uint64_t (*list)[3], size_t n, const char *key, struct s2_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i][1] || list[i][0] >> 52 || list[i][1] >> 52 ||
		    (i && list[i][0] < list[i - 1][0] + list[i - 1][1]))
			return s2_fail(err, S2_INVALID,
				       "'%s': element %zu is out of range or order", key, i);
	return S2_OK;
}

static enum s2_code get_pieces(json_t *obj, struct s2_pkvm *pkvm, struct s2_err *err)
{
	uint64_t(*list)[3];
	size_t n;
	enum s2_code code = get_triples(obj, "vmemmap", &list, &n, err);

	if (code)
		return code;
	code = in_order(list, n, "vmemmap", err);
	pkvm->piece = calloc(n ? n : 1, sizeof(*pkvm->piece));
	for (size_t i = 0; !code && pkvm->piece && i < n; i++)
		pkvm->piece[pkvm->npieces++] = (struct s2_vmemmap_piece){
			.pfn = list[i][0], .n = list[i][1], .pa = list[i][2] & BITS64(51, 0)
		};
	free(list);
	return code || pkvm->piece ? code : s2_fail(err, S2_NOMEM, "no memory");
}

static enum s2_code get_memory(json_t *obj, struct s2_pkvm *pkvm, struct s2_err *err)
{
	uint64_t(*list)[3];
	size_t n;
	enum s2_code code = get_triples(obj, "memory", &list, &n, err);

	if (code)
		return code;
	code = in_order(list, n, "memory", err);
	pkvm->memory = calloc(n ? n : 1, sizeof(*pkvm->memory));
	for (size_t i = 0; !code && pkvm->memory && i < n; i++)
		pkvm->memory[pkvm->nmemory++] = (struct s2_pkvm_region){ .pa = list[i][0],
									 .size = list[i][1],
									 .nomap = list[i][2] };
	free(list);
	return code || pkvm->memory ? code : s2_fail(err, S2_NOMEM, "no memory");
}

static enum s2_code get_cpus(json_t *obj, struct s2_pkvm *pkvm, struct s2_err *err)
{
	uint64_t(*list)[3];
	size_t n;
	enum s2_code code = get_triples(obj, "cpus", &list, &n, err);

	if (code)
		return code;
	pkvm->cpu = calloc(n ? n : 1, sizeof(*pkvm->cpu));
	for (size_t i = 0; pkvm->cpu && i < n; i++)
		pkvm->cpu[pkvm->ncpus++] = (struct s2_pkvm_cpu){ .pa = list[i][0],
								 .stack_va = list[i][1],
								 .stack_pa = list[i][2] };
	free(list);
	return pkvm->cpu ? S2_OK : s2_fail(err, S2_NOMEM, "no memory");
}

static enum s2_code check_counts(const struct s2_pkvm *pkvm, struct s2_err *err)
{
	if (pkvm->nmemory > S2_PKVM_MAX_REGIONS || pkvm->ncpus > S2_PKVM_MAX_CPUS)
		return s2_fail(err, S2_INVALID,
			       "more regions of memory, or CPUs, than there may be");
	return S2_OK;
}

/* What the rest of the program takes for granted. */
static enum s2_code check_numbers(const struct s2_pkvm *pkvm, struct s2_err *err)
{
	const uint64_t field[] = { pkvm->page.refcount, pkvm->page.order, pkvm->page.host,
				   pkvm->page.hyp, pkvm->page.share };

	if (pkvm->annotation > S2_ANNOTATION_TYPED || pkvm->host_in > S2_STATE_IN_VMEMMAP ||
	    pkvm->hyp_in > S2_STATE_IN_VMEMMAP || pkvm->ffa > S2_YES || pkvm->page.size > 8)
		return s2_fail(err, S2_INVALID, "an encoding is out of range");
	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		if (field[i] && (pkvm->page.size < 1 || field[i] & ~low_bits(pkvm->page.size * 8U)))
			return s2_fail(err, S2_INVALID, "a field lies outside of struct hyp_page");
	return S2_OK;
}

enum s2_code s2_pkvm_from_json(json_t *obj, struct s2_pkvm **ret, struct s2_err *err)
{
	struct s2_pkvm *pkvm = calloc(1, sizeof(*pkvm));
	enum s2_code code = pkvm ? S2_OK : s2_fail(err, S2_NOMEM, "no memory");

	for (size_t i = 0; !code && i < ARRAY_SIZE(numbers); i++) {
		json_t *value = json_object_get(obj, numbers[i].key);
		uint64_t number;

		if (!value)
			continue;
		code = s2_note_get_hex(value, numbers[i].key, &number, err);
		if (!code && (number > numbers[i].max ||
			      !store((char *)pkvm + numbers[i].off, numbers[i].size, number)))
			code = s2_fail(err, S2_INVALID, "'%s' is out of range", numbers[i].key);
	}
	if (!code)
		code = check_numbers(pkvm, err);
	if (!code)
		code = get_ids(obj, pkvm, err);
	if (!code)
		code = get_small(obj, "types", pkvm->type, S2_NINVALID, err);
	if (!code)
		code = get_small(obj, "values", pkvm->value, S2_NSTATES, err);
	if (!code)
		code = get_pieces(obj, pkvm, err);
	if (!code)
		code = get_memory(obj, pkvm, err);
	if (!code)
		code = get_cpus(obj, pkvm, err);
	if (!code)
		code = check_counts(pkvm, err);
	if (code) {
		s2_pkvm_free(pkvm);
		return s2_wrap(err, code, "pkvm");
	}
	*ret = pkvm;
	return S2_OK;
}
