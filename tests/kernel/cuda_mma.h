// A product by tensor cores, for the CPU; see cuda_shim.h, which includes this.
#ifndef GNNAC_CUDA_MMA_H
#define GNNAC_CUDA_MMA_H

// Templates ask whether there are tensor cores.
#define TENSOR_CORES 1

// mma.sync m16n8k8 of tf32 (cuda_shim.cpp): operands lose what tf32 lacks, sums
// are cut to float, towards zero, as tensor cores do.
void shim_mma(float &d0, float &d1, float &d2, float &d3, unsigned a0,
              unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1);

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
