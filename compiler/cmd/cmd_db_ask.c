// gnnac db best|history: what is known of a graph and an operation.
#include "cmd/cmd_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/requests.h"
#include "graph/load.h"
#include "tune/paths.h"
#include "tune/record_json.h"

enum { MIN_DIGITS = 4, MAX_DIGITS = 32 };

// ---- the databases ----------------------------------------------------------

gnnac_status db_existing(const struct options *o, const char *name, char **path,
                         gnnac_error *err)
{
    *path = database_path(o->db, name);
    if (!*path)
        return FAIL(err, GNNAC_EDB, "no folder for %s: set GNNAC_HOME", name);
    if (access(*path, F_OK) == 0)
        return GNNAC_OK;
    free(*path);
    *path = NULL;
    return GNNAC_OK;
}

gnnac_status db_open_tune(const struct options *o, struct tunedb **out,
                          gnnac_error *err)
{
    char *path = database_path(o->db, "tune.db");
    if (!path)
        return FAIL(err, GNNAC_EDB, "no folder for tune.db: set GNNAC_HOME");
    gnnac_status st = tunedb_open(path, out, err);
    if (st == GNNAC_OK && tunedb_note(*out)[0])
        log_verbose("%s: read only: %s", path, tunedb_note(*out));
    free(path);
    return st;
}

// ---- questions --------------------------------------------------------------

static bool is_fingerprint(const char *text)
{
    size_t n = strlen(text);
    return n >= MIN_DIGITS && n <= MAX_DIGITS &&
           strspn(text, "0123456789abcdef") == n && access(text, F_OK) != 0;
}

// The beginning of a fingerprint that args[1] means; "" for all.
static gnnac_status find_graph(const struct options *o,
                               char graph[MAX_DIGITS + 1], gnnac_error *err)
{
    struct csr g;
    graph[0] = '\0';
    if (o->n_args < 2)
        return GNNAC_OK;
    if (is_fingerprint(o->args[1])) {
        strcpy(graph, o->args[1]);
        return GNNAC_OK;
    }
    gnnac_status st = graph_load(o->args[1], &o->graph, &g, err);
    if (st != GNNAC_OK)
        return st;
    csr_fingerprint(&g, graph);
    csr_finish(&g);
    return GNNAC_OK;
}

struct asking {
    const char *op; // a part of the operation's text
    struct db_answers *answers;
    size_t n_damaged;
};

// Takes over `record`, which has one member; NULL is a row whose texts are no
// UTF-8, which JSON cannot say.
static gnnac_status keep(struct asking *a, json_t *list, json_t *record,
                         const char *name, gnnac_error *err)
{
    if (!record) {
        a->n_damaged++;
        return GNNAC_OK;
    }
    int bad = json_array_append(list, json_object_get(record, name));
    json_decref(record);
    return bad ? FAIL(err, GNNAC_ENOMEM, "out of memory") : GNNAC_OK;
}

static gnnac_status keep_decision(void *context,
                                  const struct decision_record *r,
                                  gnnac_error *err)
{
    struct asking *a = context;
    if (!strstr(r->key.op, a->op))
        return GNNAC_OK;
    return keep(a, a->answers->decisions, decision_to_json(r), "decision", err);
}

static gnnac_status keep_run(void *context, const struct run_record *r,
                             gnnac_error *err)
{
    struct asking *a = context;
    if (!strstr(r->key.op, a->op))
        return GNNAC_OK;
    return keep(a, a->answers->runs, run_to_json(r), "run", err);
}

static gnnac_status count_damaged(void *context, const char *what,
                                  gnnac_error *err)
{
    struct asking *a = context;
    (void)what;
    (void)err;
    a->n_damaged++;
    return GNNAC_OK;
}

gnnac_status db_collect(struct tunedb *db, const char *graph, const char *op,
                        struct db_answers *out, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct db_answers answers = {json_array(), json_array()};
    struct asking a = {op, &answers, 0};
    const struct record_visitor visitor = {.context = &a,
                                           .decision = keep_decision,
                                           .run = keep_run,
                                           .damage = count_damaged};
    TRY(tunedb_visit(db, graph, &visitor, err));
    if (a.n_damaged)
        log_warn("%zu rows are left out, damaged or not UTF-8; gnnac db verify "
                 "names the damaged ones",
                 a.n_damaged);
    *out = answers;
    answers = (struct db_answers){0};
out:
    db_answers_finish(&answers);
    return st;
}

gnnac_status db_ask(const struct options *o, struct tunedb *db,
                    struct db_answers *out, gnnac_error *err)
{
    char graph[MAX_DIGITS + 1];
    gnnac_status st = find_graph(o, graph, err);
    if (st != GNNAC_OK)
        return st;
    return db_collect(db, graph, o->n_args > 2 ? o->args[2] : "", out, err);
}

void db_answers_finish(struct db_answers *a)
{
    json_decref(a->decisions);
    json_decref(a->runs);
    *a = (struct db_answers){0};
}

// ---- printing ---------------------------------------------------------------

const char *json_text_at(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

void print_ns(const json_t *ns, const char *otherwise)
{
    if (json_is_number(ns))
        printf("%.2f us", json_number_value(ns) / 1e3);
    else
        fputs(otherwise, stdout);
}

void print_question(const json_t *record)
{
    printf("graph %s\n  %s\n  on %s\n", json_text_at(record, "graph"),
           json_text_at(record, "op"), json_text_at(record, "device"));
}

void print_measurements(const json_t *list)
{
    size_t i;
    json_t *m;
    json_array_foreach(list, i, m) {
        fputs("    ", stdout);
        print_ns(json_object_get(m, "median_ns"), "-");
        if (json_is_number(json_object_get(m, "p20_ns"))) {
            fputs(" (", stdout);
            print_ns(json_object_get(m, "p20_ns"), "");
            fputs(" to ", stdout);
            print_ns(json_object_get(m, "p80_ns"), "?");
            putchar(')');
        }
        printf(", %s, %s %s\n", json_text_at(m, "status"),
               json_text_at(m, "family"), json_text_at(m, "knobs"));
    }
}

static void print_decision(const json_t *d)
{
    const json_t *v = json_object_get(d, "variant");
    print_question(d);
    printf("    %s\n    %s\n    ",
           json_text_at(json_object_get(v, "kernel"), "name"),
           json_text_at(v, "knobs"));
    print_ns(json_object_get(d, "median_ns"), "ranked, not timed");
    printf(", by %s\n", json_text_at(v, "rule"));
}

static void print_run(const json_t *r)
{
    char day[32];
    time_t t = (time_t)json_integer_value(json_object_get(r, "time"));
    struct tm utc;
    strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&t, &utc));
    print_question(r);
    printf("  %s, gnnac %s, %zu candidates\n", day, json_text_at(r, "gnnac"),
           json_array_size(json_object_get(r, "measurements")));
    print_measurements(json_object_get(r, "measurements"));
}

// ---- best -------------------------------------------------------------------

static bool same_text(const json_t *a, const json_t *b, const char *name)
{
    return strcmp(json_text_at(a, name), json_text_at(b, name)) == 0;
}

// More effort, then timed over ranked, then the later one, as in a merge.
static bool is_better(const json_t *a, const json_t *b)
{
    json_int_t ea = json_integer_value(json_object_get(a, "effort"));
    json_int_t eb = json_integer_value(json_object_get(b, "effort"));
    bool ta = json_is_number(json_object_get(a, "median_ns"));
    bool tb = json_is_number(json_object_get(b, "median_ns"));
    if (ea != eb || ta != tb)
        return ea != eb ? ea > eb : ta;
    return json_integer_value(json_object_get(a, "time")) >
           json_integer_value(json_object_get(b, "time"));
}

// One decision for each graph, operation and device, which stand together.
static json_t *best_of(const json_t *decisions)
{
    json_t *best = json_array(), *d;
    size_t i;
    json_array_foreach(decisions, i, d) {
        size_t n = json_array_size(best);
        json_t *last = n ? json_array_get(best, n - 1) : NULL;
        bool same = last && same_text(last, d, "graph") &&
                    same_text(last, d, "op") && same_text(last, d, "device");
        if (!same)
            json_array_append(best, d);
        else if (is_better(d, last))
            json_array_set(best, n - 1, d);
    }
    return best;
}

static gnnac_status print_list(const struct options *o, const char *name,
                               json_t *list, void (*print)(const json_t *),
                               gnnac_error *err)
{
    size_t i;
    json_t *item;
    if (o->json)
        return print_json_line(json_pack("{s:O}", name, list), err);
    json_array_foreach(list, i, item)
        print(item);
    if (json_array_size(list) == 0)
        log_info("nothing is known of it");
    return GNNAC_OK;
}

static gnnac_status ask_and_print(const struct options *o, bool best,
                                  gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct tunedb *db = NULL;
    struct db_answers a = {0};
    json_t *list = NULL;
    TRY(db_open_tune(o, &db, err));
    TRY(db_ask(o, db, &a, err));
    list = best ? best_of(a.decisions) : json_incref(a.runs);
    TRY(best ? print_list(o, "decisions", list, print_decision, err)
             : print_list(o, "runs", list, print_run, err));
out:
    json_decref(list);
    db_answers_finish(&a);
    tunedb_close(db);
    return st;
}

gnnac_status db_best(const struct options *o, gnnac_error *err)
{
    return ask_and_print(o, true, err);
}

gnnac_status db_history(const struct options *o, gnnac_error *err)
{
    return ask_and_print(o, false, err);
}
