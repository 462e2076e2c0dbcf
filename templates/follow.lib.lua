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
//% return follow
