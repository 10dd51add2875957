// SPDX-License-Identifier: GPL-2.0-or-later
// One recursive-descent parser of bounded depth; what it makes is a list of steps over a small
// stack.
#include "model/where.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/glob.h"
#include "base/num.h"

struct parser {
	const char *text;
	const struct s2_member_list *list;
	const struct s2_arch *const *archs;
	struct s2_condition *where;
	struct s2_where_place *place;
	struct s2_err *err;
	unsigned int at, depth;
	/* The token at hand, @len bytes from @at on; 0: the end. Of a quoted one @at is at the
	 * quote. */
	unsigned int len;
	bool word, quoted;
};

/* ---- Tokens ---- */

static bool is_word(char c)
{
	return c && !isspace((unsigned char)c) && !strchr("()=!<>\"'", c);
}

/* The token after the one at hand. */
static void next(struct parser *p)
{
	const char *t;

	p->at += p->len;
	while (isspace((unsigned char)p->text[p->at]))
		p->at++;
	t = p->text + p->at;
	p->len = 0;
	p->quoted = *t == '"' || *t == '\'';
	p->word = p->quoted || is_word(*t);
	if (p->quoted) {
		const char *end = strchr(t + 1, *t);

		p->len = end ? (unsigned int)(end - t) + 1 : (unsigned int)strlen(t);
	} else if (p->word) {
		while (is_word(t[p->len]))
			p->len++;
	} else if (*t) {
		p->len = (*t == '!' || *t == '<' || *t == '>' || *t == '=') && t[1] == '=' ? 2 : 1;
	}
}

static bool is(const struct parser *p, const char *token)
{
	return !p->quoted && p->len == strlen(token) && !memcmp(p->text + p->at, token, p->len);
}

/* A mistake at the token at hand. */
#define mistake(p, ...) \
	(*(p)->place = (struct s2_where_place){ .at = (p)->at, .len = (p)->len ? (p)->len : 1 }, \
	 s2_fail((p)->err, S2_USAGE, __VA_ARGS__))

/* ---- Values ---- */

/* A word that is compared with those that there are. */
struct words {
	const char *pattern;
	bool fits;
};

static void one_word(void *arg, const char *json, const char *text)
{
	struct words *words = arg;

	words->fits |= s2_glob(words->pattern, json) || (text && s2_glob(words->pattern, text));
}

static enum s2_code string_value(struct parser *p, struct s2_where_step *step, const char *word)
{
	struct words words = { .pattern = word };
	enum s2_code code;

	if (step->op != S2_WHERE_EQ && step->op != S2_WHERE_NE)
		return mistake(p, "'%s' is text: it takes = and !=", step->member.name);
	if (!s2_member_words(&step->member, p->archs, one_word, &words) || words.fits)
		return S2_OK;
	code = mistake(p, "'%s' is never '%s'", step->member.name, word);
	p->place->help = S2_WHERE_WORDS;
	p->place->member = step->member;
	return code;
}

static enum s2_code bool_value(struct parser *p, struct s2_where_step *step, const char *word)
{
	bool yes = !strcmp(word, "true") || !strcmp(word, "yes") || !strcmp(word, "1");

	if (!yes && strcmp(word, "false") != 0 && strcmp(word, "no") != 0 && strcmp(word, "0") != 0)
		return mistake(p, "'%s' is true or false, not '%s'", step->member.name, word);
	if (step->op != S2_WHERE_EQ && step->op != S2_WHERE_NE)
		return mistake(p, "'%s' is true or false: it takes = and !=", step->member.name);
	step->number = yes;
	return S2_OK;
}

/* As addresses are typed elsewhere: digits that may be either are not taken for one of the two. */
static enum s2_code address_value(struct parser *p, struct s2_where_step *step, const char *word)
{
	struct s2_err why;

	s2_err_init(&why);
	if (s2_parse_end(word, step->member.name, &step->number, &step->past, &why))
		return mistake(p, "%s", why.text);
	if (step->past && step->member.id != S2_MEMBER_END)
		return mistake(p, "'%s' is below 2^64", step->member.name);
	return S2_OK;
}

static enum s2_code number_value(struct parser *p, struct s2_where_step *step, const char *word)
{
	bool negative = step->member.kind == S2_KIND_SIGNED && *word == '-';

	if (s2_parse_u64(word + negative, "", &step->number, NULL) ||
	    (step->member.kind == S2_KIND_SIGNED && step->number > INT32_MAX))
		return mistake(p, "'%s' is a number, which '%s' is not", step->member.name, word);
	if (negative)
		step->number = -step->number;
	return S2_OK;
}

/* The token at hand as a word of its own, without its quotes. */
static enum s2_code keep_word(struct parser *p, const char **ret)
{
	struct s2_condition *where = p->where;
	const char *from = p->text + p->at + p->quoted;
	unsigned int len = p->len - 2 * p->quoted;

	if (p->quoted && (p->len < 2 || p->text[p->at + p->len - 1] != p->text[p->at]))
		return mistake(p, "the quote is not closed");
	if (len >= sizeof(where->text) - where->used)
		return mistake(p, "it is too long");
	*ret = memcpy(where->text + where->used, from, len);
	where->text[where->used + len] = '\0';
	where->used += len + 1;
	return S2_OK;
}

static enum s2_code parse_value(struct parser *p, struct s2_where_step *step)
{
	enum s2_code code;
	const char *word;

	if (!p->word)
		return mistake(p, "a value belongs here");
	step->word = (uint16_t)p->where->used;
	code = keep_word(p, &word);
	if (code)
		return code;
	switch (step->member.kind) {
	case S2_KIND_STRING:
		return string_value(p, step, word);
	case S2_KIND_BOOL:
		return bool_value(p, step, word);
	case S2_KIND_HEX:
		return address_value(p, step, word);
	case S2_KIND_NUMBER:
	case S2_KIND_SIGNED:
		break;
	}
	return number_value(p, step, word);
}

/* ---- Conditions ---- */

static enum s2_code emit(struct parser *p, const struct s2_where_step *step)
{
	if (p->where->nsteps == S2_WHERE_STEPS)
		return mistake(p, "it is too long");
	p->where->step[p->where->nsteps++] = *step;
	return S2_OK;
}

static bool relation(const struct parser *p, enum s2_where_op *ret)
{
	static const struct {
		const char *token;
		enum s2_where_op op;
	} rows[] = { { "=", S2_WHERE_EQ }, { "==", S2_WHERE_EQ }, { "!=", S2_WHERE_NE },
		     { "<", S2_WHERE_LT }, { "<=", S2_WHERE_LE }, { ">", S2_WHERE_GT },
		     { ">=", S2_WHERE_GE } };

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!is(p, rows[i].token))
			continue;
		*ret = rows[i].op;
		return true;
	}
	return false;
}

enum s2_code s2_no_member(const struct s2_member_list *list, const char *text, size_t len,
			  struct s2_err *err)
{
	const struct s2_row_name *column = s2_member_find(list, text, len, true);

	if (column && column->id == S2_MEMBER_FLAGS)
		return s2_fail(err, S2_USAGE,
			       "'%s' is a column of several members: ask for one of them",
			       column->name);
	if (column)
		return s2_fail(err, S2_USAGE, "no member is called '%.*s', is it %s?", (int)len,
			       text, column->name);
	return s2_fail(err, S2_USAGE, "no member is called '%.*s'", (int)len, text);
}

static enum s2_code parse_test(struct parser *p)
{
	const struct s2_row_name *member = s2_member_find(p->list, p->text + p->at, p->len, false);
	struct s2_where_step step = { .op = S2_WHERE_ASK };
	struct s2_where_place name = { .at = p->at, .len = p->len };
	enum s2_code code;

	if (!member || member->id == S2_MEMBER_FLAGS) {
		*p->place = name;
		p->place->help = S2_WHERE_NAMES;
		return s2_no_member(p->list, p->text + p->at, p->len, p->err);
	}
	step.member = *member;
	p->where->by_pa |= member->id == S2_MEMBER_PA;
	next(p);
	if (relation(p, &step.op)) {
		next(p);
		code = parse_value(p, &step);
		if (!code)
			code = emit(p, &step);
		next(p);
		return code;
	}
	if (member->kind != S2_KIND_BOOL && !member->asks) {
		*p->place = name;
		return s2_fail(p->err, S2_USAGE,
			       "'%s' is not true or false, it must be compared: %s=...",
			       member->name, member->name);
	}
	return emit(p, &step);
}

static enum s2_code parse_or(struct parser *p);

static enum s2_code parse_factor(struct parser *p)
{
	enum s2_code code;

	if (p->depth == S2_WHERE_DEPTH)
		return mistake(p, "more than %d levels", S2_WHERE_DEPTH);
	if (is(p, "not") || is(p, "!")) {
		next(p);
		p->depth++;
		code = parse_factor(p);
		p->depth--;
		return code ? code : emit(p, &(struct s2_where_step){ .op = S2_WHERE_NOT });
	}
	if (is(p, "(")) {
		next(p);
		p->depth++;
		code = parse_or(p);
		p->depth--;
		if (code)
			return code;
		if (!is(p, ")"))
			return mistake(p, "a ) belongs here");
		next(p);
		return S2_OK;
	}
	if (!p->word || p->quoted || is(p, "and") || is(p, "or"))
		return mistake(p, "the name of a member belongs here");
	return parse_test(p);
}

static enum s2_code parse_and(struct parser *p)
{
	enum s2_code code = parse_factor(p);

	while (!code && is(p, "and")) {
		next(p);
		code = parse_factor(p);
		if (!code)
			code = emit(p, &(struct s2_where_step){ .op = S2_WHERE_AND });
	}
	return code;
}

static enum s2_code parse_or(struct parser *p)
{
	enum s2_code code = parse_and(p);

	while (!code && is(p, "or")) {
		next(p);
		code = parse_and(p);
		if (!code)
			code = emit(p, &(struct s2_where_step){ .op = S2_WHERE_OR });
	}
	return code;
}

enum s2_code s2_where_parse(const char *text, const struct s2_member_list *list,
			    const struct s2_arch *const *archs, struct s2_condition *ret,
			    struct s2_where_place *ret_place, struct s2_err *err)
{
	struct parser p = { .text = text,
			    .list = list,
			    .archs = archs,
			    .where = ret,
			    .place = ret_place,
			    .err = err };
	enum s2_code code;

	ret->nsteps = ret->used = 0;
	ret->by_pa = false;
	*ret_place = (struct s2_where_place){ .len = 1 };
	next(&p);
	code = parse_or(&p);
	if (!code && p.len)
		code = mistake(&p, "'and' or 'or' belongs here, or nothing");
	return code;
}

/* ---- Answers ---- */

static enum s2_answer answer(bool yes)
{
	return yes ? S2_ANSWER_YES : S2_ANSWER_NO;
}

/* -1, 0, 1: below, equal, above. */
static int compare(const struct s2_where_step *step, const struct s2_member_value *value)
{
	if (value->past || step->past)
		return value->past - step->past;
	if (value->kind == S2_KIND_SIGNED) {
		int64_t a = (int64_t)value->number, b = (int64_t)step->number;

		return a < b ? -1 : a > b;
	}
	return value->number < step->number ? -1 : value->number > step->number;
}

/* A word of @text, which are joined by +; the whole where nothing is. */
static bool any_fits(const char *pattern, const char *text)
{
	char word[64];

	for (;;) {
		size_t len = strcspn(text, "+");

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (s2_glob(pattern, word))
			return true;
		if (!text[len])
			return false;
		text += len + 1;
	}
}

static bool text_fits(const struct s2_where_step *step, const char *pattern,
		      const struct s2_member_value *value)
{
	if (step->member.id == S2_MEMBER_ODD)
		return any_fits(pattern, value->text);
	return s2_glob(pattern, value->text) || (value->shown && s2_glob(pattern, value->shown));
}

/* The attribute @name of @row, when its value is but a number: what that means is not known. */
static const struct s2_attr *open_attr(const struct s2_members *of, const char *name,
				       const struct s2_row *row)
{
	const struct s2_attr *attr = s2_members_attr(of, name);
	bool is_open = attr && s2_attr_is_open(attr, of->geom, row->run.height, row->run.entry.raw);

	return is_open ? attr : NULL;
}

/* Does the condition ask for what only a register tells that is not known? It may ask for the
 * number itself, as the text has it. */
static bool needs_register(const struct s2_where_step *step, const char *pattern,
			   const struct s2_members *of, const struct s2_row *row)
{
	const struct s2_attr *attr;

	if (step->member.id == S2_MEMBER_DEVICE)
		return of->geom->arch->device && open_attr(of, S2_MEMORY_NAME, row);
	if (step->member.id != S2_MEMBER_ATTR || step->member.kind != S2_KIND_STRING)
		return false;
	attr = open_attr(of, step->member.name, row);
	for (unsigned int i = 0; attr && i < attr->nvalues; i++)
		if (attr->open & BIT64(i) && s2_glob(pattern, attr->values[i].text))
			return false;
	return attr;
}

static enum s2_answer test(const struct s2_condition *where, const struct s2_where_step *step,
			   const struct s2_members *of, const struct s2_row *row)
{
	struct s2_member_value value;
	bool fits;
	int than;

	s2_member_get(of, &step->member, row, &value);
	if (step->op == S2_WHERE_ASK && step->member.asks && value.known != S2_VALUE_UNKNOWN)
		return answer(value.known == S2_VALUE_KNOWN);
	if (value.known == S2_VALUE_NONE)
		return S2_ANSWER_NONE;
	if (value.known == S2_VALUE_UNKNOWN)
		return S2_ANSWER_UNKNOWN;
	fits = value.text && text_fits(step, where->text + step->word, &value);
	if (!fits && needs_register(step, where->text + step->word, of, row))
		return S2_ANSWER_UNKNOWN;
	if (step->op == S2_WHERE_ASK)
		return answer(value.number);
	if (step->member.kind == S2_KIND_STRING)
		return answer(fits == (step->op == S2_WHERE_EQ));
	than = compare(step, &value);
	switch (step->op) {
	case S2_WHERE_EQ:
		return answer(!than);
	case S2_WHERE_NE:
		return answer(than);
	case S2_WHERE_LT:
		return answer(than < 0);
	case S2_WHERE_LE:
		return answer(than <= 0);
	case S2_WHERE_GT:
		return answer(than > 0);
	default:
		return answer(than >= 0);
	}
}

/* @decides: the answer that makes the other one not matter. */
static enum s2_answer both(enum s2_answer a, enum s2_answer b, enum s2_answer decides)
{
	if (a == decides || b == decides)
		return decides;
	if (a == S2_ANSWER_UNKNOWN || b == S2_ANSWER_UNKNOWN)
		return S2_ANSWER_UNKNOWN;
	if (a == S2_ANSWER_NONE || b == S2_ANSWER_NONE)
		return S2_ANSWER_NONE;
	return a;
}

enum s2_answer s2_where_ask(const struct s2_condition *where, const struct s2_members *of,
			    const struct s2_row *row)
{
	enum s2_answer stack[S2_WHERE_STEPS];
	unsigned int n = 0;

	for (unsigned int i = 0; i < where->nsteps; i++) {
		const struct s2_where_step *step = &where->step[i];

		switch (step->op) {
		case S2_WHERE_NOT:
			if (stack[n - 1] <= S2_ANSWER_YES)
				stack[n - 1] = answer(stack[n - 1] == S2_ANSWER_NO);
			break;
		case S2_WHERE_AND:
			n--;
			stack[n - 1] = both(stack[n - 1], stack[n], S2_ANSWER_NO);
			break;
		case S2_WHERE_OR:
			n--;
			stack[n - 1] = both(stack[n - 1], stack[n], S2_ANSWER_YES);
			break;
		default:
			stack[n++] = test(where, step, of, row);
			break;
		}
	}
	return n ? stack[0] : S2_ANSWER_YES;
}
