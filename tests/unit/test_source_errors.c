// SPDX-License-Identifier: GPL-2.0-or-later
// Headers that lie, files that cannot be read, dumps in parts: one-line errors that name the value,
// never a wrong byte.
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>
#include <elf.h>
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/bits.h"
#include "source/codec.h"
#include "source/fault.h"
#include "source/source.h"
#include "test_source.h"

#define SUB 4096 /* of the kdump sub-header, with blocks of 4096 */

static const struct s2_raw_args no_args;

/* The first bytes of a file and what is said of it. */
static void test_unsupported(void **state)
{
#define HEAD(text) text, sizeof(text) - 1
	static const struct {
		const char *head;
		size_t len;
		const char *want;
	} rows[] = {
		{ HEAD("LibvirtQemudSave\2\0\0\0"), "virsh dump --memory-only" },
		{ HEAD("QEVM\0\0\0\3"), "QEMU migration stream" },
		{ HEAD("QFI\xfb\0\0\0\3"), "qcow2" },
		{ HEAD("PAGEDU64"), "Windows dump" },
		{ HEAD("\x1f\x8b\x08\0"), "gzip, and damaged" },
		{ HEAD("\xfd"
		       "7zXZ\0"),
		  "xz, and damaged" },
		{ HEAD("\x28\xb5\x2f\xfd"), "zstd, and damaged" },
		{ HEAD("BZh9"), "bzip2, and damaged" },
		{ HEAD("AVML\2\0\0\0"), "avml-convert" },
		{ HEAD("\x7f"
		       "ELF\1\1\1"),
		  "the file ends inside it" },
		{ HEAD("KDUMP   "), "kdump header" },
		{ HEAD("EMiL\1\0\0\0"), "LiME header" },
		{ HEAD("LiME\0\0\0\1"), "is a big-endian LiME dump" },
		{ HEAD("makedumpfile\0\0\0\0"), "flattened header" },
		{ HEAD("\xd2\xbe\xd2\xbe\10\0\0\0"), "VMware" },
		{ HEAD("\xed\x23\x8f\x61\x73\x01\x19\xa8\10"), "LKCD" },
		{ HEAD("070701000"), "cpio" },
		{ HEAD("7z\xbc\xaf\x27\x1c\0\4"), "7z" },
	};
#undef HEAD

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_source *source;
		struct s2_err err;

		s2_err_init(&err);
		assert_int_not_equal(s2_source_open_memory(rows[i].head, rows[i].len, &no_args,
							   &source, &err),
				     S2_OK);
		if (!strstr(err.text, rows[i].want))
			fail_msg("'%s' lacks '%s'", err.text, rows[i].want);
	}
}

static void expect_refusal(const void *data, size_t size, const char *want)
{
	struct s2_source *source;
	struct s2_err err;

	s2_err_init(&err);
	assert_int_equal(s2_source_open_memory(data, size, &no_args, &source, &err), S2_INVALID);
	assert_string_equal(err.text, want);
}

/* What says of itself what it is behind its first bytes. */
static void test_unsupported_behind(void **state)
{
	static const struct {
		const char *magic;
		size_t off;
		const char *want;
	} rows[] = {
		{ "S1SUSPEND", 4096 - 10,
		  "is a hibernation image in a swap space, which is not supported" },
		{ "S1SUSPEND", 16384 - 10,
		  "is a hibernation image in a swap space, which is not supported" },
		{ "S1SUSPEND", 65536 - 10,
		  "is a hibernation image in a swap space, which is not supported" },
		{ "SWAPSPACE2", 4096 - 10, "is a swap space, not a dump" },
		{ "SWAPSPACE2", 65536 - 10, "is a swap space, not a dump" },
		{ "ARM\x64", 56,
		  "begins with a kernel image: that alone is no dump, and of raw memory it must be said where it was" },
		{ "ustar", 257, "is a tar archive; unpack it first" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].magic);
		char *file = calloc(1, rows[i].off + len);
		struct s2_source *source;

		assert_non_null(file);
		memcpy(file + rows[i].off, rows[i].magic, len);
		expect_refusal(file, rows[i].off + len, rows[i].want);
		/* A byte beside it is no magic. */
		memmove(file + 1, file, rows[i].off + len - 1);
		assert_int_equal(s2_source_open_memory(file, rows[i].off + len, &no_args, &source,
						       NULL),
				 S2_OK);
		s2_source_close(source);
		free(file);
	}
}

/* What a flattened file holds may be unknown because its end is missing: pieces come in any order. */
static void test_flattened_cut(void **state)
{
	static const struct {
		bool ends;
		const char *want;
	} rows[] = {
		{ true, "flattened file: holds neither an ELF core nor a kdump" },
		{ false, "the flattened file is truncated at 0x1018: it has no end marker: "
			 "holds neither an ELF core nor a kdump" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct {
			char signature[16];
			uint64_t type, version, pad[508], off, size, data, end[2];
		} f = { .signature = "makedumpfile",
			.type = htobe64(1),
			.version = htobe64(1),
			.size = htobe64(8),
			.end = { UINT64_MAX, UINT64_MAX } };

		expect_refusal(&f, sizeof(f) - (rows[i].ends ? 0 : sizeof(f.end)), rows[i].want);
	}
}

/* A dump on a volume that is larger, or whose end was not written: what goes before holds. */
static void test_lime_zeros(void **state)
{
	struct {
		uint32_t magic, version;
		uint64_t first, last, reserved;
		uint8_t memory[PAGE], behind[3 * PAGE];
	} f = { .magic = 0x4c694d45, .version = 1, .first = 0x40000000, .last = 0x40000fff };
	struct s2_source *source;
	struct s2_err err;
	uint8_t byte;

	(void)state;
	f.memory[PAGE - 1] = 7;
	for (size_t zeros = 0; zeros <= sizeof(f.behind); zeros += 32) {
		size_t size = sizeof(f) - sizeof(f.behind) + zeros;

		assert_int_equal(s2_source_open_memory(&f, size, &no_args, &source, NULL), S2_OK);
		assert_int_equal(source->incomplete, zeros > 0);
		assert_int_equal(s2_mem_read(&source->mem, 0x40000fff, &byte, 1, NULL), S2_OK);
		assert_int_equal(byte, 7);
		s2_source_close(source);
	}
	f.behind[31] = 1;
	s2_err_init(&err);
	assert_int_equal(s2_source_open_memory(&f, sizeof(f), &no_args, &source, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "magic 0x00000000, version 0"));
}

/* Cores of Xen's guests have sections and no segments, crash dumps of the hypervisor a note, and so
 * have cores of processes. */
static void test_xen(void **state)
{
	struct {
		Elf64_Ehdr ehdr;
		Elf64_Shdr shdr[3];
		Elf64_Phdr phdr;
		Elf64_Nhdr nhdr;
		char name[16], desc[8], strings[64];
	} f = {
		.ehdr = { .e_type = ET_CORE,
			  .e_machine = EM_RISCV,
			  .e_shoff = sizeof(Elf64_Ehdr),
			  .e_shentsize = sizeof(Elf64_Shdr),
			  .e_shnum = 3,
			  .e_shstrndx = 1,
			  .e_phentsize = sizeof(Elf64_Phdr) },
		.shdr = { { .sh_type = SHT_NULL },
			  { .sh_type = SHT_STRTAB, .sh_size = sizeof(f.strings) },
			  { .sh_type = SHT_PROGBITS, .sh_name = 1 } },
		.phdr = { .p_type = PT_NOTE, .p_align = 4 },
		.nhdr = { .n_namesz = 4, .n_descsz = 8, .n_type = 0x1000001 },
		.name = "Xen",
		.strings = "\0.xen_pages",
	};
	static const char guest[] =
		"is a core of a Xen guest (xl dump-core, machine 243), which is not supported";
	static const char hypervisor[] =
		"is a crash dump of a Xen hypervisor (machine 243), which is not supported";
	static const char other[] = "ELF header: machine 243 is none whose dumps are read";

	(void)state;
	memcpy(f.ehdr.e_ident, "\177ELF\2\1\1", 7);
	f.shdr[1].sh_offset = offsetof(__typeof__(f), strings);
	f.phdr.p_offset = offsetof(__typeof__(f), nhdr);
	f.phdr.p_filesz = offsetof(__typeof__(f), strings) - f.phdr.p_offset;
	f.ehdr.e_phoff = offsetof(__typeof__(f), phdr);
	expect_refusal(&f, sizeof(f), guest);
	strcpy(f.strings + 1, ".note.Xen");
	expect_refusal(&f, sizeof(f), guest);
	strcpy(f.strings + 1, ".note");
	expect_refusal(&f, sizeof(f), other);
	f.ehdr.e_phnum = 1;
	strcpy(f.name, "VMCOREINFO_XEN");
	f.nhdr.n_namesz = 15;
	expect_refusal(&f, sizeof(f), hypervisor);
	memset(f.name, 0, sizeof(f.name));
	strcpy(f.name, "Xen");
	f.nhdr.n_namesz = 4;
	expect_refusal(&f, sizeof(f), hypervisor);
	f.nhdr.n_type = 0x1000003;
	expect_refusal(&f, sizeof(f), other);
	/* Of notes of the same owner, dumps of machines have registers alone, /proc/kcore a name. */
	strcpy(f.name, "CORE");
	f.nhdr.n_namesz = 5;
	for (f.nhdr.n_type = NT_PRSTATUS; f.nhdr.n_type < NT_AUXV; f.nhdr.n_type++)
		expect_refusal(&f, sizeof(f), other);
	expect_refusal(&f, sizeof(f),
		       "is a core of one process (machine 243), which is not supported");
	memset(f.name, 0, sizeof(f.name));
	strcpy(f.name, "Xen");
	f.nhdr.n_namesz = 4;
	/* Headers that lie are of no Xen, and cost nothing. */
	f.nhdr.n_type = 0x1000001;
	f.phdr.p_offset = UINT64_MAX - 8;
	expect_refusal(&f, sizeof(f), other);
	f.ehdr.e_phoff = UINT64_MAX - 8;
	f.ehdr.e_shoff = UINT64_MAX - 8;
	expect_refusal(&f, sizeof(f), other);
}

#define ELF "elf --pattern 0x10000:0x2000 --vmcoreinfo A=1"
#define KDUMP "kdump --pattern 0x10000:0x2000 --vmcoreinfo A=1"
#define PHDR(i, member) (64 + 56 * (i) + (member))

/*
 * A dump with one number overwritten. Where @want is NULL it must open, and reading it must not
 * break anything.
 */
static const struct lie {
	const char *args;
	size_t off;
	unsigned int width;
	uint64_t value;
	const char *want;
} lies[] = {
	{ ELF, 4, 1, 1, "is a 32-bit ELF file (machine 183)" },
	{ ELF, 4, 1, 3, "class 3 is neither" },
	{ ELF, 5, 1, 0, "data encoding 0 is neither" },
	{ ELF, 5, 1, 3, "data encoding 3 is neither" },
	{ ELF, 5, 1, 2, "is a big-endian ELF file (machine 46848)" }, /* 183 the other way round */
	{ ELF, 16, 2, 2, "type 2 is not a core dump" },
	{ ELF, 18, 2, 243, "machine 243 is none whose" },
	{ ELF, 54, 2, 32, "program headers of 32 bytes" },
	{ ELF, 56, 2, 0, "no program headers" },
	{ ELF, 56, 2, 0xfffe, "run past the end" },
	{ ELF, 56, 2, 0xffff,
	  "no program headers" }, /* PN_XNUM: e_shoff is 0, sh_info lies in e_type.. */
	{ ELF, 32, 8, UINT64_MAX - 8, "run past the end" },
	{ ELF, PHDR(1, 8), 8, UINT64_MAX - 8, "wrap around" },
	{ ELF, PHDR(1, 24), 8, UINT64_MAX - 8, "wraps around" },
	{ ELF, PHDR(1, 24), 8, UINT64_MAX, "no memory" }, /* as kcore's vmalloc */
	{ ELF, PHDR(1, 40), 8, BIT64(60), NULL },
	{ ELF, PHDR(1, 32), 8, BIT64(60), NULL },
	{ ELF, PHDR(0, 32), 8, BIT64(60), NULL },
	{ ELF, PHDR(0, 8), 8, BIT64(62), NULL },
	{ ELF, 64 + 56 * 2, 4, UINT32_MAX, NULL },     /* n_namesz */
	{ ELF, 64 + 56 * 2 + 4, 4, UINT32_MAX, NULL }, /* n_descsz */
	{ KDUMP, 8, 4, 0, "version 0 is not" },
	{ KDUMP, 8, 4, 7, "version 7 is not" },
	{ KDUMP, 8, 4, 0x80000000, "is not in 1..6" },
	{ KDUMP, 8, 4, 0x01000000, "is a big-endian kdump (machine aarch64)" },
	{ KDUMP, 8, 4, 0x06000000, "is a big-endian kdump" },
	{ KDUMP, 8, 4, 0x07000000, "is not in 1..6" },
	{ KDUMP " --machine s390x", 8, 4, 0x06000000, "is a big-endian kdump (machine s390x)" },
	{ KDUMP " --machine armv7l", 428, 4, 1, "machine 'armv7l' is none whose" },
	{ KDUMP, 428, 4, 0, "block size 0" },
	{ KDUMP, 428, 4, 4095, "block size 4095" },
	{ KDUMP, 428, 4, 12288, "block size 12288" },
	{ KDUMP, 428, 4, 1 << 21, "block size 2097152" },
	{ KDUMP, 428, 4, 1 << 20, "past the end" },
	{ KDUMP, 432, 4, 0, "sub-header of 0" },
	{ KDUMP, 432, 4, UINT32_MAX, "sub-header of 4294967295" },
	{ KDUMP, 432, 4, INT32_MAX, "past the end" },
	{ KDUMP, 436, 4, 0, "do not fit bitmaps of 0" },
	{ KDUMP, 436, 4, UINT32_MAX, "past the end" },
	{ KDUMP, SUB + 96, 8, 0, "0 pages do not fit" },
	{ KDUMP, SUB + 96, 8, UINT64_MAX, "do not fit bitmaps" },
	{ KDUMP, SUB + 96, 8, 1 << 15, NULL },
	{ KDUMP, SUB + 96, 8, 1 << 16, NULL }, /* too many for two bitmaps, so there is but one */
	{ KDUMP, SUB + 12, 4, 1, NULL },
	{ KDUMP, SUB + 32, 8, UINT64_MAX, NULL },
	{ KDUMP, SUB + 40, 8, UINT64_MAX, NULL },
	{ KDUMP, SUB + 48, 8, UINT64_MAX, NULL },
	{ KDUMP, SUB + 56, 8, UINT64_MAX, NULL },
	{ "kdump --machine riscv64 --pattern 0x10000:0x1000", 0, 0, 0,
	  "machine 'riscv64' is none whose" },
	{ "kdump --split 0x11:0x10 --pattern 0x10000:0x1000", 0, 0, 0, "split at pages" },
	{ "lime --pattern 0x10000:0x1000", 0, 4, 0, NULL },
	{ "lime --pattern 0x10000:0x1000", 4, 4, 2, "version 2" },
	{ "lime --pattern 0x10000:0x1000", 16, 8, 0, "is empty" },
	{ "lime --pattern 0x10000:0x1000", 16, 8, UINT64_MAX, "wraps around" },
	{ "lime --pattern 0x0:0x1000", 16, 8, UINT64_MAX, "is empty" },
	{ KDUMP " --flatten", 16, 8, 2, "type" },
	{ KDUMP " --flatten", 4096, 8, UINT64_MAX, "wrap around" },
	{ KDUMP " --flatten", 4096 + 8, 8, 0x80, "wrap around" }, /* 1 << 63 */
	{ KDUMP " --flatten", 4096 + 14, 1, 0,
	  "wrap around" }, /* what was data is taken for a header */
};

static void read_all(const struct s2_source *source)
{
	uint8_t buf[PAGE];

	for (uint64_t pa = 0; pa < 0x40000; pa += PAGE) {
		enum s2_code code = s2_mem_read(&source->mem, pa, buf, sizeof(buf), NULL);

		assert_true(!code || s2_is_missing(code));
	}
}

static void test_lies(void **state)
{
	const char *args = NULL;
	struct blob blob = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		const struct lie *lie = &lies[i];
		struct s2_source *source;
		uint8_t saved[8];
		struct s2_err err;
		enum s2_code code;

		if (!args || strcmp(args, lie->args) != 0) {
			free(blob.data);
			args = lie->args;
			blob = build(args);
		}
		memcpy(saved, blob.data + lie->off, lie->width);
		memcpy(blob.data + lie->off, &lie->value, lie->width);
		s2_err_init(&err);
		code = s2_source_open_memory(blob.data, blob.size, &no_args, &source, &err);
		if (!code && lie->want)
			fail_msg("lie %zu opened, expected '%s'", i, lie->want);
		if (code && (!lie->want || !strstr(err.text, lie->want)))
			fail_msg("lie %zu: '%s', expected '%s'", i, err.text,
				 lie->want ? lie->want : "no error");
		if (!code) {
			read_all(source);
			s2_source_close(source);
		}
		memcpy(blob.data + lie->off, saved, lie->width);
	}
	free(blob.data);
}

/* Page descriptors that lie are errors of that page alone. */
static void test_page_descriptors(void **state)
{
	static const struct {
		size_t off;
		unsigned int width;
		uint64_t value;
		enum s2_code want;
		const char *text;
	} rows[] = {
		{ 0, 8, 0, S2_TRUNCATED, "was not written" },
		{ 0, 8, 0x10000, S2_TRUNCATED, "ends before its data" },
		{ 0, 8, UINT64_MAX - 1, S2_DAMAGED, "no dump of so many pages" },
		{ 0, 8, 4096, S2_DAMAGED, "no dump of so many pages" },
		{ 8, 4, 0, S2_DAMAGED, "size 0" },
		{ 8, 4, 4097, S2_DAMAGED, "size 4097" },
		{ 8, 4, 100, S2_DAMAGED, "zlib data is broken" },
		{ 12, 4, 0, S2_DAMAGED, "do not fit blocks" },
		{ 12, 4, 3, S2_DAMAGED, "do not name one compression" },
		{ 12, 4, 0x40, S2_DAMAGED, "do not fit blocks" },
	};
	struct blob blob = build("kdump --pattern 0x10000:0x2000");
	uint8_t *desc = blob.data + 4 * 4096, buf[PAGE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct s2_source *source;
		struct s2_err err;
		uint8_t saved[8];

		memcpy(saved, desc + rows[i].off, rows[i].width);
		memcpy(desc + rows[i].off, &rows[i].value, rows[i].width);
		s2_err_init(&err);
		assert_int_equal(s2_source_open_memory(blob.data, blob.size, &no_args, &source,
						       &err),
				 S2_OK);
		assert_int_equal(s2_mem_read(&source->mem, 0x10000, buf, 8, &err), rows[i].want);
		if (!strstr(err.text, rows[i].text))
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(s2_mem_read(&source->mem, 0x11000, buf, PAGE, NULL), S2_OK);
		s2_source_close(source);
		memcpy(desc + rows[i].off, saved, rows[i].width);
	}
	free(blob.data);
}

/* A map that reaches past 2^64 of the file must not come around to its beginning. */
static void test_raw_map_does_not_wrap(void **state)
{
	static const uint8_t data[0x3000];
	struct s2_segment map = { .pa = 0,
				  .size = UINT64_MAX - 0x1000,
				  .file_off = 0x2000,
				  .file_size = UINT64_MAX - 0x1000 };
	struct s2_raw_args args = { .raw = true, .map = &map, .nmaps = 1 };
	struct s2_source *source;
	struct s2_err err;

	(void)state;
	assert_int_equal(s2_source_open_memory(data, sizeof(data), &args, &source, &err),
			 S2_INVALID);
	map.size = map.file_size = 0x2000;
	assert_int_equal(s2_source_open_memory(data, sizeof(data), &args, &source, &err), S2_OK);
	assert_int_equal(s2_mem_read(&source->mem, 0xfff, &(uint8_t){ 0 }, 1, NULL), S2_OK);
	assert_int_equal(s2_mem_read(&source->mem, 0x1000, &(uint8_t){ 0 }, 1, NULL), S2_TRUNCATED);
	assert_true(source->incomplete);
	s2_source_close(source);
}

#define SPLIT "kdump --pattern 0x10000:0x4000 --pattern 0x20000:0x4000 --split "

/* Both patterns of SPLIT are there, and nothing else. */
static void assert_whole(const struct s2_source *source)
{
	struct s2_extent extent;
	uint8_t buf[PAGE];

	assert_string_equal(source->remark, "");
	for (uint64_t pa = 0x10000; pa < 0x24000; pa += PAGE)
		assert_int_equal(s2_mem_read(&source->mem, pa, buf, PAGE, NULL),
				 pa < 0x14000 || pa >= 0x20000 ? S2_OK : S2_ABSENT);
	assert_int_equal(s2_mem_next(&source->mem, 0, &extent), S2_OK);
	assert_int_equal(extent.pa, 0x10000);
	assert_int_equal(extent.size, 0x4000);
	assert_int_equal(s2_mem_next(&source->mem, 0x14000, &extent), S2_OK);
	assert_int_equal(extent.pa, 0x20000);
	assert_int_equal(extent.size, 0x4000);
}

static void test_split(void **state)
{
	char low[128], mid[128], high[128], whole[128];
	struct s2_opened all[3], two[2];
	struct s2_source *source;
	uint8_t buf[2 * PAGE];
	struct s2_err err;

	(void)state;
	make(SPLIT "0:0x12", "low", low, sizeof(low));
	make(SPLIT "0x12:0x21 --codec none", "mid", mid, sizeof(mid));
	make(SPLIT "0x21:0x24 --flatten", "high", high, sizeof(high));
	make("kdump --pattern 0x10000:0x14000", "whole", whole, sizeof(whole));

	all[0] = opened(high);
	all[1] = opened(low);
	all[2] = opened(mid);

	assert_int_equal(s2_source_open(&all[2], &no_args, &source, &err), S2_OK);
	assert_non_null(strstr(source->remark, "0x0-0x12 was not given"));
	assert_int_equal(s2_mem_read(&source->mem, 0x11000, buf, 8, &err), S2_ABSENT);
	assert_int_equal(s2_mem_read(&source->mem, 0x12000, buf, 8, &err), S2_OK);
	s2_source_close(source);

	assert_int_equal(s2_source_open_parts(all, 2, &no_args, &source, &err), S2_OK);
	assert_non_null(strstr(source->remark, "0x12-0x21 was not given"));
	s2_source_close(source);

	assert_int_equal(s2_source_open_parts(all, 3, &no_args, &source, &err), S2_OK);
	assert_whole(source);
	assert_int_equal(s2_mem_read(&source->mem, 0x11800, buf, sizeof(buf), NULL),
			 S2_OK); /* across parts */
	s2_source_close(source);

	two[0] = all[1];
	two[1] = opened(low);
	assert_int_equal(s2_source_open_parts(two, 2, &no_args, &source, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "in another part"));
	two[0] = all[1];
	two[1] = opened(whole);
	assert_int_equal(s2_source_open_parts(two, 2, &no_args, &source, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "commas join only the parts"));
	two[1] = opened("/proc/self/exe");
	assert_int_equal(s2_source_open_parts(two, 2, &no_args, &source, &err), S2_INVALID);
}

/* makedumpfile --split of a small dump: the first part has all of it, and the others have none. */
static void test_split_empty(void **state)
{
	static const char *const places[][3] = {
		{ "0:0x24", "0x24:0x24", "0x24:0x24" },
		{ "0:0x12", "0x12:0x12", "0x12:0x24" },
		{ "0:0", "0:0x24", "0x24:0x24" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) * 6; i++) {
		static const size_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
						     { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
		struct s2_opened all[3];
		struct s2_source *source;
		struct s2_err err;
		char path[3][128];

		for (size_t k = 0; k < 3; k++) {
			char args[128], name[16];

			snprintf(args, sizeof(args), SPLIT "%s", places[i / 6][k]);
			snprintf(name, sizeof(name), "part%zu", k);
			make(args, name, path[k], sizeof(path[k]));
		}
		for (size_t k = 0; k < 3; k++)
			all[k] = opened(path[orders[i % 6][k]]);
		assert_int_equal(s2_source_open_parts(all, 3, &no_args, &source, &err), S2_OK);
		assert_whole(source);
		s2_source_close(source);
	}
}

static void round_trip(uint32_t flag, const uint8_t *page, const uint8_t *packed, size_t size)
{
	uint8_t out[PAGE];

	assert_int_equal(s2_codec_decompress(flag, packed, size, out, sizeof(out), NULL), S2_OK);
	assert_memory_equal(out, page, sizeof(out));
	/* Never more, never less than a block. */
	assert_int_equal(s2_codec_decompress(flag, packed, size, out, sizeof(out) - 8, NULL),
			 S2_DAMAGED);
	assert_int_equal(s2_codec_decompress(flag, packed, size - 1, out, sizeof(out), NULL),
			 S2_DAMAGED);
	assert_int_equal(s2_codec_decompress(flag, packed, 1, out, sizeof(out), NULL), S2_DAMAGED);
}

/* What the libraries' own compressors make. */
static void test_codecs(void **state)
{
	uint8_t page[PAGE], packed[2 * PAGE];

	(void)state;
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (uint8_t)(i % 61 * (i / 256));
	{
		uLongf size = sizeof(packed);

		assert_int_equal(compress(packed, &size, page, sizeof(page)), Z_OK);
		round_trip(0x01, page, packed, size);
	}
#ifdef HAVE_LZO
	{
		static uint64_t work[LZO1X_1_MEM_COMPRESS / sizeof(uint64_t) + 1];
		lzo_uint size = sizeof(packed);

		assert_int_equal(lzo1x_1_compress(page, sizeof(page), packed, &size, work),
				 LZO_E_OK);
		round_trip(0x02, page, packed, size);
	}
#endif
#ifdef HAVE_SNAPPY
	{
		size_t size = sizeof(packed);

		assert_int_equal(snappy_compress((const char *)page, sizeof(page), (char *)packed,
						 &size),
				 SNAPPY_OK);
		round_trip(0x04, page, packed, size);
	}
#endif
#ifdef HAVE_ZSTD
	{
		size_t size = ZSTD_compress(packed, sizeof(packed), page, sizeof(page), 3);

		assert_false(ZSTD_isError(size));
		round_trip(0x20, page, packed, size);
	}
#endif
	assert_int_equal(s2_codec_decompress(0x08, packed, 10, page, sizeof(page), NULL),
			 S2_DAMAGED);
}

/* A cache much smaller than the dump, read twice and out of order. */
static void test_cache_eviction(void **state)
{
	struct blob blob = build("kdump --pattern 0x0:0x1400000 --block 0x100000");
	uint8_t buf[16];
	struct s2_source *source;
	struct s2_err err;

	(void)state;
	assert_int_equal(s2_source_open_memory(blob.data, blob.size, &no_args, &source, &err),
			 S2_OK);
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t pa = i * 0x9d3a9000 % 0x1400000, word;

		assert_int_equal(s2_mem_read(&source->mem, pa, buf, sizeof(buf), NULL), S2_OK);
		memcpy(&word, buf + 8, 8);
		assert_int_equal(word, (pa + 8) % PAGE < 0xa00 ?
					       (pa + 8) * UINT64_C(0x9e3779b97f4a7c15) :
					       0);
	}
	s2_source_close(source);
	free(blob.data);
}

static void test_empty(void **state)
{
	struct s2_source *source;
	struct s2_err err;

	(void)state;
	assert_int_equal(s2_source_open_memory("", 0, &no_args, &source, &err), S2_INVALID);
	assert_string_equal(err.text, "is empty");
}

static unsigned int faults;

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	faults++;
	s2_fault_leave(info->si_addr);
	_exit(1);
}

/* A file that is cut while it is mapped faults once, not for each page behind its new end. */
static void test_cut_faults_once(void **state)
{
	struct sigaction bus = { .sa_sigaction = on_bus_error,
				 .sa_flags = SA_SIGINFO | SA_NODEFER };
	char path[sizeof(dir) + 8], page[PAGE];
	struct s2_opened all;
	struct s2_file file;
	struct s2_err err;

	(void)state;
	make("elf --pattern 0x0:0x40000", "cut", path, sizeof(path));
	all = opened(path);
	assert_return_code(sigaction(SIGBUS, &bus, NULL), 0);
	s2_err_init(&err);
	assert_int_equal(s2_file_open(&all, &file, &err), S2_OK);
	assert_int_equal(s2_file_read(&file, 63 * PAGE, page, PAGE, &err), S2_OK);
	assert_return_code(truncate(path, PAGE), 0);
	for (uint64_t i = 1; i < 64; i++)
		assert_int_equal(s2_file_read(&file, i * PAGE, page, PAGE, &err), S2_IO);
	assert_int_equal(faults, 1);
	assert_int_equal(s2_file_read(&file, 0, page, PAGE, &err), S2_OK);
	assert_memory_equal(page, ELFMAG, SELFMAG);
	/* What is written there later is of another state of the file. */
	assert_return_code(truncate(path, 64 * PAGE), 0);
	assert_int_equal(s2_file_read(&file, PAGE, page, PAGE, &err), S2_IO);
	s2_file_close(&file);
	close(all.fd);
	unlink(path);
	signal(SIGBUS, SIG_DFL);
}

/* Of files that are mapped, those of a tmpfs among them, in KiB. */
static unsigned long resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long on_disk = 0, in_memory = 0;
	char line[128];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "RssFile: %lu", &on_disk);
		sscanf(line, "RssShmem: %lu", &in_memory);
	}
	fclose(f);
	return on_disk + in_memory;
}

/* KiB of the file, opened @n times as parts of one dump, that are resident when all was read. */
static unsigned long resident_of(const char *path, size_t n)
{
	unsigned long before = resident(), ret;
	struct s2_opened all = opened(path);
	struct s2_file file[2];
	struct s2_err err;
	char page[PAGE];

	s2_err_init(&err);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(s2_file_open(&all, &file[i], &err), S2_OK);
		assert_int_equal(s2_file_share(&file[i], n, &err), S2_OK);
	}
	for (uint64_t off = 0; off < file[0].size; off += PAGE)
		for (size_t i = 0; i < n; i++)
			assert_int_equal(s2_file_read(&file[i], off, page, PAGE, &err), S2_OK);
	ret = resident() - before;
	for (size_t i = 0; i < n; i++)
		s2_file_close(&file[i]);
	close(all.fd);
	return ret;
}

/* However large the dump, and in how many parts, no more than 128 MiB of it are resident at once;
 * of a hole, which is nothing that is there, little. */
static void test_large_is_not_resident(void **state)
{
	const off_t size = 400 << 20;
	char path[sizeof(dir) + 8];
	unsigned long kib;
	int fd;

	(void)state;
	make("elf --pattern 0x0:0x1000", "large", path, sizeof(path));
	assert_return_code(truncate(path, size), errno);
	kib = resident_of(path, 1);
	assert_in_range(kib, 1, 16 * 1024);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_int_equal(posix_fallocate(fd, 0, size), 0);
	close(fd);
	for (size_t n = 1; n <= 2; n++) {
		kib = resident_of(path, n);
		assert_in_range(kib, 16 * 1024, 132 * 1024);
	}
	unlink(path);
}

/* What is too large to be mapped is read without, and costs no memory for what it says it has. */
static void test_too_large_to_map(void **state)
{
	struct s2_opened all = { .name = "large", .fd = memfd_create("large", MFD_CLOEXEC) };
	char page[PAGE];
	struct s2_file file;
	struct s2_err err;

	(void)state;
	assert_return_code(all.fd, errno);
	assert_int_equal(pwrite(all.fd, "x", 1, PAGE), 1);
	assert_return_code(ftruncate(all.fd, (off_t)1 << 62), errno);
	s2_err_init(&err);
	assert_int_equal(s2_file_open(&all, &file, &err), S2_OK);
	assert_null(file.map);
	assert_null(file.mapped);
	assert_int_equal(s2_file_share(&file, 2, &err), S2_OK);
	assert_int_equal(s2_file_read(&file, PAGE, page, PAGE, &err), S2_OK);
	assert_int_equal(page[0], 'x');
	s2_file_close(&file);
	close(all.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_unsupported_behind),
		cmocka_unit_test(test_lime_zeros),
		cmocka_unit_test(test_flattened_cut),
		cmocka_unit_test(test_xen),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_page_descriptors),
		cmocka_unit_test(test_raw_map_does_not_wrap),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_empty),
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_cache_eviction),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_cut_faults_once),
		cmocka_unit_test(test_large_is_not_resident),
		cmocka_unit_test(test_too_large_to_map),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
