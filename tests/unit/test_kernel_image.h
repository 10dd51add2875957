/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel made by hand: page tables, kallsyms and VMCOREINFO written from the formats, not from
 * the readers. */
#ifndef TEST_KERNEL_IMAGE_H
#define TEST_KERNEL_IMAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memtable.h"

/* What differs from kernel to kernel. */
struct kshape {
	const char *name;
	unsigned int page_log2, va_config, va_bits;
	bool lpa2;
	uint64_t base;        /* PA of the first byte of RAM */
	uint64_t phys_offset; /* as the kernel would say */
};

#define RAM_SIZE (16U << 20)
#define IMAGE_AT (4U << 20) /* of _stext in RAM; a multiple of 64K */
#define NOTE_AT (8U << 20)
#define TABLES_AT (9U << 20)
#define TABLES_END (12U << 20)

/* Places in the image, from _stext on. */
#define UTS_AT 0x10000U
#define KALLSYMS_AT 0x20000U
#define BTF_AT 0x90010U
#define RO_END 0x100000U
#define DATA_AT 0x180000U /* the init sections lay in between */
#define DATA_SIZE 0x40000U
#define SWAPPER_AT 0x110000U

struct kimage {
	struct kshape shape;
	struct memtable mem;
	uint8_t *ram;
	uint64_t tables_used;
	uint64_t stext, voffset;
	char info[8192]; /* VMCOREINFO so far */
};

static inline uint8_t *at_pa(struct kimage *k, uint64_t pa)
{
	return k->ram + (pa - k->shape.base);
}

static inline uint64_t image_pa(const struct kimage *k, uint64_t off)
{
	return k->shape.base + IMAGE_AT + off;
}

static inline uint8_t *in_image(struct kimage *k, uint64_t off)
{
	return k->ram + IMAGE_AT + off;
}

static inline uint64_t linear_va(const struct kimage *k, uint64_t pa)
{
	/* PAGE_OFFSET = -(1 << VA_BITS), arch/arm64/include/asm/memory.h */
	return pa - k->shape.phys_offset + (0 - (UINT64_C(1) << k->shape.va_config));
}

static inline void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static inline void info_line(struct kimage *k, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline void info_line(struct kimage *k, const char *fmt, ...)
{
	size_t len = strlen(k->info);
	va_list args;

	va_start(args, fmt);
	vsnprintf(k->info + len, sizeof(k->info) - len, fmt, args);
	va_end(args);
}

/* An address in a descriptor: Arm ARM D8.3.1. */
static inline uint64_t desc_address(const struct kshape *s, uint64_t pa)
{
	if (s->page_log2 == 16)
		return (pa & 0x0000ffffffff0000ULL) | (pa >> 48 & 0xf) << 12;
	if (s->lpa2)
		return (pa & 0x0003fffffffff000ULL) | (pa >> 50 & 3) << 8;
	return pa & 0x0000fffffffff000ULL;
}

/* Maps the page or block of @height (0: page) that begins at @va, in the table at @table. */
static inline void map_in(struct kimage *k, uint64_t table, uint64_t va, uint64_t pa,
			  unsigned int height, bool writable)
{
	const struct kshape *s = &k->shape;
	unsigned int stride = s->page_log2 - 3;
	unsigned int levels = (s->va_bits - s->page_log2 + stride - 1) / stride;
	uint64_t in = va & ((UINT64_C(1) << s->va_bits) - 1), desc;

	for (unsigned int h = levels - 1; h > height; h--) {
		uint64_t index = in >> (s->page_log2 + h * stride);
		uint8_t *entry;

		if (h != levels - 1)
			index &= (UINT64_C(1) << stride) - 1;
		entry = at_pa(k, table + index * 8);
		memcpy(&desc, entry, sizeof(desc));
		if (!desc) {
			uint64_t next = k->shape.base + TABLES_AT + k->tables_used;

			k->tables_used += UINT64_C(1) << s->page_log2;
			if (TABLES_AT + k->tables_used > TABLES_END)
				abort();
			put64(entry, desc_address(s, next) | 3);
			table = next;
		} else {
			table = desc & 0x0000fffffffff000ULL;
			if (s->page_log2 == 16)
				table = (desc & 0x0000ffffffff0000ULL) | (desc >> 12 & 0xf) << 48;
			else if (s->lpa2)
				table = (desc & 0x0003fffffffff000ULL) | (desc >> 8 & 3) << 50;
		}
	}
	in >>= s->page_log2 + height * stride;
	if (height != levels - 1)
		in &= (UINT64_C(1) << stride) - 1;
	desc = desc_address(s, pa) | (height ? 1 : 3) | 1 << 10 | (writable ? 0 : 1 << 7);
	if (!s->lpa2)
		desc |= 3 << 8; /* SH, which is not address bits */
	put64(at_pa(k, table + in * 8), desc);
}

/* The same in the kernel's own. */
static inline void map_one(struct kimage *k, uint64_t va, uint64_t pa, unsigned int height,
			   bool writable)
{
	map_in(k, image_pa(k, SWAPPER_AT), va, pa, height, writable);
}

static inline void map_range(struct kimage *k, uint64_t va, uint64_t pa, uint64_t size,
			     bool writable)
{
	uint64_t page = UINT64_C(1) << k->shape.page_log2;

	for (uint64_t off = 0; off < size; off += page)
		map_one(k, va + off, pa + off, 0, writable);
}

/* RAM with an image that is mapped as the kernel maps it, init_uts_ns, and the start of VMCOREINFO.
 */
static inline void kimage_init(struct kimage *k, const struct kshape *shape)
{
	memset(k, 0, sizeof(*k));
	k->shape = *shape;
	k->ram = calloc(1, RAM_SIZE);
	if (!k->ram)
		abort();
	memtable_init(&k->mem, k->ram, shape->base, RAM_SIZE);
	/* Anywhere in the upper half of the kernel's half that is aligned to 2M and 64K. */
	k->stext = (0 - (UINT64_C(1) << (shape->va_bits - 1))) + 0x80400000;
	k->voffset = k->stext - image_pa(k, 0);
	map_range(k, k->stext, image_pa(k, 0), RO_END, false);
	map_range(k, k->stext + DATA_AT, image_pa(k, DATA_AT), DATA_SIZE, true);
	map_range(k, linear_va(k, shape->base + NOTE_AT), shape->base + NOTE_AT, 0x10000, true);
	strcpy((char *)in_image(k, UTS_AT + 16), "Linux");
	strcpy((char *)in_image(k, UTS_AT + 16 + 130), "6.12.0-test");
	info_line(k, "OSRELEASE=6.12.0-test\nBUILD-ID=0123456789abcdef\nPAGESIZE=%u\n",
		  1U << shape->page_log2);
	info_line(k, "SYMBOL(init_uts_ns)=%llx\n", (unsigned long long)(k->stext + UTS_AT));
	info_line(k, "OFFSET(uts_namespace.name)=16\n");
	info_line(k, "SYMBOL(swapper_pg_dir)=%llx\n", (unsigned long long)(k->stext + SWAPPER_AT));
	info_line(k, "SYMBOL(_stext)=%llx\n", (unsigned long long)k->stext);
	info_line(k, "NUMBER(VA_BITS)=%u\n", shape->va_config);
	info_line(k, "NUMBER(kimage_voffset)=0x%llx\n", (unsigned long long)k->voffset);
	info_line(k, "NUMBER(PHYS_OFFSET)=0x%llx\n", (unsigned long long)shape->phys_offset);
	info_line(k, "NUMBER(TCR_EL1_T1SZ)=0x%x\n", 64 - shape->va_bits);
	info_line(k, "KERNELOFFSET=%llx\n", 0x12400000ULL);
}

static inline void kimage_free(struct kimage *k)
{
	free(k->ram);
}

/* Writes a VMCOREINFO note at @off in RAM. */
static inline void put_note(struct kimage *k, uint64_t off, const char *text)
{
	uint8_t *at = k->ram + off;

	put32(at, 11);
	put32(at + 4, (uint32_t)strlen(text));
	put32(at + 8, 0);
	memcpy(at + 12, "VMCOREINFO\0", 12);
	memcpy(at + 24, text, strlen(text));
}

/* ---- kallsyms, after scripts/kallsyms.c ---- */

enum kenc { KENC_ABSOLUTE, KENC_RELATIVE, KENC_PERCPU, KENC_PLACE };

struct ksym {
	const char *name; /* with its type letter in front */
	uint64_t va;
};

static const char *const test_tokens[] = { "__kvm_nvhe_", "kvm_", "_stext", "list", "TT", "D_" };
#define FIRST_TOKEN 128U

/* Writes tables for @n symbols, tells VMCOREINFO. @two: lengths above 127 take two bytes. */
static inline void put_kallsyms(struct kimage *k, const struct ksym *syms, uint32_t n,
				enum kenc enc, bool two)
{
	uint8_t *names = in_image(k, KALLSYMS_AT + 16);
	uint8_t *p = names, *table, *strings, *index;
	uint64_t base = k->stext - 0x10000;
	uint16_t token_off = 0;

	put32(in_image(k, KALLSYMS_AT), n);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t tokens[2048];
		unsigned int len = 0;

		for (const char *c = syms[i].name; *c;) {
			unsigned int t;

			for (t = 0; t < sizeof(test_tokens) / sizeof(test_tokens[0]); t++)
				if (!strncmp(c, test_tokens[t], strlen(test_tokens[t])))
					break;
			if (t < sizeof(test_tokens) / sizeof(test_tokens[0])) {
				tokens[len++] = (uint8_t)(FIRST_TOKEN + t);
				c += strlen(test_tokens[t]);
			} else {
				tokens[len++] = (uint8_t)*c++;
			}
		}
		if (two && len > 127) {
			*p++ = (uint8_t)(len & 0x7f) | 0x80;
			*p++ = (uint8_t)(len >> 7);
		} else {
			*p++ = (uint8_t)len;
		}
		memcpy(p, tokens, len);
		p += len;
	}
	strings = p + (8 - (p - names) % 8) + 8; /* markers lie in between */
	index = strings + 1024;
	table = index + 512;
	for (unsigned int t = 0; t < 256; t++) {
		char one[2] = { (char)t, 0 };
		const char *text =
			t >= FIRST_TOKEN && t - FIRST_TOKEN <
						    sizeof(test_tokens) / sizeof(test_tokens[0]) ?
				test_tokens[t - FIRST_TOKEN] :
				one;

		memcpy(index + t * 2, &token_off, 2);
		memcpy(strings + token_off, text, strlen(text) + 1);
		token_off = (uint16_t)(token_off + strlen(text) + 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t where = k->stext + (uint64_t)(table - in_image(k, 0)) + i * 4;

		if (enc == KENC_ABSOLUTE)
			put64(table + i * 8, syms[i].va);
		else if (enc == KENC_RELATIVE)
			put32(table + i * 4, (uint32_t)(syms[i].va - base));
		else if (enc == KENC_PERCPU)
			put32(table + i * 4, syms[i].va < 0x10000 ?
						     (uint32_t)syms[i].va :
						     (uint32_t)(base - 1 - syms[i].va));
		else
			put32(table + i * 4, (uint32_t)(syms[i].va - where));
	}
	put64(in_image(k, KALLSYMS_AT + 8), base);
#define TELL(sym, at) \
	info_line(k, "SYMBOL(" sym ")=%llx\n", \
		  (unsigned long long)(k->stext + (uint64_t)((at)-in_image(k, 0))))
	TELL("kallsyms_names", names);
	TELL("kallsyms_num_syms", in_image(k, KALLSYMS_AT));
	TELL("kallsyms_token_table", strings);
	TELL("kallsyms_token_index", index);
	if (enc == KENC_ABSOLUTE)
		TELL("kallsyms_addresses", table);
	else
		TELL("kallsyms_offsets", table);
	if (enc == KENC_RELATIVE || enc == KENC_PERCPU)
		TELL("kallsyms_relative_base", in_image(k, KALLSYMS_AT + 8));
#undef TELL
}

static const struct kshape test_shapes[] = {
	{ "4K/48", 12, 48, 48, false, 0x40000000, 0x40000000 },
	{ "4K/39", 12, 39, 39, false, 0x80000000, 0x80000000 },
	{ "4K/52 LPA2, memory above 2^50", 12, 52, 52, true, 0x000c000040000000,
	  0x000c000000000000 },
	{ "4K 52 on 48-bit hardware", 12, 52, 48, false, 0x40000000,
	  0xfff0000000000000 - 0xffff000000000000 + 0x40000000 },
	{ "16K/47", 14, 47, 47, false, 0x40000000, 0x40000000 },
	{ "16K/52 LPA2", 14, 52, 52, true, 0x000a000040000000, 0x000a000000000000 },
	{ "16K 52 on 48-bit hardware", 14, 52, 47, false, 0x40000000, 0xfff0800040000000 },
	{ "64K/42", 16, 42, 42, false, 0x40000000, 0x40000000 },
	{ "64K/48", 16, 48, 48, false, 0x40000000, 0x40000000 },
	{ "64K/52, memory above 2^48", 16, 52, 52, false, 0x0005000040000000, 0x0005000000000000 },
};
#define NSHAPES (sizeof(test_shapes) / sizeof(test_shapes[0]))

/* xorshift64*, the same everywhere. */
static inline uint64_t test_rnd(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

#endif
