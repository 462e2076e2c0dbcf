//% -- Kernels that begin before the one ahead of them has ended: starting one takes
//% -- as long as a small one runs, and may be done meanwhile (programmatic dependent
//% -- launch, from sm_90 on).
//% local follow = {}
//%
//% -- The first thing that kernel `entry` (default: kernel) does: let the next one
//% -- start, and wait until all that was launched before has ended and can be seen.
//% -- Nothing may be read or written, nor a thread leave, before that: the next
//% -- kernel trusts that whoever has ended had waited. The runtime starts only
//% -- such kernels early that say so here; for others it does nothing.
//% function follow.wait(entry)
//%   follows(entry or kernel)
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;\n\t"
                 "griddepcontrol.wait;" ::: "memory");
#endif
//% end
//%
//% -- The same in two: between them a kernel may read what the graph is (rowptr,
//% -- colidx, dinv), which no kernel writes, and nothing else. It was there before
//% -- the first kernel that is given it was launched.
//% function follow.begin(entry)
//%   follows(entry or kernel)
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
//% end
//% function follow.join()
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
//% end
//%
//% -- Around all code of such a kernel. The assembler takes what __ldg reads for
//% -- constant while the kernel runs, and moves such loads from behind the wait to
//% -- before it, once their addresses are known there; others it leaves in place.
//% -- Loads are written out, for the compiler joins others, and reads beyond a row.
//% local function plain(type, count, kind)
static __device__ __forceinline__ ${type} load_plain(const ${type} *p)
{
#ifdef __CUDA_ARCH__
    ${type} v;
//%   if count == 4 and kind == "f" then
    asm volatile("ld.global.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(p));
//%   elseif count == 2 and kind == "f" then
    asm volatile("ld.global.v2.f32 {%0, %1}, [%2];"
                 : "=f"(v.x), "=f"(v.y) : "l"(p));
//%   elseif kind == "f" then
    asm volatile("ld.global.f32 %0, [%1];" : "=f"(v) : "l"(p));
//%   elseif count == 4 then
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(p));
//%   elseif count == 2 then
    asm volatile("ld.global.v2.u32 {%0, %1}, [%2];"
                 : "=r"(v.x), "=r"(v.y) : "l"(p));
//%   elseif kind == "l" then
    asm volatile("ld.global.u64 %0, [%1];" : "=l"(v) : "l"(p));
//%   elseif kind == "h" then
    asm volatile("ld.global.u16 %0, [%1];" : "=h"(v) : "l"(p));
//%   else
    asm volatile("ld.global.u32 %0, [%1];" : "=r"(v) : "l"(p));
//%   end
    return v;
#else
    return *p;
#endif
}

//% end
//% function follow.define_plain()
//%   local types = { { "float", 1, "f" }, { "float2", 2, "f" }, { "float4", 4, "f" },
//%                   { "int", 1, "r" }, { "unsigned", 1, "r" }, { "uint2", 2, "r" },
//%                   { "uint4", 4, "r" } }
//%   for _, t in ipairs(types) do plain(t[1], t[2], t[3]) end
typedef long long long_t;
typedef unsigned short half_t;
//%   plain("long_t", 1, "l")
//%   plain("half_t", 1, "h")
#define __ldg load_plain

//% end
//% function follow.forget_plain()
#undef __ldg
//% end
//%
//% return follow
