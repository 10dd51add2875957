// SPDX-License-Identifier: GPL-2.0-or-later
// The program that every lab guest runs, a loop over a list of orders; and the one it runs in SMM.

/*
 * Position independent, 64-bit, no stack. On entry:
 *	rdi	the list of orders, 24 bytes each: kind, address, value (enum order_kind in init.c)
 *
 * What goes out of port 0xf1 leaves the guest: 0 list done (it starts again after the exit), 2 a read
 * gave something else than expected (rdx where, rbx what), 5 the exit that is an order, 7 the guest's
 * guest left it. An exception has no handler: the processor shuts down.
 */
	.text
	.code64
	.global	guest_start, guest_end, guest_next, smm_start, smm_end

	.balign	16
guest_start:
	mov	%rdi, %rsi
guest_next:
next:
	mov	(%rsi), %rax
	mov	8(%rsi), %rdx
	mov	16(%rsi), %rcx
	add	$24, %rsi
	test	%rax, %rax
	jz	done
	cmp	$1, %rax
	je	order_read
	cmp	$2, %rax
	je	order_write
	cmp	$3, %rax
	je	order_call
	cmp	$4, %rax
	je	order_exit
	cmp	$6, %rax
	je	order_nested
spin:
	inc	%r14
	jmp	spin

order_read:
	mov	(%rdx), %rbx
	cmp	%rcx, %rbx
	je	next
	mov	$2, %al
	out	%al, $0xf1
	jmp	spin

order_write:
	mov	%rcx, (%rdx)
	jmp	next

	/* What is called comes back by `jmp *%rbp'. */
order_call:
	lea	next(%rip), %rbp
	jmp	*%rdx

order_exit:
	mov	$5, %al
	out	%al, $0xf1
	jmp	next

	/* From here on a guest of this one has the orders: SVME in EFER, VM_HSAVE_PA, VMRUN. */
order_nested:
	mov	%rdx, %r8
	mov	%rcx, %r9
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x1000, %eax
	wrmsr
	mov	%r9d, %eax
	xor	%edx, %edx
	mov	$0xc0010117, %ecx
	wrmsr
	mov	%r8, %rax
	vmrun
	mov	$7, %al
	out	%al, $0xf1
	jmp	spin

done:
	xor	%eax, %eax
	out	%al, $0xf1
	jmp	guest_start
guest_end:

	/*
	 * At SMBASE + 0x8000, in 16-bit mode with 4 GiB segments; CS starts at SMBASE. At 0x8100 is where
	 * to write, at 0x8104 what.
	 */
	.code16
	.balign	16
smm_start:
	movl	%cs:0x8100, %esi
	movl	%cs:0x8104, %ebx
	addr32 movl	%ebx, (%esi)
	mov	$6, %al
	out	%al, $0xf1
	rsm
smm_end:

	.section .note.GNU-stack, "", %progbits
