//% -- What a layer adds to its rows last of all: its input, a matrix by rows that is
//% -- stored as out is.
//% local lanes = include "lanes"
//% local residual = { there = spec.residual_pitch > 0 }
//% local pitch = spec.residual_pitch
//%
//% -- Append it to a list of launch arguments.
//% function residual.add_args(args)
//%   if residual.there then args[#args + 1] = "residual" end
//% end
//%
//% -- The move of `width` neighbours that begin at a multiple of that.
//% local function mover(width)
//%   local piece = lanes.widest_of(spec.out_type, width, pitch)
//%   return lanes.mover("load", width, piece, spec.out_type)
//% end
//% function residual.define(width)
//%   local piece = lanes.widest_of(spec.out_type, width, pitch)
//%   if residual.there then lanes.define_move("load", width, piece, spec.out_type) end
//% end
//%
//% -- more = those from `column` on of `row`.
//% function residual.take(column, width)
        float more[${width}];
        ${mover(width)}(more, residual + (long long)row * ${pitch} + ${column});
//% end
//%
//% -- They are added to value[at] and on.
//% function residual.add(value, at, column, width)
//%   if not residual.there then return end
    {
//%   residual.take(column, width)
#pragma unroll
        for (int r = 0; r < ${width}; r++)
            ${value}[${at} + r] += more[r];
    }
//% end
//%
//% -- The same of what a lane holds of a row, slot by slot (lanes.lib.lua).
//% function residual.define_slots(L)
//%   for _, s in ipairs(L.slots) do residual.define(s.width) end
//% end
//% function residual.add_slots(L)
//%   for _, s in ipairs(L.slots) do
//%     residual.add("sum", s.at, "c" .. s.index, s.width)
//%   end
//% end
//%
//% return residual
