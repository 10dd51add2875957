// SPDX-License-Identifier: GPL-2.0-or-later
// The oracle: puts each case's registers and descriptors in place, runs its queries, writes the
// answers to a file of the host.
#include <stdint.h>

#include "at_cases.h"

#define OUT ((uint64_t *)AT_OUT_PA)

uint64_t at_run(uint64_t op, uint64_t ia);
void at_exec(uint64_t ia, uint64_t spsr, uint64_t *out);
void at_set_pan(uint64_t pan);
void at_flush(void);
long at_semihost(long op, void *arg);
void at_main(void);
void at_panic(void);

volatile uint64_t at_esr;

#define SYSREG_WRITE(reg, value) __asm__ volatile("msr " reg ", %0" ::"r"((uint64_t)(value)))

static uint64_t read_id(unsigned int which)
{
	uint64_t value;

	switch (which) {
	case 0:
		__asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(value));
		break;
	case 1:
		__asm__("mrs %0, id_aa64mmfr1_el1" : "=r"(value));
		break;
	default:
		__asm__("mrs %0, id_aa64mmfr2_el1" : "=r"(value));
		break;
	}
	return value;
}

static void leave(uint64_t code)
{
	uint64_t arg[2] = { 0x20026, code };

	at_semihost(0x18, arg);
}

void at_panic(void)
{
	leave(3);
}

static void write_out(uint64_t bytes)
{
	static const char name[] = "at.out";
	uint64_t open_arg[3] = { (uint64_t)name, 5, sizeof(name) - 1 };
	long fd = at_semihost(0x01, open_arg);
	uint64_t write_arg[3] = { (uint64_t)fd, AT_OUT_PA, bytes };

	if (fd < 0 || at_semihost(0x05, write_arg))
		leave(2);
	at_semihost(0x02, write_arg);
}

static void place_registers(const struct at_case *c)
{
	SYSREG_WRITE("hcr_el2", c->reg[AT_HCR_EL2]);
	SYSREG_WRITE("vtcr_el2", c->reg[AT_VTCR_EL2]);
	SYSREG_WRITE("vttbr_el2", c->reg[AT_VTTBR_EL2]);
	SYSREG_WRITE("sctlr_el1", c->reg[AT_SCTLR_EL1]);
	SYSREG_WRITE("tcr_el1", c->reg[AT_TCR_EL1]);
	SYSREG_WRITE("ttbr0_el1", c->reg[AT_TTBR0_EL1]);
	SYSREG_WRITE("ttbr1_el1", c->reg[AT_TTBR1_EL1]);
	SYSREG_WRITE("mair_el1", c->reg[AT_MAIR_EL1]);
	SYSREG_WRITE("sctlr_el2", c->reg[AT_SCTLR_EL2]);
	SYSREG_WRITE("tcr_el2", c->reg[AT_TCR_EL2]);
	SYSREG_WRITE("ttbr0_el2", c->reg[AT_TTBR0_EL2]);
	SYSREG_WRITE("s3_4_c2_c0_1", c->reg[AT_TTBR1_EL2]);
	SYSREG_WRITE("mair_el2", c->reg[AT_MAIR_EL2]);
	SYSREG_WRITE("vbar_el1", c->reg[AT_VBAR_EL1]);
	__asm__ volatile("isb");
}

static void query(const struct at_query *q, uint64_t *out)
{
	at_flush();
	at_esr = 0;
	if (q->op & AT_EXEC) {
		at_exec(q->ia, q->op & AT_EL0 ? 0x3c0 : 0x3c5, out);
		return;
	}
	at_set_pan((q->op & AT_PAN) != 0);
	out[0] = at_run(q->op & AT_OP, q->ia);
	out[1] = at_esr;
}

void at_main(void)
{
	const struct at_header *header = (const struct at_header *)AT_CASES_PA;
	const uint64_t *p = (const uint64_t *)(header + 1);
	uint64_t *out = OUT;

	/* NS, RES1, HCE, RW, TWI: WFI of a lower level comes here. */
	SYSREG_WRITE("scr_el3", 0x1 | 0x30 | 0x100 | 0x400 | 0x1000);
	__asm__ volatile("isb");
	for (unsigned int i = 0; i < 3; i++)
		*out++ = read_id(i);
	for (uint64_t i = 0; i < header->ncases; i++) {
		const struct at_case *c = (const struct at_case *)p;
		const struct at_desc *desc = (const struct at_desc *)(c + 1);
		const struct at_query *q = (const struct at_query *)(desc + c->ndesc);

		place_registers(c);
		for (uint64_t j = 0; j < c->nquery; j++) {
			/* Hardware updates of flags must not reach the next query. */
			for (uint64_t k = 0; k < c->ndesc; k++)
				*(volatile uint64_t *)desc[k].pa = desc[k].value;
			query(&q[j], out);
			out += 2;
		}
		for (uint64_t k = 0; k < c->ndesc; k++)
			*(volatile uint64_t *)desc[k].pa = 0;
		p = (const uint64_t *)(q + c->nquery);
	}
	write_out((uint64_t)out - AT_OUT_PA);
	leave(0);
}
