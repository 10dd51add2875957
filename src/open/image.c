// SPDX-License-Identifier: GPL-2.0-or-later
// What an image is that no header describes: base, root and geometry from the request.
#include "open/image.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "decode/infer.h"
#include "kernel/kva.h"
#include "open/pages.h"
#include "open/shape.h"

bool s2_is_raw(const struct s2_source *source)
{
	return source->ops == &s2_source_raw;
}

/* Finds out where a blob without a base lies. */
static enum s2_code infer_base(struct s2_source *source, const struct s2_geometry *geom,
			       struct s2_inferred_image *ret, struct s2_refusal *refusal,
			       struct s2_err *err)
{
	uint64_t size = source->file.size;
	s2_auto_free void *scratch = malloc((size_t)s2_infer_scratch(geom, size));
	struct s2_inferred inferred;
	enum s2_code code;

	if (!scratch)
		return s2_fail(err, S2_NOMEM, "no memory");
	code = s2_infer_base(geom, &source->mem, size, scratch, &inferred, err);
	if (code == S2_NOTFOUND)
		refusal->why = S2_REFUSED_NO_BASE;
	if (code)
		return s2_wrap(err, code, "cannot infer where the blob was in memory");
	s2_raw_rebase(source, inferred.base);
	*ret = (struct s2_inferred_image){ .done = true,
					   .base = inferred.base,
					   .pages = size >> geom->page_log2,
					   .unreached = inferred.unreached,
					   .thin = inferred.thin };
	return S2_OK;
}

/*
 * The start level's address from a register; @ret_has false: none was given. One that shapes the
 * table, too, may be given for that alone, with address 0.
 */
static enum s2_code register_root(const struct s2_request *r, const struct s2_geometry *geom,
				  bool *ret_has, uint64_t *ret, struct s2_err *err)
{
	const struct s2_claim *claim = s2_regime_given(r->regime, S2_CLAIM_ROOT);
	enum s2_code code;

	*ret_has = false;
	if (!claim)
		return S2_OK;
	code = geom->arch->root(geom, r->regime, ret, err);
	*ret_has = !code && (*ret || !(claim->use & S2_CLAIM_SHAPE));
	return code;
}

static enum s2_code no_root(const struct s2_request *r, struct s2_refusal *refusal,
			    struct s2_err *err)
{
	*refusal = (struct s2_refusal){ .why = r->files.pages ? S2_REFUSED_PAGES_ROOT :
								S2_REFUSED_ROOT,
					.claim = s2_regime_given(r->regime, S2_CLAIM_SHAPE) };
	return s2_fail(err, S2_USAGE, "where the start level is was not said");
}

/* The start level's address as it was given, from a register (then @geom counts), or the first byte
 * of a raw image. */
static enum s2_code find_root(const struct s2_request *r, const struct s2_source *source,
			      const struct s2_geometry *geom, uint64_t *ret,
			      struct s2_refusal *refusal, struct s2_err *err)
{
	enum s2_code code;
	bool has;

	if (r->have_root) {
		*ret = r->root;
		return S2_OK;
	}
	code = register_root(r, geom, &has, ret, err);
	if (code || has)
		return code;
	if (r->files.pages || !s2_is_raw(source))
		return no_root(r, refusal, err);
	*ret = r->raw->nmaps ? r->raw->map[0].pa : source->seg[0].pa;
	return S2_OK;
}

/* A register that shapes the table tells the address, too: the inferred one must be the same. */
static enum s2_code confirm_base(const struct s2_request *r, const struct s2_source *source,
				 const struct s2_geometry *geom, struct s2_refusal *refusal,
				 struct s2_err *err)
{
	uint64_t root = 0;
	bool has;
	enum s2_code code = register_root(r, geom, &has, &root, err);

	if (code || !has || root == source->seg[0].pa)
		return code;
	*refusal = (struct s2_refusal){ .why = S2_REFUSED_BASE,
					.claim = s2_regime_given(r->regime, S2_CLAIM_ROOT) };
	return s2_fail(err, S2_NOTFOUND,
		       "says that the start level is at 0x%" PRIx64
		       ", the descriptors that it is at 0x%" PRIx64,
		       root, source->seg[0].pa);
}

/* An image without an address: it begins with the table of the register that was given for its root
 * alone, or its descriptors say where it was. */
static enum s2_code place(const struct s2_request *r, struct s2_source *source,
			  const struct s2_geometry *geom, struct s2_inferred_image *inferred,
			  struct s2_refusal *refusal, struct s2_err *err)
{
	const struct s2_claim *claim = s2_regime_given(r->regime, S2_CLAIM_ROOT);
	uint64_t root = 0;
	enum s2_code code;
	bool has;

	if (r->have_root) {
		*refusal = (struct s2_refusal){ .why = S2_REFUSED_PLACE };
		return s2_fail(err, S2_USAGE, "where the image was in memory was not said");
	}
	if (claim && !(claim->use & S2_CLAIM_SHAPE)) {
		code = register_root(r, geom, &has, &root, err);
		if (!code)
			s2_raw_rebase(source, root);
		return code;
	}
	code = infer_base(source, geom, inferred, refusal, err);
	return code ? code : confirm_base(r, source, geom, refusal, err);
}

/* The geometry, the image's place and the root, in the order in which one needs the other. */
static enum s2_code lay_out(const struct s2_request *r, const struct s2_files *files,
			    struct s2_source *source, bool placed, uint64_t *root,
			    struct s2_inferred_image *inferred, struct s2_refusal *refusal,
			    struct s2_err *err)
{
	struct s2_geometry geom;
	enum s2_code code = s2_shape_request(r->regime, &geom, refusal, err);

	if (!code && !placed)
		code = place(r, source, &geom, inferred, refusal, err);
	if (!code)
		code = find_root(r, source, &geom, root, refusal, err);
	if (!code && r->files.pages)
		code = s2_pages_place(source, &files->pages, &geom, *root, err);
	return code;
}

/* A table that one architecture wrote is none of another's, and would read as garbage. */
static enum s2_code check_machine(const struct s2_request *r, const struct s2_source *source,
				  struct s2_refusal *refusal, struct s2_err *err)
{
	const struct s2_arch *arch = r->regime->arch;
	const char *machine = s2_machine_of_elf(s2_kva_machine(arch->name));

	if (!source->machine || !machine || !strcmp(source->machine, machine))
		return S2_OK;
	*refusal = (struct s2_refusal){ .why = S2_REFUSED_ARCH,
					.claim = s2_regime_given(r->regime, S2_CLAIM_SHAPE) };
	return s2_fail(err, S2_USAGE, "is for tables of %s, the dump is of an %s machine",
		       arch->name, source->machine);
}

enum s2_code s2_image_table(const struct s2_request *r, const struct s2_files *files,
			    struct s2_source *source, struct s2_tables *tables,
			    struct s2_inferred_image *inferred, struct s2_refusal *refusal,
			    struct s2_err *err)
{
	struct s2_table table = { .id = "raw",
				  .kind = "stage2",
				  .found = "command line",
				  .pid = -1,
				  .vcpus = -1,
				  .regime = *r->regime };
	const bool placed = r->raw->have_base || r->raw->nmaps || r->files.pages ||
			    !s2_is_raw(source);
	enum s2_code code = check_machine(r, source, refusal, err);

	if (code)
		return code;
	if (!s2_is_raw(source) && !r->files.pages && !r->have_root &&
	    !s2_regime_given(r->regime, S2_CLAIM_ROOT))
		return no_root(r, refusal, err);
	if (!r->unshaped || !placed || r->files.pages)
		code = lay_out(r, files, source, placed, &table.root_pa, inferred, refusal, err);
	else if (!s2_regime_given(r->regime, S2_CLAIM_ROOT))
		code = find_root(r, source, NULL, &table.root_pa, refusal, err);
	return code ? code : s2_tables_add(tables, &table, err);
}
