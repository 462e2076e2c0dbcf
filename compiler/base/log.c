// One lock, one level, one progress line at a time. A bar that is being drawn
// is wiped before anything else is written, so lines never mix.
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR_CELLS = 24 };

#define REDRAW_SECONDS 0.1
#define RETELL_SECONDS 10

static struct {
    pthread_mutex_t lock;
    int level;
    bool bar_drawn;
    char what[64];            // the task whose progress is being told
    double started, redrawn;  // seconds
    double told;              // when log_status last did
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

void log_set_level(int level)
{
    pthread_mutex_lock(&state.lock);
    state.level = level;
    pthread_mutex_unlock(&state.lock);
}

static void wipe_bar(void)
{
    if (state.bar_drawn)
        fputs("\r\033[K", stderr);
    state.bar_drawn = false;
}

__attribute__((format(printf, 3, 0)))
static void write_line(int level, const char *prefix, const char *fmt,
                       va_list ap)
{
    pthread_mutex_lock(&state.lock);
    if (level <= state.level) {
        wipe_bar();
        fputs(prefix, stderr);
        vfprintf(stderr, fmt, ap);
        fputc('\n', stderr);
    }
    pthread_mutex_unlock(&state.lock);
}

void log_info(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(0, "", fmt, ap);
    va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(1, "", fmt, ap);
    va_end(ap);
}

void log_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(-1, "warning: ", fmt, ap);
    va_end(ap);
}

static void draw_bar(size_t done, size_t total, double elapsed)
{
    char cells[BAR_CELLS + 1];
    double share = (double)done / (double)total;
    int filled = (int)(share * BAR_CELLS);

    memset(cells, '.', BAR_CELLS);
    memset(cells, '#', (size_t)filled);
    cells[BAR_CELLS] = '\0';
    fprintf(stderr, "\r\033[K%s [%s] %zu/%zu", state.what, cells, done, total);
    if (done > 0)
        fprintf(stderr, ", %.0f s left", elapsed * (1 - share) / share);
    state.bar_drawn = true;
}

static void begin_task(const char *what)
{
    snprintf(state.what, sizeof(state.what), "%s", what);
    state.started = now_seconds();
    state.redrawn = 0;
}

static void tell_progress(const char *what, size_t done, size_t total)
{
    if (strncmp(what, state.what, sizeof(state.what) - 1) != 0)
        begin_task(what);
    double now = now_seconds();
    if (done >= total) {
        wipe_bar();
        fprintf(stderr, "%s: %zu of %zu in %.1f s\n", state.what, done, total,
                now - state.started);
        state.what[0] = '\0';
    } else if (isatty(STDERR_FILENO) &&
               now - state.redrawn >= REDRAW_SECONDS) {
        draw_bar(done, total, now - state.started);
        state.redrawn = now;
    }
}

void log_status(const char *fmt, ...)
{
    va_list ap;
    bool bar = isatty(STDERR_FILENO);
    pthread_mutex_lock(&state.lock);
    double now = now_seconds();
    if (state.told == 0 && !bar)
        state.told = now;
    bool due = now - state.told >= (bar ? REDRAW_SECONDS : RETELL_SECONDS);
    if (state.level >= 0 && due) {
        fputs(bar ? "\r\033[K" : "", stderr);
        va_start(ap, fmt);
        vfprintf(stderr, fmt, ap);
        va_end(ap);
        fputs(bar ? "" : "\n", stderr);
        state.bar_drawn = bar;
        state.told = now;
    }
    pthread_mutex_unlock(&state.lock);
}

void log_end_progress(void)
{
    pthread_mutex_lock(&state.lock);
    wipe_bar();
    state.what[0] = '\0';
    pthread_mutex_unlock(&state.lock);
}

void log_progress(const char *what, size_t done, size_t total)
{
    pthread_mutex_lock(&state.lock);
    if (state.level >= 0)
        tell_progress(what, done, total);
    pthread_mutex_unlock(&state.lock);
}
