// SPDX-License-Identifier: GPL-2.0-or-later
// What stands out in colours, and what steps back.
#include "base/glob.h"
#include "format/ptdump.h"

/* May what is written there be run, by the same level? */
static bool is_writable_code(const struct s2_rights *rights)
{
	return rights->known &&
	       ((rights->write && rights->exec) || (rights->write_user && rights->exec_user));
}

struct s2_look s2_look_of(const struct s2_printer *printer, const struct s2_run *run, bool mapped,
			  const struct s2_rights *rights)
{
	enum s2_style row = run->missing ? S2_GONE : mapped ? S2_PLAIN : S2_DIM;
	struct s2_look look = { row, row, row, row };

	if (run->entry.odd)
		look.flags = S2_ALARM;
	if (!mapped)
		return look;
	if (is_writable_code(rights))
		look.rights = S2_ALARM;
	if (s2_row_device(&printer->of, run))
		look.memory = S2_DEVICE;
	return look;
}

enum s2_style s2_look_label(const struct s2_printer *printer, const struct s2_annotator_ops *ops,
			    const struct s2_label *label, const struct s2_look *look)
{
	const struct s2_annotator *annotator;

	if (!printer->color || !ops->foreign)
		return look->row;
	annotator = s2_table_annotator(printer->table, ops);
	return annotator && ops->foreign(annotator, label) ? S2_FOREIGN : look->row;
}

struct s2_look s2_look_effective(const struct s2_printer *printer,
				 const struct s2_effective_row *row, const struct s2_rights *rights)
{
	enum s2_style style = row->missing ? S2_GONE : row->allowed ? S2_PLAIN : S2_DIM;
	const char *device = printer->geom->arch->device;
	struct s2_look look = { style, style, style, style };

	if (!row->allowed)
		return look;
	if (is_writable_code(rights))
		look.rights = S2_ALARM;
	if (device && row->memory && s2_glob(device, row->memory->text))
		look.memory = S2_DEVICE;
	return look;
}
