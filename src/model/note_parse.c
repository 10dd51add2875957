// SPDX-License-Identifier: GPL-2.0-or-later
// JSON of a note with bounded memory: two bytes of `{}` cost jansson more than two hundred. And a
// note that is written whole or not at all.
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "model/note.h"

/*
 * jansson's lexer writes through what its allocation function returned without a look (jansson
 * 2.14, load.c, lex_save()), so that function must not return NULL while it parses: it leaves
 * through leave, and all that the parser had is released here. After parsing it behaves as malloc().
 */
struct block {
	_Alignas(16) struct block *next; /* what follows is aligned as malloc() has it */
	struct block *prev;
	size_t size; /* with this header */
};

static struct {
	jmp_buf leave;
	bool parsing;
	bool failed; /* an allocation, since s2_note_begin() */
	bool spent;  /* ... because it was more than most */
	bool building;
	uint64_t most, left;
	enum s2_code code;
	struct block first; /* of a ring of what the parser allocated */
} pool;

static void *take(size_t size)
{
	struct block *block = NULL;

	if (size > SIZE_MAX - sizeof(*block))
		size = SIZE_MAX - sizeof(*block);
	if (pool.parsing && size + sizeof(*block) > pool.left) {
		pool.code = S2_BUDGET;
		longjmp(pool.leave, 1);
	}
	if (pool.building && size + sizeof(*block) > pool.left) {
		pool.failed = pool.spent = true;
		return NULL;
	}
	block = malloc(size + sizeof(*block));
	if (!block) {
		pool.failed = true;
		if (!pool.parsing)
			return NULL;
		pool.code = S2_NOMEM;
		longjmp(pool.leave, 1);
	}
	*block = (struct block){ .next = block, .prev = block, .size = size + sizeof(*block) };
	if (pool.parsing || pool.building)
		pool.left -= block->size;
	if (pool.parsing) {
		block->next = pool.first.next;
		block->prev = &pool.first;
		block->next->prev = block;
		pool.first.next = block;
	}
	return block + 1;
}

static void give_back(void *bytes)
{
	struct block *block;

	if (!bytes)
		return;
	block = (struct block *)bytes - 1;
	block->prev->next = block->next;
	block->next->prev = block->prev;
	if (pool.parsing || pool.building)
		pool.left += block->size;
	free(block);
}

/* The blocks live on, without a ring to be in. */
static void let_go(void)
{
	struct block *next;

	for (struct block *block = pool.first.next; block != &pool.first; block = next) {
		next = block->next;
		block->next = block->prev = block;
	}
}

static void release_all(void)
{
	while (pool.first.next != &pool.first)
		give_back(pool.first.next + 1);
}

void s2_note_seed(void)
{
	json_object_seed(0);
}

void s2_note_limit(uint64_t most)
{
	pool.most = most;
}

bool s2_note_spent(void)
{
	return pool.spent;
}

static void begin(bool building)
{
	json_set_alloc_funcs(take, give_back);
	pool.failed = pool.spent = false;
	pool.building = building && pool.most;
	pool.left = pool.most;
}

void s2_note_begin(void)
{
	begin(true);
}

enum s2_code s2_note_parse(const char *text, size_t len, uint64_t most, json_t **ret,
			   struct s2_err *err)
{
	json_error_t why;

	begin(false);
	pool.first.next = pool.first.prev = &pool.first;
	pool.left = most;
	if (setjmp(pool.leave)) {
		pool.parsing = false;
		release_all();
		return s2_fail(err, pool.code, "%s",
			       pool.code == S2_NOMEM ?
				       "no memory" :
				       "needs more memory than a file of this size may take");
	}
	pool.parsing = true;
	*ret = json_loadb(text, len, 0, &why);
	pool.parsing = false;
	let_go();
	if (!*ret)
		return s2_fail(err, S2_INVALID, "%s (position %d)", why.text, why.position);
	return S2_OK;
}

char *s2_note_text(json_t *root)
{
	size_t size = pool.failed ? 0 : json_dumpb(root, NULL, 0, JSON_COMPACT);
	/* Not json_dumps(): its text would have to be released by give_back(). */
	char *text = size ? malloc(size + 1) : NULL;

	if (text)
		text[json_dumpb(root, text, size, JSON_COMPACT)] = '\0';
	json_decref(root);
	if (text && pool.failed) {
		free(text);
		return NULL;
	}
	return text;
}
