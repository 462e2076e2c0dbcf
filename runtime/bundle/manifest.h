// The manifest's JSON form, both directions. bundle.h has the struct and
// manifest_parse; this header is for what builds or stores pieces of it.
#ifndef GNNAC_MANIFEST_H
#define GNNAC_MANIFEST_H

#include <jansson.h>

#include "bundle/bundle.h"

// The caller owns the result. NULL: out of memory.
json_t *manifest_to_json(const struct manifest *m);
json_t *manifest_kernel_to_json(const struct kernel *k);

// Checked as in a bundle. GNNAC_EFORMAT, GNNAC_EUNSUPPORTED (the manifest is
// of a newer version). On failure `out` holds an undefined mixture.
gnnac_status manifest_from_json(const json_t *j, struct manifest *out,
                                gnnac_error *err);
gnnac_status manifest_kernel_from_json(const json_t *j, struct kernel *out,
                                       gnnac_error *err);

// The manifest's text as JSON, bounded and strict. The caller calls
// json_decref(*out). GNNAC_EFORMAT, GNNAC_ENOMEM.
gnnac_status manifest_json_load(const char *text, size_t n_bytes, json_t **out,
                                gnnac_error *err);

// "requires": the names of features that a reader must know
// (manifest_features.c). NULL: out of memory.
json_t *manifest_requires(const struct manifest *m);
// Whether this reader does. GNNAC_EFORMAT; GNNAC_EUNSUPPORTED names one that it
// lacks.
gnnac_status manifest_check_requires(const json_t *list, gnnac_error *err);

// Its graph's numbers, and the architectures it names (manifest_target.c).
gnnac_status manifest_check_graph(const struct manifest *m, gnnac_error *err);
gnnac_status manifest_check_archs(const struct manifest *m, gnnac_error *err);

// Everything that JSON types and ranges cannot say (manifest_check.c): widths
// fit together, indices exist, buffers are written before they are read,
// launches are possible. GNNAC_EFORMAT.
gnnac_status manifest_check(const struct manifest *m, gnnac_error *err);
// Its part about the model, and its parameters (manifest_model.c); whether some
// layer adds its input.
gnnac_status manifest_check_model(const struct manifest *m, gnnac_error *err);
bool manifest_has_residual(const struct manifest *m);
// Its part about reordered graphs, after all else (manifest_order.c).
gnnac_status manifest_check_orders(const struct manifest *m, gnnac_error *err);
// Its part about operators (manifest_operators.c).
gnnac_status manifest_check_operators(const struct manifest *m,
                                      gnnac_error *err);
// Where there is no model: operators instead, and nothing that belongs to one.
gnnac_status manifest_check_no_model(const struct manifest *m,
                                     gnnac_error *err);
// Its part about buffers in slabs, of a model's program and of one that follows
// from it, whose steps are checked but for that; whether a step's kernel was
// made for the slabs that its buffers lie in (manifest_slabs.c).
gnnac_status manifest_check_slabs(const struct manifest *m, gnnac_error *err);
gnnac_status manifest_check_program_slabs(const struct program *p,
                                          gnnac_error *err);
bool manifest_slabs_fit(const struct kernel *k, const struct program *p,
                        const struct step *s);
// Its part about one kernel, whatever runs it (manifest_kernel.c).
gnnac_status kernel_check(const struct kernel *k, gnnac_error *err);
// Its part about programs that follow from the model's, whose steps are checked
// (manifest_derived.c).
gnnac_status manifest_check_derived(const struct manifest *m, gnnac_error *err);
// Its part about the kernel of all steps (manifest_whole.c).
gnnac_status manifest_check_whole(const struct manifest *m, gnnac_error *err);
// Whether the kernel of step `index` of `p`, whose kernels are the manifest's,
// fits the step: width, offsets, operands, also of steps fused with it
// (manifest_step_kernel.c).
gnnac_status manifest_check_step_kernel(const struct manifest *m,
                                        const struct program *p, int32_t index,
                                        gnnac_error *err);

// program_read_sparse with the manifest's kernels, of SPARSE_RULES.
void manifest_read_sparse(const struct manifest *m, struct program *out);

// The name of a model's step's kernel; "BLAS" where that has the product.
static inline const char *manifest_step_kernel(const struct manifest *m,
                                               const struct step *s)
{
    return s->kernel < 0 ? "BLAS" : m->kernels[s->kernel].name;
}

#endif
