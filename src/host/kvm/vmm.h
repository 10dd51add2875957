/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that run virtual machines, and how each is told the machine's name. */
#ifndef S2_HOST_KVM_VMM_H
#define S2_HOST_KVM_VMM_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/tasks.h"
#include "model/vm.h"

/*
 * The name in the command line @args, words that end with a zero byte: "web-17" of QEMU's `-name
 * guest=web-17,debug-threads=on`. @comm, the process's name, tells the program where the first word
 * does not. S2_NOTFOUND: no name, and @err says why. @ret is escaped.
 */
enum s2_code s2_vmm_name_of_args(const char *args, size_t len, const char *comm,
				 char ret[S2_VM_NAME_LEN], struct s2_err *err) S2_MUST_CHECK;

/*
 * A program that has renamed its process to the machine (QEMU's `-name process=`) is told by its
 * vCPU threads' names: then @comm is the machine's. False: it is not.
 */
bool s2_vmm_name_of_threads(const char *comm, const char *thread, char ret[S2_VM_NAME_LEN]);

/* The name in the cgroup that libvirt and systemd, Proxmox or Firecracker's jailer made for it. */
bool s2_vmm_name_of_cgroups(const struct s2_cgroups *cgroups, char ret[S2_VM_NAME_LEN]);

#endif
