// SPDX-License-Identifier: GPL-2.0-or-later
// Types out of DWARF: an index of names, and what DIEs say of members, arrays and enums (DWARF 5,
// chapter 5).
#include "kernel/dwarf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "kernel/dwarf_lib.h"

#define MAX_ENTRIES (4U << 20)

/* Names that are kept, beside one for so many bytes of the file. A kernel has some 300,000, in 200
 * MB and more. */
#define NAMES_FLOOR (128U << 10)
#define BYTES_PER_NAME 32

/* Places in the index that may be looked at, while it is made: names may be chosen so that all of
 * them want the same one. */
#define PROBES_FLOOR (4U << 20)
#define PROBES_PER_BYTE 4

/* Enumerators stand beside types. */
#define SPACE_ENUMERATOR S2_NSPACES

/* One named definition. Equal ones of other compilation units (same name and size) are left out. */
struct entry {
	uint64_t key; /* hash of space and name, 0: free */
	uint64_t off; /* of the DIE in .debug_info; of an enumerator its value */
	uint64_t size;
};

/* How much of the file is indexed. */
enum stage { NOTHING, PREFERRED, EVERYTHING };

struct dwarf_types {
	struct s2_types types;
	struct s2_dw dw;
	const char *prefer;
	enum stage stage;
	struct s2_budget probes, names;
	struct entry *entry; /* open addressing, size a power of two */
	size_t nentries, room;
	const char *path;     /* of the file */
	bool split;           /* a unit says that its types are elsewhere */
	struct s2_err broken; /* the first thing that could not be read while indexing */
	char why[400];        /* what lacks() says */
	char name[256];       /* of the last info() */
};

static struct dwarf_types *dwarf_of(struct s2_types *types)
{
	return (struct dwarf_types *)types;
}

/* FNV-1a of the space, as a byte of its own, and of the name. Never 0. */
static uint64_t key_of(unsigned int space, const char *name)
{
	uint64_t key = (UINT64_C(0xcbf29ce484222325) ^ (uint64_t)space) * UINT64_C(0x100000001b3);

	for (; *name; name++)
		key = (key ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return key ? key : 1;
}

static bool grow(struct dwarf_types *self)
{
	size_t room = self->room ? self->room * 2 : 65536;
	struct entry *bigger = room <= MAX_ENTRIES ? calloc(room, sizeof(*bigger)) : NULL;

	if (!bigger) {
		s2_err_note_failing(S2_NOMEM);
		return false;
	}
	for (size_t i = 0; i < self->room; i++) {
		size_t at = self->entry[i].key & (room - 1);

		if (!self->entry[i].key)
			continue;
		while (bigger[at].key)
			at = (at + 1) & (room - 1);
		bigger[at] = self->entry[i];
	}
	free(self->entry);
	self->entry = bigger;
	self->room = room;
	return true;
}

/* Where to note an error: only the first one is kept. */
static struct s2_err *first_error(struct dwarf_types *self)
{
	return self->broken.code ? NULL : &self->broken;
}

/* Takes @entry in where it is not there already. False: nothing more is taken in. */
static bool add_entry(struct dwarf_types *self, const struct entry *entry)
{
	size_t at;

	if (self->nentries * 2 >= self->room && !grow(self)) {
		(void)s2_fail(first_error(self), S2_NOMEM, "no memory for all of its names");
		return false;
	}
	for (at = entry->key & (self->room - 1); self->entry[at].key;
	     at = (at + 1) & (self->room - 1)) {
		if (s2_budget_take(&self->probes, 1)) {
			(void)s2_fail(first_error(self), S2_BUDGET, "its names are too much alike");
			return false;
		}
		if (self->entry[at].key == entry->key && self->entry[at].size == entry->size)
			return true;
	}
	if (s2_budget_take(&self->names, 1)) {
		(void)s2_fail(first_error(self), S2_BUDGET, "it has too many names for its size");
		return false;
	}
	self->entry[at] = *entry;
	self->nentries++;
	return true;
}

static bool index_enumerator(void *arg, Dwarf_Die die)
{
	struct dwarf_types *self = arg;
	struct entry entry = { 0 };
	const char *name;

	if (s2_dw_tag(&self->dw, die) != DW_TAG_enumerator)
		return true;
	name = s2_dw_name(&self->dw, die);
	if (!*name || !s2_dw_number(&self->dw, die, DW_AT_const_value, &entry.off))
		return true;
	entry.key = key_of(SPACE_ENUMERATOR, name);
	return add_entry(self, &entry);
}

/* An index entry per named definition of a compilation unit, and per enumerator. */
static bool index_die(void *arg, Dwarf_Die die)
{
	struct dwarf_types *self = arg;
	Dwarf_Half tag = s2_dw_tag(&self->dw, die);
	enum s2_type_space space = tag == DW_TAG_enumeration_type ? S2_SPACE_ENUM :
				   tag == DW_TAG_typedef          ? S2_SPACE_TYPEDEF :
								    S2_SPACE_STRUCT;
	struct entry entry = { 0 };
	Dwarf_Off off = 0;
	const char *name;

	if (tag != DW_TAG_structure_type && tag != DW_TAG_union_type && space == S2_SPACE_STRUCT)
		return true;
	if (space == S2_SPACE_ENUM)
		(void)s2_dw_children(&self->dw, die, index_enumerator, self, first_error(self));
	name = s2_dw_name(&self->dw, die);
	/* A declaration has no size; a definition always has, but for a typedef. */
	if (!*name ||
	    (!s2_dw_number(&self->dw, die, DW_AT_byte_size, &entry.size) &&
	     space != S2_SPACE_TYPEDEF) ||
	    dwarf_dieoffset(die, &off, NULL) != DW_DLV_OK)
		return true;
	entry.key = key_of(space, name);
	entry.off = off;
	return add_entry(self, &entry);
}

static bool is_preferred(const struct dwarf_types *self, const char *name)
{
	/* The xarray's nodes, which hold a VM's vCPUs, are in no other unit of interest. */
	return self->prefer && (strstr(name, self->prefer) || strstr(name, "lib/xarray"));
}

static bool index_unit(void *arg, Dwarf_Die unit)
{
	struct dwarf_types *self = arg;

	/* DWARF 5 section 3.1.2, and gcc's and clang's form of it for DWARF 4. */
	if (s2_dw_has(&self->dw, unit, DW_AT_dwo_name) ||
	    s2_dw_has(&self->dw, unit, DW_AT_GNU_dwo_name))
		self->split = true;
	if (is_preferred(self, s2_dw_name(&self->dw, unit)) == (self->stage == NOTHING))
		(void)s2_dw_children(&self->dw, unit, index_die, self, first_error(self));
	return true;
}

/* Indexes the next stage; false when all is done. */
static bool index_more(struct dwarf_types *self)
{
	if (self->stage == EVERYTHING)
		return false;
	(void)s2_dw_units(&self->dw, index_unit, self, first_error(self));
	self->types.pointer_size = self->dw.addr_size;
	self->stage++;
	return true;
}

/* The first entry with @key from the place *@at on; the next one is looked for behind it. NULL:
 * there is none, or the budget of questions is spent. */
static const struct entry *entry_from(struct dwarf_types *self, uint64_t key, size_t *at)
{
	for (; self->room && self->entry[*at & (self->room - 1)].key; (*at)++) {
		const struct entry *entry = &self->entry[*at & (self->room - 1)];

		if (s2_budget_take(&self->types.steps, 1))
			return NULL;
		if (entry->key != key)
			continue;
		(*at)++;
		return entry;
	}
	return NULL;
}

/* The next indexed definition after @after. */
static bool next_entry(struct dwarf_types *self, uint64_t key, const char *name, uint64_t after,
		       uint64_t *ret)
{
	bool passed = after == S2_NO_TYPE;
	const struct entry *entry;
	size_t at = (size_t)key;

	while ((entry = entry_from(self, key, &at))) {
		Dwarf_Die die = NULL;
		bool same;

		if (!passed) {
			passed = entry->off == after;
			continue;
		}
		if (s2_dw_at(&self->dw, entry->off, &die, NULL))
			continue;
		same = !strcmp(s2_dw_name(&self->dw, die), name);
		s2_dw_drop(&self->dw, die);
		if (!same)
			continue;
		*ret = entry->off;
		return true;
	}
	return false;
}

static enum s2_code find(struct s2_types *types, enum s2_type_space space, const char *name,
			 uint64_t after, uint64_t *ret, struct s2_err *err)
{
	struct dwarf_types *self = dwarf_of(types);
	uint64_t key = key_of(space, name);

	do {
		if (next_entry(self, key, name, after, ret))
			return S2_OK;
		/* A larger search may find more, but does not for what was found once: the index is
		 * in no stable order. */
	} while (after == S2_NO_TYPE && index_more(self));
	if (s2_types_spent(types))
		return s2_types_no_more(err);
	return s2_fail(err, S2_NOTFOUND, "DWARF has no type %s", name);
}

static const char *lacks(struct s2_types *types)
{
	struct dwarf_types *self = dwarf_of(types);

	if (self->broken.code)
		snprintf(self->why, sizeof(self->why), "DWARF of %.100s is broken: %.200s",
			 self->path, self->broken.text);
	else if (self->split)
		snprintf(self->why, sizeof(self->why),
			 "the units of %.200s are skeletons, the types are in .dwo files "
			 "(CONFIG_DEBUG_INFO_SPLIT)",
			 self->path);
	else
		return NULL;
	return self->why;
}

/* Elements of an array: the product of its dimensions. */
static bool count_dimension(void *arg, Dwarf_Die die)
{
	struct {
		struct dwarf_types *self;
		uint64_t n;
	} *dims = arg;
	uint64_t n = 0;

	if (s2_dw_tag(&dims->self->dw, die) != DW_TAG_subrange_type)
		return true;
	if (!s2_dw_number(&dims->self->dw, die, DW_AT_count, &n) &&
	    s2_dw_number(&dims->self->dw, die, DW_AT_upper_bound, &n))
		n++; /* int a[]: an upper bound of -1, or none */
	if (__builtin_mul_overflow(dims->n, n, &dims->n))
		dims->n = 0;
	return true;
}

static uint64_t elements_of(struct dwarf_types *self, Dwarf_Die die)
{
	struct {
		struct dwarf_types *self;
		uint64_t n;
	} dims = { self, 1 };

	return s2_dw_children(&self->dw, die, count_dimension, &dims, NULL) ? 0 : dims.n;
}

static bool is_signed(struct dwarf_types *self, Dwarf_Die die, bool *ret_float)
{
	uint64_t encoding = 0;

	*ret_float = false;
	if (!s2_dw_number(&self->dw, die, DW_AT_encoding, &encoding)) {
		uint64_t type = s2_dw_type(&self->dw, die);
		Dwarf_Die base = NULL;

		/* An enum names the integer that it is made of. */
		if (type == S2_NO_TYPE || s2_dw_at(&self->dw, type, &base, NULL))
			return false;
		(void)s2_dw_number(&self->dw, base, DW_AT_encoding, &encoding);
		s2_dw_drop(&self->dw, base);
	}
	*ret_float = encoding == DW_ATE_float;
	return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
}

static void describe(struct dwarf_types *self, Dwarf_Die die, struct s2_type_info *info)
{
	bool is_float;

	switch (s2_dw_tag(&self->dw, die)) {
	case DW_TAG_base_type:
		info->is_signed = is_signed(self, die, &is_float);
		info->kind = is_float ? S2_KIND_OTHER : S2_KIND_INT;
		break;
	case DW_TAG_enumeration_type:
		info->kind = S2_KIND_ENUM;
		info->is_signed = is_signed(self, die, &is_float);
		break;
	case DW_TAG_structure_type:
		info->kind = S2_KIND_STRUCT;
		break;
	case DW_TAG_union_type:
		info->kind = S2_KIND_UNION;
		break;
	case DW_TAG_pointer_type:
		info->kind = S2_KIND_POINTER;
		info->target = s2_dw_type(&self->dw, die);
		break;
	case DW_TAG_array_type:
		info->kind = S2_KIND_ARRAY;
		info->target = s2_dw_type(&self->dw, die);
		info->nelems = elements_of(self, die);
		break;
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		info->alias = true;
		info->target = s2_dw_type(&self->dw, die);
		break;
	default: /* functions and the like */
		break;
	}
}

static enum s2_code info(struct s2_types *types, uint64_t type, struct s2_type_info *ret,
			 struct s2_err *err)
{
	struct dwarf_types *self = dwarf_of(types);
	struct s2_type_info found = { .kind = S2_KIND_OTHER,
				      .target = S2_NO_TYPE,
				      .name = self->name };
	Dwarf_Die die = NULL;
	enum s2_code code = s2_dw_at(&self->dw, type, &die, err);

	if (code)
		return code;
	(void)s2_dw_number(&self->dw, die, DW_AT_byte_size, &found.size);
	snprintf(self->name, sizeof(self->name), "%s", s2_dw_name(&self->dw, die));
	describe(self, die, &found);
	s2_dw_drop(&self->dw, die);
	*ret = found;
	return S2_OK;
}

/* What fields() hands through s2_dw_children(). */
struct visit {
	struct dwarf_types *self;
	bool (*field)(void *arg, const struct s2_type_field *field);
	void *arg;
	bool expression; /* a member's place is told in a way that is not read */
};

static bool visit_member(void *arg, Dwarf_Die die)
{
	struct visit *visit = arg;
	struct dwarf_types *self = visit->self;
	struct s2_type_field field = { 0 };
	uint64_t at = 0, bits = 0, old_off, storage = 0;

	if (s2_dw_tag(&self->dw, die) != DW_TAG_member)
		return true;
	field.name = s2_dw_name(&self->dw, die);
	field.type = s2_dw_type(&self->dw, die);
	/* None in a union, and an expression in DWARF 2: that must not be taken for none. */
	if (!s2_dw_number(&self->dw, die, DW_AT_data_member_location, &at) &&
	    s2_dw_has(&self->dw, die, DW_AT_data_member_location)) {
		visit->expression = true;
		return false;
	}
	field.bit_off = at * 8;
	if (s2_dw_number(&self->dw, die, DW_AT_bit_size, &bits) && bits <= 64) {
		field.bit_size = (uint32_t)bits;
		if (s2_dw_number(&self->dw, die, DW_AT_data_bit_offset, &at)) {
			field.bit_off = at;
		} else if (s2_dw_number(&self->dw, die, DW_AT_bit_offset, &old_off) &&
			   s2_dw_number(&self->dw, die, DW_AT_byte_size, &storage)) {
			/* DWARF 2 and 3 count from the most significant bit of the storage. */
			field.bit_off += storage * 8 - old_off - bits;
		}
	}
	return visit->field(visit->arg, &field);
}

static enum s2_code fields(struct s2_types *types, uint64_t type,
			   bool (*field)(void *arg, const struct s2_type_field *field), void *arg,
			   struct s2_err *err)
{
	struct visit visit = { .self = dwarf_of(types), .field = field, .arg = arg };
	Dwarf_Die die = NULL;
	enum s2_code code = s2_dw_at(&visit.self->dw, type, &die, err);

	if (code)
		return code;
	code = s2_dw_children(&visit.self->dw, die, visit_member, &visit, err);
	s2_dw_drop(&visit.self->dw, die);
	if (!code && visit.expression)
		return s2_fail(err, S2_INVALID,
			       "DWARF: the place of a member is an expression (DWARF 2)");
	return code;
}

/* A search for an enumerator. */
struct hunt {
	struct dwarf_types *self;
	const char *name;
	uint64_t value;
	bool found;
};

static bool hunt_enumerator(void *arg, Dwarf_Die die)
{
	struct hunt *hunt = arg;

	if (s2_dw_tag(&hunt->self->dw, die) == DW_TAG_enumerator &&
	    !strcmp(s2_dw_name(&hunt->self->dw, die), hunt->name))
		hunt->found = s2_dw_number(&hunt->self->dw, die, DW_AT_const_value, &hunt->value);
	return !hunt->found;
}

static enum s2_code enumerator(struct s2_types *types, uint64_t type, const char *name,
			       uint64_t *ret, struct s2_err *err)
{
	struct hunt hunt = { .self = dwarf_of(types), .name = name };
	Dwarf_Die die = NULL;
	enum s2_code code = s2_dw_at(&hunt.self->dw, type, &die, err);

	if (code)
		return code;
	code = s2_dw_children(&hunt.self->dw, die, hunt_enumerator, &hunt, err);
	s2_dw_drop(&hunt.self->dw, die);
	if (code == S2_BUDGET)
		return code;
	if (!hunt.found)
		return s2_fail(err, S2_NOTFOUND, "DWARF has no enumerator %s", name);
	if (code && err)
		s2_err_init(err);
	*ret = hunt.value;
	return S2_OK;
}

static enum s2_code any_enumerator(struct s2_types *types, const char *name, uint64_t *ret,
				   struct s2_err *err)
{
	struct dwarf_types *self = dwarf_of(types);
	uint64_t key = key_of(SPACE_ENUMERATOR, name);
	const struct entry *found;

	do {
		size_t at = (size_t)key;

		found = entry_from(self, key, &at);
	} while (!found && index_more(self));
	if (!found && s2_types_spent(types))
		return s2_types_no_more(err);
	if (!found)
		return s2_fail(err, S2_NOTFOUND, "DWARF has no enumerator %s", name);
	*ret = found->off;
	return S2_OK;
}

static void dwarf_free(struct s2_types *types)
{
	struct dwarf_types *self = dwarf_of(types);

	s2_dw_close(&self->dw);
	free(self->entry);
	free(self);
}

static const struct s2_types_ops dwarf_ops = {
	.find = find,
	.info = info,
	.fields = fields,
	.enumerator = enumerator,
	.any_enumerator = any_enumerator,
	.lacks = lacks,
	.free = dwarf_free,
};

enum s2_code s2_dwarf_new(const struct s2_symbol_file *file, const char *prefer,
			  struct s2_types **ret, struct s2_err *err)
{
	struct dwarf_types *self = calloc(1, sizeof(*self));
	enum s2_code code;

	if (!self)
		return s2_fail(err, S2_NOMEM, "no memory for debugging information");
	code = s2_dw_open(file, &self->dw, err);
	if (code) {
		free(self);
		return code;
	}
	s2_err_init(&self->broken);
	s2_budget_init(&self->probes, PROBES_FLOOR, PROBES_PER_BYTE, self->dw.data);
	s2_budget_init(&self->names, NAMES_FLOOR, 1, self->dw.data / BYTES_PER_NAME);
	s2_types_init(&self->types, &dwarf_ops);
	self->types.pointer_size = 8;
	self->path = file->path;
	self->prefer = prefer;
	self->stage = prefer ? NOTHING : PREFERRED;
	*ret = &self->types;
	return S2_OK;
}
