// Vectors of the instruction set that the including file is built for (the
// macro CPU_ISA names it), by the compiler's vector extensions.
#ifndef GNNAC_CPU_LANES_H
#define GNNAC_CPU_LANES_H

#include "cpu/cpu_micro.h"

#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

// Before a loop whose number of turns is known where it is inlined: only then
// do arrays of sums become registers.
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

// A name of this instruction set.
#define ISA(name) PASTE(PASTE(name, _), CPU_ISA)

#define SUM_VECS 8  // of a row: half of sixteen registers
#define TILE_VECS 2 // of a panel

void ISA(cpu_sum)(const struct aggregate_job *a, struct sum_block b);
void ISA(cpu_tile)(const struct tile *t);

// A vector of n floats, and the integers of a comparison.
#define DEFINE_LANES(n)                                       \
    typedef float vec##n __attribute__((vector_size(n * 4))); \
    typedef int ivec##n __attribute__((vector_size(n * 4)));  \
    ALWAYS_INLINE vec##n load##n(const float *from)           \
    {                                                         \
        vec##n v;                                             \
        memcpy(&v, from, sizeof(v));                          \
        return v;                                             \
    }                                                         \
    ALWAYS_INLINE void store##n(float *to, vec##n v)          \
    {                                                         \
        memcpy(to, &v, sizeof(v));                            \
    }                                                         \
    ALWAYS_INLINE vec##n relu##n(vec##n v) /* keeps NaN */    \
    {                                                         \
        ivec##n bits;                                         \
        memcpy(&bits, &v, sizeof(v));                         \
        bits &= ~(ivec##n)(v < 0);                            \
        memcpy(&v, &bits, sizeof(v));                         \
        return v;                                             \
    }

DEFINE_LANES(1)
DEFINE_LANES(2)
DEFINE_LANES(4)
#if LANES >= 8
DEFINE_LANES(8)
#endif
#if LANES >= 16
DEFINE_LANES(16)
#endif

#endif
