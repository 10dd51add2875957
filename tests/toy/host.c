// SPDX-License-Identifier: GPL-2.0-or-later
// Who keeps the toy's table: a kernel whose VMCOREINFO says where it is and up to where it is lent.
#include "decode/soft.h"
#include "host/host.h"
#include "model/note.h"

extern const struct s2_arch s2_toy;
extern const struct s2_soft_ops s2_toy_soft;
extern const struct s2_annotator_ops s2_toy_lent;

/* Input addresses below page param[0] are lent. */
static uint64_t at(const struct s2_annotator *annotator, const struct s2_asked *asked,
		   const struct s2_run *run, struct s2_label *ret)
{
	uint64_t end = (uint64_t)annotator->param[0] << 12;

	(void)asked;
	ret->word[0] = run->ia < end;
	return run->ia < end ? end - run->ia : UINT64_MAX;
}

static const char *text(const struct s2_label *label, char buf[S2_LABEL_TEXT])
{
	return (void)buf, label->word[0] ? "lent" : "-";
}

static void save(const struct s2_table *table, json_t *obj)
{
	json_object_set_new(obj, "lent", json_integer(table->annotator->param[0]));
}

static void annotate(struct s2_table *table, uint64_t lent)
{
	s2_table_annotate(table, &(struct s2_annotator){ &s2_toy_lent, NULL, { (uint32_t)lent } });
}

static enum s2_code load(json_t *obj, const struct s2_tables *list, struct s2_table *table,
			 struct s2_err *err)
{
	int64_t lent = 0;
	enum s2_code code = s2_note_get_int(obj, "lent", 0, UINT32_MAX, &lent, err);

	(void)list;
	if (lent)
		annotate(table, (uint64_t)lent);
	return code;
}

static enum s2_code tables(struct s2_host_search *search, void *state)
{
	struct s2_table table = { .id = "toy", .kind = "stage2", .pid = -1, .vcpus = -1 };
	const struct s2_vmcoreinfo *info = s2_kernel_vmcoreinfo(search->kernel);
	uint64_t lent;

	(void)state;
	if (s2_vmcoreinfo_get(info, S2_VI_NUMBER, "toy_root", &table.root_pa, NULL) ||
	    s2_vmcoreinfo_get(info, S2_VI_NUMBER, "toy_lent", &lent, NULL))
		return S2_OK;
	s2_regime_init(&table.regime, &s2_toy);
	s2_regime_set(&table.regime, 0, 3);
	s2_soft_wrote(&table.regime, &s2_toy_soft);
	annotate(&table, lent);
	return s2_tables_add(search->tables, &table, search->err);
}

// clang-format off
const struct s2_host s2_toy_host = { .name = "toy", .tables = tables };
const struct s2_annotator_ops s2_toy_lent = {
	"lent", .columns = &(const struct s2_row_column){ "lent", 4, text }, .ncolumns = 1,
	.at = at, .save = save, .load = load };
