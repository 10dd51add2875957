// SPDX-License-Identifier: GPL-2.0-or-later
// Replacing a file whole or not at all: rename(2) over the target, by descriptors of its directory.
#include "open/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "source/file.h"

/* As the kernel: MAXSYMLINKS. */
#define MAX_LINKS 40

void s2_output_init(struct s2_output *out)
{
	*out = (struct s2_output){ .fd = -1, .dir_fd = -1 };
}

static enum s2_code cannot_open(const struct s2_output *out, int error, struct s2_err *err)
{
	return s2_fail(err, S2_IO, "%s: cannot open for writing: %s", out->request.path,
		       strerror(error));
}

bool s2_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is @st what standard output is? Then `>>` and whatever else writes there expect it in place. */
static bool is_stdout(const struct stat *st)
{
	struct stat own;

	return !fstat(STDOUT_FILENO, &own) && s2_is_same_file(&own, st);
}

/* Cuts @path into the directory, opened relative to @at, and the name in it. */
static int open_parent(int at, char *path, const char **ret_name)
{
	char *slash = strrchr(path, '/');
	const char *dir = !slash ? "." : slash == path ? "/" : path;

	if (slash)
		*slash = '\0';
	*ret_name = slash ? slash + 1 : path;
	return openat(at, slash == path ? "/" : dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Follows links until a name that is none; errno, or 0. Leaves @out->dir_fd -1 for /proc. */
static int follow(struct s2_output *out)
{
	s2_auto_close int at = -1;
	char path[PATH_MAX], link[PATH_MAX];

	if (strlen(out->request.path) >= sizeof(path))
		return ENAMETOOLONG;
	memcpy(path, out->request.path, strlen(out->request.path) + 1);
	for (unsigned int i = 0; i < MAX_LINKS; i++) {
		const char *name;
		int dir_fd = open_parent(at < 0 ? AT_FDCWD : at, path, &name);
		ssize_t n;

		if (dir_fd < 0)
			return errno;
		if (at >= 0)
			close(at);
		at = dir_fd;
		if (!*name)
			return EISDIR;
		n = readlinkat(at, name, link, sizeof(link) - 1);
		if (n < 0 && errno != EINVAL && errno != ENOENT)
			return errno;
		if (n < 0) {
			out->name = strdup(name);
			if (!out->name)
				return ENOMEM;
			out->dir_fd = at;
			at = -1;
			return 0;
		}
		/* Links of /proc (/dev/fd/3) lead to what is open, not to a name. */
		if (s2_fd_is_proc(at))
			return 0;
		link[n] = '\0';
		memcpy(path, link, (size_t)n + 1);
	}
	return ELOOP;
}

enum s2_code s2_output_find(const struct s2_output_request *request, struct s2_output *ret,
			    struct s2_err *err)
{
	struct s2_output out = { .request = *request, .fd = -1, .dir_fd = -1 };
	int error = 0;

	if (!request->path)
		return S2_OK;
	out.exists = !stat(request->path, &out.old);
	if (!out.exists && errno != ENOENT)
		error = errno;
	else if (out.exists && S_ISDIR(out.old.st_mode))
		error = EISDIR;
	else if (!out.exists || (S_ISREG(out.old.st_mode) && !is_stdout(&out.old)))
		error = follow(&out);
	if (error)
		return cannot_open(&out, error, err);
	*ret = out;
	return S2_OK;
}

static enum s2_code open_in_place(struct s2_output *out, struct s2_err *err)
{
	bool standard = out->exists && is_stdout(&out->old);
	int fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) :
			    open(out->request.path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 ||
	    (!standard && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0)) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return cannot_open(out, error, err);
	}
	out->fd = fd;
	return S2_OK;
}

static void tell(const struct s2_output *out, int dir_fd, const char *name)
{
	if (out->request.temporary)
		out->request.temporary(dir_fd, name);
}

static void forget_temporary(struct s2_output *out)
{
	out->temporary[0] = '\0';
	tell(out, -1, NULL);
}

/* Who may read and write it stays as it was. Only root can keep another's owner, only members a
 * group: where that fails nobody gets a right that he had not. */
static int keep_mode(const struct s2_output *out)
{
	mode_t mode = out->old.st_mode & 07777;

	if (fchown(out->fd, out->old.st_uid, out->old.st_gid)) {
		mode &= 0777;
		if (fchown(out->fd, (uid_t)-1, out->old.st_gid))
			mode &= ~(mode_t)S_IRWXG;
	}
	return fchmod(out->fd, mode);
}

enum s2_code s2_output_create(struct s2_output *out, struct s2_err *err)
{
	uint64_t number;
	int error = 0;

	if (out->dir_fd < 0)
		return open_in_place(out, err);
	if (out->exists && faccessat(out->dir_fd, out->name, W_OK, AT_EACCESS))
		return cannot_open(out, errno, err);
	/* The name is told before there is such a file: it must be nobody else's. */
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return cannot_open(out, EAGAIN, err);
	snprintf(out->temporary, sizeof(out->temporary), ".s2dump-%016llx",
		 (unsigned long long)number);
	tell(out, out->dir_fd, out->temporary);
	out->fd = openat(out->dir_fd, out->temporary,
			 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (out->fd < 0 || (out->exists && keep_mode(out)))
		error = errno;
	if (!error)
		return S2_OK;
	if (out->fd < 0)
		forget_temporary(out);
	return s2_fail(err, S2_IO, "%s: cannot make a file beside it: %s", out->request.path,
		       strerror(error));
}

/* A full disk may be told late, by fsync() or close(). */
static int finish_fd(struct s2_output *out)
{
	int fd = out->fd, error = 0;

	if (out->dir_fd >= 0 && fsync(fd) && errno != EINVAL && errno != EROFS)
		error = errno;
	out->fd = -1;
	if (close(fd) && !error)
		error = errno;
	return error;
}

enum s2_code s2_output_commit(struct s2_output *out, struct s2_err *err)
{
	int error;

	if (out->fd < 0)
		return S2_OK;
	error = finish_fd(out);
	if (!error && out->dir_fd >= 0 &&
	    renameat(out->dir_fd, out->temporary, out->dir_fd, out->name))
		error = errno;
	if (error)
		return s2_fail(err, S2_IO, "%s: cannot write: %s", out->request.path,
			       strerror(error));
	if (out->dir_fd >= 0)
		forget_temporary(out);
	return S2_OK;
}

void s2_output_close(struct s2_output *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (*out->temporary) {
		unlinkat(out->dir_fd, out->temporary, 0);
		forget_temporary(out);
	}
	if (out->dir_fd >= 0)
		close(out->dir_fd);
	free(out->name);
	s2_output_init(out);
}
