// Loads and stores with hints for caches, which there are none of here, and
// atomics, which nothing interrupts. A part of cuda_shim.h.
#ifndef GNNAC_CUDA_MEMORY_H
#define GNNAC_CUDA_MEMORY_H

template <class T> T __ldg(const T *p)
{
    return *p;
}

template <class T> T __ldcs(const T *p)
{
    return *p;
}

template <class T> T __ldcg(const T *p)
{
    return *p;
}

template <class T> void __stcs(T *p, T value)
{
    *p = value;
}

template <class T> T atomicAdd(T *p, T by)
{
    T old = *p;
    *p = old + by;
    return old;
}

inline unsigned atomicInc(unsigned *p, unsigned last)
{
    unsigned old = *p;
    *p = old < last ? old + 1 : 0;
    return old;
}

#endif
