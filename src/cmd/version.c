// SPDX-License-Identifier: GPL-2.0-or-later
// `--version`: the answer to "can this build read that?".
#include "cmd/version.h"

#include <string.h>

#include "config.h"
#include "decode/arch.h"
#include "open/sandbox.h"
#include "source/codec.h"
#include "source/unpack.h"

/* An architecture's formats stand together in s2_archs[]. */
static void print_archs(struct s2_out *out)
{
	const char *last = "";

	s2_out_str(out, "architectures:");
	for (unsigned int i = 0; i < s2_narchs; i++) {
		const struct s2_arch *arch = s2_archs[i];
		bool same = !strcmp(arch->name, last);

		s2_out_printf(out, "%s%s%s%s", !same && *last ? ")" : "", same ? "" : " ",
			      same ? "" : arch->name, same ? ", " : " (");
		s2_out_str(out, arch->format);
		last = arch->name;
	}
	s2_out_str(out, *last ? ")\n" : "\n");
}

void s2_version_print(struct s2_out *out)
{
	const struct s2_packing *packing;
	const char *codec;
	size_t at;

	s2_out_printf(out, "s2dump %s\n", S2DUMP_VERSION);
	print_archs(out);
	s2_out_str(out, "compressed files:");
	for (at = 0; (packing = s2_packing_next(&at));)
		s2_out_printf(out, " %s", s2_packing_name(packing));
	s2_out_str(out, "\ncompressed pages of kdump files:");
	for (at = 0; (codec = s2_codec_next(&at));)
		s2_out_printf(out, " %s", codec);
	s2_out_printf(out, "\nsandbox: %s\n", s2_sandbox_built());
}
