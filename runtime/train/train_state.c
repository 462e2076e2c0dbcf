// Weights and what an optimiser remembers, as safetensors files.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/blob.h"
#include "checked.h"
#include "bundle/safetensors_write.h"
#include "train/trainer.h"

// In a file of a trainer's state each parameter stands once for every set.
enum { WEIGHTS, FIRST, SECOND, KEPT, N_SETS };
static const char *const prefixes[N_SETS] = {"", "optimizer.first.",
                                             "optimizer.second.", "kept."};

// A bias is a vector, epsilon too, a weight a matrix, what attention learns
// [1, heads, channels]: as PyTorch has them.
static void add_params(struct st_writer *w, const struct program *p,
                       const char *prefix, float *const params[MAX_PARAMS])
{
    char name[128];
    for (int32_t i = 0; i < p->n_params; i++) {
        const struct param *q = &p->params[i];
        int64_t shape[3] = {1, q->rows, q->cols};
        int rank = q->init == INIT_GLOROT      ? 2
                   : q->init == INIT_ATTENTION ? 3
                                               : 1;
        snprintf(name, sizeof(name), "%s%s", prefix, q->name);
        st_add_floats(w, name, params[i], rank, shape + 3 - rank);
    }
}

// The options that a state is of, and cannot be taken up without.
static const char *const optimizers[] = {
    [GNNAC_ADAM] = "adam", [GNNAC_ADAMW] = "adamw", [GNNAC_SGD] = "sgd"};
static const char *const losses[] = {
    [GNNAC_CROSS_ENTROPY] = "cross_entropy", [GNNAC_BCE] = "bce"};

struct st_text {
    const char *key, *text;
};

static gnnac_status write_sets(const struct program *p,
                               float *const *const sets[N_SETS],
                               const struct st_text *texts, size_t n_texts,
                               const char *path, gnnac_error *err)
{
    struct st_writer *w = malloc(sizeof(*w));
    if (!w)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    st_writer_init(w);
    for (size_t i = 0; i < n_texts; i++)
        st_add_text(w, texts[i].key, texts[i].text);
    for (int i = 0; i < N_SETS; i++)
        if (sets[i])
            add_params(w, p, prefixes[i], sets[i]);
    gnnac_status st = st_write(w, path, err);
    st_writer_finish(w);
    free(w);
    return st;
}

gnnac_status gnnac_model_save_weights(const gnnac_model *m, const char *path,
                                      gnnac_error *err)
{
    gnnac__clear(err);
    if (!m || !path)
        return FAIL(err, GNNAC_EUSAGE,
                    "gnnac_model_save_weights: NULL argument");
    if (!m->has_weights)
        return FAIL(err, GNNAC_EUSAGE, "the model has no weights to save");
    gnnac_status st = m->cuda ? cuda_model_download(m->cuda, err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    return write_sets(&m->bundle->manifest->program,
                      (float *const *const[N_SETS]){m->params}, NULL, 0, path,
                      err);
}

gnnac_status gnnac_trainer_save(const gnnac_trainer *t, const char *path,
                                gnnac_error *err)
{
    char step[32], kept[32];
    gnnac__clear(err);
    if (!t || !path)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_save: NULL argument");
    gnnac_status st = t->backend->fetch(t, err);
    if (st != GNNAC_OK)
        return st;
    snprintf(step, sizeof(step), "%lld", (long long)t->n_steps);
    snprintf(kept, sizeof(kept), "%lld", (long long)t->kept_step);
    float *const *const sets[N_SETS] = {t->m->params, t->first.of, t->second.of,
                                        t->kept_step >= 0 ? t->kept.of : NULL};
    const struct st_text texts[] = {{"gnnac.step", step},
                                    {"gnnac.kept_step", kept},
                                    {"gnnac.optimizer",
                                     optimizers[t->o.optimizer]},
                                    {"gnnac.loss", losses[t->o.loss]},
                                    {"gnnac.note", t->note}};
    size_t n_texts = sizeof(texts) / sizeof(texts[0]);
    return write_sets(trained_program(t), sets, texts,
                      n_texts - (t->note[0] == '\0'), path, err);
}

// ---- load -------------------------------------------------------------------

// A state that was read, before anything is changed.
struct state {
    int64_t n_steps, kept_step;
    char note[MAX_NOTE];
    struct param_set sets[N_SETS];
};

static gnnac_status read_count(const struct safetensors *file, const char *key,
                               const char *path, int64_t *out, gnnac_error *err)
{
    const char *text = safetensors_meta(file, key);
    char *end = NULL;
    long long v = text ? strtoll(text, &end, 10) : 0;
    if (!text || end == text || *end || v < -1 || v > INT64_MAX / 2)
        return FAIL(err, GNNAC_EFORMAT,
                    "%s: no training state: %s is missing or no number", path,
                    key);
    *out = v;
    return GNNAC_OK;
}

// States of other programs have none.
static gnnac_status read_note(const struct safetensors *file, const char *path,
                              char note[MAX_NOTE], gnnac_error *err)
{
    const char *text = safetensors_meta(file, "gnnac.note");
    if (text && strlen(text) >= MAX_NOTE)
        return FAIL(err, GNNAC_EFORMAT, "%s: gnnac.note is too long", path);
    snprintf(note, MAX_NOTE, "%s", text ? text : "");
    return GNNAC_OK;
}

// States of older versions do not say.
static gnnac_status check_option(const struct safetensors *file,
                                 const char *option, const char *wanted,
                                 const char *path, gnnac_error *err)
{
    char key[32];
    snprintf(key, sizeof(key), "gnnac.%s", option);
    const char *text = safetensors_meta(file, key);
    return !text || strcmp(text, wanted) == 0
               ? GNNAC_OK
               : FAIL(err, GNNAC_EFORMAT,
                      "%s: a state of %s %.32s, the trainer's is %s", path,
                      option, text, wanted);
}

static int sets_of(int64_t kept_step)
{
    return kept_step < 0 ? KEPT : N_SETS;
}

static gnnac_status read_state(const struct gnnac_trainer *t,
                               const struct safetensors *file, const char *path,
                               struct state *s, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    const struct program *p = trained_program(t);
    TRY(read_count(file, "gnnac.step", path, &s->n_steps, err));
    TRY(read_count(file, "gnnac.kept_step", path, &s->kept_step, err));
    TRY(read_note(file, path, s->note, err));
    TRY(check_option(file, "optimizer", optimizers[t->o.optimizer], path, err));
    TRY(check_option(file, "loss", losses[t->o.loss], path, err));
    if (s->n_steps < 0 || s->kept_step > s->n_steps) {
        st = FAIL(err, GNNAC_EFORMAT, "%s: steps contradict one another", path);
        goto out;
    }
    for (int i = 0; i < sets_of(s->kept_step); i++) {
        TRY(params_alloc(p, s->sets[i].of, err));
        TRY(params_read(p, file, prefixes[i], path, s->sets[i].of, err));
    }
out:
    return st;
}

// Weights that were never kept are not in the file.
static void adopt(gnnac_trainer *t, const struct state *s)
{
    const struct program *p = trained_program(t);
    float *const *const to[N_SETS] = {t->m->params, t->first.of, t->second.of,
                                      t->kept.of};
    t->n_steps = s->n_steps;
    t->kept_step = s->kept_step;
    snprintf(t->note, sizeof(t->note), "%s", s->note);
    for (int k = 0; k < sets_of(s->kept_step); k++)
        params_copy(p, s->sets[k].of, to[k]);
}

static gnnac_status load_into(struct state *s, gnnac_trainer *t,
                              const char *path, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct safetensors file = {0};
    void *bytes = NULL;
    size_t n_bytes;
    TRY(blob_read(path, &bytes, &n_bytes, err));
    TRY(safetensors_parse(bytes, n_bytes, path, &file, err));
    TRY(read_state(t, &file, path, s, err));
    adopt(t, s);
    TRY(t->backend->send(t, err));
out:
    for (int i = 0; i < N_SETS; i++)
        params_finish(s->sets[i].of);
    safetensors_finish(&file);
    free(bytes);
    return st;
}

gnnac_status gnnac_trainer_load(gnnac_trainer *t, const char *path,
                                gnnac_error *err)
{
    gnnac__clear(err);
    if (!t || !path)
        return FAIL(err, GNNAC_EUSAGE, "gnnac_trainer_load: NULL argument");
    struct state *s = calloc(1, sizeof(*s));
    if (!s)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", path);
    gnnac_status st = load_into(s, t, path, err);
    free(s);
    return st;
}
