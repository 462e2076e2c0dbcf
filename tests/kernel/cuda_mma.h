// A product by tensor cores, for the CPU; see cuda_shim.h, which includes this.
#ifndef GNNAC_CUDA_MMA_H
#define GNNAC_CUDA_MMA_H

// Templates ask whether there are tensor cores.
#define TENSOR_CORES 1

// mma.sync m16n8k8 of tf32: operands lose what tf32 lacks, sums are cut to
// float, towards zero, as tensor cores do.
inline float shim_cut(double sum)
{
    float f = (float)sum;
    return fabs((double)f) > fabs(sum) && !isinf(sum) ? nextafterf(f, 0.0f) : f;
}

// What each lane of each warp of a block has of a and b.
struct shim_operands {
    float a[4], b[2];
};
inline shim_operands shim_mma_operands[32][32];

inline void shim_mma(float &d0, float &d1, float &d2, float &d3, unsigned a0,
                     unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                     unsigned b1)
{
    const unsigned lane = shim_lane(), g = lane / 4, t = lane % 4;
    shim_operands *const all = shim_mma_operands[threadIdx.x / 32];
    const unsigned tf32 = 0xffffe000u;
    all[lane] = {{bits_float(a0 & tf32), bits_float(a1 & tf32),
                  bits_float(a2 & tf32), bits_float(a3 & tf32)},
                 {bits_float(b0 & tf32), bits_float(b1 & tf32)}};
    shim_warp_wait(~0u);
    double d[4] = {d0, d1, d2, d3};
    for (unsigned k = 0; k < 8; k++)
        for (unsigned i = 0; i < 4; i++)
            // d's row g or g + 8, column 2 t or 2 t + 1
            d[i] += (double)all[4 * g + k % 4].a[i / 2 + k / 4 * 2] *
                    all[4 * (2 * t + i % 2) + k % 4].b[k / 4];
    d0 = shim_cut(d[0]);
    d1 = shim_cut(d[1]);
    d2 = shim_cut(d[2]);
    d3 = shim_cut(d[3]);
    shim_warp_wait(~0u);
}

// cp.async of `size` bytes, of which those behind the first `bytes` are zeros.
// It is done at once: a missing wait is found on a device alone.
inline void shim_copy(float *to, const float *from, size_t size, int bytes)
{
    memset(to, 0, size);
    memcpy(to, from, (size_t)bytes);
}

inline size_t __cvta_generic_to_shared(const void *p)
{
    return (size_t)p;
}

#endif
