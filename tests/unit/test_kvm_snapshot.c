// SPDX-License-Identifier: GPL-2.0-or-later
// The note of a snapshot: what was written comes back, and what is broken is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/pkvm/pkvm.h"
#include "decode/arm64/arm64.h"
#include "model/slots.h"
#include "source/elf_write.h"
#include "test_kvm_make.h"

/* An ELF core with one page of memory and the note @text, opened. */
struct snapshot {
	struct s2_source *source;
	void *data;
	size_t size;
};

static void snap(struct snapshot *s, const char *text)
{
	static uint8_t page[4096];
	struct memtable mem;
	struct s2_piece piece = { .pa = 0x1000, .size = sizeof(page), .state = S2_OK };
	struct s2_out *out = malloc(sizeof(*out));
	struct s2_raw_args args = { .raw = false };
	int fd = memfd_create("snapshot", 0);

	assert_non_null(out);
	assert_true(fd >= 0);
	memtable_init(&mem, page, 0x1000, sizeof(page));
	s2_out_init(out, fd);
	assert_int_equal(s2_elf_write(out, &mem.mem, EM_AARCH64, &piece, 1, S2_SNAPSHOT_NOTE,
				      S2_SNAPSHOT_NOTE_TYPE, text, NULL),
			 S2_OK);
	assert_int_equal(s2_out_flush(out, NULL), S2_OK);
	free(out);
	s->size = (size_t)lseek(fd, 0, SEEK_END);
	s->data = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(s->data, MAP_FAILED);
	close(fd);
	assert_int_equal(s2_source_open_memory(s->data, s->size, &args, &s->source, NULL), S2_OK);
}

static void unsnap(struct snapshot *s)
{
	s2_source_close(s->source);
	munmap(s->data, s->size);
}

static enum s2_code read_losses(const char *text, struct s2_tables *ret, struct s2_lost *lost,
				struct s2_err *err)
{
	struct snapshot s;
	enum s2_code code;

	snap(&s, text);
	s.source->lost = lost;
	s2_err_init(err);
	code = s2_snapshot_tables(s.source, ret, err);
	unsnap(&s);
	return code;
}

static enum s2_code read_text(const char *text, struct s2_tables *ret, struct s2_err *err)
{
	return read_losses(text, ret, NULL, err);
}

static void same_regime(const struct s2_regime *a, const struct s2_regime *b)
{
	assert_ptr_equal(a->arch, b->arch);
	assert_int_equal(a->have, b->have);
	for (unsigned int i = 0; i < S2_MAX_CLAIMS; i++)
		assert_int_equal(a->value[i], b->value[i]);
}

static void same_vm(const struct s2_vm *a, const struct s2_vm *b)
{
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->unnamed, b->unnamed);
	assert_string_equal(a->comm, b->comm);
	assert_int_equal(a->va, b->va);
	assert_int_equal(a->named, b->named);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->is_protected, b->is_protected);
	assert_int_equal(a->is_created, b->is_created);
	assert_int_equal(a->is_dying, b->is_dying);
	assert_int_equal(a->have_vcpus, b->have_vcpus);
	assert_int_equal(a->nvcpus, b->nvcpus);
	for (size_t i = 0; i < a->nvcpus; i++) {
		const struct s2_vm_vcpu *v = &a->vcpu[i], *w = &b->vcpu[i];

		assert_int_equal(v->index, w->index);
		assert_int_equal(v->va, w->va);
		assert_int_equal(v->state, w->state);
		assert_int_equal(v->have_cpu, w->have_cpu);
		assert_int_equal(v->have_pid, w->have_pid);
		assert_int_equal(v->have_cpu ? v->cpu : -1, w->cpu);
		assert_int_equal(v->have_pid ? v->pid : -1, w->pid);
	}
}

static void same_table(const struct s2_table *a, const struct s2_table *b)
{
	if (a->vm)
		same_vm(a->vm, b->vm);
	else if (s2_table_is_vms(a))
		assert_string_equal(b->vm->unnamed, "this snapshot is older than names are kept");
	else
		assert_null(b->vm);
	assert_int_equal(a->have_vmid, b->have_vmid);
	assert_int_equal(a->vmid, b->vmid);
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->kind, b->kind);
	assert_string_equal(b->found, "snapshot note");
	assert_int_equal(a->root_pa, b->root_pa);
	same_regime(&a->regime, &b->regime);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->vcpus, b->vcpus);
	assert_int_equal(a->shadow[S2_SHADOW_ROOT], b->shadow[S2_SHADOW_ROOT]);
	assert_int_equal(a->shadow[S2_SHADOW_CONTROL], b->shadow[S2_SHADOW_CONTROL]);
	assert_int_equal(s2_pkvm_role_of(a), s2_pkvm_role_of(b));
	assert_int_equal(a->have_handle, b->have_handle);
	assert_int_equal(a->handle, b->handle);
	assert_int_equal(a->nannotators, b->nannotators);
	assert_int_equal(a->have_slots, b->have_slots);
	assert_int_equal(a->nslots, b->nslots);
	for (size_t i = 0; i < a->nslots; i++) {
		assert_int_equal(a->slot[i].ipa, b->slot[i].ipa);
		assert_int_equal(a->slot[i].size, b->slot[i].size);
		assert_int_equal(a->slot[i].hva, b->slot[i].hva);
		assert_int_equal(a->slot[i].flags, b->slot[i].flags);
		assert_int_equal(a->slot[i].id, b->slot[i].id);
	}
}

/* Writes the note of @a and reads it again; the caller frees @ret. */
static void there_and_back(const struct s2_tables *a, struct s2_tables *ret)
{
	const struct s2_lost none = { .n = 0 };
	char *text = s2_snapshot_note(a, &none);
	struct s2_err err;

	assert_non_null(text);
	assert_null(strstr(text, "problems"));
	if (read_text(text, ret, &err))
		fail_msg("%s: %s", err.text, text);
	free(text);
	assert_int_equal(a->n, ret->n);
	for (size_t i = 0; i < a->n; i++)
		same_table(&a->table[i], &ret->table[i]);
	assert_string_equal(a->release, ret->release);
	assert_string_equal(a->build_id, ret->build_id);
	assert_int_equal(a->mode, ret->mode);
	assert_int_equal(!s2_pkvm_of(a), !s2_pkvm_of(ret));
}

static void same_soft(const struct s2_soft *a, const struct s2_soft *b)
{
	assert_ptr_equal(a->ops, b->ops);
	assert_int_equal(a->assumed, b->assumed);
	assert_int_equal(a->unsure, b->unsure);
	assert_int_equal(a->assumed ? 0 : a->empty, a->assumed ? 0 : b->empty);
	for (unsigned int i = 0; i < a->ops->nparams; i++)
		assert_int_equal(a->param[i], b->param[i]);
}

/* What wrote a table, each number that it was told, and which of them were guessed. */
static void software(void **state)
{
	const struct s2_lost none = { .n = 0 };

	(void)state;
	for (unsigned int i = 0; i < s2_nsofts; i++)
		for (unsigned int n = 0; n <= s2_softs[i]->nparams + 1; n++) {
			struct s2_table table = { .id = "vm:1",
						  .kind = "guest",
						  .root_pa = 0x1000 };
			struct s2_tables a = { .table = &table, .n = 1 }, back = { 0 };
			struct s2_soft *soft = &table.regime.soft;
			struct s2_err err;
			unsigned int arch = 0;
			char *text, *name;

			while (strcmp(s2_archs[arch]->name, s2_softs[i]->arch) != 0)
				arch++;
			s2_regime_init(&table.regime, s2_archs[arch]);
			s2_soft_wrote(&table.regime, s2_softs[i]);
			soft->assumed = n & 1;
			soft->empty = 0x8000000000000000 + n;
			for (unsigned int p = 0; p < soft->ops->nparams; p++) {
				soft->param[p] = 0x1000 + p;
				if (n == p + 1 || n == soft->ops->nparams + 1)
					s2_soft_unsure(soft, p);
			}
			there_and_back(&a, &back);
			same_soft(soft, &back.table[0].regime.soft);
			s2_tables_free(&back);
			/* Of what nobody knows, nothing can be said. */
			text = s2_snapshot_note(&a, &none);
			assert_non_null(text);
			name = strstr(strstr(text, "\"soft\""), s2_softs[i]->name);
			assert_non_null(name);
			*name ^= 1;
			assert_int_equal(read_text(text, &back, &err), S2_INVALID);
			assert_non_null(strstr(err.text, "unknown software '"));
			free(text);
		}
}

/* A whole kernel's: memslots, a nested guest, a VM without slots. */
static void vms_of_a_kernel(void **state)
{
	(void)state;
	for (size_t f = 0; f < NFORMS; f++) {
		struct kvmtest t;
		struct s2_tables back;
		uint64_t kvm, set, slot, mmu, array;

		kvm_init(&t, &kvm_forms[f], &test_shapes[0], true);
		kvm = put_vm(&t, 1, 0x12345000);
		put_vcpus(&t, kvm, 2, HCR_E2H_FWB);
		set = heap_alloc(&t, SLOTS_ARRAY + SLOT_SIZE);
		slot = set + SLOTS_ARRAY;
		if (t.form->slot_tree)
			set64(&t, set, slot + SLOT_NODES);
		else
			set_bytes(&t, set + SLOTS_USED, 1, 4);
		set64(&t, slot + SLOT_GFN, 0x40000);
		set64(&t, slot + SLOT_NPAGES, 0x20000);
		set64(&t, slot + SLOT_HVA, 0xffff812340000);
		set_bytes(&t, slot + SLOT_FLAGS, 0x20003, 4); /* KVM_MEMSLOT_INVALID is 1 << 16 */
		set_bytes(&t, slot + SLOT_ID, 32766, 2);
		set64(&t, kvm + KVM_MEMSLOTS, set);
		if (t.form->nested != NESTED_NONE) {
			array = heap_alloc(&t, MMU_SIZE);
			mmu = t.form->nested == NESTED_POINTERS ? heap_alloc(&t, MMU_SIZE) : array;
			if (mmu != array)
				set64(&t, array, mmu);
			put_mmu(&t, kvm, mmu, 0x777000);
			set64(&t, mmu + MMU_TLB_VTTBR, 0x0042000012340000);
			set64(&t, mmu + MMU_TLB_VTCR, 0x80023559);
			set64(&t, kvm + KVM_NESTED, array);
			set64(&t, kvm + KVM_NESTED_SIZE, 1);
		}
		put_vm(&t, 1, 0x54321000);
		set64(&t, put_vm(&t, 2, 0x9000) + KVM_MEMSLOTS, 0);
		kvm_must(&t);
		assert_int_equal(t.tables.n, t.form->nested == NESTED_NONE ? 3 : 4);
		assert_int_equal(table_of(&t, "vm:1.1")->nslots, 1);
		assert_int_equal(t.tables.mode, S2_KVM_VHE);
		there_and_back(&t.tables, &back);
		assert_string_equal(back.mode_why, "snapshot note");
		s2_tables_free(&back);
		kvm_exit(&t);
	}
}

/* Everything that a regime can claim, and modes. */
static void every_claim(void **state)
{
	static const struct s2_arch *const archs[] = { &s2_arm64_stage2, &s2_arm64_stage1_el2 };

	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		struct s2_tables a = { .mode = (enum s2_kvm_mode)(i % S2_NKVM_MODES) }, back;
		struct s2_table table = { .pid = -1, .vcpus = -1, .root_pa = BIT64(52) - 4096 };

		s2_regime_init(&table.regime, archs[i % 2]);
		for (unsigned int reg = i % 3; reg < S2_ARM64_NREGS; reg += 2)
			s2_regime_set(&table.regime, (enum s2_arm64_claim)reg,
				      UINT64_MAX - reg * i);
		if (i % 3)
			s2_regime_set(&table.regime, S2_ARM64_GRANULE,
				      UINT64_C(4096) << (i % 3 * 2));
		if (i)
			s2_regime_set(&table.regime, S2_ARM64_IA_BITS, i * 4);
		if (i)
			s2_regime_set(&table.regime, S2_ARM64_OA_BITS, i * 4);
		s2_regime_set_level(&table.regime, S2_ARM64_START_LEVEL,
				    i % 6 ? (int)(i % 6) - 2 : S2_NO_LEVEL);
		s2_regime_set_flag(&table.regime, S2_ARM64_LPA2, (enum s2_tristate)(i % 3));
		s2_regime_set_flag(&table.regime, S2_ARM64_FWB, (enum s2_tristate)(i / 2 % 3));
		s2_regime_set_flag(&table.regime, S2_ARM64_XNX, (enum s2_tristate)(i / 3 % 3));
		if (i % 2)
			s2_regime_set_flag(&table.regime, S2_ARM64_E2H,
					   (enum s2_tristate)(i / 2 % 3));
		if (i & 1)
			s2_regime_set(&table.regime, S2_ARM64_REALM, 1);
		if (i & 2)
			s2_regime_set(&table.regime, S2_ARM64_UPPER, 1);
		if (i & 4)
			s2_slots_known(&table, NULL, 0);
		strcpy(table.id, "the-longest-name-that-a-table-can-have:-sixty-three-characters.");
		assert_int_equal(strlen(table.id), S2_ID_LEN - 1);
		strcpy(table.kind, "hyp-stage1");
		if (i % 6 == 1)
			s2_regime_set_level(&table.regime, S2_ARM64_START_LEVEL, -1);
		assert_int_equal(s2_tables_add(&a, &table, NULL), S2_OK);
		strcpy(table.id, "\"quoted\\");
		assert_int_equal(s2_tables_add(&a, &table, NULL), S2_OK);
		strcpy(a.release, "6.12.0");
		there_and_back(&a, &back);
		s2_tables_free(&back);
		s2_tables_free(&a);
	}
}

/* All that can be known of a VM, and each of it not known. */
static void every_vm(void **state)
{
	static const int32_t numbers[] = { 0, 1, INT32_MAX };

	(void)state;
	for (unsigned int i = 0; i < 60; i++) {
		struct s2_tables a = { .mode = S2_KVM_VHE }, back;
		struct s2_table table = { .pid = -1, .vcpus = -1, .root_pa = 0x1000 };
		struct s2_vm *vm = s2_vm_new();

		assert_non_null(vm);
		s2_regime_init(&table.regime, &s2_arm64_stage2);
		vm->va = i % 7 ? 0xffff000012345000 + i : 0;
		vm->named = (enum s2_vm_named)(i % S2_NNAMED);
		strcpy(vm->name, vm->named ? "web 17 \\x0a" : "");
		strcpy(vm->unnamed, vm->named ? "" : "its command line is empty");
		strcpy(vm->comm, i % 2 ? "qemu-system-aar" : "");
		vm->state = (enum s2_vm_state)(i % S2_NVM_STATES);
		vm->is_protected = (enum s2_tristate)(i % 3);
		vm->is_created = (enum s2_tristate)(i / 3 % 3);
		vm->is_dying = (enum s2_tristate)(i / 9 % 3);
		vm->have_vcpus = i % 4 != 0;
		vm->nvcpus = vm->have_vcpus ? i % 4 - 1 : 0;
		vm->vcpu = calloc(4, sizeof(*vm->vcpu));
		assert_non_null(vm->vcpu);
		for (size_t k = 0; k < vm->nvcpus; k++)
			vm->vcpu[k] = (struct s2_vm_vcpu){
				.index = k * 511,
				.va = UINT64_MAX - i,
				.state = (enum s2_vcpu_state)((i + k) % S2_NVCPU_STATES),
				.have_cpu = (i + k) & 1,
				.have_pid = (i + k) & 2,
				.cpu = numbers[(i + k) % 3],
				.pid = numbers[(i / 3 + k) % 3],
			};
		assert_int_equal(s2_tables_own(&a, vm, NULL), S2_OK);
		table.vm = vm;
		table.have_vmid = i % 5;
		table.vmid = i % 5 ? UINT16_MAX / (i % 5) : 0;
		strcpy(table.id, "vm:1");
		strcpy(table.kind, "stage2");
		assert_int_equal(s2_tables_add(&a, &table, NULL), S2_OK);
		there_and_back(&a, &back);
		s2_tables_free(&back);
		s2_tables_free(&a);
	}
}

/* A protected system's facts. */
static void pkvm(void **state)
{
	struct s2_tables a = { .mode = S2_KVM_PROTECTED }, back;
	struct s2_table table = { .pid = -1, .vcpus = -1, .root_pa = 0x1000 };
	struct s2_pkvm *p = calloc(1, sizeof(*p)), *q;

	(void)state;
	assert_non_null(p);
	p->annotation = S2_ANNOTATION_LOW;
	p->locked_bit = p->guests = p->have_vmemmap = p->have_memory = true;
	p->ffa = S2_YES;
	p->host_in = S2_STATE_IN_PTE;
	p->hyp_in = S2_STATE_IN_VMEMMAP;
	for (unsigned int i = 0; i < S2_NOWNERS; i++)
		p->id[i] = (int16_t)((int)i - 1);
	for (unsigned int i = 0; i < S2_NINVALID; i++)
		p->type[i] = (uint8_t)(i + 3);
	for (unsigned int i = 0; i < S2_NSTATES; i++)
		p->value[i] = (uint8_t)(255 - i);
	p->host_memattr = S2_MEMATTR_UNKNOWN;
	p->page.size = 8;
	p->page.refcount = 0xffff;
	p->page.share = UINT64_C(0xffffffff) << 32;
	p->phys_offset = 0xffff000040000000;
	p->vmemmap_va = 0x123456789000;
	p->piece = calloc(2, sizeof(*p->piece));
	p->memory = calloc(2, sizeof(*p->memory));
	p->cpu = calloc(1, sizeof(*p->cpu));
	assert_true(p->piece && p->memory && p->cpu);
	p->npieces = p->nmemory = 2;
	p->ncpus = 1;
	p->piece[0] = (struct s2_vmemmap_piece){ .pfn = 16, .n = 4, .pa = 0x2000 };
	p->piece[1] = (struct s2_vmemmap_piece){ .pfn = 20, .n = 1, .pa = 0x8000 };
	p->memory[0] = (struct s2_pkvm_region){ .pa = 0x40000000, .size = 0x1000 };
	p->memory[1] =
		(struct s2_pkvm_region){ .pa = 0x40001000, .size = 0x7fff000, .nomap = true };
	p->cpu[0] = (struct s2_pkvm_cpu){ .pa = 1, .stack_va = UINT64_MAX, .stack_pa = 3 };
	p->handle_first = 0x1000;
	a.keeper = &s2_pkvm_host;
	a.kept = p;
	s2_pkvm_annotate(&table, p, S2_PKVM_GUEST);
	table.have_handle = true;
	table.handle = UINT32_MAX;
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	strcpy(table.id, "vm:handle-0xffffffff");
	strcpy(table.kind, "stage2");
	assert_int_equal(s2_tables_add(&a, &table, NULL), S2_OK);
	there_and_back(&a, &back);
	q = s2_pkvm_of(&back);
	assert_ptr_equal(back.table[0].annotator[0].data, q);
	assert_int_equal(q->annotation, p->annotation);
	assert_true(q->locked_bit && q->guests && q->have_vmemmap && q->have_memory);
	assert_false(q->hyp_vms);
	assert_int_equal(q->ffa, p->ffa);
	assert_int_equal(q->host_in, p->host_in);
	assert_int_equal(q->hyp_in, p->hyp_in);
	assert_memory_equal(q->id, p->id, sizeof(q->id));
	assert_memory_equal(q->type, p->type, sizeof(q->type));
	assert_memory_equal(q->value, p->value, sizeof(q->value));
	assert_int_equal(q->host_memattr, p->host_memattr);
	assert_int_equal(q->page.size, 8);
	assert_int_equal(q->page.refcount, p->page.refcount);
	assert_int_equal(q->page.share, p->page.share);
	assert_int_equal(q->phys_offset, p->phys_offset);
	assert_int_equal(q->vmemmap_va, p->vmemmap_va);
	assert_int_equal(q->npieces, 2);
	assert_int_equal(q->piece[1].pfn, 20);
	assert_int_equal(q->piece[1].pa, 0x8000);
	assert_int_equal(q->nmemory, 2);
	assert_int_equal(q->memory[1].size, 0x7fff000);
	assert_false(q->memory[0].nomap);
	assert_true(q->memory[1].nomap);
	assert_int_equal(q->ncpus, 1);
	assert_int_equal(q->cpu[0].stack_va, UINT64_MAX);
	assert_int_equal(q->handle_first, 0x1000);
	s2_tables_free(&back);
	s2_tables_free(&a);
}

#define NOTE(tables) "{\"version\":1,\"release\":\"\",\"build_id\":\"\",\"tables\":[" tables "]}"
#define LOSSES(list) \
	"{\"version\":1,\"release\":\"\",\"build_id\":\"\",\"problems\":" list \
	",\"tables\":[" TABLE("a", "") "]}"
#define TABLE(id, more) \
	"{\"id\":\"" id "\",\"kind\":\"stage2\",\"arch\":\"arm64\",\"stage\":\"stage2\"," \
	"\"root\":\"0x1000\"" more "}"
#define VCPU(members) ",\"vm\":{\"address\":\"0x0\",\"vcpu\":[{" members "}]}"
#define SLOT(ipa, size) "{\"ipa\":\"" ipa "\",\"size\":\"" size "\",\"hva\":\"0x0\"}"

/* A note may give any reason why a VM has no name, and keeps what else it says of the VM. */
static void reason_of_older_notes(void **state)
{
	struct s2_tables a, back;
	struct s2_err err;

	(void)state;
	if (read_text(NOTE(TABLE("vm:1",
				 ",\"vm\":{\"address\":\"0x80\",\"comm\":\"qemu\",\"name_missing\":"
				 "\"this snapshot is older than names are kept\"}")),
		      &a, &err))
		fail_msg("%s", err.text);
	assert_string_equal(a.table[0].vm->comm, "qemu");
	there_and_back(&a, &back);
	s2_tables_free(&back);
	s2_tables_free(&a);
}

static void broken_notes(void **state)
{
	static const struct {
		const char *text, *why;
	} notes[] = {
		{ "", "" },
		{ "{", "position" },
		{ "[]", "" },
		{ "{}", "" },
		{ "{\"version\":2,\"tables\":[{}]}", "version 2" },
		{ "{\"version\":\"1\",\"tables\":[{}]}", "'version'" },
		{ NOTE(""), "no tables" },
		{ "{\"version\":1,\"tables\":{}}", "no tables" },
		{ "{\"version\":1,\"tables\":[" TABLE("a", "") "]}", "'release'" },
		{ NOTE("1"), "table 0" },
		{ NOTE(TABLE("a", "") "," TABLE("a", "")), "two tables are called 'a'" },
		{ NOTE(TABLE("", "")), "'id' is empty" },
		{ NOTE(TABLE("a", ",\"root\":4096")), "'root'" },
		{ NOTE(TABLE("a", ",\"root\":\"x\"")), "root" },
		{ NOTE(TABLE("a", ",\"arch\":\"vax\"")), "unknown table format 'vax" },
		{ NOTE(TABLE("a", ",\"stage\":\"stage3\"")), "stage3" },
		{ NOTE(TABLE("a", ",\"registers\":{\"vtcr_el2\":1}")), "vtcr_el2" },
		{ NOTE(TABLE("a", ",\"granule\":-1")), "'granule'" },
		{ NOTE(TABLE("a", ",\"ia_bits\":65")), "'ia_bits'" },
		{ NOTE(TABLE("a", ",\"oa_bits\":57")), "'oa_bits'" },
		{ NOTE(TABLE("a", ",\"start_level\":4")), "'start_level'" },
		{ NOTE(TABLE("a", ",\"start_level\":-2")), "'start_level'" },
		{ NOTE(TABLE("a", ",\"pid\":1.5")), "'pid'" },
		{ NOTE(TABLE("a", ",\"vmid\":65536")), "'vmid'" },
		{ NOTE(TABLE("a", ",\"vmid\":-1")), "'vmid'" },
		{ NOTE(TABLE("a", ",\"vm\":{}")), "address" },
		{ NOTE(TABLE("a", ",\"vm\":{\"address\":\"0x0\",\"name\":1}")), "'name'" },
		{ NOTE(TABLE("a", ",\"vm\":{\"address\":\"0x0\",\"name_missing\":1}")),
		  "'name_missing'" },
		{ NOTE(TABLE("a", ",\"vm\":{\"address\":\"0x0\",\"comm\":1}")), "'comm'" },
		{ NOTE(TABLE("a", VCPU("\"index\":-1,\"address\":\"0x0\""))), "'index'" },
		{ NOTE(TABLE("a", VCPU("\"index\":2147483648,\"address\":\"0x0\""))), "'index'" },
		{ NOTE(TABLE("a", VCPU("\"index\":0,\"address\":0"))), "vcpu 0: 'address'" },
		{ NOTE(TABLE("a", VCPU("\"index\":0,\"address\":\"0x0\",\"cpu\":-1"))), "'cpu'" },
		{ NOTE(TABLE("a", VCPU("\"index\":0,\"address\":\"0x0\",\"cpu\":2147483648"))),
		  "'cpu'" },
		{ NOTE(TABLE("a", VCPU("\"index\":0,\"address\":\"0x0\",\"pid\":-1"))), "'pid'" },
		{ NOTE(TABLE("a", VCPU("\"index\":0,\"address\":\"0x0\",\"pid\":2147483648"))),
		  "vcpu 0: 'pid'" },
		{ NOTE(TABLE("a", ",\"pkvm_role\":4")), "'pkvm_role'" },
		{ NOTE(TABLE("a", ",\"handle\":4294967296")), "'handle'" },
		{ NOTE(TABLE("a", ",\"guest_vtcr\":\"0x1\"")), "guest_vttbr" },
		{ NOTE(TABLE("a", ",\"kind\":\"a kind that is longer than 31 bytes\"")), "'kind'" },
		{ NOTE(TABLE("a", ",\"memslots\":[1]")), "memslot 0" },
		{ NOTE(TABLE("a", ",\"memslots\":[" SLOT("0x10000000000000", "0x1000") "]")),
		  "out of range" },
		{ NOTE(TABLE("a", ",\"memslots\":[" SLOT("0x0", "0x2000") "," SLOT("0x1000",
										   "0x1000") "]")),
		  "memslot 1" },
		{ LOSSES("{}"), "'problems'" },
		{ LOSSES("[1]"), "problem 0: unknown 'code'" },
		{ LOSSES("[{\"code\":\"ok\",\"what\":\"VM\",\"text\":\"\"}]"), "'code'" },
		{ LOSSES("[{\"code\":\"absent\",\"what\":\"VMs\",\"text\":\"\"}]"), "'what'" },
		{ LOSSES("[{\"code\":\"absent\",\"what\":\"VM\"}]"), "'text'" },
		{ LOSSES("[{\"code\":\"absent\",\"what\":\"VM\",\"text\":\"\",\"address\":1}]"),
		  "'address'" },
		{ "{\"pkvm\":1," /* goes on */
		  "\"version\":1,\"release\":\"\",\"build_id\":\"\",\"tables\":[1]}",
		  "pkvm" },
		{ "{\"pkvm\":{\"locked_bit\":\"0x2\"},"
		  "\"version\":1,\"release\":\"\",\"build_id\":\"\",\"tables\":[1]}",
		  "pkvm" },
		{ "{\"pkvm\":{\"annotation\":\"x\"},"
		  "\"version\":1,\"release\":\"\",\"build_id\":\"\",\"tables\":[1]}",
		  "annotation" },
		{ "{\"pkvm\":{\"annotation\":\"0x100000000\"},"
		  "\"version\":1,\"release\":\"\",\"build_id\":\"\",\"tables\":[1]}",
		  "annotation" },
	};
	struct s2_tables tables;
	struct s2_err err;

	(void)state;
	assert_int_equal(read_text(NOTE(TABLE("a", "")), &tables, &err), S2_OK);
	assert_int_equal(tables.n, 1);
	assert_int_equal(tables.mode, S2_KVM_UNKNOWN);
	assert_false(tables.chosen);
	assert_int_equal(tables.table[0].pid, -1);
	assert_false(tables.table[0].have_slots);
	s2_tables_free(&tables);
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		enum s2_code code = read_text(notes[i].text, &tables, &err);

		if (code != S2_INVALID)
			fail_msg("%s: %s %s", notes[i].text, s2_code_name(code), err.text);
		if (!strstr(err.text, notes[i].why) || !strstr(err.text, "S2DUMP note"))
			fail_msg("%s: '%s' is not in '%s'", notes[i].text, notes[i].why, err.text);
	}
}

/* What the dump lacked, and that tables were chosen, is known of the snapshot; a missing page is
 * seen in the snapshot itself. */
static void losses(void **state)
{
	struct s2_tables a = { .chosen = true }, back;
	struct s2_table table = { .pid = -1, .vcpus = -1, .root_pa = 0x1000 };
	struct s2_lost lost = { .n = 0 }, again = { .n = 0 };
	struct s2_err err;
	char *text;

	(void)state;
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	strcpy(table.id, "host");
	strcpy(table.kind, "stage2");
	assert_int_equal(s2_tables_add(&a, &table, NULL), S2_OK);
	for (unsigned int i = 0; i < S2_NLOST; i++)
		s2_lost_add(&lost, (enum s2_lost_what)i, (enum s2_code)(S2_ABSENT + i % 6),
			    i % 2 ? "vm:1" : NULL, i % 3 ? i << 12 : S2_LOST_NOWHERE,
			    "number %u, bytes \xff\033", i);
	text = s2_snapshot_note(&a, &lost);
	assert_non_null(text);
	assert_int_equal(read_losses(text, &back, &again, &err), S2_OK);
	assert_true(back.chosen);
	s2_tables_free(&back);
	free(text);
	assert_int_equal(again.n, S2_NLOST - 2);
	for (size_t i = 0, k = 0; i < lost.n; i++) {
		const struct s2_loss *had = &lost.loss[i], *has = &again.loss[k];
		char want[64];

		if (had->what == S2_LOST_PAGE || had->what == S2_LOST_FILE)
			continue;
		snprintf(want, sizeof(want), "number %zu, bytes \\xff\\x1b", i);
		assert_string_equal(has->text, want);
		assert_int_equal(has->what, had->what);
		assert_int_equal(has->code, had->code);
		assert_string_equal(has->table, had->table);
		assert_int_equal(has->address, had->address);
		k++;
	}
	s2_lost_clear(&lost);
	s2_lost_clear(&again);
	s2_tables_free(&a);
}

/* A flag is 0 or 1. */
static void flags_of_pkvm(void **state)
{
	struct s2_pkvm facts = { .locked_bit = true };
	struct s2_tables a = { .keeper = &s2_pkvm_host, .kept = &facts }, back;
	struct s2_table table = { .pid = -1, .vcpus = -1 };
	const struct s2_lost none = { .n = 0 };
	struct s2_err err;
	char *text, *flag;

	(void)state;
	s2_regime_init(&table.regime, &s2_arm64_stage2);
	strcpy(table.id, "host");
	assert_int_equal(s2_tables_add(&a, &table, NULL), S2_OK);
	text = s2_snapshot_note(&a, &none);
	assert_non_null(text);
	assert_int_equal(read_text(text, &back, &err), S2_OK);
	assert_true(s2_pkvm_of(&back)->locked_bit);
	s2_tables_free(&back);
	flag = strstr(text, "\"locked_bit\":\"0x1\"");
	assert_non_null(flag);
	flag[strlen("\"locked_bit\":\"0x")] = '2';
	assert_int_equal(read_text(text, &back, &err), S2_INVALID);
	assert_non_null(strstr(err.text, "locked_bit"));
	free(text);
	a.kept = NULL;
	s2_tables_free(&a);
}

/* A dump of a running or broken machine: whatever comes out of it, its snapshot can be read. */
static void vms_that_no_kernel_has(void **state)
{
	struct kvmtest t;
	struct s2_tables back;
	uint64_t kvm, set, slot;

	(void)state;
	kvm_init(&t, FORM_5_15, &test_shapes[0], true);
	kvm = put_vm(&t, UINT32_MAX - 4, 0x1000);
	set_bytes(&t, kvm + KVM_ONLINE, UINT32_MAX - 6, 4);
	set = heap_alloc(&t, SLOTS_ARRAY + 2 * SLOT_SIZE);
	slot = set + SLOTS_ARRAY;
	set64(&t, kvm + KVM_MEMSLOTS, set);
	set_bytes(&t, set + SLOTS_USED, 2, 4);
	for (unsigned int i = 0; i < 2; i++) {
		set64(&t, slot + i * SLOT_SIZE + SLOT_GFN, i * 16);
		set64(&t, slot + i * SLOT_SIZE + SLOT_NPAGES, 16);
		set_bytes(&t, slot + i * SLOT_SIZE + SLOT_FLAGS, UINT32_MAX, 4);
	}
	kvm_must(&t);
	assert_int_equal(t.tables.n, 1);
	assert_int_equal(t.tables.table[0].pid, -1);
	assert_int_equal(t.tables.table[0].vcpus, -1);
	assert_int_equal(t.tables.table[0].nslots, 2);
	there_and_back(&t.tables, &back);
	s2_tables_free(&back);
	/* Slots that overlap, and one with a number that no slot has. */
	set64(&t, slot + SLOT_NPAGES, 17);
	kvm_must(&t);
	assert_false(t.tables.table[0].have_slots);
	assert_true(has_loss(&t, t.tables.table[0].id, "overlap"));
	there_and_back(&t.tables, &back);
	s2_tables_free(&back);
	set64(&t, slot + SLOT_NPAGES, 16);
	set_bytes(&t, slot + SLOT_ID, UINT16_MAX, 2);
	kvm_must(&t);
	assert_false(t.tables.table[0].have_slots);
	there_and_back(&t.tables, &back);
	s2_tables_free(&back);
	/* A nested guest whose hypervisor has no VTCR_EL2 yet. */
	strcpy(t.tables.table[0].kind, "nested-stage2");
	t.tables.table[0].shadow[S2_SHADOW_ROOT] = 0x1000;
	there_and_back(&t.tables, &back);
	s2_tables_free(&back);
	kvm_exit(&t);
}

/* A table that claims a role in a protected system of which the note says nothing. */
static void role_without_pkvm(void **state)
{
	struct s2_tables tables;
	struct s2_err err;

	(void)state;
	assert_int_equal(read_text(NOTE(TABLE("a", ",\"pkvm_role\":1")), &tables, &err), S2_OK);
	assert_int_equal(tables.table[0].nannotators, 0);
	s2_tables_free(&tables);
}

static void no_note(void **state)
{
	struct s2_raw_args args = { .raw = true };
	static const uint8_t page[4096];
	struct s2_source *source;
	struct s2_tables tables;
	struct s2_err err;

	(void)state;
	s2_err_init(&err);
	assert_int_equal(s2_source_open_memory(page, sizeof(page), &args, &source, NULL), S2_OK);
	assert_int_equal(s2_snapshot_tables(source, &tables, &err), S2_NOTFOUND);
	s2_source_close(source);
}

/* However many tables there are, each has a name of its own, and there is a bound. */
static void names_of_many_tables(void **state)
{
	struct s2_tables tables = { .most = 70 };
	struct s2_table table = { .pid = -1, .vcpus = -1 };
	struct s2_err err;

	(void)state;
	s2_err_init(&err);
	for (unsigned int n = 0; n < 70; n++) {
		snprintf(table.id, sizeof(table.id), "vm:%u", n);
		assert_int_equal(s2_tables_add(&tables, &table, &err), S2_OK);
		for (unsigned int i = 0; n < 69 && i <= n; i++) {
			snprintf(table.id, sizeof(table.id), "vm:%u", i);
			assert_int_equal(s2_tables_add(&tables, &table, &err), S2_INVALID);
			assert_non_null(strstr(err.text, table.id));
		}
		assert_int_equal(tables.n, n + 1);
	}
	strcpy(table.id, "vm:70");
	assert_int_equal(s2_tables_add(&tables, &table, &err), S2_BUDGET);
	assert_int_equal(tables.n, 70);
	s2_tables_free(&tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_many_tables),
		cmocka_unit_test(software),
		cmocka_unit_test(vms_of_a_kernel),
		cmocka_unit_test(every_claim),
		cmocka_unit_test(every_vm),
		cmocka_unit_test(pkvm),
		cmocka_unit_test(reason_of_older_notes),
		cmocka_unit_test(broken_notes),
		cmocka_unit_test(losses),
		cmocka_unit_test(flags_of_pkvm),
		cmocka_unit_test(vms_that_no_kernel_has),
		cmocka_unit_test(role_without_pkvm),
		cmocka_unit_test(no_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
