/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps for the tests of src/source, made by tests/tools/mkdump.py in a folder of their own. */
#ifndef S2_TESTS_UNIT_TEST_SOURCE_H
#define S2_TESTS_UNIT_TEST_SOURCE_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/source.h"

#define PAGE 4096

static char dir[] = "/tmp/s2dump-test-XXXXXX";

/* Runs mkdump.py with @args, "FORMAT OPTIONS..."; the path of the dump leaves through @ret. */
static void make(const char *args, const char *name, char *ret, size_t size)
{
	const char *root = getenv("SOURCE_ROOT");
	char command[1024];

	snprintf(ret, size, "%s/%s", dir, name);
	snprintf(command, sizeof(command), "python3 %s/tests/tools/mkdump.py %.*s %s %s",
		 root ? root : ".", (int)strcspn(args, " "), args, ret, args + strcspn(args, " "));
	if (system(command))
		fail_msg("%s failed", command);
}

/* Open until the test program ends. */
static inline struct s2_opened opened(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_return_code(fd, 0);
	return (struct s2_opened){ .name = path, .fd = fd, .cmdline_fd = -1 };
}

struct blob {
	uint8_t *data;
	size_t size;
};

static struct blob load(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct blob ret;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	ret.size = (size_t)ftell(f);
	rewind(f);
	ret.data = malloc(ret.size);
	assert_int_equal(fread(ret.data, 1, ret.size, f), ret.size);
	fclose(f);
	return ret;
}

static struct blob build(const char *args)
{
	char path[128];

	make(args, "blob", path, sizeof(path));
	return load(path);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? -1 : 0;
}

#endif
