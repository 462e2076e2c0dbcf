// A text file in memory. It is mapped as a whole; where its name ends in .gz,
// it is inflated into one window after the other, so that memory is needed for
// two of them and not for the text.
#ifndef GNNAC_TEXT_H
#define GNNAC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "fail.h"
#include "graph/progress.h"

// [data, data + n_bytes) is the present window, or all.
struct text {
    const char *path; // borrowed
    const char *data; // not NUL-terminated
    size_t n_bytes;
    bool mapped; // else inflated, or of who made the struct
    bool more;   // text follows the window
    size_t file_done, file_bytes;  // of the file, with this window; all of it
    struct text_windows *windows;  // NULL unless inflated
    progress_teller *progress; // of who opened it; NULL from text_open
};

// GNNAC_EIO, GNNAC_ENOMEM, GNNAC_EFORMAT (damaged .gz, or one that inflates
// beyond what text can). Of a .gz no more is known than the first window tells.
gnnac_status text_open(const char *path, struct text *out, gnnac_error *err);
void text_close(struct text *t);

// Make the window that follows: it begins with what is left of this one at
// `keep`, and holds at least as much again. This one stays, so that a thread
// may read ahead while others parse. Does nothing where no more follows, or it
// was done; text_advance tells of faults.
void text_read_ahead(struct text *t, size_t keep);

// To the window made by text_read_ahead. Errors are those of text_open.
gnnac_status text_advance(struct text *t, gnnac_error *err);

// `st` was found in this window. If that is GNNAC_EFORMAT and the file turns
// out to be damaged further on, then damage may be why, and is named instead.
gnnac_status text_blame(struct text *t, gnnac_status st, gnnac_error *err);

// Length of the path without a ".gz" at its end, in any case; all of it where
// there is none.
size_t path_without_gz(const char *path);
bool path_is_gz(const char *path);
// In any case of letters. text_has_suffix: of text, which may be compressed, so
// that ".gz" may follow.
bool path_has_suffix(const char *path, const char *suffix);
bool text_has_suffix(const char *path, const char *suffix);

#endif
