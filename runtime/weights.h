// A model's parameters: where they come from.
#ifndef GNNAC_WEIGHTS_H
#define GNNAC_WEIGHTS_H

#include "fail.h"
#include "bundle/program.h"
#include "bundle/safetensors.h"

static inline int64_t param_elems(const struct param *p)
{
    return (int64_t)p->rows * p->cols;
}

// Arrays for every parameter, zeroed; params[i] has rows * cols floats. Free
// with params_finish.
gnnac_status params_alloc(const struct program *p, float *params[MAX_PARAMS],
                          gnnac_error *err);
void params_finish(float *params[MAX_PARAMS]);
void params_copy(const struct program *p, float *const from[MAX_PARAMS],
                 float *const to[MAX_PARAMS]);

// Glorot-uniform matrices, zero biases, epsilon as the layer says.
void params_init(const struct program *p, uint64_t seed,
                 float *params[MAX_PARAMS]);

// From a safetensors file. Names may be PyTorch Geometric's or one of the
// spellings in weights.c. A tensor that is no parameter is an error: the file
// is then of another model. GNNAC_EIO, GNNAC_EFORMAT, GNNAC_ENOENT.
gnnac_status params_load(const struct program *p, const char *path,
                         float *params[MAX_PARAMS], gnnac_error *err);

// Tensors PREFIX + name of an open file, each with its exact name; what else is
// in the file does not matter. GNNAC_EFORMAT, GNNAC_ENOENT.
gnnac_status params_read(const struct program *p,
                         const struct safetensors *file, const char *prefix,
                         const char *path, float *params[MAX_PARAMS],
                         gnnac_error *err);

#endif
