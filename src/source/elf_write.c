// SPDX-License-Identifier: GPL-2.0-or-later
// The ELF writer behind `extract`: header, program headers, note, memory, in one forward pass so
// that a pipe will do.
#include "source/elf_write.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define DATA_ALIGN 4096
#define COPY_CHUNK 65536

static void pad_to(struct s2_out *out, uint64_t *off, uint64_t target)
{
	static const char zero[DATA_ALIGN];

	while (*off < target) {
		size_t n = target - *off < sizeof(zero) ? (size_t)(target - *off) : sizeof(zero);

		s2_out_mem(out, zero, n);
		*off += n;
	}
}

/* Where everything lies in the file. */
struct layout {
	uint64_t nphdrs;
	uint64_t note_off, note_size;
	uint64_t shdr_off; /* section header 0 for PN_XNUM, 0 when it is not needed */
	uint64_t data_off, data_end;
};

static void lay_out(const struct s2_piece *piece, size_t n, size_t name_len, size_t text_len,
		    struct layout *l)
{
	uint64_t off;

	l->nphdrs = n + 1;
	l->note_off = sizeof(Elf64_Ehdr) + l->nphdrs * sizeof(Elf64_Phdr);
	l->note_size = sizeof(Elf64_Nhdr) + align_up(name_len + 1, 4) + align_up(text_len, 4);
	off = l->note_off + l->note_size;
	l->shdr_off = 0;
	if (l->nphdrs >= PN_XNUM) {
		l->shdr_off = align_up(off, 8);
		off = l->shdr_off + sizeof(Elf64_Shdr);
	}
	l->data_off = l->data_end = align_up(off, DATA_ALIGN);
	for (size_t i = 0; i < n; i++)
		if (!piece[i].state)
			l->data_end += piece[i].size;
}

static void write_headers(struct s2_out *out, unsigned int machine, const struct s2_piece *piece,
			  size_t n, const struct layout *l)
{
	Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = (Elf64_Half)machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = l->shdr_off,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(l->shdr_off ? PN_XNUM : l->nphdrs),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = l->shdr_off ? 1 : 0,
	};
	Elf64_Phdr note = { .p_type = PT_NOTE,
			    .p_offset = l->note_off,
			    .p_filesz = l->note_size,
			    .p_memsz = l->note_size,
			    .p_align = 4 };
	uint64_t off = l->data_off;

	s2_out_mem(out, (const char *)&ehdr, sizeof(ehdr));
	s2_out_mem(out, (const char *)&note, sizeof(note));
	for (size_t i = 0; i < n; i++) {
		Elf64_Phdr load = { .p_type = PT_LOAD,
				    .p_flags = PF_R,
				    .p_paddr = piece[i].pa,
				    .p_memsz = piece[i].size };

		if (!piece[i].state) {
			load.p_offset = off;
			load.p_filesz = piece[i].size;
			off += piece[i].size;
		} else if (piece[i].state == S2_TRUNCATED) {
			load.p_offset = l->data_end;
			load.p_filesz = piece[i].size;
		}
		s2_out_mem(out, (const char *)&load, sizeof(load));
	}
}

static void write_note(struct s2_out *out, const char *name, uint32_t type, const char *text,
		       uint64_t *off)
{
	size_t name_len = strlen(name) + 1, text_len = strlen(text);
	Elf64_Nhdr nhdr = { .n_namesz = (Elf64_Word)name_len,
			    .n_descsz = (Elf64_Word)text_len,
			    .n_type = type };

	s2_out_mem(out, (const char *)&nhdr, sizeof(nhdr));
	s2_out_mem(out, name, name_len);
	*off += sizeof(nhdr) + name_len;
	pad_to(out, off, align_up(*off, 4));
	s2_out_mem(out, text, text_len);
	*off += text_len;
	pad_to(out, off, align_up(*off, 4));
}

static enum s2_code copy_piece(struct s2_out *out, const struct s2_mem *mem,
			       const struct s2_piece *piece, char *buf, struct s2_err *err)
{
	for (uint64_t done = 0; done < piece->size && !s2_out_dead(out);) {
		size_t len = piece->size - done < COPY_CHUNK ? (size_t)(piece->size - done) :
							       COPY_CHUNK;
		enum s2_code code = s2_mem_read(mem, piece->pa + done, buf, len, err);

		if (code)
			return code;
		s2_out_mem(out, buf, len);
		s2_meter_add(mem->meter, len);
		done += len;
	}
	return S2_OK;
}

enum s2_code s2_elf_write(struct s2_out *out, const struct s2_mem *mem, unsigned int machine,
			  const struct s2_piece *piece, size_t n, const char *name, uint32_t type,
			  const char *text, struct s2_err *err)
{
	char *buf = malloc(COPY_CHUNK);
	enum s2_code code = S2_OK;
	struct layout l;
	uint64_t off;

	if (!buf)
		return s2_fail(err, S2_NOMEM, "no memory");
	lay_out(piece, n, strlen(name), strlen(text), &l);
	write_headers(out, machine, piece, n, &l);
	off = l.note_off;
	write_note(out, name, type, text, &off);
	if (l.shdr_off) {
		Elf64_Shdr shdr = { .sh_type = SHT_NULL, .sh_info = (Elf64_Word)l.nphdrs };

		pad_to(out, &off, l.shdr_off);
		s2_out_mem(out, (const char *)&shdr, sizeof(shdr));
		off += sizeof(shdr);
	}
	pad_to(out, &off, l.data_off);
	s2_meter_expect(mem->meter, l.data_end - l.data_off);
	for (size_t i = 0; i < n && !code; i++)
		if (!piece[i].state)
			code = copy_piece(out, mem, &piece[i], buf, err);
	free(buf);
	return code;
}
