// SPDX-License-Identifier: GPL-2.0-or-later
// What a table owns.
#include "model/table.h"

void s2_table_clear(struct s2_table *table)
{
	for (unsigned int i = 0; i < table->nannotators; i++)
		if (table->annotator[i].ops->free)
			table->annotator[i].ops->free(table);
	table->nannotators = 0;
}
