#include "bundle/whole_layout.h"

#include "checked.h"
#include "weights.h"

enum { PARAM_ALIGNMENT = 64, FIRST_BUFFER = 2 }; // 0 and 1 are the caller's

void param_layout_build(const struct program *p, struct param_layout *out)
{
    out->n_floats = 0;
    for (int32_t i = 0; i < p->n_params; i++) {
        out->offset[i] = out->n_floats;
        out->n_floats +=
            ceil_div(param_elems(&p->params[i]), PARAM_ALIGNMENT) *
            PARAM_ALIGNMENT;
    }
}

int64_t whole_buffer_at(const struct program *p, int32_t buffer)
{
    int64_t floats = 0;
    for (int32_t i = FIRST_BUFFER; i < buffer; i++)
        floats += ceil_div(p->buffers[i].pitch, 4) * 4;
    return floats;
}
