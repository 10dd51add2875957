// SPDX-License-Identifier: GPL-2.0-or-later
// What a virtual machine's description owns, and its words.
#include "model/vm.h"

#include <stdlib.h>
#include <string.h>

static const char *const nameds[S2_NNAMED] = {
	[S2_NAMED_ARGS] = "command-line",
	[S2_NAMED_PROCESS] = "process",
	[S2_NAMED_CGROUP] = "cgroup",
};

static const char *const states[S2_NVM_STATES] = {
	[S2_VM_NEW] = "new",       [S2_VM_IDLE] = "idle", [S2_VM_RUNNING] = "running",
	[S2_VM_BUGGED] = "bugged", [S2_VM_DEAD] = "dead", [S2_VM_DYING] = "dying",
};

static const char *const vcpu_states[S2_NVCPU_STATES] = {
	[S2_VCPU_OUTSIDE] = "outside",
	[S2_VCPU_GUEST] = "guest",
	[S2_VCPU_EXITING] = "exiting",
	[S2_VCPU_READING] = "reading-tables",
};

struct s2_vm *s2_vm_new(void)
{
	return calloc(1, sizeof(struct s2_vm));
}

void s2_vm_free(struct s2_vm *vm)
{
	if (vm)
		free(vm->vcpu);
	free(vm);
}

/* 0, which stands for what is not known, when @text is none of @words. */
static unsigned int word_of(const char *const *words, unsigned int n, const char *text)
{
	for (unsigned int i = 1; text && i < n; i++)
		if (!strcmp(words[i], text))
			return i;
	return 0;
}

const char *s2_vm_named_text(enum s2_vm_named named)
{
	return nameds[named];
}

const char *s2_vm_state_text(enum s2_vm_state state)
{
	return states[state];
}

const char *s2_vcpu_state_text(enum s2_vcpu_state state)
{
	return vcpu_states[state];
}

enum s2_vm_named s2_vm_named_from(const char *text)
{
	return (enum s2_vm_named)word_of(nameds, S2_NNAMED, text);
}

enum s2_vm_state s2_vm_state_from(const char *text)
{
	return (enum s2_vm_state)word_of(states, S2_NVM_STATES, text);
}

enum s2_vcpu_state s2_vcpu_state_from(const char *text)
{
	return (enum s2_vcpu_state)word_of(vcpu_states, S2_NVCPU_STATES, text);
}
