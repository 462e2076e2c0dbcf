// One step of a program seen as a question for the rules: what must be
// computed (kernel_spec), the "layer.*" properties, and the canonical text that
// names the question in the tuning database.
#ifndef GNNAC_OPSPEC_H
#define GNNAC_OPSPEC_H

#include "base/props.h"
#include "plan/spec.h"
#include "bundle/program.h"

struct opspec {
    const char *op; // which families: "aggregate", "attention", "bias_act" ...
    struct kernel_spec spec;
    struct props layer;
    char key[512]; // everything that rules and the template can see
};

// Where BLAS is a rival, what it is stands last in the key, behind this.
#define OPSPEC_BLAS " blas="

// Whether some step, or a benchmark, asks for a kernel that does this.
bool is_kernel_op(const char *op);

// The first kind of step whose operation this is; N_STEP_KINDS: none has it.
enum step_kind step_kind_of_op(const char *op);
// The operation of a kind; NULL where no kernel of ours has it.
const char *op_of_step_kind(enum step_kind kind);

// Whether its kernels are checked and timed, one against another.
bool is_tuned_op(const char *op);

// What a kernel of the step must do.
struct kernel_spec kernel_spec_of(const struct program *p, const struct step *s,
                                  int64_t n_nodes, int64_t n_edges);

// False for steps that run no kernel of ours (products that BLAS has).
bool opspec_of_step(const struct model *m, const struct program *p,
                    const struct step *s, int64_t n_nodes, int64_t n_edges,
                    struct opspec *out);

// The question that a key's text names: `op`, `spec` and `layer` as they were.
// False when it is not such a text. For what a tuning database recorded.
bool opspec_parse(const char *key, struct opspec *out);

// Whether two keys are of one class: their kernels are the same, "v1 aggregate
// f32 layer=0/gcn in=16 out=16 dim=16 ..." but for which layer it is and what
// is around it. Which BLAS is a rival does not matter.
bool opspec_same_class(const char *a, const char *b);

#endif
