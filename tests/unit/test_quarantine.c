// Kernels in quarantine, as tune.db keeps them.
#include "test.h"

#include <sqlite3.h>
#include <unistd.h>

#include "tunedb_quarantine.h"
#include "tunedb_records.h"

static char path[64];

static const struct quarantine_row faulty = {
    .key = "000000000000000000000000000000aa",
    .driver = "cuda 12.4",
    .content = "000000000000000000000000000000cc",
    .arch = "sm_90",
    .kernel = "gnnac_faulty",
    .verdict = "fault",
    .reason = "an illegal address"};

static struct tunedb *open_db(void)
{
    gnnac_error err = {0};
    struct tunedb *db = NULL;
    CHECK_INT(tunedb_open(path, &db, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return db;
}

static struct tunedb *open_new(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".bak-v3"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char name[80];
        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
    return open_db();
}

static void run_sql(const char *sql)
{
    sqlite3 *conn;
    char *why = NULL;
    CHECK_INT(sqlite3_open(path, &conn), SQLITE_OK);
    CHECK_INT(sqlite3_exec(conn, sql, NULL, NULL, &why), SQLITE_OK);
    CHECK_STR(why ? why : "", "");
    sqlite3_free(why);
    sqlite3_close(conn);
}

static bool knows(struct tunedb *db, const char *key, const char *content,
                  const char *driver)
{
    const struct quarantine_question q = {key, content, driver};
    struct quarantine_answer a = {.reason = ""};
    gnnac_status st = tunedb_find_quarantine(db, &q, &a, NULL);
    CHECK(st == GNNAC_OK || st == GNNAC_ENOENT);
    return st == GNNAC_OK;
}

TEST(a_kernel_is_known_by_its_key_and_by_what_it_executes)
{
    struct quarantine_answer a;
    struct tunedb *db = open_new();
    const struct quarantine_question q = {.content = faulty.content};
    CHECK(!knows(db, faulty.key, NULL, NULL));
    CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
    CHECK(knows(db, faulty.key, NULL, NULL));
    CHECK(knows(db, faulty.key, NULL, faulty.driver));
    CHECK(knows(db, "another", faulty.content, faulty.driver));
    CHECK(!knows(db, "another", "thing", faulty.driver));
    CHECK(!knows(db, NULL, NULL, faulty.driver));
    CHECK_INT(tunedb_find_quarantine(db, &q, &a, NULL), GNNAC_OK);
    CHECK_STR(a.kernel, faulty.kernel);
    CHECK_STR(a.verdict, "fault");
    CHECK_STR(a.reason, faulty.reason);
    tunedb_close(db);
}

TEST(a_new_driver_is_another_chance)
{
    struct tunedb *db = open_new();
    CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
    CHECK(!knows(db, faulty.key, faulty.content, "cuda 13.0"));
    CHECK(knows(db, faulty.key, NULL, NULL)); // who has no driver trusts none
    tunedb_close(db);
}

TEST(a_later_verdict_replaces_an_earlier_one)
{
    struct quarantine_row later = faulty;
    struct quarantine_answer a;
    const struct quarantine_question q = {.key = faulty.key};
    struct tunedb_info info;
    struct tunedb *db = open_new();
    later.verdict = "hang";
    CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
    CHECK_INT(tunedb_put_quarantine(db, &later, NULL), GNNAC_OK);
    CHECK_INT(tunedb_get_info(db, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_quarantined, 1);
    CHECK_INT(tunedb_find_quarantine(db, &q, &a, NULL), GNNAC_OK);
    CHECK_STR(a.verdict, "hang");
    tunedb_close(db);
}

TEST(dropping_it_lets_all_go)
{
    int64_t n = 0;
    struct tunedb *db = open_new();
    CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
    CHECK_INT(tunedb_drop_quarantine(db, &n, NULL), GNNAC_OK);
    CHECK_INT(n, 1);
    CHECK(!knows(db, faulty.key, faulty.content, NULL));
    tunedb_close(db);
}

static void count(void *context, const char *what)
{
    CHECK_HAS(what, "quarantine");
    ++*(int *)context;
}

TEST(a_damaged_row_says_nothing_and_is_named)
{
    static const char *const columns[] = {"key",    "driver", "content",
                                          "arch",   "kernel", "verdict",
                                          "reason", "digest"};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        char sql[128];
        int n = 0;
        struct tunedb *db = open_new();
        CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
        snprintf(sql, sizeof(sql), "UPDATE quarantine SET %s = %s", columns[i],
                 strcmp(columns[i], "digest") ? "'x'" : "x'00'");
        run_sql(sql);
        CHECK(!knows(db, faulty.key, faulty.content, NULL));
        CHECK_INT(tunedb_verify(db, count, &n, NULL), GNNAC_OK);
        CHECK_INT(n, 1);
        CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
        CHECK(knows(db, faulty.key, faulty.content, NULL));
        tunedb_close(db);
    }
}

TEST(a_database_of_before_there_was_one_is_migrated)
{
    char backup[80];
    struct tunedb_info info;
    struct tunedb *db = open_new();
    CHECK_INT(tunedb_put_analysis(db, "kept", "value", NULL), GNNAC_OK);
    tunedb_close(db);
    run_sql("DROP TABLE quarantine; PRAGMA user_version = 3");
    db = open_db();
    CHECK_INT(tunedb_put_quarantine(db, &faulty, NULL), GNNAC_OK);
    CHECK(knows(db, faulty.key, NULL, NULL));
    CHECK_INT(tunedb_get_info(db, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_analyses, 1);
    CHECK_INT(info.n_quarantined, 1);
    tunedb_close(db);
    snprintf(backup, sizeof(backup), "%s.bak-v3", path);
    CHECK_INT(access(backup, R_OK), 0);
    unlink(backup);
}

int main(void)
{
    char folder[] = "/tmp/gnnac-test-XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/tune.db", folder);
    RUN(a_kernel_is_known_by_its_key_and_by_what_it_executes);
    RUN(a_new_driver_is_another_chance);
    RUN(a_later_verdict_replaces_an_earlier_one);
    RUN(dropping_it_lets_all_go);
    RUN(a_damaged_row_says_nothing_and_is_named);
    RUN(a_database_of_before_there_was_one_is_migrated);
    tunedb_close(open_new());
    unlink(path);
    rmdir(folder);
    return test_done();
}
