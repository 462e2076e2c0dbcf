// What the log writes to a stderr that is no terminal, level by level.
#include "test.h"

#include <unistd.h>

#include "base/log.h"

static char text[4096];

// Run `say` with stderr in a file; `text` receives what it wrote.
static void capture(int level, void (*say)(void))
{
    FILE *f = tmpfile();
    int saved = dup(STDERR_FILENO);
    text[0] = '\0';
    if (!f || saved < 0) {
        CHECK(!"a temporary file");
        return;
    }
    fflush(stderr);
    dup2(fileno(f), STDERR_FILENO);
    log_set_level(level);
    say();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
}

static void say_all(void)
{
    log_warn("w%d", 1);
    log_info("i%d", 2);
    log_verbose("v%d", 3);
}

static void make_progress(void)
{
    for (size_t i = 0; i <= 100; i++)
        log_progress("compiling", i, 100);
}

static void do_two_tasks(void)
{
    log_progress("first", 0, 2);
    log_progress("second", 1, 1);
    log_progress("first", 2, 2);
}

TEST(levels_add_lines)
{
    capture(-1, say_all);
    CHECK_STR(text, "warning: w1\n");
    capture(0, say_all);
    CHECK_STR(text, "warning: w1\ni2\n");
    capture(1, say_all);
    CHECK_STR(text, "warning: w1\ni2\nv3\n");
}

TEST(progress_is_one_plain_line_when_done)
{
    capture(0, make_progress);
    CHECK_HAS(text, "compiling: 100 of 100 in ");
    CHECK(strchr(text, '\n') == text + strlen(text) - 1);
    CHECK(!strchr(text, '\r') && !strchr(text, '\033'));
}

TEST(progress_is_silent_when_quiet)
{
    capture(-1, make_progress);
    CHECK_STR(text, "");
}

TEST(tasks_end_by_themselves)
{
    capture(0, do_two_tasks);
    CHECK_HAS(text, "second: 1 of 1 in ");
    CHECK_HAS(text, "first: 2 of 2 in ");
}

int main(void)
{
    RUN(levels_add_lines);
    RUN(progress_is_one_plain_line_when_done);
    RUN(progress_is_silent_when_quiet);
    RUN(tasks_end_by_themselves);
    return test_done();
}
