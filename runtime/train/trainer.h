// What training owns, and the seam to what executes it: on the CPU
// (train_cpu.c) one step is forward (train_forward.c), loss (train_loss.c),
// backward (train_backward.c), optimiser (train_optimizer.c); on a GPU
// (cuda/cuda_train.c) it is a program (train_program.h). trainer.c is the
// public interface. All memory is there before the first step.
#ifndef GNNAC_TRAINER_H
#define GNNAC_TRAINER_H

#include "cpu/cpu_dropout.h"
#include "cpu/cpu_run.h"
#include "bundle/graph_transpose.h"
#include "input_features.h"
#include "train/train_plan.h"
#include "weights.h"

// The features, and what training needs of them.
struct train_features {
    struct features form;
    struct transposed columns; // sparse
    float *by_column;          // scratch for the columns' entries; sparse
    float *dropped;            // [entries] or [n_nodes, in_dim]; NULL: no
                               // dropout
};

// What attention keeps from forward to backward.
struct train_attention {
    float *softmax[MAX_STEPS]; // of such a step [n_nodes, 3 * heads]; owned
    int64_t *edge;             // of each entry of `graph` the edge by rows;
                               // owned; NULL unless coefficients are dropped
};

// A line that a trainer's user wants in saved states, to go on from.
enum { MAX_NOTE = 128 };

// A float array for each parameter.
struct param_set {
    float *of[MAX_PARAMS];
};

// What a step learns from; checked.
struct targets {
    const int32_t *labels, *nodes; // [n_nodes]; of BCE [n_nodes, dim]; [n]
    int64_t n;
    bool known; // the backend has them from the step before
};

// Where training runs. `open` has options, plan and graph, and may leave a part
// of the work to `close`. `knows` (NULL: never) says whether the targets, of
// which nothing is checked yet but n > 0, are those of the step before, and
// need no check. `step` counts itself; `loss` may be NULL. `fetch` brings
// weights, first, second and kept to the trainer's and the model's arrays,
// `send` takes all of that and n_steps from there.
struct train_backend {
    gnnac_status (*open)(gnnac_trainer *t, const gnnac_features *x,
                         gnnac_error *err);
    void (*close)(gnnac_trainer *t);
    bool (*knows)(const gnnac_trainer *t, const struct targets *at);
    gnnac_status (*step)(gnnac_trainer *t, const struct targets *at,
                         float *loss, gnnac_error *err);
    gnnac_status (*predict)(gnnac_trainer *t, float *y, gnnac_error *err);
    gnnac_status (*keep)(gnnac_trainer *t, gnnac_error *err);
    gnnac_status (*recall)(gnnac_trainer *t, gnnac_error *err);
    gnnac_status (*fetch)(const gnnac_trainer *t, gnnac_error *err);
    gnnac_status (*send)(gnnac_trainer *t, gnnac_error *err);
};
extern const struct train_backend cpu_training, cuda_training;

struct gnnac_trainer {
    struct gnnac_model *m;
    const struct train_backend *backend;
    gnnac_train_options o; // without a 0 that means a default
    struct train_plan plan;
    bool sparse_x;                        // the features' form; by `open`
    struct transposed graph;              // by sources
    int64_t n_steps, kept_step;           // kept_step < 0: nothing kept
    struct targets last;                  // the caller's; n 0: none yet
    char note[MAX_NOTE];                  // "": none
    struct param_set first, second, kept; // first: Adam's mean, SGD's velocity;
                                          // second: Adam's
    struct cuda_trainer *cuda;            // owned; NULL on the CPU

    // ---- on the CPU alone ----
    struct train_features x;
    struct train_attention attention;
    // Buffers 1 and on, values and gradients, laid out alike.
    size_t offset[MAX_BUFFERS], n_bytes;
    char *values, *grads;
    bool has_grad[MAX_BUFFERS]; // in this backward
    float *scratch;             // of products
    double *sums;               // of sums over rows

    struct param_set grad; // 0 where none ever arrives
};

// Constants of the optimiser's options: whether a parameter is learnt, and
// decays (train_optimizer.c).
bool train_updates(const gnnac_trainer *t, int32_t param);
bool train_decays(const gnnac_trainer *t, int32_t param);

static inline const struct program *trained_program(const gnnac_trainer *t)
{
    return &t->m->bundle->manifest->program;
}

// What forward and backward must agree on: the features that steps read, or the
// entries of sparse ones, and what layer `layer`'s input loses in this step.
static inline const float *trainer_x(const gnnac_trainer *t, bool dropped)
{
    const struct features *f = &t->x.form;
    return dropped     ? t->x.dropped
           : f->sparse ? f->rows.value
                       : f->dense;
}

static inline struct dropout trainer_dropout(const gnnac_trainer *t,
                                             int32_t layer)
{
    return dropout_of(t->o.dropout, t->o.seed, t->n_steps, layer);
}

// What a step of the program reads and writes: `values`, and `x` where the
// features are dense.
struct cpu_run trainer_run(const gnnac_trainer *t, const float *x);
struct view trainer_grad(const gnnac_trainer *t, int32_t buffer);

// Checks the caller's arrays. GNNAC_EUSAGE, GNNAC_ENOMEM.
gnnac_status train_features_init(const gnnac_features *given,
                                 const struct gnnac_model *m, bool dropout,
                                 struct train_features *out, gnnac_error *err);
void train_features_finish(struct train_features *x);

// After `graph`. GNNAC_ENOMEM.
gnnac_status train_attention_init(gnnac_trainer *t, gnnac_error *err);
void train_attention_finish(struct train_attention *a);

// A step of kind STEP_ATTENTION or _V2; its gradients, and those of its scores'
// step, are added to what is there. grad_scores: of GATv2 that of its rows.
void train_attention_forward(const gnnac_trainer *t, const struct cpu_run *r,
                             const struct step *s);
void train_attention_backward(const gnnac_trainer *t, const struct cpu_run *r,
                              const struct step *s, struct const_view g,
                              struct view grad_x, struct view grad_scores);
void train_scores_backward(const gnnac_trainer *t, const struct cpu_run *r,
                           const struct step *s, struct const_view g,
                           struct view grad_x);

// Values of all buffers; with `training` dropout is applied.
void train_forward(gnnac_trainer *t, bool training);

// The mean loss over the nodes, and its gradient as the gradient of buffer 1.
double train_loss(gnnac_trainer *t, const int32_t *labels, const int32_t *nodes,
                  int64_t n);

// Gradients of all parameters, from that of buffer 1.
void train_backward(gnnac_trainer *t);

// One update, the n_steps-th: that has been counted already.
void train_update(gnnac_trainer *t);

#endif
