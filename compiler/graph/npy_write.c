#include "graph/npy_write.h"

#include <string.h>

void npy_write_header(FILE *out, const char *descr, const int64_t *shape,
                      int rank)
{
    char text[512];
    size_t room = sizeof(text);
    size_t n = (size_t)snprintf(
        text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
        descr);
    for (int i = 0; i < rank; i++)
        n += (size_t)snprintf(text + n, room - n, "%lld,%s",
                              (long long)shape[i], i + 1 < rank ? " " : "");
    n += (size_t)snprintf(text + n, room - n, "), }");
    while ((10 + n + 1) % 64)
        text[n++] = ' ';
    text[n++] = '\n';
    fwrite("\x93NUMPY\x01\x00", 1, 8, out);
    fputc((int)(n & 255), out);
    fputc((int)(n >> 8), out);
    fwrite(text, 1, n, out);
}
