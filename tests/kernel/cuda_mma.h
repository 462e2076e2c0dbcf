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

inline void shim_mma(float &d0, float &d1, float &d2, float &d3, unsigned a0,
                     unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                     unsigned b1)
{
    const unsigned a[4] = {a0, a1, a2, a3}, b[2] = {b0, b1};
    const unsigned g = shim_lane() / 4, t = shim_lane() % 4;
    double d[4] = {d0, d1, d2, d3};
    for (unsigned k = 0; k < 8; k++)
        for (unsigned i = 0; i < 4; i++) {
            // d's row g or g + 8, column 2 t or 2 t + 1
            unsigned row = shim_from_lane(~0u, a[i / 2 + k / 4 * 2],
                                          4 * g + k % 4);
            unsigned column = shim_from_lane(~0u, b[k / 4],
                                             4 * (2 * t + i % 2) + k % 4);
            d[i] += (double)bits_float(row & 0xffffe000u) *
                    bits_float(column & 0xffffe000u);
        }
    d0 = shim_cut(d[0]);
    d1 = shim_cut(d[1]);
    d2 = shim_cut(d[2]);
    d3 = shim_cut(d[3]);
}

#endif
