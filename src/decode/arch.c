// SPDX-License-Identifier: GPL-2.0-or-later
// What all architectures share: claims, oddity names, reading an attribute by its row.
#include "decode/arch.h"

#include "decode/soft.h"

#include <stddef.h>
#include <string.h>

/* One row per S2_ODD_* bit, in the order in which they are printed. */
const struct s2_odd_row s2_odds[] = {
	{ S2_ODD_ENCODING, "reserved-encoding",
	  "bits [1:0] are a reserved encoding at this level: translation fault" },
	{ S2_ODD_OA_SIZE, "oa-size",
	  "the output address is beyond the output address size, or the block is larger: it faults" },
	{ S2_ODD_OA_ALIGN, "oa-align", "address bits below the block size are set (RES0)" },
	{ S2_ODD_NEEDS_PA52, "needs-lpa",
	  "a block of this size exists only where 52-bit addresses are implemented" },
	{ S2_ODD_MEMATTR, "memattr", "the memory attribute is a reserved value" },
	{ S2_ODD_SH, "sh", "the shareability is a reserved value" },
	{ S2_ODD_WRITE_ONLY, "write-only", "writable but not readable" },
	{ S2_ODD_EXEC_ONLY, "exec-only",
	  "executable but not readable, which the hardware does not support: it faults" },
	{ S2_ODD_RES0, "res0", "a RES0 bit is set" },
	{ S2_ODD_RES1, "res1-clear", "a RES1 bit is clear" },
	{ S2_ODD_RESERVED, "reserved", "a field holds a reserved value" },
	{ S2_ODD_TABLE_BITS, "table-bits",
	  "a table descriptor sets bits that are RES0 in this stage" },
};
const unsigned int s2_nodds = ARRAY_SIZE(s2_odds);

void s2_regime_init(struct s2_regime *regime, const struct s2_arch *arch)
{
	*regime = (struct s2_regime){ .arch = arch };
}

enum s2_tristate s2_regime_flag(const struct s2_regime *regime, unsigned int claim)
{
	if (!s2_regime_has(regime, claim))
		return S2_UNKNOWN;
	return regime->value[claim] ? S2_YES : S2_NO;
}

void s2_regime_set_flag(struct s2_regime *regime, unsigned int claim, enum s2_tristate value)
{
	if (value == S2_UNKNOWN)
		s2_regime_clear(regime, claim);
	else
		s2_regime_set(regime, claim, value == S2_YES);
}

int s2_regime_level(const struct s2_regime *regime, unsigned int claim)
{
	return s2_regime_has(regime, claim) ? (int)(int64_t)regime->value[claim] : S2_NO_LEVEL;
}

void s2_regime_set_level(struct s2_regime *regime, unsigned int claim, int level)
{
	if (level == S2_NO_LEVEL)
		s2_regime_clear(regime, claim);
	else
		s2_regime_set(regime, claim, (uint64_t)level);
}

bool s2_arch_is_called(const struct s2_arch *arch, const char *name)
{
	return !name || !strcmp(arch->name, name) || !strcmp(arch->format, name);
}

bool s2_arch_claims(const struct s2_arch *arch, unsigned int claim)
{
	const char *format = arch->claims[claim].format;

	return !format || !strcmp(format, arch->format);
}

const struct s2_claim *s2_regime_given(const struct s2_regime *regime, unsigned int uses)
{
	for (unsigned int i = 0; i < regime->arch->nclaims; i++)
		if ((regime->arch->claims[i].use & uses) && s2_regime_has(regime, i))
			return &regime->arch->claims[i];
	return NULL;
}

bool s2_regime_shows(const struct s2_regime *regime, unsigned int claim)
{
	const struct s2_claim *row = &regime->arch->claims[claim];

	return row->kind == S2_CLAIM_REGISTER && !(row->use & S2_CLAIM_ACCESS) &&
	       s2_regime_has(regime, claim);
}

void s2_regime_keep_registers(struct s2_regime *regime)
{
	for (unsigned int i = 0; i < regime->arch->nclaims; i++)
		if (regime->arch->claims[i].kind != S2_CLAIM_REGISTER)
			s2_regime_clear(regime, i);
}

const char *s2_type_name(enum s2_type type)
{
	switch (type) {
	case S2_INVALID_ENTRY:
		return "invalid";
	case S2_TABLE:
		return "table";
	case S2_BLOCK:
		return "block";
	case S2_PAGE:
		return "page";
	case S2_RESERVED_ENTRY:
		return "reserved";
	}
	return "unknown";
}

enum s2_where s2_where(enum s2_type type)
{
	switch (type) {
	case S2_BLOCK:
	case S2_PAGE:
		return S2_IN_LEAF;
	case S2_TABLE:
		return S2_IN_TABLE;
	case S2_INVALID_ENTRY:
	case S2_RESERVED_ENTRY:
		break;
	}
	return S2_IN_INVALID;
}

int s2_level(const struct s2_geometry *geom, unsigned int height)
{
	return geom->arch->level_base + geom->arch->level_step * (int)height;
}

int s2_height_of(const struct s2_arch *arch, int level)
{
	return (level - arch->level_base) * arch->level_step;
}

enum s2_code s2_check_root(const struct s2_geometry *geom, uint64_t root, struct s2_err *err)
{
	if (geom->arch->check_root)
		return geom->arch->check_root(geom, root, err);
	if (!is_aligned(root, geom->start_size))
		return s2_fail(err, S2_INVALID, "root 0x%llx is not aligned to a page of %lluK",
			       (unsigned long long)root,
			       (unsigned long long)(geom->start_size >> 10));
	if (root >> geom->oa_bits)
		return s2_fail(err, S2_INVALID, "root 0x%llx is beyond %u bits",
			       (unsigned long long)root, geom->oa_bits);
	return S2_OK;
}

enum s2_code s2_shape(const struct s2_regime *regime, struct s2_geometry *ret, struct s2_err *err)
{
	const struct s2_soft_ops *soft = regime->soft.ops;
	enum s2_code code = regime->arch->shape(regime, ret, err);

	if (code)
		return code;
	ret->soft = regime->soft;
	ret->soft_bits = 0;
	for (unsigned int i = 0; soft && i < soft->nattrs; i++)
		if (s2_attr_applies(&soft->attrs[i], ret, S2_IN_LEAF, 1))
			ret->soft_bits |= s2_attr_bits(&soft->attrs[i], ret, 1);
	return S2_OK;
}

const struct s2_attr *s2_attr_at(const struct s2_geometry *geom, unsigned int i)
{
	unsigned int nsoft = geom->soft.ops ? geom->soft.ops->nattrs : 0;

	if (i < nsoft)
		return &geom->soft.ops->attrs[i];
	return i - nsoft < geom->arch->nattrs ? &geom->arch->attrs[i - nsoft] : NULL;
}

uint64_t s2_attr_bits(const struct s2_attr *attr, const struct s2_geometry *geom,
		      unsigned int height)
{
	uint64_t bits = attr->bits ? attr->bits(geom, height) : attr->mask;

	return attr->rest ? bits & ~geom->soft_bits : bits;
}

/* Hot path, inline in s2_attr_get(): of each attribute of each leaf. */
static inline uint64_t gather(const struct s2_attr *attr, const struct s2_geometry *geom,
			      unsigned int height, uint64_t raw)
{
	uint64_t mask = s2_attr_bits(attr, geom, height), value = 0, low;
	unsigned int n = 0;

	if (!mask)
		return attr->mask || attr->bits ? 0 : geom->sh;
	if (attr->in_place)
		return raw & mask;
	low = mask >> __builtin_ctzll(mask);
	if (!(low & (low + 1)))
		value = field_get(mask, raw);
	/* Rows may join bits that lie apart (write permission and DBM): gather those bit by bit. */
	for (; low & (low + 1) && mask; mask &= mask - 1)
		value |= ((raw >> __builtin_ctzll(mask)) & 1) << n++;
	return value;
}

uint64_t s2_attr_gather(const struct s2_attr *attr, const struct s2_geometry *geom,
			unsigned int height, uint64_t raw)
{
	return gather(attr, geom, height, raw);
}

uint64_t s2_attr_get(const struct s2_attr *attr, const struct s2_geometry *geom,
		     unsigned int height, uint64_t raw)
{
	uint64_t value = gather(attr, geom, height, raw);

	return attr->resolve ? attr->resolve(geom, value) : value;
}

bool s2_attr_is_open(const struct s2_attr *attr, const struct s2_geometry *geom,
		     unsigned int height, uint64_t raw)
{
	return attr->open && attr->open & BIT64(s2_attr_get(attr, geom, height, raw));
}

const struct s2_attr_value *s2_attr_value(const struct s2_attr *attr, uint64_t value)
{
	return value < attr->nvalues ? &attr->values[value] : NULL;
}

void s2_text_rights(const struct s2_rights *rights, bool two_levels, char ret[S2_TEXT_RIGHTS_LEN])
{
	char *p = ret;

	*p++ = rights->read ? 'r' : '-';
	*p++ = rights->write ? 'w' : '-';
	if (!two_levels) {
		*p++ = rights->exec && rights->exec_user ? 'x' :
		       rights->exec                      ? 'p' :
		       rights->exec_user                 ? 'u' :
							   '-';
		*p = '\0';
		return;
	}
	*p++ = rights->exec ? 'x' : '-';
	*p++ = '/';
	*p++ = rights->read_user ? 'r' : '-';
	*p++ = rights->write_user ? 'w' : '-';
	*p++ = rights->exec_user ? 'x' : '-';
	*p = '\0';
}
