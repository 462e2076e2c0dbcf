//% -- What a kernel tells the caches, the knob `hints` of aggregations.
//% --
//% -- From 1 on: ids are read and sums are written once, so they go first when
//% -- room is needed ("evict first", by loads and stores that say .cs). From 2
//% -- on: rows of x are to stay in the L2 cache, where the architecture has
//% -- policies for that (sm_80); elsewhere they are loaded as ever.
//% local hints = {}
//%
//% -- The verbs of lanes.define_move for x and the sums, and the load of an id.
//% function hints.choose(L, level)
//%   L.x_verb = level > 1 and "keep" or "load"
//%   L.out_verb = level > 0 and "stream" or "store"
//%   L.fetch_id = level > 0 and "__ldcs" or "__ldg"
//% end
//%
//% -- load_kept, of one vector type: a load whose line L2 evicts last.
//% function hints.define_kept(type)
static __device__ __forceinline__ ${type} load_kept(const ${type} *p)
{
#if __CUDA_ARCH__ >= 800
    ${type} v;
    unsigned long long keep;
    asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(keep));
//%   if type == "float4" then
    asm("ld.global.nc.L2::cache_hint.v4.f32 {%0, %1, %2, %3}, [%4], %5;"
        : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(p), "l"(keep));
//%   elseif type == "float2" then
    asm("ld.global.nc.L2::cache_hint.v2.f32 {%0, %1}, [%2], %3;"
        : "=f"(v.x), "=f"(v.y) : "l"(p), "l"(keep));
//%   elseif type == "float" then
    asm("ld.global.nc.L2::cache_hint.f32 %0, [%1], %2;"
        : "=f"(v) : "l"(p), "l"(keep));
//%   elseif type == "uint4" then
    asm("ld.global.nc.L2::cache_hint.v4.u32 {%0, %1, %2, %3}, [%4], %5;"
        : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p), "l"(keep));
//%   elseif type == "uint2" then
    asm("ld.global.nc.L2::cache_hint.v2.u32 {%0, %1}, [%2], %3;"
        : "=r"(v.x), "=r"(v.y) : "l"(p), "l"(keep));
//%   elseif type == "unsigned" then
    asm("ld.global.nc.L2::cache_hint.u32 %0, [%1], %2;"
        : "=r"(v) : "l"(p), "l"(keep));
//%   else
    asm("ld.global.nc.L2::cache_hint.u16 %0, [%1], %2;"
        : "=h"(v) : "l"(p), "l"(keep));
//%   end
    return v;
#else
    return __ldg(p);
#endif
}

//% end
//%
//% return hints
