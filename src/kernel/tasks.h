/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of a Linux kernel in memory: whose memory is whose, what they are called, what they
 * were started with. */
#ifndef S2_KERNEL_TASKS_H
#define S2_KERNEL_TASKS_H

#include "base/budget.h"
#include "kernel/fields.h"

/* A process and the memory that is its own. */
struct s2_task_mm {
	uint64_t mm, task;
};

struct s2_tasks {
	struct s2_kernel *kernel;
	const struct s2_mem *mem; /* that @kernel lives in */
	/* struct task_struct */
	struct s2_field_at task_mm, task_comm, task_tgid, task_leader, task_tasks, task_cgroups,
		task_pid_links;
	/* struct mm_struct */
	struct s2_field_at mm_owner, mm_pgd, mm_arg_start, mm_arg_end, mm_env_end;
	/* struct pid */
	struct s2_field_at pid_tasks, pid_numbers, upid_nr;
	/* From a task's cgroups to their names. */
	struct s2_field_at css_cgroup, cgroup_node, node_name, node_parent;
	struct s2_geometry user; /* of processes' tables */
	bool have_user;
	/* The list of all tasks, read when nothing else leads to a process. */
	bool listed;
	struct s2_task_mm *all; /* sorted by mm */
	size_t nall, room;
	struct s2_err unlisted; /* why it is not whole; S2_OK: it is */
	struct s2_budget steps; /* tasks that may be met */
	struct s2_budget args;  /* pages of command lines that may be read */
};

/* Looks members up; those that this kernel does not have make an answer S2_NOTFOUND later. */
enum s2_code s2_tasks_init(struct s2_kernel *kernel, const struct s2_mem *mem, struct s2_tasks *ret,
			   struct s2_err *err) S2_MUST_CHECK;
void s2_tasks_free(struct s2_tasks *tasks);

/* The process that mm_struct names as the owner of @mm, the first of the ways of s2_task_of_mm(). */
enum s2_code s2_task_owner(struct s2_tasks *tasks, uint64_t mm, uint64_t *ret,
			   struct s2_err *err) S2_MUST_CHECK;

/*
 * The process (the leader of its threads) whose memory is the struct mm_struct at @mm: the one that
 * mm_struct names, else the one of a thread, which @pid (struct pid, 0: none) stands for, else the
 * one in the list of all. What is found has this mm. S2_NOTFOUND: there is none; a missing code:
 * there may be one.
 */
enum s2_code s2_task_of_mm(struct s2_tasks *tasks, uint64_t mm, uint64_t pid, uint64_t *ret,
			   struct s2_err *err) S2_MUST_CHECK;

/* Calls @mm for the memory of each process in the list of all, until it returns false. What is not
 * in the dump is left out. S2_NOMEM. */
enum s2_code s2_tasks_each_mm(struct s2_tasks *tasks, bool (*mm)(void *arg, uint64_t va), void *arg,
			      struct s2_err *err) S2_MUST_CHECK;

/* The id of a process, by its leader. */
enum s2_code s2_task_id(struct s2_tasks *tasks, uint64_t task, int64_t *ret,
			struct s2_err *err) S2_MUST_CHECK;

/* The name of a task, as the kernel has it: up to 15 bytes of any kind. */
#define S2_TASK_COMM_LEN 16
enum s2_code s2_task_comm(struct s2_tasks *tasks, uint64_t task, char ret[S2_TASK_COMM_LEN],
			  struct s2_err *err) S2_MUST_CHECK;

/* The id that struct pid at @pid stands for in the first namespace, and the task that it is of. The
 * latter is 0 when that is gone. */
enum s2_code s2_pid_number(struct s2_tasks *tasks, uint64_t pid, int64_t *ret,
			   struct s2_err *err) S2_MUST_CHECK;
enum s2_code s2_pid_task(struct s2_tasks *tasks, uint64_t pid, uint64_t *ret,
			 struct s2_err *err) S2_MUST_CHECK;

/*
 * What the process of @mm was started with, up to @size bytes: words that end with a zero byte, or
 * what it has written over them. *@ret_len is how much of it could be read, from the start. A
 * missing code, or S2_NOTFOUND (not in memory: swapped out, say) when that is not all. *@ret_user
 * (with a missing code): it is the process's own memory that is missing, not what the kernel says
 * of it.
 */
enum s2_code s2_task_args(struct s2_tasks *tasks, uint64_t mm, char *buf, size_t size,
			  size_t *ret_len, bool *ret_user, struct s2_err *err) S2_MUST_CHECK;

/*
 * The name of the task's cgroup in the unified hierarchy and those of the ones around it, innermost
 * first, without the root's. Up to S2_CGROUPS of them are stored, and their number.
 */
#define S2_CGROUPS 8
#define S2_CGROUP_NAME_LEN 256
struct s2_cgroups {
	unsigned int n;
	char name[S2_CGROUPS][S2_CGROUP_NAME_LEN];
};
enum s2_code s2_task_cgroups(struct s2_tasks *tasks, uint64_t task, struct s2_cgroups *ret,
			     struct s2_err *err) S2_MUST_CHECK;

#endif
