// 16-bit floating-point numbers: IEEE binary16 (f16) and the upper half of a
// float32 (bf16). Conversions to them round to the nearest, ties to even; what
// is too large becomes infinite. For hosts; kernels convert by instructions.
#ifndef GNNAC_HALF_H
#define GNNAC_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static inline float bits_float(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static inline uint16_t f16_from_float(float v)
{
    uint32_t bits = float_bits(v), sign = bits >> 16 & 0x8000u;
    uint32_t a = bits & 0x7fffffffu;
    if (a > 0x7f800000u)
        return 0x7fff;    // not a number
    if (a >= 0x477ff000u) // 65520: nearer to 2^16 than to the largest, 65504
        return (uint16_t)(sign | 0x7c00u);
    if (a < 0x38800000u) // below 2^-14: multiples of 2^-24, the ulp of 0.5
        return (uint16_t)(sign |
                          (float_bits(bits_float(a) + 0.5f) - 0x3f000000u));
    // The exponent's bias goes from 127 to 15, 13 bits are rounded off.
    a -= 112u << 23;
    return (uint16_t)(sign | (a + 0xfffu + (a >> 13 & 1u)) >> 13);
}

static inline float f16_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t exponent = h >> 10 & 31u, fraction = h & 0x3ffu;
    if (exponent == 0) {
        float v = (float)fraction * 0x1p-24f;
        return sign ? -v : v;
    }
    uint32_t biased = exponent == 31 ? 255u : exponent + 112u;
    return bits_float(sign | biased << 23 | fraction << 13);
}

static inline uint16_t bf16_from_float(float v)
{
    uint32_t bits = float_bits(v);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return 0x7fff; // not a number
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static inline float bf16_to_float(uint16_t h)
{
    return bits_float((uint32_t)h << 16);
}

#endif
