// Fills FOLDER/tune.db with made-up timings: those of a formula, or those given
// (in ns; 0: it does not compile) for one question.
// usage: make_timings FOLDER N_GRAPHS [no-properties] [no-default]
//        make_timings FOLDER question GRAPH OP DEVICE FAMILY (KNOBS NS)...
// Or with what FROM/tune.db decided about products, but for BLAS, and with
// BESIDE behind their keys, and ARTIFACTS, JSON, for those that it has not.
//        make_timings FOLDER blas FROM [BESIDE [ARTIFACTS]]
#include <sys/stat.h>

#include "plan/opspec.h"
#include "timings_fixture.h"
#include "tune/recall.h"
#include "tunedb_records.h"

enum { MAX_GIVEN = 16 };

static gnnac_status put_formula(struct tunedb *db, int argc, char **argv,
                                gnnac_error *err)
{
    struct timings_request rq = {.n_graphs = atoi(argv[2])};
    for (int i = 3; i < argc; i++) {
        rq.no_properties |= strcmp(argv[i], "no-properties") == 0;
        rq.no_default |= strcmp(argv[i], "no-default") == 0;
    }
    return timings_fill(db, &rq, err);
}

static gnnac_status put_given(struct tunedb *db, int argc, char **argv,
                              gnnac_error *err)
{
    struct measurement_row rows[MAX_GIVEN];
    size_t n = 0;
    const struct decision_key key = {argv[3], argv[4], argv[5], "synthetic",
                                     "00000000000000000000000000000000"};
    for (int i = 7; i + 1 < argc && n < MAX_GIVEN; i += 2) {
        double ns = atof(argv[i + 1]);
        rows[n++] = (struct measurement_row){
            .family = argv[6],
            .knobs = argv[i],
            .status = ns > 0 ? "ok" : "compile_error",
            .n_samples = ns > 0 ? 9 : 0,
            .median_ns = ns > 0 ? ns : NAN,
            .p20_ns = NAN,
            .p80_ns = NAN,
            .max_error = NAN,
            .registers = -1,
            .spill_bytes = -1};
    }
    return tunedb_put_measurements(db, &key, rows, n, err);
}

struct target {
    struct tunedb *db;
    const char *beside;
    const char *artifacts; // as some gnnac wrote them; NULL: as this does
};

static gnnac_status decide_for_blas(void *to, const struct decision_record *r,
                                    gnnac_error *err)
{
    const struct target *t = to;
    char question[600];
    static const struct origin from = {.rule = "blas", .why = "made up"};
    struct opspec op;
    if (!opspec_parse(r->key.op, &op) || op.spec.kind != STEP_LINEAR)
        return GNNAC_OK;
    const struct variant v = variant_of_blas(&op.spec);
    struct decision_row row = {.variant = variant_to_json(&v, &from),
                               .artifacts = t->artifacts
                                                ? strdup(t->artifacts)
                                                : variant_keys_to_json(&v, 2),
                               .median_ns = 1500,
                               .effort = EFFORT_RACE};
    struct decision_key key = r->key;
    snprintf(question, sizeof(question), "%s%s", key.op, t->beside);
    key.op = question;
    gnnac_status st = tunedb_put_decision(t->db, &key, &row, err);
    decision_row_finish(&row);
    return st;
}

static gnnac_status put_blas(struct tunedb *db, int argc, char **argv,
                             gnnac_error *err)
{
    char path[600];
    struct tunedb *from = NULL;
    struct target to = {db, argc > 4 ? argv[4] : "",
                        argc > 5 ? argv[5] : NULL};
    const struct record_visitor v = {.context = &to,
                                     .decision = decide_for_blas};
    snprintf(path, sizeof(path), "%s/tune.db", argv[3]);
    gnnac_status st = tunedb_open(path, &from, err);
    if (st == GNNAC_OK)
        st = tunedb_visit(from, "", &v, err);
    tunedb_close(from);
    return st;
}

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    struct tunedb *db = NULL;
    char path[600];
    if (argc < 3)
        return 1;
    bool given = strcmp(argv[2], "question") == 0;
    bool blas = strcmp(argv[2], "blas") == 0;
    if ((given && argc < 9) || (blas && argc < 4))
        return 1;
    mkdir(argv[1], 0777);
    snprintf(path, sizeof(path), "%s/tune.db", argv[1]);
    gnnac_status st = tunedb_open(path, &db, &err);
    if (st == GNNAC_OK)
        st = given  ? put_given(db, argc, argv, &err)
             : blas ? put_blas(db, argc, argv, &err)
                    : put_formula(db, argc, argv, &err);
    tunedb_close(db);
    if (st != GNNAC_OK)
        fprintf(stderr, "make_timings: %s\n", err.msg);
    return st != GNNAC_OK;
}
