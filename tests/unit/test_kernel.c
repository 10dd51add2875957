// SPDX-License-Identifier: GPL-2.0-or-later
// Which VMCOREINFO is this machine's, and symbols and types from every source.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <gelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/fields.h"
#include "test_kernel_make.h"

static void facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSHAPES; i++) {
		for (int noted = 0; noted < 2; noted++) {
			struct kimage k;
			struct s2_kernel_args args;
			struct s2_kernel *kernel;
			const struct s2_kernel_facts *f;
			struct s2_types *types;
			uint64_t value;

			make(&k, &test_shapes[i], true);
			s2_kernel_args_init(&args, &k.mem.mem);
			if (noted) {
				args.note = k.info;
				args.note_size =
					sizeof(k.info); /* zero bytes behind the text are padding */
			} else {
				put_note(&k, NOTE_AT, k.info);
			}
			kernel = open_args(&args);
			f = s2_kernel_facts(kernel);
			assert_string_equal(f->release, "6.12.0-test");
			assert_string_equal(f->build_id, "0123456789abcdef");
			assert_int_equal(f->kaslr, 0x12400000);
			assert_int_equal(f->kva.page_size, 1U << test_shapes[i].page_log2);
			assert_int_equal(f->from_note, noted);
			assert_int_equal(f->rejected, 0);
			assert_true(noted || f->note_pa == k.shape.base + NOTE_AT);
			assert_int_equal(s2_kernel_symbol(kernel, "vm_list", &value, NULL), S2_OK);
			assert_int_equal(value, k.stext + DATA_AT);
			assert_int_equal(s2_kernel_types(kernel, &types, NULL), S2_OK);
			put64(in_image(&k, DATA_AT + 64), 0x1122334455667788);
			in_image(&k, DATA_AT + 72)[0] = 0xff;
			assert_int_equal(s2_kernel_get(kernel, k.stext + DATA_AT + 64, "thing",
						       "id", &value, NULL),
					 S2_OK);
			assert_int_equal(value, 0x1122334455667788);
			assert_int_equal(s2_kernel_get(kernel, k.stext + DATA_AT + 64, "thing",
						       "level", &value, NULL),
					 S2_OK);
			assert_int_equal(value, UINT64_MAX);
			assert_true(has_remark(kernel, noted ? "container" : "(0 rejected)"));
			assert_true(has_remark(kernel, "kallsyms (6, base-relative)"));
			assert_true(has_remark(kernel, "types from BTF in memory"));
			s2_kernel_close(kernel);
			kimage_free(&k);
		}
	}
}

/* A guest's VMCOREINFO: the same text with another release, offset or memory. */
static void put_guest_note(struct kimage *k, uint64_t off, const char *key, const char *value)
{
	char text[sizeof(k->info)];
	char *line, rest[sizeof(k->info)];

	strcpy(text, k->info);
	line = strstr(text, key);
	assert_non_null(line);
	strcpy(rest, strchr(line, '\n'));
	sprintf(line, "%s%s%s", key, value, rest);
	put_note(k, off, text);
}

static void guests_are_rejected(void **state)
{
	struct kimage k;
	struct s2_kernel_args args;
	struct s2_kernel *kernel;
	struct s2_err err;

	(void)state;
	make(&k, &test_shapes[0], true);
	put_guest_note(&k, 0x10000, "OSRELEASE=", "6.1.0-guest");
	put_guest_note(&k, 0x20000, "NUMBER(kimage_voffset)=", "0xffff700000000000");
	put_guest_note(&k, 0x30000, "PAGESIZE=", "5");
	put_guest_note(&k, 0x40000, "NUMBER(VA_BITS)=", "99");
	put_note(&k, 0x50000, "not VMCOREINFO");
	/* The same kernel in a guest: all is as in the host, but for where memory begins. */
	map_range(&k, linear_va(&k, k.shape.base), k.shape.base, 0x200000, true);
	put_guest_note(&k, 0x60000, "NUMBER(PHYS_OFFSET)=", "0x3fff0000");
	s2_kernel_args_init(&args, &k.mem.mem);
	s2_err_init(&err);
	assert_int_equal(s2_kernel_open(&args, &kernel, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "6 VMCOREINFO in memory"));
	put_note(&k, NOTE_AT, k.info);
	kernel = open_args(&args);
	assert_int_equal(s2_kernel_facts(kernel)->rejected, 6);
	assert_int_equal(s2_kernel_facts(kernel)->note_pa, k.shape.base + NOTE_AT);
	s2_kernel_close(kernel);
	/* A note whose linear address is not mapped is believed for its release alone. */
	memset(k.ram + NOTE_AT, 0, 4096);
	put_note(&k, 0x300000, k.info);
	kernel = open_args(&args);
	assert_int_equal(s2_kernel_facts(kernel)->note_pa, k.shape.base + 0x300000);
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* Two kernels of one machine, the crashed and the capture kernel, say; each with memory of its own.
 */
struct two {
	struct kimage k[2];
	uint8_t *ram;
	struct memtable mem;
	struct s2_kernel_args args;
};

static void two_init(struct two *two)
{
	two->ram = malloc(2 * RAM_SIZE);
	assert_non_null(two->ram);
	for (unsigned int i = 0; i < 2; i++) {
		struct kshape shape = test_shapes[0];
		char *release;

		shape.base += i * (uint64_t)RAM_SIZE;
		make(&two->k[i], &shape, true);
		if (i) { /* of another release */
			release = strstr(two->k[i].info, "6.12.0");
			memcpy(release, "6.13.0", 6);
			memcpy(in_image(&two->k[i], UTS_AT) + 16 + 130, "6.13.0", 6);
		}
		map_range(&two->k[i], linear_va(&two->k[i], shape.base + NOTE_AT),
			  shape.base + NOTE_AT, 4096, true);
		put_note(&two->k[i], NOTE_AT, two->k[i].info);
		memcpy(two->ram + i * (size_t)RAM_SIZE, two->k[i].ram, RAM_SIZE);
	}
	memtable_init(&two->mem, two->ram, test_shapes[0].base, 2 * RAM_SIZE);
	s2_kernel_args_init(&two->args, &two->mem.mem);
}

static void two_exit(struct two *two)
{
	kimage_free(&two->k[0]);
	kimage_free(&two->k[1]);
	free(two->ram);
}

/* Opens it and holds it against number @which of what was @met, by which address and release. */
static void expect_kernel(const struct two *two, unsigned int number, unsigned int which,
			  unsigned int met)
{
	static const char *const releases[] = { "6.12.0-test", "6.13.0-test" };
	struct s2_kernel *kernel = open_args(&two->args);
	const struct s2_kernel_facts *facts = s2_kernel_facts(kernel);

	assert_int_equal(facts->number, number);
	assert_string_equal(facts->release, releases[which]);
	assert_int_equal(facts->rejected, 0);
	assert_non_null(s2_kernel_met(kernel, met - 1));
	assert_null(s2_kernel_met(kernel, met));
	assert_string_equal(s2_kernel_met(kernel, number - 1)->release, releases[which]);
	if (met == 2) {
		const struct s2_kernel_id *other = s2_kernel_met(kernel, 2 - number);

		assert_string_equal(other->release, releases[!which]);
		assert_int_equal(other->note_pa, two->k[!which].shape.base + NOTE_AT);
	}
	s2_kernel_close(kernel);
}

static void two_kernels(void **state)
{
	struct two two;
	struct s2_kernel *kernel;
	struct s2_err err;

	(void)state;
	two_init(&two);
	/* By address, and the other is known; or as was asked for. */
	expect_kernel(&two, 1, 0, 2);
	two.args.number = 2;
	expect_kernel(&two, 2, 1, 2);
	two.args.number = 3;
	s2_err_init(&err);
	assert_int_equal(s2_kernel_open(&two.args, &kernel, &err), S2_USAGE);
	assert_non_null(strstr(err.text, "this memory holds"));
	/* The container's is the first, whichever it is, and nothing is searched unasked. */
	for (unsigned int i = 0; i < 2; i++) {
		two.args.note = two.k[i].info;
		two.args.note_size = strlen(two.k[i].info);
		two.args.number = 0;
		two.args.name_others = false;
		expect_kernel(&two, 1, i, 1);
		two.args.name_others = true;
		expect_kernel(&two, 1, i, 2);
		two.args.number = 2;
		expect_kernel(&two, 2, !i, 2);
	}
	/* A second copy of a note is no other kernel. */
	two.args.note = NULL;
	two.args.number = 0;
	memcpy(two.ram + NOTE_AT + 0x1000, two.ram + NOTE_AT, 4096);
	memcpy(two.ram + 0x10000, two.ram + NOTE_AT, 4096);
	expect_kernel(&two, 1, 0, 2);
	two_exit(&two);
}

/* A note that does not fit the memory that it came with: the one in memory is taken, or none. */
static void wrong_note_of_the_container(void **state)
{
	struct kimage k;
	struct s2_kernel_args args;
	struct s2_kernel *kernel;
	struct s2_err err;
	char wrong[sizeof(k.info)];

	(void)state;
	make(&k, &test_shapes[0], true);
	strcpy(wrong, k.info);
	memcpy(strstr(wrong, "6.12.0"), "6.13.0", 6);
	s2_kernel_args_init(&args, &k.mem.mem);
	args.note = wrong;
	args.note_size = strlen(wrong);
	s2_err_init(&err);
	assert_int_equal(s2_kernel_open(&args, &kernel, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "6.13.0-test"));
	put_note(&k, NOTE_AT, k.info);
	kernel = open_args(&args);
	assert_false(s2_kernel_facts(kernel)->from_note);
	assert_true(has_remark(kernel, "does not fit"));
	s2_kernel_close(kernel);
	/* Where init_uts_ns is not in the dump, the container's word is taken; what was found by
	 * search is not. */
	k.mem.hole = image_pa(&k, UTS_AT);
	k.mem.hole_size = 4096;
	k.mem.hole_code = S2_EXCLUDED;
	kernel = open_args(&args);
	assert_true(has_remark(kernel, "not confirmed"));
	s2_kernel_close(kernel);
	kimage_free(&k);
}

static void no_kernel(void **state)
{
	struct kimage k;
	struct s2_kernel_args args;
	struct s2_kernel *kernel;
	struct s2_err err;

	(void)state;
	make(&k, &test_shapes[0], true);
	s2_kernel_args_init(&args, &k.mem.mem);
	s2_err_init(&err);
	assert_int_equal(s2_kernel_open(&args, &kernel, &err), S2_NOTFOUND);
	assert_string_equal(err.text, "no VMCOREINFO in memory");
	kimage_free(&k);
}

/* BTF is found without its symbol; without types the reasons are told. */
static void types_without_symbols(void **state)
{
	struct kimage k;
	struct s2_kernel *kernel;
	struct s2_types *types;
	struct s2_err err;

	(void)state;
	make(&k, &test_shapes[0], false);
	kernel = open_noted(&k);
	assert_int_equal(s2_kernel_types(kernel, &types, NULL), S2_OK);
	assert_true(has_remark(kernel, "found at physical address"));
	s2_kernel_close(kernel);
	memset(in_image(&k, BTF_AT), 0, 24);
	kernel = open_noted(&k);
	s2_err_init(&err);
	assert_int_equal(s2_kernel_types(kernel, &types, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "no BTF in the kernel image"));
	/* Both its BTF and its DWARF lack it: said once. */
	assert_non_null(strstr(err.text, "no vmlinux"));
	assert_null(strstr(strstr(err.text, "no vmlinux") + 1, "no vmlinux"));
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* What a caller of fields keeps: a place that moved, one that is always there, one that never was. */
struct thing_fields {
	struct s2_field_at level, id, colour, slots;
};

#define THING(f, path, required) S2_FIELD(thing_fields, f, "thing", path, required)

/* Rows are resolved together: the first path that exists counts, what may be absent is absent. */
static void fields(void **state)
{
	static const struct s2_field_row rows[] = {
		THING(level, "newer.level", false),
		THING(level, "level", true),
		THING(level, "id", true), /* not looked at: the one above is there */
		THING(id, "id", true),
		THING(colour, "colour", false),
		S2_FIELD(thing_fields, slots, "xa_node", "slots", true),
	};
	static const struct s2_field_row gone[] = { THING(id, "id", true),
						    THING(colour, "colour", true) };
	struct thing_fields thing = { 0 }, lacking = { 0 };
	struct s2_kernel *kernel;
	struct kimage k;
	struct s2_err err;
	uint64_t value, va;

	(void)state;
	make(&k, &test_shapes[0], true);
	kernel = open_noted(&k);
	va = k.stext + DATA_AT + 64;
	put64(in_image(&k, DATA_AT + 64), 0x1122334455667788);
	in_image(&k, DATA_AT + 72)[0] = 0xfe;
	s2_err_init(&err);
	assert_int_equal(s2_fields_find(kernel, rows, ARRAY_SIZE(rows), &thing, &err), S2_OK);
	assert_string_equal(err.text, "");
	assert_int_equal(s2_field_get(kernel, va, &thing.id, &value, NULL), S2_OK);
	assert_int_equal(value, 0x1122334455667788);
	assert_int_equal(s2_field_get(kernel, va, &thing.level, &value, NULL), S2_OK);
	assert_int_equal(value, (uint64_t)-2);
	assert_int_equal(s2_field_get_pa(&k.mem.mem, image_pa(&k, DATA_AT + 64), &thing.id, &value,
					 NULL),
			 S2_OK);
	assert_int_equal(value, 0x1122334455667788);
	assert_false(thing.colour.have);
	assert_int_equal(s2_field_get(kernel, va, &thing.colour, &value, &err), S2_NOTFOUND);
	assert_non_null(strstr(err.text, "thing.colour"));
	/* An array is a place, not a number. */
	assert_int_equal(thing.slots.m.nelems, 64);
	assert_int_equal(s2_field_get(kernel, va, &thing.slots, &value, NULL), S2_INVALID);
	assert_int_equal(s2_fields_find(kernel, gone, ARRAY_SIZE(gone), &lacking, &err),
			 S2_NOTFOUND);
	assert_non_null(strstr(err.text, "struct thing, member colour"));
	s2_kernel_close(kernel);
	kimage_free(&k);
}

/* An ELF file with a symbol table and .BTF. */
static struct s2_symbol_file make_vmlinux(const struct ksym *of, size_t n, uint64_t kaslr, bool btf)
{
	static uint8_t blob[4096];
	struct s2_symbol_file file = { .path = "vmlinux", .fd = memfd_create("vmlinux", 0) };
	static const char shstrings[] = "\0.symtab\0.strtab\0.BTF\0.shstrtab";
	Elf64_Sym table[NSYMS + 1] = { { 0 } };
	char strings[4096] = "";
	size_t len = 1;
	Elf64_Ehdr *ehdr;
	Elf *elf;

	for (size_t i = 0; i < n; i++) {
		table[i + 1] = (Elf64_Sym){ .st_name = (Elf64_Word)len,
					    .st_value = of[i].va - kaslr,
					    .st_shndx = 1,
					    .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT) };
		strcpy(strings + len, of[i].name + 1);
		len += strlen(of[i].name);
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(file.fd, ELF_C_WRITE, NULL);
	ehdr = elf64_newehdr(elf);
	ehdr->e_machine = EM_AARCH64;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_type = ET_DYN;
	for (int i = 0; i < 4; i++) {
		static const Elf64_Word names[] = { 1, 9, 17, 22 };
		Elf_Scn *scn = elf_newscn(elf);
		Elf_Data *d = elf_newdata(scn);
		Elf64_Shdr *shdr = elf64_getshdr(scn);

		d->d_align = 8;
		d->d_type = i ? ELF_T_BYTE : ELF_T_SYM;
		shdr->sh_type = i == 0 ? SHT_SYMTAB : i == 2 ? SHT_PROGBITS : SHT_STRTAB;
		shdr->sh_name = names[i];
		d->d_buf = i == 0 ? (void *)table :
			   i == 1 ? strings :
			   i == 2 ? (void *)blob :
				    (void *)(uintptr_t)shstrings;
		d->d_size = i == 0 ? (n + 1) * sizeof(Elf64_Sym) :
			    i == 1 ? len :
			    i == 2 ? put_btf(blob) :
				     sizeof(shstrings);
		if (i == 0) {
			shdr->sh_link = 2;
			shdr->sh_entsize = sizeof(Elf64_Sym);
		}
		if (i == 2 && !btf)
			memset(blob, 0, sizeof(blob));
	}
	ehdr->e_shstrndx = 4;
	assert_true(elf_update(elf, ELF_C_WRITE) > 0);
	elf_end(elf);
	return file;
}

static struct s2_symbol_file make_map(const char *text)
{
	struct s2_symbol_file file = { .path = "System.map", .fd = memfd_create("map", 0) };

	assert_int_equal(write(file.fd, text, strlen(text)), strlen(text));
	return file;
}

/* What is missing in kallsyms comes from the files, moved by KASLR. */
static void symbols_from_files(void **state)
{
	struct kimage k;
	struct s2_kernel_args args;
	struct s2_kernel *kernel;
	struct s2_types *types;
	struct s2_symbol wanted[] = { { .name = "vm_list" },
				      { .name = "in_map" },
				      { .name = "function" },
				      { .name = "no" } };
	struct ksym of[] = { { "T_stext", 0 }, { "Dvm_list", 0 }, { "Rlinux_banner", 0 } };
	char map[400];

	(void)state;
	make(&k, &test_shapes[0], false);
	memset(in_image(&k, BTF_AT), 0, 24);
	of[0].va = k.stext;
	of[1].va = k.stext + 0x1234;
	of[2].va = k.stext + 0x800;
	snprintf(map, sizeof(map), "%llx T _stext\n%llx D in_map\nzz D broken\n%llx T a b\n\n1\n",
		 (unsigned long long)k.stext - 0x7000,
		 (unsigned long long)k.stext - 0x7000 + 0x4321, 5ULL);
	s2_kernel_args_init(&args, &k.mem.mem);
	args.note = k.info;
	args.note_size = strlen(k.info);
	args.vmlinux = make_vmlinux(of, 3, 0x5000, true);
	args.system_map = make_map(map);
	kernel = open_args(&args);
	assert_int_equal(s2_kernel_symbols(kernel, wanted, 4, NULL), S2_OK);
	assert_int_equal(wanted[0].value, k.stext + 0x1234);
	assert_int_equal(wanted[0].source, S2_SYM_VMLINUX);
	assert_int_equal(wanted[0].hits, 1); /* kallsyms has another, and is not asked */
	assert_int_equal(wanted[1].value, k.stext + 0x4321);
	assert_int_equal(wanted[1].source, S2_SYM_SYSTEM_MAP);
	assert_int_equal(wanted[2].value, k.stext + 0x40);
	assert_int_equal(wanted[2].source, S2_SYM_KALLSYMS);
	assert_int_equal(wanted[3].hits, 0);
	assert_true(has_remark(kernel, "moved by 0x5000"));
	assert_true(has_remark(kernel, "moved by 0x7000"));
	assert_int_equal(s2_kernel_types(kernel, &types, NULL), S2_OK);
	assert_true(has_remark(kernel, "types from .BTF of vmlinux"));
	assert_true(s2_types_has_member(types, "thing", "level"));
	s2_kernel_close(kernel);
	close(args.vmlinux.fd);
	close(args.system_map.fd);
	kimage_free(&k);
}

/* Files of another kernel, and files that are something else. */
static void wrong_files(void **state)
{
	struct kimage k;
	struct ksym of[] = { { "T_stext", 0 }, { "Rlinux_banner", 0 } };
	char map[200];
	struct {
		struct s2_symbol_file vmlinux, map;
		enum s2_code code;
		const char *text;
	} rows[5];

	(void)state;
	make(&k, &test_shapes[0], false);
	for (int i = 0; i < 5; i++) {
		rows[i].vmlinux.fd = rows[i].map.fd = -1;
		rows[i].code = S2_INVALID;
	}
	of[0].va = k.stext;
	of[1].va = k.stext + 0x900; /* the banner is not there */
	rows[0].vmlinux = make_vmlinux(of, 2, 0, true);
	rows[0].text = "another kernel";
	rows[1].vmlinux = make_vmlinux(of + 1, 1, 0, true);
	rows[1].text = "no _stext";
	rows[2].vmlinux = make_vmlinux(of, 1, 0x5080, true); /* no multiple of a page */
	rows[2].text = "another kernel";
	rows[3].vmlinux = make_map("hello");
	rows[3].text = "not an ELF file";
	snprintf(map, sizeof(map), "%llx T _stext\n%llx R linux_banner\n",
		 (unsigned long long)k.stext, (unsigned long long)k.stext + 0x1000);
	rows[4].map = make_map(map);
	rows[4].text = "another kernel";
	for (int i = 0; i < 5; i++) {
		struct s2_kernel_args args;
		struct s2_kernel *kernel;
		struct s2_err err;
		uint64_t value;

		s2_kernel_args_init(&args, &k.mem.mem);
		args.note = k.info;
		args.note_size = strlen(k.info);
		args.vmlinux = rows[i].vmlinux;
		args.system_map = rows[i].map;
		kernel = open_args(&args);
		s2_err_init(&err);
		assert_int_equal(s2_kernel_symbol(kernel, "vm_list", &value, &err), rows[i].code);
		assert_non_null(strstr(err.text, rows[i].text));
		s2_kernel_close(kernel);
		close(rows[i].vmlinux.fd);
		close(rows[i].map.fd);
	}
	kimage_free(&k);
}

/* Debian's /boot/System.map says only where the real one is: said, and passed. */
static void stub_of_a_map(void **state)
{
	struct kimage k;
	struct s2_kernel_args args;
	struct s2_kernel *kernel;
	uint64_t value;

	(void)state;
	make(&k, &test_shapes[0], true);
	s2_kernel_args_init(&args, &k.mem.mem);
	args.note = k.info;
	args.note_size = strlen(k.info);
	args.system_map = make_map(
		"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n");
	kernel = open_args(&args);
	assert_int_equal(s2_kernel_symbol(kernel, "vm_list", &value, NULL), S2_OK);
	assert_true(has_remark(kernel, "holds no symbols"));
	s2_kernel_close(kernel);
	close(args.system_map.fd);
	kimage_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(fields),
		cmocka_unit_test(guests_are_rejected),
		cmocka_unit_test(two_kernels),
		cmocka_unit_test(wrong_note_of_the_container),
		cmocka_unit_test(no_kernel),
		cmocka_unit_test(types_without_symbols),
		cmocka_unit_test(symbols_from_files),
		cmocka_unit_test(wrong_files),
		cmocka_unit_test(stub_of_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
