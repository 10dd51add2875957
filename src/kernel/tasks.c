// SPDX-License-Identifier: GPL-2.0-or-later
// Processes: from an address space to its task, and from a task to what it is called. All that is
// followed may be torn; every way has an end.
#include "kernel/tasks.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "decode/lookup.h"

#define FIELD(f, t, p) S2_FIELD(s2_tasks, f, t, p, false)

static const struct s2_field_row rows[] = {
	FIELD(task_mm, "task_struct", "mm"),
	FIELD(task_comm, "task_struct", "comm"),
	FIELD(task_tgid, "task_struct", "tgid"),
	FIELD(task_leader, "task_struct", "group_leader"),
	FIELD(task_tasks, "task_struct", "tasks"),
	FIELD(task_cgroups, "task_struct", "cgroups"),
	FIELD(task_pid_links, "task_struct", "pid_links"), /* since 4.19 */
	FIELD(mm_owner, "mm_struct", "owner"),             /* CONFIG_MEMCG */
	FIELD(mm_pgd, "mm_struct", "pgd"),
	FIELD(mm_arg_start, "mm_struct", "arg_start"),
	FIELD(mm_arg_end, "mm_struct", "arg_end"),
	FIELD(mm_env_end, "mm_struct", "env_end"),
	FIELD(pid_tasks, "pid", "tasks"),
	FIELD(pid_numbers, "pid", "numbers"),
	FIELD(upid_nr, "upid", "nr"),
	FIELD(css_cgroup, "css_set", "dfl_cgrp"),
	FIELD(cgroup_node, "cgroup", "kn"),
	FIELD(node_name, "kernfs_node", "name"),
	FIELD(node_parent, "kernfs_node", "__parent"), /* since 6.15 */
	FIELD(node_parent, "kernfs_node", "parent"),
};

/* Tasks, and pages of command lines, that one search may meet beside those that the size of memory
 * allows. A page of those may have two thousand words. */
#define STEPS_FLOOR 65536
#define ARGS_FLOOR 8192
#define PAGE 4096U

enum s2_code s2_tasks_init(struct s2_kernel *kernel, const struct s2_mem *mem, struct s2_tasks *ret,
			   struct s2_err *err)
{
	const struct s2_regime *user = &s2_kernel_facts(kernel)->kva.user;
	struct s2_tasks tasks = { .kernel = kernel, .mem = mem };
	enum s2_code code = s2_fields_find(kernel, rows, ARRAY_SIZE(rows), &tasks, err);

	if (code)
		return code;
	tasks.have_user = user->arch && !user->arch->shape(user, &tasks.user, NULL);
	s2_err_init(&tasks.unlisted);
	s2_budget_init(&tasks.steps, STEPS_FLOOR, 1, s2_mem_structures(mem) / PAGE);
	s2_budget_init(&tasks.args, ARGS_FLOOR, 1, s2_mem_structures(mem) / PAGE);
	*ret = tasks;
	return S2_OK;
}

void s2_tasks_free(struct s2_tasks *tasks)
{
	free(tasks->all);
	tasks->all = NULL;
}

static enum s2_code get(struct s2_tasks *t, uint64_t va, const struct s2_field_at *field,
			uint64_t *ret, struct s2_err *err)
{
	return s2_field_get(t->kernel, va, field, ret, err);
}

/* ---- From memory to process ---- */

static enum s2_code no_task(struct s2_err *err)
{
	return s2_fail(err, S2_NOTFOUND, "no task has this mm");
}

/* The leader of @task's threads, when @task has @mm for its memory. S2_NOTFOUND: it has not. */
static enum s2_code confirm(struct s2_tasks *t, uint64_t task, uint64_t mm, uint64_t *ret,
			    struct s2_err *err)
{
	uint64_t theirs, leader = 0;
	enum s2_code code = get(t, task, &t->task_mm, &theirs, err);

	if (!code && theirs != mm)
		return no_task(err);
	if (!code)
		code = get(t, task, &t->task_leader, &leader, err);
	if (!code)
		*ret = leader;
	return code;
}

static enum s2_code by_owner(struct s2_tasks *t, uint64_t mm, uint64_t pid, uint64_t *ret,
			     struct s2_err *err)
{
	uint64_t task;
	enum s2_code code = get(t, mm, &t->mm_owner, &task, err);

	(void)pid;
	if (!code && !task)
		return no_task(err);
	return code ? code : confirm(t, task, mm, ret, err);
}

static enum s2_code by_pid(struct s2_tasks *t, uint64_t mm, uint64_t pid, uint64_t *ret,
			   struct s2_err *err)
{
	uint64_t task = 0;
	enum s2_code code = pid ? s2_pid_task(t, pid, &task, err) : S2_OK;

	if (!code && !task)
		return no_task(err);
	return code ? code : confirm(t, task, mm, ret, err);
}

static bool on_task(void *arg, uint64_t node)
{
	struct s2_tasks *t = arg;
	uint64_t task = node - s2_member_off(&t->task_tasks.m), mm;
	struct s2_err why;
	enum s2_code code;

	s2_err_init(&why);
	if (s2_budget_take(&t->steps, 1)) {
		s2_fail(&t->unlisted, S2_BUDGET, "there are too many tasks to look at");
		return false;
	}
	code = get(t, task, &t->task_mm, &mm, &why);
	if (code) {
		t->unlisted = why;
		return true;
	}
	if (!mm)
		return true; /* a thread of the kernel's */
	if (t->nall == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct s2_task_mm *grown = realloc(t->all, room * sizeof(*grown));

		if (!grown) {
			s2_fail(&t->unlisted, S2_NOMEM, "no memory for tasks");
			return false;
		}
		t->all = grown;
		t->room = room;
	}
	t->all[t->nall++] = (struct s2_task_mm){ mm, task };
	return true;
}

static void on_lost_task(void *arg, uint64_t node, const struct s2_err *why)
{
	struct s2_tasks *t = arg;

	(void)node;
	t->unlisted = *why;
}

static int by_mm(const void *a, const void *b)
{
	const struct s2_task_mm *x = a, *y = b;

	return x->mm < y->mm ? -1 : x->mm > y->mm;
}

/* init_task is in no list but at the head of the one of all. */
static void list_all(struct s2_tasks *t)
{
	struct s2_err why;
	uint64_t init = 0;
	enum s2_code code;

	s2_err_init(&why);
	t->listed = true;
	code = s2_kernel_symbol(t->kernel, "init_task", &init, &why);
	if (!code && !t->task_tasks.have)
		code = s2_fail(&why, S2_NOTFOUND, "the list of tasks is not known");
	if (!code)
		code = s2_kernel_list_around(t->kernel, init + s2_member_off(&t->task_tasks.m),
					     on_task, on_lost_task, t, &why);
	if (code)
		t->unlisted = why;
	if (t->nall)
		qsort(t->all, t->nall, sizeof(*t->all), by_mm);
}

enum s2_code s2_tasks_each_mm(struct s2_tasks *t, bool (*mm)(void *arg, uint64_t va), void *arg,
			      struct s2_err *err)
{
	bool more = true;

	if (!t->listed)
		list_all(t);
	for (size_t i = 0; more && i < t->nall; i++)
		if (!i || t->all[i].mm != t->all[i - 1].mm) /* threads have the same */
			more = mm(arg, t->all[i].mm);
	return t->unlisted.code == S2_NOMEM ? s2_fail(err, S2_NOMEM, "%s", t->unlisted.text) :
					      S2_OK;
}

static enum s2_code by_list(struct s2_tasks *t, uint64_t mm, uint64_t pid, uint64_t *ret,
			    struct s2_err *err)
{
	const struct s2_task_mm key = { .mm = mm }, *found;

	(void)pid;
	if (!t->listed)
		list_all(t);
	found = t->nall ? bsearch(&key, t->all, t->nall, sizeof(key), by_mm) : NULL;
	if (found)
		return confirm(t, found->task, mm, ret, err);
	if (t->unlisted.code)
		return s2_fail(err, t->unlisted.code, "%s", t->unlisted.text);
	return no_task(err);
}

enum s2_code s2_task_of_mm(struct s2_tasks *tasks, uint64_t mm, uint64_t pid, uint64_t *ret,
			   struct s2_err *err)
{
	/* In order of cost. */
	static enum s2_code (*const ways[])(struct s2_tasks * t, uint64_t mm, uint64_t pid,
					    uint64_t * ret, struct s2_err * err) = {
		by_owner,
		by_pid,
		by_list,
	};
	struct s2_err missing;
	enum s2_code code = S2_NOTFOUND;

	s2_err_init(&missing);
	for (size_t i = 0; code && i < ARRAY_SIZE(ways); i++) {
		struct s2_err why;

		s2_err_init(&why);
		code = ways[i](tasks, mm, pid, ret, &why);
		if (code == S2_NOMEM)
			return s2_fail(err, code, "%s", why.text);
		if (code &&
		    (!missing.code || (s2_is_missing(code) && !s2_is_missing(missing.code))))
			missing = why;
	}
	return code ? s2_fail(err, missing.code, "%s", missing.text) : S2_OK;
}

enum s2_code s2_task_owner(struct s2_tasks *tasks, uint64_t mm, uint64_t *ret, struct s2_err *err)
{
	return by_owner(tasks, mm, 0, ret, err);
}

/* ---- What a task is called ---- */

enum s2_code s2_task_id(struct s2_tasks *tasks, uint64_t task, int64_t *ret, struct s2_err *err)
{
	uint64_t id;
	enum s2_code code = get(tasks, task, &tasks->task_tgid, &id, err);

	if (!code && (int64_t)id < 0)
		return s2_fail(err, S2_INVALID, "task 0x%llx has id %lld", (unsigned long long)task,
			       (long long)id);
	if (!code)
		*ret = (int64_t)id;
	return code;
}

enum s2_code s2_task_comm(struct s2_tasks *tasks, uint64_t task, char ret[S2_TASK_COMM_LEN],
			  struct s2_err *err)
{
	char comm[S2_TASK_COMM_LEN] = "";
	enum s2_code code;

	/* What types say of the size is the dump's word, 0 too. */
	if (!tasks->task_comm.have || !tasks->task_comm.m.size ||
	    tasks->task_comm.m.size > sizeof(comm))
		return s2_fail(err, S2_NOTFOUND, "this kernel's tasks have no name that is known");
	code = s2_kernel_read(tasks->kernel, task + s2_member_off(&tasks->task_comm.m), comm,
			      (size_t)tasks->task_comm.m.size, err);
	if (code)
		return code;
	comm[tasks->task_comm.m.size - 1] = '\0';
	memcpy(ret, comm, sizeof(comm));
	return S2_OK;
}

enum s2_code s2_pid_number(struct s2_tasks *tasks, uint64_t pid, int64_t *ret, struct s2_err *err)
{
	uint64_t number;
	enum s2_code code;

	if (!tasks->pid_numbers.have)
		return s2_fail(err, S2_NOTFOUND, "this kernel has no member pid.numbers");
	code = get(tasks, pid + s2_member_off(&tasks->pid_numbers.m), &tasks->upid_nr, &number,
		   err);
	if (!code)
		*ret = (int64_t)number;
	return code;
}

/* pid->tasks[PIDTYPE_PID], the first of its lists, leads to task_struct.pid_links[PIDTYPE_PID]. */
enum s2_code s2_pid_task(struct s2_tasks *tasks, uint64_t pid, uint64_t *ret, struct s2_err *err)
{
	uint64_t link;
	enum s2_code code;

	if (!tasks->pid_tasks.have || !tasks->task_pid_links.have)
		return s2_fail(err, S2_NOTFOUND, "this kernel's struct pid is not known");
	code = s2_kernel_read(tasks->kernel, pid + s2_member_off(&tasks->pid_tasks.m), &link,
			      sizeof(link), err);
	if (!code)
		*ret = link ? link - s2_member_off(&tasks->task_pid_links.m) : 0;
	return code;
}

/* ---- What a process was started with ---- */

/* One page of the process's memory at most: what of [@va, @va + @len) lies together. */
static enum s2_code read_user(struct s2_tasks *t, uint64_t root_pa, uint64_t va, char *buf,
			      size_t len, size_t *ret_len, bool *ret_user, struct s2_err *err)
{
	size_t room = PAGE - (size_t)(va % PAGE);
	struct s2_found found;
	enum s2_code code = s2_lookup(t->mem, &t->user, root_pa, va, &found);

	*ret_user = false;
	if (s2_is_missing(code))
		return s2_fail(err, code, "the page table at 0x%llx is %s",
			       (unsigned long long)found.table_pa, s2_code_name(code));
	if (code || !found.mapped)
		return s2_fail(err, S2_NOTFOUND, "not in memory");
	*ret_user = true;
	*ret_len = len < room ? len : room;
	return s2_mem_read(t->mem, found.pa, buf, *ret_len, err);
}

/* @end is that of all there is to read; *@ret_len was read before. */
static enum s2_code read_until(struct s2_tasks *t, uint64_t root_pa, uint64_t start, uint64_t end,
			       char *buf, size_t size, size_t *ret_len, bool *ret_user,
			       struct s2_err *err)
{
	while (*ret_len < size && *ret_len < end - start) {
		uint64_t left = end - start - *ret_len;
		size_t room = size - *ret_len, n = 0;
		enum s2_code code;

		if (s2_budget_take(&t->args, 1))
			return s2_fail(err, S2_BUDGET, "too many command lines to read");
		code = read_user(t, root_pa, start + *ret_len, buf + *ret_len,
				 left < room ? (size_t)left : room, &n, ret_user, err);
		if (code)
			return code;
		*ret_len += n;
	}
	return S2_OK;
}

enum s2_code s2_task_args(struct s2_tasks *tasks, uint64_t mm, char *buf, size_t size,
			  size_t *ret_len, bool *ret_user, struct s2_err *err)
{
	uint64_t pgd, root_pa, start = 0, end = 0, env_end = 0;
	enum s2_code code = get(tasks, mm, &tasks->mm_pgd, &pgd, err);

	*ret_len = 0;
	*ret_user = false;
	if (!code)
		code = s2_kernel_pa(tasks->kernel, pgd, &root_pa, err);
	if (!code)
		code = get(tasks, mm, &tasks->mm_arg_start, &start, err);
	if (!code)
		code = get(tasks, mm, &tasks->mm_arg_end, &end, err);
	if (!code && (!tasks->have_user || start >= end))
		code = s2_fail(err, S2_NOTFOUND, "none");
	if (!code)
		code = read_until(tasks, root_pa, start, end, buf, size, ret_len, ret_user, err);
	/* A title that was written over it may run on into the environment (get_mm_cmdline(),
	 * fs/proc/base.c). */
	if (!code && *ret_len == end - start && *ret_len && buf[*ret_len - 1] &&
	    !get(tasks, mm, &tasks->mm_env_end, &env_end, NULL) && env_end > end)
		(void)read_until(tasks, root_pa, start, env_end, buf, size, ret_len, ret_user,
				 NULL);
	return code;
}

/* ---- Cgroups ---- */

/* The string at @va, cut off when it is longer than @size. */
static enum s2_code read_string(struct s2_tasks *t, uint64_t va, char *buf, size_t size,
				struct s2_err *err)
{
	size_t len = 0;

	while (len < size - 1) {
		size_t n = 64 - (size_t)((va + len) % 64);
		enum s2_code code;

		if (n > size - 1 - len)
			n = size - 1 - len;
		code = s2_kernel_read(t->kernel, va + len, buf + len, n, err);
		if (code)
			return code;
		if (memchr(buf + len, '\0', n))
			return S2_OK;
		len += n;
	}
	buf[len] = '\0';
	return S2_OK;
}

enum s2_code s2_task_cgroups(struct s2_tasks *tasks, uint64_t task, struct s2_cgroups *ret,
			     struct s2_err *err)
{
	uint64_t css, cgroup = 0, node = 0, parent = 0, name;
	enum s2_code code = get(tasks, task, &tasks->task_cgroups, &css, err);

	ret->n = 0;
	if (!code)
		code = get(tasks, css, &tasks->css_cgroup, &cgroup, err);
	if (!code)
		code = get(tasks, cgroup, &tasks->cgroup_node, &node, err);
	if (!code)
		code = get(tasks, node, &tasks->node_parent, &parent, err);
	/* The root, which alone has no parent, has no name either. */
	while (!code && parent && ret->n < S2_CGROUPS) {
		code = get(tasks, node, &tasks->node_name, &name, err);
		if (!code)
			code = read_string(tasks, name, ret->name[ret->n], S2_CGROUP_NAME_LEN, err);
		if (code)
			break;
		ret->n++;
		node = parent;
		code = get(tasks, node, &tasks->node_parent, &parent, err);
	}
	return code;
}
