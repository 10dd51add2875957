// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a fuzz target without libFuzzer: over the files and folders that it is given, then over
// seeded random bytes.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long ran;

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	static uint8_t buf[1 << 20];
	uint8_t *exact;
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	/* A buffer of the exact size, so that a sanitizer sees reads past its end. */
	exact = malloc(n ? n : 1);
	if (!exact)
		exit(1);
	memcpy(exact, buf, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	ran++;
}

static void run_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	char name[4096];
	DIR *dir;

	if (stat(path, &st) < 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		run_file(name);
	}
	if (dir)
		closedir(dir);
}

/* xorshift64*, so that a seed means the same everywhere. */
static uint64_t rnd(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

int main(int argc, char **argv)
{
	const char *seconds = getenv("REPLAY_RANDOM");
	unsigned long count = seconds ? strtoul(seconds, NULL, 10) : 2000;
	uint64_t state = 88172645463325252ULL;

	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	for (unsigned long n = 0; n < count; n++) {
		size_t size = (size_t)(rnd(&state) % 16384) + 1;
		uint8_t *data = malloc(size);

		if (!data)
			return 1;
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)(rnd(&state) >> 33);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
		ran++;
	}
	printf("%lu inputs\n", ran);
	return 0;
}
