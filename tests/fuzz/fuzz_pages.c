// SPDX-License-Identifier: GPL-2.0-or-later
// Lists of pages: the first bytes say how large the image is and what it begins with, the rest is
// the list.
#include <sys/mman.h>
#include <unistd.h>

#include "decode/arm64/arm64.h"
#include "fuzz.h"
#include "open/pages.h"

#define IMAGE (64U << 12)

struct choice {
	uint8_t pages, how, pad[2];
	uint32_t root;
};

static void shape(uint8_t how, struct s2_geometry *ret)
{
	struct s2_regime regime;

	s2_regime_init(&regime, &s2_arm64_stage2);
	s2_regime_set(&regime, S2_ARM64_GRANULE, 4096);
	s2_regime_set(&regime, S2_ARM64_IA_BITS, how & 1 ? 40 : 31 + how / 2 % 9);
	s2_regime_set_level(&regime, S2_ARM64_START_LEVEL, 1);
	REQUIRE(!s2_shape(&regime, ret, NULL));
}

/* The start level and a page for each line, and together all of the image. */
static void check_places(const struct s2_source *source, uint64_t root)
{
	uint64_t pages = 0, word;

	for (size_t i = 0; i < source->nsegs; i++) {
		const struct s2_segment *seg = &source->seg[i];

		REQUIRE(!i || seg->pa >= seg[-1].pa + seg[-1].size);
		REQUIRE(!s2_mem_read(&source->mem, seg->pa, &word, 8, NULL));
		REQUIRE(word == seg->file_off);
		pages += (seg->size + 4095) >> 12;
	}
	/* A start level may be cut off. */
	REQUIRE(pages << 12 == source->file.size || source->nsegs == 1);
	REQUIRE(!s2_mem_read(&source->mem, root, &word, 8, NULL) && !word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t image[IMAGE / 8];
	const struct s2_raw_args args = { .raw = true };
	struct s2_opened list = { .name = "list", .fd = memfd_create("list", 0), .cmdline_fd = -1 };
	struct s2_source *source;
	struct s2_geometry geom;
	struct choice c;
	struct s2_err err;

	fuzz_take(&data, &size, &c, sizeof(c));
	/* Every word says where it is. */
	for (size_t i = 0; i < IMAGE / 8; i++)
		image[i] = i * 8;
	shape(c.how, &geom);
	REQUIRE(list.fd >= 0 && write(list.fd, data, size) == (ssize_t)size);
	REQUIRE(!lseek(list.fd, 0, SEEK_SET));
	REQUIRE(!s2_source_open_memory(image, (size_t)(1 + c.pages % 64) << 12, &args, &source,
				       NULL));
	s2_err_init(&err);
	if (s2_pages_place(source, &list, &geom, (uint64_t)c.root << 12, &err))
		REQUIRE(err.text[0]);
	else
		check_places(source, (uint64_t)c.root << 12);
	s2_source_close(source);
	close(list.fd);
	return 0;
}
