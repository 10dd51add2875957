// SPDX-License-Identifier: GPL-2.0-or-later
// The floor: maps a file and sums its 64-bit words, or every STEP-th, the least that any reader of
// them must do.
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 || argc == 3 ? open(argv[1], O_RDONLY) : -1;
	size_t step = argc == 3 ? strtoul(argv[2], NULL, 10) : 1;
	const uint64_t *word;
	uint64_t sum = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !step) {
		fprintf(stderr, "usage: floor FILE [STEP]\n");
		return 2;
	}
	word = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (word == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < (size_t)st.st_size / 8; i += step)
		sum += word[i];
	printf("%" PRIu64 "\n", sum);
	return close(fd) ? 1 : 0;
}
