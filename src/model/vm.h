/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual machine beside its tables: what people call it, whose process it is, what its vCPUs do.
 */
#ifndef S2_MODEL_VM_H
#define S2_MODEL_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/arch.h"

#define S2_VM_NAME_LEN 128
#define S2_VM_COMM_LEN 64 /* 15 bytes of the kernel's, each escaped */

/* Where a name is from; the order is that in which the places are asked. */
enum s2_vm_named {
	S2_NAMED_NOT,
	S2_NAMED_ARGS,    /* the command line of the VMM */
	S2_NAMED_PROCESS, /* the name that the VMM gave its process */
	S2_NAMED_CGROUP,
	S2_NNAMED,
};

enum s2_vm_state {
	S2_VM_UNKNOWN,
	S2_VM_NEW,     /* no vCPU yet */
	S2_VM_IDLE,    /* no vCPU is in the guest */
	S2_VM_RUNNING, /* one is */
	S2_VM_BUGGED,  /* KVM found itself wrong about it, and runs it no more */
	S2_VM_DEAD,
	S2_VM_DYING, /* nobody has it open any longer */
	S2_NVM_STATES,
};

/* Where a vCPU was: KVM's vcpu->mode. */
enum s2_vcpu_state {
	S2_VCPU_UNKNOWN,
	S2_VCPU_OUTSIDE,
	S2_VCPU_GUEST,
	S2_VCPU_EXITING, /* asked to leave the guest, and not out yet */
	S2_VCPU_READING, /* KVM reads tables without a lock */
	S2_NVCPU_STATES,
};

struct s2_vm_vcpu {
	uint64_t index;
	uint64_t va; /* of struct kvm_vcpu */
	enum s2_vcpu_state state;
	bool have_pid, have_cpu;
	int32_t pid; /* of the thread that ran it last */
	int32_t cpu; /* that it is on, or on which it was last */
};

struct s2_vm {
	bool undescribed; /* of a note that is older than VMs in notes; one made of it has none */
	uint64_t va;      /* of struct kvm, 0 when not known */
	char name[S2_VM_NAME_LEN]; /* without blanks at its ends, escaped; "" when not known */
	enum s2_vm_named named;
	char unnamed[96];          /* why there is no name, "" when there is one */
	char comm[S2_VM_COMM_LEN]; /* of the process, escaped; "" when not known */
	/* Of the guest, where it was looked for (host/guest.h). */
	char guest_release[128]; /* its kernel's, "" when not known */
	char guest_searched[64]; /* how much of its memory was searched in vain: "searched 256M" */
	bool guest_unknown;      /* ... and that was not all that is mapped, or a part is missing */
	enum s2_vm_state state;
	enum s2_tristate is_protected; /* the host cannot read what the guest keeps to itself */
	enum s2_tristate is_created;   /* the hypervisor knows it */
	enum s2_tristate is_dying;     /* the hypervisor is taking it apart */
	struct s2_vm_vcpu *vcpu;
	size_t nvcpus;
	bool have_vcpus; /* all of them are in @vcpu */
};

/* NULL without memory. */
struct s2_vm *s2_vm_new(void);
void s2_vm_free(struct s2_vm *vm);

/* As they stand in output: "command-line", "running", "guest"; NULL for what is not known. The
 * other way round, what is no such word is not known. */
const char *s2_vm_named_text(enum s2_vm_named named);
const char *s2_vm_state_text(enum s2_vm_state state);
const char *s2_vcpu_state_text(enum s2_vcpu_state state);
enum s2_vm_named s2_vm_named_from(const char *text);
enum s2_vm_state s2_vm_state_from(const char *text);
enum s2_vcpu_state s2_vcpu_state_from(const char *text);

#endif
