// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of inputs that cannot be read where they are: from a pipe, or out of a compressed file.
#include "open/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "source/unpack.h"

/* Copies that are larger than this go to disk. */
#define MAX_IN_MEMORY (16U << 20)

/* What may become of a file when nobody said how much: zeros compress better, but who dumps them? */
#define MAX_RATIO 64
#define MAX_FLOOR (1ULL << 30)

#define CHUNK (64U << 10)

static const char *temporary_dir(void)
{
	const char *named = getenv("TMPDIR");

	return named && *named ? named : P_tmpdir;
}

static enum s2_code no_file(int error, struct s2_err *err)
{
	return s2_fail(err, S2_IO, "cannot make a temporary file in %s (see TMPDIR): %s",
		       temporary_dir(), strerror(error));
}

/* errno says why. */
static enum s2_code not_written(struct s2_err *err)
{
	return s2_fail(err, S2_IO, "cannot write the copy in %s (see TMPDIR): %s", temporary_dir(),
		       strerror(errno));
}

/* A file in TMPDIR that has no name; -1 and errno. */
static int unnamed_file(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* Not all file systems can: then one that loses its name at once. */
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	snprintf(path, sizeof(path), "%.4000s/s2dump-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

void s2_place_init(struct s2_place *place)
{
	*place = (struct s2_place){ .memory_fd = -1, .disk_fd = -1 };
}

void s2_place_close(struct s2_place *place)
{
	if (place->memory_fd >= 0)
		close(place->memory_fd);
	if (place->disk_fd >= 0)
		close(place->disk_fd);
	s2_place_init(place);
}

static bool can_seek(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISBLK(st->st_mode);
}

/* One copy on its way. */
struct load {
	int from;
	bool seek; /* @from is read at @off, wherever its own offset is */
	uint64_t off;
	uint64_t file_size;            /* 0: not known yet */
	uint64_t max;                  /* 0: by what was read */
	uint8_t head[S2_PACKING_HEAD]; /* read already, and not yet taken */
	size_t head_len, head_at;

	struct s2_meter *meter;
	struct s2_place *place;
	int to;
	uint64_t size, written; /* zeros are not written */
	uint64_t verified;      /* bytes of members that ended */
	bool too_long;
};

static enum s2_code read_from(struct load *load, void *buf, size_t len, size_t *ret,
			      struct s2_err *err)
{
	for (;;) {
		ssize_t n = load->seek ? pread(load->from, buf, len, (off_t)load->off) :
					 read(load->from, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return s2_fail(err, S2_IO, "read error: %s", strerror(errno));
		load->off += (uint64_t)n;
		s2_meter_add(load->meter, (uint64_t)n);
		*ret = (size_t)n;
		return S2_OK;
	}
}

/* The bytes that tell what it is, however few of them a pipe gives at a time. */
static enum s2_code read_head(struct load *load, struct s2_err *err)
{
	while (load->head_len < sizeof(load->head)) {
		size_t n;
		enum s2_code code = read_from(load, load->head + load->head_len,
					      sizeof(load->head) - load->head_len, &n, err);

		if (code)
			return code;
		if (!n)
			break;
		load->head_len += n;
	}
	return S2_OK;
}

/* Is a file that can be sought compressed? Taken for what it is not it would be memory that never
 * was, so what cannot be read is an error. */
static enum s2_code is_packed(int fd, bool *ret, struct s2_err *err)
{
	struct load load = { .from = fd, .seek = true };
	enum s2_code code = read_head(&load, err);

	*ret = !code && s2_packing_of(load.head, load.head_len);
	return code;
}

enum s2_code s2_place_make(const struct s2_opened *file, struct s2_place *ret, struct s2_err *err)
{
	struct stat st;

	s2_place_init(ret);
	if (fstat(file->fd, &st) < 0)
		return s2_fail(err, S2_IO, "cannot stat: %s", strerror(errno));
	if (can_seek(&st)) {
		bool packed;
		enum s2_code code = is_packed(file->fd, &packed, err);

		if (code || !packed)
			return code;
	}
	/* A kernel without it leaves the disk. */
	ret->memory_fd = memfd_create("s2dump", MFD_CLOEXEC);
	ret->disk_fd = unnamed_file(temporary_dir());
	ret->disk_error = errno;
	if (ret->memory_fd < 0 && ret->disk_fd < 0)
		return no_file(ret->disk_error, err);
	return S2_OK;
}

static enum s2_code take(void *arg, void *buf, size_t len, size_t *ret, struct s2_err *err)
{
	struct load *load = arg;
	size_t n = load->head_len - load->head_at;

	if (!n)
		return read_from(load, buf, len, ret, err);
	n = n < len ? n : len;
	memcpy(buf, load->head + load->head_at, n);
	load->head_at += n;
	*ret = n;
	return S2_OK;
}

static enum s2_code write_at(int fd, const char *buf, size_t len, uint64_t off, struct s2_err *err)
{
	while (len) {
		ssize_t n = pwrite(fd, buf, len, (off_t)off);

		if (n < 0 && errno != EINTR)
			return not_written(err);
		if (n > 0) {
			buf += n;
			off += (uint64_t)n;
			len -= (size_t)n;
		}
	}
	return S2_OK;
}

/* What was in memory goes to disk, and all that follows. Holes stay holes. */
static enum s2_code move_to_disk(struct load *load, struct s2_err *err)
{
	const int memory = load->place->memory_fd;
	s2_auto_free char *buf = malloc(CHUNK);
	off_t at = 0;

	if (load->place->disk_fd < 0)
		return no_file(load->place->disk_error, err);
	if (!buf)
		return s2_fail(err, S2_NOMEM, "no memory");
	while ((at = lseek(memory, at, SEEK_DATA)) >= 0) {
		ssize_t n = pread(memory, buf, CHUNK, at);
		enum s2_code code;

		if (n <= 0)
			return s2_fail(err, S2_IO, "cannot read the copy in memory");
		code = write_at(load->place->disk_fd, buf, (size_t)n, (uint64_t)at, err);
		if (code)
			return code;
		at += n;
	}
	/* No data follows. */
	if (errno != ENXIO)
		return s2_fail(err, S2_IO, "cannot read the copy in memory: %s", strerror(errno));
	close(memory);
	load->place->memory_fd = -1;
	load->to = load->place->disk_fd;
	return S2_OK;
}

static bool is_zero(const char *buf, size_t len)
{
	return !len || (!*buf && !memcmp(buf, buf + 1, len - 1));
}

static uint64_t limit(const struct load *load)
{
	const uint64_t read = load->file_size > load->off ? load->file_size : load->off;

	if (load->max)
		return load->max;
	return read > (UINT64_MAX - MAX_FLOOR) / MAX_RATIO ? UINT64_MAX :
							     read * MAX_RATIO + MAX_FLOOR;
}

static enum s2_code put(void *arg, const void *buf, size_t len, struct s2_err *err)
{
	struct load *load = arg;
	enum s2_code code = S2_OK;

	load->too_long = load->size + len > limit(load);
	if (load->too_long)
		return s2_fail(err, S2_INVALID, "holds more than %llu bytes%s",
			       (unsigned long long)limit(load),
			       load->max ? "" : ", 64 times the file and 1G");
	if (!is_zero(buf, len)) {
		load->written += len;
		if (load->to == load->place->memory_fd && load->written > MAX_IN_MEMORY)
			code = move_to_disk(load, err);
		if (!code)
			code = write_at(load->to, buf, len, load->size, err);
	}
	load->size += len;
	return code;
}

static void whole(void *arg)
{
	struct load *load = arg;

	load->verified = load->size;
}

static enum s2_code copy_all(struct load *load, struct s2_err *err)
{
	s2_auto_free char *buf = malloc(CHUNK);

	if (!buf)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (;;) {
		size_t n;
		enum s2_code code = take(load, buf, CHUNK, &n, err);

		if (!code && n)
			code = put(load, buf, n, err);
		if (code || !n)
			return code;
	}
}

static void say_damage(const struct load *load, const char *what, struct s2_opened *file)
{
	int len = snprintf(file->damage, sizeof(file->damage), "%.80s; %llu bytes were unpacked",
			   what, (unsigned long long)load->size);

	if (load->size > load->verified)
		snprintf(file->damage + len, sizeof(file->damage) - (size_t)len,
			 ", no checksum vouches for the last %llu",
			 (unsigned long long)(load->size - load->verified));
}

static enum s2_code unpack(struct load *load, const struct s2_packing *packing,
			   struct s2_opened *file, struct s2_err *err)
{
	const struct s2_unpack_io io = { .read = take, .write = put, .whole = whole, .arg = load };
	struct s2_err damage;
	enum s2_code code;

	s2_err_init(&damage);
	code = s2_unpack(packing, &io, &damage);
	if (code && !s2_is_missing(code))
		return s2_fail(err, code, "%s", damage.text);
	file->unverified = code && load->size > load->verified;
	if (code)
		say_damage(load, damage.text, file);
	file->packed = s2_packing_name(packing);
	return S2_OK;
}

enum s2_code s2_load(struct s2_opened *file, struct s2_place *place, uint64_t max,
		     struct s2_meter *meter, struct s2_err *err)
{
	struct load load = { .from = file->fd, .max = max, .place = place, .meter = meter };
	const struct s2_packing *packing;
	enum s2_code code;
	struct stat st;

	if (place->memory_fd < 0 && place->disk_fd < 0)
		return S2_OK;
	if (fstat(file->fd, &st) < 0)
		return s2_fail(err, S2_IO, "cannot stat: %s", strerror(errno));
	load.seek = can_seek(&st);
	load.file_size = (uint64_t)st.st_size;
	load.to = place->memory_fd >= 0 ? place->memory_fd : place->disk_fd;
	/* Of a pipe nobody knows. */
	s2_meter_expect(meter, load.seek ? load.file_size : 0);
	code = read_head(&load, err);
	if (code)
		return code;
	packing = s2_packing_of(load.head, load.head_len);
	code = packing ? unpack(&load, packing, file, err) : copy_all(&load, err);
	file->too_long = load.too_long;
	/* Descriptors may begin as a compressed file does: a file that is none stays what it is. */
	if (!code && load.seek && *file->damage && !load.size) {
		file->packed = NULL;
		*file->damage = '\0';
		file->unverified = false;
		return S2_OK;
	}
	if (!code && ftruncate(load.to, (off_t)load.size) < 0)
		code = not_written(err);
	if (code)
		return code;
	close(file->fd);
	file->fd = load.to;
	if (load.to == place->memory_fd)
		place->memory_fd = -1;
	else
		place->disk_fd = -1;
	s2_place_close(place);
	return S2_OK;
}
