// SPDX-License-Identifier: GPL-2.0-or-later
// The side file of addresses: one line per table page of the image.
#include "open/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

struct layout {
	struct s2_segment *seg;
	size_t n, room;
	uint64_t next_off; /* in the image */
};

static enum s2_code append(struct layout *l, uint64_t pa, uint64_t size, uint64_t stride,
			   struct s2_err *err)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct s2_segment *grown = realloc(l->seg, room * sizeof(*grown));

		if (!grown)
			return s2_fail(err, S2_NOMEM, "no memory for table pages");
		l->seg = grown;
		l->room = room;
	}
	l->seg[l->n++] = (struct s2_segment){
		.pa = pa, .size = size, .file_off = l->next_off, .file_size = size
	};
	l->next_off += stride;
	return S2_OK;
}

static enum s2_code read_lines(FILE *file, struct layout *l, uint64_t page, uint64_t image_size,
			       struct s2_err *err)
{
	unsigned long number = 0;
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		char *word = line + strspn(line, " \t");
		enum s2_code code;
		uint64_t pa;

		number++;
		word[strcspn(word, " \t\r\n#")] = '\0';
		if (!*word)
			continue;
		/* What a file holds is no mistake of the command line. */
		code = s2_parse_address(word, "address", &pa, err) ? S2_INVALID : S2_OK;
		if (!code && (pa & (page - 1) || pa >> 52))
			code = s2_fail(err, S2_INVALID, "0x%llx is not the address of a page",
				       (unsigned long long)pa);
		if (!code && l->next_off >= image_size)
			code = s2_fail(err, S2_INVALID,
				       "the image has only %zu table pages behind the start level",
				       l->n - 1);
		if (!code)
			code = append(l, pa, page, page, err);
		if (code)
			return s2_wrap(err, code, "line %lu", number);
	}
	return ferror(file) ? s2_fail(err, S2_IO, "read error: %s", strerror(errno)) : S2_OK;
}

static int by_pa(const void *a, const void *b)
{
	const struct s2_segment *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

static enum s2_code check(struct layout *l, uint64_t image_size, struct s2_err *err)
{
	if (l->next_off < image_size)
		return s2_fail(
			err, S2_INVALID,
			"%zu address%s, but the image goes on behind their pages (0x%llx of 0x%llx bytes)",
			l->n - 1, l->n == 2 ? "" : "es", (unsigned long long)l->next_off,
			(unsigned long long)image_size);
	qsort(l->seg, l->n, sizeof(*l->seg), by_pa);
	for (size_t i = 1; i < l->n; i++)
		if (l->seg[i].pa < l->seg[i - 1].pa + l->seg[i - 1].size)
			return s2_fail(err, S2_INVALID, "two pages are at 0x%llx",
				       (unsigned long long)l->seg[i].pa);
	return S2_OK;
}

/* @opened as a stream of its own, to be closed; NULL and errno. */
static FILE *stream_of(const struct s2_opened *opened)
{
	int fd = fcntl(opened->fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

enum s2_code s2_pages_place(struct s2_source *source, const struct s2_opened *pages,
			    const struct s2_geometry *geom, uint64_t root, struct s2_err *err)
{
	uint64_t page = BIT64(geom->page_log2);
	FILE *file = stream_of(pages);
	struct layout l = { 0 };
	enum s2_code code;

	if (!file)
		return s2_fail(err, S2_IO, "%s: cannot read: %s", pages->name, strerror(errno));
	code = append(&l, root, geom->start_size, (geom->start_size + page - 1) & ~(page - 1), err);
	if (!code)
		code = read_lines(file, &l, page, source->file.size, err);
	if (!code)
		code = check(&l, source->file.size, err);
	fclose(file);
	if (code) {
		free(l.seg);
		return s2_wrap(err, code, "%s", pages->name);
	}
	return s2_segments_install(source, l.seg, l.n, err);
}
