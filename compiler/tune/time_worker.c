#include "tune/time_worker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "base/log.h"
#include "base/worker.h"
#include "checked.h"
#include "tune/stand.h"

enum request { OPEN, ENTER, WARM, SAMPLE };

// ---- the worker's side ------------------------------------------------------

static void put_status(struct message *out, gnnac_status st,
                       const gnnac_error *e)
{
    message_put_int(out, st);
    message_put_text(out, e->msg);
}

static void *copy_bytes(struct message *in, size_t wanted)
{
    size_t n;
    const void *bytes = message_get_bytes(in, &n);
    void *copy = bytes && n == wanted ? malloc(n + 1) : NULL;
    if (copy)
        memcpy(copy, bytes, n);
    return copy;
}

static gnnac_status take_graph(struct time_worker *t, struct message *in,
                               gnnac_error *err)
{
    struct csr *g = &t->graph;
    size_t n;
    const void *spec = message_get_bytes(in, &n);
    if (n == sizeof(t->spec))
        memcpy(&t->spec, spec, n);
    g->n_nodes = message_get_int(in);
    g->n_edges = message_get_int(in);
    g->rowptr = copy_bytes(in, (size_t)(g->n_nodes + 1) * sizeof(*g->rowptr));
    g->colidx = copy_bytes(in, (size_t)g->n_edges * sizeof(*g->colidx));
    return !in->bad && g->rowptr && g->colidx
               ? GNNAC_OK
               : FAIL(err, GNNAC_ENOMEM, "out of memory for the graph");
}

static void answer_open(struct time_worker *t, struct message *in,
                        struct message *out)
{
    char name[128];
    gnnac_error e = {{0}};
    int ordinal = (int)message_get_int(in);
    gnnac_status st = take_graph(t, in, &e);
    if (st == GNNAC_OK)
        st = cuda_context_create(ordinal, &t->cuda, name, sizeof(name), &e);
    if (st == GNNAC_OK)
        st = stand_open(t->cuda, &t->graph, &t->spec, &t->stand, &e);
    put_status(out, st, &e);
}

static struct variant *take_variant(struct message *in)
{
    size_t n_kernel, n_image;
    struct variant *v = calloc(1, sizeof(*v));
    const void *kernel = message_get_bytes(in, &n_kernel);
    const void *image = message_get_bytes(in, &n_image);
    if (!v || n_kernel != sizeof(v->kernel) || !image) {
        free(v);
        return NULL;
    }
    memcpy(&v->kernel, kernel, n_kernel);
    v->status = "ok";
    v->max_error = NAN;
    v->images[0].image = malloc(n_image + 1);
    if (v->images[0].image)
        memcpy(v->images[0].image, image, n_image);
    v->images[0].n_bytes = v->images[0].image ? n_image : 0;
    return v;
}

static void forget(struct variant *v)
{
    if (v)
        variant_finish(v);
    free(v);
}

// False when the context may be lost.
static bool answer_enter(struct time_worker *t, struct message *in,
                         struct message *out)
{
    bool trusted = message_get_int(in) != 0;
    struct variant *v = take_variant(in);
    struct variant **grown =
        v ? realloc(t->variants, (t->n + 1) * sizeof(struct variant *)) : NULL;
    if (grown)
        t->variants = grown;
    bool entered = grown && t->stand && stand_enter(t->stand, v, trusted);
    bool sane = v && strcmp(v->status, "launch_error") != 0;
    message_put_int(out, entered);
    message_put_text(out, v ? v->status : "launch_error");
    message_put_text(out, v ? v->reason : "out of memory");
    message_put_real(out, v ? v->max_error : NAN);
    if (entered)
        t->variants[t->n++] = v;
    else
        forget(v);
    return sane;
}

static bool answer_time(struct time_worker *t, enum request what, size_t i,
                        struct message *out)
{
    gnnac_error e = {{0}};
    double ns = 0;
    gnnac_status st = GNNAC_EINTERNAL;
    if (t->stand && what == WARM)
        st = stand_warm(t->stand, &e);
    else if (t->stand && i < t->n)
        st = stand_sample(t->stand, i, &ns, &e);
    put_status(out, st, &e);
    message_put_real(out, ns);
    return st == GNNAC_OK;
}

bool time_worker_answer(void *context, struct message *in, struct message *out)
{
    struct time_worker *t = context;
    enum request what = (enum request)message_get_int(in);
    if (what == OPEN) {
        answer_open(t, in, out);
        return t->stand != NULL;
    }
    if (what == ENTER)
        return answer_enter(t, in, out);
    return answer_time(t, what, (size_t)message_get_int(in), out);
}

void time_worker_finish(struct time_worker *t)
{
    stand_close(t->stand);
    cuda_context_destroy(t->cuda);
    for (size_t i = 0; i < t->n; i++)
        forget(t->variants[i]);
    free(t->variants);
    csr_finish(&t->graph);
}

// ---- the owner's side -------------------------------------------------------

struct entrant {
    struct variant *v;
    int64_t number; // in the worker at hand; -1: not loaded there
};

struct far_stand {
    struct far_stand_request rq;
    struct worker w;
    int64_t n_loaded;
    struct message m;
    size_t n;
    struct entrant *entrants; // owned
};

void far_stand_renew(struct far_stand *s)
{
    worker_stop(&s->w);
    s->n_loaded = 0;
    for (size_t i = 0; i < s->n; i++)
        s->entrants[i].number = -1;
}

static void begin(struct far_stand *s, enum request what)
{
    s->m.n = 0;
    s->m.bad = false;
    message_put_int(&s->m, what);
}

static gnnac_status call(struct far_stand *s, double seconds, gnnac_error *err)
{
    gnnac_status st = worker_send(&s->w, &s->m, seconds, err);
    return st == GNNAC_OK ? worker_receive(&s->w, seconds, &s->m, err) : st;
}

static gnnac_status get_status(struct far_stand *s, gnnac_error *err)
{
    gnnac_status st = (gnnac_status)message_get_int(&s->m);
    const char *msg = message_get_text(&s->m);
    return st == GNNAC_OK ? st : FAIL(err, st, "%s", msg);
}

static void put_graph(struct far_stand *s)
{
    const struct csr *g = s->rq.graph;
    message_put_int(&s->m, s->rq.ordinal);
    message_put_bytes(&s->m, s->rq.spec, sizeof(*s->rq.spec));
    message_put_int(&s->m, g->n_nodes);
    message_put_int(&s->m, g->n_edges);
    message_put_bytes(&s->m, g->rowptr,
                      (size_t)(g->n_nodes + 1) * sizeof(*g->rowptr));
    message_put_bytes(&s->m, g->colidx,
                      (size_t)g->n_edges * sizeof(*g->colidx));
}

// A worker with an open stand.
static gnnac_status ensure_worker(struct far_stand *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    if (s->w.pid)
        return GNNAC_OK;
    TRY(worker_start(s->rq.program, "time", &s->w, err));
    begin(s, OPEN);
    put_graph(s);
    TRY(call(s, s->rq.gate_seconds, err));
    TRY(get_status(s, err));
out:
    if (st != GNNAC_OK)
        far_stand_renew(s);
    return st;
}

gnnac_status far_stand_open(const struct far_stand_request *rq,
                            struct far_stand **out, gnnac_error *err)
{
    struct far_stand *s = calloc(1, sizeof(*s));
    if (!s)
        return FAIL(err, GNNAC_ENOMEM, "out of memory");
    s->rq = *rq;
    gnnac_status st = ensure_worker(s, err);
    if (st == GNNAC_OK)
        *out = s;
    else
        far_stand_close(s);
    return st;
}

void far_stand_close(struct far_stand *s)
{
    if (!s)
        return;
    far_stand_renew(s);
    message_finish(&s->m);
    free(s->entrants);
    free(s);
}

static void put_out(struct far_stand *s, struct variant *v, const char *why)
{
    snprintf(v->reason, sizeof(v->reason), "%.200s: %.300s", v->kernel.name,
             why);
    v->status = "launch_error";
    far_stand_renew(s);
}

static const char *status_word(const char *word)
{
    static const char *const words[] = {"ok", "wrong_result"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i]) == 0)
            return words[i];
    return "launch_error";
}

// To the worker, or to a new one. GNNAC_EIO: it ended over this.
static gnnac_status send_variant(struct far_stand *s, const struct variant *v,
                                 bool trusted, gnnac_error *err)
{
    gnnac_status st = ensure_worker(s, err);
    if (st != GNNAC_OK)
        return st;
    begin(s, ENTER);
    message_put_int(&s->m, trusted);
    message_put_bytes(&s->m, &v->kernel, sizeof(v->kernel));
    message_put_bytes(&s->m, v->images[0].image, v->images[0].n_bytes);
    st = call(s, s->rq.gate_seconds, err);
    if (st != GNNAC_OK)
        far_stand_renew(s);
    return st;
}

// What the gate says of the variant goes into it. A worker may have ended for
// reasons of its own: the variant gets a second one.
static bool load(struct far_stand *s, struct variant *v, bool trusted)
{
    gnnac_error e = {{0}}, again = {{0}};
    gnnac_status st = send_variant(s, v, trusted, &e);
    if (st == GNNAC_EIO)
        st = send_variant(s, v, trusted, &again);
    if (st != GNNAC_OK) {
        put_out(s, v, again.msg[0] ? again.msg : e.msg);
        return false;
    }
    bool entered = message_get_int(&s->m) != 0;
    v->status = status_word(message_get_text(&s->m));
    snprintf(v->reason, sizeof(v->reason), "%s", message_get_text(&s->m));
    double max_error = message_get_real(&s->m);
    if (!trusted)
        v->max_error = max_error;
    if (strcmp(v->status, "launch_error") == 0)
        far_stand_renew(s);
    return entered;
}

bool far_stand_enter(struct far_stand *s, struct variant *v)
{
    struct entrant *grown = realloc(s->entrants, (s->n + 1) * sizeof(*grown));
    if (!grown)
        return false;
    s->entrants = grown;
    if (!load(s, v, false))
        return false;
    s->entrants[s->n++] = (struct entrant){v, s->n_loaded++};
    return true;
}

// No other candidate would do better. A stand for which there is no memory now
// may find some for the next.
static bool is_lost(gnnac_status st)
{
    return st == GNNAC_EDRIVER || st == GNNAC_ENODEVICE;
}

gnnac_status far_stand_warm(struct far_stand *s, gnnac_error *err)
{
    gnnac_error e = {{0}};
    gnnac_status st = ensure_worker(s, &e);
    if (is_lost(st))
        return FAIL(err, st, "%s", e.msg);
    if (st != GNNAC_OK)
        return GNNAC_OK; // as below
    begin(s, WARM);
    message_put_int(&s->m, 0);
    if (call(s, s->rq.sample_seconds, &e) != GNNAC_OK ||
        get_status(s, &e) != GNNAC_OK)
        far_stand_renew(s); // whoever it was will show in its own sample
    return GNNAC_OK;
}

// GNNAC_EIO: the worker ended over this one.
static gnnac_status sample_once(struct far_stand *s, struct entrant *entrant,
                                double *ns, gnnac_error *err)
{
    gnnac_status st = ensure_worker(s, err);
    if (st != GNNAC_OK)
        return st;
    if (entrant->number < 0 && load(s, entrant->v, true))
        entrant->number = s->n_loaded++;
    if (entrant->number < 0)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s", entrant->v->reason);
    begin(s, SAMPLE);
    message_put_int(&s->m, entrant->number);
    st = call(s, s->rq.sample_seconds, err);
    if (st == GNNAC_OK && get_status(s, err) != GNNAC_OK)
        st = GNNAC_EUNSUPPORTED;
    if (st == GNNAC_OK)
        *ns = message_get_real(&s->m);
    else
        far_stand_renew(s);
    return st;
}

gnnac_status far_stand_sample(struct far_stand *s, size_t i, double *ns,
                              gnnac_error *err)
{
    struct entrant *entrant = &s->entrants[i];
    gnnac_error e = {{0}}, again = {{0}};
    if (strcmp(entrant->v->status, "ok") != 0)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s", entrant->v->reason);
    gnnac_status st = sample_once(s, entrant, ns, &e);
    if (st == GNNAC_EIO)
        st = sample_once(s, entrant, ns, &again);
    const char *why = again.msg[0] ? again.msg : e.msg;
    if (st == GNNAC_OK || is_lost(st))
        return st == GNNAC_OK ? st : FAIL(err, st, "%s", why);
    if (strcmp(entrant->v->status, "ok") == 0)
        put_out(s, entrant->v, why);
    return FAIL(err, GNNAC_EUNSUPPORTED, "%s", entrant->v->reason);
}
