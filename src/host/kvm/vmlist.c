// SPDX-License-Identifier: GPL-2.0-or-later
// vm_list by symbol, or by what its members must look like where symbols of data are missing
// (Debian's 6.1).
#include "host/kvm/vmlist.h"

#include <stdio.h>

#include "kernel/modules.h"

/* Numbers that any struct kvm has in range, up to KVM_MAX_VCPUS and below PID_MAX_LIMIT; what
 * cannot be read is. */
static bool may_be_vm(struct s2_kernel *kernel, const struct s2_kvm_layout *layout, uint64_t va)
{
	uint64_t vcpus, pid;

	return (s2_field_get(kernel, va, &layout->online_vcpus, &vcpus, NULL) || vcpus <= 512) &&
	       (s2_field_get(kernel, va, &layout->pid, &pid, NULL) || (pid && pid < 4U << 20));
}

/* The architecture knows its VMs; what is missing of one must at least be no other thing. */
static enum s2_code check_vm(const struct s2_kvm_walk *w, uint64_t va)
{
	enum s2_code code = w->arch->check_vm(w, va);

	return s2_is_missing(code) && !may_be_vm(w->search->kernel, &w->layout, va) ? S2_NOTFOUND :
										      code;
}

struct search {
	const struct s2_kvm_walk *w;
	struct s2_list_doubt doubt; /* candidates that may be vm_list */
	uint64_t head;
	unsigned int heads;
};

/* What is missing of a VM that others lead to makes it no other thing. */
static bool all_vms(void *arg, uint64_t node)
{
	struct search *s = arg;
	enum s2_code code = check_vm(s->w, node - s2_member_off(&s->w->layout.vm_list.m));

	if (!code || s2_is_missing(code))
		return true;
	s->heads = UINT32_MAX; /* marks a member that is no VM */
	return false;
}

/* A candidate is vm_list when the whole list from there on, as far as it is in the dump, consists
 * of VMs. */
static bool try_head(void *arg, const struct s2_list_candidate *candidate)
{
	struct search *s = arg;
	struct search probe = { .w = s->w };
	uint64_t off = s2_member_off(&s->w->layout.vm_list.m);
	enum s2_code code = check_vm(s->w, candidate->next - off);

	if (s2_is_missing(code))
		s2_list_doubt_add(&s->doubt, candidate->va, code);
	if (code)
		return true;
	code = s2_kernel_list(s->w->search->kernel, candidate->va, all_vms, &probe, NULL);
	if (code == S2_BUDGET && !probe.heads) {
		s2_list_doubt_add(&s->doubt, candidate->va, code);
		return false;
	}
	if ((code && !s2_is_missing(code)) || probe.heads)
		return true;
	s->head = candidate->va;
	s->heads++;
	return s->heads < 2;
}

static void add_unchecked(struct s2_lost *lost, const struct s2_list_doubt *doubt)
{
	if (doubt->unchecked)
		s2_lost_add(lost, S2_LOST_SEARCH, doubt->code, NULL, S2_LOST_NOWHERE,
			    "could not check whether vm_list is at 0x%llx%s: %s",
			    (unsigned long long)doubt->va,
			    doubt->unchecked > 1 ? ", or at other places" : "",
			    doubt->code == S2_BUDGET ? "so much memory cannot hold so many lists" :
						       "what that points to is not in the dump");
}

/* No list was found: what it may hide behind. */
static void say_doubt(const struct search *s, const struct s2_list_doubt *doubt,
		      struct s2_lost *lost)
{
	if (doubt->gaps.bytes)
		s2_lost_add(lost, S2_LOST_SEARCH, doubt->gaps.code, NULL, doubt->gaps.pa,
			    "could not search %s of the kernel's data for vm_list, the first at "
			    "PA 0x%llx (%s)",
			    s2_gaps_size(&doubt->gaps).text, (unsigned long long)doubt->gaps.pa,
			    s2_code_name(doubt->gaps.code));
	add_unchecked(lost, doubt);
	add_unchecked(lost, &s->doubt);
}

enum s2_code s2_kvm_vm_list(const struct s2_kvm_walk *w, uint64_t *ret, char *found,
			    size_t found_size)
{
	struct s2_kernel *kernel = w->search->kernel;
	struct s2_err *err = w->search->err;
	struct search s = { .w = w };
	struct s2_symbol symbol = { .name = "vm_list" };
	struct s2_list_doubt doubt;
	enum s2_code code = s2_module_symbols(kernel, "kvm", &symbol, 1, NULL);

	if (code == S2_NOMEM)
		return s2_fail(err, code, "no memory for the symbols of KVM's module");
	/* Of several symbols of that name none is believed. */
	if (!code && symbol.hits == 1) {
		snprintf(found, found_size, "vm_list (symbol, %s)",
			 s2_symbol_source_name(symbol.source));
		*ret = symbol.value;
		return S2_OK;
	}
	if (!w->arch->check_vm || !w->arch->can_check(w))
		return s2_fail(err, S2_NOTFOUND,
			       "no symbol vm_list, and struct kvm of this kernel%s has nothing to "
			       "tell it by",
			       w->arch->check_vm ? " (before 5.9)" : "");
	code = s2_kernel_scan_lists(kernel, try_head, &s, &doubt, err);
	if (code)
		return code;
	if (s.heads > 1)
		return s2_fail(
			err, S2_INVALID,
			"no symbol vm_list, and more than one list of VMs in the kernel's data");
	if (!s.heads) {
		say_doubt(&s, &doubt, w->search->lost);
		*ret = 0;
		return S2_OK;
	}
	snprintf(found, found_size, "vm_list (no symbol; found at 0x%llx by its members)",
		 (unsigned long long)s.head);
	*ret = s.head;
	return S2_OK;
}
