// SPDX-License-Identifier: GPL-2.0-or-later
// Which VMCOREINFO is this machine's? Guests in its memory have their own, and so have kernels that
// ran before.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/kernel_priv.h"

#define UTS_LEN 65 /* __NEW_UTS_LEN + 1 */
#define UTS_RELEASE_AT \
	(2 * UTS_LEN)  /* sysname and nodename come first, include/uapi/linux/utsname.h */
#define MAX_HITS 10000 /* more guests than this are not searched past */

/* Table pages of all candidates together that may be read: most are guests' kernels, whose tables
 * lie elsewhere. */
#define VISITS_FLOOR (1ULL << 19)
#define VISITS_PER_PAGE 3
#define SMALLEST_PAGE 4096

/* A VMCOREINFO and how far it fits this memory. */
struct candidate {
	struct s2_vmcoreinfo info;
	struct s2_kva_facts facts;
	struct s2_kva *kva; /* owned */
	unsigned int proofs;
};

static void copy_text(char *to, size_t size, const char *text, size_t len)
{
	snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), text);
}

/* The linear map by the tables, where VMCOREINFO does not tell it. That it is not there proves
 * nothing: a table on the way may be missing. */
static enum s2_code find_linear(struct candidate *c, struct s2_err *err)
{
	enum s2_code code = S2_OK;

	if (c->facts.ops->linear)
		code = c->facts.ops->linear(c->kva, &c->facts.linear_offset, err);
	if (code != S2_NOTFOUND)
		return code;
	if (err)
		s2_err_init(err);
	return S2_OK;
}

/*
 * The release in init_uts_ns must be the one that VMCOREINFO tells: then kimage_voffset and the
 * addresses of symbols hold in this memory. Missing memory proves nothing.
 */
static enum s2_code check_release(const struct s2_mem *mem, struct candidate *c, struct s2_err *err)
{
	char release[UTS_LEN] = "";
	const char *want;
	uint64_t uts, name;
	size_t len;
	enum s2_code code;

	if (s2_vmcoreinfo_get(&c->info, S2_VI_SYMBOL, "init_uts_ns", &uts, NULL) ||
	    s2_vmcoreinfo_get(&c->info, S2_VI_OFFSET, "uts_namespace.name", &name, NULL) ||
	    !s2_vmcoreinfo_text(&c->info, "OSRELEASE", &want, &len))
		return S2_OK;
	code = s2_mem_read(mem, s2_kva_image_pa(&c->facts, uts + name + UTS_RELEASE_AT), release,
			   sizeof(release), err);
	if (s2_is_missing(code))
		return S2_OK;
	if (code)
		return code;
	if (len >= UTS_LEN || strnlen(release, UTS_LEN) != len || memcmp(release, want, len) != 0)
		return s2_fail(err, S2_NOTFOUND, "init_uts_ns does not hold the release %.*s",
			       len > UTS_LEN ? UTS_LEN : (int)len, want);
	c->proofs++;
	return S2_OK;
}

/*
 * The kernel's own tables must map the note's linear address to where the note was found: a guest's
 * tables and linear map know guest addresses only. What is not mapped proves nothing (kernels
 * before 5.4 have the linear map elsewhere).
 */
static enum s2_code check_note(struct candidate *c, uint64_t note_pa, struct s2_err *err)
{
	uint64_t pa;
	enum s2_code code = s2_kva_pa(c->kva, s2_kva_linear_va(&c->facts, note_pa), &pa, err);

	if (s2_is_missing(code) || code == S2_INVALID)
		return S2_OK;
	if (code)
		return code;
	if (pa != note_pa)
		return s2_fail(err, S2_NOTFOUND,
			       "the linear map leads from the note at 0x%llx to 0x%llx",
			       (unsigned long long)note_pa, (unsigned long long)pa);
	c->proofs++;
	return S2_OK;
}

/* Does @text describe the kernel of this memory? @note_pa is UINT64_MAX when the note came with the
 * container. */
static enum s2_code examine(const struct s2_mem *mem, const char *text, size_t len,
			    uint64_t note_pa, struct s2_budget *visits, struct candidate *ret,
			    struct s2_err *err)
{
	struct candidate c = { 0 };
	enum s2_code code = s2_vmcoreinfo_init(&c.info, text, len, err);

	if (!code)
		code = s2_kva_facts_from(&c.info, &c.facts, err);
	if (!code)
		code = s2_kva_new(mem, &c.facts, &c.kva, err);
	if (!code)
		s2_kva_visits(c.kva, visits);
	if (!code)
		code = find_linear(&c, err);
	if (!code)
		code = check_release(mem, &c, err);
	if (!code && note_pa != UINT64_MAX)
		code = check_note(&c, note_pa, err);
	if (!code && note_pa != UINT64_MAX && !c.proofs)
		code = s2_fail(
			err, S2_NOTFOUND,
			"neither init_uts_ns nor the note's own page prove that it is this machine's");
	if (code) {
		s2_kva_free(c.kva);
		return code;
	}
	s2_kva_visits(c.kva, NULL);
	*ret = c;
	return S2_OK;
}

/* The candidate it is. Takes over @text. */
static void adopt(struct s2_kernel *kernel, const struct candidate *c, char *text, uint64_t note_pa)
{
	struct s2_kernel_facts *facts = &kernel->facts;
	const char *value;
	size_t len;

	kernel->text = text;
	kernel->info = c->info;
	kernel->kva = c->kva;
	facts->kva = c->facts;
	facts->number = kernel->nmet;
	facts->from_note = note_pa == UINT64_MAX;
	facts->note_pa = note_pa;
	if (s2_vmcoreinfo_text(&c->info, "OSRELEASE", &value, &len))
		copy_text(facts->release, sizeof(facts->release), value, len);
	if (s2_vmcoreinfo_text(&c->info, "BUILD-ID", &value, &len))
		copy_text(facts->build_id, sizeof(facts->build_id), value, len);
	if (s2_vmcoreinfo_get(&c->info, S2_VI_HEX, "KERNELOFFSET", &facts->kaslr, NULL))
		facts->kaslr = 0;
	if (facts->from_note)
		s2_kernel_say(kernel, "VMCOREINFO from the container's note%s",
			      c->proofs ? "" : " (not confirmed: init_uts_ns is not in the dump)");
	else
		s2_kernel_say(kernel, "VMCOREINFO at physical address 0x%llx (%u rejected)",
			      (unsigned long long)note_pa, facts->rejected);
}

/* The same kernel has the same addresses; the same release may be booted twice. */
static bool is_same(const struct s2_kernel_id *id, const struct candidate *c)
{
	return id->kva.image_offset == c->facts.image_offset &&
	       id->kva.root_pa == c->facts.root_pa && id->kva.stext == c->facts.stext &&
	       id->kva.linear_offset == c->facts.linear_offset;
}

/* A kernel of this machine: notes it, and takes it when it is the one that is wanted. Takes over
 * @text and what @c owns. */
static void meet(struct s2_kernel *kernel, struct candidate *c, char *text, uint64_t note_pa)
{
	unsigned int wanted = kernel->args.number ? kernel->args.number : 1;
	struct s2_kernel_id *id = kernel->met;
	const char *release;
	size_t len;

	while (id < kernel->met + kernel->nmet && !is_same(id, c))
		id++;
	if (id < kernel->met + kernel->nmet) {
		/* The note of the container, as it lies in memory. */
		if (id->note_pa == UINT64_MAX)
			id->note_pa = note_pa;
	} else if (kernel->nmet < S2_MAX_KERNELS) {
		kernel->nmet++;
		*id = (struct s2_kernel_id){ .kva = c->facts, .note_pa = note_pa };
		if (s2_vmcoreinfo_text(&c->info, "OSRELEASE", &release, &len))
			copy_text(id->release, sizeof(id->release), release, len);
		if (kernel->nmet == wanted) {
			adopt(kernel, c, text, note_pa);
			return;
		}
	}
	s2_kva_free(c->kva);
	free(text);
}

static enum s2_code try_container(struct s2_kernel *kernel, struct s2_err *err)
{
	size_t size = strnlen(kernel->args.note, kernel->args.note_size);
	s2_auto_free char *text = NULL;
	struct candidate c;
	enum s2_code code;

	if (size > S2_VMCOREINFO_MAX)
		return s2_fail(err, S2_INVALID, "the VMCOREINFO note is larger than any kernel's");
	text = malloc(size + 1);
	if (!text)
		return s2_fail(err, S2_NOMEM, "no memory for VMCOREINFO");
	memcpy(text, kernel->args.note, size);
	code = examine(kernel->args.mem, text, size, UINT64_MAX, NULL, &c, err);
	if (!code)
		meet(kernel, &c, s2_take(&text), UINT64_MAX);
	return code;
}

static enum s2_code try_hit(struct s2_kernel *kernel, const struct s2_vmcoreinfo_hit *hit,
			    struct s2_budget *visits, struct s2_err *err)
{
	s2_auto_free char *text = malloc((size_t)hit->size + 1);
	struct candidate c;
	enum s2_code code;

	if (!text)
		return s2_fail(err, S2_NOMEM, "no memory for VMCOREINFO");
	code = s2_mem_read(kernel->args.mem, hit->text_pa, text, hit->size, err);
	if (!code)
		code = examine(kernel->args.mem, text, hit->size, hit->pa, visits, &c, err);
	if (!code)
		meet(kernel, &c, s2_take(&text), hit->pa);
	return code;
}

/*
 * Ascending addresses: nothing says where alloc_pages_exact() put the page, nor which of several
 * kernels is the one that is looked for, so all memory is searched.
 */
static enum s2_code search(struct s2_kernel *kernel, struct s2_err *err)
{
	struct s2_vmcoreinfo_scan scan;
	struct s2_vmcoreinfo_hit hit;
	struct s2_budget visits;
	struct s2_err why;
	enum s2_code code = S2_NOTFOUND;

	s2_err_init(&why);
	s2_budget_init(&visits, VISITS_FLOOR, VISITS_PER_PAGE,
		       s2_mem_structures(kernel->args.mem) / SMALLEST_PAGE);
	s2_vmcoreinfo_scan_init(&scan, kernel->args.mem);
	s2_meter_expect(scan.mem->meter, s2_mem_claimed(scan.mem));
	for (unsigned int hits = 0; hits < MAX_HITS; hits++) {
		code = s2_vmcoreinfo_scan_next(&scan, &hit, err);
		if (code)
			break;
		code = try_hit(kernel, &hit, &visits, &why);
		if (code == S2_NOMEM)
			return s2_fail(err, code, "%s", why.text);
		if (code)
			kernel->facts.rejected++;
		if (!visits.left || hits == MAX_HITS - 1)
			s2_vmcoreinfo_scan_stop(&scan);
	}
	s2_meter_expect(scan.mem->meter, 0);
	if (kernel->text) {
		if (!kernel->facts.from_note)
			kernel->facts.unsearched = scan.gaps;
		return S2_OK;
	}
	if (kernel->nmet)
		return s2_fail(err, S2_USAGE, "this memory holds %u kernel%s%s", kernel->nmet,
			       kernel->nmet == 1 ? "" : "s", s2_gaps_text(&scan.gaps).text);
	if (!kernel->facts.rejected)
		return code; /* nothing found, said by the scan */
	return s2_fail(err, S2_NOTFOUND,
		       "%u VMCOREINFO in memory, none of this machine's kernel; the last one: %s%s",
		       kernel->facts.rejected, why.text, s2_gaps_text(&scan.gaps).text);
}

/* The container's note is believed when it is this memory's: then nobody has to search for it. */
enum s2_code s2_kernel_locate(struct s2_kernel *kernel, struct s2_err *err)
{
	struct s2_err inner, second;
	enum s2_code code, found;

	if (!kernel->args.note)
		return search(kernel, err);
	s2_err_init(&inner);
	s2_err_init(&second);
	code = try_container(kernel, &inner);
	if (!code)
		return kernel->text && !kernel->args.name_others ? S2_OK : search(kernel, err);
	s2_kernel_say(kernel, "the container's VMCOREINFO does not fit its memory: %s", inner.text);
	if (code == S2_NOMEM)
		return s2_fail(err, code, "%s", inner.text);
	found = search(kernel, &second);
	if (!found)
		return S2_OK;
	if (found == S2_USAGE)
		return s2_fail(err, found, "%s", second.text);
	return s2_fail(err, code, "the container's VMCOREINFO does not fit its memory: %s",
		       inner.text);
}
