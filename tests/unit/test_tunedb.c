#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db.h"
#include "tunedb.h"

static char folder[64], path[96];

static void set_up(void)
{
    static int number;
    snprintf(path, sizeof(path), "%s/%d/state/tune.db", folder, number++);
}

static struct tunedb *open_db(void)
{
    gnnac_error err = {0};
    struct tunedb *db = NULL;
    CHECK_INT(tunedb_open(path, &db, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return db;
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

static int64_t ask(const char *sql)
{
    sqlite3 *conn;
    sqlite3_stmt *s = NULL;
    int64_t answer = -1;
    CHECK_INT(sqlite3_open(path, &conn), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(conn, sql, -1, &s, NULL), SQLITE_OK);
    if (sqlite3_step(s) == SQLITE_ROW)
        answer = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(conn);
    return answer;
}

// A key and a decision that follow from `seed`.
struct sample {
    char graph[33], variant[256], artifacts[64];
    struct decision_key key;
    struct decision_row row;
};

static void make_sample(struct sample *s, unsigned seed)
{
    snprintf(s->graph, sizeof(s->graph), "%032x", seed);
    snprintf(s->variant, sizeof(s->variant),
             "{\"family\":\"row_split\",\"partSize\":%u}", seed);
    snprintf(s->artifacts, sizeof(s->artifacts), "[\"%032x\"]", seed * 7);
    s->key = (struct decision_key){.graph = s->graph,
                                   .op = "sum f32 d64",
                                   .device = "ranked sm_90",
                                   .toolchain = "nvrtc 13.0",
                                   .space = "00ff"};
    s->row = (struct decision_row){.variant = s->variant,
                                   .artifacts = s->artifacts,
                                   .median_ns = 1000.0 + seed,
                                   .effort = 1};
}

static gnnac_status put(struct tunedb *db, unsigned seed)
{
    struct sample s;
    make_sample(&s, seed);
    return tunedb_put_decision(db, &s.key, &s.row, NULL);
}

// 1: there and right, 0: absent, -1: there and wrong, -2: an error.
static int get(struct tunedb *db, unsigned seed)
{
    struct sample s;
    struct decision_row r;
    make_sample(&s, seed);
    gnnac_status st = tunedb_get_decision(db, &s.key, &r, NULL);
    if (st != GNNAC_OK)
        return st == GNNAC_ENOENT ? 0 : -2;
    bool right = strcmp(r.variant, s.variant) == 0 &&
                 strcmp(r.artifacts, s.artifacts) == 0 &&
                 r.median_ns == s.row.median_ns && r.effort == 1;
    decision_row_finish(&r);
    return right ? 1 : -1;
}

TEST(a_decision_comes_back_after_the_file_was_closed)
{
    set_up();
    struct tunedb *db = open_db();
    CHECK_INT(get(db, 1), 0);
    CHECK_INT(put(db, 1), GNNAC_OK);
    CHECK_INT(get(db, 1), 1);
    tunedb_close(db);
    db = open_db();
    CHECK_INT(get(db, 1), 1);
    CHECK_INT(get(db, 2), 0);
    CHECK_INT(tunedb_is_read_only(db), 0);
    CHECK_STR(tunedb_note(db), "");
    tunedb_close(db);
}

TEST(every_part_of_the_key_counts)
{
    struct sample s;
    struct decision_row r;
    set_up();
    struct tunedb *db = open_db();
    CHECK_INT(put(db, 1), GNNAC_OK);
    for (int i = 0; i < 5; i++) {
        make_sample(&s, 1);
        const char **parts[] = {&s.key.graph, &s.key.op, &s.key.device,
                                &s.key.toolchain, &s.key.space};
        *parts[i] = "another";
        CHECK_INT(tunedb_get_decision(db, &s.key, &r, NULL), GNNAC_ENOENT);
        CHECK_INT(tunedb_put_decision(db, &s.key, &s.row, NULL), GNNAC_OK);
    }
    CHECK_INT(get(db, 1), 1);
    tunedb_close(db);
}

TEST(a_decision_that_was_only_ranked_has_no_time)
{
    struct sample s;
    struct decision_row r;
    set_up();
    struct tunedb *db = open_db();
    make_sample(&s, 1);
    s.row.median_ns = NAN;
    s.row.effort = 0;
    CHECK_INT(tunedb_put_decision(db, &s.key, &s.row, NULL), GNNAC_OK);
    CHECK_INT(tunedb_get_decision(db, &s.key, &r, NULL), GNNAC_OK);
    CHECK(isnan(r.median_ns));
    decision_row_finish(&r);
    tunedb_close(db);
}

TEST(more_effort_replaces_less_and_not_the_other_way)
{
    struct sample s;
    struct decision_row r;
    static const int efforts[][2] = {{0, 0}, {2, 2}, {1, 2}, {2, 2}};
    set_up();
    struct tunedb *db = open_db();
    for (int i = 0; i < 4; i++) {
        make_sample(&s, 1);
        s.row.effort = efforts[i][0];
        s.row.median_ns = i;
        CHECK_INT(tunedb_put_decision(db, &s.key, &s.row, NULL), GNNAC_OK);
        CHECK_INT(tunedb_get_decision(db, &s.key, &r, NULL), GNNAC_OK);
        CHECK_INT(r.effort, efforts[i][1]);
        CHECK_INT(r.median_ns, i == 2 ? 1 : i);
        decision_row_finish(&r);
    }
    tunedb_close(db);
}

TEST(a_damaged_decision_is_a_miss_and_can_be_made_again)
{
    static const char *const damages[] = {
        "UPDATE decision SET variant = replace(variant, '1', '3')",
        "UPDATE decision SET artifacts = '[]'",
        "UPDATE decision SET median_ns = 1",
        "UPDATE decision SET effort = 2",
        "UPDATE decision SET digest = zeroblob(16)",
        "UPDATE decision SET digest = x'00'",
    };
    set_up();
    struct tunedb *db = open_db();
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        CHECK_INT(put(db, 1), GNNAC_OK);
        CHECK_INT(get(db, 1), 1);
        run_sql(damages[i]);
        CHECK_INT(get(db, 1), 0);
    }
    CHECK_INT(put(db, 1), GNNAC_OK);
    CHECK_INT(get(db, 1), 1);
    tunedb_close(db);
}

TEST(measurements_are_kept_losers_and_failures_too)
{
    struct sample s;
    struct tunedb_info info;
    const struct measurement_row rows[] = {
        {"row_split", "{\"p\":32}", "ok", 30, 900, 890, 910, 0.5, 32, 0},
        {"row_split", "{\"p\":64}", "ok", 2, 1900, 1890, 1910, 0.5, 40, 16},
        {"edge", "{}", "compile_error", 0, NAN, NAN, NAN, NAN, -1, -1},
    };
    set_up();
    struct tunedb *db = open_db();
    make_sample(&s, 1);
    CHECK_INT(tunedb_put_measurements(db, &s.key, rows, 3, NULL), GNNAC_OK);
    CHECK_INT(tunedb_put_measurements(db, &s.key, rows, 2, NULL), GNNAC_OK);
    CHECK_INT(tunedb_get_info(db, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_measurements, 5);
    CHECK_INT(info.n_decisions, 0);
    CHECK_INT(info.n_graphs, 1);
    CHECK_INT(info.schema_version, 4);
    CHECK_STR(info.path, path);
    CHECK(info.n_bytes > 0);
    CHECK_INT(ask("SELECT count(*) FROM variant"), 3);
    CHECK_INT(ask("SELECT count(*) FROM measurement WHERE median_ns IS NULL"
                  " AND max_error IS NULL AND registers IS NULL"),
              1);
    tunedb_close(db);
}

TEST(a_batch_with_a_bad_row_stores_nothing)
{
    struct sample s;
    struct tunedb_info info;
    gnnac_error err = {0};
    const struct measurement_row rows[] = {
        {"row_split", "{}", "ok", 30, 900, 890, 910, 0.5, 32, 0},
        {"row_split", "{}", NULL, 30, 900, 890, 910, 0.5, 32, 0},
    };
    set_up();
    struct tunedb *db = open_db();
    make_sample(&s, 1);
    CHECK_INT(tunedb_put_measurements(db, &s.key, rows, 2, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, "tune.db");
    CHECK_INT(tunedb_get_info(db, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_measurements, 0);
    CHECK_INT(info.n_graphs, 0);
    CHECK_INT(put(db, 1), GNNAC_OK);
    tunedb_close(db);
}

TEST(a_database_in_memory_works_and_leaves_no_file)
{
    struct tunedb *db = NULL;
    CHECK_INT(tunedb_open(":memory:", &db, NULL), GNNAC_OK);
    CHECK_INT(put(db, 1), GNNAC_OK);
    CHECK_INT(get(db, 1), 1);
    tunedb_close(db);
    CHECK(access(":memory:", F_OK) != 0);
}

TEST(a_file_that_is_not_ours_is_refused_and_left_alone)
{
    gnnac_error err = {0};
    struct tunedb *db = NULL;
    set_up();
    tunedb_close(open_db());
    CHECK_INT(unlink(path), 0);
    run_sql("CREATE TABLE mine(x); INSERT INTO mine VALUES (7)");
    CHECK_INT(tunedb_open(path, &db, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, "is not a gnnac tuning database");
    run_sql("DROP TABLE mine; PRAGMA application_id = 77");
    CHECK_INT(tunedb_open(path, &db, NULL), GNNAC_EDB);
    CHECK(db == NULL);
}

TEST(a_damaged_file_is_an_error_that_changes_nothing)
{
    static const char text[] = "this is not a database, but long enough\n";
    char got[sizeof(text)] = "";
    gnnac_error err = {0};
    struct tunedb *db = NULL;
    set_up();
    tunedb_close(open_db());
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
    CHECK_INT(tunedb_open(path, &db, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, path);
    CHECK_HAS(err.msg, "damaged");
    CHECK_HAS(err.msg, "nothing was changed");
    f = fopen(path, "r");
    CHECK(f && fgets(got, sizeof(got), f));
    if (f)
        fclose(f);
    CHECK_STR(got, text);
}

TEST(no_single_flipped_bit_gives_a_wrong_decision)
{
    char command[512];
    struct stat sb = {0};
    set_up();
    struct tunedb *db = open_db();
    for (unsigned i = 0; i < 20; i++)
        CHECK_INT(put(db, i), GNNAC_OK);
    tunedb_close(db);
    CHECK_INT(stat(path, &sb), 0);
    snprintf(command, sizeof(command), "cp '%s' '%s.copy'", path, path);
    CHECK_INT(system(command), 0);
    snprintf(command, sizeof(command),
             "rm -f '%s-wal' '%s-shm'; cp '%s.copy' '%s'", path, path, path,
             path);
    for (long at = 0; at < sb.st_size; at += 1 + sb.st_size / 150) {
        unsigned char c = 0;
        int fd = open(path, O_RDWR);
        CHECK(fd >= 0 && pread(fd, &c, 1, at) == 1);
        c ^= (unsigned char)(1 << at % 8);
        CHECK(pwrite(fd, &c, 1, at) == 1);
        close(fd);
        db = NULL;
        if (tunedb_open(path, &db, NULL) == GNNAC_OK)
            for (unsigned i = 0; i < 20; i++)
                if (get(db, i) == -1)
                    TEST__FAIL("wrong after a flip at byte %ld", at);
        tunedb_close(db);
        CHECK_INT(system(command), 0);
    }
}

TEST(a_newer_file_is_read_but_not_written)
{
    gnnac_error err = {0};
    struct sample s;
    set_up();
    struct tunedb *db = open_db();
    CHECK_INT(put(db, 1), GNNAC_OK);
    tunedb_close(db);
    run_sql("PRAGMA user_version = 99;"
            "ALTER TABLE decision ADD COLUMN later TEXT");
    db = open_db();
    CHECK_INT(tunedb_is_read_only(db), 1);
    CHECK_HAS(tunedb_note(db), "newer");
    CHECK_INT(get(db, 1), 1);
    make_sample(&s, 2);
    CHECK_INT(tunedb_put_decision(db, &s.key, &s.row, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, "newer");
    tunedb_close(db);
}

// ---- migrations, on a schema of the test's own ------------------------------

static const char *const test_steps[] = {
    "CREATE TABLE a (x INTEGER) STRICT;",
    "ALTER TABLE a ADD COLUMN y INTEGER",
    "this is not SQL",
};

static gnnac_status open_version(int version, struct db *db, gnnac_error *err)
{
    static struct db_schema schemas[4];
    schemas[version] = (struct db_schema){.what = "test database",
                                          .application_id = 5,
                                          .steps = test_steps,
                                          .version = version,
                                          .precious = true};
    *db = (struct db){0};
    return db_open(db, path, &schemas[version], err);
}

TEST(an_old_file_is_backed_up_and_migrated_without_loss)
{
    struct db db;
    char backup[128];
    int64_t sum = 0;
    set_up();
    CHECK_INT(open_version(1, &db, NULL), GNNAC_OK);
    CHECK_INT(db_exec(&db, "INSERT INTO a VALUES (42)", NULL), GNNAC_OK);
    db_close(&db);
    CHECK_INT(open_version(2, &db, NULL), GNNAC_OK);
    CHECK_INT(db_exec(&db, "UPDATE a SET y = x", NULL), GNNAC_OK);
    CHECK_INT(db_read_int(&db, "SELECT y FROM a", &sum, NULL), GNNAC_OK);
    CHECK_INT(sum, 42);
    CHECK_INT(db_read_int(&db, "PRAGMA user_version", &sum, NULL), GNNAC_OK);
    CHECK_INT(sum, 2);
    db_close(&db);
    snprintf(backup, sizeof(backup), "%s.bak-v1", path);
    CHECK_INT(access(backup, R_OK), 0);
}

TEST(a_migration_that_fails_leaves_the_old_file)
{
    struct db db;
    gnnac_error err = {0};
    int64_t version = 0;
    set_up();
    CHECK_INT(open_version(1, &db, NULL), GNNAC_OK);
    db_close(&db);
    CHECK_INT(open_version(3, &db, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, path);
    CHECK_INT(open_version(1, &db, NULL), GNNAC_OK);
    CHECK_INT(db_read_int(&db, "PRAGMA user_version", &version, NULL),
              GNNAC_OK);
    CHECK_INT(version, 1);
    db_close(&db);
}

// ---- many processes ---------------------------------------------------------

static bool in_processes(int n, int (*child)(int))
{
    bool all = true;
    fflush(stdout);
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(i));
        if (pid < 0)
            return false;
    }
    for (int i = 0; i < n; i++) {
        int status = -1;
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            all = false;
    }
    return all;
}

static int open_and_write(int i)
{
    struct tunedb *db = NULL;
    gnnac_error err = {0};
    const struct measurement_row row = {"row_split", "{}", "ok", 1,  1,
                                        1,           1,    0.5,  32, 0};
    struct sample s;
    if (tunedb_open(path, &db, &err) != GNNAC_OK) {
        printf("# process %d: %s\n", i, err.msg);
        fflush(stdout);
        return 1;
    }
    for (unsigned k = 0; k < 8; k++) {
        unsigned seed = (unsigned)i * 4 + k;
        make_sample(&s, seed);
        if (put(db, seed) != GNNAC_OK || get(db, seed) != 1 ||
            tunedb_put_measurements(db, &s.key, &row, 1, NULL) != GNNAC_OK)
            return 2;
    }
    tunedb_close(db);
    return 0;
}

TEST(sixteen_processes_create_and_fill_one_file)
{
    struct tunedb_info info;
    set_up();
    CHECK(in_processes(16, open_and_write));
    struct tunedb *db = open_db();
    CHECK_INT(tunedb_get_info(db, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_decisions, 68);
    CHECK_INT(info.n_graphs, 68);
    CHECK_INT(info.n_measurements, 128);
    tunedb_close(db);
}

static int fill_the_disk(int unused)
{
    (void)unused;
    struct tunedb *db = NULL;
    struct rlimit limit = {200 * 1024, 200 * 1024};
    signal(SIGXFSZ, SIG_IGN);
    if (tunedb_open(path, &db, NULL) != GNNAC_OK || put(db, 0) != GNNAC_OK ||
        setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    gnnac_status st = GNNAC_OK;
    for (unsigned i = 1; i < 2000 && st == GNNAC_OK; i++)
        st = put(db, i);
    if (st != GNNAC_EDB)
        return 2;
    int found = get(db, 0);
    tunedb_close(db);
    return found == 1 ? 0 : 3;
}

TEST(a_full_disk_is_an_error_that_loses_nothing)
{
    set_up();
    CHECK(in_processes(1, fill_the_disk));
    struct tunedb *db = open_db();
    CHECK_INT(get(db, 0), 1);
    CHECK_INT(put(db, 5000), GNNAC_OK);
    tunedb_close(db);
}

// A process that may not write, even when the tests run as root.
static int read_as_nobody(int unused)
{
    (void)unused;
    struct tunedb *db = NULL;
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    if (tunedb_open(path, &db, NULL) != GNNAC_OK)
        return 2;
    bool right = tunedb_is_read_only(db) && get(db, 1) == 1 &&
                 put(db, 2) == GNNAC_EDB &&
                 strstr(tunedb_note(db), "cannot be written");
    tunedb_close(db);
    return right ? 0 : 3;
}

static int create_as_nobody(int unused)
{
    (void)unused;
    struct tunedb *db = NULL;
    gnnac_error err = {0};
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    if (tunedb_open(path, &db, &err) != GNNAC_EDB || db)
        return 2;
    return strstr(err.msg, path) ? 0 : 3;
}

TEST(a_folder_that_cannot_be_written_is_read)
{
    char command[512];
    set_up();
    struct tunedb *db = open_db();
    CHECK_INT(put(db, 1), GNNAC_OK);
    tunedb_close(db);
    snprintf(command, sizeof(command),
             "d=$(dirname '%s') && chmod -R a+rX '%s' && chmod a-w '%s' $d",
             path, folder, path);
    CHECK_INT(system(command), 0);
    CHECK(in_processes(1, read_as_nobody));
    strcat(path, "-absent");
    CHECK(in_processes(1, create_as_nobody));
    snprintf(command, sizeof(command), "chmod u+w \"$(dirname '%s')\"", path);
    CHECK_INT(system(command), 0);
}

int main(void)
{
    char command[128];
    snprintf(folder, sizeof(folder), "/tmp/gnnac-tunedb-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    RUN(a_decision_comes_back_after_the_file_was_closed);
    RUN(every_part_of_the_key_counts);
    RUN(a_decision_that_was_only_ranked_has_no_time);
    RUN(more_effort_replaces_less_and_not_the_other_way);
    RUN(a_damaged_decision_is_a_miss_and_can_be_made_again);
    RUN(measurements_are_kept_losers_and_failures_too);
    RUN(a_batch_with_a_bad_row_stores_nothing);
    RUN(a_database_in_memory_works_and_leaves_no_file);
    RUN(a_file_that_is_not_ours_is_refused_and_left_alone);
    RUN(a_damaged_file_is_an_error_that_changes_nothing);
    RUN(no_single_flipped_bit_gives_a_wrong_decision);
    RUN(a_newer_file_is_read_but_not_written);
    RUN(an_old_file_is_backed_up_and_migrated_without_loss);
    RUN(a_migration_that_fails_leaves_the_old_file);
    RUN(sixteen_processes_create_and_fill_one_file);
    RUN(a_full_disk_is_an_error_that_loses_nothing);
    RUN(a_folder_that_cannot_be_written_is_read);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? test_done() : 1;
}
