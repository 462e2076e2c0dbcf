#include "cpu/cpu_grad.h"
#include "train/trainer.h"

static void drop_features(gnnac_trainer *t)
{
    const struct manifest *m = t->m->bundle->manifest;
    int32_t dim = m->program.buffers[0].dim;
    const float *dense = t->x.form.dense;
    struct dropout d = trainer_dropout(t, 0);
    int n_threads = cpu_threads(t->m);
    if (t->x.form.sparse)
        cpu_dropout_entries(&t->x.form.rows, dim, d, t->x.dropped, n_threads);
    else
        cpu_dropout_rows(m->n_nodes, (struct const_view){dense, dim, dim}, d,
                         (struct view){t->x.dropped, dim, dim}, n_threads);
}

void train_forward(gnnac_trainer *t, bool training)
{
    const struct program *p = trained_program(t);
    bool drops = training && t->x.dropped;
    const float *x = trainer_x(t, drops);
    if (drops)
        drop_features(t);
    struct cpu_run r = trainer_run(t, x);
    struct sparse_rows rows = t->x.form.rows;
    rows.value = x;
    for (int32_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];
        struct view out = cpu_output(&r, s->out);
        if (t->x.form.sparse && s->x == 0)
            cpu_run_sparse_product(&r, s, &rows, t->scratch);
        else if (training && (s->kind == STEP_ATTENTION ||
                              s->kind == STEP_ATTENTION_V2))
            train_attention_forward(t, &r, s);
        else
            cpu_run_step(&r, s);
        if (drops && t->plan.drop_after[i])
            cpu_dropout_rows(t->m->bundle->manifest->n_nodes, as_const(out),
                             trainer_dropout(t, s->layer + 1), out,
                             cpu_threads(t->m));
    }
}
