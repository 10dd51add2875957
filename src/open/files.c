// SPDX-License-Identifier: GPL-2.0-or-later
// The door: what a command reads and writes is opened here, and by descriptors from here on.
#include "open/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"

static const struct s2_opened none = { .fd = -1, .cmdline_fd = -1 };

void s2_files_init(struct s2_files *files)
{
	*files = (struct s2_files){
		.pages = none, .vmlinux = none, .system_map = none, .module = none
	};
	s2_output_init(&files->out);
}

/* What the user can do about @error, where the system's own words do not tell. */
static const char *hint(const char *path, int error)
{
	if (strncmp(path, "/proc/", 6) != 0)
		return "";
	if (error == EPERM)
		return " (this needs CAP_SYS_RAWIO and a kernel that is not locked down)";
	return error == EACCES ? " (this needs root)" : "";
}

/* What can be read at all: no directory. */
static enum s2_code open_file(const char *name, int fd, struct s2_opened *ret, struct stat *ret_st,
			      struct s2_err *err)
{
	*ret = (struct s2_opened){ .name = name, .fd = fd, .cmdline_fd = -1 };
	if (fd < 0)
		return s2_fail(err, S2_IO, "cannot open: %s%s", strerror(errno), hint(name, errno));
	if (fstat(fd, ret_st) < 0)
		return s2_fail(err, S2_IO, "cannot stat: %s", strerror(errno));
	if (S_ISDIR(ret_st->st_mode))
		return s2_fail(err, S2_IO, "is a directory");
	return S2_OK;
}

/* Only /proc/kcore needs it (source/kcore.c); what it is shows when it is interpreted. */
static int open_cmdline(int fd)
{
	return s2_fd_is_proc(fd) ? open("/proc/cmdline", O_RDONLY | O_CLOEXEC) : -1;
}

static enum s2_code open_input(const char *name, struct s2_opened *ret, struct s2_err *err)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) :
				     fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	struct stat st;
	enum s2_code code = open_file(name, fd, ret, &st, err);

	if (code)
		return code;
	if (S_ISCHR(st.st_mode))
		return s2_fail(err, S2_IO, "is a terminal or another character device, not a file");
	ret->cmdline_fd = open_cmdline(fd);
	return S2_OK;
}

static enum s2_code open_named(const char *name, struct s2_opened *ret, struct s2_err *err)
{
	struct stat st;
	enum s2_code code;

	if (!name)
		return S2_OK;
	code = open_file(name, open(name, O_RDONLY | O_CLOEXEC), ret, &st, err);
	return code ? s2_wrap(err, code, "%s", name) : S2_OK;
}

static enum s2_code open_inputs(const struct s2_files_request *request, struct s2_files *files,
				struct s2_err *err)
{
	files->input = calloc(request->ninputs, sizeof(*files->input));
	files->place = calloc(request->ninputs, sizeof(*files->place));
	if (!files->input || !files->place)
		return s2_fail(err, S2_NOMEM, "no memory");
	for (size_t i = 0; i < request->ninputs; i++) {
		enum s2_code code;

		files->input[i] = none;
		s2_place_init(&files->place[i]);
		files->ninputs = i + 1;
		code = open_input(request->input[i], &files->input[i], err);
		if (!code)
			code = s2_place_make(&files->input[i], &files->place[i], err);
		if (code)
			return s2_wrap(err, code, "%s", request->input[i]);
	}
	return S2_OK;
}

struct s2_opened *s2_files_nth(const struct s2_files *files, size_t i)
{
	/* Which files they are is const, as with the inputs, and not what is known of them. */
	struct s2_files *own = (struct s2_files *)files;
	struct s2_opened *others[] = { &own->pages, &own->vmlinux, &own->system_map, &own->module };

	if (i < files->ninputs)
		return &files->input[i];
	i -= files->ninputs;
	return i < ARRAY_SIZE(others) ? others[i] : NULL;
}

/* The name of the file that is read and that @out is; NULL when there is none. To be asked before a
 * copy takes its place. */
static const char *input_that_is(const struct s2_files *files, const struct stat *out)
{
	const struct s2_opened *file;
	struct stat st;

	for (size_t i = 0; (file = s2_files_nth(files, i)); i++)
		if (file->fd >= 0 && !fstat(file->fd, &st) && s2_is_same_file(&st, out))
			return file->name;
	return NULL;
}

/* What is appended to an input is read as a part of it: there may be no end to it. */
static enum s2_code check_stdout(const struct s2_files *files, struct s2_err *err)
{
	const char *input;
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) || !S_ISREG(st.st_mode))
		return S2_OK;
	input = input_that_is(files, &st);
	return input ? s2_fail(err, S2_USAGE, "standard output is the input %s", input) : S2_OK;
}

static enum s2_code open_output(const struct s2_output_request *request, struct s2_files *files,
				struct s2_err *err)
{
	enum s2_code code = s2_output_find(request, &files->out, err);
	const char *input;

	if (code)
		return code;
	if (!request->path)
		return check_stdout(files, err);
	input = files->out.exists ? input_that_is(files, &files->out.old) : NULL;
	if (input)
		return s2_fail(err, S2_USAGE, "%s %s: is the input %s", request->as, request->path,
			       input);
	return s2_output_create(&files->out, err);
}

enum s2_code s2_files_open(const struct s2_files_request *request, struct s2_files *ret,
			   struct s2_err *err)
{
	enum s2_code code;

	s2_files_init(ret);
	code = open_inputs(request, ret, err);
	if (!code)
		code = open_named(request->pages, &ret->pages, err);
	if (!code)
		code = open_named(request->vmlinux, &ret->vmlinux, err);
	if (!code)
		code = open_named(request->system_map, &ret->system_map, err);
	if (!code)
		code = open_named(request->module, &ret->module, err);
	if (!code)
		code = open_output(&request->output, ret, err);
	return code;
}

/* @best, or a descriptor that is lower and from @from on. */
static unsigned int lower(int fd, unsigned int from, unsigned int best)
{
	return fd >= 0 && (unsigned int)fd >= from && (unsigned int)fd < best ? (unsigned int)fd :
										best;
}

static unsigned int lower_of(const struct s2_opened *file, unsigned int from, unsigned int best)
{
	return lower(file->cmdline_fd, from, lower(file->fd, from, best));
}

/* The first of ours from @from on, UINT_MAX: there is none. */
static unsigned int next_held(const struct s2_files *files, unsigned int from)
{
	unsigned int best = lower(files->out.fd, from, UINT_MAX);
	const struct s2_opened *file;

	best = lower(files->out.dir_fd, from, best);
	for (size_t i = 0; i < files->ninputs; i++) {
		best = lower(files->place[i].memory_fd, from, best);
		best = lower(files->place[i].disk_fd, from, best);
	}
	for (size_t i = 0; (file = s2_files_nth(files, i)); i++)
		best = lower_of(file, from, best);
	return best;
}

/* A kernel before 5.9 closes none by range: they are asked for, one by one. */
static bool close_listed(const struct s2_files *files)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name); /* 0 for "." and ".." */

		if (fd > STDERR_FILENO && fd != dirfd(dir) &&
		    next_held(files, (unsigned int)fd) != (unsigned int)fd)
			close(fd);
	}
	closedir(dir);
	return true;
}

bool s2_files_alone(const struct s2_files *files)
{
#ifdef SYS_close_range
	unsigned int from = STDERR_FILENO + 1, held;

	do {
		held = next_held(files, from);
		if (held > from && syscall(SYS_close_range, from, held - 1, 0))
			return close_listed(files);
		from = held + 1;
	} while (held != UINT_MAX);
	return true;
#else
	return close_listed(files);
#endif
}

enum s2_code s2_files_load(struct s2_files *files, uint64_t max, struct s2_meter *meter,
			   struct s2_err *err)
{
	for (size_t i = 0; i < files->ninputs; i++) {
		enum s2_code code = s2_load(&files->input[i], &files->place[i], max, meter, err);

		if (code)
			return files->ninputs > 1 ? s2_wrap(err, code, "%s", files->input[i].name) :
						    code;
	}
	return S2_OK;
}

static void close_file(struct s2_opened *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->cmdline_fd >= 0)
		close(file->cmdline_fd);
	*file = none;
}

void s2_files_close(struct s2_files *files)
{
	for (size_t i = 0; i < files->ninputs; i++) {
		close_file(&files->input[i]);
		s2_place_close(&files->place[i]);
	}
	free(files->input);
	free(files->place);
	close_file(&files->pages);
	close_file(&files->vmlinux);
	close_file(&files->system_map);
	close_file(&files->module);
	s2_output_close(&files->out);
	s2_files_init(files);
}

bool s2_files_unverified(const struct s2_files *files)
{
	for (size_t i = 0; i < files->ninputs; i++)
		if (files->input[i].unverified)
			return true;
	return false;
}

static bool date_of(int fd, struct s2_opened *ret)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	ret->size = (uint64_t)st.st_size;
	ret->written = st.st_mtim;
	return true;
}

void s2_files_date(struct s2_files *files)
{
	struct s2_opened *file;

	/* Memory of a running kernel changes all the time. */
	for (size_t i = 0; (file = s2_files_nth(files, i)); i++)
		file->dated = !s2_fd_is_proc(file->fd) && date_of(file->fd, file);
}

bool s2_file_changed(struct s2_opened *file)
{
	struct s2_opened now;
	bool changed = file->dated && (!date_of(file->fd, &now) || now.size != file->size ||
				       now.written.tv_sec != file->written.tv_sec ||
				       now.written.tv_nsec != file->written.tv_nsec);

	file->dated &= !changed;
	return changed;
}
