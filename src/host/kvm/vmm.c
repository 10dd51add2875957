// SPDX-License-Identifier: GPL-2.0-or-later
// Where programs that run virtual machines keep the machine's name: a row each.
#include "host/kvm/vmm.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/escape.h"

/*
 * To add one: a row. @program: how its file is called, up to the end or to one of "-_."; @option:
 * in the command line, behind one dash or two, its value behind '=' or in the next word; @key: of
 * such a value that is a list, which member it is, and the first may stand without it; @renamed:
 * the first word of the command line begins so, and the name follows; @thread: how names of vCPU
 * threads begin.
 */
static const struct vmm {
	const char *program, *option, *key, *renamed, *thread;
} vmms[] = {
	{ .program = "qemu", .option = "name", .key = "guest", .thread = "CPU " },
	{ .program = "kvm", .option = "name", .key = "guest", .thread = "CPU " },
	{ .program = "crosvm", .option = "name", .renamed = "crosvm_", .thread = "crosvm_vcpu" },
	{ .program = "firecracker", .option = "id", .thread = "fc_vcpu " },
	{ .program = "lkvm", .option = "name", .thread = "kvm-vcpu-" },
	{ .program = "cloud-hypervisor", .thread = "vcpu" },
};

static bool is_program(const struct vmm *vmm, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t len = strlen(vmm->program);

	return !strncmp(base, vmm->program, len) && (!base[len] || strchr("-_.", base[len]));
}

/* A process's name, which is its program's when nobody has renamed it, cut off when that is long. */
static bool is_comm(const struct vmm *vmm, const char *comm)
{
	size_t len = S2_TASK_COMM_LEN - 1;

	return is_program(vmm, comm) || (strlen(comm) == len && !strncmp(comm, vmm->program, len));
}

static const struct vmm *vmm_of_comm(const char *comm)
{
	for (size_t i = 0; i < ARRAY_SIZE(vmms); i++)
		if (is_comm(&vmms[i], comm))
			return &vmms[i];
	return NULL;
}

static const struct vmm *vmm_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(vmms); i++)
		if (is_program(&vmms[i], path))
			return &vmms[i];
	return NULL;
}

/* A name is there when something is left of it. */
static bool put_name(const char *text, size_t len, char ret[S2_VM_NAME_LEN])
{
	while (len && *text == ' ') {
		text++;
		len--;
	}
	while (len && text[len - 1] == ' ')
		len--;
	if (!len)
		return false;
	s2_escape(text, len, ret, S2_VM_NAME_LEN);
	return true;
}

/* The member of "first,key=value,..." in which two commas are one that is meant. */
static bool put_member(const char *list, const char *key, char ret[S2_VM_NAME_LEN])
{
	char text[2 * S2_VM_NAME_LEN];
	size_t key_len = strlen(key);
	bool first = true;

	while (*list) {
		size_t len = 0;

		for (; *list; list++) {
			if (*list == ',' && *++list != ',')
				break;
			if (len < sizeof(text) - 1)
				text[len++] = *list;
		}
		text[len] = '\0';
		if (!strncmp(text, key, key_len) && text[key_len] == '=')
			return put_name(text + key_len + 1, len - key_len - 1, ret);
		if (first && !strchr(text, '='))
			return put_name(text, len, ret);
		first = false;
	}
	return false;
}

static bool put_value(const struct vmm *vmm, const char *value, char ret[S2_VM_NAME_LEN])
{
	return vmm->key ? put_member(value, vmm->key, ret) : put_name(value, strlen(value), ret);
}

/* What follows the dashes and the name of @vmm's option in @word: "" or "=...", NULL: it is another.
 */
static const char *behind_option(const struct vmm *vmm, const char *word)
{
	size_t len = strlen(vmm->option);

	if (*word++ != '-')
		return NULL;
	word += *word == '-';
	if (strncmp(word, vmm->option, len) != 0 || (word[len] && word[len] != '='))
		return NULL;
	return word + len;
}

/* The next word that ends within the line; NULL: there is none. */
static const char *next_word(const char *args, size_t len, const char *word)
{
	const char *next = word + strlen(word) + 1;

	return next < args + len && memchr(next, '\0', (size_t)(args + len - next)) ? next : NULL;
}

enum s2_code s2_vmm_name_of_args(const char *args, size_t len, const char *comm,
				 char ret[S2_VM_NAME_LEN], struct s2_err *err)
{
	const char *program = args, *behind;
	const struct vmm *vmm;

	if (!len || !memchr(args, '\0', len))
		return s2_fail(err, S2_NOTFOUND, "its command line is empty");
	vmm = vmm_of(program);
	if (!vmm)
		vmm = vmm_of_comm(comm);
	if (!vmm)
		return s2_fail(err, S2_NOTFOUND, "its program is none whose options are known");
	for (const char *word = args; vmm->option && (word = next_word(args, len, word));) {
		behind = behind_option(vmm, word);
		if (!behind)
			continue;
		behind = *behind ? behind + 1 : next_word(args, len, word);
		if (behind && put_value(vmm, behind, ret))
			return S2_OK;
	}
	if (vmm->renamed && !strncmp(program, vmm->renamed, strlen(vmm->renamed)) &&
	    put_name(program + strlen(vmm->renamed), strlen(program + strlen(vmm->renamed)), ret))
		return S2_OK;
	return s2_fail(err, S2_NOTFOUND, "its command line gives it none");
}

bool s2_vmm_name_of_threads(const char *comm, const char *thread, char ret[S2_VM_NAME_LEN])
{
	for (size_t i = 0; i < ARRAY_SIZE(vmms); i++)
		if (!strncmp(thread, vmms[i].thread, strlen(vmms[i].thread)))
			return !vmm_of_comm(comm) && put_name(comm, strlen(comm), ret);
	return false;
}

/* systemd writes what may not stand in a unit's name as \xNN, and '-' as well where it has a
 * meaning. */
static void unescape_unit(char *text)
{
	char *to = text;

	while (*text) {
		unsigned int byte;

		if (!strncmp(text, "\\x", 2) && sscanf(text + 2, "%2x", &byte) == 1 && byte &&
		    strspn(text + 2, "0123456789abcdef") >= 2) {
			*to++ = (char)byte;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* What stands between @before and @after in @text, in place; NULL when they do not. */
static char *between(char *text, const char *before, const char *after)
{
	size_t len = strlen(text), n = strlen(before), m = strlen(after);

	if (len <= n + m || strncmp(text, before, n) != 0 || strcmp(text + len - m, after) != 0)
		return NULL;
	text[len - m] = '\0';
	return text + n;
}

/* "qemu-17-web" of libvirt: driver, number, name. Others than libvirt give the name alone. */
static const char *without_driver(const char *text)
{
	static const char driver[] = "qemu-";
	const char *number = text + sizeof(driver) - 1;
	size_t n;

	if (strncmp(text, driver, sizeof(driver) - 1) != 0)
		return text;
	n = strspn(number, "0123456789");
	return n && number[n] == '-' && number[n + 1] ? number + n + 1 : text;
}

bool s2_vmm_name_of_cgroups(const struct s2_cgroups *cgroups, char ret[S2_VM_NAME_LEN])
{
	for (unsigned int i = 0; i < cgroups->n; i++) {
		const char *around = i + 1 < cgroups->n ? cgroups->name[i + 1] : "";
		char text[S2_CGROUP_NAME_LEN];
		const char *name;

		memcpy(text, cgroups->name[i], sizeof(text));
		name = between(text, "machine-", ".scope");
		if (name) {
			unescape_unit(text);
			name = without_driver(text + strlen("machine-"));
		} else if (!strcmp(around, "qemu.slice")) {
			name = between(text, "", ".scope");
		} else if (!strcmp(around, "firecracker")) {
			name = text;
		}
		if (name && put_name(name, strlen(name), ret))
			return true;
	}
	return false;
}
