// Every record, in an order that does not show who wrote what when.
#include <stdio.h>

#include "tunedb_queries.h"
#include "values.h"

struct visit {
    struct db *db;
    const struct record_visitor *tell;
    const char *graph;
};

static gnnac_status tell_damage(const struct visit *v, const char *kind,
                                int64_t id, const char *about, gnnac_error *err)
{
    char what[256];
    if (!v->tell->damage)
        return GNNAC_OK;
    snprintf(what, sizeof(what), "%s %lld (%s) is not what was written", kind,
             (long long)id, about[0] ? about : "of nothing known");
    return v->tell->damage(v->tell->context, what, err);
}

// Calls `row` for each row of a statement that has at most one parameter.
static gnnac_status each_row(const struct visit *v, int list,
                             gnnac_status (*row)(const struct visit *,
                                                 sqlite3_stmt *, gnnac_error *),
                             gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    sqlite3_stmt *s = NULL;
    bool found;
    TRY(db_statement(v->db, list, &s, err));
    if (sqlite3_bind_parameter_count(s) > 0)
        bind_text(s, 1, v->graph);
    while (true) {
        TRY(db_step(v->db, s, &found, err));
        if (!found)
            break;
        TRY(row(v, s, err));
    }
out:
    sqlite3_reset(s);
    return st;
}

// Columns of LIST_DECISIONS behind those of GET_DECISION.
enum { ID = DECISION_TIME + 1, GRAPH, OP, DEVICE, TOOLCHAIN, SPACE };

static gnnac_status visit_decision(const struct visit *v, sqlite3_stmt *s,
                                   gnnac_error *err)
{
    const struct decision_record r = {
        .key = {column_text(s, GRAPH), column_text(s, OP),
                column_text(s, DEVICE), column_text(s, TOOLCHAIN),
                column_text(s, SPACE)},
        .variant = column_text(s, DECISION_VARIANT),
        .artifacts = column_text(s, DECISION_ARTIFACTS),
        .median_ns = column_real(s, DECISION_MEDIAN_NS),
        .effort = sqlite3_column_int(s, DECISION_EFFORT),
        .time = sqlite3_column_int64(s, DECISION_TIME),
    };
    struct digest d = decision_digest(&r);
    if (!column_is_digest(s, DECISION_DIGEST, &d))
        return tell_damage(v, "decision", sqlite3_column_int64(s, ID),
                           r.key.op, err);
    return v->tell->decision ? v->tell->decision(v->tell->context, &r, err)
                             : GNNAC_OK;
}

static gnnac_status visit_run(const struct visit *v, sqlite3_stmt *s,
                              gnnac_error *err)
{
    struct run_copy c;
    int64_t id = sqlite3_column_int64(s, 0);
    gnnac_status st = run_load(v->db, id, &c, err);
    if (st != GNNAC_OK)
        return st;
    if (!c.sound)
        st = tell_damage(v, "run", id, c.key_texts[1] ? c.key_texts[1] : "",
                         err);
    else if (v->tell->run)
        st = v->tell->run(v->tell->context, &c.record, err);
    run_copy_finish(&c);
    return st;
}

// Columns of LIST_ANALYSES.
enum { VALUE, VALUE_DIGEST, VALUE_TIME, VALUE_KEY };

static gnnac_status visit_analysis(const struct visit *v, sqlite3_stmt *s,
                                   gnnac_error *err)
{
    const struct analysis_record r = {
        .key = column_text(s, VALUE_KEY),
        .value = column_text(s, VALUE),
        .time = sqlite3_column_int64(s, VALUE_TIME),
    };
    struct digest d = analysis_digest(r.key, r.value);
    if (!column_is_digest(s, VALUE_DIGEST, &d))
        return tell_damage(v, "analysis", 0, r.key, err);
    return v->tell->analysis ? v->tell->analysis(v->tell->context, &r, err)
                             : GNNAC_OK;
}

static gnnac_status visit_quarantine(const struct visit *v, sqlite3_stmt *s,
                                     gnnac_error *err)
{
    bool sound;
    const struct quarantine_row r = quarantine_of(s, &sound);
    if (!sound)
        return tell_damage(v, "quarantine", 0, r.kernel, err);
    return v->tell->quarantine ? v->tell->quarantine(v->tell->context, &r, err)
                               : GNNAC_OK;
}

static gnnac_status visit_all(const struct visit *v, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    TRY(each_row(v, LIST_DECISIONS, visit_decision, err));
    TRY(each_row(v, LIST_RUNS, visit_run, err));
    if (!v->graph[0]) {
        TRY(each_row(v, LIST_ANALYSES, visit_analysis, err));
        TRY(each_row(v, LIST_QUARANTINE, visit_quarantine, err));
    }
out:
    return st;
}

gnnac_status tunedb_visit(struct tunedb *t, const char *graph,
                          const struct record_visitor *tell, gnnac_error *err)
{
    const struct visit v = {&t->db, tell, graph};
    bool own = sqlite3_get_autocommit(t->db.conn) != 0;
    gnnac_status st = own ? db_exec(&t->db, "BEGIN", err) : GNNAC_OK;
    if (st != GNNAC_OK)
        return st;
    st = visit_all(&v, err);
    return own ? db_end(&t->db, st, err) : st;
}

// ---- looking for damage -----------------------------------------------------

struct verification {
    damage_report *report;
    void *context;
};

static gnnac_status report_row(void *context, const char *what,
                               gnnac_error *err)
{
    const struct verification *v = context;
    (void)err;
    v->report(v->context, what);
    return GNNAC_OK;
}

gnnac_status tunedb_verify(struct tunedb *t, damage_report *report,
                           void *context, gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct verification v = {report, context};
    const struct record_visitor tell = {.context = &v, .damage = report_row};
    TRY(db_verify(&t->db, report, context, err));
    TRY(tunedb_visit(t, "", &tell, err));
out:
    return st;
}
