//% family {
//%   op = "sparse_linear",
//%   doc = [[
//% x W^T of sparse x, perhaps dropped on the way: a row of it is the sum of rows of
//% W^T, weighted by the row's entries. W is turned round first, so that such a row
//% lies together; then a warp has a group of at most partSize entries of one row,
//% as in neighbor_group.]],
//% }
//% knob { name = "partSize", tag = "p", min = 1, max = 1024, default = 128,
//%        doc = "entries per group" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "entries that a team of lanes has in flight" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 4,
//%        doc = "groups, and so warps, per block" }

//% local groups = include "groups"
//% local parts = include "parts"
//% local sparse = include "sparse"
//% local train = include "train"
//% local follow = include "follow"
//% check(spec.depth > 0, "a product needs a depth")
//% local L = sparse.layout { partSize = partSize, unroll = unroll,
//%                           warpPerBlock = warpPerBlock }
//% local tiles = (spec.depth + 31) // 32
//% local stride = math.min(tiles, 65535)
//% local width = math.min(spec.dim, 32)
//% local turn = launch {
//%   entry = kernel,
//%   grid = { "one", y = stride },
//%   block = 256,
//%   args = { "weight_t", "weight" },
//% }
//% if spec.drops then train.define_state() end
//% local entry = kernel .. "_sum"
//% local parameters, finish = sparse.launch(L, entry, { "out", "weight_t" })
//% local draws = (spec.depth + 3) // 4
//% local how = { x = "weight_t" }
//% if spec.drops then
//%   function how.keep()
            coef = left_of(state, place, ${draws}, row, id, value);
//%   end
//% end
//% sparse.define(L, how)
// W^T, 32 columns of W at a time.
extern "C" __global__ void __launch_bounds__(256, 1)
${kernel}(${turn})
{
//% follow.wait()
    __shared__ float tile[32][33];
    const int at = threadIdx.x % 32;
//% if tiles > stride then
    for (int first = 32 * blockIdx.y; first < ${spec.depth}; first += ${32 * stride})
//% else
    const int first = 32 * blockIdx.y;
//% end
    for (int base = 0; base < ${spec.dim}; base += 32) {
        for (int j = threadIdx.x / 32; j < 32; j += 8)
            if (base + j < ${spec.dim} && first + at < ${spec.depth})
                tile[j][at] =
                    __ldg(weight + (long long)(base + j) * ${spec.depth} + first + at);
        __syncthreads();
        for (int k = threadIdx.x; k < ${32 * width}; k += 256) {
            const int j = k % ${width}, c = k / ${width};
            if (base + j < ${spec.dim} && first + c < ${spec.depth})
                weight_t[(long long)(first + c) * ${spec.x_pitch} + base + j] =
                    tile[j][c];
        }
        __syncthreads();
    }
}

//% groups.sum(L, entry, parameters, how)
//% parts.join(L, finish, warpPerBlock, unroll)
