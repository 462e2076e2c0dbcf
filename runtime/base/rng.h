// Random numbers that are the same on every machine: integer arithmetic only,
// and any element can be drawn by itself (seed, index), so loops parallelise.
// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014.
#ifndef GNNAC_RNG_H
#define GNNAC_RNG_H

#include <stdint.h>

static inline uint64_t rng_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// The `index`-th number of the stream `seed`.
static inline uint64_t rng_at(uint64_t seed, uint64_t index)
{
    return rng_mix(rng_mix(seed) + (index + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

// Uniform in [0, 1), 53 bits.
static inline double rng_unit(uint64_t seed, uint64_t index)
{
    return (double)(rng_at(seed, index) >> 11) * 0x1p-53;
}

// Uniform in [0, n), n > 0, without modulo bias beyond 2^-64.
static inline uint64_t rng_below(uint64_t seed, uint64_t index, uint64_t n)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)rng_at(seed, index) * n) >> 64);
}

// Near-normal, mean 0, variance 1: a sum of twelve uniforms (Irwin-Hall), exact
// in integers, so no libm enters.
static inline double rng_normal(uint64_t seed, uint64_t index)
{
    int64_t sum = 0;
    for (uint64_t k = 0; k < 12; k++)
        sum += (int64_t)(rng_at(seed, 12 * index + k) >> 16);
    return (double)(sum - 6 * (INT64_C(1) << 48)) * 0x1p-48;
}

// The first `n` of them, as floats.
static inline void rng_fill_normal(uint64_t seed, float *out, int64_t n)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)rng_normal(seed, (uint64_t)i);
}

#endif
