#include "training/train_epochs.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/doubles.h"
#include "base/log.h"
#include "checked.h"
#include "train/trainer.h"
#include "training/train_score.h"

// ---- scores -----------------------------------------------------------------

static gnnac_status validate(struct session *s, struct score *out,
                             gnnac_error *err)
{
    gnnac_status st = gnnac_trainer_predict(s->trainer, s->y, err);
    if (st == GNNAC_OK)
        *out = score_of(&s->data, SPLIT_VAL, s->y, s->info.out_dim);
    return st;
}

static void log_epoch(const struct session *s, const struct outcome *o)
{
    if (isnan(o->last_val.metric))
        log_verbose("epoch %lld: loss %.4f", (long long)o->epochs, o->loss);
    else
        log_verbose("epoch %lld: loss %.4f, validation %.4f of %s, loss %.4f",
                    (long long)o->epochs, o->loss, o->last_val.metric,
                    metric_of(&s->data)->text, o->last_val.loss);
}

// ---- epochs -----------------------------------------------------------------

struct progress {
    double *seconds; // of each update of this run; owned
    int64_t n;
};

static gnnac_status one_epoch(struct session *s, struct progress *p,
                              struct outcome *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct node_list *part = &s->data.split[SPLIT_TRAIN];
    float loss;
    bool first = p->n == 0; // later ones take the same targets
    double begin = now_seconds();
    TRY(gnnac_trainer_step(s->trainer, first ? s->data.labels : NULL,
                           first ? part->nodes : NULL, first ? part->n : 0,
                           &loss, err));
    p->seconds[p->n++] = now_seconds() - begin;
    o->loss = (double)loss;
    o->epochs = gnnac_trainer_n_steps(s->trainer);
    if (!isfinite(loss))
        return FAIL(err, GNNAC_EWRONG,
                    "the loss of epoch %lld is %s: try a smaller --lr",
                    (long long)o->epochs,
                    isnan(loss) ? "not a number" : "infinite");
    TRY(validate(s, &o->last_val, err));
    if (watch_epoch(&o->watch, o->epochs, o->last_val))
        gnnac_trainer_keep(s->trainer);
    log_epoch(s, o);
out:
    return st;
}

static bool has_waited(const struct hyper *h, const struct outcome *o)
{
    return h->patience > 0 &&
           watch_waited(&o->watch, o->epochs) >= h->patience;
}

static gnnac_status all_epochs(struct session *s, struct progress *p,
                               struct outcome *o, gnnac_error *err)
{
    const struct hyper *h = &s->hyper;
    gnnac_status st = GNNAC_OK;
    o->stopped = has_waited(h, o); // before a resume
    while (st == GNNAC_OK && o->epochs < h->epochs && !o->stopped) {
        st = one_epoch(s, p, o, err);
        o->stopped = has_waited(h, o);
        log_progress("training", (size_t)o->epochs, (size_t)h->epochs);
    }
    log_end_progress();
    return st;
}

// A state that the C API wrote remembers weights alone.
static gnnac_status take_up_watch(struct session *s, const char *state,
                                  struct watch *w, gnnac_error *err)
{
    const char *note = s->trainer->note;
    return !note[0] || watch_read(w, note, gnnac_trainer_n_steps(s->trainer))
               ? GNNAC_OK
               : FAIL(err, GNNAC_EFORMAT, "%s: gnnac.note is damaged", state);
}

// The best epoch so far is measured anew: recall its weights, then load the
// state once more. Patience counts from that epoch, or a later one noted.
static gnnac_status take_up_best(struct session *s, const char *state,
                                 struct outcome *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct score best;
    if (gnnac_trainer_kept_step(s->trainer) < 0)
        return GNNAC_OK;
    TRY(gnnac_trainer_recall(s->trainer, err));
    TRY(validate(s, &best, err));
    watch_epoch(&o->watch, gnnac_trainer_kept_step(s->trainer), best);
    TRY(gnnac_trainer_load(s->trainer, state, err));
    TRY(take_up_watch(s, state, &o->watch, err));
out:
    return st;
}

// A stop by --patience before the break is no surprise: not a warning.
static void say_if_done(const struct hyper *h, const struct outcome *o,
                        const char *state)
{
    if (o->epochs >= h->epochs)
        log_warn("%s: nothing is left to do: of %lld epochs %lld are done",
                 state, (long long)h->epochs, (long long)o->epochs);
    else if (has_waited(h, o))
        log_info("%s: nothing is left to do: --patience was over", state);
}

static gnnac_status take_up(struct session *s, const char *state,
                            struct outcome *o, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    o->epochs = gnnac_trainer_n_steps(s->trainer);
    o->watch.last_rise = o->epochs;
    TRY(take_up_best(s, state, o, err));
    TRY(validate(s, &o->last_val, err));
    say_if_done(&s->hyper, o, state);
out:
    return st;
}

static gnnac_status save_state(struct session *s, const struct watch *w,
                               const char *path, gnnac_error *err)
{
    watch_write(w, s->trainer->note, sizeof(s->trainer->note));
    return gnnac_trainer_save(s->trainer, path, err);
}

static double median_ms(const struct progress *p)
{
    if (p->n == 0)
        return NAN;
    sort_doubles(p->seconds, (size_t)p->n);
    return 1e3 * (p->seconds[(p->n - 1) / 2] + p->seconds[p->n / 2]) / 2;
}

gnnac_status train_epochs(struct session *s, const char *resumed_from,
                          const char *state, struct outcome *out,
                          gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct progress p = {
        .seconds = alloc_array(s->hyper.epochs, sizeof(*p.seconds))};
    *out =
        (struct outcome){.loss = NAN, .watch = watch_begin(s->hyper.watch)};
    if (!p.seconds)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    if (resumed_from)
        TRY(take_up(s, resumed_from, out, err));
    TRY(all_epochs(s, &p, out, err));
    out->epoch_ms = median_ms(&p);
    if (state)
        TRY(save_state(s, &out->watch, state, err));
    if (!s->hyper.keep_last)
        TRY(gnnac_trainer_recall(s->trainer, err));
    TRY(gnnac_trainer_predict(s->trainer, s->y, err));
    out->test = score_of(&s->data, SPLIT_TEST, s->y, s->info.out_dim);
out:
    free(p.seconds);
    return st;
}
