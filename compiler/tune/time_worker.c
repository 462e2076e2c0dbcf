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
    bool cold = message_get_int(in) != 0;
    gnnac_status st = take_graph(t, in, &e);
    if (st == GNNAC_OK)
        st = cuda_context_create(ordinal, &t->cuda, name, sizeof(name), &e);
    if (st == GNNAC_OK)
        st = stand_open(t->cuda, &t->graph, &t->spec, cold, &t->stand, &e);
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

// False when this worker is of no more use.
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
    bool sound = t->stand && stand_is_sound(t->stand);
    message_put_int(out, entered);
    message_put_int(out, sound);
    message_put_text(out, v ? v->status : "launch_error");
    message_put_text(out, v ? v->reason : "out of memory");
    message_put_real(out, v ? v->max_error : NAN);
    if (entered)
        t->variants[t->n++] = v;
    else
        forget(v);
    return sound;
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
    message_put_int(out, t->stand && stand_is_sound(t->stand));
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
    bool ended_itself; // the worker before this one
    int64_t n_loaded;
    struct message m;
    size_t n;
    struct entrant *entrants; // owned
};

void far_stand_renew(struct far_stand *s)
{
    s->ended_itself = worker_stop(&s->w);
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
    message_put_int(&s->m, s->rq.cold);
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

// What came of a request to a worker that had a stand.
struct outcome {
    gnnac_status st;     // GNNAC_EIO: the worker ended; GNNAC_ENOENT: no answer
    bool sound;          // its GPU context, as it says
    const char *verdict; // what speaks against the variant
    gnnac_error error;
};

// Sends s->m and takes the answer.
static void ask(struct far_stand *s, double seconds, struct outcome *o)
{
    o->st = call(s, seconds, &o->error);
    if (o->st == GNNAC_OK)
        return;
    far_stand_renew(s);
    if (o->st == GNNAC_ENOENT)
        o->verdict = "hang";
    else if (o->st == GNNAC_EIO && s->ended_itself)
        o->verdict = "fault";
}

// A worker may have ended for reasons of its own, or by what another kernel did
// in it. Waiting twice for what hangs would take too long.
static bool deserves_second(const struct outcome *o)
{
    return o->st == GNNAC_EIO || (o->verdict && o->st != GNNAC_ENOENT);
}

// To the worker, or to a new one. Its answer goes into the variant.
static bool enter_once(struct far_stand *s, struct variant *v, bool trusted,
                       struct outcome *o)
{
    *o = (struct outcome){.sound = true};
    o->st = ensure_worker(s, &o->error);
    if (o->st != GNNAC_OK)
        return false;
    begin(s, ENTER);
    message_put_int(&s->m, trusted);
    message_put_bytes(&s->m, &v->kernel, sizeof(v->kernel));
    const void *image = v->images[0].image, *none = "";
    message_put_bytes(&s->m, image ? image : none, v->images[0].n_bytes);
    ask(s, s->rq.gate_seconds, o);
    if (o->st != GNNAC_OK)
        return false;
    bool entered = message_get_int(&s->m) != 0;
    o->sound = message_get_int(&s->m) != 0;
    v->status = status_word(message_get_text(&s->m));
    snprintf(v->reason, sizeof(v->reason), "%s", message_get_text(&s->m));
    double max_error = message_get_real(&s->m);
    if (!trusted)
        v->max_error = max_error;
    if (strcmp(v->status, "wrong_result") == 0)
        o->verdict = "wrong_result";
    else if (!o->sound)
        o->verdict = "fault";
    if (o->verdict || strcmp(v->status, "launch_error") == 0)
        far_stand_renew(s);
    return entered;
}

// What the gate says of the variant goes into it.
static bool load(struct far_stand *s, struct variant *v, bool trusted)
{
    struct outcome first, second;
    bool entered = enter_once(s, v, trusted, &first);
    bool again = deserves_second(&first);
    if (again)
        entered = enter_once(s, v, trusted, &second);
    const struct outcome *last = again ? &second : &first;
    v->verdict = last->verdict;
    if (last->st != GNNAC_OK)
        put_out(s, v, last->error.msg);
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

static bool sample_once(struct far_stand *s, struct entrant *entrant,
                        double *ns, struct outcome *o)
{
    *o = (struct outcome){.sound = true};
    o->st = ensure_worker(s, &o->error);
    if (o->st != GNNAC_OK)
        return false;
    if (entrant->number < 0 && load(s, entrant->v, true))
        entrant->number = s->n_loaded++;
    if (entrant->number < 0) {
        o->st = FAIL(&o->error, GNNAC_EUNSUPPORTED, "%s", entrant->v->reason);
        return false;
    }
    begin(s, SAMPLE);
    message_put_int(&s->m, entrant->number);
    ask(s, s->rq.sample_seconds, o);
    if (o->st != GNNAC_OK)
        return false;
    bool taken = get_status(s, &o->error) == GNNAC_OK;
    *ns = message_get_real(&s->m);
    if (!taken) {
        o->st = GNNAC_EUNSUPPORTED;
        o->verdict = message_get_int(&s->m) ? NULL : "fault";
        far_stand_renew(s);
    }
    return taken;
}

gnnac_status far_stand_sample(struct far_stand *s, size_t i, double *ns,
                              gnnac_error *err)
{
    struct entrant *entrant = &s->entrants[i];
    struct variant *v = entrant->v;
    struct outcome o;
    if (strcmp(v->status, "ok") != 0)
        return FAIL(err, GNNAC_EUNSUPPORTED, "%s", v->reason);
    bool taken = sample_once(s, entrant, ns, &o) ||
                 (deserves_second(&o) && sample_once(s, entrant, ns, &o));
    if (taken)
        return GNNAC_OK;
    if (is_lost(o.st))
        return FAIL(err, o.st, "%s", o.error.msg);
    if (strcmp(v->status, "ok") == 0) {
        v->verdict = o.verdict;
        put_out(s, v, o.error.msg);
    }
    return FAIL(err, GNNAC_EUNSUPPORTED, "%s", v->reason);
}
