//% -- How the lanes of a warp share the columns of a row, and the device
//% -- functions that every aggregation needs.
//% --
//% -- A lane holds `floats` numbers of a row, in slots: up to `coarsen`
//% -- vectors of `vec` floats, dimWorker * vec columns apart, and, where vec
//% -- does not divide the width, single columns of the remainder ("tail").
//% -- Columns that do not fit one warp are left to further tiles, the grid's y:
//% -- all blocks of one tile start before those of the next, so that a tile of
//% -- x can stay in the L2 cache. Lanes past the last column repeat it, so that
//% -- only the final store has to ask.
//% local lanes = {}
//% local written = {}
//%
//% -- The widest vector, at most `limit` floats, that every pitch allows.
//% function lanes.widest(limit, ...)
//%   for _, w in ipairs { 4, 2 } do
//%     local fits = w <= limit
//%     for _, pitch in ipairs { ... } do fits = fits and pitch % w == 0 end
//%     if fits then return w end
//%   end
//%   return 1
//% end
//%
//% function lanes.layout(dimWorker, edgeWorker, vec, coarsen)
//%   local L = { dimWorker = dimWorker, edgeWorker = edgeWorker, vec = vec,
//%               tail = spec.dim % vec, slots = {}, floats = 0 }
//%   L.body = spec.dim - L.tail
//%   local span = dimWorker * vec
//%   local held = math.min(coarsen, (L.body + span - 1) // span)
//%   L.tile = span * held
//%   L.tiles = held == 0 and 1 or (L.body + L.tile - 1) // L.tile
//%   local function add(slot)
//%     slot.index, slot.at = #L.slots, L.floats
//%     L.slots[#L.slots + 1], L.floats = slot, L.floats + slot.width
//%   end
//%   for j = 0, held - 1 do
//%     local reach = (L.tiles - 1) * L.tile + (j + 1) * span
//%     add { width = vec, first = j * span, whole = reach <= L.body }
//%   end
//%   for first = 0, L.tail - 1, dimWorker do
//%     add { width = 1, first = first, whole = first + dimWorker <= L.tail,
//%           tail = true }
//%   end
//%   check(L.tiles <= 65535, "%d tiles of columns are more than a grid has",
//%         L.tiles)
//%   return L
//% end
//%
//% -- Whether `loads` rows in flight per lane fit the registers of a block.
//% function lanes.fits(floats, loads, warps)
//%   local registers = math.min(255, 65536 // (32 * warps))
//%   return (loads + 1) * floats + 3 * loads + 28 <= registers
//% end
//%
//% -- The name of a device function that moves `width` floats: loadW and storeW
//% -- want them aligned to 4W bytes; loadWxP works in pieces of P floats that
//% -- are aligned to 4P bytes. readW is loadW for memory that the kernel also
//% -- writes.
//% function lanes.mover(verb, width, piece)
//%   return piece < width and verb .. width .. "x" .. piece or verb .. width
//% end
//%
//% -- Write that function, unless it is there.
//% function lanes.define_move(verb, width, piece)
//%   local name = lanes.mover(verb, width, piece)
//%   if written[name] then return end
//%   written[name] = true
static __device__ __forceinline__ void ${name}(float *to, const float *from)
{
//%   for i = 0, width - 1, piece do
//%     if verb == "store" and piece == 4 then
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
//%     elseif verb == "store" and piece == 2 then
    *(float2 *)(to + ${i}) = make_float2(from[${i}], from[${i + 1}]);
//%     elseif piece == 1 and verb ~= "load" then
    to[${i}] = from[${i}];
//%     elseif piece == 1 then
    to[${i}] = __ldg(from + ${i});
//%     else
//%       if piece == 4 and verb == "load" then
    const float4 v = __ldg((const float4 *)from);
//%       elseif piece == 4 then
    const float4 v = *(const float4 *)from;
//%       elseif verb == "load" then
    const float2 v${i} = __ldg((const float2 *)(from + ${i}));
//%       else
    const float2 v${i} = *(const float2 *)(from + ${i});
//%       end
//%       if piece == 4 then
    to[0] = v.x;
    to[1] = v.y;
    to[2] = v.z;
    to[3] = v.w;
//%       else
    to[${i}] = v${i}.x;
    to[${i + 1}] = v${i}.y;
//%       end
//%     end
//%   end
}

//% end
//%
//% -- The functions that move a lane's slots, in pieces of at most `piece`.
//% function lanes.define(verb, L, piece)
//%   for _, s in ipairs(L.slots) do
//%     lanes.define_move(verb, s.width, math.min(s.width, piece))
//%   end
//% end
//%
//% -- `at`, the lane's place among those that share a row, and c0, c1 ..., the
//% -- first column of each of its slots.
//% function lanes.columns(L)
//%   if L.dimWorker == 1 then
    const int at = 0;
//%   elseif L.dimWorker == 32 then
    const int at = lane;
//%   else
    const int at = lane % ${L.dimWorker};
//%   end
//%   if L.tiles > 1 then
    const int tile = blockIdx.y * ${L.tile};
//%   end
//%   if L.tiles > 1 and L.tail > 0 then
    const bool last_tile = blockIdx.y == ${L.tiles - 1};
//%   end
//%   for _, s in ipairs(L.slots) do
//%     local first, last = s.first, L.body - L.vec
//%     if s.tail and s.whole then
    const int c${s.index} = ${L.body + first} + at;
//%     elseif s.tail then
    const int c${s.index} = ${L.body} + min(at + ${first}, ${L.tail - 1});
//%     elseif L.tiles > 1 and s.whole then
    const int c${s.index} = tile + at * ${L.vec} + ${first};
//%     elseif L.tiles > 1 then
    const int c${s.index} = min(tile + at * ${L.vec} + ${first}, ${last});
//%     elseif s.whole then
    const int c${s.index} = at * ${L.vec} + ${first};
//%     else
    const int c${s.index} = min(at * ${L.vec} + ${first}, ${last});
//%     end
//%   end
//% end
//%
//% -- Pointers x0, x1 ... to the lane's columns of row 0 of `x`. The empty asm
//% -- hides how they came about: the compiler would undo the sum and add the
//% -- column anew at every load, three instructions instead of one.
//% function lanes.pointers(L, x)
//%   for _, s in ipairs(L.slots) do
//%     if s.index > 0 and s.whole and not s.tail then
    const float *x${s.index} = x0 + ${s.first};
//%     else
    const float *x${s.index} = ${x} + c${s.index};
    asm("" : "+l"(x${s.index}));
//%     end
//%   end
//% end
//%
//% -- v[k] = the lane's columns of the row that begins at element u.
//% function lanes.load_row(L)
//%   for _, s in ipairs(L.slots) do
//%     if s.tail and L.tiles > 1 then
            if (last_tile)
                load1(&v[k][${s.at}], x${s.index} + u);
//%     else
            load${s.width}(&v[k][${s.at}], x${s.index} + u);
//%     end
//%   end
//% end
//%
//% -- Store the sums to a row that begins at `to`, each column once.
//% function lanes.store_row(L, piece)
//%   for _, s in ipairs(L.slots) do
//%     local store = lanes.mover("store", s.width, math.min(s.width, piece))
//%     local once = s.tail and L.tiles > 1
//%     if once and s.whole then
    if (last_tile)
//%     elseif once then
    if (last_tile && at + ${s.first} < ${L.tail})
//%     elseif s.tail and not s.whole then
    if (at + ${s.first} < ${L.tail})
//%     elseif not s.whole and L.tiles > 1 then
    if (tile + at * ${L.vec} + ${s.first} < ${L.body})
//%     elseif not s.whole then
    if (at * ${L.vec} + ${s.first} < ${L.body})
//%     end
//%     if once or not s.whole then
        ${store}(to + c${s.index}, &sum[${s.at}]);
//%     else
    ${store}(to + c${s.index}, &sum[${s.at}]);
//%     end
//%   end
//% end
//%
//% -- Add up the partial sums of the lanes that share a row; `edge` 0 has them.
//% function lanes.reduce(L)
//%   local n, top = L.edgeWorker, 1
//%   if n == 1 then return end
//%   while top * 2 < n do top = top * 2 end
#pragma unroll
    for (int step = ${top}; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * ${L.dimWorker});
//%   if n & (n - 1) == 0 then
            sum[i] += more;
//%   else
            sum[i] += edge + step < ${n} ? more : 0.0f;
//%   end
        }
    }
//% end
//%
//% return lanes
