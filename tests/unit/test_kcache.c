#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kcache.h"

static char folder[64], path[96];

static void set_up(void)
{
    static int number;
    char command[128];
    snprintf(path, sizeof(path), "%s/%d", folder, number++);
    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    CHECK_INT(system(command), 0);
    strcat(path, "/kcache.db");
}

static struct kcache *open_cache(void)
{
    gnnac_error err = {0};
    struct kcache *kc = NULL;
    CHECK_INT(kcache_open(path, &kc, &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    return kc;
}

// An artifact whose every byte follows from `seed`.
struct sample {
    char hex[33], source[64], log[32];
    unsigned char image[6000];
    struct artifact a;
};

static void make_sample(struct sample *s, unsigned seed)
{
    for (size_t i = 0; i < sizeof(s->image); i++)
        s->image[i] = (unsigned char)(seed * 31 + i * 7 + i / 251);
    snprintf(s->source, sizeof(s->source), "// kernel %u", seed);
    snprintf(s->log, sizeof(s->log), "Used %u registers", seed % 100);
    s->a = (struct artifact){.image = s->image,
                             .n_bytes = sizeof(s->image),
                             .source = s->source,
                             .log = s->log,
                             .arch = "sm_90"};
    artifact_key_hex(&(struct artifact_key){.source = s->source,
                                            .options = "-v",
                                            .arch = "sm_90",
                                            .toolchain = "nvrtc 13.0"},
                     s->hex);
}

static gnnac_status put(struct kcache *kc, unsigned seed)
{
    struct sample s;
    make_sample(&s, seed);
    return kcache_put(kc, s.hex, &s.a, NULL);
}

// 1: there and right, 0: absent, -1: there and wrong.
static int get(struct kcache *kc, unsigned seed)
{
    struct sample s;
    struct artifact a = {0};
    make_sample(&s, seed);
    if (kcache_get(kc, s.hex, s.source, &a, NULL) != GNNAC_OK)
        return 0;
    bool right = a.n_bytes == sizeof(s.image) &&
                 memcmp(a.image, s.image, a.n_bytes) == 0 &&
                 strcmp(a.source, s.source) == 0 && strcmp(a.log, s.log) == 0 &&
                 strcmp(a.arch, "sm_90") == 0;
    artifact_finish(&a);
    return right ? 1 : -1;
}

static void run_sql(const char *sql)
{
    sqlite3 *conn;
    CHECK_INT(sqlite3_open(path, &conn), SQLITE_OK);
    CHECK_INT(sqlite3_exec(conn, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(conn);
}

static void overwrite_file(const char *text)
{
    FILE *f = fopen(path, "w");
    CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

TEST(what_is_put_comes_back_byte_for_byte)
{
    set_up();
    struct kcache *kc = open_cache();
    CHECK_INT(get(kc, 1), 0);
    CHECK_INT(put(kc, 1), GNNAC_OK);
    CHECK_INT(put(kc, 2), GNNAC_OK);
    CHECK_INT(get(kc, 1), 1);
    kcache_close(kc);
    kc = open_cache();
    CHECK_INT(get(kc, 1), 1);
    CHECK_INT(get(kc, 2), 1);
    CHECK_STR(kcache_note(kc), "");
    kcache_close(kc);
}

TEST(putting_twice_replaces_and_the_empty_image_is_legal)
{
    set_up();
    struct kcache *kc = open_cache();
    struct artifact a = {.arch = "sm_90"}, b = {0};
    struct kcache_info info;
    CHECK_INT(put(kc, 1), GNNAC_OK);
    CHECK_INT(put(kc, 1), GNNAC_OK);
    CHECK_INT(kcache_put(kc, "00", &a, NULL), GNNAC_OK);
    CHECK_INT(kcache_get(kc, "00", NULL, &b, NULL), GNNAC_OK);
    CHECK_INT(b.n_bytes, 0);
    CHECK_STR(b.source, "");
    artifact_finish(&b);
    CHECK_INT(kcache_get_info(kc, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_artifacts, 2);
    CHECK_STR(info.path, path);
    kcache_close(kc);
}

TEST(equal_images_are_stored_once)
{
    set_up();
    struct kcache *kc = open_cache();
    struct kcache_info one, many;
    struct sample s;
    char hex[33];
    make_sample(&s, 1);
    CHECK_INT(kcache_put(kc, s.hex, &s.a, NULL), GNNAC_OK);
    CHECK_INT(kcache_get_info(kc, &one, NULL), GNNAC_OK);
    for (int i = 0; i < 50; i++) {
        snprintf(hex, sizeof(hex), "%032d", i);
        CHECK_INT(kcache_put(kc, hex, &s.a, NULL), GNNAC_OK);
    }
    CHECK_INT(kcache_get_info(kc, &many, NULL), GNNAC_OK);
    CHECK_INT(many.n_artifacts, 51);
    CHECK(many.n_bytes < one.n_bytes + 3 * (long long)sizeof(s.image));
    kcache_close(kc);
}

TEST(a_source_that_differs_is_a_miss)
{
    set_up();
    struct kcache *kc = open_cache();
    struct sample s;
    struct artifact a;
    gnnac_error err = {0};
    make_sample(&s, 1);
    CHECK_INT(kcache_put(kc, s.hex, &s.a, NULL), GNNAC_OK);
    CHECK_INT(kcache_get(kc, s.hex, "// kernel 2", &a, &err), GNNAC_ENOENT);
    CHECK_HAS(err.msg, s.hex);
    CHECK_INT(kcache_get(kc, s.hex, NULL, &a, NULL), GNNAC_OK);
    artifact_finish(&a);
    kcache_close(kc);
}

TEST(keys_do_not_run_into_each_other)
{
    char a[33], b[33];
    artifact_key_hex(&(struct artifact_key){"ab", "c", "sm_90", "t"}, a);
    artifact_key_hex(&(struct artifact_key){"a", "bc", "sm_90", "t"}, b);
    CHECK(strcmp(a, b) != 0);
    CHECK_INT(strlen(a), 32);
}

// A change here silently empties every user's cache.
TEST(keys_are_the_same_for_ever)
{
    char hex[33];
    artifact_key_hex(
        &(struct artifact_key){"source", "options", "sm_90", "toolchain"}, hex);
    CHECK_STR(hex, "b16e5df3d2238fdc28b80d3c9669e49b");
}

// Where in the file do the image's bytes lie?
static long find_in_file(const unsigned char *part, size_t n)
{
    FILE *f = fopen(path, "rb");
    static unsigned char all[1 << 20];
    size_t got = f ? fread(all, 1, sizeof(all), f) : 0;
    if (f)
        fclose(f);
    unsigned char *at = memmem(all, got, part, n);
    return at ? at - all : -1;
}

static void flip_bit(long at, int bit)
{
    int fd = open(path, O_RDWR);
    unsigned char c = 0;
    CHECK(fd >= 0 && pread(fd, &c, 1, at) == 1);
    c ^= (unsigned char)(1 << bit);
    CHECK(pwrite(fd, &c, 1, at) == 1);
    close(fd);
}

TEST(a_flipped_bit_in_a_blob_is_a_miss_and_a_put_repairs_it)
{
    struct sample s;
    set_up();
    make_sample(&s, 3);
    struct kcache *kc = open_cache();
    CHECK_INT(put(kc, 3), GNNAC_OK);
    kcache_close(kc);
    long at = find_in_file(s.image + 100, 64);
    CHECK(at > 0);
    for (int i = 0; i < 40 && at > 0; i++) {
        flip_bit(at + i, i % 8);
        kc = open_cache();
        CHECK_INT(get(kc, 3), 0);
        CHECK_INT(put(kc, 3), GNNAC_OK);
        CHECK_INT(get(kc, 3), 1);
        kcache_close(kc);
    }
}

TEST(no_single_flipped_bit_gives_a_wrong_kernel)
{
    set_up();
    struct kcache *kc = open_cache();
    for (unsigned i = 0; i < 4; i++)
        CHECK_INT(put(kc, i), GNNAC_OK);
    kcache_close(kc);
    struct stat sb;
    CHECK_INT(stat(path, &sb), 0);
    char copy[128], command[512];
    snprintf(copy, sizeof(copy), "%s.copy", path);
    snprintf(command, sizeof(command), "cp '%s' '%s'", path, copy);
    CHECK_INT(system(command), 0);
    snprintf(command, sizeof(command), "rm -f '%s-wal' '%s-shm'; cp '%s' '%s'",
             path, path, copy, path);
    for (long at = 0; at < sb.st_size; at += 1 + sb.st_size / 150) {
        flip_bit(at, (int)(at % 8));
        struct kcache *damaged = NULL;
        if (kcache_open(path, &damaged, NULL) == GNNAC_OK) {
            for (unsigned i = 0; i < 4; i++)
                if (get(damaged, i) < 0)
                    TEST__FAIL("wrong after a flip at byte %ld", at);
            kcache_close(damaged);
        }
        CHECK_INT(system(command), 0);
    }
}

TEST(a_file_that_is_no_database_is_moved_aside)
{
    set_up();
    kcache_close(open_cache());
    overwrite_file("this is not a database, only a text that is long enough\n");
    struct kcache *kc = open_cache();
    CHECK_HAS(kcache_note(kc), ".corrupt-");
    CHECK_INT(put(kc, 1), GNNAC_OK);
    CHECK_INT(get(kc, 1), 1);
    char command[200];
    snprintf(command, sizeof(command), "grep -q 'only a text' '%s'.corrupt-*",
             path);
    CHECK_INT(system(command), 0);
    kcache_close(kc);
}

TEST(damage_in_the_middle_of_work_does_not_end_it)
{
    set_up();
    struct kcache *kc = open_cache();
    for (unsigned i = 0; i < 30; i++)
        CHECK_INT(put(kc, i), GNNAC_OK);
    kcache_close(kc);
    int fd = open(path, O_RDWR);
    static const char zeros[64 * 1024];
    CHECK(pwrite(fd, zeros, sizeof(zeros), 8192) == (ssize_t)sizeof(zeros));
    close(fd);
    kc = open_cache();
    for (unsigned i = 0; i < 30; i++)
        CHECK(get(kc, i) >= 0);
    for (unsigned i = 0; i < 30; i++)
        CHECK_INT(put(kc, i), GNNAC_OK);
    for (unsigned i = 0; i < 30; i++)
        CHECK_INT(get(kc, i), 1);
    kcache_close(kc);
}

TEST(somebody_elses_database_is_refused_and_left_alone)
{
    gnnac_error err = {0};
    struct kcache *kc = NULL;
    set_up();
    kcache_close(open_cache());
    CHECK_INT(unlink(path), 0);
    run_sql("CREATE TABLE mine(x); INSERT INTO mine VALUES (7)");
    CHECK_INT(kcache_open(path, &kc, &err), GNNAC_EDB);
    CHECK_HAS(err.msg, "is not a gnnac kernel cache");
    run_sql("UPDATE mine SET x = 8 WHERE x = 7");
    run_sql("PRAGMA application_id = 77");
    CHECK_INT(kcache_open(path, &kc, NULL), GNNAC_EDB);
    CHECK(kc == NULL);
}

TEST(a_newer_cache_is_read_but_not_written)
{
    set_up();
    struct kcache *kc = open_cache();
    CHECK_INT(put(kc, 1), GNNAC_OK);
    kcache_close(kc);
    run_sql("PRAGMA user_version = 99");
    kc = open_cache();
    CHECK_HAS(kcache_note(kc), "newer");
    CHECK_INT(get(kc, 1), 1);
    CHECK_INT(put(kc, 2), GNNAC_EDB);
    kcache_close(kc);
}

TEST(the_least_recently_used_goes_when_the_limit_is_met)
{
    set_up();
    struct kcache *kc = open_cache();
    struct kcache_info info;
    enum { LIMIT = 400 * 1024 };
    for (unsigned i = 0; i < 40; i++)
        CHECK_INT(put(kc, i), GNNAC_OK);
    run_sql("UPDATE artifact SET last_used_day = 1");
    CHECK_INT(get(kc, 0), 1); // used today
    CHECK_INT(kcache_get_info(kc, &info, NULL), GNNAC_OK);
    kcache_set_limit(kc, info.n_bytes);
    CHECK_INT(put(kc, 59), GNNAC_OK);
    CHECK_INT(get(kc, 0), 1);
    CHECK_INT(get(kc, 1), 0);
    CHECK_INT(get(kc, 39), 1);
    CHECK_INT(get(kc, 59), 1);
    kcache_set_limit(kc, LIMIT);
    for (unsigned i = 60; i < 200; i++)
        CHECK_INT(put(kc, i), GNNAC_OK);
    CHECK_INT(get(kc, 199), 1);
    CHECK_INT(get(kc, 0), 0);
    CHECK_INT(kcache_get_info(kc, &info, NULL), GNNAC_OK);
    CHECK(info.n_bytes <= LIMIT && info.n_bytes > LIMIT / 2);
    kcache_close(kc);
    struct stat sb;
    CHECK_INT(stat(path, &sb), 0);
    CHECK(sb.st_size <= LIMIT + LIMIT / 4);
}

TEST(a_files_text_holds_while_size_and_time_do)
{
    set_up();
    struct kcache *kc = open_cache();
    char text[64];
    struct file_stamp stamp = {"/usr/lib/libx.so", 1000, 123456789};
    CHECK_INT(kcache_get_file(kc, &stamp, text, sizeof(text), NULL),
              GNNAC_ENOENT);
    CHECK_INT(kcache_put_file(kc, &stamp, "x 1.0", NULL), GNNAC_OK);
    CHECK_INT(kcache_put_file(kc, &stamp, "x 1.1", NULL), GNNAC_OK);
    CHECK_INT(kcache_get_file(kc, &stamp, text, sizeof(text), NULL), GNNAC_OK);
    CHECK_STR(text, "x 1.1");
    CHECK_INT(kcache_get_file(kc, &stamp, text, 5, NULL), GNNAC_ENOENT);
    stamp.mtime_ns++;
    CHECK_INT(kcache_get_file(kc, &stamp, text, sizeof(text), NULL),
              GNNAC_ENOENT);
    stamp.mtime_ns--;
    run_sql("UPDATE file SET text = 'x 9.9'");
    CHECK_INT(kcache_get_file(kc, &stamp, text, sizeof(text), NULL),
              GNNAC_ENOENT);
    kcache_close(kc);
}

// ---- many processes ---------------------------------------------------------

// Runs `child(i)` in n processes at once; true when all exit with 0.
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
    struct kcache *kc = NULL;
    gnnac_error err = {0};
    if (kcache_open(path, &kc, &err) != GNNAC_OK) {
        printf("# process %d: %s\n", i, err.msg);
        fflush(stdout);
        return 1;
    }
    for (unsigned k = 0; k < 10; k++)
        if (put(kc, (unsigned)i * 5 + k) != GNNAC_OK)
            return 2;
    for (unsigned k = 0; k < 10; k++)
        if (get(kc, (unsigned)i * 5 + k) != 1)
            return 3;
    kcache_close(kc);
    return 0;
}

TEST(sixteen_processes_create_and_fill_one_cache)
{
    set_up();
    CHECK(in_processes(16, open_and_write));
    struct kcache *kc = open_cache();
    struct kcache_info info;
    CHECK_INT(kcache_get_info(kc, &info, NULL), GNNAC_OK);
    CHECK_INT(info.n_artifacts, 85);
    kcache_close(kc);
}

static int fill_the_disk(int unused)
{
    (void)unused;
    struct kcache *kc = NULL;
    struct rlimit limit = {200 * 1024, 200 * 1024};
    signal(SIGXFSZ, SIG_IGN);
    if (kcache_open(path, &kc, NULL) != GNNAC_OK || put(kc, 0) != GNNAC_OK)
        return 1;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    gnnac_status st = GNNAC_OK;
    for (unsigned i = 1; i < 200 && st == GNNAC_OK; i++)
        st = put(kc, i);
    if (st != GNNAC_EDB)
        return 3;
    int found = get(kc, 0);
    kcache_close(kc);
    return found == 1 ? 0 : 4;
}

TEST(a_full_disk_is_an_error_that_loses_nothing)
{
    set_up();
    CHECK(in_processes(1, fill_the_disk));
    struct kcache *kc = open_cache();
    CHECK_STR(kcache_note(kc), "");
    CHECK_INT(get(kc, 0), 1);
    CHECK_INT(put(kc, 500), GNNAC_OK);
    kcache_close(kc);
}

static int read_as_nobody(int unused)
{
    (void)unused;
    struct kcache *kc = NULL;
    gnnac_error err = {0};
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 1;
    if (kcache_open(path, &kc, &err) != GNNAC_OK) {
        printf("# %s\n", err.msg);
        fflush(stdout);
        return 2;
    }
    if (get(kc, 1) != 1 || put(kc, 2) != GNNAC_EDB)
        return 3;
    bool told = strstr(kcache_note(kc), "cannot be written") != NULL;
    kcache_close(kc);
    return told ? 0 : 4;
}

TEST(a_folder_that_cannot_be_written_is_read)
{
    char command[512];
    set_up();
    struct kcache *kc = open_cache();
    CHECK_INT(put(kc, 1), GNNAC_OK);
    kcache_close(kc);
    snprintf(command, sizeof(command),
             "chmod a+rX '%s' && chmod -R a+rX \"$(dirname '%s')\" && "
             "chmod a-w '%s' \"$(dirname '%s')\"",
             folder, path, path, path);
    CHECK_INT(system(command), 0);
    CHECK(in_processes(1, read_as_nobody));
    snprintf(command, sizeof(command), "chmod u+w \"$(dirname '%s')\"", path);
    CHECK_INT(system(command), 0);
}

int main(void)
{
    char command[128];
    snprintf(folder, sizeof(folder), "/tmp/gnnac-kcache-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    RUN(what_is_put_comes_back_byte_for_byte);
    RUN(putting_twice_replaces_and_the_empty_image_is_legal);
    RUN(equal_images_are_stored_once);
    RUN(a_source_that_differs_is_a_miss);
    RUN(keys_do_not_run_into_each_other);
    RUN(keys_are_the_same_for_ever);
    RUN(a_flipped_bit_in_a_blob_is_a_miss_and_a_put_repairs_it);
    RUN(no_single_flipped_bit_gives_a_wrong_kernel);
    RUN(a_file_that_is_no_database_is_moved_aside);
    RUN(damage_in_the_middle_of_work_does_not_end_it);
    RUN(somebody_elses_database_is_refused_and_left_alone);
    RUN(a_newer_cache_is_read_but_not_written);
    RUN(the_least_recently_used_goes_when_the_limit_is_met);
    RUN(a_files_text_holds_while_size_and_time_do);
    RUN(sixteen_processes_create_and_fill_one_cache);
    RUN(a_full_disk_is_an_error_that_loses_nothing);
    RUN(a_folder_that_cannot_be_written_is_read);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? test_done() : 1;
}
