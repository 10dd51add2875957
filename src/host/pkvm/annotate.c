// SPDX-License-Identifier: GPL-2.0-or-later
// Whose a range is and in which state: asked of descriptors, of hyp_memory[], of the hypervisor's
// page array.
#include "host/pkvm/annotate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/pkvm/pkvm.h"
#include "model/note.h"

/* The table that is asked about, and the rules by which it is read. */
struct ask {
	const struct s2_pkvm *pkvm;
	enum s2_pkvm_role role;
	const struct s2_asked *asked;
};

_Static_assert(sizeof(struct s2_own) <= sizeof(struct s2_label), "an owner fits into a label");

struct s2_own s2_pkvm_own(const struct s2_label *label)
{
	struct s2_own own;

	memcpy(&own, label, sizeof(own));
	return own;
}

void s2_pkvm_annotate(struct s2_table *table, const struct s2_pkvm *pkvm, enum s2_pkvm_role role)
{
	struct s2_annotator annotator = { .ops = &s2_pkvm_annotator,
					  .data = pkvm,
					  .param = { (uint32_t)role } };

	s2_table_annotate(table, &annotator);
}

/* How many of the @n words from @at on are missing for the same reason as the first: those of its
 * page, or all up to where the dump has memory again. */
static uint64_t missing_words(const struct ask *ask, uint64_t at, uint64_t n)
{
	uint64_t size = ask->pkvm->page.size, page = BIT64(ask->asked->geom->page_log2);
	uint64_t bytes = page - (at & (page - 1));
	uint64_t gap = s2_mem_gap(ask->asked->mem, at);
	uint64_t words = (gap > bytes ? gap : bytes) / size;

	return words < n ? (words ? words : 1) : n;
}

#define WORDS 512

/* The words of the pages from @pfn on, as far as they stand in one page of memory. */
struct words {
	uint64_t pfn, n;
	unsigned char word[WORDS * sizeof(uint64_t)];
};

/* Reads words from @at on, @n at most, into @words; why the first of them is missing. */
static enum s2_code read_words(const struct ask *ask, uint64_t pfn, uint64_t at, uint64_t n,
			       struct words *words)
{
	uint64_t page = BIT64(ask->asked->geom->page_log2), size = ask->pkvm->page.size;
	uint64_t in_page = (page - (at & (page - 1))) / size;
	enum s2_code code;

	if (n > in_page)
		n = in_page ? in_page : 1; /* it lies across the border of two pages */
	if (n > WORDS)
		n = WORDS;
	code = s2_mem_read(ask->asked->mem, at, words->word, n * size, NULL);
	/* A page may be there in part. */
	if (code && n > 1) {
		n = 1;
		code = s2_mem_read(ask->asked->mem, at, words->word, size, NULL);
	}
	words->pfn = pfn;
	words->n = code ? 0 : n;
	return code;
}

/* What hyp_vmemmap says of the page @pfn, nothing where it is not backed; @ret_n: of so many pages
 * from there on without looking further. */
static struct s2_own in_vmemmap(const struct ask *ask, uint64_t pfn, struct words *words,
				uint64_t *ret_n)
{
	const struct s2_pkvm *pkvm = ask->pkvm;
	unsigned int page_log2 = ask->asked->geom->page_log2;
	uint64_t at, left, word = 0;
	enum s2_code code;

	*ret_n = 1;
	if (pfn - words->pfn >= words->n) {
		if (s2_pkvm_page_pa(pkvm, page_log2, pfn << page_log2, &at, &left)) {
			*ret_n = left;
			return (struct s2_own){ 0 };
		}
		code = read_words(ask, pfn, at, left, words);
		if (code) {
			*ret_n = missing_words(ask, at, left);
			return (struct s2_own){ .from = S2_FROM_MISSING,
						.missing = (uint8_t)code,
						.missing_pa = at };
		}
	}
	memcpy(&word, words->word + (pfn - words->pfn) * pkvm->page.size, pkvm->page.size);
	return s2_pkvm_word(pkvm, ask->role, word);
}

/* Words that are as the one before say the same. */
static uint64_t same_words(const struct ask *ask, uint64_t pfn, const struct words *words)
{
	size_t size = ask->pkvm->page.size;
	uint64_t n = 0;

	while (pfn + n + 1 - words->pfn < words->n &&
	       !memcmp(words->word + (pfn + n - words->pfn) * size,
		       words->word + (pfn + n + 1 - words->pfn) * size, size))
		n++;
	return n;
}

/* A stretch costs about as much as so many words of it. */
#define LOOKS_PER_STRETCH 16

static bool looks(const struct ask *ask, uint64_t n)
{
	return !ask->asked->looks || !s2_budget_take(ask->asked->looks, n);
}

/* Not of any page from @pfn on, but for those of which there is nothing. */
static struct s2_own not_looked_at(const struct ask *ask, uint64_t pfn, uint64_t *ret_n)
{
	unsigned int page_log2 = ask->asked->geom->page_log2;
	uint64_t at;

	if (s2_pkvm_page_pa(ask->pkvm, page_log2, pfn << page_log2, &at, ret_n))
		return (struct s2_own){ 0 };
	return (struct s2_own){ .from = S2_FROM_MISSING, .missing = S2_BUDGET, .missing_pa = at };
}

static bool says_the_same(const struct ask *ask, const struct s2_own *a, const struct s2_own *b)
{
	if (a->missing == S2_BUDGET && b->missing == S2_BUDGET)
		return true;
	return a->state == b->state && a->owner == b->owner && a->missing == b->missing &&
	       !((a->missing_pa ^ b->missing_pa) >> ask->asked->geom->page_log2);
}

/* How many bytes from @pa on, @size or more, have the same state in hyp_vmemmap; @ret_own says
 * which. */
static uint64_t same_in_vmemmap(const struct ask *ask, uint64_t pa, uint64_t size,
				struct s2_own *ret_own)
{
	unsigned int page_log2 = ask->asked->geom->page_log2;
	uint64_t at = pa >> page_log2, end = (pa + size - 1) >> page_log2, n;
	struct words words;
	struct s2_own first;

	words.pfn = words.n = 0;
	first = looks(ask, LOOKS_PER_STRETCH) ? in_vmemmap(ask, at, &words, &n) :
						not_looked_at(ask, at, &n);
	for (at += n; at <= end; at += n) {
		struct s2_own own = looks(ask, 1) ? in_vmemmap(ask, at, &words, &n) :
						    not_looked_at(ask, at, &n);

		if (!says_the_same(ask, &first, &own))
			break;
		n += n == 1 ? same_words(ask, at, &words) : 0;
	}
	*ret_own = first;
	return (at << page_log2) - pa;
}

/* The host's memory: a descriptor that is 0 is not mapped yet, but the page is the host's all the
 * same. */
static uint64_t own_of_host(const struct ask *ask, const struct s2_run *run, struct s2_own *ret)
{
	const struct s2_pkvm *pkvm = ask->pkvm;
	bool leaf = s2_is_leaf(run->entry.type), in_memory = false;
	uint64_t next, size;

	if (!leaf && run->entry.raw) {
		*ret = s2_pkvm_invalid(pkvm, S2_PKVM_HOST, run->entry.raw);
		return run->size;
	}
	if (pkvm->host_in == S2_STATE_IN_PTE && leaf) {
		*ret = s2_pkvm_leaf(pkvm, S2_PKVM_HOST, run->entry.raw);
		return run->size;
	}
	if (!pkvm->have_memory)
		return run->size;
	/* From here on by address; a leaf is an identity map, and check says when it is not. */
	if (!s2_pkvm_memory_at(pkvm, run->ia, &next))
		ret->owner = leaf ? S2_OWNER_HOST : S2_OWNER_NONE;
	else if (pkvm->host_in == S2_STATE_IN_PTE)
		*ret = s2_pkvm_leaf(pkvm, S2_PKVM_HOST, run->entry.raw);
	else
		in_memory = true;
	size = next - run->ia < run->size ? next - run->ia : run->size;
	if (in_memory && pkvm->host_in == S2_STATE_IN_VMEMMAP) {
		uint64_t same = same_in_vmemmap(ask, run->ia, size, ret);

		return same < size ? same : size;
	}
	if (in_memory)
		ret->owner = S2_OWNER_HOST; /* 5.14 has owners, but no states */
	return size;
}

static uint64_t own_of_hyp(const struct ask *ask, const struct s2_run *run, struct s2_own *ret)
{
	if (!s2_is_leaf(run->entry.type))
		return run->size;
	if (ask->pkvm->hyp_in == S2_STATE_IN_PTE)
		*ret = s2_pkvm_leaf(ask->pkvm, S2_PKVM_HYP, run->entry.raw);
	if (ask->pkvm->hyp_in != S2_STATE_IN_VMEMMAP || !run->pa_contiguous)
		return run->size;
	return same_in_vmemmap(ask, run->entry.oa, run->size, ret);
}

static uint64_t own_of_guest(const struct ask *ask, const struct s2_run *run, struct s2_own *ret)
{
	if (!s2_is_leaf(run->entry.type)) {
		*ret = s2_pkvm_invalid(ask->pkvm, S2_PKVM_GUEST, run->entry.raw);
		return run->size;
	}
	*ret = s2_pkvm_leaf(ask->pkvm, S2_PKVM_GUEST, run->entry.raw);
	if (ret->owner == S2_OWNER_GUEST) {
		ret->have_handle = true;
		ret->handle = ask->asked->table->handle;
		ret->gfn = run->ia >> ask->asked->geom->page_log2;
	}
	return run->size;
}

/* Owner and state stand in a page of hyp_vmemmap that was not read. */
static void lose(const struct s2_asked *asked, const struct s2_own *own)
{
	uint64_t page = own->missing_pa & ~(BIT64(asked->geom->page_log2) - 1);

	if (own->missing == S2_BUDGET)
		s2_lost_add(asked->lost, S2_LOST_OWNER, S2_BUDGET, asked->table->id, page,
			    "hyp_vmemmap is not read any more: it is larger than what is in the "
			    "dump, or says too much of it");
	else
		s2_lost_add(
			asked->lost, S2_LOST_OWNER, (enum s2_code)own->missing, asked->table->id,
			page,
			"the page at PA 0x%" PRIx64
			" of hyp_vmemmap is %s: owners and states of the pages in it are not known",
			page, s2_code_name((enum s2_code)own->missing));
}

static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *asked,
		   const struct s2_run *run, struct s2_label *ret_label)
{
	struct ask ask = { .pkvm = annotator->data,
			   .role = (enum s2_pkvm_role)annotator->param[0],
			   .asked = asked };
	struct s2_own own = { 0 };
	uint64_t size = run->size;

	switch (ask.role) {
	case S2_PKVM_HOST:
		size = own_of_host(&ask, run, &own);
		break;
	case S2_PKVM_HYP:
		size = own_of_hyp(&ask, run, &own);
		break;
	case S2_PKVM_GUEST:
		size = own_of_guest(&ask, run, &own);
		break;
	case S2_PKVM_NONE:
		break;
	}
	if (own.missing)
		lose(asked, &own);
	memcpy(ret_label, &own, sizeof(own));
	return size;
}

/* States in the hypervisor's page array are asked by output address. */
static bool by_pa(const struct s2_annotator *annotator)
{
	const struct s2_pkvm *pkvm = annotator->data;

	return annotator->param[0] == S2_PKVM_HYP && pkvm->hyp_in == S2_STATE_IN_VMEMMAP;
}

static bool joins(const struct s2_label *a, const struct s2_label *b, uint64_t distance,
		  const struct s2_geometry *geom)
{
	struct s2_own x = s2_pkvm_own(a), y = s2_pkvm_own(b);

	return x.owner == y.owner && x.state == y.state && x.from == y.from && x.id == y.id &&
	       x.missing == y.missing && !((x.missing_pa ^ y.missing_pa) >> geom->page_log2) &&
	       x.have_handle == y.have_handle && x.handle == y.handle &&
	       (!x.have_handle || x.gfn + (distance >> geom->page_log2) == y.gfn);
}

/* An owner that is only a number has it behind the name. */
static const char *owner_name(const struct s2_own *own, char *buf, size_t size)
{
	const char *name = s2_owner_json((enum s2_owner)own->owner);

	if (own->owner != S2_OWNER_OTHER)
		return name;
	snprintf(buf, size, "%s-%u", name, own->id);
	return buf;
}

static const char *owner_text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	struct s2_own own = s2_pkvm_own(label);
	char name[32];

	if (own.missing)
		return "?";
	if (!own.owner && !own.have_handle)
		return "-";
	snprintf(buf, S2_LABEL_TEXT, "%s", own.owner ? owner_name(&own, name, sizeof(name)) : "-");
	if (own.have_handle)
		snprintf(buf + strlen(buf), S2_LABEL_TEXT - strlen(buf), ":0x%x", own.handle);
	return buf;
}

static const char *state_text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	struct s2_own own = s2_pkvm_own(label);

	(void)buf;
	if (own.missing || (own.owner && !own.state))
		return "?";
	return own.state ? s2_page_state_json((enum s2_page_state)own.state) : "-";
}

static void get_owner(const struct s2_label *label, struct s2_value *ret)
{
	struct s2_own own = s2_pkvm_own(label);

	ret->known = own.owner;
	ret->text = owner_name(&own, ret->buf, sizeof(ret->buf));
}

static void get_handle(const struct s2_label *label, struct s2_value *ret)
{
	struct s2_own own = s2_pkvm_own(label);

	ret->known = own.have_handle;
	ret->number = own.handle;
}

static void get_gfn(const struct s2_label *label, struct s2_value *ret)
{
	struct s2_own own = s2_pkvm_own(label);

	ret->known = own.have_handle;
	ret->number = own.gfn;
}

static void get_state(const struct s2_label *label, struct s2_value *ret)
{
	struct s2_own own = s2_pkvm_own(label);

	ret->known = own.state;
	ret->text = s2_page_state_json((enum s2_page_state)own.state);
}

/* Where both were read, if anything was, or should have been. */
static void get_from(const struct s2_label *label, struct s2_value *ret)
{
	struct s2_own own = s2_pkvm_own(label);

	ret->known = (own.owner || own.state || own.missing) && own.from;
	ret->text = s2_own_from_json((enum s2_own_from)own.from);
}

/* The names stand in left_out.c, too, for builds without this. */
static const struct s2_row_member members[] = {
	{ "owner", S2_KIND_STRING, get_owner },
	{ "state", S2_KIND_STRING, get_state },
	{ "state_from", S2_KIND_STRING, get_from },
	{ "handle", S2_KIND_HEX, get_handle },
	{ "gfn", S2_KIND_HEX, get_gfn },
};

static const struct s2_row_column columns[] = {
	{ "owner", 12, owner_text },
	{ "state", 15, state_text },
};

/* In a table that is the host's, the hypervisor's or a guest's: is the memory another's? */
static bool foreign(const struct s2_annotator *annotator, const struct s2_label *label)
{
	static const enum s2_owner of_role[] = { [S2_PKVM_HOST] = S2_OWNER_HOST,
						 [S2_PKVM_HYP] = S2_OWNER_HYP,
						 [S2_PKVM_GUEST] = S2_OWNER_GUEST };
	struct s2_own own = s2_pkvm_own(label);

	return annotator->param[0] < ARRAY_SIZE(of_role) && own.owner &&
	       own.owner != of_role[annotator->param[0]];
}

/* The hypervisor's page array, where it holds the states of a component. */
static void needs(const struct s2_annotator *annotator,
		  void (*add)(void *arg, uint64_t pa, uint64_t size), void *arg)
{
	const struct s2_pkvm *pkvm = annotator->data;

	if (pkvm->host_in != S2_STATE_IN_VMEMMAP && pkvm->hyp_in != S2_STATE_IN_VMEMMAP)
		return;
	for (size_t i = 0; i < pkvm->npieces; i++)
		add(arg, pkvm->piece[i].pa, pkvm->piece[i].n * pkvm->page.size);
}

/* Its facts stand in the note once, s2_pkvm_to_json(). */
static void save(const struct s2_table *table, json_t *obj)
{
	json_object_set_new(obj, "pkvm_role", json_integer(s2_pkvm_role_of(table)));
	json_object_set_new(obj, "handle", json_integer(table->handle));
}

static enum s2_code load(json_t *obj, const struct s2_tables *list, struct s2_table *table,
			 struct s2_err *err)
{
	int64_t role = S2_PKVM_NONE, handle = 0;
	enum s2_code code =
		s2_note_get_int(obj, "pkvm_role", S2_PKVM_NONE, S2_PKVM_GUEST, &role, err);

	if (!code)
		code = s2_note_get_int(obj, "handle", 0, UINT32_MAX, &handle, err);
	if (code)
		return code;
	table->have_handle = role == S2_PKVM_GUEST;
	table->handle = (uint32_t)handle;
	if (role && s2_pkvm_of(list))
		s2_pkvm_annotate(table, s2_pkvm_of(list), (enum s2_pkvm_role)role);
	return S2_OK;
}

const struct s2_annotator_ops s2_pkvm_annotator = {
	.name = "pkvm",
	.members = members,
	.nmembers = ARRAY_SIZE(members),
	.columns = columns,
	.ncolumns = ARRAY_SIZE(columns),
	.by_pa = by_pa,
	.at = at,
	.joins = joins,
	.foreign = foreign,
	.needs = needs,
	.save = save,
	.load = load,
	.marks = s2_pkvm_marks,
};
