/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole machine: a small sound image, made when s2dump is built (systems.py), and the input
 * patches it. Then it is opened as `list`, `dump` and `check` do.
 *
 * - 1 byte: which of the systems;
 * - 1 byte: how: bit 0 without the System.map, 1 the kernel's own copy of a table (--snapshot),
 *   2 --absent-is-zero, 3 names of other kernels, 4 without `check`, 5 without rows;
 * - 1 byte: format and merging;
 * - 12 bytes for each patch: what to do, page (2), word, value (8).
 *
 * Pages and words are counted among those that hold something, so that most patches change what is
 * read.
 */
#ifndef S2_TESTS_FUZZ_SYSTEM_H
#define S2_TESTS_FUZZ_SYSTEM_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/check.h"
#include "open/input.h"
#include "tables_invariants.h"

#define SYSTEM_PAGE 4096U
#define SYSTEM_WORDS (SYSTEM_PAGE / 8)
#define SYSTEM_PATCHES 32
#define SYSTEMS 16
#define SYSTEM_HEADERS (64 + 2 * 56) /* of an ELF core: its own, PT_NOTE, PT_LOAD */

/* As systems.py writes it; System.map and pages follow. */
struct system_head {
	uint64_t base; /* of a raw image; all ones: a container */
	uint64_t size, copy, map_size, npages;
	uint64_t sound; /* not 0: without a patch no check fails */
};

struct system_image {
	struct system_head head;
	int fd, map_fd;
	uint64_t *bytes; /* the file, shared with @fd */
	uint64_t *sound; /* as it was */
	uint32_t *page;  /* those that hold something */
	char path[2][64];
};

static struct system_image systems[SYSTEMS];
static unsigned int nsystems;

static inline uint64_t *system_words(uint64_t *bytes, uint32_t page)
{
	return bytes + (size_t)page * SYSTEM_WORDS;
}

static inline bool system_read(FILE *f, struct system_image *s)
{
	char map[8192];

	if (fread(&s->head, sizeof(s->head), 1, f) != 1)
		return false;
	s->fd = memfd_create("image", MFD_CLOEXEC);
	s->map_fd = memfd_create("map", MFD_CLOEXEC);
	REQUIRE(s->fd >= 0 && s->map_fd >= 0 && !ftruncate(s->fd, (off_t)s->head.size));
	REQUIRE(s->head.map_size <= sizeof(map) &&
		fread(map, 1, s->head.map_size, f) == s->head.map_size);
	REQUIRE(write(s->map_fd, map, s->head.map_size) == (ssize_t)s->head.map_size);
	s->bytes = mmap(NULL, s->head.size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	s->sound = mmap(NULL, s->head.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	s->page = calloc(s->head.npages, sizeof(*s->page));
	REQUIRE(s->bytes != MAP_FAILED && s->sound != MAP_FAILED && s->page);
	for (uint64_t i = 0; i < s->head.npages; i++) {
		REQUIRE(fread(&s->page[i], sizeof(s->page[i]), 1, f) == 1);
		REQUIRE(fread(system_words(s->sound, s->page[i]), SYSTEM_PAGE, 1, f) == 1);
		memcpy(system_words(s->bytes, s->page[i]), system_words(s->sound, s->page[i]),
		       SYSTEM_PAGE);
	}
	snprintf(s->path[0], sizeof(s->path[0]), "/proc/self/fd/%d", s->fd);
	snprintf(s->path[1], sizeof(s->path[1]), "/proc/self/fd/%d", s->map_fd);
	return true;
}

static inline void systems_read(const char *path)
{
	FILE *f = fopen(path, "rb");

	REQUIRE(f);
	while (nsystems < SYSTEMS && system_read(f, &systems[nsystems]))
		nsystems++;
	fclose(f);
	REQUIRE(nsystems);
}

/* The word number @index of those in @page that are not zero; with @any, of all. */
static inline uint64_t *system_word(const struct system_image *s, uint32_t page, unsigned int index,
				    bool any)
{
	uint64_t *sound = system_words(s->sound, page), *words = system_words(s->bytes, page);
	unsigned int n = 0;

	for (unsigned int i = 0; i < SYSTEM_WORDS; i++)
		n += sound[i] != 0;
	if (any || !n)
		return words + index % SYSTEM_WORDS;
	index %= n;
	for (unsigned int i = 0;; i++)
		if (sound[i] && !index--)
			return words + i;
}

/* Applies one patch, and returns the page that it changed. */
static inline uint32_t system_patch(struct system_image *s, const uint8_t patch[12])
{
	uint16_t at, other;
	uint32_t page, from;
	uint64_t value, *word;

	memcpy(&at, patch + 1, 2);
	memcpy(&value, patch + 4, 8);
	memcpy(&other, patch + 4, 2);
	page = s->page[at % s->head.npages];
	from = s->page[other % s->head.npages];
	/* What a core's headers claim is the target elf's, and costs time here. */
	if (s->head.base == UINT64_MAX && !page && patch[0] % 8 > 5)
		return page;
	word = system_word(s, page, patch[3] | (patch[0] & 0x40U) << 2, patch[0] & 0x80);
	if (s->head.base == UINT64_MAX && word < s->bytes + SYSTEM_HEADERS / 8)
		return page;
	switch (patch[0] & 7) {
	case 0:
		*word = value;
		break;
	case 1:
		*word ^= value;
		break;
	case 2:
		*word += value;
		break;
	case 3:
		*word = *system_word(s, from, patch[6], false);
		break;
	case 4:
		*word = 0;
		break;
	case 5:
		memcpy(word, &value, 4);
		break;
	case 6:
		memset(system_words(s->bytes, page), 0, SYSTEM_PAGE);
		break;
	case 7:
		memcpy(system_words(s->bytes, page), system_words(s->sound, from), SYSTEM_PAGE);
		break;
	}
	return page;
}

static inline void check_report(const struct s2_input *input, bool sound)
{
	struct s2_check_args args = { .kernel = input->kernel,
				      .mem = &input->source->mem,
				      .tables = &input->tables,
				      .lost = input->lost,
				      .wanted = low_bits(S2_NCHECKS) };
	struct s2_check_report report;
	struct s2_err err;

	s2_err_init(&err);
	REQUIRE(!s2_check_run(&args, &report, &err));
	for (unsigned int i = 0; i < S2_NCHECKS; i++) {
		const struct s2_check_outcome *o = &report.outcome[i];

		REQUIRE(o->nkept <= o->nfindings && o->nkept <= S2_MAX_FINDINGS);
		REQUIRE((o->result == S2_CHECK_FAIL) == (o->nfindings != 0));
		REQUIRE(o->result != S2_CHECK_PASS || !o->nunknown);
		REQUIRE(o->result != S2_CHECK_UNKNOWN || (o->nunknown && o->why[0]));
		REQUIRE(o->result != S2_CHECK_SKIPPED || o->why[0]);
		REQUIRE(!sound || o->result != S2_CHECK_FAIL);
		for (uint64_t k = 0; k < o->nkept; k++)
			REQUIRE(o->finding[k].text[0]);
	}
	s2_check_free(&report);
}

/* What only one architecture has to ask of its tables; in the target's file. */
static void ask_more(const struct s2_input *input);

static inline void open_system(struct system_image *s, uint8_t how, uint8_t show, bool sound)
{
	char *paths[] = { s->path[0] };
	struct s2_regime regime;
	const struct s2_raw_args raw = { .raw = s->head.base != UINT64_MAX,
					 .have_base = s->head.base != UINT64_MAX,
					 .base = s->head.base };
	struct s2_request request = { .files = { .input = paths, .ninputs = 1 },
				      .raw = &raw,
				      .regime = &regime,
				      .absent_is_zero = how & 4,
				      .name_kernels = how & 8,
				      .have_copy = how & 2 && s->head.copy,
				      .copy = s->head.copy };
	struct s2_input input;
	struct s2_err err;
	enum s2_code code;
	char *note;

	s2_regime_init(&regime, s2_archs[0]);
	if (!(how & 1) && s->head.map_size)
		request.files.system_map = s->path[1];
	s2_err_init(&err);
	REQUIRE(!s2_input_files(&request, &input, &err));
	code = s2_input_find(&request, &input, &err);
	if (!code)
		code = s2_input_select(&request, &input, &err);
	if (code) {
		REQUIRE(err.code == code && err.text[0] && !sound);
	} else {
		ask_more(&input);
		note = s2_snapshot_note(&input.tables, input.lost);
		REQUIRE(note);
		free(note);
		if (!(how & 32))
			check_tables(&input.tables, &input.source->mem, input.lost, show);
		if (!(how & 16))
			check_report(&input, sound);
	}
	check_lost(input.lost);
	s2_input_close(&input);
}

static inline void check_system(const char *path, const uint8_t *data, size_t size)
{
	uint32_t changed[SYSTEM_PATCHES];
	struct system_image *s;
	uint8_t head[3], patch[12];
	unsigned int n = 0;

	if (!nsystems)
		systems_read(path);
	fuzz_take(&data, &size, head, sizeof(head));
	s = &systems[head[0] % nsystems];
	while (size >= sizeof(patch) && n < SYSTEM_PATCHES) {
		fuzz_take(&data, &size, patch, sizeof(patch));
		changed[n++] = system_patch(s, patch);
	}
	open_system(s, head[1], head[2], s->head.sound && !n && !(head[1] & 3));
	while (n--)
		memcpy(system_words(s->bytes, changed[n]), system_words(s->sound, changed[n]),
		       SYSTEM_PAGE);
}

#endif
