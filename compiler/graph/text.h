// A text file in memory: mapped, or inflated where its name ends in .gz.
#ifndef GNNAC_TEXT_H
#define GNNAC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "fail.h"
#include "graph/progress.h"

struct text {
    const char *path; // borrowed
    const char *data; // not NUL-terminated
    size_t n_bytes;
    bool mapped; // else from malloc
    progress_teller *progress; // of who opened it; NULL from text_open
};

// GNNAC_EIO, GNNAC_ENOMEM, GNNAC_EFORMAT (damaged .gz, or one that inflates
// beyond what text can).
gnnac_status text_open(const char *path, struct text *out, gnnac_error *err);
void text_close(struct text *t);

// True when the path ends in `suffix`, a further ".gz" aside.
bool path_has_suffix(const char *path, const char *suffix);

#endif
