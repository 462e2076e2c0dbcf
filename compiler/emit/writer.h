// The emitted text, line by line: typed interpolation, #line marks, no stray
// blanks. Knows Lua values, not CUDA.
#ifndef GNNAC_WRITER_H
#define GNNAC_WRITER_H

#include <lua.h>

#include "emit/strbuf.h"

struct writer {
    struct strbuf out;
    // What a compiler takes the next line of `out` for.
    const char *file;
    int line;
    bool blank; // the last line was blank, or there is none
};

// Write one line: the arguments from index 2 up are text and values in turn;
// index 1 is the line number in `file` ("row_split.cu.lua", which must outlive
// the writer). Raises a Lua error at a value that may not stand in CUDA text.
void writer_line(struct writer *w, lua_State *L, const char *file);

// Push a text that the engine made itself: a template may interpolate it.
void push_engine_text(lua_State *L, const char *text);

#endif
