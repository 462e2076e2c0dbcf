#include "bundle/json_text.h"

#include <stdlib.h>
#include <string.h>

// Braces and brackets count only outside strings. Unbalanced text is left to
// the parser to refuse.
static bool too_deep(const char *text, size_t n)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_MAX_DEPTH)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

gnnac_status json_text_load(const char *text, size_t n_bytes, const char *name,
                            json_t **out, gnnac_error *err)
{
    json_error_t why;
    if (n_bytes == 0 || text[0] != '{')
        return FAIL(err, GNNAC_EFORMAT, "%s: does not begin with '{'", name);
    if (too_deep(text, n_bytes))
        return FAIL(err, GNNAC_EFORMAT, "%s: nested deeper than %d", name,
                    (int)JSON_MAX_DEPTH);
    json_t *j = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &why);
    if (!j && json_error_code(&why) == json_error_out_of_memory)
        return FAIL(err, GNNAC_ENOMEM, "%s: out of memory", name);
    if (!j) {
        // What follows "near" quotes the text, which may hold anything.
        char *near = strstr(why.text, " near ");
        if (near)
            *near = '\0';
        return FAIL(err, GNNAC_EFORMAT, "%s: byte %d: %s", name, why.position,
                    why.text);
    }
    *out = j;
    return GNNAC_OK;
}

bool json_read_int(const json_t *j, int64_t min, int64_t max, int64_t *out)
{
    if (!json_is_integer(j))
        return false;
    json_int_t v = json_integer_value(j);
    if (v < min || v > max)
        return false;
    *out = v;
    return true;
}

json_t *json_lenient_string(const char *s)
{
    json_t *j = json_string(s);
    if (j)
        return j;
    char *ascii = strdup(s);
    if (!ascii)
        return NULL;
    for (char *p = ascii; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    j = json_string(ascii);
    free(ascii);
    return j;
}
