// Inflates gzip members (RFC 1952) that lie in memory, one behind the other, a
// piece at a time. Small members are inflated by libdeflate, which is fast but
// wants a member as a whole; those that no piece holds by zlib.
#ifndef GNNAC_GZ_H
#define GNNAC_GZ_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

struct gz_reader {
    const unsigned char *in; // borrowed
    size_t n_in, at;
    size_t n_out;     // inflated so far
    const char *what; // is damaged, there; NULL if nothing is
    bool no_memory, ended;
    // Of whoever inflates.
    bool inside, large; // zlib is in a member; the last one was large
    z_stream stream;
    struct libdeflate_decompressor *whole;
};

// Does the file begin as a gzip file must?
bool gz_is_member(const unsigned char *in, size_t n);

// False when out of memory.
bool gz_begin(struct gz_reader *r, const unsigned char *in, size_t n);
void gz_end(struct gz_reader *r);

// Up to `room` bytes of text; fewer only where it ended, is damaged, or memory
// is short. As gunzip does, ignores what follows the last member and is none.
size_t gz_read(struct gz_reader *r, char *out, size_t room);

#endif
