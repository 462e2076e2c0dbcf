#include "tune/bench_values.h"

#include <math.h>

#include "tune/oracle_edge.h"

void bench_make_ties(const struct kernel_spec *s, float *m, int64_t n,
                     int32_t pitch)
{
    float loses = s->smallest ? INFINITY : -INFINITY;
    bool ties = s->kind != STEP_EXTREME;
    for (int64_t i = 0; i < n * pitch; i++) {
        int64_t row = i / pitch, column = i % pitch;
        int64_t every = column % 8 == 6 ? 7 : 1021;
        bool may = column % 2 == 0;
        m[i] = may && row % every == 3   ? NAN
               : may && row % every == 5 ? -loses
               : row % 5 == 4            ? loses
               : ties                    ? roundf(m[i])
                                         : m[i];
    }
}

void bench_fill_kept(const struct kernel_spec *s, float *self, int64_t n)
{
    bool v2 = step_is_attention_v2(s->kind);
    bool both =
        s->kind == STEP_ATTENTION_GRAD || s->kind == STEP_ATTENTION_V2_GRAD;
    bool forward =
        s->kind == STEP_ATTENTION_KEEP || s->kind == STEP_ATTENTION_V2_KEEP;
    for (int64_t v = 0; v < n; v++)
        for (int32_t h = 0; h < s->heads; h++) {
            float *row = self + v * s->self_pitch + h;
            float *kept = row + oracle_kept_at(s, KEPT_TOP);
            kept[0] = forward ? NAN : 2 + fabsf(kept[0]);
            kept[s->heads] = forward ? NAN : 0.25f;
            if (!both)
                kept[2 * s->heads] = NAN;
            if (!v2)
                kept[3 * s->heads] = kept[4 * s->heads] = NAN;
        }
}

void bench_shrink_att(const struct kernel_spec *s, float *att)
{
    float by = 1 / sqrtf((float)s->channels);
    for (int32_t c = 0; c < s->dim; c++)
        att[c] *= by;
}
