// NVRTC's and ptxas's messages. They are text for people, so nothing here
// fails: what is not understood is left alone.
#include "jit/nvrtc_lib.h"

#include <stdio.h>
#include <string.h>

// #line marks begin with an absolute pseudo folder, because a relative one
// would make the image depend on the working directory.
static const char pseudo_folder[] = "/gnnac/";

static const char *skip_pseudo_folder(const char *line)
{
    size_t n = sizeof(pseudo_folder) - 1;
    return strncmp(line, pseudo_folder, n) == 0 ? line + n : line;
}

static bool line_has(const char *line, size_t n, const char *part)
{
    return memmem(line, n, part, strlen(part)) != NULL;
}

void nvrtc_clean_log(char *log)
{
    char *to = log;
    for (const char *at = log; *at;) {
        const char *line = skip_pseudo_folder(at);
        size_t n = strcspn(line, "\n");
        size_t whole = n + (line[n] == '\n');
        if (!line_has(line, n, ": Compile time = ")) {
            memmove(to, line, whole);
            to += whole;
        }
        at = line + whole;
    }
    *to = '\0';
}

void nvrtc_first_error(const char *log, char *line, size_t n_bytes)
{
    static const char *const marks[] = {"error:", "error   :", "fatal   :"};
    line[0] = '\0';
    for (const char *at = log; *at;) {
        at = skip_pseudo_folder(at);
        size_t n = strcspn(at, "\n");
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
            if (line_has(at, n, marks[i])) {
                snprintf(line, n_bytes, "%.*s", (int)n, at);
                return;
            }
        at += n + (at[n] == '\n');
    }
}

void nvrtc_last_line(const char *log, char *line, size_t n_bytes)
{
    line[0] = '\0';
    for (const char *at = log; *at;) {
        size_t n = strcspn(at, "\n");
        if (n > 0)
            snprintf(line, n_bytes, "%.*s", (int)n, at);
        at += n + (at[n] == '\n');
    }
}

static void raise_to(int *largest, int value)
{
    if (largest && value > *largest)
        *largest = value;
}

// "Used 12 registers, used 1 barriers, 256 bytes smem, 368 bytes cmem[0]"; the
// parts about memory are absent when nothing is used.
static void parse_usage(const char *line, size_t n, int *registers, int *shared)
{
    int used = 0, bytes = 0;
    const char *at = memmem(line, n, "Used ", 5);
    if (!at || sscanf(at, "Used %d registers", &used) != 1)
        return;
    raise_to(registers, used);
    for (const char *part = at; part && part < line + n;) {
        const char *comma = memchr(part, ',', (size_t)(line + n - part));
        char unit[8] = "";
        if (comma && sscanf(comma, ", %d bytes %4[a-z]", &bytes, unit) == 2 &&
            strcmp(unit, "smem") == 0)
            break;
        bytes = 0;
        part = comma ? comma + 1 : NULL;
    }
    raise_to(shared, bytes);
}

// "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"
static void parse_spills(const char *line, size_t n, int *spill_bytes)
{
    int stack, stores, loads;
    const char *at = line;
    size_t lead = strspn(at, "ptxasinfo .:");
    if (lead < n && sscanf(at + lead,
                           "%d bytes stack frame, %d bytes spill stores, "
                           "%d bytes spill loads",
                           &stack, &stores, &loads) == 3)
        raise_to(spill_bytes, stores + loads);
}

void nvrtc_parse_log(const char *log, int *registers, int *spill_bytes,
                     int *static_shared)
{
    int *const results[] = {registers, spill_bytes, static_shared};
    for (size_t i = 0; i < 3; i++)
        if (results[i])
            *results[i] = -1;
    for (const char *line = log; *line;) {
        size_t n = strcspn(line, "\n");
        parse_usage(line, n, registers, static_shared);
        parse_spills(line, n, spill_bytes);
        line += n + (line[n] == '\n');
    }
}
