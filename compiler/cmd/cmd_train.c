// gnnac train BUNDLE|GRAPH: weights from labelled nodes.
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/requests.h"
#include "train/trainer.h"
#include "training/train_epochs.h"
#include "training/train_score.h"
#include "training/train_session.h"

static gnnac_status print_json(const struct session *s, const struct options *o,
                               const struct outcome *r, gnnac_error *err)
{
    const struct metric *m = metric_of(&s->data);
    return print_json_line(
        json_pack(
            "{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:b, s:s, "
            "s:I, s:I, s:I, s:s, s:s}",
            "model", s->info.model, "loss", s->data.many ? "bce" : "nll",
            "device", gnnac_context_device(s->ctx), "seed",
            (json_int_t)o->seed, "epochs", (json_int_t)r->epochs, "best_epoch",
            (json_int_t)r->watch.best_epoch, m->test, real_json(r->test.metric),
            m->best_val, real_json(r->watch.best.metric), m->last_val,
            real_json(r->last_val.metric), "train_loss", real_json(r->loss),
            "epoch_ms_median", real_json(r->epoch_ms), "stopped_early",
            (int)r->stopped, "kept", s->hyper.keep_last ? "last" : "best",
            "n_train", (json_int_t)s->data.split[SPLIT_TRAIN].n, "n_val",
            (json_int_t)s->data.split[SPLIT_VAL].n, "n_test",
            (json_int_t)s->data.split[SPLIT_TEST].n, "features",
            s->trainer->sparse_x ? "sparse" : "dense", "math",
            math_used(s->trainer->m)),
        err);
}

// Of no nodes there is none.
static void print_scores(const struct session *s, const struct outcome *r)
{
    const char *name = metric_of(&s->data)->text;
    if (!isnan(r->watch.best.metric))
        printf("validation %s %.4f, best %.4f in epoch %lld\n", name,
               r->last_val.metric, r->watch.best.metric,
               (long long)r->watch.best_epoch);
    if (!isnan(r->test.metric))
        printf("test %s %.4f, of the %s weights\n", name, r->test.metric,
               s->hyper.keep_last ? "last" : "best");
}

static void print_text(const struct session *s, const struct outcome *r)
{
    printf("%s on %s: %lld epochs%s", s->info.model,
           gnnac_context_device(s->ctx), (long long)r->epochs,
           r->stopped ? ", stopped early" : "");
    if (!isnan(r->epoch_ms))
        printf(", %.3f ms each (median, without validation)", r->epoch_ms);
    putchar('\n');
    print_scores(s, r);
}

gnnac_status cmd_train(const struct options *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct session s = {0};
    struct outcome r;

    TRY(session_open(&s, o, err));
    TRY(train_epochs(&s, o->resume, o->state, &r, err));
    if (o->output)
        TRY(gnnac_model_save_weights(s.model, o->output, err));
    if (o->json)
        TRY(print_json(&s, o, &r, err));
    else if (!o->quiet)
        print_text(&s, &r);

out:
    session_finish(&s);
    return st;
}
