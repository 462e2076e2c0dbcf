// What is known of a file's bytes, in a database of the test's own.
#include "tune/analysis.h"

#include <sqlite3.h>
#include <zlib.h>

#include "graph_fixture.h"

static char db_path[256];

static struct tunedb *open_db(void)
{
    struct tunedb *db = NULL;
    gnnac_error err = {{0}};
    if (tunedb_open(db_path, &db, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return db;
}

static void run_sql(const char *sql)
{
    sqlite3 *conn = NULL;
    CHECK_INT(sqlite3_open(db_path, &conn), SQLITE_OK);
    CHECK_INT(sqlite3_exec(conn, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(conn);
}

// ---- keys -------------------------------------------------------------------

static const char *key_of(const struct analysis_request *r)
{
    static char keys[2][ANALYSIS_KEY_BYTES]; // so that two can be compared
    static int turn;
    gnnac_error err = {{0}};
    char *key = keys[turn = !turn];
    struct analysis_request here = *r;
    here.path = scratch_path(r->path);
    if (analysis_key(&here, key, &err) != GNNAC_OK)
        TEST__FAIL("%s", err.msg);
    return key;
}

static const char *key_of_file(const char *name)
{
    static const struct graph_options plain;
    return key_of(&(struct analysis_request){name, &plain, "rabbit", false});
}

static void write_text(const char *name, const char *text)
{
    scratch_write(name, text, strlen(text));
}

TEST(the_same_bytes_under_another_name_have_the_same_key)
{
    write_text("a.txt", "0 1\n");
    write_text("b.txt", "0 1\n");
    CHECK_STR(key_of_file("a.txt"), key_of_file("b.txt"));
    scratch_unlink("b.txt");
}

TEST(one_other_byte_has_another_key)
{
    write_text("b.txt", "0 2\n");
    CHECK(strcmp(key_of_file("a.txt"), key_of_file("b.txt")) != 0);
    scratch_unlink("b.txt");
}

// More text than is inflated at once, then a last line.
static void write_long_gz(const char *name, const char *last)
{
    enum { BLOCK = 1 << 16, BLOCKS = 200 };
    static char block[BLOCK];
    for (int i = 0; i < BLOCK; i += 4)
        memcpy(block + i, "0 1\n", 4);
    gzFile gz = gzopen(scratch_path(name), "wb1");
    for (int i = 0; i < BLOCKS; i++)
        CHECK_INT(gzwrite(gz, block, BLOCK), BLOCK);
    CHECK(gzputs(gz, last) > 0);
    CHECK_INT(gzclose(gz), Z_OK);
}

TEST(the_end_of_a_long_compressed_file_counts)
{
    write_long_gz("a.txt.gz", "0 2\n");
    write_long_gz("b.txt.gz", "0 3\n");
    CHECK(strcmp(key_of_file("a.txt.gz"), key_of_file("b.txt.gz")) != 0);
    scratch_unlink("a.txt.gz");
    scratch_unlink("b.txt.gz");
}

// Who reads "0 1" as what depends on it.
TEST(the_form_that_a_name_tells_counts)
{
    write_text("a.mtx", "0 1\n");
    write_text("c.d.txt", "0 1\n");
    CHECK(strcmp(key_of_file("a.txt"), key_of_file("a.mtx")) != 0);
    CHECK_STR(key_of_file("a.txt"), key_of_file("c.d.txt"));
    scratch_unlink("a.mtx");
    scratch_unlink("c.d.txt");
}

TEST(every_option_that_changes_the_result_counts)
{
    static const struct graph_options options[] = {
        {.symmetrize = true}, {.dedupe = true}, {.self_loops = true},
        {.target_to_source = true}, {.n_nodes = 9}, {.n_nodes = 99}};
    enum { N = sizeof(options) / sizeof(options[0]) + 3 };
    static const struct graph_options plain;
    struct analysis_request r[N];
    static char keys[N][ANALYSIS_KEY_BYTES];
    for (int i = 0; i < N; i++)
        r[i] = (struct analysis_request){"a.txt", &plain, "rabbit", false};
    for (int i = 3; i < N; i++)
        r[i].graph = &options[i - 3];
    r[1].community = "leiden";
    r[2].triangles = true;
    for (int i = 0; i < N; i++) {
        snprintf(keys[i], sizeof(keys[i]), "%s", key_of(&r[i]));
        for (int j = 0; j < i; j++)
            CHECK(strcmp(keys[i], keys[j]) != 0);
    }
}

TEST(the_number_of_threads_does_not_count)
{
    const struct graph_options many = {.n_threads = 7};
    struct analysis_request r = {"a.txt", &many, "rabbit", false};
    CHECK_STR(key_of(&r), key_of_file("a.txt"));
}

TEST(a_file_that_is_not_there_is_named)
{
    char key[ANALYSIS_KEY_BYTES];
    const struct graph_options plain = {0};
    gnnac_error err = {{0}};
    const struct analysis_request r = {"no/such.txt", &plain, "rabbit", false};
    CHECK(analysis_key(&r, key, &err) != GNNAC_OK);
    CHECK_HAS(err.msg, "no/such.txt");
}

// ---- properties -------------------------------------------------------------

static struct props some_props(void)
{
    struct props p = {0};
    props_int(&p, "graph.nodes", INT64_MIN);
    props_int(&p, "graph.edges", INT64_MAX);
    props_real(&p, "graph.a", 0.1 + 0.2);
    props_real(&p, "graph.b", -0.0);
    props_real(&p, "graph.c", 5e-324);
    props_real(&p, "graph.d", INFINITY);
    props_bool(&p, "graph.yes", true);
    props_bool(&p, "graph.no", false);
    props_text(&p, "graph.words", "two words");
    props_text(&p, "graph.empty", "");
    return p;
}

static bool same_bits(const struct prop *a, const struct prop *b)
{
    if (strcmp(a->name, b->name) != 0 || a->type != b->type)
        return false;
    switch (a->type) {
    case PROP_INT: return a->i == b->i;
    case PROP_REAL: return memcmp(&a->r, &b->r, sizeof(a->r)) == 0;
    case PROP_BOOL: return a->b == b->b;
    default: return strcmp(a->text, b->text) == 0;
    }
}

TEST(what_is_remembered_comes_back_to_the_last_bit)
{
    struct props p = some_props(), q = {0};
    struct tunedb *db = open_db();
    CHECK(!analysis_recall(db, "k", &q));
    CHECK_INT(analysis_remember(db, "k", &p, NULL), GNNAC_OK);
    tunedb_close(db);
    db = open_db();
    CHECK(analysis_recall(db, "k", &q));
    CHECK_INT(q.n, p.n);
    for (size_t i = 0; i < p.n && i < q.n; i++)
        if (!same_bits(&p.items[i], &q.items[i]))
            TEST__FAIL("%s came back as another", p.items[i].name);
    tunedb_close(db);
}

// As text and JSON show it: its sign and payload say nothing.
TEST(what_is_no_number_comes_back_as_none)
{
    struct props p = {0}, q = {0};
    struct tunedb *db = open_db();
    props_real(&p, "graph.none", NAN);
    CHECK_INT(analysis_remember(db, "none", &p, NULL), GNNAC_OK);
    CHECK(analysis_recall(db, "none", &q));
    CHECK_INT(q.n, 1);
    CHECK(isnan(q.items[0].r));
    tunedb_close(db);
}

TEST(values_that_are_no_properties_are_not_recalled)
{
    static char many[20 * 1000];
    const char *bad[] = {"i", "x", "\n", "i\n", "i graph.a", "ii graph.a 1",
                         "x graph.a 1", "i graph.a 1\nr", many};
    struct tunedb *db = open_db();
    for (int i = 0, at = 0; i < 1000; i++)
        at += sprintf(many + at, "i graph.p%d 1\n", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct props q = {0};
        CHECK_INT(tunedb_put_analysis(db, "bad", bad[i], NULL), GNNAC_OK);
        CHECK(!analysis_recall(db, "bad", &q));
        CHECK_INT(q.n, 0);
    }
    tunedb_close(db);
}

TEST(the_newest_of_a_key_is_kept)
{
    struct props p = {0}, q = {0};
    struct tunedb *db = open_db();
    props_int(&p, "graph.nodes", 1);
    CHECK_INT(analysis_remember(db, "new", &p, NULL), GNNAC_OK);
    props_int(&p, "graph.nodes", 2);
    CHECK_INT(analysis_remember(db, "new", &p, NULL), GNNAC_OK);
    CHECK(analysis_recall(db, "new", &q));
    CHECK_INT(props_number(&q, "graph.nodes"), 2);
    CHECK(!analysis_recall(db, "ne", &q));
    tunedb_close(db);
}

static void check_is_lost(const char *damage)
{
    struct props p = some_props(), q = {0};
    struct tunedb *db = open_db();
    CHECK_INT(analysis_remember(db, "k", &p, NULL), GNNAC_OK);
    tunedb_close(db);
    run_sql(damage);
    db = open_db();
    if (analysis_recall(db, "k", &q))
        TEST__FAIL("recalled in spite of %s", damage);
    tunedb_close(db);
}

TEST(a_damaged_row_is_not_recalled_and_can_be_replaced)
{
    check_is_lost("UPDATE analysis SET value = replace(value, '7', '8')");
    check_is_lost("UPDATE analysis SET value = ''");
    check_is_lost("UPDATE analysis SET digest = x'00'");
    // Another file's.
    check_is_lost("DELETE FROM analysis WHERE key = 'k'; "
                  "UPDATE analysis SET key = 'k' WHERE key = 'new'");
}

// A database of version 1 had no such table.
TEST(an_older_database_is_brought_up_to_date)
{
    struct props p = some_props(), q = {0};
    run_sql("DROP TABLE analysis; ALTER TABLE run DROP COLUMN digest;"
            "DROP TABLE quarantine;"
            "PRAGMA user_version = 1");
    struct tunedb *db = open_db();
    CHECK(!analysis_recall(db, "k", &q));
    CHECK_INT(analysis_remember(db, "k", &p, NULL), GNNAC_OK);
    CHECK(analysis_recall(db, "k", &q));
    tunedb_close(db);
}

static void remove_database(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".bak-v1"};
    char path[300];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", db_path, suffixes[i]);
        remove(path);
    }
}

int main(void)
{
    scratch_make();
    snprintf(db_path, sizeof(db_path), "%s/tune.db", scratch);
    RUN(the_same_bytes_under_another_name_have_the_same_key);
    RUN(one_other_byte_has_another_key);
    RUN(the_end_of_a_long_compressed_file_counts);
    RUN(the_form_that_a_name_tells_counts);
    RUN(every_option_that_changes_the_result_counts);
    RUN(the_number_of_threads_does_not_count);
    RUN(a_file_that_is_not_there_is_named);
    RUN(what_is_remembered_comes_back_to_the_last_bit);
    RUN(what_is_no_number_comes_back_as_none);
    RUN(values_that_are_no_properties_are_not_recalled);
    RUN(the_newest_of_a_key_is_kept);
    RUN(a_damaged_row_is_not_recalled_and_can_be_replaced);
    RUN(an_older_database_is_brought_up_to_date);
    scratch_unlink("a.txt");
    remove_database();
    scratch_remove();
    return test_done();
}
