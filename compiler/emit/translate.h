// Template text to Lua: `//%` lines as they are, any other line as a call
// `__line(LINE, "text", (expr), "text" ...)`, each on the line it came from:
// Lua's line numbers are the template's.
#ifndef GNNAC_TRANSLATE_H
#define GNNAC_TRANSLATE_H

#include "emit/strbuf.h"
#include "fail.h"

// The run of `//%` lines at the top of a template: its declarations.
size_t template_head_bytes(const char *text, size_t n_bytes);

// Append the chunk to `lua`; of lines that begin in the first `skip_bytes` only
// their number counts. `file` is for messages; `locals` names the values that
// the chunk is called with ("__line, spec"). GNNAC_EFORMAT with file:line,
// GNNAC_ENOMEM.
gnnac_status template_translate(const char *file, const char *text,
                                size_t n_bytes, size_t skip_bytes,
                                const char *locals, struct strbuf *lua,
                                gnnac_error *err);

#endif
