// SPDX-License-Identifier: GPL-2.0-or-later
// pKVM's software encodings: annotations of invalid entries, state bits of leaves, struct hyp_page.
#include "host/pkvm/encoding.h"

/* KVM_INVALID_PTE_OWNER_MASK, KVM_INVALID_PTE_LOCKED (arch/arm64/kvm/hyp/pgtable.c, 5.14, 5.15
 * and 6.2). */
#define HIGH_OWNER BITS64(63, 56)
#define LOW_OWNER BITS64(9, 2)
#define LOW_LOCKED BIT64(10)
/* KVM_INVALID_PTE_TYPE_MASK, KVM_HOST_DONATION_PTE_* and the layout of a guest's
 * (nvhe/mem_protect.c, 7.1). */
#define TYPED_TYPE BITS64(63, 60)
#define TYPED_OWNER BITS64(3, 1)
#define TYPED_HANDLE BITS64(19, 4)
#define TYPED_GFN BITS64(59, 20)

/* KVM_PGTABLE_PROT_SW1:SW0, on leaves. */
#define LEAF_STATE BITS64(56, 55)

/* __hyp_state_comp holds the state with these bits flipped (nvhe/memory.h, PKVM_PAGE_STATE_MASK). */
#define HYP_COMPLEMENT 3

static const char *const owners[S2_NOWNERS] = {
	[S2_OWNER_NONE] = "",    [S2_OWNER_HOST] = "host",   [S2_OWNER_HYP] = "hyp",
	[S2_OWNER_FFA] = "ff-a", [S2_OWNER_GUEST] = "guest", [S2_OWNER_OTHER] = "unknown-id",
};

static const struct {
	const char *json;
	const char *text;
} states[S2_NSTATES] = {
	[S2_STATE_NONE] = { "", "-" },
	[S2_STATE_OWNED] = { "owned", "PKVM_PAGE_OWNED" },
	[S2_STATE_SHARED_OWNED] = { "shared-owned", "PKVM_PAGE_SHARED_OWNED" },
	[S2_STATE_SHARED_BORROWED] = { "shared-borrowed", "PKVM_PAGE_SHARED_BORROWED" },
	[S2_STATE_NOPAGE] = { "nopage", "PKVM_NOPAGE" },
	[S2_STATE_LOCKED] = { "locked", "LOCKED" },
	[S2_STATE_POISONED] = { "poisoned", "PKVM_POISON" },
	[S2_STATE_RESERVED] = { "reserved", "__PKVM_PAGE_RESERVED" },
};

static const char *const froms[] = {
	[S2_FROM_NONE] = "",
	[S2_FROM_PTE] = "pte",
	[S2_FROM_ANNOTATION] = "annotation",
	[S2_FROM_VMEMMAP] = "vmemmap",
	[S2_FROM_MISSING] = "missing",
};

const char *s2_owner_json(enum s2_owner owner)
{
	return owners[owner];
}

const char *s2_page_state_json(enum s2_page_state state)
{
	return states[state].json;
}

const char *s2_page_state_text(enum s2_page_state state)
{
	return states[state].text;
}

const char *s2_own_from_json(enum s2_own_from from)
{
	return froms[from];
}

static enum s2_owner owner_of_id(const struct s2_pkvm *pkvm, uint64_t id)
{
	for (unsigned int i = S2_OWNER_HOST; i < S2_OWNER_OTHER; i++)
		if (pkvm->id[i] >= 0 && (uint64_t)pkvm->id[i] == id)
			return (enum s2_owner)i;
	return S2_OWNER_OTHER;
}

static struct s2_own annotated(const struct s2_pkvm *pkvm, uint64_t id)
{
	return (struct s2_own){ .owner = (uint8_t)owner_of_id(pkvm, id),
				.state = S2_STATE_NOPAGE,
				.from = S2_FROM_ANNOTATION,
				.id = (uint8_t)id };
}

static struct s2_own typed(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t raw)
{
	uint64_t type = field_get(TYPED_TYPE, raw);
	struct s2_own own = { .from = S2_FROM_ANNOTATION };

	if (type == pkvm->type[S2_INVALID_LOCKED]) {
		own.state = S2_STATE_LOCKED;
		return own;
	}
	if (type == pkvm->type[S2_INVALID_POISONED] && role == S2_PKVM_GUEST) {
		own.state = S2_STATE_POISONED;
		return own;
	}
	if (type != pkvm->type[S2_INVALID_DONATION] || role != S2_PKVM_HOST)
		return (struct s2_own){ 0 };
	own = annotated(pkvm, field_get(TYPED_OWNER, raw));
	if (own.owner == S2_OWNER_GUEST) {
		own.have_handle = true;
		own.handle = (uint32_t)field_get(TYPED_HANDLE, raw);
		own.gfn = field_get(TYPED_GFN, raw);
	}
	return own;
}

struct s2_own s2_pkvm_invalid(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t raw)
{
	struct s2_own none = { 0 };

	/* The fixmap slots of the hypervisor keep stale descriptors (nvhe/mm.c,
	 * fixmap_clear_slot()). */
	if (!raw || role == S2_PKVM_HYP)
		return none;
	switch (pkvm->annotation) {
	case S2_ANNOTATION_HIGH:
		return field_get(HIGH_OWNER, raw) ? annotated(pkvm, field_get(HIGH_OWNER, raw)) :
						    none;
	case S2_ANNOTATION_LOW:
		if (pkvm->locked_bit && (raw & LOW_LOCKED))
			return (struct s2_own){ .state = S2_STATE_LOCKED,
						.from = S2_FROM_ANNOTATION };
		return field_get(LOW_OWNER, raw) ? annotated(pkvm, field_get(LOW_OWNER, raw)) :
						   none;
	case S2_ANNOTATION_TYPED:
		return typed(pkvm, role, raw);
	case S2_ANNOTATION_NONE:
		break;
	}
	return none;
}

/* Who owns a page that a component with a table of @role sees in this state. */
static enum s2_owner owner_by_state(const struct s2_pkvm *pkvm, enum s2_pkvm_role role,
				    enum s2_page_state state)
{
	static const uint8_t self[] = { [S2_PKVM_NONE] = S2_OWNER_NONE,
					[S2_PKVM_HOST] = S2_OWNER_HOST,
					[S2_PKVM_HYP] = S2_OWNER_HYP,
					[S2_PKVM_GUEST] = S2_OWNER_GUEST };

	if (state == S2_STATE_OWNED || state == S2_STATE_SHARED_OWNED)
		return (enum s2_owner)self[role];
	if (state != S2_STATE_SHARED_BORROWED)
		return S2_OWNER_NONE;
	/* Only the host lends to hypervisor and guests. To the host both may lend, if guests own
	 * pages at all. */
	if (role != S2_PKVM_HOST)
		return S2_OWNER_HOST;
	return pkvm->guests && pkvm->id[S2_OWNER_GUEST] >= 0 ? S2_OWNER_NONE : S2_OWNER_HYP;
}

struct s2_own s2_pkvm_leaf(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t raw)
{
	static const uint8_t by_bits[] = { S2_STATE_OWNED, S2_STATE_SHARED_OWNED,
					   S2_STATE_SHARED_BORROWED, S2_STATE_RESERVED };
	struct s2_own own = { .from = S2_FROM_PTE };

	own.state = by_bits[field_get(LEAF_STATE, raw)];
	own.owner = (uint8_t)owner_by_state(pkvm, role, (enum s2_page_state)own.state);
	return own;
}

static const char *const leaf_states[] = { "owned", "shared-owned", "shared-borrowed", "reserved" };

static const struct s2_field leaf_marks[] = {
	{ "state", LEAF_STATE, leaf_states, "of the page, where entries hold it", NULL },
};

/* Up to 5.14; 5.15 to 7.0; from 7.1 on: each kernel means one of them. */
static const struct s2_field invalid_marks[] = {
	{ "owner-high", HIGH_OWNER, NULL, "id of the owner, up to 5.14", NULL },
	{ "owner-low", LOW_OWNER, NULL, "id of the owner, 5.15 to 7.0", NULL },
	{ "locked", LOW_LOCKED, NULL, "being changed, 6.2 to 7.0", NULL },
	{ "type", TYPED_TYPE, NULL, "of the annotation, from 7.1 on", NULL },
	{ "owner", TYPED_OWNER, NULL, "id of the owner, from 7.1 on", NULL },
	{ "handle", TYPED_HANDLE, NULL, "of the guest that owns it, from 7.1 on", NULL },
	{ "gfn", TYPED_GFN, NULL, "guest page number, from 7.1 on", NULL },
};

struct s2_fields s2_pkvm_marks(enum s2_where where)
{
	if (where == S2_IN_LEAF)
		return (struct s2_fields){ leaf_marks, ARRAY_SIZE(leaf_marks) };
	if (where == S2_IN_INVALID)
		return (struct s2_fields){ invalid_marks, ARRAY_SIZE(invalid_marks) };
	return (struct s2_fields){ NULL, 0 };
}

static enum s2_page_state state_of(const struct s2_pkvm *pkvm, uint64_t value)
{
	for (unsigned int i = S2_STATE_OWNED; i <= S2_STATE_NOPAGE; i++)
		if (pkvm->value[i] == value)
			return (enum s2_page_state)i;
	return S2_STATE_RESERVED;
}

enum s2_page_state s2_pkvm_host_state(const struct s2_pkvm *pkvm, uint64_t word)
{
	return pkvm->page.host ? state_of(pkvm, field_get(pkvm->page.host, word)) : S2_STATE_NONE;
}

enum s2_page_state s2_pkvm_hyp_state(const struct s2_pkvm *pkvm, uint64_t word)
{
	if (!pkvm->page.hyp)
		return S2_STATE_NONE;
	return state_of(pkvm, field_get(pkvm->page.hyp, word) ^ HYP_COMPLEMENT);
}

const struct s2_pkvm_region *s2_pkvm_memory_at(const struct s2_pkvm *pkvm, uint64_t pa,
					       uint64_t *ret_next)
{
	size_t low = 0, high = pkvm->nmemory;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (pkvm->memory[mid].pa + pkvm->memory[mid].size <= pa)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == pkvm->nmemory) {
		*ret_next = UINT64_MAX;
		return NULL;
	}
	if (pa < pkvm->memory[low].pa) {
		*ret_next = pkvm->memory[low].pa;
		return NULL;
	}
	*ret_next = pkvm->memory[low].pa + pkvm->memory[low].size;
	return &pkvm->memory[low];
}

enum s2_code s2_pkvm_page_pa(const struct s2_pkvm *pkvm, unsigned int page_log2, uint64_t pa,
			     uint64_t *ret, uint64_t *ret_left)
{
	uint64_t pfn = pa >> page_log2;
	size_t low = 0, high = pkvm->npieces;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (pkvm->piece[mid].pfn + pkvm->piece[mid].n <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == pkvm->npieces || pfn < pkvm->piece[low].pfn || !pkvm->page.size) {
		*ret_left = low < pkvm->npieces && pfn < pkvm->piece[low].pfn ?
				    pkvm->piece[low].pfn - pfn :
				    low_bits(64 - page_log2) - pfn;
		return S2_NOTFOUND;
	}
	*ret = pkvm->piece[low].pa + (pfn - pkvm->piece[low].pfn) * pkvm->page.size;
	*ret_left = pkvm->piece[low].n - (pfn - pkvm->piece[low].pfn);
	return S2_OK;
}

enum s2_code s2_pkvm_page(const struct s2_pkvm *pkvm, const struct s2_mem *mem,
			  unsigned int page_log2, uint64_t pa, uint64_t *ret)
{
	uint64_t at, left, word = 0;
	enum s2_code code = s2_pkvm_page_pa(pkvm, page_log2, pa, &at, &left);

	if (!code)
		code = s2_mem_read(mem, at, &word, pkvm->page.size, NULL);
	if (!code)
		*ret = word;
	return code;
}

/*
 * Who owns the page of a struct hyp_page. Where the state that the component with a table of @role
 * sees leaves that open, the other component's does not: what the hypervisor owns and the host may
 * still read (its text, 6.18 on), what it uses and never took (its stacks, 6.16 to 7.1), what the
 * host borrows and the hypervisor does not lend (from a guest, 7.1 on).
 */
static enum s2_owner owner_by_word(const struct s2_pkvm *pkvm, enum s2_pkvm_role role,
				   uint64_t word)
{
	enum s2_page_state host = s2_pkvm_host_state(pkvm, word);
	enum s2_page_state hyp = s2_pkvm_hyp_state(pkvm, word);
	enum s2_page_state own = role == S2_PKVM_HOST ? host : hyp;
	enum s2_owner owner = owner_by_state(pkvm, role, own);

	if (owner || !host || !hyp)
		return owner;
	if (hyp == S2_STATE_OWNED || hyp == S2_STATE_SHARED_OWNED)
		return S2_OWNER_HYP;
	if (host == S2_STATE_OWNED || host == S2_STATE_SHARED_OWNED)
		return S2_OWNER_HOST;
	return host == S2_STATE_SHARED_BORROWED && hyp == S2_STATE_NOPAGE ? S2_OWNER_GUEST :
									    S2_OWNER_NONE;
}

struct s2_own s2_pkvm_word(const struct s2_pkvm *pkvm, enum s2_pkvm_role role, uint64_t word)
{
	return (struct s2_own){ .owner = (uint8_t)owner_by_word(pkvm, role, word),
				.state = (uint8_t)(role == S2_PKVM_HOST ?
							   s2_pkvm_host_state(pkvm, word) :
							   s2_pkvm_hyp_state(pkvm, word)),
				.from = S2_FROM_VMEMMAP };
}
