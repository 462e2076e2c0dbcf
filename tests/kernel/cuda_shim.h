// Enough of CUDA's device language to compile an emitted kernel for the CPU and
// run it, one fiber per thread, so that the sanitizers see every access. Blocks
// run one after another; barriers, shuffles and votes wait for all they name.
// Shared memory is poisoned before each block. Misuse (a lane that left but is
// named in a mask, a barrier that can never complete) ends the program.
#ifndef GNNAC_CUDA_SHIM_H
#define GNNAC_CUDA_SHIM_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <type_traits>
#include <utility>

#include "cuda_vectors.h"
#include "half.h"

// ---- what a thread sees -----------------------------------------------------

struct shim_place {
    uint3 thread, block, block_dim, grid_dim;
};
extern shim_place *shim_here; // of the fiber that runs

#define threadIdx (shim_here->thread)
#define blockIdx (shim_here->block)
#define blockDim (shim_here->block_dim)
#define gridDim (shim_here->grid_dim)
#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("gnnac_shared")))

// ---- waiting ----------------------------------------------------------------

// Leave `bits`, wait for all lanes in `mask`, and be given lane `source`'s.
uint64_t shim_exchange(unsigned mask, uint64_t bits, unsigned source);
unsigned shim_ballot(unsigned mask, bool vote);
void shim_warp_wait(unsigned mask);
void shim_block_wait();

inline void __syncthreads()
{
    shim_block_wait();
}

inline void __syncwarp(unsigned mask = ~0u)
{
    shim_warp_wait(mask);
}

template <class T> T shim_from_lane(unsigned mask, T value, unsigned source)
{
    typedef std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t> word;
    word bits = __builtin_bit_cast(word, value);
    return __builtin_bit_cast(T, (word)shim_exchange(mask, bits, source));
}

inline unsigned shim_lane()
{
    return threadIdx.x % 32;
}

template <class T> T __shfl_sync(unsigned mask, T value, int lane)
{
    return shim_from_lane(mask, value, (unsigned)lane % 32);
}

template <class T> T __shfl_sync(unsigned mask, T value, int lane, int width)
{
    unsigned first = shim_lane() / (unsigned)width * (unsigned)width;
    return shim_from_lane(mask, value, first + (unsigned)lane % width);
}

template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned by)
{
    unsigned from = shim_lane() + by;
    return shim_from_lane(mask, value, from < 32 ? from : shim_lane());
}

template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned by)
{
    return shim_from_lane(mask, value,
                          by <= shim_lane() ? shim_lane() - by : shim_lane());
}

template <class T> T __shfl_xor_sync(unsigned mask, T value, int by)
{
    return shim_from_lane(mask, value, (shim_lane() ^ (unsigned)by) % 32);
}

inline unsigned __ballot_sync(unsigned mask, int vote)
{
    return shim_ballot(mask, vote != 0);
}

inline int __any_sync(unsigned mask, int vote)
{
    return __ballot_sync(mask, vote) != 0;
}

inline int __all_sync(unsigned mask, int vote)
{
    return __ballot_sync(mask, vote) == mask;
}

// ---- memory and arithmetic --------------------------------------------------

#include "cuda_memory.h"

inline float __int_as_float(int bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

inline float __uint_as_float(unsigned bits)
{
    return bits_float(bits);
}

inline unsigned __float_as_uint(float f)
{
    return float_bits(f);
}

inline int __ffs(int bits)
{
    return __builtin_ffs(bits);
}

inline int __popc(unsigned bits)
{
    return __builtin_popcount(bits);
}

inline int min(int a, int b)
{
    return a < b ? a : b;
}

inline long long min(long long a, long long b)
{
    return a < b ? a : b;
}

inline int max(int a, int b)
{
    return a < b ? b : a;
}

inline float rsqrtf(float x)
{
    return 1.0f / sqrtf(x);
}

inline float __expf(float x)
{
    return expf(x);
}

#include "cuda_mma.h"
// ---- what the tests call ----------------------------------------------------

// One kernel as launched: `call` unpacks `args` (a pointer to each argument).
void shim_launch(void (*call)(void **args), void **args, uint3 grid,
                 unsigned block, bool last_thread_first);

template <auto kernel> struct shim_call;
template <class... P, void (*kernel)(P...)> struct shim_call<kernel> {
    template <size_t... I>
    static void unpack(void **args, std::index_sequence<I...>)
    {
        kernel(*(P *)args[I]...);
    }
    static void run(void **args)
    {
        unpack(args, std::index_sequence_for<P...>());
    }
};

#endif
