#include "emit/translate.h"

#include <string.h>

struct span {
    const char *at, *end;
};

static const char *skip_blanks(struct span s)
{
    while (s.at < s.end && *s.at == ' ')
        s.at++;
    return s.at;
}

// The Lua behind `//%`, or NULL for a line of CUDA.
static const char *directive(struct span line)
{
    const char *p = skip_blanks(line);
    if (line.end - p < 3 || memcmp(p, "//%", 3) != 0)
        return NULL;
    return p + 3;
}

// Cut the next line off `text`; the newline belongs to neither.
static struct span next_line(struct span *text)
{
    const char *nl = memchr(text->at, '\n', (size_t)(text->end - text->at));
    struct span line = {text->at, nl ? nl : text->end};
    text->at = nl ? nl + 1 : text->end;
    return line;
}

size_t template_head_bytes(const char *text, size_t n_bytes)
{
    struct span rest = {text, text + n_bytes};
    while (rest.at < rest.end) {
        struct span peek = rest;
        if (!directive(next_line(&peek)))
            break;
        rest = peek;
    }
    return (size_t)(rest.at - text);
}

// A Lua string literal.
static void add_literal(struct strbuf *lua, const char *at, const char *end)
{
    strbuf_puts(lua, ",\"");
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < ' ' || c >= 127)
            strbuf_printf(lua, "\\%03d", c);
        else if (c == '"' || c == '\\')
            strbuf_printf(lua, "\\%c", c);
        else
            strbuf_add(lua, at, 1);
    }
    strbuf_puts(lua, "\"");
}

// The '}' that closes an expression, past nested braces and Lua strings.
static const char *closing_brace(const char *at, const char *end)
{
    int depth = 0;
    char quote = 0;
    for (; at < end; at++) {
        if (quote) {
            at += *at == '\\' && at + 1 < end;
            quote = *at == quote ? 0 : quote;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (*at == '{') {
            depth++;
        } else if (*at == '}' && depth-- == 0) {
            return at;
        }
    }
    return NULL;
}

static const char *find_hole(const char *at, const char *end)
{
    for (; at + 1 < end; at++)
        if (at[0] == '$' && at[1] == '{')
            return at;
    return NULL;
}

static gnnac_status add_text_line(const char *file, int number,
                                  struct span line, struct strbuf *lua,
                                  gnnac_error *err)
{
    const char *hole;
    while (line.end > line.at && line.end[-1] == ' ')
        line.end--;
    strbuf_printf(lua, "__line(%d", number);
    while ((hole = find_hole(line.at, line.end))) {
        const char *close = closing_brace(hole + 2, line.end);
        if (!close)
            return FAIL(err, GNNAC_EFORMAT, "%s:%d: ${ without }", file,
                        number);
        add_literal(lua, line.at, hole);
        strbuf_puts(lua, ",(");
        strbuf_add(lua, hole + 2, (size_t)(close - hole - 2));
        strbuf_puts(lua, ")");
        line.at = close + 1;
    }
    if (line.at < line.end)
        add_literal(lua, line.at, line.end);
    strbuf_puts(lua, ")");
    return GNNAC_OK;
}

gnnac_status template_translate(const char *file, const char *text,
                                size_t n_bytes, size_t skip_bytes,
                                const char *locals, struct strbuf *lua,
                                gnnac_error *err)
{
    gnnac_status st = GNNAC_OK;
    struct span rest = {text, text + n_bytes};

    strbuf_printf(lua, "local %s = ... ", locals);
    for (int number = 1; rest.at < rest.end; number++) {
        struct span line = next_line(&rest);
        const char *code = directive(line);
        if (line.at < text + skip_bytes)
            code = line.end;
        if (code)
            strbuf_add(lua, code, (size_t)(line.end - code));
        else
            TRY(add_text_line(file, number, line, lua, err));
        strbuf_puts(lua, "\n");
    }
    if (lua->failed)
        st = FAIL(err, GNNAC_ENOMEM, "out of memory");
out:
    return st;
}
