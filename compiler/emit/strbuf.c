#include "emit/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"

static bool reserve(struct strbuf *b, size_t n_bytes)
{
    size_t need;
    if (b->failed || !size_add(b->n_bytes, n_bytes, &need) ||
        !size_add(need, 1, &need))
        return false;
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < need)
        if (!size_mul(capacity, 2, &capacity))
            return false;
    char *text = realloc(b->text, capacity);
    if (!text)
        return false;
    b->text = text;
    b->capacity = capacity;
    return true;
}

void strbuf_add(struct strbuf *b, const char *text, size_t n_bytes)
{
    if (!reserve(b, n_bytes)) {
        b->failed = true;
        return;
    }
    memcpy(b->text + b->n_bytes, text, n_bytes);
    b->n_bytes += n_bytes;
    b->text[b->n_bytes] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *text)
{
    strbuf_add(b, text, strlen(text));
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(line))
        b->failed = true;
    else
        strbuf_add(b, line, (size_t)n);
}

void strbuf_finish(struct strbuf *b)
{
    free(b->text);
    *b = (struct strbuf){0};
}
