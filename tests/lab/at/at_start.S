// SPDX-License-Identifier: GPL-2.0-or-later
// The oracle's entry, its exception vectors, AT instructions by number, the jump to a lower level.

	.text
	.global _start
_start:
	ldr	x0, =stack_top
	mov	sp, x0
	adr	x0, vectors_el3
	msr	vbar_el3, x0
	adr	x0, vectors_el2
	msr	vbar_el2, x0
	msr	cptr_el3, xzr
	isb
	bl	at_main
0:	b	0b

// uint64_t at_run(uint64_t op, uint64_t ia): the AT instruction of enum order; PAR_EL1 comes back.
	.global at_run
at_run:
	adr	x2, 1f
	add	x2, x2, x0, lsl #3
	msr	par_el1, xzr
	br	x2
1:	at	s1e1r, x1
	b	2f
	at	s1e1w, x1
	b	2f
	at	s1e0r, x1
	b	2f
	at	s1e0w, x1
	b	2f
	sys	#0, c7, c9, #0, x1	// s1e1rp
	b	2f
	sys	#0, c7, c9, #1, x1	// s1e1wp
	b	2f
	at	s12e1r, x1
	b	2f
	at	s12e1w, x1
	b	2f
	at	s12e0r, x1
	b	2f
	at	s12e0w, x1
	b	2f
	at	s1e2r, x1
	b	2f
	at	s1e2w, x1
	b	2f
2:	isb
	mrs	x0, par_el1
	ret

	.global at_set_pan
at_set_pan:
	cbz	x0, 1f
	.inst	0xd500419f		// msr pan, #1
	ret
1:	.inst	0xd500409f		// msr pan, #0
	ret

	.global at_flush
at_flush:
	dsb	sy
	tlbi	alle1
	tlbi	alle2
	dsb	sy
	isb
	ret

// void at_exec(uint64_t ia, uint64_t spsr, uint64_t out[2]): starts at ia; out says how it ended.
	.global at_exec
at_exec:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x2, [sp, #96]
	msr	elr_el3, x0
	msr	spsr_el3, x1
	ic	iallu
	dsb	sy
	isb
	eret

from_lower:
	ldr	x2, [sp, #96]
	mrs	x0, esr_el3
	lsr	x1, x0, #26
	cmp	x1, #1			// WFI: the page was executed
	b.eq	3f
	cmp	x1, #0x17		// SMC from a vector
	b.ne	5f
	mrs	x1, spsr_el3
	and	x1, x1, #12
	cmp	x1, #8
	b.eq	4f
	mov	x1, #2
	mrs	x0, esr_el1
	b	6f
4:	mov	x1, #3
	mrs	x0, esr_el2
	b	6f
3:	mov	x1, #1
	b	6f
5:	mov	x1, #9
6:	stp	x1, x0, [x2]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

// An external abort on the walk of an AT instruction: remember it and go on behind the instruction.
from_el3:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el3
	ldr	x1, =at_esr
	str	x0, [x1]
	mrs	x0, elr_el3
	add	x0, x0, #4
	msr	elr_el3, x0
	ldp	x0, x1, [sp], #16
	eret

	.balign 2048
vectors_el3:
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 128
	b	from_el3
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 128
	b	from_lower
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 128
	b	at_panic
	.balign 2048
vectors_el2:
	.rept 16
	.balign 128
	smc	#0
	b	.
	.endr

	.global at_semihost
at_semihost:
	hlt	#0xf000
	ret

	.bss
	.balign 16
	.skip	65536
stack_top:
