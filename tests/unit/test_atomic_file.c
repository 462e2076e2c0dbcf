// Files that are whole or not there.
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic_file.h"

static char folder[] = "/tmp/gnnac-atomic-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int n_files(void)
{
    char command[300];
    int n = -1;
    snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
    FILE *f = popen(command, "r");
    if (f && fscanf(f, "%d", &n) != 1)
        n = -1;
    if (f)
        pclose(f);
    return n;
}

static gnnac_status write_text(const char *path, const char *text,
                               gnnac_error *err)
{
    struct atomic_file f;
    gnnac_status st = atomic_open(path, &f, err);
    if (st != GNNAC_OK)
        return st;
    fputs(text, f.out);
    return atomic_commit(&f, err);
}

static bool holds(const char *path, const char *text)
{
    char got[64] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(got, 1, sizeof(got) - 1, f) : 0;
    if (f)
        fclose(f);
    return f && n == strlen(text) && memcmp(got, text, n) == 0;
}

TEST(a_committed_file_replaces_the_old_one)
{
    gnnac_error err = {{0}};
    char path[256];
    strcpy(path, in_folder("a"));
    CHECK_INT(write_text(path, "old", &err), GNNAC_OK);
    CHECK_INT(write_text(path, "newer", &err), GNNAC_OK);
    CHECK(holds(path, "newer"));
    CHECK_INT(n_files(), 1);
    struct stat s;
    CHECK(stat(path, &s) == 0 && (s.st_mode & 0400));
    unlink(path);
}

TEST(an_abandoned_file_leaves_what_was_there_and_nothing_else)
{
    gnnac_error err = {{0}};
    struct atomic_file f;
    char path[256];
    strcpy(path, in_folder("a"));
    CHECK_INT(write_text(path, "old", &err), GNNAC_OK);
    CHECK_INT(atomic_open(path, &f, &err), GNNAC_OK);
    fputs("new", f.out);
    atomic_abandon(&f);
    atomic_abandon(&f);
    CHECK(holds(path, "old"));
    CHECK_INT(n_files(), 1);
    unlink(path);
}

TEST(a_folder_that_is_not_there_is_an_error_with_the_path)
{
    gnnac_error err = {{0}};
    CHECK_INT(write_text(in_folder("no/file"), "x", &err), GNNAC_EIO);
    CHECK(strstr(err.msg, "no/file"));
    CHECK_INT(n_files(), 0);
}

TEST(a_pipe_is_written_to_and_stays_a_pipe)
{
    gnnac_error err = {{0}};
    char path[256], got[8] = "";
    struct stat s;
    strcpy(path, in_folder("pipe"));
    CHECK_INT(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    CHECK(fd >= 0);
    CHECK_INT(write_text(path, "text", &err), GNNAC_OK);
    CHECK_INT(read(fd, got, sizeof(got)), 4);
    CHECK(memcmp(got, "text", 4) == 0);
    close(fd);
    CHECK(stat(path, &s) == 0 && S_ISFIFO(s.st_mode));
    CHECK_INT(n_files(), 1);
    unlink(path);
}

// A link, so that a mistake replaces the link and not the machine's device.
TEST(a_full_device_is_an_error_and_stays_a_device)
{
    gnnac_error err = {{0}};
    char path[256];
    struct stat s;
    strcpy(path, in_folder("full"));
    CHECK_INT(symlink("/dev/full", path), 0);
    CHECK_INT(write_text(path, "text", &err), GNNAC_EIO);
    CHECK(lstat(path, &s) == 0 && S_ISLNK(s.st_mode));
    CHECK_INT(n_files(), 1);
    unlink(path);
}

// Processes with the same number are common in containers.
TEST(what_a_killed_process_of_the_same_number_left_is_no_obstacle)
{
    gnnac_error err = {{0}};
    char path[256], left[300];
    enum { N_LEFT = 50 };
    strcpy(path, in_folder("a"));
    for (int i = 0; i < N_LEFT; i++) {
        snprintf(left, sizeof(left), "%s.%ld.%d.tmp", path, (long)getpid(), i);
        close(open(left, O_WRONLY | O_CREAT, 0600));
    }
    CHECK_INT(write_text(path, "text", &err), GNNAC_OK);
    CHECK_STR(err.msg, "");
    CHECK(holds(path, "text"));
    CHECK_INT(n_files(), N_LEFT + 1);
    for (int i = 0; i < N_LEFT; i++) {
        snprintf(left, sizeof(left), "%s.%ld.%d.tmp", path, (long)getpid(), i);
        unlink(left);
    }
    unlink(path);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    RUN(a_committed_file_replaces_the_old_one);
    RUN(an_abandoned_file_leaves_what_was_there_and_nothing_else);
    RUN(a_folder_that_is_not_there_is_an_error_with_the_path);
    RUN(what_a_killed_process_of_the_same_number_left_is_no_obstacle);
    RUN(a_pipe_is_written_to_and_stays_a_pipe);
    RUN(a_full_device_is_an_error_and_stays_a_device);
    rmdir(folder);
    return test_done();
}
