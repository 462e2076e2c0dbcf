//% family {
//%   op = "linear", tails = true, slabs = true,
//%   doc = [[
//% x W^T for many columns, by tensor cores, within float32's bound: a number is split
//% into two tf32 numbers, and three of their four products are added. A block has
//% rows of x and columns of the result. The depth comes 16 at a time into shared
//% memory, `stages` steps of it in flight. A warp holds rowTiles times 16 rows by
//% colTiles times 8 columns. A sum that is not finite is computed once more without
//% tensor cores, and so is everything below sm_80. Sums in a fixed order. Wins
//% against BLAS where the depth is a few hundred at most.]],
//% }
//% knob { name = "rowTiles", tag = "r", min = 1, max = 4, default = 2,
//%        doc = "times 16 rows of a warp" }
//% knob { name = "colTiles", tag = "c", min = 1, max = 16, default = 8,
//%        doc = "times 8 columns of a warp, at most: fewer where all are fewer" }
//% knob { name = "colWarps", tag = "d", min = 1, max = 8, default = 1,
//%        doc = "warps of a block along the columns, at most; a divisor of warpPerBlock" }
//% knob { name = "stages", tag = "s", min = 2, max = 6, default = 3,
//%        doc = "steps along the depth in shared memory" }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 16, default = 4,
//%        doc = "warps per block" }

//% local lanes = include "lanes"
//% local mma = include "mma"
//% local layout = include "layout"
//% local follow = include "follow"
//% check(spec.x_type == "f32" and spec.out_type == "f32",
//%       "products work on float32")
//% check(spec.depth >= 16, "a depth of %d is less than a step", spec.depth)
//% local function ceil_div(a, b) return (a + b - 1) // b end
//% -- No warp without columns.
//% local needed = ceil_div(spec.dim, 8)
//% local held = math.min(colTiles, needed)
//% local across = colWarps
//% while across > 1 and (across - 1) * held >= needed do across = across // 2 end
//% check(warpPerBlock % across == 0, "%d warps cannot share the columns %d ways",
//%       warpPerBlock, across)
//% local threads = 32 * warpPerBlock
//% local rows = 16 * rowTiles * (warpPerBlock // across)
//% local columns = 8 * held * across
//% local tiles = ceil_div(spec.dim, columns)
//% local full = tiles * columns == spec.dim
//% check(tiles <= 65535, "%d tiles of columns are more than a grid has", tiles)
//% check(rowTiles * held <= 16, "%d x %d tiles are too much for registers",
//%       rowTiles, held)
//% -- A row of a step are 4 pieces of 4 floats; each `threads`th is a thread's.
//% local pieces = 4 * (rows + columns)
//% local copies = ceil_div(pieces, threads)
//% check(16 * pieces * stages <= 49152, "%d stages of %d rows and %d columns do not \z
//%       fit shared memory", stages, rows, columns)
//% local steps = ceil_div(spec.depth, 16)
//% local width = lanes.widest(4, spec.x_pitch, spec.depth)
//% local pair = lanes.widest(2, spec.out_pitch, spec.dim) == 2
//% local args = { "out", "x", "weight" }
//% if spec.norm == "gcn" then args[#args + 1] = "dinv" end
//% if spec.tail_bias then args[#args + 1] = "tail_bias" end
//% local train = spec.drops_result and include "train"
//% if train then train.add_drop_args(args) end
//% local residual = include "residual"
//% residual.add_args(args)
//% args[#args + 1] = "n_rows"
//% local parameters = launch {
//%   entry = kernel,
//%   grid = { "n_rows", per = rows, y = tiles },
//%   block = threads,
//%   args = args,
//% }
// Rows of a block: ${rows}; columns: ${columns}; of a warp: ${16 * rowTiles} x ${8 * held}.
//% layout.define("out")
//% if train then train.define_drop(spec.dim) end
//% residual.define(1)
//% mma.define_product()
//% mma.define_split()

static __device__ __forceinline__ void multiply(float *d, const unsigned *a,
                                                unsigned b0, unsigned b1)
{
    multiply(d[0], d[1], d[2], d[3], a[0], a[1], a[2], a[3], b0, b1);
}

// Sends `bytes` bytes, and zeros up to ${4 * width}, on their way to shared memory.
static __device__ __forceinline__ void send(float *to, const float *from, int bytes)
{
    const unsigned at = (unsigned)__cvta_generic_to_shared(to);
//% if width == 4 then
    asm("cp.async.cg.shared.global [%0], [%1], 16, %2;"
        :: "r"(at), "l"(from), "r"(bytes) : "memory");
//% elseif width == 2 then
    asm("cp.async.ca.shared.global [%0], [%1], 8, %2;"
        :: "r"(at), "l"(from), "r"(bytes) : "memory");
//% else
    asm("cp.async.ca.shared.global [%0], [%1], 4, %2;"
        :: "r"(at), "l"(from), "r"(bytes) : "memory");
//% end
}

// The piece of a row from column k on; beyond the depth there are zeros.
static __device__ __forceinline__ void send_piece(float *to, const float *row, int k)
{
#pragma unroll
    for (int i = 0; i < 4; i += ${width}) {
//% if spec.depth % 16 == 0 then
        send(to + i, row + k + i, ${4 * width});
//% else
        const int rest = min(max(${spec.depth} - k - i, 0), ${width});
        send(to + i, rest > 0 ? row + k + i : row, 4 * rest);
//% end
    }
}
//% mma.finish()

// A sum without tensor cores.
static __device__ __forceinline__ float plain(const float *a, const float *b)
{
    float sum = 0.0f;
#pragma unroll 1
    for (int k = 0; k < ${spec.depth}; k++)
        sum = fmaf(__ldg(a + k), __ldg(b + k), sum);
    return sum;
}

//% -- The thread's pieces of a step, into the stage `at`.
//% local function send_step(at, step)
#pragma unroll
            for (int i = 0; i < ${copies}; i++)
//%   if pieces % threads > 0 then
                if (threadIdx.x + i * ${threads} < ${pieces})
//%   end
                send_piece((float *)(staged[${at}] + to + i * ${threads}), from[i],
                           16 * ${step} + threadIdx.x % 4 * 4);
//% end
extern "C" __global__ void __launch_bounds__(${threads}, ${threads == 256 and spec.depth % 16 == 0 and 2 or 1})
${kernel}(${parameters})
{
//% follow.wait()
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const int warp = threadIdx.x / 32;
    const unsigned first = blockIdx.x * ${rows};
    const int first_column = blockIdx.y * ${columns};
    // Where the warp's rows and columns begin among the block's.
    const int top = warp / ${across} * ${16 * rowTiles};
    const int left = warp % ${across} * ${8 * held};
#if TENSOR_CORES
    // 16 floats of each row of x, then of W. In every other pair of rows the halves
    // are swapped, so that the lanes of half a warp, who read two floats of four
    // rows each, meet in no bank.
    __shared__ float4 staged[${stages}][${pieces}];
    const int to = threadIdx.x ^ threadIdx.x / 8 % 2 * 2;
    // What lies beyond the last row or column repeats it and is not stored.
    const float *from[${copies}];
#pragma unroll
    for (int i = 0; i < ${copies}; i++) {
        const int at = (threadIdx.x + i * ${threads}) / 4;
        if (at < ${rows}) {
            const unsigned row = first + at < n_rows ? first + at : n_rows - 1;
            from[i] = x + (long long)row * ${spec.x_pitch};
        } else {
            const int column = min(first_column + at - ${rows}, ${spec.dim - 1});
            from[i] = weight + (long long)column * ${spec.depth};
        }
    }
//% for i = 0, stages - 2 do
//%   if i < steps then
    {
//%     send_step(i, i)
    }
//%   end
    asm("cp.async.commit_group;" ::: "memory");
//% end
    float d[${rowTiles}][${held}][4] = {};
#pragma unroll 1
    for (int step = 0; step < ${steps}; step++) {
        // The step has come, and all have done with the one before.
        asm("cp.async.wait_group ${stages - 2};" ::: "memory");
        __syncthreads();
        const int ahead = step + ${stages - 1};
        if (ahead < ${steps}) {
            const int at = ahead % ${stages};
//% send_step("at", "ahead")
        }
        asm("cp.async.commit_group;" ::: "memory");
        const float *const stage =
            (const float *)staged[step % ${stages}] + 16 * g + 2 * t;
#pragma unroll
        for (int k = 0; k < 2; k++) {
            // Of eight numbers the lane has 2 t and 2 t + 1, in the places of t and
            // t + 4: x and W agree, so it is the same sum.
            const float *const half = stage + 8 * (k ^ g / 2 % 2);
            unsigned big[${rowTiles}][4], small[${rowTiles}][4];
#pragma unroll
            for (int i = 0; i < ${2 * rowTiles}; i++) {
                const float2 v = *(const float2 *)(half + 16 * top + 128 * i);
                big[i / 2][i % 2] = high(v.x);
                big[i / 2][i % 2 + 2] = high(v.y);
                small[i / 2][i % 2] = low(v.x);
                small[i / 2][i % 2 + 2] = low(v.y);
            }
#pragma unroll
            for (int j = 0; j < ${held}; j++) {
                const float2 v =
                    *(const float2 *)(half + 16 * (${rows} + left) + 128 * j);
                const unsigned b0 = high(v.x), b1 = high(v.y);
                const unsigned c0 = low(v.x), c1 = low(v.y);
#pragma unroll
                for (int i = 0; i < ${rowTiles}; i++) {
                    multiply(d[i][j], small[i], b0, b1);
                    multiply(d[i][j], big[i], c0, c1);
                    multiply(d[i][j], big[i], b0, b1);
                }
            }
        }
    }
#endif
//% if train then train.open_drop() end
#pragma unroll
    for (int r = 0; r < ${2 * rowTiles}; r++) {
        const unsigned row = first + top + 8 * r + g;
        if (row >= n_rows)
            break;
        const float *const xs = x + (long long)row * ${spec.x_pitch};
//% if spec.norm == "gcn" then
        const float scale = __ldg(dinv + row);
//% end
#pragma unroll
        for (int j = 0; j < ${held}; j++) {
            const int column = first_column + left + 8 * j + 2 * t;
//% if layout.has_slabs("out") then
            float *const to = out + out_at(row, column, n_rows);
//% else
            float *const to = out + (long long)row * ${spec.out_pitch} + column;
//% end
            float v[2] = {};
//% if train then
            const unsigned long long bits =
                drops ? bits_from(stream, row, column) : 0;
//% end
#pragma unroll
            for (int c = 0; c < 2; c++) {
//% if not full then
                if (column + c >= ${spec.dim})
                    break;
//% end
#if TENSOR_CORES
                v[c] = d[r / 2][j][r % 2 * 2 + c];
                if (!(fabsf(v[c]) <= 3.4e38f))
#endif
                    v[c] = plain(xs, weight + (long long)(column + c) * ${spec.depth});
//% if spec.norm == "gcn" then
                v[c] *= scale;
//% end
//% if spec.adds then
                v[c] += to[c];
//% end
//% if spec.tail_bias then
                v[c] += __ldg(tail_bias + column + c);
//% end
//% if spec.tail_act == "relu" then
                v[c] = v[c] < 0.0f ? 0.0f : v[c];
//% end
//% if train then
                if (drops)
                    v[c] = dropped(state, (unsigned)(bits >> 16 * c), v[c]);
//% end
//% if residual.there then
                const int of = column + c;
//%   residual.take("of", 1)
                v[c] += more[0];
//% end
//% if not pair then
                to[c] = v[c];
//% end
            }
//% if pair and full then
            *(float2 *)to = make_float2(v[0], v[1]);
//% elseif pair then
            if (column < ${spec.dim})
                *(float2 *)to = make_float2(v[0], v[1]);
//% end
        }
    }
}
