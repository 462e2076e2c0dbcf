#include "graph/gz.h"

#include <libdeflate.h>

enum { AS_GZIP = 16, WINDOW_BITS = 15, MOST_AT_ONCE = 1 << 30 };

bool gz_is_member(const unsigned char *in, size_t n)
{
    return n > 1 && in[0] == 0x1f && in[1] == 0x8b;
}

bool gz_begin(struct gz_reader *r, const unsigned char *in, size_t n)
{
    *r = (struct gz_reader){
        .in = in, .n_in = n, .whole = libdeflate_alloc_decompressor()};
    if (r->whole && inflateInit2(&r->stream, WINDOW_BITS + AS_GZIP) == Z_OK)
        return true;
    libdeflate_free_decompressor(r->whole);
    *r = (struct gz_reader){0};
    return false;
}

void gz_end(struct gz_reader *r)
{
    libdeflate_free_decompressor(r->whole);
    inflateEnd(&r->stream);
    *r = (struct gz_reader){0};
}

static void advance(struct gz_reader *r, size_t n_in, size_t n_out)
{
    r->at += n_in;
    r->n_out += n_out;
}

// A member as a whole; false where it does not fit or is not sound, which zlib
// then finds out.
static bool read_whole(struct gz_reader *r, char *out, size_t room, size_t *n)
{
    size_t n_in;
    if (libdeflate_gzip_decompress_ex(r->whole, r->in + r->at, r->n_in - r->at,
                                      out, room, &n_in,
                                      n) != LIBDEFLATE_SUCCESS)
        return false;
    advance(r, n_in, *n);
    return true;
}

static uInt at_once(size_t n)
{
    return (uInt)(n < MOST_AT_ONCE ? n : MOST_AT_ONCE);
}

// What zlib's code means for the reader. Without room or input it says
// Z_BUF_ERROR, which is no damage while there is more.
static void judge(struct gz_reader *r, int code)
{
    if (code == Z_STREAM_END)
        r->inside = false;
    else if (code == Z_MEM_ERROR)
        r->no_memory = true;
    else if (code != Z_OK && code != Z_BUF_ERROR)
        r->what = r->stream.msg ? r->stream.msg : "invalid stream";
    else if (r->at == r->n_in && r->stream.avail_out > 0)
        r->what = "unexpected end of file";
}

// A piece of the member that zlib is in.
static size_t read_piece(struct gz_reader *r, char *out, size_t room)
{
    z_stream *z = &r->stream;
    uInt n_in = at_once(r->n_in - r->at), n_out = at_once(room);
    z->next_in = (Bytef *)(uintptr_t)(r->in + r->at);
    z->avail_in = n_in;
    z->next_out = (Bytef *)out;
    z->avail_out = n_out;
    int code = inflate(z, Z_NO_FLUSH);
    advance(r, n_in - z->avail_in, n_out - z->avail_out);
    judge(r, code);
    return n_out - z->avail_out;
}

// Large members come in company: do not try each in vain.
static size_t read_first_piece(struct gz_reader *r, char *out, size_t room)
{
    size_t n = 0;
    if (!r->large && read_whole(r, out, room, &n))
        return n;
    inflateReset(&r->stream);
    r->inside = true;
    return read_piece(r, out, room);
}

size_t gz_read(struct gz_reader *r, char *out, size_t room)
{
    size_t n = 0, n_members = 0;
    while (n < room && !r->what && !r->no_memory && !r->ended) {
        if (r->inside) {
            n += read_piece(r, out + n, room - n);
        } else if (gz_is_member(r->in + r->at, r->n_in - r->at)) {
            n += read_first_piece(r, out + n, room - n);
            n_members++;
        } else {
            r->ended = true;
        }
    }
    r->large = r->large || (r->inside && n_members == 0);
    return n;
}
