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
//% local function plain(type, bits, letter, count)
static __device__ __forceinline__ ${type} load_plain(const ${type} *p)
{
#ifdef __CUDA_ARCH__
    ${type} v;
//%   if count == 4 then
    asm volatile("ld.global.v4.${bits} {%0, %1, %2, %3}, [%4];"
                 : "=${letter}"(v.x), "=${letter}"(v.y), "=${letter}"(v.z), "=${letter}"(v.w) : "l"(p));
//%   elseif count == 2 then
    asm volatile("ld.global.v2.${bits} {%0, %1}, [%2];"
                 : "=${letter}"(v.x), "=${letter}"(v.y) : "l"(p));
//%   else
    asm volatile("ld.global.${bits} %0, [%1];" : "=${letter}"(v) : "l"(p));
//%   end
    return v;
#else
    return *p;
#endif
}

//% end
//% function follow.define_plain()
//%   local types = { { "float", "f32", "f", 1 }, { "float2", "f32", "f", 2 },
//%                   { "float4", "f32", "f", 4 }, { "int", "u32", "r", 1 },
//%                   { "unsigned", "u32", "r", 1 }, { "uint2", "u32", "r", 2 },
//%                   { "uint4", "u32", "r", 4 } }
//%   for _, t in ipairs(types) do plain(table.unpack(t)) end
typedef long long long_t;
typedef unsigned short half_t;
//%   plain("long_t", "u64", "l", 1)
//%   plain("half_t", "u16", "h", 1)
#define __ldg load_plain

//% end
//% function follow.forget_plain()
#undef __ldg
//% end
//%
//% return follow
