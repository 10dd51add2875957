/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs inside the lab's machines have in common: what they say, their console, modules,
 * physical addresses, and s2dump on the machine's own memory. */
#ifndef S2_LAB_INSIDE_H
#define S2_LAB_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

/* A line on the console; one write() each, so that lines of two processes do not mix. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says what failed, with errno, and ends the process. */
void die(const char *what) __attribute__((noreturn));

void write_file(const char *path, const char *text);

/* First of all: /proc, /sys, /dev, and @console as standard input and output. */
void begin(const char *console);

/* Loads /NAME.ko. */
void load_module(const char *name, const char *parameters);

/* What the kernel has said that has one of the words, NULL at the end. */
void say_kernel_log(const char *const words[]);

int open_pagemap(void);

/* The physical address of a page of this process. False when there is no page. */
bool pa_of(int pagemap, const uint8_t *page, unsigned long long *ret);

/* How much of the mapping that @area lies in really is transparent huge pages. */
unsigned long long huge_bytes(const uint8_t *area);

/* When there is a /s2dump: runs it on /proc/kcore, and says where what it printed can be found. */
void run_s2dumps(void);

#endif
