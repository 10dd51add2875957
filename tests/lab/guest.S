// SPDX-License-Identifier: GPL-2.0-or-later
// The program that every lab guest runs: a loop over a list of "read, write, call, hvc, spin" orders.

/*
 * Position independent. On entry:
 *	x0	the list of orders, 24 bytes each: kind, address, value
 *	x27	number of the VM, left alone, so that a debugger can tell guests apart
 *	x28	the doorbell: an address without memory behind it, a store there leaves the guest
 *
 * What is stored to the doorbell: 0 list done (the list starts again after the exit) or the exit
 * that is an order, 2 a read gave something else than expected (x3 where, x5 what), 3 the guest
 * took an exception, 4 the hypervisor refused (x3 what for, x5 its answer).
 */
	.text
	.global	guest_start, guest_end, guest_spin, guest_vectors

	.balign	2048
guest_start:
	mov	x1, x0
next:
	ldp	x2, x3, [x1]
	ldr	x4, [x1, #16]
	add	x1, x1, #24
	cbz	x2, done
	cmp	x2, #1
	b.eq	order_read
	cmp	x2, #2
	b.eq	order_write
	cmp	x2, #3
	b.eq	order_call
	cmp	x2, #4
	b.eq	order_hvc
	cmp	x2, #5
	b.eq	order_exit
guest_spin:
	add	x26, x26, #1
	b	guest_spin

order_read:
	ldr	x5, [x3]
	cmp	x5, x4
	b.eq	next
	mov	x6, #2
	str	x6, [x28]
	b	guest_spin

order_write:
	str	x4, [x3]
	b	next

order_call:
	blr	x3
	b	next

	/* SMCCC: x0 is the function and the answer, x1 to x3 are arguments and lost. */
order_hvc:
	mov	x8, x0
	mov	x9, x1
	mov	x10, x3
	mov	x0, x4
	mov	x1, x3
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0
	mov	x5, x0
	mov	x3, x10
	mov	x1, x9
	mov	x0, x8
	cbz	x5, next
	mov	x6, #4
	str	x6, [x28]
	b	guest_spin

order_exit:
	str	xzr, [x28]
	b	next

done:
	str	xzr, [x28]
	b	guest_start

	/* VBAR_EL1 points here; all sixteen vectors do the same. */
	.balign	2048
guest_vectors:
	.rept	16
	.balign	128
	mov	x6, #3
	str	x6, [x28]
	b	guest_spin
	.endr
guest_end:

	.section .note.GNU-stack, "", %progbits
