// gnnac: load a kernel bundle and run the graph neural network inside it.
//
// Life cycle:  context -> bundle -> model -> weights -> forward.
//
//     gnnac_context *ctx;  gnnac_bundle *bundle;  gnnac_model *model;
//     gnnac_context_create(NULL, &ctx, &err);
//     gnnac_bundle_open("cora.gin.gnnb", &bundle, &err);
//     gnnac_model_create(ctx, bundle, &model, &err);
//     gnnac_model_init_weights(model, 1, &err);
//     gnnac_model_run(model, x, y, &err);            // host arrays
//
// Rules that hold everywhere:
// - Matrices are float32, row-major, packed: row v is node v in the order of
//   the input graph file.
// - Every call that can fail returns a gnnac_status and takes a caller-owned
//   gnnac_error last; NULL is allowed. On failure outputs are not touched.
// - Destroy and close functions return nothing and accept NULL.
// - The library never prints, exits, aborts or changes the caller's current
//   CUDA context beyond the call.
// - Strings are UTF-8; a returned pointer belongs to the object it came from.
#ifndef GNNAC_GNNAC_H
#define GNNAC_GNNAC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(GNNAC_BUILDING)
#define GNNAC_API __attribute__((visibility("default")))
#else
#define GNNAC_API
#endif

#define GNNAC_VERSION "0.1.0"

typedef enum gnnac_status {
    GNNAC_OK = 0,
    GNNAC_EUSAGE,       // the caller's arguments make no sense
    GNNAC_EIO,          // a file cannot be read or written
    GNNAC_EFORMAT,      // a file's content is damaged, unsafe or inconsistent
    GNNAC_ENOMEM,       // out of host or device memory
    GNNAC_ENOENT,       // a named thing does not exist
    GNNAC_EUNSUPPORTED, // valid, but not implemented or not possible here
    GNNAC_ENODEVICE,    // no such GPU, or no driver
    GNNAC_EDRIVER,      // a CUDA or cuBLAS call was refused
    GNNAC_ECOMPILE,     // a kernel does not compile
    GNNAC_EWRONG,       // a result is outside its error bound
    GNNAC_ENOISY,       // a measurement is too noisy to use
    GNNAC_EDB,          // the tuning database cannot be used
    GNNAC_EINTERNAL     // a bug in gnnac
} gnnac_status;

// One line of text for people: `file:line: what is wrong`. Zero it (or let the
// first call do so) before use; the message of the first failure is kept.
typedef struct gnnac_error {
    char msg[1024];
} gnnac_error;

// A constant English name of `st`, e.g. "bad input". Never NULL.
GNNAC_API const char *gnnac_status_string(gnnac_status st);

// ---- contexts ---------------------------------------------------------------

// A device and what is shared by everything on it. Thread-safety: safe to
// share; each model is used by one thread at a time.
typedef struct gnnac_context gnnac_context;

// Zero-initialise, set struct_size = sizeof(gnnac_context_options).
typedef struct gnnac_context_options {
    size_t struct_size;
    const char *device; // "auto" (NULL): a GPU if there is one, else the CPU;
                        // "cpu"; "cuda:N"
    int32_t n_threads;  // CPU backend; 0: as many as OpenMP gives
    int32_t reserved;   // must be 0
} gnnac_context_options;

// `options` may be NULL for all defaults. Errors: GNNAC_EUSAGE,
// GNNAC_ENODEVICE (asked for a GPU that is not there), GNNAC_EDRIVER.
GNNAC_API gnnac_status
gnnac_context_create(const gnnac_context_options *options, gnnac_context **out,
                     gnnac_error *err);
GNNAC_API void gnnac_context_destroy(gnnac_context *ctx);

// "cpu" or "cuda:0 (NVIDIA H200)".
GNNAC_API const char *gnnac_context_device(const gnnac_context *ctx);
// 1 on a GPU, 0 on the CPU.
GNNAC_API int gnnac_context_is_cuda(const gnnac_context *ctx);

// ---- bundles ----------------------------------------------------------------

// One loaded bundle file, wholly validated. Thread-safety: safe to share once
// opened. A bundle holds native GPU code: open only files you trust.
typedef struct gnnac_bundle gnnac_bundle;

typedef struct gnnac_bundle_info {
    int64_t n_nodes, n_edges; // of the graph the bundle was compiled for
    int64_t in_dim, out_dim;  // columns of the features and of the output
    int32_t n_layers;         // 0, as the widths: it holds operators alone
    const char *model;       // that of --model, or "operators"
    const char *fingerprint; // 32 hex digits of the canonical graph
    const char *manifest;    // the JSON text of the manifest
} gnnac_bundle_info;

// Needs no GPU. Errors: GNNAC_EIO, GNNAC_EFORMAT, GNNAC_EUNSUPPORTED (made by
// a newer gnnac; the message names the missing feature), GNNAC_ENOMEM.
GNNAC_API gnnac_status gnnac_bundle_open(const char *path, gnnac_bundle **out,
                                         gnnac_error *err);
// The bytes are copied; the caller may free them on return.
GNNAC_API gnnac_status gnnac_bundle_open_memory(const void *data,
                                                size_t n_bytes,
                                                gnnac_bundle **out,
                                                gnnac_error *err);
GNNAC_API void gnnac_bundle_close(gnnac_bundle *bundle);
GNNAC_API void gnnac_bundle_get_info(const gnnac_bundle *bundle,
                                     gnnac_bundle_info *info);

// ---- models -----------------------------------------------------------------

// A bundle's network on a context's device, with its weights. Keeps what it
// needs of the bundle and the context; both must outlive it.
typedef struct gnnac_model gnnac_model;

// Loads graph and kernels onto the device. On a GPU tries, in this order, the
// cubin, then the PTX. Errors: GNNAC_ENOMEM, GNNAC_EDRIVER, GNNAC_EUNSUPPORTED
// (no kernel image for this GPU), GNNAC_EUSAGE (the bundle holds operators, not
// a model).
GNNAC_API gnnac_status gnnac_model_create(gnnac_context *ctx,
                                          const gnnac_bundle *bundle,
                                          gnnac_model **out, gnnac_error *err);
GNNAC_API void gnnac_model_destroy(gnnac_model *model);

// Where the kernels came from: "cpu", "cubin" or "ptx".
GNNAC_API const char *gnnac_model_load_level(const gnnac_model *model);

// Weights from a safetensors file with PyTorch Geometric's parameter names
// (convs.0.lin.weight ...), float32. Every parameter must be there with its
// exact shape. Errors: GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOENT (names the
// parameter).
GNNAC_API gnnac_status gnnac_model_load_weights(gnnac_model *model,
                                                const char *path,
                                                gnnac_error *err);
// Glorot-uniform matrices, zero biases; the same on every machine.
GNNAC_API gnnac_status gnnac_model_init_weights(gnnac_model *model,
                                                uint64_t seed,
                                                gnnac_error *err);

// The parameters in their present state, in the form that
// gnnac_model_load_weights reads. Written beside and renamed. GNNAC_EIO,
// GNNAC_EUSAGE (no weights yet), GNNAC_ENOMEM.
GNNAC_API gnnac_status gnnac_model_save_weights(const gnnac_model *model,
                                                const char *path,
                                                gnnac_error *err);

// What cuBLAS may round the operands of a float32 product to; sums are float32
// all the same. The CPU and kernels of a bundle take no notice: they stay as
// accurate as float32. But kernels for tensor cores that came as PTX leave
// their products to cuBLAS.
typedef enum gnnac_math {
    GNNAC_MATH_F32,
    GNNAC_MATH_TF32, // 11 significant bits, float32's range
    GNNAC_MATH_BF16, // 8 of them
    GNNAC_MATH_F16   // 11, of multiples of 2^-24: what is below 2^-25, as small
                     // gradients are, is 0; what is beyond 65504 is infinite
} gnnac_math;

// For all inferences and trainers to come; the default is GNNAC_MATH_F32. Error
// bounds follow. A CUDA graph keeps the math of its capture: capture it again.
// GNNAC_EUSAGE (no such math, or the model has a trainer), GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_model_set_math(gnnac_model *model, gnnac_math math,
                                            gnnac_error *err);

// Opaque here; the same type as CUDA's CUstream and cudaStream_t.
typedef struct CUstream_st *gnnac_stream;

// Bytes of scratch memory that gnnac_model_forward needs (device memory on a
// GPU), a constant of the model.
GNNAC_API size_t gnnac_model_workspace_size(const gnnac_model *model);

// One inference. On a GPU `x` [n_nodes, in_dim], `y` [n_nodes, out_dim] and
// `workspace` are device pointers, aligned to 16 bytes, and the work is queued
// on `stream`: no allocation, no synchronisation, legal under stream capture.
// On the CPU they are host pointers and the call returns when done.
// Inferences that may run at once on a GPU need a workspace each, of which 32
// MiB are cuBLAS's where it computes products. A kernel for the whole model
// serves the first 64 workspaces, by address; with others the steps are run.
// Errors: GNNAC_EUSAGE (no weights yet, workspace too small, misaligned),
// GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_model_forward(gnnac_model *model, const float *x,
                                           float *y, void *workspace,
                                           size_t workspace_bytes,
                                           gnnac_stream stream,
                                           gnnac_error *err);

// On either device with host arrays that lie apart: allocates, copies, waits.
GNNAC_API gnnac_status gnnac_model_run(gnnac_model *model, const float *x,
                                       float *y, gnnac_error *err);

// The same network in float64 on the CPU, layer by layer as its definition
// says (no fusing, no re-association). `y` [n_nodes, out_dim] receives values;
// `bound` (may be NULL) the absolute error that a correct float32 result may
// have, element by element: C (B + D), C = 4, where B = u (terms + 4)
// sum|w x| is the worst case of the last layer's own roundings, u = 2^-24, and
// D the deviation of its input's effect when earlier layers err by their B.
GNNAC_API gnnac_status gnnac_model_reference(gnnac_model *model, const float *x,
                                             double *y, double *bound,
                                             gnnac_error *err);

// ---- features ---------------------------------------------------------------

// In which form the first products read features. By sparse rows these, dropout
// and weights' gradients touch the entries alone; results agree within
// rounding, what is dropped included. Where another step reads them, as where
// the first layer aggregates before it transforms, and where the product is
// stored in 16 bits, they are dense.
typedef enum gnnac_form {
    GNNAC_FORM_AUTO, // the one that moves fewer bytes
    GNNAC_FORM_DENSE,
    GNNAC_FORM_SPARSE
} gnnac_form;

// A matrix [n_nodes, in_dim], rows in the input's node order: dense, or by
// sparse rows (CSR) where `dense` is NULL; entries that stand twice add up. Set
// struct_size.
typedef struct gnnac_features {
    size_t struct_size;
    const float *dense;
    const int64_t *rowptr; // [n_nodes + 1], from 0
    const int32_t *colidx; // [rowptr[n_nodes]]
    const float *values;   // [rowptr[n_nodes]]
    gnnac_form form;       // whichever way they are given
} gnnac_features;

// Features on a model's device, made once for any number of inferences: the way
// to infer from a matrix of mostly zeros. Thread-safety: one thread at a time
// for a model and all its inputs, in making and destroying them, too.
typedef struct gnnac_input gnnac_input;

// Allocates, copies, waits. The model and the arrays of `x`, host memory, must
// outlive the input, and the arrays stay as they are. On a GPU reading by
// sparse rows takes a bundle of gnnac compile --sparse: of others
// GNNAC_FORM_AUTO is dense, GNNAC_FORM_SPARSE is GNNAC_EUNSUPPORTED. Errors:
// GNNAC_EUSAGE (features out of range), GNNAC_EFORMAT (a kernel's image is
// damaged), GNNAC_ENOMEM, GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_input_create(gnnac_model *model,
                                          const gnnac_features *x,
                                          gnnac_input **out, gnnac_error *err);
GNNAC_API void gnnac_input_destroy(gnnac_input *input);

// 1 where they are read by sparse rows, else 0.
GNNAC_API int gnnac_input_is_sparse(const gnnac_input *input);

// As the model's functions of these names, but the workspace, whose size is a
// constant of the input; y and workspace may not overlap the features, either.
// The bounds are of entries that stand twice added up.
GNNAC_API size_t gnnac_input_workspace_size(const gnnac_input *input);
GNNAC_API gnnac_status gnnac_input_forward(const gnnac_input *input, float *y,
                                           void *workspace,
                                           size_t workspace_bytes,
                                           gnnac_stream stream,
                                           gnnac_error *err);
GNNAC_API gnnac_status gnnac_input_run(const gnnac_input *input, float *y,
                                       gnnac_error *err);
GNNAC_API gnnac_status gnnac_input_reference(const gnnac_input *input,
                                             double *y, double *bound,
                                             gnnac_error *err);

// ---- training ---------------------------------------------------------------

// Teaches a model: full-batch steps of forward, loss, backward, optimiser. It
// changes the model's weights in place, so the model runs with what was learnt
// at any time. On the CPU the same seed gives the same bits at any number of
// threads. On a GPU a step is one CUDA graph, launched on a stream of the
// trainer's own; it repeats bit by bit there, and agrees with the CPU's within
// rounding, dropout included. A model has at most one. Thread-safety: as the
// model's.
typedef struct gnnac_trainer gnnac_trainer;

typedef enum gnnac_optimizer {
    GNNAC_ADAM,  // Kingma and Ba 2015; weight decay is part of the gradient
    GNNAC_ADAMW, // Loshchilov and Hutter 2019; weight decay is apart
    GNNAC_SGD    // with momentum
} gnnac_optimizer;

typedef enum gnnac_loss {
    GNNAC_CROSS_ENTROPY, // one class a node: the negative log-likelihood
    GNNAC_BCE // any number of classes a node, of logits: binary cross-entropy
} gnnac_loss;

// Zero-initialise, set struct_size = sizeof(gnnac_train_options).
typedef struct gnnac_train_options {
    size_t struct_size;
    gnnac_optimizer optimizer;
    int32_t decay_layers; // weight decay is for the first so many; 0: for all
    int32_t learn_eps;    // 1: GIN's epsilon is learnt, too
    float lr;             // 0: 0.01
    float weight_decay;
    float dropout;  // share of every layer's input, from 0 to below 1
    float momentum; // GNNAC_SGD
    float beta1, beta2, epsilon; // Adam; 0: 0.9, 0.999, 1e-8
    uint64_t seed;               // of dropout
    float attention_dropout;     // share of attention's coefficients, after the
                                 // softmax, from 0 to below 1
    gnnac_loss loss;
} gnnac_train_options;

// `options` may be NULL for all defaults. Allocates all that steps need. The
// model and the arrays of `x`, host memory, must outlive the trainer and stay
// as they are. Errors:
// GNNAC_EUSAGE (no weights yet, a trainer already, options or features out of
// range), GNNAC_ENOMEM, GNNAC_EUNSUPPORTED (a network that cannot be trained;
// GNNAC_BCE of one that ends in log-softmax (gnnac compile --logits makes one
// that does not); on a GPU, a bundle without kernels for training: gnnac
// compile --train), GNNAC_EDRIVER.
GNNAC_API gnnac_status
gnnac_trainer_create(gnnac_model *model, const gnnac_features *x,
                     const gnnac_train_options *options, gnnac_trainer **out,
                     gnnac_error *err);
GNNAC_API void gnnac_trainer_destroy(gnnac_trainer *trainer);

// One update. The loss is the mean over nodes[0 .. n-1] of the negative
// log-likelihood of labels[node], `labels` [n_nodes], a column of the output
// each; of a network without log-softmax, the cross-entropy. By GNNAC_BCE
// `labels` is [n_nodes, out_dim] of 0 and 1, and the loss the mean over these
// nodes and all columns, as of PyTorch's BCEWithLogitsLoss. `labels` and
// `nodes` NULL, n 0: those of the step before, which are still there as they
// were; on a GPU, which has copies, that spares comparing all labels. `loss`
// (may be NULL) receives it as it was before the update. Allocates nothing. On
// a GPU a step without `loss` returns when it is queued; whatever reads the
// weights or the output later waits for it. Errors: GNNAC_EUSAGE (a node or a
// label that is none; nothing has changed then), GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_trainer_step(gnnac_trainer *trainer,
                                          const int32_t *labels,
                                          const int32_t *nodes, int64_t n,
                                          float *loss, gnnac_error *err);

// The network's output, without dropout, for the trainer's features: `y`
// [n_nodes, out_dim]. Allocates nothing.
GNNAC_API gnnac_status gnnac_trainer_predict(gnnac_trainer *trainer, float *y,
                                             gnnac_error *err);

// Updates so far, those before a load included.
GNNAC_API int64_t gnnac_trainer_n_steps(const gnnac_trainer *trainer);

// Remember the present weights (in place of those remembered before; where a
// GPU fails, kept_step stays as it was); make the
// remembered ones the present ones. GNNAC_EUSAGE when there are none.
// `kept_step` says after which step they were remembered, or -1.
GNNAC_API void gnnac_trainer_keep(gnnac_trainer *trainer);
GNNAC_API gnnac_status gnnac_trainer_recall(gnnac_trainer *trainer,
                                            gnnac_error *err);
GNNAC_API int64_t gnnac_trainer_kept_step(const gnnac_trainer *trainer);

// Everything that the next step depends on, and the remembered weights, as a
// safetensors file: steps after a load give the bits that they would have given
// without. Of the options it has optimizer and loss, which must be the
// trainer's. GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOENT, GNNAC_ENOMEM; a load that
// fails changes nothing.
GNNAC_API gnnac_status gnnac_trainer_save(const gnnac_trainer *trainer,
                                          const char *path, gnnac_error *err);
GNNAC_API gnnac_status gnnac_trainer_load(gnnac_trainer *trainer,
                                          const char *path, gnnac_error *err);

// ---- operators --------------------------------------------------------------

// For those who bring their own model: sums over neighbours and the like on a
// graph, each as a plan that is made once and executed often. On a GPU kernels
// come from a bundle (gnnac compile GRAPH --ops sum:64,gcn:16), of GNNAC_SUM,
// GNNAC_MEAN and GNNAC_GCN without weights.

// A graph in a context. Thread-safety: safe to share once created.
typedef struct gnnac_graph gnnac_graph;

// Edges as CSR by destinations, or as two lists where `rowptr` is NULL. They
// may be directed, duplicate, and self loops; their order is the callers' order
// of everything that is given by edge. Set struct_size.
typedef struct gnnac_edges {
    size_t struct_size;
    int64_t n_nodes, n_edges; // n_nodes <= 2^31 - 1
    const int64_t *rowptr;    // [n_nodes + 1], from 0 to n_edges
    const int32_t *colidx;    // [n_edges] sources; row v holds v's in-edges
    const int64_t *src, *dst; // [n_edges]; edge e leads from src[e] to dst[e]
    int32_t drop_self_loops;  // 1: as if those given had no part in it; what
                              // is read by edge is not read there, what is
                              // written by edge is 0
    int32_t reserved;         // must be 0
} gnnac_edges;

// The arrays are copied. The context must outlive the graph. Errors:
// GNNAC_EUSAGE (names the first edge that is wrong), GNNAC_ENOMEM.
GNNAC_API gnnac_status gnnac_graph_create(gnnac_context *ctx,
                                          const gnnac_edges *edges,
                                          gnnac_graph **out, gnnac_error *err);
GNNAC_API void gnnac_graph_destroy(gnnac_graph *graph);

// n nodes, E edges as given, d = dim, h = heads. u ranges over the sources of
// v's in-edges, once per edge; deg(v) is their number.
typedef enum gnnac_op {
    // out [n, d]: what `reduce` makes of the x[u] of row v, x [n, d].
    GNNAC_AGGREGATE,
    // out [E, h]: for edge (u, v) and head k the dot product of x[v] and y[u]
    // over columns k d/h .. (k + 1) d/h; x, y [n, d].
    GNNAC_SDDMM,
    // out [n, d]: sum of a x[u] over u, and v itself, for each head's columns;
    // a is the softmax over them of LeakyReLU(y[u][k] + y[v][h + k]), slope
    // 0.2 (Velickovic et al. 2018); x [n, d], y [n, 2h]. The graph must be
    // without self loops.
    GNNAC_ATTENTION
} gnnac_op;

// With weights w [E] the x[u] of GNNAC_SUM and GNNAC_MEAN are w x[u].
typedef enum gnnac_reduce {
    GNNAC_SUM,
    GNNAC_MEAN, // the sum divided by max(1, deg(v))
    GNNAC_GCN,  // D^-1/2 (A + I) D^-1/2 x, D = deg + 1 (Kipf and Welling 2017);
                // the graph must be without self loops
    GNNAC_MAX,  // 0 where deg(v) is 0; ties share a gradient evenly
    GNNAC_MIN
} gnnac_reduce;

// Zero-initialise, set struct_size = sizeof(gnnac_plan_options).
typedef struct gnnac_plan_options {
    size_t struct_size;
    gnnac_op op;
    gnnac_reduce reduce; // GNNAC_AGGREGATE
    int32_t dim;         // columns of x, at least 1
    int32_t heads;       // divides dim; 0: 1. Not for GNNAC_AGGREGATE
    int32_t weighted;    // 1: edges have weights. GNNAC_AGGREGATE alone
    int32_t backward;    // 1: gnnac_plan_backward will be called
    const gnnac_bundle *kernels; // on a GPU: whose kernels to run. They are
                                 // right on any graph and were chosen for the
                                 // bundle's
} gnnac_plan_options;

// An operator on a graph, and all that executing it needs but scratch memory.
// Thread-safety: safe to share; calls at the same time need a workspace each.
typedef struct gnnac_plan gnnac_plan;

// The graph and the kernels' bundle must outlive the plan. `backward` makes the
// graph's transposed form once for all plans. Errors: GNNAC_EUSAGE (names the
// option), GNNAC_ENOMEM; on a GPU also GNNAC_ENOENT (the bundle has no kernels
// for these options; names what to compile), GNNAC_EUNSUPPORTED (there are none
// for this GPU or so large a graph), GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_plan_create(gnnac_graph *graph,
                                         const gnnac_plan_options *options,
                                         gnnac_plan **out, gnnac_error *err);
GNNAC_API void gnnac_plan_destroy(gnnac_plan *plan);

// Bytes of scratch memory that executing needs, a constant of the plan.
GNNAC_API size_t gnnac_plan_workspace_size(const gnnac_plan *plan);

// What an operator reads, in the shapes above: float32, packed; NULL where it
// has no such operand. Set struct_size.
typedef struct gnnac_operands {
    size_t struct_size;
    const float *x, *y;
    const float *weight; // [E]
    // [n, 2h], of GNNAC_ATTENTION and a plan with backward: forward writes what
    // it finds of each row and head, in a form of its own; backward, given the
    // same, need not run forward again. NULL: not kept.
    float *kept;
} gnnac_operands;

// `out` receives the result. Allocates nothing. What is written may not overlap
// anything else. On the CPU pointers are aligned to 4 bytes, the workspace to
// 16, and the call returns when done; `stream` is not looked at. On a GPU they
// are device pointers, aligned to 16 bytes, and the work is queued on `stream`:
// no synchronisation, legal under stream capture. Errors: GNNAC_EUSAGE,
// GNNAC_EDRIVER.
GNNAC_API gnnac_status gnnac_plan_forward(const gnnac_plan *plan,
                                          const gnnac_operands *operands,
                                          float *out, void *workspace,
                                          size_t workspace_bytes,
                                          gnnac_stream stream,
                                          gnnac_error *err);

// Where gradients go: shapes of the operands; NULL: not wanted. They are
// overwritten, not added to. Set struct_size.
typedef struct gnnac_gradients {
    size_t struct_size;
    float *x, *y;
    float *weight;
} gnnac_gradients;

// From `out_grad`, the gradient of `out`, to those of the operands. `out` as
// forward left it is read for GNNAC_MAX and GNNAC_MIN, else may be NULL; so may
// operands that no wanted gradient depends on. Else as gnnac_plan_forward.
// Errors: GNNAC_EUSAGE (also of a plan without backward).
GNNAC_API gnnac_status gnnac_plan_backward(
    const gnnac_plan *plan, const gnnac_operands *operands, const float *out,
    const float *out_grad, const gnnac_gradients *grads, void *workspace,
    size_t workspace_bytes, gnnac_stream stream, gnnac_error *err);

#ifdef __cplusplus
}
#endif

#endif
