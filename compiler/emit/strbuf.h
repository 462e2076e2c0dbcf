// A growing text. After the first failed allocation nothing more is added and
// `failed` stays set: append freely, look once at the end. All-zero is empty.
#ifndef GNNAC_STRBUF_H
#define GNNAC_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *text; // owned; NUL-terminated once something was added
    size_t n_bytes, capacity;
    bool failed;
};

void strbuf_add(struct strbuf *b, const char *text, size_t n_bytes);
void strbuf_puts(struct strbuf *b, const char *text);
void strbuf_printf(struct strbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void strbuf_finish(struct strbuf *b);

#endif
