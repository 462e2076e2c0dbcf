//% -- offset_t, the type of a place among the edges: of 64 bits where the compiler
//% -- could not prove that 32 will do.
//% local offsets = {}
//%
//% function offsets.define()
//%   if spec.offset_bits == 64 then
typedef long long offset_t;
//%   else
typedef int offset_t;
//%   end
//% end
//%
//% return offsets
