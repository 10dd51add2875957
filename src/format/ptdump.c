// SPDX-License-Identifier: GPL-2.0-or-later
// The default output: a title, remarks, rows of one token per column, a sum.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "format/color.h"
#include "format/format.h"
#include "format/text.h"
#include "model/slots.h"

/* Widths of columns that all tables have; what is longer pushes the rest of its line. */
enum { W_SIZE = 8, W_TYPE = 7, W_MEMORY = 13, W_SH = 3, W_HEX = 12, W_BOOL = 5 };

static struct s2_show show(const struct s2_format *format, const struct s2_geometry *geom)
{
	(void)format;
	(void)geom;
	return S2_SHOW_ALL;
}

static void begin(struct s2_printer *printer, const struct s2_image *image)
{
	(void)printer;
	(void)image;
}

static void out_size(struct s2_out *out, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_size(size, text);
	s2_out_str(out, text);
}

static void out_counted(struct s2_out *out, uint64_t n, const char *word)
{
	s2_out_printf(out, "%" PRIu64 " %s%s", n, word, n == 1 ? "" : "s");
}

/* ---- Before the rows ---- */

static const char *stage_text(const struct s2_printer *printer)
{
	if (printer->effective)
		return "stages 1 and 2";
	if (printer->geom->arch->stage == S2_STAGE_2)
		return s2_table_is_shadow(printer->table) ? "stage 2 (nested)" : "stage 2";
	return s2_table_is_vms(printer->table) ? "stage 1" : "stage 1 (EL2)";
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

/* "web-17" qemu-system-aar, as far as they are known. */
static void print_name(struct s2_out *out, const struct s2_vm *vm)
{
	if (*vm->name)
		s2_out_printf(out, "\"%s\"", vm->name);
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
		out_counted(out, (uint64_t)table->vcpus, "vCPU");
		s2_out_str(out, ", ");
	}
	if (table->have_slots) {
		out_counted(out, table->nslots, "slot");
		if (ram) {
			s2_out_str(out, " ");
			out_size(out, ram);
		}
		s2_out_str(out, ", ");
	}
	if (table->bare) {
		s2_out_str(out, "no table yet\n");
		return;
	}
	s2_out_str(out, "root ");
	s2_out_hex(out, table->root_pa, 1);
	s2_out_str(out, "\n");
}

/* As wide as rows are. */
#define REGISTERS_WIDTH 100

static void print_registers(struct s2_printer *printer)
{
	const struct s2_table *table = printer->table;
	const struct s2_regime *regime = &table->regime;
	unsigned int column = 0;

	for (unsigned int i = 0; i < regime->arch->nclaims; i++) {
		char text[64];
		unsigned int len;

		if (!s2_regime_shows(regime, i))
			continue;
		len = (unsigned int)snprintf(text, sizeof(text), "%s 0x%" PRIx64,
					     regime->arch->claims[i].name, regime->value[i]);
		if (column && column + 2 + len > REGISTERS_WIDTH) {
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

static unsigned int ia_digits(const struct s2_geometry *geom)
{
	return s2_text_ia_digits(geom->ia_base + low_bits(geom->ia_bits));
}

/* A column's text, padded; the last of a line ends it instead. */
static void put_column(struct s2_out *out, const char *text, unsigned int width)
{
	s2_out_pad(out, text, width);
	s2_out_str(out, " ");
}

static unsigned int rights_width(const struct s2_printer *printer)
{
	return printer->effective || s2_two_levels(printer->geom) ? 7 : 6;
}

/* The attribute of this table that a member is, or NULL. */
static const struct s2_attr *attr_of(const struct s2_printer *printer,
				     const struct s2_row_name *member)
{
	for (unsigned int i = 0; member->id == S2_MEMBER_ATTR && i < printer->of.nattrs; i++)
		if (!strcmp(printer->of.attr[i].name, member->name))
			return printer->of.attr[i].attr;
	return NULL;
}

/* Of a chosen column. */
static unsigned int width_of(const struct s2_printer *printer, const struct s2_row_name *member)
{
	const struct s2_attr *attr = attr_of(printer, member);

	switch (member->id) {
	case S2_MEMBER_IA:
		return 2 * ia_digits(printer->geom) + 5;
	case S2_MEMBER_END:
		return ia_digits(printer->geom) + 2;
	case S2_MEMBER_SIZE:
		return W_SIZE + 1; /* joined rows are of any size: ~1023.99M */
	case S2_MEMBER_TYPE:
		return W_TYPE;
	case S2_MEMBER_RIGHTS:
		return rights_width(printer);
	case S2_MEMBER_FLAGS:
		return printer->flags_width;
	case S2_MEMBER_LEVEL:
		return s2_level(printer->geom, printer->geom->top) < 0 ? 2 : 1;
	case S2_MEMBER_TABLE:
		return (unsigned int)strlen(printer->table->id);
	default:
		break;
	}
	if (member->column)
		return member->column->width;
	if (attr && attr->kind == S2_ATTR_COLUMN)
		return attr->width;
	return member->kind == S2_KIND_HEX ? W_HEX : member->kind == S2_KIND_BOOL ? W_BOOL : 1;
}

/* Is it a number that lines up on the right? */
static bool is_right(const struct s2_row_name *member)
{
	return !member->column &&
	       (member->kind == S2_KIND_NUMBER || member->kind == S2_KIND_SIGNED);
}

/* A chosen column, the last of its line or not, its title as wide as its text. */
static void put_chosen(struct s2_printer *printer, unsigned int i, const char *text,
		       enum s2_style style, enum s2_style around)
{
	const struct s2_columns *columns = printer->columns;
	unsigned int width = width_of(printer, &columns->member[i]);
	/* The first title has the "# " of its line before it. */
	unsigned int title = (unsigned int)strlen(columns->title[i]) + (i ? 0 : 2);
	bool right = is_right(&columns->member[i]), last = i + 1 == columns->n;

	if (!printer->bare && title > width)
		width = title;
	/* The line of titles begins with its mark. */
	if (right && (i || *text != '#'))
		s2_out_pad_left(printer->out, text, width);
	else
		s2_style_pad(printer->out, text, last ? 0 : width, style, around);
	if (last && around != S2_PLAIN)
		s2_style(printer->out, S2_PLAIN);
	s2_out_str(printer->out, last ? "\n" : " ");
}

static void print_chosen_titles(struct s2_printer *printer)
{
	char first[128];

	for (unsigned int i = 0; i < printer->columns->n; i++) {
		snprintf(first, sizeof(first), "%s%s", i ? "" : "# ", printer->columns->title[i]);
		put_chosen(printer, i, first, S2_PLAIN, S2_PLAIN);
	}
}

static void print_titles(struct s2_printer *printer)
{
	struct s2_out *out = printer->out;

	if (printer->columns) {
		print_chosen_titles(printer);
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

static void table(struct s2_printer *printer, const struct s2_table *table,
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

/* ---- Rows ---- */

static void put_range(struct s2_printer *printer, uint64_t ia, uint64_t size)
{
	char text[S2_TEXT_SIZE_LEN];

	s2_text_ia_range(printer->out, ia, size, ia_digits(printer->geom));
	s2_text_size(size, text);
	s2_out_str(printer->out, " ");
	s2_out_pad_left(printer->out, text, W_SIZE);
	s2_out_str(printer->out, " ");
}

/* How the columns of a row look. */
struct look {
	enum s2_style row, rights, memory, flags;
};

static const struct look plain;

/* May what is written there be run, by the same level? */
static bool is_writable_code(const struct s2_rights *rights)
{
	return rights->known &&
	       ((rights->write && rights->exec) || (rights->write_user && rights->exec_user));
}

/* What is dangerous, or is not the table's own, stands out; what is nothing steps back. */
static struct look look_of(const struct s2_printer *printer, const struct s2_run *run, bool mapped,
			   const struct s2_rights *rights)
{
	enum s2_style row = run->missing ? S2_GONE : mapped ? S2_PLAIN : S2_DIM;
	struct look look = { row, row, row, row };

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

static inline void put_styled(struct s2_out *out, const char *text, unsigned int width,
			      enum s2_style style, const struct look *look)
{
	if (style == look->row) {
		put_column(out, text, width);
		return;
	}
	s2_style_pad(out, text, width, style, look->row);
	s2_out_str(out, " ");
}

static inline void put_rights(struct s2_printer *printer, const struct s2_rights *rights,
			      const struct look *look)
{
	bool two = rights_width(printer) == 7;
	char text[S2_TEXT_RIGHTS_LEN] = "?";

	if (rights->known)
		s2_text_rights(rights, two, text);
	put_styled(printer->out, text, two ? 7 : 6, look->rights, look);
}

static void attribute_flags(const struct s2_printer *printer, const struct s2_run *run,
			    struct s2_text_flags *flags)
{
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		uint64_t value;

		if (!attr || attr->kind != S2_ATTR_FLAG || (attr->blocks_only && !run->height))
			continue;
		value = s2_attr_get(attr, printer->geom, run->height, run->entry.raw);
		if (!attr->values && value && attr->in_place)
			s2_text_flag_hex(flags, attr->name, value);
		else if (!attr->values && value)
			s2_text_flag_number(flags, attr->name, value);
		else if (attr->values && s2_attr_value(attr, value)->text[0] != '-')
			s2_text_flag(flags, "", s2_attr_value(attr, value)->text);
	}
}

/* What software means, in numbers. */
static void soft_flags(const struct s2_printer *printer, const struct s2_meaning *meaning,
		       struct s2_text_flags *flags)
{
	const char *const *names = printer->geom->soft.ops->value;

	for (unsigned int i = 0; i < S2_SOFT_VALUES && names[i]; i++)
		if (meaning->known & BIT64(i))
			s2_text_flag_number(flags, names[i], meaning->value[i]);
}

static inline void flags_text(const struct s2_printer *printer, const struct s2_run *run,
			      struct s2_text_flags *ret)
{
	s2_text_flags_init(ret);
	if (!run->missing && s2_is_leaf(run->entry.type))
		attribute_flags(printer, run, ret);
	else if (run->meaning.type)
		soft_flags(printer, &run->meaning, ret);
	else if (s2_says_something(printer->geom, run->entry.raw) ||
		 s2_is_cleared(printer->geom, run->entry.raw))
		s2_text_flag_hex(ret, "raw", run->entry.raw);
	for (unsigned int i = 0; run->entry.odd && i < s2_nodds; i++)
		if (run->entry.odd & s2_odds[i].bit)
			s2_text_flag(ret, "!", s2_odds[i].name);
}

void s2_ptdump_flags(const struct s2_printer *printer, const struct s2_run *run,
		     struct s2_text_flags *ret)
{
	flags_text(printer, run, ret);
}

/* The columns that say what the entry is like. */
static inline void put_attributes(struct s2_printer *printer, const struct s2_run *run, bool leaf,
				  const struct look *look)
{
	struct s2_text_flags flags;

	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		enum s2_style style = look->row;
		uint64_t value;

		if (!attr || attr->kind != S2_ATTR_COLUMN)
			continue;
		if (look->memory != style && !strcmp(attr->name, S2_MEMORY_NAME))
			style = look->memory;
		value = leaf ? s2_attr_get(attr, printer->geom, run->height, run->entry.raw) : 0;
		put_styled(printer->out, leaf ? s2_attr_value(attr, value)->text : "-", attr->width,
			   style, look);
	}
	flags_text(printer, run, &flags);
	put_styled(printer->out, flags.text, printer->flags_width, look->flags, look);
}

static enum s2_style label_style(const struct s2_printer *printer,
				 const struct s2_annotator_ops *ops, const struct s2_label *label,
				 const struct look *look)
{
	const struct s2_annotator *annotator;

	if (!printer->color || !ops->foreign)
		return look->row;
	annotator = s2_table_annotator(printer->table, ops);
	return annotator && ops->foreign(annotator, label) ? S2_FOREIGN : look->row;
}

static inline void put_labels(struct s2_printer *printer, const struct s2_row *row,
			      const struct look *look)
{
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		enum s2_style style = look->row;
		char buf[S2_LABEL_TEXT];

		if (!s2_printer_has(printer, i))
			continue;
		if (printer->color)
			style = label_style(printer, ops, label, look);
		for (size_t k = 0; k < ops->ncolumns; k++)
			put_styled(printer->out, ops->columns[k].text(label, buf),
				   ops->columns[k].width, style, look);
	}
}

/* "excluded@0x43ab7000": why, and the page that is not there. A budget's end is of no one page. */
static void put_missing(struct s2_out *out, enum s2_code missing, uint64_t page)
{
	s2_out_str(out, s2_code_name(missing));
	if (missing == S2_BUDGET)
		return;
	s2_out_str(out, "@");
	s2_out_hex(out, page, 1);
}

/* An address that holds for all, or how many there are. */
static void put_pa(struct s2_out *out, uint64_t pa, uint64_t pieces)
{
	if (pieces == 1)
		s2_out_hex(out, pa, 1);
	else
		s2_out_printf(out, "pieces:%" PRIu64, pieces);
}

static void put_level(struct s2_out *out, int level, unsigned int width)
{
	if (level < 0)
		s2_out_printf(out, "%*d", (int)width, level);
	else
		s2_out_dec(out, (uint64_t)level, width);
	s2_out_str(out, " ");
}

/* A column that was chosen, as the text has it where it has it at all. */
static const char *chosen_text(const struct s2_printer *printer, const struct s2_row_name *member,
			       const struct s2_row *row, char *buf, size_t size)
{
	const struct s2_attr *attr = attr_of(printer, member);
	const struct s2_annotator *annotator =
		member->column ?
			s2_table_annotator(printer->table, printer->annotators[member->annotator]) :
			NULL;
	struct s2_member_value value;

	if (annotator && (size_t)(annotator - printer->table->annotator) < row->nlabels) {
		const struct s2_label *label = &row->label[annotator - printer->table->annotator];
		char text[S2_LABEL_TEXT];

		snprintf(buf, size, "%s", member->column->text(label, text));
		return buf;
	}
	s2_member_get(&printer->of, member, row, &value);
	if (value.known != S2_VALUE_KNOWN)
		return value.known == S2_VALUE_UNKNOWN && !row->run.missing ? "?" : "-";
	switch (value.kind) {
	case S2_KIND_STRING:
		snprintf(buf, size, "%s",
			 attr && attr->kind == S2_ATTR_COLUMN ? value.shown : value.text);
		return buf;
	case S2_KIND_NUMBER:
		if (member->id == S2_MEMBER_SIZE)
			s2_text_size(value.number, buf);
		else
			snprintf(buf, size, "%" PRIu64, value.number);
		return buf;
	case S2_KIND_HEX:
		if (value.past)
			return S2_PAST_TEXT;
		snprintf(buf, size, "0x%0*" PRIx64,
			 member->id == S2_MEMBER_END ? (int)ia_digits(printer->geom) : 1,
			 value.number);
		return buf;
	case S2_KIND_BOOL:
		return value.number ? "true" : "false";
	case S2_KIND_SIGNED:
		snprintf(buf, size, "%" PRId64, (int64_t)value.number);
		return buf;
	}
	return "-";
}

/* Places are shown as in rows that have all columns. */
static const char *chosen_pa(const struct s2_printer *printer, const struct s2_row *row,
			     const struct s2_row_name *pieces, char *buf, size_t size)
{
	const struct s2_run *run = &row->run;
	struct s2_member_value value;

	s2_member_get(&printer->of, pieces, row, &value);
	if (run->missing == S2_BUDGET)
		return s2_code_name(run->missing);
	if (run->missing)
		snprintf(buf, size, "%s@0x%" PRIx64, s2_code_name(run->missing), run->table_pa);
	else if (value.known != S2_VALUE_KNOWN && run->meaning.placed)
		snprintf(buf, size, "%s:0x%" PRIx64, printer->geom->soft.ops->address,
			 run->meaning.address);
	else if (value.known != S2_VALUE_KNOWN)
		return "-";
	else if (value.number == 1)
		snprintf(buf, size, "0x%" PRIx64, run->entry.oa);
	else
		snprintf(buf, size, "pieces:%" PRIu64, value.number);
	return buf;
}

static const char *chosen_ia(const struct s2_printer *printer, const struct s2_run *run, char *buf,
			     size_t size)
{
	int digits = (int)ia_digits(printer->geom), n;

	n = snprintf(buf, size, "0x%0*" PRIx64 "-", digits, run->ia);
	if (run->ia + run->size)
		snprintf(buf + n, size - (size_t)n, "0x%0*" PRIx64, digits, run->ia + run->size);
	else
		snprintf(buf + n, size - (size_t)n, "%s", S2_PAST_TEXT);
	return buf;
}

static struct look look_of_row(const struct s2_printer *printer, const struct s2_row *row)
{
	bool mapped = s2_run_mapped(printer->geom, &row->run);
	struct s2_rights rights = { .known = false };

	if (mapped)
		rights = s2_printer_rights(printer, &row->run);
	return look_of(printer, &row->run, mapped, &rights);
}

static enum s2_style chosen_style(const struct s2_printer *printer,
				  const struct s2_row_name *member, const struct s2_row *row,
				  const struct look *look)
{
	if (member->id == S2_MEMBER_RIGHTS)
		return look->rights;
	if (member->id == S2_MEMBER_FLAGS || member->id == S2_MEMBER_ODD)
		return look->flags;
	if (member->id == S2_MEMBER_LABEL && member->column)
		return label_style(printer, printer->annotators[member->annotator],
				   s2_printer_label(printer, row, member->annotator), look);
	return strcmp(member->name, S2_MEMORY_NAME) ? look->row : look->memory;
}

static void print_chosen(struct s2_printer *printer, const struct s2_row *row)
{
	static const struct s2_row_name pieces = { .id = S2_MEMBER_PIECES, .kind = S2_KIND_NUMBER };
	const struct s2_columns *columns = printer->columns;
	struct look look = plain;

	if (printer->color)
		look = look_of_row(printer, row);
	if (look.row != S2_PLAIN)
		s2_style(printer->out, look.row);
	for (unsigned int i = 0; i < columns->n; i++) {
		const struct s2_row_name *member = &columns->member[i];
		struct s2_text_flags flags;
		char buf[256];
		const char *text;

		if (member->id == S2_MEMBER_IA) {
			text = chosen_ia(printer, &row->run, buf, sizeof(buf));
		} else if (member->id == S2_MEMBER_PA) {
			text = chosen_pa(printer, row, &pieces, buf, sizeof(buf));
		} else if (member->id == S2_MEMBER_FLAGS) {
			s2_ptdump_flags(printer, &row->run, &flags);
			text = flags.text;
		} else {
			text = chosen_text(printer, member, row, buf, sizeof(buf));
		}
		put_chosen(printer, i, text, chosen_style(printer, member, row, &look), look.row);
	}
}

/* Hot path: without colour nothing asks for it. */
static inline void print_all(struct s2_printer *printer, const struct s2_row *row, bool color)
{
	const struct s2_run *run = &row->run;
	bool leaf = !run->missing && s2_is_leaf(run->entry.type);
	bool mapped = leaf && s2_run_mapped(printer->geom, run);
	unsigned int width = s2_level(printer->geom, printer->geom->top) < 0 ? 2 : 1;
	struct s2_out *out = printer->out;
	struct s2_rights rights;
	struct look look = plain;

	if (mapped)
		rights = s2_printer_rights(printer, run);
	if (color)
		look = look_of(printer, run, mapped, mapped ? &rights : NULL);
	if (look.row != S2_PLAIN)
		s2_style(out, look.row);
	put_range(printer, run->ia, run->size);
	put_level(out, s2_level(printer->geom, run->height), width);
	put_column(out, s2_run_type(run), W_TYPE);
	if (mapped)
		put_rights(printer, &rights, &look);
	else if (run->meaning.saved.known)
		put_rights(printer, &run->meaning.saved, &look);
	else
		put_column(out, "-", rights_width(printer));
	put_attributes(printer, run, leaf, &look);
	put_labels(printer, row, &look);
	if (run->missing)
		put_missing(out, run->missing, run->table_pa);
	else if (s2_run_placed(run, mapped))
		put_pa(out, run->entry.oa, row->pieces);
	else if (run->meaning.placed)
		s2_out_printf(out, "%s:0x%" PRIx64, printer->geom->soft.ops->address,
			      run->meaning.address);
	else
		s2_out_str(out, "-");
	if (look.row != S2_PLAIN)
		s2_style(out, S2_PLAIN);
	s2_out_str(out, "\n");
}

static void print_row(struct s2_printer *printer, const struct s2_row *row)
{
	if (printer->columns)
		print_chosen(printer, row);
	else if (printer->color)
		print_all(printer, row, true);
	else
		print_all(printer, row, false);
}

/* A token of an annotator, also of one that says nothing of this table: what is in no slot because
 * there can be none is not unknown. */
static const char *short_label(const struct s2_printer *printer, unsigned int i,
			       const struct s2_row_column *column, const struct s2_label *label,
			       char buf[S2_LABEL_TEXT])
{
	if (!s2_printer_has(printer, i) && (i || !s2_table_may_have_slots(printer->table)))
		return "-";
	return column->text(label, buf);
}

/* Slots are always asked for. */
static bool in_short(const struct s2_printer *printer, unsigned int i)
{
	return !i || s2_printer_has(printer, i) || printer->common & (1U << i);
}

/* A word for each column of s2_ptdump_short() behind the type: its title, or "-". */
static void put_short_columns(struct s2_printer *printer, bool titles)
{
	put_column(printer->out, titles ? "rights" : "-", 0);
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_column(printer->out, titles ? attr->title : "-", 0);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			put_column(printer->out, titles ? ops->columns[k].title : "-", 0);
	}
}

void s2_ptdump_short_titles(struct s2_printer *printer)
{
	put_column(printer->out, "type", 0);
	put_short_columns(printer, true);
}

void s2_ptdump_short_nothing(struct s2_printer *printer)
{
	put_short_columns(printer, false);
}

void s2_ptdump_short(struct s2_printer *printer, const struct s2_row *row)
{
	struct s2_out *out = printer->out;
	const struct s2_run *run = &row->run;
	char text[S2_TEXT_RIGHTS_LEN] = "?";
	bool leaf = s2_is_leaf(run->entry.type);
	struct s2_rights rights = leaf ? s2_printer_rights(printer, run) : run->meaning.saved;
	struct look look = plain;

	if (rights.known)
		s2_text_rights(&rights, s2_two_levels(printer->geom), text);
	if (printer->color)
		look = look_of(printer, run, leaf, &rights);
	put_column(out, s2_run_type(run), 0);
	put_styled(out, text, 0, look.rights, &look);
	for (unsigned int i = 0; i < printer->of.nattrs; i++) {
		const struct s2_attr *attr = printer->of.attr[i].attr;
		bool memory = attr && !strcmp(attr->name, S2_MEMORY_NAME);

		if (attr && attr->kind == S2_ATTR_COLUMN)
			put_styled(out,
				   !leaf ? "-" :
					   s2_attr_value(attr,
							 s2_attr_get(attr, printer->geom,
								     run->height, run->entry.raw))
						   ->text,
				   0, memory ? look.memory : look.row, &look);
	}
	for (unsigned int i = 0; printer->annotators[i]; i++) {
		const struct s2_annotator_ops *ops = printer->annotators[i];
		const struct s2_label *label = s2_printer_label(printer, row, i);
		char buf[S2_LABEL_TEXT];

		for (size_t k = 0; k < ops->ncolumns && in_short(printer, i); k++)
			put_styled(out, short_label(printer, i, &ops->columns[k], label, buf), 0,
				   label_style(printer, ops, label, &look), &look);
	}
}

static struct look look_of_effective(const struct s2_printer *printer,
				     const struct s2_effective_row *row,
				     const struct s2_rights *rights)
{
	enum s2_style style = row->missing ? S2_GONE : row->allowed ? S2_PLAIN : S2_DIM;
	const char *device = printer->geom->arch->device;
	struct look look = { style, style, style, style };

	if (!row->allowed)
		return look;
	if (is_writable_code(rights))
		look.rights = S2_ALARM;
	if (device && row->memory && s2_glob(device, row->memory->text))
		look.memory = S2_DEVICE;
	return look;
}

static void effective(struct s2_printer *printer, const struct s2_effective_row *row)
{
	const char *unknown = row->allowed ? "?" : "-";
	struct s2_rights rights = s2_effective_rights(row);
	struct s2_out *out = printer->out;
	struct look look = plain;

	if (printer->color)
		look = look_of_effective(printer, row, &rights);
	if (look.row != S2_PLAIN)
		s2_style(out, look.row);
	put_range(printer, row->va, row->size);
	put_column(out, row->missing ? "missing" : row->allowed ? "mapped" : "fault", W_TYPE);
	if (row->allowed)
		put_rights(printer, &rights, &look);
	else
		put_column(out, "-", rights_width(printer));
	put_styled(out, row->memory ? row->memory->text : unknown, W_MEMORY, look.memory, &look);
	put_column(out, row->shareability ? row->shareability->text : "-", W_SH);
	if (row->missing)
		put_missing(out, row->missing, row->missing_page);
	else if (row->allowed)
		put_pa(out, row->pa, row->pieces);
	else
		s2_out_str(out, "-");
	if (look.row != S2_PLAIN)
		s2_style(out, S2_PLAIN);
	s2_out_str(out, "\n");
}

/* ---- After them ---- */

static void put_pages(struct s2_printer *printer, const struct s2_totals *end)
{
	bool first = true;

	for (unsigned int height = S2_MAX_HEIGHTS; height-- > 0;) {
		uint64_t n = end->pages[height];

		if (!n)
			continue;
		if (first)
			s2_out_printf(printer->out, " in %" PRIu64 " page%s of ", n,
				      n == 1 ? "" : "s");
		else
			s2_out_printf(printer->out, ", %" PRIu64 " of ", n);
		out_size(printer->out, s2_entry_size(printer->geom, height));
		first = false;
	}
}

/* "# 3 of 20 rows, 2.5M", "# 2 rows joined from 3 of 20, 2.5M"; "; 7 more not shown" at a limit */
static void put_picked(struct s2_printer *printer, const struct s2_picked *picked)
{
	struct s2_out *out = printer->out;

	s2_out_str(out, "# ");
	if (picked->stopped || printer->columns)
		out_counted(out, picked->shown, "row");
	if (!picked->stopped && printer->columns)
		s2_out_printf(out, " joined from %" PRIu64 " of %" PRIu64, picked->fit,
			      picked->rows);
	else if (!picked->stopped)
		s2_out_printf(out, "%" PRIu64 " of %" PRIu64 " row%s", picked->shown, picked->rows,
			      picked->rows == 1 ? "" : "s");
	s2_out_str(out, ", ");
	out_size(out, picked->bytes);
	if (picked->more)
		s2_out_printf(out, "; %" PRIu64 " more not shown", picked->more);
	s2_out_str(out, picked->stopped ? "; the rest was not looked at\n" : "\n");
}

static void table_end(struct s2_printer *printer, const struct s2_totals *end)
{
	struct s2_out *out = printer->out;

	if (printer->bare)
		return;
	if (printer->picked)
		put_picked(printer, printer->picked);
	if (!end)
		return;
	s2_out_str(out, "# mapped ");
	out_size(out, end->mapped);
	if (printer->table->nslots) {
		s2_out_str(out, " of ");
		out_size(out, s2_slots_sums(printer->table).bytes);
	}
	put_pages(printer, end);
	s2_out_str(out, "; ");
	out_counted(out, end->tables, "table page");
	if (end->odd_tables) {
		s2_out_str(out, "; ");
		out_counted(out, end->odd_tables, "odd table descriptor");
		s2_out_printf(out, ", first at 0x%" PRIx64, end->odd_pa);
	}
	if (end->missing) {
		s2_out_str(out, "; missing ");
		out_size(out, end->missing);
	}
	s2_out_str(out, "\n");
}

static void end(struct s2_printer *printer, bool complete)
{
	(void)printer;
	(void)complete;
}

const struct s2_format s2_format_ptdump = {
	.name = "ptdump",
	.help = "rows of text, a token per column (default)",
	.annotated = true,
	.picks = true,
	.merge = S2_MERGE_ATTRS,
	.show = show,
	.begin = begin,
	.table = table,
	.row = print_row,
	.effective = effective,
	.table_end = table_end,
	.end = end,
};
