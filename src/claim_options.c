// SPDX-License-Identifier: GPL-2.0-or-later
// Options and their values from the rows of claims: no architecture is named here.
#include "claim_options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

/* Positions in the list of options: two for each claim that an architecture may have. */
#define PER_ARCH (2 * S2_MAX_CLAIMS)

/* The claim of @arch that --@name sets, @no when it says no to it; -1 when there is none. */
static int find_claim(const struct s2_arch *arch, const char *name, bool *no)
{
	for (unsigned int i = 0; i < arch->nclaims; i++) {
		const struct s2_claim *claim = &arch->claims[i];

		*no = claim->no_option && !strcmp(claim->no_option, name);
		if (*no || (claim->option && !strcmp(claim->option, name)))
			return (int)i;
	}
	return -1;
}

/* Is an option of this name among those of architectures before the @n'th? */
static bool seen_before(unsigned int n, const char *name)
{
	bool no;

	for (unsigned int a = 0; a < n; a++)
		if (find_claim(s2_archs[a], name, &no) >= 0)
			return true;
	return false;
}

/* Table formats of one architecture share their claims: those were counted. */
static bool shares_claims(unsigned int n)
{
	for (unsigned int a = 0; a < n; a++)
		if (s2_archs[a]->claims == s2_archs[n]->claims)
			return true;
	return false;
}

bool s2_claim_option_next(unsigned int *at, struct s2_claim_option *ret)
{
	for (; *at < s2_narchs * PER_ARCH; ++*at) {
		unsigned int a = *at / PER_ARCH, i = *at % PER_ARCH;
		const struct s2_arch *arch = s2_archs[a];
		const struct s2_claim *claim = &arch->claims[i / 2];
		bool no = i & 1;
		const char *name;

		if (i / 2 >= arch->nclaims || shares_claims(a)) {
			*at += PER_ARCH - i - 1;
			continue;
		}
		name = no ? claim->no_option : claim->option;
		if (!name || seen_before(a, name))
			continue;
		*ret = (struct s2_claim_option){ .name = name,
						 .arg = no ? NULL : claim->arg,
						 .help = no ? claim->no_help : claim->help,
						 .use = claim->use };
		++*at;
		return true;
	}
	return false;
}

/* Makes @regime one of @arch, claim by claim; false when it was told what @arch does not know. */
static bool rebase(struct s2_regime *regime, const struct s2_arch *arch)
{
	struct s2_regime ret;

	s2_regime_init(&ret, arch);
	for (unsigned int i = 0; i < regime->arch->nclaims; i++) {
		const struct s2_claim *old = &regime->arch->claims[i];
		unsigned int j = 0;

		if (!s2_regime_has(regime, i))
			continue;
		while (j < arch->nclaims && (strcmp(arch->claims[j].name, old->name) != 0 ||
					     arch->claims[j].kind != old->kind))
			j++;
		if (j == arch->nclaims)
			return false;
		s2_regime_set(&ret, j, regime->value[i]);
	}
	*regime = ret;
	return true;
}

/* The claim that --@name sets, of the architecture at hand if that knows it. */
static enum s2_code choose(const char *name, struct s2_regime *regime, unsigned int *ret, bool *no,
			   struct s2_err *err)
{
	int claim = find_claim(regime->arch, name, no);

	for (unsigned int a = 0; claim < 0 && a < s2_narchs; a++) {
		claim = find_claim(s2_archs[a], name, no);
		if (claim >= 0 && !rebase(regime, s2_archs[a]))
			claim = -1;
	}
	if (claim < 0)
		return s2_fail(err, S2_USAGE,
			       "--%s: no architecture knows it and all that was given before",
			       name);
	*ret = (unsigned int)claim;
	return S2_OK;
}

static enum s2_code set_register(const char *text, const char *what, unsigned int i,
				 struct s2_regime *regime, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_u64(text, what, &value, err);

	if (code)
		return code;
	if (s2_regime_has(regime, i) && regime->value[i] != value)
		return s2_fail(err, S2_USAGE,
			       "%s: 0x%llx contradicts 0x%llx, which was given for it before", what,
			       (unsigned long long)value, (unsigned long long)regime->value[i]);
	s2_regime_set(regime, i, value);
	return S2_OK;
}

/* One of the values that a row lists. */
static enum s2_code check_legal(const struct s2_claim *claim, uint64_t value, const char *text,
				const char *what, struct s2_err *err)
{
	bool bytes = claim->kind == S2_CLAIM_BYTES;
	char list[128] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < claim->nlegal; i++) {
		unsigned long long legal = claim->legal[i];

		if (legal == value)
			return S2_OK;
		if (len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%llu%s",
						i ? ", " : "", bytes ? legal >> 10 : legal,
						bytes ? "K" : "");
	}
	return s2_fail(err, S2_USAGE, "%s: %s is none of %s", what, text, list);
}

static enum s2_code set_number(const char *text, const char *what, unsigned int i,
			       struct s2_regime *regime, struct s2_err *err)
{
	const struct s2_claim *claim = &regime->arch->claims[i];
	uint64_t value;
	enum s2_code code = claim->legal ? s2_parse_u64(text, what, &value, err) :
					   s2_parse_u64_in(text, what, (uint64_t)claim->min,
							   (uint64_t)claim->max, &value, err);

	if (!code && claim->legal)
		code = check_legal(claim, value, text, what, err);
	if (!code)
		s2_regime_set(regime, i, value);
	return code;
}

static enum s2_code set_flag(unsigned int i, bool no, struct s2_regime *regime, struct s2_err *err)
{
	const struct s2_claim *claim = &regime->arch->claims[i];

	if (s2_regime_has(regime, i) && !regime->value[i] != no)
		return s2_fail(err, S2_USAGE, "--%s and --%s exclude each other", claim->option,
			       claim->no_option);
	s2_regime_set(regime, i, !no);
	return S2_OK;
}

enum s2_code s2_claim_set(const char *name, const char *arg, struct s2_regime *regime,
			  struct s2_err *err)
{
	unsigned int i = 0;
	bool no = false;
	enum s2_code code = choose(name, regime, &i, &no, err);
	const struct s2_claim *claim;
	char what[64];
	int level;

	if (code)
		return code;
	claim = &regime->arch->claims[i];
	snprintf(what, sizeof(what), "--%s", name);
	switch (claim->kind) {
	case S2_CLAIM_REGISTER:
		return set_register(arg, what, i, regime, err);
	case S2_CLAIM_BYTES:
	case S2_CLAIM_BITS:
		return set_number(arg, what, i, regime, err);
	case S2_CLAIM_LEVEL:
		code = s2_parse_int_in(arg, what, (int)claim->min, (int)claim->max, &level, err);
		if (!code)
			s2_regime_set_level(regime, i, level);
		return code;
	case S2_CLAIM_FLAG:
	case S2_CLAIM_SWITCH:
		break;
	}
	return set_flag(i, no, regime, err);
}

enum s2_code s2_claim_set_register(const char *text, struct s2_regime *regime, struct s2_err *err)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	for (unsigned int i = 0; equals && i < regime->arch->nclaims; i++) {
		const struct s2_claim *claim = &regime->arch->claims[i];

		if (claim->kind == S2_CLAIM_REGISTER && claim->use != S2_CLAIM_ACCESS &&
		    len == strlen(claim->name) && !strncasecmp(text, claim->name, len))
			return set_register(equals + 1, "--reg", i, regime, err);
	}
	return s2_fail(err, S2_USAGE,
		       "--reg: '%s' is not NAME=VALUE of a register that s2dump knows", text);
}
