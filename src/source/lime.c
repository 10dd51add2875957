// SPDX-License-Identifier: GPL-2.0-or-later
// LiME dumps: a header of 32 bytes in front of each range of memory (LiME doc/, version 1).
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "source/source.h"

#define LIME_MAGIC 0x4c694d45 /* "EMiL" in the file */
#define LIME_VERSION 1

/* As in the file, little-endian. */
struct lime_header {
	uint32_t magic;
	uint32_t version;
	uint64_t s_addr;
	uint64_t e_addr; /* of the last byte */
	uint8_t reserved[8];
};
_Static_assert(sizeof(struct lime_header) == 32, "as in the file");

static enum s2_code lime_probe(const struct s2_file *file, struct s2_err *err)
{
	struct lime_header header;
	uint32_t magic;
	enum s2_code code = s2_source_probe_read(file, 0, &magic, sizeof(magic), err);

	if (code)
		return code;
	if (magic == htobe32(LIME_MAGIC))
		return s2_fail(err, S2_INVALID,
			       "is a big-endian LiME dump, which is not supported");
	if (magic != LIME_MAGIC)
		return S2_NOTMINE;
	if (s2_file_read(file, 0, &header, sizeof(header), NULL))
		return s2_fail(err, S2_INVALID, "LiME header: the file ends inside it");
	return S2_OK;
}

static enum s2_code lime_open(struct s2_source *source, const struct s2_raw_args *args,
			      struct s2_err *err)
{
	s2_auto_free struct s2_segment *seg = NULL;
	size_t n = 0, room = 0;
	uint64_t off = 0;

	(void)args;
	while (off < source->file.size) {
		struct lime_header header;
		uint64_t size;

		if (s2_file_read(&source->file, off, &header, sizeof(header), NULL)) {
			source->incomplete = true;
			s2_source_remark(source, "the file ends inside the header at 0x%llx",
					 (unsigned long long)off);
			break;
		}
		/* A volume that is larger than the dump, or a file whose end was never written. */
		if (off && !memcmp(&header, &(struct lime_header){ 0 }, sizeof(header))) {
			source->incomplete = true;
			s2_source_remark(source, "zeros stand where a header should, at 0x%llx",
					 (unsigned long long)off);
			break;
		}
		if (header.magic != LIME_MAGIC || header.version != LIME_VERSION)
			return s2_fail(
				err, S2_INVALID,
				"LiME header at 0x%llx: magic 0x%08x, version %u, expected 0x%08x and %u",
				(unsigned long long)off, header.magic, header.version, LIME_MAGIC,
				LIME_VERSION);
		if (header.e_addr < header.s_addr ||
		    !s2_add_ok(header.e_addr - header.s_addr, 1, &size))
			return s2_fail(err, S2_INVALID,
				       "LiME header at 0x%llx: the range 0x%llx-0x%llx is empty",
				       (unsigned long long)off, (unsigned long long)header.s_addr,
				       (unsigned long long)header.e_addr);
		if (n == room) {
			struct s2_segment *grown =
				realloc(seg, (room = room ? room * 2 : 16) * sizeof(*seg));

			if (!grown)
				return s2_fail(err, S2_NOMEM, "no memory for %zu ranges", room);
			seg = grown;
		}
		off += sizeof(header);
		seg[n++] = (struct s2_segment){
			.pa = header.s_addr, .size = size, .file_off = off, .file_size = size
		};
		if (!s2_add_ok(off, size, &off))
			break;
	}
	return s2_segments_install(source, s2_take(&seg), n, err);
}

const struct s2_source_ops s2_source_lime = { .name = "lime",
					      .probe = lime_probe,
					      .open = lime_open };
