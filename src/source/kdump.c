// SPDX-License-Identifier: GPL-2.0-or-later
// kdump-compressed dumps of makedumpfile and QEMU: two bitmaps, a descriptor per dumped page, pages
// compressed one by one.
//
// Pages are blocks of the size that the header gives, which is not always the kernel's page size
// (QEMU writes 64K blocks for any arm64 guest).
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "source/kdump.h"

#define STATUS_INCOMPLETE 0x8 /* DUMP_DH_COMPRESSED_INCOMPLETE: the writer ran out of space */
#define MAX_VERSION 6         /* of the header */
#define MIN_BLOCK 4096
#define MAX_BLOCK (1U << 20)
#define MAX_PA_BITS 52

/* dump_level: pages of zeros are left out (makedumpfile.h, DL_EXCLUDE_ZERO). */
#define DUMP_LEVEL_ZEROS 1

struct sub_header {
	uint64_t phys_base;
	int32_t dump_level;
	int32_t split; /* header version 2 */
	uint64_t start_pfn;
	uint64_t end_pfn;
	uint64_t offset_vmcoreinfo; /* 3 */
	uint64_t size_vmcoreinfo;
	uint64_t offset_note; /* 4 */
	uint64_t size_note;
	uint64_t offset_eraseinfo; /* 5 */
	uint64_t size_eraseinfo;
	uint64_t start_pfn_64; /* 6 */
	uint64_t end_pfn_64;
	uint64_t max_mapnr_64;
};
_Static_assert(sizeof(struct sub_header) == 104, "as in the file");

static enum s2_code kdump_probe(const struct s2_file *file, struct s2_err *err)
{
	char magic[8];
	enum s2_code code = s2_source_probe_read(file, 0, magic, sizeof(magic), err);

	if (!code && memcmp(magic, "KDUMP   ", sizeof(magic)) != 0 &&
	    memcmp(magic, "DISKDUMP", sizeof(magic)) != 0)
		return S2_NOTMINE;
	return code;
}

static void free_kdump(struct kdump *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->nparts; i++) {
		for (size_t j = 0; j < k->part[i].nruns; j++)
			free(k->part[i].run[j].rank);
		free(k->part[i].run);
		s2_source_close(k->part[i].owner);
	}
	for (size_t i = 0; i < k->nslots; i++)
		free(k->slot[i].block);
	free(k->part);
	free(k->slot);
	free(k->scratch);
	free(k);
}

static void kdump_close(struct s2_source *source)
{
	free_kdump(source->priv);
	source->priv = NULL;
}

/* The header's name of the machine, for people as well. */
struct machine_name {
	char text[sizeof(((struct kdump_header *)0)->utsname[4]) + 1];
};

static struct machine_name machine_name(const struct kdump_header *h)
{
	struct machine_name name = { "" };

	memcpy(name.text, h->utsname[4], sizeof(h->utsname[4]));
	for (char *p = name.text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return name;
}

/* QEMU writes "Unknown" into the header, other tools nothing. */
static enum s2_code check_machine(struct s2_source *source, const struct kdump_header *h,
				  struct s2_err *err)
{
	struct machine_name name = machine_name(h);

	if (!name.text[0] || !strcmp(name.text, "Unknown"))
		return S2_OK;
	source->machine = s2_machine_of_uname(name.text);
	if (!source->machine)
		return s2_fail(err, S2_INVALID,
			       "kdump header: machine '%s' is none whose dumps are read",
			       name.text);
	return S2_OK;
}

/* A machine of the other byte order, or of another kind, lays out the rest of the header otherwise.
 */
static enum s2_code read_header(struct s2_source *source, struct kdump_header *h,
				struct s2_err *err)
{
	enum s2_code code = s2_file_read(&source->file, 0, h, sizeof(*h), err);

	if (code)
		return s2_wrap(err, code, "kdump header");
	if (h->header_version < 1 || h->header_version > MAX_VERSION) {
		uint32_t swapped = be32toh((uint32_t)h->header_version);

		if (swapped && swapped <= MAX_VERSION)
			return s2_fail(err, S2_INVALID,
				       "is a big-endian kdump (machine %s), which is not supported",
				       machine_name(h).text);
		return s2_fail(err, S2_INVALID, "kdump header: version %d is not in 1..%d",
			       h->header_version, MAX_VERSION);
	}
	return check_machine(source, h, err);
}

/* What the header and the sub-header say, bounded. @sub is zero where the header version does not
 * have a member. */
static enum s2_code read_sub_header(const struct s2_file *file, struct kdump *k,
				    struct sub_header *sub, struct s2_err *err)
{
	/* The members of the sub-header that each header version has. */
	static const size_t sizes[MAX_VERSION + 1] = { 0, 12, 32, 48, 64, 80, 104 };
	const struct kdump_header *h = &k->header;
	enum s2_code code;

	if (h->block_size < MIN_BLOCK || h->block_size > MAX_BLOCK ||
	    h->block_size & (h->block_size - 1))
		return s2_fail(err, S2_INVALID,
			       "kdump header: block size %u is not a power of two in %d..%u",
			       h->block_size, MIN_BLOCK, MAX_BLOCK);
	if (!h->sub_hdr_size || h->sub_hdr_size > INT32_MAX)
		return s2_fail(err, S2_INVALID, "kdump header: sub-header of %u blocks",
			       h->sub_hdr_size);
	memset(sub, 0, sizeof(*sub));
	if (h->signature[0] == 'K') { /* DISKDUMP has registers there */
		code = s2_file_read(file, h->block_size, sub, sizes[h->header_version], err);
		if (code)
			return s2_wrap(err, code, "kdump sub-header");
	}
	if (h->header_version < 6 || h->signature[0] != 'K') {
		sub->max_mapnr_64 = h->max_mapnr;
		sub->start_pfn_64 = sub->start_pfn;
		sub->end_pfn_64 = sub->end_pfn;
	}
	k->block_log2 = (unsigned int)__builtin_ctz(h->block_size);
	k->npfns = sub->max_mapnr_64;
	k->split = sub->split;
	return S2_OK;
}

static enum s2_code init_part(struct kdump_part *part, const struct kdump *k,
			      const struct sub_header *sub, struct s2_err *err)
{
	const struct kdump_header *h = &k->header;
	uint64_t bits = (uint64_t)h->bitmap_blocks * h->block_size * 8, bytes;

	if (!k->npfns || k->npfns > BIT64(MAX_PA_BITS) >> k->block_log2 || k->npfns > bits)
		return s2_fail(err, S2_INVALID,
			       "kdump header: %llu pages do not fit bitmaps of %u blocks",
			       (unsigned long long)k->npfns, h->bitmap_blocks);
	part->bitmap1_off = (1 + (uint64_t)h->sub_hdr_size) * h->block_size;
	part->desc_off = part->bitmap1_off + (uint64_t)h->bitmap_blocks * h->block_size;
	part->bitmap2_off = part->bitmap1_off;
	if (k->npfns <= bits / 2)
		part->bitmap2_off += (uint64_t)(h->bitmap_blocks / 2) * h->block_size;
	bytes = (k->npfns + 7) / 8;
	if (!s2_file_holds(part->file, part->bitmap2_off, bytes))
		return s2_fail(
			err, S2_TRUNCATED,
			"the bitmaps of %llu pages run past the end of the file (%llu bytes at "
			"0x%llx, size 0x%llx)",
			(unsigned long long)k->npfns, (unsigned long long)bytes,
			(unsigned long long)part->bitmap2_off,
			(unsigned long long)part->file->size);
	part->end_pfn = k->npfns;
	if (k->split) {
		part->start_pfn = sub->start_pfn_64;
		if (sub->end_pfn_64 < part->end_pfn)
			part->end_pfn = sub->end_pfn_64;
		/* Of a small dump makedumpfile leaves parts empty. */
		if (part->start_pfn > part->end_pfn)
			return s2_fail(err, S2_INVALID,
				       "kdump sub-header: split at pages 0x%llx-0x%llx of 0x%llx",
				       (unsigned long long)sub->start_pfn_64,
				       (unsigned long long)sub->end_pfn_64,
				       (unsigned long long)k->npfns);
	}
	part->incomplete = h->status & STATUS_INCOMPLETE;
	return s2_kdump_rank(part, err);
}

static enum s2_code read_notes(struct s2_source *source, const struct sub_header *sub,
			       struct s2_err *err)
{
	struct s2_note note = { .name = "VMCOREINFO",
				.file_off = sub->offset_vmcoreinfo,
				.size = sub->size_vmcoreinfo };
	uint64_t end;
	enum s2_code code;

	if (sub->offset_note && sub->size_note) {
		if (!s2_add_ok(sub->offset_note, sub->size_note, &end))
			end = UINT64_MAX;
		code = s2_source_read_notes(source, "kdump notes", sub->offset_note, end, 4, err);
		if (code)
			return code;
	}
	if (!note.file_off || !note.size || s2_source_note(source, note.name, 0))
		return S2_OK;
	if (s2_fits(note.file_off, note.size, source->file.size))
		return s2_source_add_note(source, &note, err);
	s2_source_remark(source, "the vmcoreinfo at 0x%llx runs past the end of the file",
			 (unsigned long long)note.file_off);
	return S2_OK;
}

/* The last page's data is the last in the file: when it is not there, the file is cut off. */
static void say_truncated(struct s2_source *source, const struct kdump_part *part)
{
	struct kdump_desc desc;

	source->incomplete |= part->incomplete;
	if (!part->ndumped)
		return;
	if (!s2_file_read(part->file, part->desc_off + (part->ndumped - 1) * sizeof(desc), &desc,
			  sizeof(desc), NULL) &&
	    s2_fits(desc.offset, desc.size, part->file->size))
		return;
	source->incomplete = true;
	s2_source_remark(source, "the file is truncated: it ends at 0x%llx, before its last page",
			 (unsigned long long)part->file->size);
}

/*
 * A page takes a descriptor alone where its block is another's, as pages of zeros do. Work goes by
 * mem.bytes: no more of them than so many times the bytes that are there. With blocks of 4K that
 * is more than there can be.
 */
#define MOST_FLOOR (1ULL << 30)
#define MOST_PER_BYTE 256

static void count_bytes(struct s2_source *source, const struct kdump_part *part, struct kdump *k)
{
	const uint64_t descs = part->file->size / sizeof(struct kdump_desc);
	struct s2_budget most;

	source->claimed += (part->ndumped < descs ? part->ndumped : descs) << k->block_log2;
	k->backed += s2_file_backed(part->file);
	s2_budget_init(&most, MOST_FLOOR, MOST_PER_BYTE, k->backed);
	source->mem.bytes = source->claimed < most.left ? source->claimed : most.left;
	source->mem.backed = k->backed;
	s2_kdump_limit(k);
}

/* Names the first pages that none of the parts given so far answers for. */
static void say_split(struct s2_source *source, const struct kdump *k)
{
	uint64_t pfn = 0, first = 0, end = 0;
	size_t gaps = 0;

	for (size_t i = 0; i <= k->nparts; i++) {
		uint64_t next = i < k->nparts ? k->part[i].start_pfn : k->npfns;

		if (next > pfn && !gaps++) {
			first = pfn;
			end = next;
		}
		pfn = i < k->nparts ? k->part[i].end_pfn : pfn;
	}
	source->lacks[0] = first << k->block_log2;
	source->lacks[1] = end << k->block_log2;
	source->lacks_more = gaps > 1;
	if (gaps)
		s2_source_remark(source,
				 "split dump: the part with pages 0x%llx-0x%llx was not given%s",
				 (unsigned long long)first, (unsigned long long)end,
				 gaps > 1 ? ", and others" : "");
}

/* What makedumpfile takes over of the kernel's name; QEMU leaves that out. */
static void describe(struct s2_source *source, const struct kdump_header *h)
{
	_Static_assert(sizeof(source->node) > sizeof(h->utsname[1]), "room for a terminator");
	memcpy(source->node, h->utsname[1], sizeof(h->utsname[1]));
	if (h->timestamp[0] <= INT64_MAX)
		source->time = h->timestamp[0];
	if (!strncmp(h->utsname[0], "Linux", sizeof(h->utsname[0])))
		source->writer = "makedumpfile";
}

static enum s2_code kdump_open(struct s2_source *source, const struct s2_raw_args *args,
			       struct s2_err *err)
{
	struct kdump *k = calloc(1, sizeof(*k));
	struct sub_header sub;
	enum s2_code code;

	(void)args;
	source->priv = k;
	if (k)
		k->part = calloc(1, sizeof(*k->part));
	if (!k || !k->part)
		return s2_fail(err, S2_NOMEM, "no memory");
	k->nparts = 1;
	k->part[0].file = &source->file;
	code = read_header(source, &k->header, err);
	if (!code)
		code = read_sub_header(&source->file, k, &sub, err);
	if (!code)
		code = init_part(&k->part[0], k, &sub, err);
	if (!code)
		code = s2_kdump_alloc_cache(k, err);
	if (!code)
		code = read_notes(source, &sub, err);
	if (code)
		return code;
	source->mem.ops = &s2_kdump_mem_ops;
	describe(source, &k->header);
	source->left_out_zeros = sub.dump_level & DUMP_LEVEL_ZEROS;
	count_bytes(source, &k->part[0], k);
	say_truncated(source, &k->part[0]);
	say_split(source, k);
	return S2_OK;
}

static bool same_dump(const struct kdump *a, const struct kdump *b)
{
	return a->split && b->split && a->npfns == b->npfns && a->block_log2 == b->block_log2 &&
	       !memcmp(a->header.utsname, b->header.utsname, sizeof(a->header.utsname)) &&
	       !memcmp(a->header.timestamp, b->header.timestamp, sizeof(a->header.timestamp));
}

static enum s2_code kdump_join(struct s2_source *source, struct s2_source *other,
			       struct s2_err *err)
{
	struct kdump *k = source->priv, *add = other->priv;
	struct kdump_part new = add->part[0], *grown;
	enum s2_code code = S2_OK;
	size_t at = 0;

	if (!k->split || !add->split)
		code = s2_fail(err, S2_INVALID, "%s a whole dump" S2_NOT_PARTS,
			       add->split ? "the file before it is" : "is");
	else if (!same_dump(k, add))
		code = s2_fail(err, S2_INVALID, "is a part of another dump than the first file");
	while (!code && at < k->nparts && k->part[at].end_pfn <= new.start_pfn)
		at++;
	if (!code && at < k->nparts && k->part[at].start_pfn < new.end_pfn)
		code = s2_fail(err, S2_INVALID, "pages 0x%llx-0x%llx are in another part as well",
			       (unsigned long long)new.start_pfn, (unsigned long long)new.end_pfn);
	grown = code ? NULL : realloc(k->part, (k->nparts + 1) * sizeof(*grown));
	if (!grown) {
		s2_source_close(other);
		return code ? code : s2_fail(err, S2_NOMEM, "no memory");
	}
	k->part = grown;
	memmove(&k->part[at + 1], &k->part[at], (k->nparts - at) * sizeof(*grown));
	new.owner = other;
	k->part[at] = new;
	k->nparts++;
	add->nparts = 0; /* its part is ours now, its file stays open */
	kdump_close(other);
	count_bytes(source, &k->part[at], k);
	if (!source->incomplete)
		source->remark[0] = '\0'; /* it was say_split()'s */
	if (other->incomplete)
		s2_source_remark(source, "%s", other->remark);
	source->incomplete |= other->incomplete;
	say_split(source, k);
	return S2_OK;
}

const struct s2_source_ops s2_source_kdump = {
	.name = "kdump",
	.probe = kdump_probe,
	.open = kdump_open,
	.join = kdump_join,
	.close = kdump_close,
};
