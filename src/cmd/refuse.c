// SPDX-License-Identifier: GPL-2.0-or-later
// Errors of opening name the thing; here they get the option.
#include "cmd/refuse.h"

#include <inttypes.h>
#include <stdio.h>

#include "claim_options.h"

/* Enough for the options that s2_claim_examples() names. */
#define EXAMPLES 64

static const char *const names[] = {
	[S2_PART_VMLINUX] = "vmlinux",   [S2_PART_SYSTEM_MAP] = "system-map",
	[S2_PART_MODULE] = "module",     [S2_PART_COPY] = "snapshot",
	[S2_PART_VCPU] = "vcpu",         [S2_PART_KERNEL] = "kernel",
	[S2_PART_ROOT] = "root",         [S2_PART_PAGES] = "pages",
	[S2_PART_SOFTWARE] = "software",
};

const char *s2_given_by(const struct s2_regime *regime, unsigned int i)
{
	const struct s2_claim *claim = &regime->arch->claims[i];
	bool no = claim->no_option && s2_regime_flag(regime, i) == S2_NO;

	return no || !claim->option ? claim->no_option : claim->option;
}

static void for_kernel(const struct s2_refusal *refusal, enum s2_code code, struct s2_err *err)
{
	const char *name = names[refusal->thing];

	if (refusal->claim)
		s2_fail(err, code, "--%s means nothing here: with --%s no kernel is looked at",
			name, refusal->claim->option);
	else
		s2_fail(err, code, "--%s means nothing here: a snapshot holds no kernel", name);
}

static void for_table(const struct s2_refusal *refusal, const char *shapes, enum s2_code code,
		      struct s2_err *err)
{
	char own[EXAMPLES];

	if (refusal->thing == S2_PART_ROOT && refusal->claim) {
		s2_claim_shapes(refusal->claim, own, sizeof(own));
		s2_fail(err, code, "--%s describes a table together with %s",
			refusal->claim->option, own);
	} else if (refusal->thing == S2_PART_ROOT)
		s2_fail(err, code, "--%s describes a table together with %s, or with sizes",
			names[S2_PART_ROOT], shapes);
	else
		s2_fail(err, code, "--%s goes with %s, or with sizes%s", names[refusal->thing],
			shapes,
			refusal->thing == S2_PART_SOFTWARE ? ": a dump says it itself" : "");
}

/* A file tells of no table that what was given could describe. */
static void no_root(const struct s2_options *o, const struct s2_refusal *refusal, enum s2_code code,
		    struct s2_err *err)
{
	char roots[EXAMPLES];

	if (refusal->claim->use & S2_CLAIM_ROOT) {
		s2_fail(err, code, "--%s says no address of a table: give --root with it",
			refusal->claim->option);
		return;
	}
	s2_claim_options(o->regime.arch, S2_CLAIM_ROOT, roots, sizeof(roots));
	s2_fail(err, code,
		"--%s describes a table that the file does not tell of: give --root (or %s) with it",
		refusal->claim->option, roots);
}

static void no_kernel(const struct s2_options *o, const char *shapes, enum s2_code code,
		      struct s2_err *err)
{
	char place[64] = "";

	if (o->raw.have_base)
		snprintf(place, sizeof(place), "is --base=0x%" PRIx64 " right? ", o->raw.base);
	else if (o->raw.nmaps)
		snprintf(place, sizeof(place), "is --map right? ");
	s2_wrap(err, code, "the kernel is not found (%s%s with --root reads a table without it%s)",
		place, shapes, o->system_map || o->vmlinux ? "; symbols alone do not help" : "");
}

/* The error has said it all but for what would help: @inner is its text. */
static void help_with(const struct s2_options *o, const struct s2_refusal *refusal,
		      const char *inner, enum s2_code code, struct s2_err *err)
{
	char shapes[160];

	if (refusal->why == S2_REFUSED_SHAPE) {
		s2_claim_options(o->regime.arch, S2_CLAIM_SHAPE, shapes, sizeof(shapes));
		s2_fail(err, code, "%s (%s)", inner, shapes);
		return;
	}
	s2_claim_examples(S2_CLAIM_SHAPE, shapes, EXAMPLES);
	if (refusal->why == S2_REFUSED_NO_HOST)
		s2_fail(err, code, "%s (%s%s with --root reads a table without it)", inner,
			o->system_map || o->vmlinux ? "" : "--system-map or --vmlinux may tell; ",
			shapes);
	else
		s2_fail(err, code,
			"%s; a raw image of tables needs %s, or sizes, a raw image of memory --base",
			inner, shapes);
}

enum s2_code s2_refuse(const struct s2_options *o, const struct s2_refusal *refusal,
		       enum s2_code code, struct s2_err *err)
{
	char roots[EXAMPLES], shapes[EXAMPLES];
	struct s2_err inner = *err;

	s2_claim_examples(S2_CLAIM_ROOT, roots, sizeof(roots));
	s2_claim_examples(S2_CLAIM_SHAPE, shapes, sizeof(shapes));
	switch (refusal->why) {
	case S2_REFUSED_OTHERWISE:
		break;
	case S2_REFUSED_TOO_LONG:
		s2_fail(err, code, "%s (--max-input=SIZE sets the limit)", inner.text);
		break;
	case S2_REFUSED_PAGES_ROOT:
		s2_fail(err, code, "--pages needs --root (or %s): where is the start level?",
			roots);
		break;
	case S2_REFUSED_ROOT:
		no_root(o, refusal, code, err);
		break;
	case S2_REFUSED_PLACE:
		s2_fail(err, code, "--root needs --base or --map: where is the image in memory?");
		break;
	case S2_REFUSED_MAP:
		s2_wrap(err, code, "--map");
		break;
	case S2_REFUSED_NO_BASE:
		s2_fail(err, code, "%s: give --base (or --map and --root)", inner.text);
		break;
	case S2_REFUSED_BASE:
		s2_fail(err, code, "--%s %s: give --base", refusal->claim->option, inner.text);
		break;
	case S2_REFUSED_NO_KERNEL:
		no_kernel(o, shapes, code, err);
		break;
	case S2_REFUSED_KERNEL:
		s2_wrap(err, code, "--%s=%u", names[S2_PART_KERNEL], o->kernel);
		break;
	case S2_REFUSED_FOR_KERNEL:
		for_kernel(refusal, code, err);
		break;
	case S2_REFUSED_FOR_TABLE:
		for_table(refusal, shapes, code, err);
		break;
	case S2_REFUSED_SHAPE:
	case S2_REFUSED_NO_HOST:
	case S2_REFUSED_NO_DUMP:
		help_with(o, refusal, inner.text, code, err);
		break;
	case S2_REFUSED_NO_TABLE:
		s2_wrap(err, code, "--%s", o->have_vcpu ? "vcpu" : "table");
		break;
	case S2_REFUSED_FORMAT:
		s2_wrap(err, code, "--arch=%s", o->arch);
		break;
	case S2_REFUSED_RAW:
		if (o->raw.have_base || o->pages)
			s2_wrap(err, code, "--%s", o->raw.have_base ? "base" : "pages");
		break;
	case S2_REFUSED_COPY:
		s2_wrap(err, code, "--%s", names[S2_PART_COPY]);
		break;
	case S2_REFUSED_ARCH:
	case S2_REFUSED_NOT_STAGE2:
		s2_fail(err, code, "--%s %s",
			s2_given_by(&o->regime,
				    (unsigned int)(refusal->claim - o->regime.arch->claims)),
			refusal->why == S2_REFUSED_ARCH ? inner.text : "is for tables of stage 2");
		break;
	}
	return code;
}
