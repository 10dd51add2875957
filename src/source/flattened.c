// SPDX-License-Identifier: GPL-2.0-or-later
// makedumpfile's flattened format, for dumps through a pipe: pieces of a file with their offsets,
// big-endian.
//
// QEMU writes its kdumps so. The pieces are put in order, nothing is copied, and the rearranged
// file is probed again.
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "source/source.h"

#define HEADER_SIZE 4096 /* the header is padded to this */
#define END_FLAG UINT64_MAX

/* As in the file (makedumpfile.h, struct makedumpfile_header and makedumpfile_data_header). */
struct flat_header {
	char signature[16];
	uint64_t type;
	uint64_t version;
};

struct flat_piece {
	uint64_t off;
	uint64_t size;
};

static enum s2_code flattened_probe(const struct s2_file *file, struct s2_err *err)
{
	static const char signature[16] = "makedumpfile";
	struct flat_header header;
	enum s2_code code =
		s2_source_probe_read(file, 0, &header.signature, sizeof(header.signature), err);

	if (code)
		return code;
	if (memcmp(header.signature, signature, sizeof(signature)) != 0)
		return S2_NOTMINE;
	if (s2_file_read(file, 0, &header, sizeof(header), NULL))
		return s2_fail(err, S2_INVALID, "flattened header: the file ends inside it");
	if (be64toh(header.type) != 1 || be64toh(header.version) != 1)
		return s2_fail(err, S2_INVALID,
			       "flattened header: type %llu version %llu, only 1 and 1 are known",
			       (unsigned long long)be64toh(header.type),
			       (unsigned long long)be64toh(header.version));
	return S2_OK;
}

static void say_incomplete(struct s2_source *source, uint64_t off)
{
	source->incomplete = true;
	s2_source_remark(source, "the flattened file is truncated at 0x%llx: it has no end marker",
			 (unsigned long long)off);
}

/* The pieces in the order of the file. */
static enum s2_code read_pieces(struct s2_source *source, struct s2_segment **ret, size_t *ret_n,
				struct s2_err *err)
{
	s2_auto_free struct s2_segment *seg = NULL;
	uint64_t off = HEADER_SIZE;
	size_t n = 0, room = 0;

	for (;;) {
		struct flat_piece piece;
		uint64_t end;

		if (s2_file_read(&source->file, off, &piece, sizeof(piece), NULL)) {
			say_incomplete(source, off);
			break;
		}
		piece.off = be64toh(piece.off);
		piece.size = be64toh(piece.size);
		if (piece.off == END_FLAG && piece.size == END_FLAG)
			break;
		if (!s2_add_ok(piece.off, piece.size, &end) || end > INT64_MAX)
			return s2_fail(err, S2_INVALID,
				       "piece at 0x%llx: offset 0x%llx and size 0x%llx wrap around",
				       (unsigned long long)off, (unsigned long long)piece.off,
				       (unsigned long long)piece.size);
		off += sizeof(piece);
		if (piece.size) {
			if (n == room) {
				struct s2_segment *grown =
					realloc(seg, (room = room ? room * 2 : 256) * sizeof(*seg));

				if (!grown)
					return s2_fail(err, S2_NOMEM, "no memory for %zu pieces",
						       room);
				seg = grown;
			}
			seg[n++] = (struct s2_segment){
				.pa = piece.off,
				.size = piece.size,
				.file_off = off,
				.file_size = piece.size,
			};
		}
		off += piece.size;
		if (off > source->file.size) {
			say_incomplete(source, source->file.size);
			break;
		}
	}
	if (!n)
		return s2_fail(err, S2_INVALID, "the flattened file holds no data");
	*ret = s2_take(&seg);
	*ret_n = n;
	return S2_OK;
}

static enum s2_code flattened_open(struct s2_source *source, const struct s2_raw_args *args,
				   struct s2_err *err)
{
	s2_auto_free struct s2_segment *seg = NULL;
	struct s2_file *file = &source->file;
	size_t n;
	enum s2_code code = read_pieces(source, &seg, &n, err);

	if (!code)
		code = s2_segments_disjoint(&seg, &n, true, err);
	if (code)
		return code;
	file->piece = calloc(n, sizeof(*file->piece));
	if (!file->piece)
		return s2_fail(err, S2_NOMEM, "no memory for %zu pieces", n);
	for (size_t i = 0; i < n; i++)
		file->piece[i] = (struct s2_file_piece){ .off = seg[i].pa,
							 .size = seg[i].size,
							 .file_off = seg[i].file_off };
	file->npieces = n;
	file->size = seg[n - 1].pa + seg[n - 1].size;
	code = s2_source_open_inner(source, args, err);
	if (code)
		return s2_wrap(err, code, "%s",
			       source->incomplete ? source->remark : "flattened file");
	snprintf(source->format_text, sizeof(source->format_text), "flattened+%s", source->format);
	source->format = source->format_text;
	return S2_OK;
}

const struct s2_source_ops s2_source_flattened = { .name = "flattened",
						   .probe = flattened_probe,
						   .open = flattened_open };
