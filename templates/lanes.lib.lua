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
//% -- A slab makes tiles narrower: of at most so many bytes of a row (0: as wide as
//% -- the lanes hold), so that all rows' tiles fit the L2 cache together.
//% local hints = include "hints"
//% local layout = include "layout"
//% local lanes = {}
//% local written = {}
//%
//% -- How many values of a dtype 4 bytes hold, and its C type: what is stored in
//% -- 16 bits is converted as it is loaded and as it is stored, nothing else.
//% function lanes.per_word(dtype) return dtype == "f32" and 1 or 2 end
//% function lanes.type(dtype)
//%   return dtype == "f32" and "float" or dtype .. "_t"
//% end
//%
//% -- The widest vector of values of a dtype, at most `limit` of them and 16
//% -- bytes, that every pitch allows.
//% function lanes.widest_of(dtype, limit, ...)
//%   for _, w in ipairs { 8, 4, 2 } do
//%     local fits = w <= limit and w <= 4 * lanes.per_word(dtype)
//%     for _, pitch in ipairs { ... } do fits = fits and pitch % w == 0 end
//%     if fits then return w end
//%   end
//%   return 1
//% end
//%
//% -- The same of floats.
//% function lanes.widest(limit, ...)
//%   return lanes.widest_of("f32", limit, ...)
//% end
//%
//% -- The widest vector of x, of at most `words` times 4 bytes. Of 16-bit rows
//% -- narrower than that, one that leaves less to single columns.
//% function lanes.x_width(words)
//%   local limit = words * lanes.per_word(spec.x_type)
//%   if spec.x_type ~= "f32" then limit = math.min(limit, spec.dim) end
//%   return lanes.widest_of(spec.x_type, limit, spec.x_pitch)
//% end
//%
//% -- How many spans of columns, each one load of all lanes, a tile may have.
//% -- With a tail a row is in one tile: its lanes go on with all of it.
//% local function spans(n, span, coarsen, slab)
//%   local bytes = span * 4 // lanes.per_word(spec.x_type)
//%   local fit = slab > 0 and slab // bytes or n
//%   if spec.tail ~= "none" then
//%     check(n <= fit, "slab %d: a row that ends in a tail is not cut", slab)
//%     return n
//%   end
//%   check(n <= 1 or fit > 0, "slab %d is less than the %d bytes that a team loads",
//%         slab, bytes)
//%   return math.min(coarsen, n, math.max(1, fit))
//% end
//%
//% function lanes.layout(dimWorker, edgeWorker, vec, coarsen, slab)
//%   local L = { dimWorker = dimWorker, edgeWorker = edgeWorker, vec = vec,
//%               tail = spec.dim % vec, slots = {}, floats = 0 }
//%   L.body = spec.dim - L.tail
//%   hints.choose(L, 0)
//%   local span = dimWorker * vec
//%   local held = spans((L.body + span - 1) // span, span, coarsen, slab or 0)
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
//% -- The knob of the same name; before anything is defined.
//% lanes.hint = hints.choose
//%
//% -- Whether `loads` rows in flight per lane fit the registers of a block.
//% function lanes.fits(floats, loads, warps)
//%   local registers = math.min(255, 65536 // (32 * warps))
//%   return (loads + 1) * floats + 3 * loads + 28 <= registers
//% end
//%
//% -- The type of a 16-bit dtype and its conversion for loads or for a store,
//% -- which rounds to the nearest, ties to even; each once.
//% local function once(name)
//%   local first = not written[name]
//%   written[name] = true
//%   return first
//% end
//% local function stores(verb) return verb == "store" or verb == "stream" end
//% local fetches = { load = "__ldg", keep = "load_kept", fresh = "__ldcg" }
//% local function loads(verb) return fetches[verb] ~= nil end
//% local function define_halves(verb, dtype)
//%   if once(dtype) then
typedef unsigned short ${dtype}_t;
//%   end
//%   if not stores(verb) and once("from_" .. dtype) then
static __device__ __forceinline__ float from_${dtype}(unsigned bits)
{
//%     if dtype == "bf16" then
    return __uint_as_float(bits << 16);
//%     else
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"((f16_t)bits));
    return v;
//%     end
}

//%   elseif stores(verb) and once("to_" .. dtype) then
static __device__ __forceinline__ unsigned to_${dtype}(float v)
{
//%     if dtype == "bf16" then
    const unsigned bits = __float_as_uint(v);
    return v == v ? (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16 : 0x7fffu;
//%     else
    f16_t bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(v));
    return bits;
//%     end
}

//%   end
//% end
//%
//% -- The body of a move of 16-bit values: whole words, or one value at a time.
//% local function move_halves(verb, width, piece, dtype)
//%   local words = { [2] = "unsigned", [4] = "uint2", [8] = "uint4" }
//%   local convert = (stores(verb) and "to_" or "from_") .. dtype
//%   local fetch = fetches[verb]
//%   for i = 0, width - 1, piece do
//%     if piece == 1 and verb == "store" then
    to[${i}] = (${lanes.type(dtype)})${convert}(from[${i}]);
//%     elseif piece == 1 and verb == "stream" then
    __stcs(to + ${i}, (${lanes.type(dtype)})${convert}(from[${i}]));
//%     elseif piece == 1 and loads(verb) then
    to[${i}] = ${convert}(${fetch}(from + ${i}));
//%     elseif piece == 1 then
    to[${i}] = ${convert}(from[${i}]);
//%     elseif loads(verb) then
    const ${words[piece]} v${i} = ${fetch}((const ${words[piece]} *)(from + ${i}));
//%     elseif verb == "read" then
    const ${words[piece]} v${i} = *(const ${words[piece]} *)(from + ${i});
//%     else
    ${words[piece]} v${i};
//%     end
//%     for j = 0, piece > 1 and piece // 2 - 1 or -1 do
//%       local member = ({ "x", "y", "z", "w" })[j + 1]
//%       local at = i + 2 * j
//%       if not stores(verb) and piece == 2 then
    to[${at}] = ${convert}(v${i} & 0xffffu);
    to[${at + 1}] = ${convert}(v${i} >> 16);
//%       elseif not stores(verb) then
    to[${at}] = ${convert}(v${i}.${member} & 0xffffu);
    to[${at + 1}] = ${convert}(v${i}.${member} >> 16);
//%       elseif piece == 2 then
    v${i} = ${convert}(from[${at}]) | ${convert}(from[${at + 1}]) << 16;
//%       else
    v${i}.${member} = ${convert}(from[${at}]) | ${convert}(from[${at + 1}]) << 16;
//%       end
//%     end
//%     if piece > 1 and verb == "store" then
    *(${words[piece]} *)(to + ${i}) = v${i};
//%     elseif piece > 1 and verb == "stream" then
    __stcs((${words[piece]} *)(to + ${i}), v${i});
//%     end
//%   end
//% end
//%
//% -- The body of a move of floats.
//% local function move_floats(verb, width, piece)
//%   local fetch = fetches[verb]
//%   for i = 0, width - 1, piece do
//%     local v = piece == 4 and width == 4 and "v" or "v" .. i
//%     if verb == "stream" and piece == 4 then
    __stcs((float4 *)(to + ${i}),
           make_float4(from[${i}], from[${i + 1}], from[${i + 2}], from[${i + 3}]));
//%     elseif verb == "stream" and piece == 2 then
    __stcs((float2 *)(to + ${i}), make_float2(from[${i}], from[${i + 1}]));
//%     elseif verb == "stream" then
    __stcs(to + ${i}, from[${i}]);
//%     elseif verb == "store" and piece == 4 and width == 4 then
    *(float4 *)to = make_float4(from[0], from[1], from[2], from[3]);
//%     elseif verb == "store" and piece == 4 then
    *(float4 *)(to + ${i}) =
        make_float4(from[${i}], from[${i + 1}], from[${i + 2}], from[${i + 3}]);
//%     elseif verb == "store" and piece == 2 then
    *(float2 *)(to + ${i}) = make_float2(from[${i}], from[${i + 1}]);
//%     elseif piece == 1 and not loads(verb) then
    to[${i}] = from[${i}];
//%     elseif piece == 1 then
    to[${i}] = ${fetch}(from + ${i});
//%     else
//%       if piece == 4 and width == 4 and loads(verb) then
    const float4 v = ${fetch}((const float4 *)from);
//%       elseif piece == 4 and width == 4 then
    const float4 v = *(const float4 *)from;
//%       elseif piece == 4 and loads(verb) then
    const float4 ${v} = ${fetch}((const float4 *)(from + ${i}));
//%       elseif piece == 4 then
    const float4 ${v} = *(const float4 *)(from + ${i});
//%       elseif loads(verb) then
    const float2 v${i} = ${fetch}((const float2 *)(from + ${i}));
//%       else
    const float2 v${i} = *(const float2 *)(from + ${i});
//%       end
    to[${i}] = ${v}.x;
    to[${i + 1}] = ${v}.y;
//%       if piece == 4 then
    to[${i + 2}] = ${v}.z;
    to[${i + 3}] = ${v}.w;
//%       end
//%     end
//%   end
//% end
//%
//% -- The name of a device function that moves `width` values, floats in
//% -- registers: loadW and storeW want them aligned as a whole; loadWxP works in
//% -- pieces of P values that are aligned to that. readW is loadW for memory
//% -- that the kernel also writes; freshW for what other blocks of it have written,
//% -- which is looked for in the L2 cache at once; keepW and streamW are loadW and storeW with
//% -- hints.lib.lua's. Of another dtype than f32 the name tells it.
//% function lanes.mover(verb, width, piece, dtype)
//%   local most = 4 * lanes.per_word(dtype or "f32")
//%   piece = math.min(width, piece, most)
//%   local name = verb .. width .. (piece < width and "x" .. piece or "")
//%   return dtype and dtype ~= "f32" and name .. "_" .. dtype or name, piece
//% end
//%
//% -- The load of one piece of that dtype that L2 is to keep, once.
//% local function define_kept(piece, dtype)
//%   local floats = { "float", "float2", nil, "float4" }
//%   local halves = { lanes.type(dtype), "unsigned", nil, "uint2", [8] = "uint4" }
//%   local type = (dtype == "f32" and floats or halves)[piece]
//%   if once("kept_" .. type) then hints.define_kept(type) end
//% end
//%
//% -- Write that function, unless it is there.
//% function lanes.define_move(verb, width, piece, dtype)
//%   dtype = dtype or "f32"
//%   local name, piece = lanes.mover(verb, width, piece, dtype)
//%   if not once(name) then return end
//%   if dtype ~= "f32" then define_halves(verb, dtype) end
//%   if verb == "keep" then define_kept(piece, dtype) end
//%   local to = lanes.type(stores(verb) and dtype or "f32")
//%   local from = lanes.type(stores(verb) and "f32" or dtype)
static __device__ __forceinline__ void ${name}(${to} *to, const ${from} *from)
{
//%   if dtype == "f32" then
//%     move_floats(verb, width, piece)
//%   else
//%     move_halves(verb, width, piece, dtype)
//%   end
}

//% end
//%
//% -- The functions that move a lane's slots, in pieces of at most `piece`.
//% function lanes.define(verb, L, piece, dtype)
//%   for _, s in ipairs(L.slots) do
//%     lanes.define_move(verb, s.width, piece, dtype)
//%   end
//% end
//%
//% -- `at`, the lane's place among those that share a row, and c0, c1 ..., the
//% -- first column of each of its slots. The lanes of a team stand beside each
//% -- other, or, where L.apart says so, that many lanes apart.
//% function lanes.columns(L)
//%   if L.apart then
    const int at = lane / ${L.apart};
//%   elseif L.dimWorker == 1 then
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
//% -- Pointers x0, x1 ... (or of another name) to the lane's columns of row 0 of
//% -- `x`, whose values are of that dtype, which load_row then reads. The empty asm
//% -- hides how they came about: the compiler would undo the sum and add the
//% -- column anew at every load, three instructions instead of one.
//% function lanes.pointers(L, x, dtype, name)
//%   name = name or "x"
//%   L.read_type = dtype or "f32"
//%   L.read_verb = x == "x" and L.x_verb or "load"
//%   local type = lanes.type(L.read_type)
//%   local slabs = x == "x" and layout.has_slabs("x")
//%   for _, s in ipairs(L.slots) do
//%     if slabs then
    const ${type} *${name}${s.index} = ${x} + x_at(0, c${s.index}, n_rows);
    asm("" : "+l"(${name}${s.index}));
//%     elseif s.index > 0 and s.whole and not s.tail then
    const ${type} *${name}${s.index} = ${name}0 + ${s.first};
//%     else
    const ${type} *${name}${s.index} = ${x} + c${s.index};
    asm("" : "+l"(${name}${s.index}));
//%     end
//%   end
//% end
//%
//% -- v[k], or what `to` names, = the lane's columns, behind the pointers `name`,
//% -- of the row that begins at element u.
//% function lanes.load_row(L, to, name)
//%   to, name = to or "v", name or "x"
//%   for _, s in ipairs(L.slots) do
//%     local load = lanes.mover(L.read_verb, s.width, s.width, L.read_type)
//%     if s.tail and L.tiles > 1 then
            if (last_tile)
                ${load}(&${to}[k][${s.at}], ${name}${s.index} + u);
//%     else
            ${load}(&${to}[k][${s.at}], ${name}${s.index} + u);
//%     end
//%   end
//% end
//%
//% -- Add up the variable v of the lanes of a team, which alone need to be there,
//% -- or find its maximum; `team` is their mask.
//% function lanes.name_team(L)
//%   if L.apart then
//%     local mask = 0
//%     for k = 0, L.dimWorker - 1 do mask = mask | 1 << k * L.apart end
        const unsigned team = ${mask}u << lane % ${L.apart};
//%   elseif L.dimWorker == 32 then
        const unsigned team = ~0u;
//%   elseif L.dimWorker > 1 then
        const unsigned team = ${(1 << L.dimWorker) - 1}u << (lane - at);
//%   end
//% end
//% function lanes.over_team(L, v, max)
//%   local n = L.dimWorker
//%   if n & (n - 1) ~= 0 then
        const float own_${v} = ${v};
        ${v} = __shfl_sync(team, own_${v}, lane - at);
#pragma unroll
        for (int k = 1; k < ${n}; k++)
//%     if max then
            ${v} = fmaxf(${v}, __shfl_sync(team, own_${v}, lane - at + k));
//%     else
            ${v} += __shfl_sync(team, own_${v}, lane - at + k);
//%     end
//%   elseif n > 1 then
#pragma unroll
        for (int step = ${n // 2 * (L.apart or 1)}; step >= ${L.apart or 1}; step /= 2)
//%     if max then
            ${v} = fmaxf(${v}, __shfl_xor_sync(team, ${v}, step));
//%     else
            ${v} += __shfl_xor_sync(team, ${v}, step);
//%     end
//%   end
//% end
//%
//% -- Lanes past the last column repeat it: that is what they hold instead, the
//% -- least number or 0.
//% function lanes.clear_repeats(L, least)
//%   for _, s in ipairs(L.slots) do
//%     if s.tail and not s.whole then
        if (at + ${s.first} >= ${L.tail}) {
//%     elseif not s.whole then
        if (at * ${L.vec} + ${s.first} >= ${L.body}) {
//%     end
//%     for i = s.at, s.whole and s.at - 1 or s.at + s.width - 1 do
//%       if least then
            sum[${i}] = __int_as_float(0xff800000);
//%       else
            sum[${i}] = 0.0f;
//%       end
//%     end
//%     if not s.whole then
        }
//%     end
//%   end
//% end
//%
//% -- The condition under which the lane's slot is not another's: the next
//% -- statement's. False where there is none.
//% function lanes.ask(L, s)
//%   local once = s.tail and L.tiles > 1
//%   if once and s.whole then
    if (last_tile)
//%   elseif once then
    if (last_tile && at + ${s.first} < ${L.tail})
//%   elseif s.tail and not s.whole then
    if (at + ${s.first} < ${L.tail})
//%   elseif not s.whole and L.tiles > 1 then
    if (tile + at * ${L.vec} + ${s.first} < ${L.body})
//%   elseif not s.whole then
    if (at * ${L.vec} + ${s.first} < ${L.body})
//%   end
//%   return once or not s.whole
//% end
//%
//% -- Store the sums to a row that begins at `to`, each column once; of another
//% -- verb than "store", by that. `slabs`: to the row of that number in out, which
//% -- has them.
//% function lanes.store_row(L, piece, dtype, verb, slabs)
//%   for _, s in ipairs(L.slots) do
//%     local store = lanes.mover(verb or "store", s.width, piece, dtype)
//%     local shared = lanes.ask(L, s)
//%     if slabs then
        ${store}(out + out_at(row, c${s.index}, n_rows), &sum[${s.at}]);
//%     elseif shared then
        ${store}(to + c${s.index}, &sum[${s.at}]);
//%     else
    ${store}(to + c${s.index}, &sum[${s.at}]);
//%     end
//%   end
//% end
//%
//% -- Add up the partial sums of the lanes that share a row, or join them by a
//% -- function of two; `edge` 0 has the result.
//% function lanes.reduce(L, join)
//%   local n, top = L.edgeWorker, 1
//%   if n == 1 then return end
//%   while top * 2 < n do top = top * 2 end
#pragma unroll
    for (int step = ${top}; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < ${L.floats}; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * ${L.dimWorker});
//%   if join and n & (n - 1) == 0 then
            sum[i] = ${join}(sum[i], more);
//%   elseif join then
            sum[i] = edge + step < ${n} ? ${join}(sum[i], more) : sum[i];
//%   elseif n & (n - 1) == 0 then
            sum[i] += more;
//%   else
            sum[i] += edge + step < ${n} ? more : 0.0f;
//%   end
        }
    }
//% end
//%
//% return lanes
