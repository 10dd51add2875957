// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of a kdump: from an address through bitmaps and descriptors to a block, decompressed
// once and kept for a while.
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "source/codec.h"
#include "source/kdump.h"

/* The rank is kept for every group of so many pages; one group of a bitmap is read at a time. */
#define GROUP 512
#define GROUP_WORDS (GROUP / 64)

#define CACHE_BYTES (32U << 20)
#define CACHE_WAYS 8

/* Pages of zeros become less, of 64K too, but for snappy, which leaves a 20th of those. */
#define SMALL 320U /* whole words */

#define BLOCK_4K 4096U

/* Group @group of a bitmap, without what lies outside of the part. */
static enum s2_code read_group(const struct kdump_part *part, uint64_t bitmap_off, uint64_t group,
			       uint64_t *ret, struct s2_err *err)
{
	uint64_t first = group * GROUP, end = part->end_pfn;
	uint64_t bytes = end - first < GROUP ? (end - first + 7) / 8 : GROUP / 8;
	enum s2_code code;

	memset(ret, 0, GROUP / 8);
	code = s2_file_read(part->file, bitmap_off + group * (GROUP / 8), ret, (size_t)bytes, err);
	if (code)
		return code;
	for (uint64_t i = 0; i < GROUP_WORDS; i++) {
		uint64_t word = first + i * 64;

		if (word < part->start_pfn)
			ret[i] &= ~low_bits(part->start_pfn - word < 64 ?
						    (unsigned int)(part->start_pfn - word) :
						    64);
		if (end < word + 64)
			ret[i] &= low_bits(end > word ? (unsigned int)(end - word) : 0);
	}
	return S2_OK;
}

/* The groups [@first, @end) of @part's second bitmap, all of which are on disk. */
static enum s2_code rank_run(struct kdump_part *part, uint64_t first, uint64_t end,
			     struct s2_err *err)
{
	struct kdump_run *grown = realloc(part->run, (part->nruns + 1) * sizeof(*grown));
	uint64_t word[GROUP_WORDS], *rank;

	if (!grown)
		return s2_fail(err, S2_NOMEM, "no memory for the index of pages");
	part->run = grown;
	rank = calloc((size_t)(end - first), sizeof(*rank));
	if (!rank)
		return s2_fail(err, S2_NOMEM, "no memory for the index of %llu pages",
			       (unsigned long long)((end - first) * GROUP));
	part->run[part->nruns++] =
		(struct kdump_run){ .group = first, .n = end - first, .rank = rank };
	for (uint64_t i = first; i < end; i++) {
		enum s2_code code = read_group(part, part->bitmap2_off, i, word, err);

		if (code)
			return code;
		rank[i - first] = part->ndumped;
		for (uint64_t j = 0; j < GROUP_WORDS; j++) {
			if (!word[j])
				continue;
			part->ndumped += (uint64_t)__builtin_popcountll(word[j]);
			part->dumped_end =
				i * GROUP + j * 64 + 64 - (uint64_t)__builtin_clzll(word[j]);
		}
	}
	return S2_OK;
}

/* The first group from @group on of which a bitmap has something on disk; ret_end: where that ends.
 */
static uint64_t group_on_disk(const struct kdump_part *part, uint64_t bitmap_off, uint64_t group,
			      uint64_t *ret_end)
{
	uint64_t end, data = s2_file_data(part->file, bitmap_off + group * (GROUP / 8), &end);

	*ret_end = (end - bitmap_off + GROUP / 8 - 1) / (GROUP / 8);
	return (data - bitmap_off) / (GROUP / 8);
}

enum s2_code s2_kdump_rank(struct kdump_part *part, struct s2_err *err)
{
	uint64_t group = part->start_pfn / GROUP, last, end;

	if (part->start_pfn == part->end_pfn)
		return S2_OK;
	last = (part->end_pfn - 1) / GROUP;
	while (group <= last &&
	       (group = group_on_disk(part, part->bitmap2_off, group, &end)) <= last) {
		enum s2_code code;

		if (end > last + 1)
			end = last + 1;
		code = rank_run(part, group, end, err);
		if (code)
			return code;
		group = end;
	}
	return S2_OK;
}

/* How many pages were dumped before @group, which holds one; UINT64_MAX when it held none as the
 * file was opened. */
static uint64_t rank_of(const struct kdump_part *part, uint64_t group)
{
	const struct kdump_run *run;
	size_t low = 0, high = part->nruns;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (part->run[mid].group <= group)
			low = mid;
		else
			high = mid;
	}
	run = part->nruns ? &part->run[low] : NULL;
	if (!run || group < run->group || group - run->group >= run->n)
		return UINT64_MAX;
	return run->rank[group - run->group];
}

static const struct kdump_part *find_part(const struct kdump *k, uint64_t pfn)
{
	for (size_t i = 0; i < k->nparts; i++)
		if (pfn >= k->part[i].start_pfn && pfn < k->part[i].end_pfn)
			return &k->part[i];
	return NULL;
}

static bool test_bit(const uint64_t *word, uint64_t bit)
{
	return word[bit / 64] & BIT64(bit % 64);
}

/*
 * Data follow the descriptors, a block of it for each page at most. Beyond, a descriptor is
 * damaged; before, the file may just be cut off. Some blocks more cost nothing.
 */
static uint64_t furthest_data(const struct kdump *k, const struct kdump_part *part)
{
	return part->desc_off +
	       (part->ndumped + 16) * (sizeof(struct kdump_desc) + kdump_block_size(k));
}

/* The descriptor of the page at @pa, checked so far that its data can be read as it says. */
static enum s2_code find_page(const struct kdump *k, uint64_t pa,
			      const struct kdump_part **ret_part, struct kdump_desc *ret,
			      struct s2_err *err)
{
	uint64_t pfn = pa >> k->block_log2, group = pfn / GROUP, bit = pfn % GROUP, rank;
	const struct kdump_part *part = find_part(k, pfn);
	uint64_t word[GROUP_WORDS];
	struct kdump_desc desc;
	enum s2_code code;

	if (!part)
		return s2_fail(err, S2_ABSENT, "is not in the dump");
	code = read_group(part, part->bitmap2_off, group, word, err);
	if (code)
		return code;
	if (!test_bit(word, bit)) {
		code = read_group(part, part->bitmap1_off, group, word, err);
		if (code)
			return code;
		if (!test_bit(word, bit))
			return s2_fail(err, S2_ABSENT, "is not in the dump");
		/* The second bitmap is written as far as pages are. */
		if (part->incomplete && pfn >= part->dumped_end)
			return s2_fail(err, S2_TRUNCATED,
				       "was not written, the dump is incomplete");
		return s2_fail(err, S2_EXCLUDED, "was left out of the dump");
	}
	rank = rank_of(part, group);
	if (rank == UINT64_MAX)
		return s2_fail(err, S2_DAMAGED, "the bitmap changed while the file was read");
	for (uint64_t i = 0; i < bit / 64; i++)
		rank += (uint64_t)__builtin_popcountll(word[i]);
	rank += (uint64_t)__builtin_popcountll(word[bit / 64] & low_bits(bit % 64));
	code = s2_file_read(part->file, part->desc_off + rank * sizeof(desc), &desc, sizeof(desc),
			    err);
	if (code)
		return code;
	if (!desc.offset)
		return s2_fail(err, S2_TRUNCATED, "was not written, the dump is incomplete");
	if (desc.offset < part->desc_off || desc.offset > furthest_data(k, part))
		return s2_fail(err, S2_DAMAGED,
			       "page descriptor %llu: no dump of so many pages has data at 0x%llx",
			       (unsigned long long)rank, (unsigned long long)desc.offset);
	if (desc.flags & ~S2_CODEC_FLAGS || !desc.size || desc.size > kdump_block_size(k) ||
	    (!desc.flags && desc.size != kdump_block_size(k)))
		return s2_fail(
			err, S2_DAMAGED,
			"page descriptor %llu: size %u and flags 0x%x do not fit blocks of %llu",
			(unsigned long long)rank, desc.size, desc.flags,
			(unsigned long long)kdump_block_size(k));
	if (!s2_fits(desc.offset, desc.size, part->file->size))
		return s2_fail(err, S2_TRUNCATED,
			       "the file ends before its data (%u bytes at 0x%llx)", desc.size,
			       (unsigned long long)desc.offset);
	*ret_part = part;
	*ret = desc;
	return S2_OK;
}

enum s2_code s2_kdump_alloc_cache(struct kdump *k, struct s2_err *err)
{
	size_t n = CACHE_BYTES / kdump_block_size(k);

	k->slot = calloc(n, sizeof(*k->slot));
	k->scratch = malloc(kdump_block_size(k));
	if (!k->slot || !k->scratch)
		return s2_fail(err, S2_NOMEM, "no memory for decompressed pages");
	k->nslots = n;
	return S2_OK;
}

/* What a block is looked for by. */
struct kdump_key {
	const struct s2_file *file;
	const struct kdump_desc *desc;
	bool small; /* by these, its bytes in the file, zeros behind them */
	uint8_t bytes[SMALL];
};

static enum s2_code make_key(const struct s2_file *file, const struct kdump_desc *desc,
			     struct kdump_key *ret, struct s2_err *err)
{
	*ret = (struct kdump_key){ .file = file, .desc = desc, .small = desc->size <= SMALL };
	return ret->small ? s2_file_read(file, desc->offset, ret->bytes, desc->size, err) : S2_OK;
}

static uint64_t hash(const struct kdump_key *key)
{
	const uint64_t mix = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t ret = key->small ? 0 : key->desc->offset, word;

	for (uint32_t at = 0; key->small && at < key->desc->size; at += sizeof(word)) {
		memcpy(&word, key->bytes + at, sizeof(word));
		ret = (ret ^ word) * mix;
		ret ^= ret >> 32;
	}
	return (ret * mix) >> 32;
}

static bool is_held(const struct kdump *k, const struct kdump_slot *slot,
		    const struct kdump_key *key)
{
	if (!slot->file || slot->desc.size != key->desc->size ||
	    slot->desc.flags != key->desc->flags)
		return false;
	if (key->small)
		return !memcmp(slot->block + kdump_block_size(k), key->bytes, key->desc->size);
	return slot->file == key->file && slot->desc.offset == key->desc->offset;
}

/* Whether @ret holds the block; else it is the one of its set that was used longest ago. */
static bool find_slot(const struct kdump *k, const struct kdump_key *key, struct kdump_slot **ret)
{
	uint64_t sets = k->nslots / CACHE_WAYS;
	struct kdump_slot *set = &k->slot[hash(key) % sets * CACHE_WAYS];

	*ret = set;
	for (struct kdump_slot *slot = set; slot < set + CACHE_WAYS; slot++) {
		if (is_held(k, slot, key)) {
			*ret = slot;
			return true;
		}
		if (slot->used < (*ret)->used)
			*ret = slot;
	}
	return false;
}

/*
 * What compressed blocks may become, all together and each time that it is done again: blocks of
 * 1K could all be a mebibyte of zeros, which zlib takes 2.5 ns a byte for. Dumps of real machines
 * become 3 to 6 times as large without their pages of zeros, which makedumpfile without -d 1
 * compresses one by one: 64K of them to 80 bytes. Those are one block here, decompressed once.
 */
#define UNPACKED_MIB 512
#define UNPACKED_PER_BYTE 128

/* What is compared with zeros: blocks that many pages share, and that only end in something else. */
#define COMPARED_FLOOR (64U << 20)
#define COMPARED_PER_BYTE 4

void s2_kdump_limit(struct kdump *k)
{
	s2_budget_init(&k->unpacking, (uint64_t)UNPACKED_MIB << 20, UNPACKED_PER_BYTE, k->backed);
	s2_budget_init(&k->comparing, COMPARED_FLOOR, COMPARED_PER_BYTE, k->backed);
}

static enum s2_code take_unpacking(struct kdump *k, struct s2_lost *lost, struct s2_err *err)
{
	static const char text[] =
		"no more pages are decompressed: they would become more than %d times the file "
		"and %d MiB";

	if (!s2_budget_take(&k->unpacking, kdump_block_size(k)))
		return S2_OK;
	if (!k->told)
		s2_lost_add(lost, S2_LOST_FILE, S2_BUDGET, NULL, S2_LOST_NOWHERE, text,
			    UNPACKED_PER_BYTE, UNPACKED_MIB);
	k->told = true;
	/* Missing to whoever reads: no page of a sound dump. */
	return s2_fail(err, S2_DAMAGED, text, UNPACKED_PER_BYTE, UNPACKED_MIB);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return !*bytes && !memcmp(bytes, bytes + 1, len - 1);
}

static enum s2_code fill_slot(const struct kdump *k, struct kdump_slot *slot,
			      const struct kdump_key *key, struct s2_err *err)
{
	const struct kdump_desc *desc = key->desc;
	const void *in = key->small ? key->bytes :
				      s2_file_view(key->file, desc->offset, desc->size);
	enum s2_code code = S2_OK;

	slot->file = NULL;
	if (!slot->block)
		slot->block = malloc(kdump_block_size(k) + SMALL);
	if (!slot->block)
		return s2_fail(err, S2_NOMEM, "no memory for a decompressed page");
	if (!in) {
		in = k->scratch;
		code = s2_file_read(key->file, desc->offset, k->scratch, desc->size, err);
	}
	if (!code)
		code = s2_codec_decompress(desc->flags, in, desc->size, slot->block,
					   kdump_block_size(k), err);
	if (code)
		return code;
	if (key->small)
		memcpy(slot->block + kdump_block_size(k), key->bytes, desc->size);
	slot->zeros = key->small && is_zero(slot->block, (size_t)kdump_block_size(k));
	slot->file = key->file;
	slot->desc = *desc;
	return S2_OK;
}

static enum s2_code get_block(struct kdump *k, struct s2_lost *lost, const struct s2_file *file,
			      const struct kdump_desc *desc, const uint8_t **ret,
			      struct s2_err *err)
{
	struct kdump_slot *slot;
	struct kdump_key key;
	enum s2_code code = make_key(file, desc, &key, err);

	if (!code && !find_slot(k, &key, &slot)) {
		code = take_unpacking(k, lost, err);
		if (!code)
			code = fill_slot(k, slot, &key, err);
	}
	if (code)
		return code;
	slot->used = ++k->clock;
	*ret = slot->block;
	return S2_OK;
}

static enum s2_code kdump_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
			       struct s2_err *err)
{
	const struct s2_source *source = s2_source_of(mem);
	struct kdump *k = source->priv;
	uint8_t *out = buf;

	while (len) {
		uint64_t skip = pa & (kdump_block_size(k) - 1);
		size_t n = kdump_block_size(k) - skip < len ? (size_t)(kdump_block_size(k) - skip) :
							      len;
		const struct kdump_part *part;
		struct kdump_desc desc;
		const uint8_t *block;
		enum s2_code code = find_page(k, pa, &part, &desc, err);

		if (!code && !desc.flags) {
			code = s2_file_read(part->file, desc.offset + skip, out, n, err);
		} else if (!code) {
			code = get_block(k, source->lost, part->file, &desc, &block, err);
			if (!code)
				memcpy(out, block + skip, n);
		}
		if (code)
			return s2_wrap(err, code, "physical address 0x%llx",
				       (unsigned long long)pa);
		out += n;
		pa += n;
		len -= n;
	}
	return S2_OK;
}

/* Only blocks that were stored as they are can be seen: what the cache holds does not last. */
static const void *kdump_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	const struct kdump *k = s2_source_of(mem)->priv;
	uint64_t skip = pa & (kdump_block_size(k) - 1);
	const struct kdump_part *part;
	struct kdump_desc desc;
	const void *view;

	if (!s2_fits(skip, len, kdump_block_size(k)) || find_page(k, pa, &part, &desc, NULL) ||
	    desc.flags)
		return NULL;
	view = s2_file_view(part->file, desc.offset + skip, len);
	return is_aligned((uintptr_t)view, sizeof(uint64_t)) ? view : NULL;
}

/* The first page from @pfn on whose bit of its group is not @is_set; @end when all before that are.
 */
static uint64_t first_other(const uint64_t *group, bool is_set, uint64_t pfn, uint64_t end)
{
	while (pfn < end) {
		uint64_t i = pfn % GROUP / 64;
		uint64_t word = (is_set ? ~group[i] : group[i]) & ~low_bits(pfn % 64);

		if (word) {
			pfn = (pfn & ~UINT64_C(63)) + (uint64_t)__builtin_ctzll(word);
			break;
		}
		pfn = (pfn | 63) + 1;
	}
	return pfn < end ? pfn : end;
}

/*
 * The first page of @part from @pfn on that exists, or does not; its end when there is none. Pages
 * of which the bitmaps cannot be read may exist: whoever reads them is told why they cannot be had.
 */
static uint64_t scan(const struct kdump_part *part, uint64_t pfn, bool exists)
{
	while (pfn < part->end_pfn) {
		uint64_t group = pfn / GROUP, a[GROUP_WORDS], b[GROUP_WORDS], next, other, end;

		if (read_group(part, part->bitmap1_off, group, a, NULL) ||
		    read_group(part, part->bitmap2_off, group, b, NULL)) {
			if (exists)
				return pfn;
			pfn = (group + 1) * GROUP;
			continue;
		}
		for (uint64_t i = 0; i < GROUP_WORDS; i++)
			a[i] |= b[i];
		pfn = first_other(a, !exists, pfn, (group + 1) * GROUP);
		if (pfn < (group + 1) * GROUP)
			return pfn < part->end_pfn ? pfn : part->end_pfn;
		if (!exists || !part->file->sparse)
			continue;
		next = group_on_disk(part, part->bitmap1_off, group + 1, &end);
		other = group_on_disk(part, part->bitmap2_off, group + 1, &end);
		if (other < next)
			next = other;
		if (next > group + 1)
			pfn = next <= (part->end_pfn - 1) / GROUP ? next * GROUP : part->end_pfn;
	}
	return part->end_pfn;
}

/* Inside an extent, what is returned starts at the block of @pa. */
static enum s2_code kdump_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	const struct kdump *k = s2_source_of(mem)->priv;
	uint64_t pfn = pa >> k->block_log2;

	for (size_t i = 0; i < k->nparts; i++) {
		const struct kdump_part *part = &k->part[i];
		uint64_t first = scan(part, pfn > part->start_pfn ? pfn : part->start_pfn, true),
			 end;

		if (first >= part->end_pfn)
			continue;
		end = scan(part, first, false);
		while (end == k->part[i].end_pfn && i + 1 < k->nparts &&
		       k->part[i + 1].start_pfn == end)
			end = scan(&k->part[++i], end, false);
		ret->pa = first << k->block_log2;
		ret->size = (end - first) << k->block_log2;
		return S2_OK;
	}
	return S2_NOTFOUND;
}

/* The block of @desc, which is stored as it is, holds nothing. QEMU and makedumpfile store one such
 * for all pages of zeros. */
static bool is_zero_block(struct kdump *k, const struct kdump_part *part,
			  const struct kdump_desc *desc)
{
	uint64_t first;

	if (k->zero_file == part->file && k->zero_off == desc->offset)
		return true;
	if (s2_file_read(part->file, desc->offset, &first, sizeof(first), NULL) || first ||
	    s2_budget_take(&k->comparing, kdump_block_size(k)) ||
	    s2_file_read(part->file, desc->offset, k->scratch, kdump_block_size(k), NULL) ||
	    !is_zero(k->scratch, (size_t)kdump_block_size(k)))
		return false;
	k->zero_file = part->file;
	k->zero_off = desc->offset;
	return true;
}

/* The page at @pa is zeros that were looked at before, with others. */
static bool is_zero_page(struct kdump *k, uint64_t pa)
{
	const struct kdump_part *part;
	struct kdump_slot *slot;
	struct kdump_desc desc;
	struct kdump_key key;

	if (find_page(k, pa, &part, &desc, NULL))
		return false;
	if (!desc.flags)
		return is_zero_block(k, part, &desc);
	return desc.size <= SMALL && !make_key(part->file, &desc, &key, NULL) &&
	       find_slot(k, &key, &slot) && slot->zeros;
}

/*
 * Within one group of the bitmaps. With blocks of 4K nobody's budget is less than what a file can
 * hold of them: there, asking would only cost.
 */
static uint64_t kdump_zeros(const struct s2_mem *mem, uint64_t pa, uint64_t *ret_next)
{
	struct kdump *k = s2_source_of(mem)->priv;
	const uint64_t size = kdump_block_size(k);
	uint64_t end = pa & ~(size - 1), pfn = pa >> k->block_log2;

	*ret_next = UINT64_MAX;
	if (size <= BLOCK_4K)
		return 0;
	do {
		if (!is_zero_page(k, end))
			break;
		end += size;
	} while (end && (end >> k->block_log2) / GROUP == pfn / GROUP);
	if (end > pa)
		return end - pa;
	*ret_next = end + size > end ? end + size : UINT64_MAX;
	return 0;
}

/* The page at @pa was dumped, but will not be decompressed any more. */
static bool is_given_up(const struct kdump *k, uint64_t pa)
{
	const struct kdump_part *part;
	struct kdump_slot *slot;
	struct kdump_desc desc;
	struct kdump_key key;

	return !find_page(k, pa, &part, &desc, NULL) && desc.flags &&
	       !make_key(part->file, &desc, &key, NULL) && !find_slot(k, &key, &slot);
}

/* Within one group of the bitmaps, a page and those after it that have the same bits. */
static enum s2_code kdump_lacks(const struct s2_mem *mem, uint64_t pa, uint64_t *ret)
{
	const struct kdump *k = s2_source_of(mem)->priv;
	uint64_t pfn = pa >> k->block_log2, group = pfn / GROUP, end, last;
	const struct kdump_part *part = find_part(k, pfn);
	uint64_t exists[GROUP_WORDS], dumped[GROUP_WORDS];
	bool is_dumped, is_there, unwritten;

	*ret = kdump_block_size(k) - (pa & (kdump_block_size(k) - 1));
	if (!part)
		return S2_ABSENT;
	if (read_group(part, part->bitmap1_off, group, exists, NULL) ||
	    read_group(part, part->bitmap2_off, group, dumped, NULL))
		return S2_OK;
	is_dumped = test_bit(dumped, pfn % GROUP);
	if (k->told && is_dumped)
		return is_given_up(k, pa) ? S2_DAMAGED : S2_OK;
	is_there = test_bit(exists, pfn % GROUP);
	/* The second bitmap is written as far as pages are. */
	unwritten = part->incomplete && pfn >= part->dumped_end;
	last = (group + 1) * GROUP < part->end_pfn ? (group + 1) * GROUP : part->end_pfn;
	if (!unwritten && part->incomplete && last > part->dumped_end)
		last = part->dumped_end;
	end = first_other(dumped, is_dumped, pfn, last);
	if (!is_dumped)
		end = first_other(exists, is_there, pfn, end);
	*ret += (end - pfn - 1) << k->block_log2;
	if (is_dumped)
		return S2_OK;
	if (!is_there)
		return S2_ABSENT;
	return unwritten ? S2_TRUNCATED : S2_EXCLUDED;
}

const struct s2_mem_ops s2_kdump_mem_ops = { .read = kdump_read,
					     .view = kdump_view,
					     .next = kdump_next,
					     .zeros = kdump_zeros,
					     .lacks = kdump_lacks };
