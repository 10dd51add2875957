// SPDX-License-Identifier: GPL-2.0-or-later
// From claims to the geometry of a table.
#include "open/shape.h"

enum s2_code s2_input_shape(const struct s2_table *table, struct s2_geometry *ret,
			    struct s2_err *err)
{
	struct s2_geometry geom;
	enum s2_code code;

	if (table->bare)
		return s2_fail(err, S2_NOTFOUND, "%s has no table", table->id);
	code = s2_shape(&table->regime, &geom, err);
	if (!code)
		code = s2_check_root(&geom, table->root_pa, err);
	if (code)
		return s2_wrap(err, code, "%s", table->id);
	*ret = geom;
	return S2_OK;
}

enum s2_code s2_shape_request(const struct s2_regime *regime, struct s2_geometry *ret,
			      struct s2_refusal *refusal, struct s2_err *err)
{
	struct s2_regime alone = *regime;
	struct s2_geometry ignored;
	enum s2_code code = s2_shape(&alone, ret, err);

	if (code == S2_NOTFOUND)
		refusal->why = S2_REFUSED_SHAPE;
	if (code != S2_INVALID && code != S2_NOTFOUND)
		return code;
	/* A register that is sound without them is contradicted by the sizes; without a register
	 * they are at fault themselves. */
	s2_regime_keep_registers(&alone);
	if (!alone.have || !s2_shape(&alone, &ignored, NULL))
		code = err->code = S2_USAGE;
	return code;
}

/* Claims of one architecture mean nothing to tables of another, nor those of one format to those of
 * another that shares its rows. */
static enum s2_code complete(const struct s2_regime *claims, struct s2_table *table,
			     struct s2_refusal *refusal, struct s2_err *err)
{
	const struct s2_arch *arch = table->regime.arch;
	const bool ours = claims->arch->claims == arch->claims;

	for (unsigned int i = 0; i < claims->arch->nclaims; i++) {
		if (!s2_regime_has(claims, i) || (ours && s2_arch_claims(arch, i)))
			continue;
		*refusal = (struct s2_refusal){ .why = S2_REFUSED_ARCH,
						.claim = &claims->arch->claims[i] };
		return s2_fail(err, S2_USAGE, "is for tables of %s, %s is one of %s",
			       ours ? claims->arch->format : claims->arch->name, table->id,
			       ours ? arch->format : arch->name);
	}
	return arch->complete ? arch->complete(claims, table->id, &table->regime, err) : S2_OK;
}

enum s2_code s2_check_format(const char *format, const struct s2_tables *tables,
			     struct s2_refusal *refusal, struct s2_err *err)
{
	size_t i = 0;

	while (i < tables->n && !s2_arch_is_called(tables->table[i].regime.arch, format))
		i++;
	if (!tables->n || i < tables->n)
		return S2_OK;
	*refusal = (struct s2_refusal){ .why = S2_REFUSED_FORMAT };
	return s2_fail(err, S2_USAGE, "no table is of that format: %s is one of %s (%s)",
		       tables->table[0].id, tables->table[0].regime.arch->format,
		       tables->table[0].regime.arch->name);
}

enum s2_code s2_complete_regimes(const struct s2_regime *claims, struct s2_tables *tables,
				 struct s2_refusal *refusal, struct s2_err *err)
{
	const struct s2_claim *detail = s2_regime_given(claims, S2_CLAIM_DETAIL);
	bool any = false;

	if (!claims->have)
		return S2_OK;
	for (size_t i = 0; i < tables->n; i++) {
		enum s2_code code = complete(claims, &tables->table[i], refusal, err);

		if (code)
			return code;
		any |= s2_is_stage2(tables->table[i].regime.arch);
	}
	if (!tables->n || any || !detail)
		return S2_OK;
	*refusal = (struct s2_refusal){ .why = S2_REFUSED_NOT_STAGE2, .claim = detail };
	return s2_fail(err, S2_USAGE, "claims about stage 2, and no table of stage 2");
}
