// SPDX-License-Identifier: GPL-2.0-or-later
// Answers the oracle's cases with s2dump's translate engine, one line per query, for the comparer.
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "at_cases.h"
#include "base/mem.h"
#include "decode/arm64/translate.h"

static uint64_t arena[AT_ARENA_SIZE / sizeof(uint64_t)];

static enum s2_code arena_read(const struct s2_mem *mem, uint64_t pa, void *buf, size_t len,
			       struct s2_err *err)
{
	(void)mem;
	if (pa < AT_ARENA_PA || pa - AT_ARENA_PA > AT_ARENA_SIZE - len)
		return s2_fail(err, S2_ABSENT, "0x%llx is not in the arena",
			       (unsigned long long)pa);
	memcpy(buf, (const char *)arena + (pa - AT_ARENA_PA), len);
	return S2_OK;
}

static const void *arena_view(const struct s2_mem *mem, uint64_t pa, size_t len)
{
	(void)mem;
	if (pa < AT_ARENA_PA || pa - AT_ARENA_PA > AT_ARENA_SIZE - len)
		return NULL;
	return (const char *)arena + (pa - AT_ARENA_PA);
}

static enum s2_code arena_next(const struct s2_mem *mem, uint64_t pa, struct s2_extent *ret)
{
	(void)mem;
	if (pa >= AT_ARENA_PA + AT_ARENA_SIZE)
		return S2_NOTFOUND;
	*ret = (struct s2_extent){ AT_ARENA_PA, AT_ARENA_SIZE };
	return S2_OK;
}

static const struct s2_mem_ops arena_ops = { .read = arena_read,
					     .view = arena_view,
					     .next = arena_next };
static const struct s2_mem arena_mem = { .ops = &arena_ops, .bytes = AT_ARENA_SIZE };

static const enum s2_arm64_claim reg_of[AT_NREGS] = {
	[AT_HCR_EL2] = S2_ARM64_HCR_EL2,     [AT_VTCR_EL2] = S2_ARM64_VTCR_EL2,
	[AT_VTTBR_EL2] = S2_ARM64_VTTBR_EL2, [AT_SCTLR_EL1] = S2_ARM64_SCTLR_EL1,
	[AT_TCR_EL1] = S2_ARM64_TCR_EL1,     [AT_TTBR0_EL1] = S2_ARM64_TTBR0_EL1,
	[AT_TTBR1_EL1] = S2_ARM64_TTBR1_EL1, [AT_MAIR_EL1] = S2_ARM64_MAIR_EL1,
	[AT_SCTLR_EL2] = S2_ARM64_SCTLR_EL2, [AT_TCR_EL2] = S2_ARM64_TCR_EL2,
	[AT_TTBR0_EL2] = S2_ARM64_TTBR0_EL2, [AT_TTBR1_EL2] = S2_ARM64_TTBR1_EL2,
	[AT_MAIR_EL2] = S2_ARM64_MAIR_EL2,   [AT_VBAR_EL1] = S2_ARM64_NREGS,
};

static void request(const struct at_case *c, const struct at_query *q, struct s2_at_request *req)
{
	*req = (struct s2_at_request){ .ia = q->ia, .pan = q->op & AT_PAN, .pa_bits = 52 };
	for (unsigned int i = 0; i < AT_NREGS; i++)
		if (reg_of[i] != S2_ARM64_NREGS)
			s2_regime_set(&req->regs, reg_of[i], c->reg[i]);
	if (q->op & AT_EXEC)
		req->op = q->op & AT_EL0 ? S2_AT_S12E0X : S2_AT_S12E1X;
	else
		req->op = (enum s2_at_op)(q->op & AT_OP);
}

/* outcome kind stage level s1ptw par missing_pa why, then the steps as stage:level:raw:type. */
static void print(enum s2_code code, const struct s2_at_result *ret, const struct s2_err *err)
{
	if (code) {
		printf("error %s\n", err->text);
		return;
	}
	printf("%d %d %d %d %d 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " %s |", (int)ret->outcome,
	       (int)ret->fault, ret->stage, ret->level, ret->s1ptw, ret->par, ret->missing_pa,
	       ret->ipa, ret->why ? ret->why : "-");
	for (unsigned int i = 0; i < ret->nsteps; i++)
		printf(" %d:%d:0x%" PRIx64 ":%d:%s", ret->step[i].stage, ret->step[i].level,
		       ret->step[i].raw, ret->step[i].s1ptw, s2_type_name(ret->step[i].type));
	printf("\n");
}

static void *load(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size;
	void *buf;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET)) {
		perror(path);
		exit(3);
	}
	buf = malloc((size_t)size);
	if (!buf || fread(buf, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(3);
	}
	fclose(file);
	return buf;
}

/* Translates mapped addresses over and over and says how many per second. */
static void measure(const struct at_case *c, const struct at_query *q, uint64_t *done,
		    double *seconds)
{
	struct s2_at_result ret;
	struct s2_at_request req;
	struct timespec a, b;

	request(c, q, &req);
	if (s2_translate(&req, &arena_mem, &ret, NULL) || ret.outcome != S2_AT_DONE)
		return;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned int i = 0; i < 1000; i++)
		if (s2_translate(&req, &arena_mem, &ret, NULL))
			abort();
	clock_gettime(CLOCK_MONOTONIC, &b);
	*seconds += (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
	*done += 1000;
}

int main(int argc, char **argv)
{
	bool speed = argc == 3 && !strcmp(argv[2], "--speed");
	struct s2_at_result ret;
	uint64_t done = 0;
	double seconds = 0;

	if (argc != 2 && !speed)
		return 2;

	struct at_header *header = load(argv[1]);
	const uint64_t *p = (const uint64_t *)(header + 1);

	for (uint64_t i = 0; i < header->ncases; i++) {
		const struct at_case *c = (const struct at_case *)p;
		const struct at_desc *desc = (const struct at_desc *)(c + 1);
		const struct at_query *q = (const struct at_query *)(desc + c->ndesc);

		for (uint64_t k = 0; k < c->ndesc; k++)
			arena[(desc[k].pa - AT_ARENA_PA) / sizeof(uint64_t)] = desc[k].value;
		for (uint64_t j = 0; j < c->nquery; j++) {
			struct s2_at_request req;
			struct s2_err err;
			enum s2_code code;

			if (speed) {
				measure(c, &q[j], &done, &seconds);
				continue;
			}
			request(c, &q[j], &req);
			s2_err_init(&err);
			code = s2_translate(&req, &arena_mem, &ret, &err);
			print(code, &ret, &err);
		}
		for (uint64_t k = 0; k < c->ndesc; k++)
			arena[(desc[k].pa - AT_ARENA_PA) / sizeof(uint64_t)] = 0;
		p = (const uint64_t *)(q + c->nquery);
	}
	if (speed)
		printf("%" PRIu64 " translations of mapped memory, %.0f per second\n", done,
		       (double)done / seconds);
	free(header);
	return 0;
}
