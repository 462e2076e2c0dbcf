//% -- Products of float32 by tensor cores, which know tf32, 11 bits: a number is
//% -- split in two, and three products make up for one (Ootomo and Yokota 2022 look
//% -- into such splittings; the idea is older).
//% local mma = {}
//%
//% -- What to ask for: TENSOR_CORES is defined where there are any.
//% function mma.define_product()
#if __CUDA_ARCH__ >= 800
#define TENSOR_CORES 1
#endif
#if TENSOR_CORES
// d = a b + d, of which a warp holds d [16, 8], a [16, 8] and b [8, 8]. Lane
// 4 g + t has rows g and g + 8 of d and a; columns 2 t and 2 t + 1 of d, t and
// t + 4 of a; rows t and t + 4, column g of b.
static __device__ __forceinline__ void multiply(
    float &d0, float &d1, float &d2, float &d3, unsigned a0, unsigned a1,
    unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d0), "+f"(d1), "+f"(d2), "+f"(d3)
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
//% end
//%
//% -- The two tf32 numbers of a float.
//% function mma.define_split()

// The nearest tf32, 11 bits.
static __device__ __forceinline__ unsigned high(float v)
{
    return (__float_as_uint(v) + 0x1000u) & 0xffffe000u;
}

// What it lacks; together they have all but the last of 24 bits.
static __device__ __forceinline__ unsigned low(float v)
{
    const float rest = v - __uint_as_float(high(v));
    return __float_as_uint(rest) & 0xffffe000u;
}
//% end
//%
//% function mma.finish()
#endif

//% end
//% return mma
