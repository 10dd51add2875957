// SPDX-License-Identifier: GPL-2.0-or-later
// Mapping and bounded reading of input files.
#include "source/file.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/num.h"
#include "source/fault.h"

/* statfs.f_type, 0 when it cannot be told. */
static unsigned long file_system(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) ? 0 : (unsigned long)fs.f_type;
}

bool s2_fd_is_proc(int fd)
{
	return file_system(fd) == PROC_SUPER_MAGIC;
}

/* Where a hole that is read through a mapping becomes memory of the machine, and no hole any more
 * (Linux mm/shmem.c, shmem_fault()): in tmpfs, as /tmp may be, and in copies that are in memory. */
static bool fills_holes(int fd)
{
	unsigned long type = file_system(fd);

	return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

static enum s2_code file_size(int fd, const struct stat *st, uint64_t *ret, struct s2_err *err)
{
	off_t end = st->st_size;

	if (S_ISBLK(st->st_mode))
		end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return s2_fail(err, S2_IO, "cannot tell its size: %s", strerror(errno));
	*ret = (uint64_t)end;
	return S2_OK;
}

/*
 * Pages of a mapping that were read stay resident and count as memory of the process, which a dump
 * of any size must not be. A fault makes a region resident, or parts of two (fault_around_bytes; of
 * huge pages in the page cache, more).
 */
#define REGION_LOG2 16
#define MOST_REGIONS (128ULL << 20 >> REGION_LOG2)
/* Of a sparse file, beyond what is on disk: holes are read into memory as well. */
#define HOLE_REGIONS (8ULL << 20 >> REGION_LOG2)

static uint64_t nregions(const struct s2_mapped *m)
{
	return (m->size >> REGION_LOG2) + 1;
}

static size_t touched_size(const struct s2_mapped *m)
{
	return (size_t)(nregions(m) / 64 + 1) * sizeof(*m->touched);
}

/* No more than @regions of the mapping may be resident. */
static bool limit_mapped(struct s2_mapped *m, uint64_t regions)
{
	void *touched;

	m->regions = m->left = regions;
	if (m->touched || nregions(m) <= regions)
		return true;
	/* Mapped, because a sparse file may be large enough that even these are to be given back. */
	touched = mmap(NULL, touched_size(m), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (touched == MAP_FAILED)
		return false;
	m->touched = touched;
	return true;
}

static void free_mapped(struct s2_mapped *mapped)
{
	if (mapped && mapped->touched)
		munmap(mapped->touched, touched_size(mapped));
	free(mapped);
}

/* What is not mapped, files beyond the address space, /proc/kcore and those with holes in tmpfs,
 * has no such notes: they would be as large as it says. */
static enum s2_code note_mapped(struct s2_file *file, const struct stat *st, struct s2_err *err)
{
	uint64_t regions = MOST_REGIONS;

	if (file->sparse)
		regions = HOLE_REGIONS + ((uint64_t)st->st_blocks * 512 >> REGION_LOG2);
	file->mapped = calloc(1, sizeof(*file->mapped));
	if (!file->mapped)
		return s2_fail(err, S2_NOMEM, "no memory");
	*file->mapped = (struct s2_mapped){ .size = file->map_size,
					    .end = file->map_size,
					    .page = (uint64_t)sysconf(_SC_PAGESIZE) };
	if (limit_mapped(file->mapped, regions < MOST_REGIONS ? regions : MOST_REGIONS))
		return S2_OK;
	return s2_fail(err, S2_NOMEM, "no memory");
}

enum s2_code s2_file_open(const struct s2_opened *opened, struct s2_file *ret, struct s2_err *err)
{
	struct s2_file file = { .fd = opened->fd, .cmdline_fd = opened->cmdline_fd };
	struct stat st;
	enum s2_code code;
	void *map = MAP_FAILED;

	if (fstat(file.fd, &st) < 0)
		return s2_fail(err, S2_IO, "cannot stat: %s", strerror(errno));
	code = file_size(file.fd, &st, &file.map_size, err);
	if (code)
		return code;
	if (!file.map_size)
		return s2_fail(err, S2_INVALID, "is empty");
	file.size = file.map_size;
	file.sparse = S_ISREG(st.st_mode) && (uint64_t)st.st_blocks * 512 < file.map_size;
	if (!file.sparse || !fills_holes(file.fd))
		map = mmap(NULL, (size_t)file.map_size, PROT_READ, MAP_PRIVATE | MAP_NORESERVE,
			   file.fd, 0);
	if (map != MAP_FAILED) {
		file.map = map;
		code = note_mapped(&file, &st, err);
	}
	if (code) {
		s2_file_close(&file);
		return code;
	}
	*ret = file;
	return S2_OK;
}

enum s2_code s2_file_share(struct s2_file *file, size_t n, struct s2_err *err)
{
	struct s2_mapped *m = file->mapped;

	if (!m || limit_mapped(m, m->regions / n ? m->regions / n : 1))
		return S2_OK;
	return s2_fail(err, S2_NOMEM, "no memory");
}

void s2_file_memory(const void *data, size_t size, struct s2_file *ret)
{
	*ret = (struct s2_file){ .fd = -1,
				 .cmdline_fd = -1,
				 .size = size,
				 .map = data,
				 .map_size = size,
				 .borrowed = true };
}

void s2_file_close(struct s2_file *file)
{
	if (file->map && !file->borrowed)
		munmap((void *)(uintptr_t)file->map, (size_t)file->map_size);
	free(file->piece);
	free_mapped(file->mapped);
	*file = (struct s2_file){ .fd = -1, .cmdline_fd = -1 };
}

/* [@off, @off + @len) is about to be read: what was read before makes room. Kept out of the small
 * reads of small files. */
static __attribute__((noinline)) void touch(const struct s2_file *file, uint64_t off, size_t len)
{
	struct s2_mapped *m = file->mapped;

	for (uint64_t i = off >> REGION_LOG2; len && i <= (off + len - 1) >> REGION_LOG2; i++) {
		if (m->touched[i / 64] & BIT64(i % 64))
			continue;
		if (!m->left) {
			madvise((void *)(uintptr_t)file->map, (size_t)file->map_size,
				MADV_DONTNEED);
			madvise(m->touched, touched_size(m), MADV_DONTNEED);
			m->left = m->regions;
		}
		m->touched[i / 64] |= BIT64(i % 64);
		m->left--;
	}
}

/* The end that the file has now, when it was cut since it was opened. A disk that fails leaves it
 * where it was. */
static void find_end(const struct s2_file *file)
{
	struct stat st;

	if (!fstat(file->fd, &st) && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size < file->mapped->end)
		file->mapped->end = (uint64_t)st.st_size;
}

/*
 * What could not be copied, or ends in a zero and may lie behind the end: in its last page a file
 * that was cut reads as zeros. A fault costs 2 us, and of a dump that was cut each page would have
 * some: behind the end that the file has after the first, nothing is tried.
 */
static __attribute__((noinline)) bool copy_at_end(const struct s2_file *file, uint64_t off,
						  char *buf, size_t len, bool copied)
{
	find_end(file);
	if (copied || !s2_fits(off, len, file->mapped->end))
		return s2_fits(off, len, file->mapped->end);
	copied = s2_fault_copy(buf, file->map + off, len, 0);
	find_end(file);
	return copied && s2_fits(off, len, file->mapped->end);
}

/* The page behind what is copied tells that the file goes on there; behind the last one, there is
 * none to ask. */
static bool copy_mapped(const struct s2_file *file, uint64_t off, char *buf, size_t len)
{
	const struct s2_mapped *m = file->mapped;
	uint64_t next = align_up(off + len, m->page);
	bool is_last = next >= m->end, copied;

	if (!s2_fits(off, len, m->end))
		return false;
	if (m->touched)
		touch(file, off, is_last ? len : (size_t)(next - off + 1));
	copied = s2_fault_copy(buf, file->map + off, len, is_last ? 0 : (size_t)(next - off));
	if (copied && (!is_last || !len || buf[len - 1]))
		return true;
	return copy_at_end(file, off, buf, len, copied);
}

/* Reads from the file on disk; the range was checked against its size. */
static enum s2_code read_disk(const struct s2_file *file, uint64_t off, char *buf, size_t len,
			      struct s2_err *err)
{
	if (file->borrowed) {
		memcpy(buf, file->map + off, len);
		return S2_OK;
	}
	if (file->map) {
		if (copy_mapped(file, off, buf, len))
			return S2_OK;
		return s2_fail(
			err, S2_IO,
			"file offset 0x%llx: it was cut while it was read, or the disk failed",
			(unsigned long long)off);
	}
	while (len) {
		ssize_t n = pread(file->fd, buf, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		/*
		 * /proc/kcore fails with these where it cannot reach a page. Mostly it does not
		 * fail but gives zeros (offline, poisoned and unaccepted pages, pages that fault;
		 * Linux fs/proc/kcore.c, read_kcore_iter(), 6.18): those cannot be told from memory
		 * that is zero.
		 */
		if (n < 0 && file->live &&
		    (errno == EIO || errno == EFAULT || errno == ENXIO || errno == ENOMEM))
			return s2_fail(err, S2_ABSENT, "the running kernel does not give it: %s",
				       strerror(errno));
		if (n < 0)
			return s2_fail(err, S2_IO, "read error at file offset 0x%llx: %s",
				       (unsigned long long)off, strerror(errno));
		if (n == 0)
			return s2_fail(err, S2_TRUNCATED, "the file ends at offset 0x%llx",
				       (unsigned long long)off);
		buf += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return S2_OK;
}

/* The piece that holds @off, or NULL. */
static const struct s2_file_piece *find_piece(const struct s2_file *file, uint64_t off)
{
	size_t low = 0, high = file->npieces;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (file->piece[mid].off + file->piece[mid].size <= off)
			low = mid + 1;
		else
			high = mid;
	}
	return low < file->npieces && file->piece[low].off <= off ? &file->piece[low] : NULL;
}

enum s2_code s2_file_read(const struct s2_file *file, uint64_t off, void *buf, size_t len,
			  struct s2_err *err)
{
	char *out = buf;

	if (!s2_fits(off, len, file->size))
		return s2_fail(err, S2_TRUNCATED,
			       "%zu bytes at file offset 0x%llx are past the end (size 0x%llx)",
			       len, (unsigned long long)off, (unsigned long long)file->size);
	if (!file->piece)
		return read_disk(file, off, out, len, err);
	while (len) {
		const struct s2_file_piece *piece = find_piece(file, off);
		uint64_t skip, n;
		enum s2_code code;

		if (!piece)
			return s2_fail(err, S2_TRUNCATED,
				       "offset 0x%llx of the rearranged file was never written",
				       (unsigned long long)off);
		skip = off - piece->off;
		n = piece->size - skip < len ? piece->size - skip : len;
		if (!s2_fits(piece->file_off, skip + n, file->map_size))
			return s2_fail(err, S2_TRUNCATED,
				       "the file ends before offset 0x%llx of the rearranged file",
				       (unsigned long long)off);
		code = read_disk(file, piece->file_off + skip, out, (size_t)n, err);
		if (code)
			return code;
		out += n;
		off += n;
		len -= (size_t)n;
	}
	return S2_OK;
}

bool s2_file_holds(const struct s2_file *file, uint64_t off, uint64_t len)
{
	return s2_fits(off, len, file->size) && len <= file->map_size;
}

/* s2_file_data() of the file on disk. Where the system does not tell, all is data. */
static uint64_t disk_data(const struct s2_file *file, uint64_t off, uint64_t *ret_end)
{
	off_t data, hole;

	*ret_end = file->map_size;
	if (!file->sparse || off >= file->map_size)
		return off;
	data = lseek(file->fd, (off_t)off, SEEK_DATA);
	if (data < 0)
		return errno == ENXIO ? file->map_size : off;
	hole = lseek(file->fd, data, SEEK_HOLE);
	if (hole > data)
		*ret_end = (uint64_t)hole;
	return (uint64_t)data;
}

uint64_t s2_file_data(const struct s2_file *file, uint64_t off, uint64_t *ret_end)
{
	const struct s2_file_piece *piece;
	uint64_t data, skip;

	if (!file->piece)
		return disk_data(file, off, ret_end);
	piece = find_piece(file, off);
	*ret_end = off < file->size ? off + 1 : file->size; /* what was never written is no zero */
	if (!piece)
		return off;
	skip = off - piece->off;
	/* Of a file that is cut: it can no more be a hole. */
	if (piece->file_off + skip >= file->map_size)
		return off;
	data = disk_data(file, piece->file_off + skip, ret_end) - piece->file_off;
	*ret_end -= piece->file_off;
	if (data > piece->size)
		data = piece->size;
	if (*ret_end > piece->size)
		*ret_end = piece->size;
	data += piece->off;
	*ret_end += piece->off;
	return data;
}

uint64_t s2_file_backed(const struct s2_file *file)
{
	uint64_t ret = 0, end;

	if (!file->sparse)
		return file->map_size;
	for (uint64_t off = 0; (off = disk_data(file, off, &end)) < file->map_size; off = end)
		ret += end - off;
	return ret;
}

const void *s2_file_view(const struct s2_file *file, uint64_t off, size_t len)
{
	const struct s2_file_piece *piece;
	uint64_t skip;

	/* What is mapped may change or go away under whoever looks: it is copied (source/fault.h). */
	if (!file->borrowed || !s2_fits(off, len, file->size))
		return NULL;
	if (!file->piece)
		return file->map + off;
	piece = find_piece(file, off);
	if (!piece)
		return NULL;
	skip = off - piece->off;
	if (len > piece->size - skip || !s2_fits(piece->file_off, skip + len, file->map_size))
		return NULL;
	return file->map + piece->file_off + skip;
}
