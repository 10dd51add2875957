// SPDX-License-Identifier: GPL-2.0-or-later
// Options and their values from the rows of claims: no architecture is named here.
#include "claim_options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/words.h"
#include "decode/soft.h"

/* Positions in the list of options: two for each claim that an architecture may have. */
#define PER_ARCH (2 * S2_MAX_CLAIMS)

/* The claim of @arch that --@name sets, @no when it says no to it; -1 when there is none. */
static int find_claim(const struct s2_arch *arch, const char *name, bool *no)
{
	for (unsigned int i = 0; i < arch->nclaims; i++) {
		const struct s2_claim *claim = &arch->claims[i];

		if (!s2_arch_claims(arch, i))
			continue;
		*no = claim->no_option && !strcmp(claim->no_option, name);
		if (*no || (claim->option && !strcmp(claim->option, name)))
			return (int)i;
	}
	return -1;
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
		if (!name)
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

/* The next claim from number @i on of these uses that has an option, and that tables of @arch have;
 * their number when there is none. */
static unsigned int next_claim(const struct s2_arch *arch, unsigned int uses, unsigned int i)
{
	while (i < arch->nclaims &&
	       !(arch->claims[i].use & uses && arch->claims[i].option && s2_arch_claims(arch, i)))
		i++;
	return i;
}

void s2_claim_options(const struct s2_arch *arch, unsigned int uses, char *buf, size_t size)
{
	*buf = '\0';
	for (unsigned int i = 0; (i = next_claim(arch, uses, i)) < arch->nclaims; i++)
		s2_words_add(buf, size, ", ", "--%s", arch->claims[i].option);
}

void s2_claim_examples(unsigned int uses, char *buf, size_t size)
{
	*buf = '\0';
	for (unsigned int a = 0; a < s2_narchs; a++) {
		const struct s2_arch *arch = s2_archs[a];
		unsigned int i = next_claim(arch, uses, 0);

		while (i < arch->nclaims && arch->claims[i].kind != S2_CLAIM_REGISTER)
			i = next_claim(arch, uses, i + 1);
		if (!shares_claims(a) && i < arch->nclaims)
			s2_words_add(buf, size, " or ", "--%s", arch->claims[i].option);
	}
}

/* A format that knows @claim, one of its rows. */
static const struct s2_arch *arch_of(const struct s2_claim *claim)
{
	for (unsigned int a = 0; a < s2_narchs; a++)
		for (unsigned int i = 0; i < s2_archs[a]->nclaims; i++)
			if (&s2_archs[a]->claims[i] == claim && s2_arch_claims(s2_archs[a], i))
				return s2_archs[a];
	return NULL;
}

void s2_claim_shapes(const struct s2_claim *claim, char *buf, size_t size)
{
	const struct s2_arch *arch = arch_of(claim);
	const char *reg = NULL, *other = NULL;

	for (unsigned int i = 0; arch && (i = next_claim(arch, S2_CLAIM_SHAPE, i)) < arch->nclaims;
	     i++) {
		const struct s2_claim *row = &arch->claims[i];

		if (row->kind == S2_CLAIM_REGISTER)
			reg = reg ? reg : row->option;
		else
			other = other ? other : row->option;
	}
	if (reg)
		snprintf(buf, size, "--%s%s", reg, other ? ", or with sizes" : "");
	else
		snprintf(buf, size, "--%s", other ? other : "");
}

const struct s2_claim *s2_claim_example(void)
{
	for (unsigned int a = 0; a < s2_narchs; a++)
		for (unsigned int i = 0; i < s2_archs[a]->nclaims; i++)
			if (s2_archs[a]->claims[i].example)
				return &s2_archs[a]->claims[i];
	return NULL;
}

/* How many of the options, from the first on, @arch knows; registers by name are looked at later. */
static unsigned int knows(const struct s2_arch *arch, const struct s2_claim_given *given,
			  unsigned int n)
{
	unsigned int i = 0;
	bool no;

	while (i < n && (!given[i].name || find_claim(arch, given[i].name, &no) >= 0))
		i++;
	return i;
}

static enum s2_code refuse_arch(const char *name, struct s2_err *err)
{
	char list[160] = "";

	for (unsigned int a = 0; a < s2_narchs; a++)
		s2_words_add(list, sizeof(list), ", ", "%s", s2_archs[a]->format);
	return s2_fail(err, S2_USAGE, "--arch: '%s' is none of %s", name, list);
}

/* Is there a format of the architecture @name that knows both? */
static bool go_together(const char *name, const struct s2_claim_given *x,
			const struct s2_claim_given *y)
{
	const struct s2_claim_given both[] = { *x, *y };

	for (unsigned int a = 0; a < s2_narchs; a++)
		if (s2_arch_is_called(s2_archs[a], name) && knows(s2_archs[a], both, 2) == 2)
			return true;
	return false;
}

/* Of @given the option at @at is known to nobody who knows all before it. */
static enum s2_code refuse_option(const char *option, const char *name,
				  const struct s2_claim_given *given, unsigned int at,
				  struct s2_err *err)
{
	if (name && !go_together(name, &given[at], &given[at]))
		return s2_fail(err, S2_USAGE, "--%s is for tables of another kind than --%s=%s",
			       given[at].name, option, name);
	for (unsigned int i = 0; i < at; i++)
		if (given[i].name && !go_together(name, &given[i], &given[at]))
			return s2_fail(err, S2_USAGE,
				       "--%s and --%s are for tables of different kinds",
				       given[i].name, given[at].name);
	return s2_fail(err, S2_USAGE,
		       "--%s: no architecture knows it and all that was given before",
		       given[at].name);
}

/* The first format that fits, and whether another of its architecture and stage does. */
static enum s2_code choose(const char *option, const char *name, const struct s2_claim_given *given,
			   unsigned int n, const struct s2_arch **ret,
			   const struct s2_arch **ret_other, struct s2_err *err)
{
	const struct s2_arch *first = NULL;
	unsigned int most = 0;
	bool called = false;

	*ret_other = NULL;
	for (unsigned int a = 0; a < s2_narchs; a++) {
		const struct s2_arch *arch = s2_archs[a];
		unsigned int known = knows(arch, given, n);

		if (!s2_arch_is_called(arch, name))
			continue;
		called = true;
		most = known > most ? known : most;
		if (known < n)
			continue;
		if (!first)
			first = arch;
		else if (!*ret_other && arch->stage == first->stage &&
			 arch->claims == first->claims)
			*ret_other = arch;
	}
	if (!called)
		return refuse_arch(name, err);
	if (!first)
		return refuse_option(option, name, given, most, err);
	*ret = first;
	return S2_OK;
}

static enum s2_code set_register(const char *text, const char *what, unsigned int i,
				 struct s2_regime *regime, struct s2_err *err)
{
	uint64_t value;
	enum s2_code code = s2_parse_address(text, what, &value, err);

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

	for (unsigned int i = 0; i < claim->nlegal; i++) {
		unsigned long long legal = claim->legal[i];

		if (legal == value)
			return S2_OK;
		s2_words_add(list, sizeof(list), ", ", "%llu%s", bytes ? legal >> 10 : legal,
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

/* --@name, with @arg when it takes one. */
static enum s2_code set_option(const char *name, const char *arg, struct s2_regime *regime,
			       struct s2_err *err)
{
	bool no = false;
	unsigned int i = (unsigned int)find_claim(regime->arch, name, &no);
	const struct s2_claim *claim = &regime->arch->claims[i];
	enum s2_code code;
	char what[64];
	int level;

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

/* --reg NAME=VALUE: a register by its name. */
static enum s2_code set_named(const char *text, struct s2_regime *regime, struct s2_err *err)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;

	for (unsigned int i = 0; equals && i < regime->arch->nclaims; i++) {
		const struct s2_claim *claim = &regime->arch->claims[i];

		if (claim->kind == S2_CLAIM_REGISTER && !(claim->use & S2_CLAIM_ACCESS) &&
		    len == strlen(claim->name) && !strncasecmp(text, claim->name, len))
			return set_register(equals + 1, "--reg", i, regime, err);
	}
	return s2_fail(err, S2_USAGE,
		       "--reg: '%s' is not NAME=VALUE of a register that s2dump knows", text);
}

const struct s2_arch *s2_format_called(const char *name)
{
	for (unsigned int i = 0; i < s2_narchs; i++)
		if (!strcasecmp(name, s2_archs[i]->format))
			return s2_archs[i];
	return NULL;
}

enum s2_code s2_claims_set(const char *option, const char *arch, const struct s2_claim_given *given,
			   unsigned int n, struct s2_regime *ret, struct s2_err *err)
{
	const struct s2_arch *first = s2_archs[0], *other = NULL;
	enum s2_code code = choose(option, arch, given, n, &first, &other, err);

	s2_regime_init(ret, first);
	for (unsigned int i = 0; !code && i < n; i++)
		code = given[i].name ? set_option(given[i].name, given[i].arg, ret, err) :
				       set_named(given[i].arg, ret, err);
	if (!code && other && s2_regime_given(ret, S2_CLAIM_SHAPE))
		return s2_fail(err, S2_USAGE, "--%s: of which format? give --arch=%s or --arch=%s",
			       s2_regime_given(ret, S2_CLAIM_SHAPE)->option, first->format,
			       other->format);
	return code;
}

/* --software=@text is for tables of another architecture, of which nothing was said. */
static enum s2_code ask_format(const char *text, size_t len, const char *arch, struct s2_err *err)
{
	char list[160] = "";

	for (unsigned int i = 0; i < s2_narchs; i++)
		if (!strcmp(s2_archs[i]->name, arch))
			s2_words_add(list, sizeof(list), " or ", "--arch=%s", s2_archs[i]->format);
	return s2_fail(err, S2_USAGE,
		       "--software: '%.*s' is for tables of %s: %s, or a register of one", (int)len,
		       text, arch, list);
}

static enum s2_code refuse_software(const char *text, size_t len, const struct s2_regime *regime,
				    struct s2_err *err)
{
	char list[160] = "none";

	for (unsigned int i = 0; i < s2_nsofts; i++) {
		const char *name = s2_softs[i]->name;

		if (!s2_regime_given(regime, ~0U) && strlen(name) == len &&
		    !memcmp(name, text, len))
			return ask_format(text, len, s2_softs[i]->arch, err);
		if (!strcmp(s2_softs[i]->arch, regime->arch->name))
			s2_words_add(list, sizeof(list), ", ", "%s", name);
	}
	if (!strcmp(list, "none"))
		return s2_fail(err, S2_USAGE,
			       "--software: '%.*s' is not known for tables of %s, only none",
			       (int)len, text, regime->arch->name);
	return s2_fail(err, S2_USAGE, "--software: '%.*s' is none of %s (tables of %s)", (int)len,
		       text, list, regime->arch->name);
}

/* One PARAMETER=VALUE; @len bytes of @text. */
static enum s2_code set_parameter(const char *text, size_t len, struct s2_soft *soft,
				  struct s2_err *err)
{
	const char *equals = memchr(text, '=', len);
	size_t name = equals ? (size_t)(equals - text) : 0;
	char value[32];

	if (!equals || len - name - 1 >= sizeof(value))
		return s2_fail(err, S2_USAGE, "--software: '%.*s' is not PARAMETER=VALUE", (int)len,
			       text);
	memcpy(value, equals + 1, len - name - 1);
	value[len - name - 1] = '\0';
	if (name == strlen("empty") && !strncmp(text, "empty", name)) {
		soft->assumed = false;
		return s2_parse_address(value, "--software: empty", &soft->empty, err);
	}
	for (unsigned int i = 0; i < soft->ops->nparams; i++)
		if (strlen(soft->ops->params[i]) == name &&
		    !strncmp(text, soft->ops->params[i], name))
			return s2_parse_address(value, soft->ops->params[i], &soft->param[i], err);
	return s2_fail(err, S2_USAGE, "--software: %s has no parameter '%.*s'", soft->ops->name,
		       (int)name, text);
}

enum s2_code s2_software_set(const char *text, struct s2_regime *regime, struct s2_err *err)
{
	size_t len = strcspn(text, ",");
	enum s2_code code = S2_OK;
	unsigned int i = 0;

	if (len == strlen("none") && !strcmp(text, "none"))
		return S2_OK;
	while (i < s2_nsofts &&
	       (strcmp(s2_softs[i]->arch, regime->arch->name) != 0 ||
		strlen(s2_softs[i]->name) != len || strncmp(s2_softs[i]->name, text, len) != 0))
		i++;
	if (i == s2_nsofts)
		return refuse_software(text, len, regime, err);
	s2_soft_wrote(regime, s2_softs[i]);
	if (s2_softs[i]->check)
		code = s2_softs[i]->check(regime, err);
	while (!code && text[len]) {
		text += len + 1;
		len = strcspn(text, ",");
		code = set_parameter(text, len, &regime->soft, err);
	}
	return code;
}
