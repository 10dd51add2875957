// SPDX-License-Identifier: GPL-2.0-or-later
// What stands before the rows of a table: its shape, whose it is, its registers, titles of columns.
#include "format/ptdump.h"

#include <stdio.h>
#include <string.h>

#include "model/slots.h"

static const char *stage_text(const struct s2_printer *printer)
{
	if (printer->effective)
		return "stages 1 and 2";
	if (printer->geom->arch->stage == S2_STAGE_2)
		return s2_table_is_shadow(printer->table) ? "stage 2 (nested)" : "stage 2";
	return "stage 1";
}

static void print_title(struct s2_printer *printer)
{
	const struct s2_geometry *geom = printer->geom;
	struct s2_out *out = printer->out;

	s2_out_printf(out, "---[ %s %s", printer->table->id, stage_text(printer));
	if (geom->arch->title)
		s2_out_printf(out, " (%s)", geom->arch->title);
	if (printer->table->bare) {
		s2_out_str(out, " ]---\n");
		return;
	}
	if (geom->arch->one_granule)
		s2_out_printf(out, ": %s %u bits, %u levels", geom->arch->ia_name, geom->ia_bits,
			      geom->top + 1U);
	else
		s2_out_printf(out, ": %uK granule, %s %u bits from level %d",
			      1U << (geom->page_log2 - 10), geom->arch->ia_name, geom->ia_bits,
			      s2_level(geom, geom->top));
	if (geom->start_tables > 1)
		s2_out_printf(out, " x%u", geom->start_tables);
	s2_out_printf(out, ", PA %u bits", geom->oa_bits);
	for (unsigned int i = 0; i < geom->arch->nfeatures; i++) {
		const struct s2_feature *feature = &geom->arch->features[i];

		if (geom->flags & feature->yes)
			s2_out_printf(out, ", %s", feature->text);
		else if (geom->flags & feature->no)
			s2_out_printf(out, ", %s", feature->no_text);
	}
	for (unsigned int i = 0; i < geom->arch->ngeom_odds; i++)
		if (geom->odd & geom->arch->geom_odds[i].bit)
			s2_out_printf(out, " !%s", geom->arch->geom_odds[i].name);
	s2_out_str(out, " ]---\n");
}

/* "web-17" qemu-system-aar, as far as they are known; a name that the VMM was not started with says
 * from where it is: "web-17" (cgroup). */
static void print_name(struct s2_out *out, const struct s2_vm *vm)
{
	if (*vm->name)
		s2_out_printf(out, "\"%s\"", vm->name);
	if (*vm->name && vm->named != S2_NAMED_ARGS && vm->named != S2_NAMED_NOT)
		s2_out_printf(out, " (%s)", s2_vm_named_text(vm->named));
	if (*vm->name && *vm->comm)
		s2_out_str(out, " ");
	s2_out_str(out, vm->comm);
	if (*vm->name || *vm->comm)
		s2_out_str(out, ", ");
}

/* "# "web-17" qemu-system-aar, pid 4711, VMID 3, 2 vCPUs, 2 slots 4.25G, root 0x4200c000" */
static void print_owner(struct s2_printer *printer)
{
	const struct s2_table *table = printer->table;
	struct s2_out *out = printer->out;
	uint64_t ram = s2_slots_sums(table).bytes;

	s2_out_str(out, "# ");
	if (table->vm)
		print_name(out, table->vm);
	if (table->pid >= 0)
		s2_out_printf(out, "pid %" PRId64 ", ", table->pid);
	if (table->have_vmid)
		s2_out_printf(out, "VMID %" PRIu32 ", ", table->vmid);
	if (table->have_handle)
		s2_out_printf(out, "handle 0x%x, ", table->handle);
	if (table->vcpus >= 0) {
		s2_out_counted(out, (uint64_t)table->vcpus, "vCPU");
		s2_out_str(out, ", ");
	}
	if (table->have_slots) {
		s2_out_counted(out, table->nslots, "slot");
		if (ram) {
			s2_out_str(out, " ");
			out_size(out, ram);
		}
		s2_out_str(out, ", ");
	}
	if (table->bare) {
		s2_out_str(out, "no table\n");
		return;
	}
	s2_out_str(out, "root ");
	s2_out_hex(out, table->root_pa, 1);
	s2_out_str(out, "\n");
}

/* As wide as rows are; a terminal may be narrower. */
#define REGISTERS_WIDTH 100

static void print_registers(struct s2_printer *printer)
{
	const struct s2_table *table = printer->table;
	const struct s2_regime *regime = &table->regime;
	const unsigned int terminal = printer->out->fold.width;
	const unsigned int width = terminal && terminal < REGISTERS_WIDTH ? terminal :
									    REGISTERS_WIDTH;
	unsigned int column = 0;

	for (unsigned int i = 0; i < regime->arch->nclaims; i++) {
		char text[64];
		unsigned int len;

		if (!s2_regime_shows(regime, i))
			continue;
		len = (unsigned int)snprintf(text, sizeof(text), "%s 0x%" PRIx64,
					     regime->arch->claims[i].name, regime->value[i]);
		if (column && column + 2 + len > width) {
			s2_out_str(printer->out, "\n");
			column = 0;
		}
		s2_out_printf(printer->out, "%s%s", column ? "  " : "# ", text);
		column += 2 + len;
	}
	if (column)
		s2_out_str(printer->out, "\n");
	if (!table->shadow[S2_SHADOW_CONTROL])
		return;
	for (unsigned int i = 0; i < S2_NSHADOWS; i++)
		s2_out_printf(printer->out, "%s %s 0x%" PRIx64, i ? " " : "# shadows",
			      regime->arch->shadows[i].name, table->shadow[i]);
	s2_out_str(printer->out, "\n");
}

static void print_titles(struct s2_printer *printer)
{
	struct s2_out *out = printer->out;

	if (printer->columns) {
		s2_ptdump_chosen_titles(printer);
		return;
	}
	put_column(out, "# ia", 2 * ia_digits(printer->geom) + 5);
	s2_out_printf(out, "%*s ", W_SIZE, "size");
	if (!printer->effective)
		s2_out_str(out, s2_level(printer->geom, printer->geom->top) < 0 ? " l " : "l ");
	put_column(out, "type", W_TYPE);
	put_column(out, "rights", rights_width(printer));
	if (printer->effective) {
		put_column(out, "memory", W_MEMORY);
		put_column(out, "sh", W_SH);
	}
	for (unsigned int i = 0; !printer->effective && i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_column(out, attr->title, attr->width);
	}
	if (!printer->effective)
		put_column(out, "flags", printer->flags_width);
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; s2_printer_has(printer, i) && k < ops->ncolumns; k++)
			put_column(out, ops->columns[k].title, ops->columns[k].width);
	}
	s2_out_str(out, "pa\n");
}

unsigned int s2_ptdump_width(const struct s2_printer *printer)
{
	const unsigned int level = s2_level(printer->geom, printer->geom->top) < 0 ? 2 : 1;
	/* All but the last have a blank behind them. */
	unsigned int width = 2 * ia_digits(printer->geom) + 5 + 1 + W_SIZE + 1 + level + 1 +
			     W_TYPE + 1 + rights_width(printer) + 1 + printer->flags_width + 1;

	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			width += attr->width + 1;
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; s2_printer_has(printer, i) && k < ops->ncolumns; k++)
			width += ops->columns[k].width + 1;
	}
	return width + strlen("0x12345000");
}

void s2_ptdump_head(struct s2_printer *printer, const struct s2_table *table,
		    const struct s2_geometry *geom)
{
	(void)geom;
	if (printer->bare)
		return;
	if (printer->ntables)
		s2_out_str(printer->out, "\n");
	print_title(printer);
	print_owner(printer);
	if (table->bare)
		return;
	print_registers(printer);
	print_titles(printer);
}
