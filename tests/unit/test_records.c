// Records of tune.db: visiting, merging, verifying; and their text form.
#include "test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tune/record_lines.h"

static char folder[64];

// ---- databases of the test's own --------------------------------------------

static struct tunedb *open_at(const char *name)
{
    char path[128];
    gnnac_error err = {0};
    struct tunedb *db = NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_INT(tunedb_open(path, &db, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return db;
}

static struct tunedb *open_empty(void)
{
    struct tunedb *db = NULL;
    CHECK_INT(tunedb_open(":memory:", &db, NULL), GNNAC_OK);
    return db;
}

static void run_sql(const char *name, const char *sql)
{
    char path[128];
    sqlite3 *conn;
    char *why = NULL;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_INT(sqlite3_open(path, &conn), SQLITE_OK);
    sqlite3_exec(conn, sql, NULL, NULL, &why);
    CHECK_STR(why ? why : "", "");
    sqlite3_free(why);
    sqlite3_close(conn);
}

// ---- random records ---------------------------------------------------------

static uint64_t state = 1;

static unsigned draw(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

struct texts {
    char graph[33], op[64], device[32], variant[160], artifacts[80], key[33];
};

// Few keys, so that records of one key meet.
static struct decision_key draw_key(struct texts *t)
{
    snprintf(t->graph, sizeof(t->graph), "%032x", draw(3));
    snprintf(t->op, sizeof(t->op), "aggregate f32 dim=%u", 1 + draw(2));
    snprintf(t->device, sizeof(t->device), "ranked sm_%u", 80 + draw(2));
    return (struct decision_key){t->graph, t->op, t->device, "nvrtc 13.0",
                                 "00112233445566778899aabbccddeeff"};
}

static struct decision_record draw_decision(struct texts *t)
{
    static const char *const whys[] = {"plain", "\\\"quoted\\\" \\\\",
                                       "caf\xc3\xa9"};
    snprintf(t->variant, sizeof(t->variant),
             "{\"knobs\":\"partSize=%u\",\"why\":\"%s\"}", draw(4),
             whys[draw(3)]);
    snprintf(t->artifacts, sizeof(t->artifacts), "[\"%032x\",\"%032x\"]",
             draw(9), draw(9));
    return (struct decision_record){
        .key = draw_key(t),
        .variant = draw(8) ? t->variant : "not JSON",
        .artifacts = t->artifacts,
        .median_ns = draw(2) ? NAN : draw(1000) / 7.0,
        .effort = (int)draw(3),
        .time = 1700000000 + draw(2),
    };
}

enum { MAX_ROWS = 5 };
static struct run_record draw_run(struct texts *t,
                                  struct measurement_row rows[MAX_ROWS])
{
    static const char *const statuses[] = {"ok", "wrong_result",
                                           "compile_error"};
    struct run_record r = {.uuid = {(unsigned char)draw(6)},
                           .time = 1700000000 + draw(3),
                           .gnnac = "0.1.0",
                           .key = draw_key(t),
                           .n_rows = draw(MAX_ROWS),
                           .rows = rows};
    for (size_t i = 0; i < r.n_rows; i++) {
        double ns = 1000.0 / (1 + draw(99));
        rows[i] = (struct measurement_row){
            .family = "row_split",
            .knobs = draw(2) ? "vec=4" : "vec=2",
            .status = statuses[draw(3)],
            .n_samples = draw(30),
            .median_ns = draw(3) ? ns : NAN,
            .p20_ns = ns / 3,
            .p80_ns = ns * 3,
            .max_error = draw(3) ? 0.5 : INFINITY,
            .registers = draw(2) ? (int)draw(255) : -1,
            .spill_bytes = -1,
        };
    }
    return r;
}

static struct quarantine_row draw_quarantine(struct texts *t)
{
    static const char *const verdicts[] = {"wrong_result", "fault", "hang"};
    snprintf(t->key, sizeof(t->key), "%032x", draw(3));
    return (struct quarantine_row){
        .key = t->key,
        .driver = draw(2) ? "cuda 12.4" : "cuda 13.0",
        .content = "00112233445566778899aabbccddeeff",
        .arch = "sm_90",
        .kernel = draw(2) ? "gnnac_a" : "gnnac_b",
        .verdict = verdicts[draw(3)],
        .reason = "row 3, \"it said\"",
        .time = 1700000000 + draw(2),
    };
}

// What a test draws once and puts into several databases.
struct record {
    struct texts t;
    struct measurement_row rows[MAX_ROWS];
    struct decision_record decision;
    struct run_record run;
    char value[16];
    struct analysis_record analysis;
    struct quarantine_row quarantine;
};

static void draw_record(struct record *r)
{
    r->decision = draw_decision(&r->t);
    r->run = draw_run(&r->t, r->rows);
    snprintf(r->value, sizeof(r->value), "i edges %u", draw(5));
    r->analysis = (struct analysis_record){draw(2) ? "one" : "two", r->value,
                                           1700000000 + draw(2)};
    r->quarantine = draw_quarantine(&r->t);
}

static void merge_record(struct tunedb *db, const struct record *r)
{
    bool changed;
    gnnac_error err = {0};
    CHECK_INT(tunedb_merge_decision(db, &r->decision, &changed, &err),
              GNNAC_OK);
    CHECK_INT(tunedb_merge_run(db, &r->run, &changed, &err), GNNAC_OK);
    CHECK_INT(tunedb_merge_analysis(db, &r->analysis, &changed, &err),
              GNNAC_OK);
    CHECK_INT(tunedb_merge_quarantine(db, &r->quarantine, &changed, &err),
              GNNAC_OK);
    CHECK_STR(err.msg, "");
}

static void fill(struct tunedb *db, unsigned n)
{
    struct record *r = calloc(1, sizeof(*r));
    CHECK_INT(tunedb_begin(db, NULL), GNNAC_OK);
    for (unsigned i = 0; i < n; i++) {
        draw_record(r);
        merge_record(db, r);
    }
    CHECK_INT(tunedb_end(db, GNNAC_OK, NULL), GNNAC_OK);
    free(r);
}

static char *export_text(struct tunedb *db)
{
    char *text = NULL;
    size_t n;
    struct record_counts counts;
    FILE *out = open_memstream(&text, &n);
    CHECK_INT(records_write(db, out, &counts, NULL), GNNAC_OK);
    CHECK_INT(counts.n_left_out, 0);
    CHECK_INT(fclose(out), 0);
    return text;
}

static void check_same(struct tunedb *a, struct tunedb *b)
{
    char *ta = export_text(a), *tb = export_text(b);
    CHECK_STR(ta, tb);
    free(ta);
    free(tb);
}

static void merge(struct tunedb *from, struct tunedb *into)
{
    struct record_counts n;
    gnnac_error err = {0};
    CHECK_INT(records_merge(from, into, &n, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
}

// ---- merging ----------------------------------------------------------------

TEST(a_merge_gives_the_same_in_both_directions)
{
    for (int i = 0; i < 30; i++) {
        struct tunedb *a = open_empty(), *b = open_empty();
        struct tunedb *ab = open_empty(), *ba = open_empty();
        fill(a, 1 + draw(12));
        fill(b, 1 + draw(12));
        merge(a, ab);
        merge(b, ab);
        merge(b, ba);
        merge(a, ba);
        check_same(ab, ba);
        merge(b, a);
        check_same(a, ab);
        tunedb_close(a);
        tunedb_close(b);
        tunedb_close(ab);
        tunedb_close(ba);
    }
}

TEST(merging_again_and_in_other_groups_changes_nothing)
{
    for (int i = 0; i < 20; i++) {
        struct tunedb *a = open_empty(), *b = open_empty(), *c = open_empty();
        struct tunedb *left = open_empty();
        struct record_counts n;
        fill(a, 8);
        fill(b, 8);
        fill(c, 8);
        merge(a, left);
        merge(b, left);
        merge(c, left);
        merge(c, b);
        merge(b, a);
        check_same(a, left);
        CHECK_INT(records_merge(a, left, &n, NULL), GNNAC_OK);
        CHECK(n.n_seen > 0);
        CHECK_INT(n.n_taken, 0);
        tunedb_close(a);
        tunedb_close(b);
        tunedb_close(c);
        tunedb_close(left);
    }
}

static int64_t surviving_time(const struct decision_record *a,
                              const struct decision_record *b)
{
    bool changed;
    struct decision_row row = {0};
    struct tunedb *db = open_empty();
    CHECK_INT(tunedb_merge_decision(db, a, &changed, NULL), GNNAC_OK);
    CHECK(changed);
    CHECK_INT(tunedb_merge_decision(db, b, &changed, NULL), GNNAC_OK);
    CHECK_INT(tunedb_get_decision(db, &a->key, &row, NULL), GNNAC_OK);
    bool is_a = strcmp(row.variant, a->variant) == 0;
    CHECK_INT(changed, !is_a);
    decision_row_finish(&row);
    tunedb_close(db);
    return is_a ? a->time : b->time;
}

TEST(better_evidence_wins_whoever_comes_first)
{
    struct texts t;
    struct decision_record worst = draw_decision(&t);
    worst.variant = "{\"is\":\"worst\"}";
    worst.effort = 1;
    worst.median_ns = 5;
    worst.time = 100;
    struct decision_record effort = worst, timed = worst, later = worst;
    effort.variant = timed.variant = later.variant = "{\"is\":\"best\"}";
    effort.effort = 2;
    effort.time = 99;
    effort.median_ns = NAN;
    later.time = 101;
    timed.time = 98;
    CHECK_INT(surviving_time(&worst, &effort), 99);
    CHECK_INT(surviving_time(&effort, &worst), 99);
    CHECK_INT(surviving_time(&worst, &later), 101);
    CHECK_INT(surviving_time(&later, &worst), 101);
    worst.median_ns = NAN;
    CHECK_INT(surviving_time(&worst, &timed), 98);
    CHECK_INT(surviving_time(&timed, &worst), 98);
}

TEST(a_merge_that_fails_in_the_middle_changes_nothing)
{
    struct tunedb *db = open_empty();
    struct record *r = calloc(1, sizeof(*r));
    fill(db, 3);
    char *before = export_text(db);
    CHECK_INT(tunedb_begin(db, NULL), GNNAC_OK);
    for (int i = 0; i < 9; i++) {
        draw_record(r);
        merge_record(db, r);
    }
    CHECK_INT(tunedb_end(db, GNNAC_EFORMAT, NULL), GNNAC_EFORMAT);
    char *after = export_text(db);
    CHECK_STR(after, before);
    free(before);
    free(after);
    free(r);
    tunedb_close(db);
}

// ---- the text ---------------------------------------------------------------

TEST(what_was_exported_and_imported_is_exported_the_same)
{
    for (int i = 0; i < 20; i++) {
        struct tunedb *a = open_empty(), *b = open_empty();
        struct record_counts n;
        gnnac_error err = {0};
        fill(a, draw(20));
        char *text = export_text(a);
        CHECK_INT(records_read("x", text, b, &n, &err), GNNAC_OK);
        CHECK_STR(err.msg, "");
        CHECK_INT(n.n_seen, n.n_taken);
        check_same(a, b);
        CHECK_INT(records_read("x", text, b, &n, &err), GNNAC_OK);
        CHECK_INT(n.n_taken, 0);
        check_same(a, b);
        free(text);
        tunedb_close(a);
        tunedb_close(b);
    }
}

static void check_refused(struct tunedb *db, const char *text,
                          const char *before)
{
    struct record_counts n;
    gnnac_error err = {0};
    CHECK_INT(records_read("x.jsonl", text, db, &n, &err), GNNAC_EFORMAT);
    CHECK_HAS(err.msg, "x.jsonl:");
    char *after = export_text(db);
    CHECK_STR(after, before);
    free(after);
}

TEST(a_text_cut_anywhere_is_refused_and_changes_nothing)
{
    struct tunedb *a = open_empty(), *b = open_empty();
    fill(a, 4);
    fill(b, 2);
    char *text = export_text(a), *before = export_text(b);
    for (size_t n = strlen(text) - 1; n > 0 && !test__this_failed;
         n -= n > 7 ? 1 + draw(6) : 1) {
        text[n] = '\0';
        check_refused(b, text, before);
    }
    free(text);
    free(before);
    tunedb_close(a);
    tunedb_close(b);
}

TEST(a_text_changed_anywhere_is_refused_and_changes_nothing)
{
    struct tunedb *a = open_empty(), *b = open_empty();
    fill(a, 4);
    fill(b, 2);
    char *text = export_text(a), *before = export_text(b);
    size_t n = strlen(text);
    for (size_t at = 0; at < n && !test__this_failed; at += 1 + draw(4)) {
        char was = text[at];
        text[at] = (char)(was ^ (1 << draw(7)));
        if (text[at] != was)
            check_refused(b, text, before);
        text[at] = was;
    }
    free(text);
    free(before);
    tunedb_close(a);
    tunedb_close(b);
}

TEST(lines_left_out_or_behind_the_end_are_refused)
{
    struct tunedb *a = open_empty(), *b = open_empty();
    char *before = export_text(b), *more = NULL;
    fill(a, 3);
    char *text = export_text(a);
    char *second = strchr(text, '\n') + 1, *third = strchr(second, '\n') + 1;
    CHECK(asprintf(&more, "%.*s%s", (int)(second - text), text, third) > 0);
    check_refused(b, more, before);
    free(more);
    CHECK(asprintf(&more, "%s%.*s", text, (int)(second - text), text) > 0);
    check_refused(b, more, before);
    free(more);
    free(text);
    free(before);
    tunedb_close(a);
    tunedb_close(b);
}

TEST(a_text_of_format_1_is_read)
{
    static const char head[] = "{\"gnnac\":\"tuning database\",\"format\":1,"
                               "\"xxh3\":\"606816d6ea61f76e09b4ea399a64cf7b\"}";
    struct tunedb *a = open_empty(), *b = open_empty();
    struct record_counts n;
    gnnac_error err = {0};
    char *old = NULL;
    fill(a, 5);
    char *text = export_text(a);
    CHECK(asprintf(&old, "%s%s", head, strchr(text, '\n')) > 0);
    CHECK_INT(records_read("x", old, b, &n, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    check_same(a, b);
    free(old);
    free(text);
    tunedb_close(a);
    tunedb_close(b);
}

// ---- damage -----------------------------------------------------------------

struct lines {
    int n;
    char last[256];
};

static void note(void *context, const char *what)
{
    struct lines *l = context;
    l->n++;
    snprintf(l->last, sizeof(l->last), "%s", what);
}

TEST(verify_names_every_damaged_row_and_nothing_else)
{
    static const char *const damages[][2] = {
        {"UPDATE decision SET effort = effort + 1"
         " WHERE id = (SELECT min(id) FROM decision)", "decision"},
        {"UPDATE decision SET digest = x'00'"
         " WHERE id = (SELECT max(id) FROM decision)", "decision"},
        {"UPDATE run SET time = time + 1"
         " WHERE id = (SELECT min(id) FROM run)", "run"},
        {"UPDATE run SET gnnac = 'x'"
         " WHERE id = (SELECT max(id) FROM run)", "run"},
        {"UPDATE analysis SET value = 'x' WHERE key = 'one'", "analysis"},
        {"DELETE FROM measurement WHERE seq = 0"
         " AND run = (SELECT min(run) FROM measurement)", "run"},
        {"DELETE FROM op WHERE id = 1;"
         "INSERT INTO op VALUES (1, 'aggregate f64')", ""},
        {"INSERT INTO measurement VALUES (99, 0, 1, 'ok', 0, NULL, NULL, NULL,"
         " NULL, NULL, NULL)", "refers to a run"},
    };
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        char name[16];
        struct lines l = {0};
        snprintf(name, sizeof(name), "v%zu.db", i);
        state = 7;
        struct tunedb *db = open_at(name);
        fill(db, 20);
        CHECK_INT(tunedb_verify(db, note, &l, NULL), GNNAC_OK);
        CHECK_INT(l.n, 0);
        run_sql(name, damages[i][0]);
        CHECK_INT(tunedb_verify(db, note, &l, NULL), GNNAC_OK);
        CHECK(damages[i][1][0] ? l.n == 1 : l.n > 1);
        CHECK_HAS(l.last, damages[i][1]);
        tunedb_close(db);
    }
}

TEST(a_damaged_row_is_not_exported_and_gives_way_in_a_merge)
{
    struct tunedb *db = open_at("d.db"), *sound = open_empty();
    struct tunedb *rest = open_empty();
    struct record_counts n;
    state = 7;
    fill(db, 20);
    merge(db, sound);
    run_sql("d.db", "UPDATE decision SET effort = 99; "
                    "UPDATE measurement SET n_samples = n_samples + 1; "
                    "UPDATE analysis SET value = 'x', time = time + 9");
    CHECK_INT(records_merge(db, rest, &n, NULL), GNNAC_OK);
    CHECK(n.n_left_out >= 5);
    merge(sound, db);
    check_same(db, sound);
    tunedb_close(db);
    tunedb_close(sound);
    tunedb_close(rest);
}

TEST(runs_of_before_their_digests_are_kept_and_exported)
{
    struct tunedb *db = open_at("old.db"), *other = open_empty();
    struct lines l = {0};
    int64_t n;
    fill(db, 10);
    CHECK_INT(tunedb_drop_quarantine(db, &n, NULL), GNNAC_OK);
    char *before = export_text(db);
    tunedb_close(db);
    run_sql("old.db", "ALTER TABLE run DROP COLUMN digest;"
                      "DROP TABLE quarantine;"
                      "PRAGMA user_version = 2");
    db = open_at("old.db");
    char *after = export_text(db);
    CHECK_STR(after, before);
    CHECK_INT(tunedb_verify(db, note, &l, NULL), GNNAC_OK);
    CHECK_INT(l.n, 0);
    merge(db, other);
    check_same(db, other);
    free(before);
    free(after);
    tunedb_close(db);
    tunedb_close(other);
}

TEST(a_database_that_is_not_there_is_not_made_by_looking)
{
    struct tunedb *db = NULL;
    char path[128];
    gnnac_error err = {0};
    snprintf(path, sizeof(path), "%s/absent.db", folder);
    CHECK_INT(tunedb_open_existing(path, &db, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, path);
    CHECK(access(path, F_OK) != 0);
}

int main(void)
{
    char command[128];
    snprintf(folder, sizeof(folder), "/tmp/gnnac-records-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    RUN(a_merge_gives_the_same_in_both_directions);
    RUN(merging_again_and_in_other_groups_changes_nothing);
    RUN(better_evidence_wins_whoever_comes_first);
    RUN(a_merge_that_fails_in_the_middle_changes_nothing);
    RUN(what_was_exported_and_imported_is_exported_the_same);
    RUN(a_text_cut_anywhere_is_refused_and_changes_nothing);
    RUN(a_text_changed_anywhere_is_refused_and_changes_nothing);
    RUN(lines_left_out_or_behind_the_end_are_refused);
    RUN(a_text_of_format_1_is_read);
    RUN(verify_names_every_damaged_row_and_nothing_else);
    RUN(a_damaged_row_is_not_exported_and_gives_way_in_a_merge);
    RUN(runs_of_before_their_digests_are_kept_and_exported);
    RUN(a_database_that_is_not_there_is_not_made_by_looking);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? test_done() : 1;
}
