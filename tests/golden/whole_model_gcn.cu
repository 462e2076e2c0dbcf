// gnnac whole_model, from templates/whole_model.cu.lua
// All steps of a small model in one launch. The blocks, one a multiprocessor,
// take turns at a step's rows, warp by warp, until it is done, and meet before
// the next one where that reads what others wrote; what is written stays in
// the L2 cache. They all run at once, as the launch is cooperative or of one
// cluster. Rows are summed as row_split does it, products are linear's. No atomics on
// data: results repeat bit by bit. Wins where a step takes no longer than to start a
// kernel.
// warpPerBlock=16 edgeWorker=16 vec=4 coarsen=4 unroll=4 rowsPerLane=2 colsPerLane=8 depthWorker=32 depthUnroll=2
// f32 dim=7 x_pitch=128 out_pitch=7 norm=none self=none bias=0 act=none offset_bits=32
#line 61 "/gnnac/templates/whole_model.cu.lua"
typedef int offset_t;

// A turn is a warp's; the turns of a multiprocessor's warps are far apart, so
// that all multiprocessors have as many.
static __device__ __forceinline__ unsigned first_turn()
{
    return threadIdx.x / 32 * gridDim.x + blockIdx.x;
}

static __device__ __forceinline__ unsigned turns_apart()
{
    return 16 * gridDim.x;
}

#line 76 "/gnnac/templates/whole_model.cu.lua"
// Step 1: linear.
namespace step_1 {
#line 75 "/gnnac/templates/product.lib.lua"
// Lanes along the columns: 2; along the depth: 16; rows per warp: 2.
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 18 "/gnnac/templates/product_phase.lib.lua"
// Of what it reads nothing is known before the blocks have met.
struct ahead {
};

static __device__ __forceinline__ ahead look(const int *, const int *, int)
{
    return {};
}

#line 79 "/gnnac/templates/whole_model.cu.lua"
static __device__ __forceinline__ void run(
    ahead a, float *out, const float *x, const float *self, const float *weight,
    const float *bias, const float *tail_bias, const float *eps, const int *rowptr,
    const int *colidx, const float *dinv, int n_rows)
{
    const unsigned turns = (n_rows + 1u) / 2u * 1u;
#line 30 "/gnnac/templates/product_phase.lib.lua"
    for (unsigned turn = first_turn(); turn < turns; turn += turns_apart()) {
#line 89 "/gnnac/templates/product.lib.lua"
    const int lane = threadIdx.x % 32;
    const int slice = lane / 2 % 16;
#line 95 "/gnnac/templates/product.lib.lua"
    const int first_column = turn % 1 * 16 + lane % 2 * 8;
    const unsigned first = turn / 1 * 2 +
                           lane / 32 * 2;
#line 104 "/gnnac/templates/product.lib.lua"
    // What lies beyond the last row or column repeats it and is not stored.
    const float *xs[2], *ws[8];
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const unsigned row = first + i < n_rows ? first + i : n_rows - 1;
        xs[i] = x + (long long)row * 128 + slice * 4;
    }
#pragma unroll
    for (int j = 0; j < 8; j++)
#line 114 "/gnnac/templates/product.lib.lua"
        ws[j] = weight + (long long)first_column * 128 + slice * 4 +
                j * 128;

#line 121 "/gnnac/templates/product.lib.lua"
    float sum[2][8] = {};
#line 139 "/gnnac/templates/product.lib.lua"
#pragma unroll 2
    for (int k = 0; k < 128; k += 64) {
#line 123 "/gnnac/templates/product.lib.lua"
        float a[2][4], b[8][4];
#pragma unroll
        for (int i = 0; i < 2; i++)
            load4(a[i], xs[i] + k);
#pragma unroll
        for (int j = 0; j < 8; j++)
            load4(b[j], ws[j] + k);
#pragma unroll
        for (int v = 0; v < 4; v++)
#pragma unroll
            for (int i = 0; i < 2; i++)
#pragma unroll
                for (int j = 0; j < 8; j++)
                    sum[i][j] = fmaf(a[i][v], b[j][v], sum[i][j]);
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 8;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 8; j++) {
#line 170 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i + 1][j];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 16);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 4;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) {
#line 172 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i][j + 4];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 8);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 2;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 2; j++) {
#line 172 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i][j + 2];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 4);
            }
    }
    {
#line 164 "/gnnac/templates/product.lib.lua"
        const bool upper = slice & 1;
#pragma unroll
        for (int i = 0; i < 1; i++)
#pragma unroll
            for (int j = 0; j < 1; j++) {
#line 172 "/gnnac/templates/product.lib.lua"
                float &low = sum[i][j], &high = sum[i][j + 1];
#line 174 "/gnnac/templates/product.lib.lua"
                const float give = upper ? low : high;
                const float keep = upper ? high : low;
                low = keep + __shfl_xor_sync(~0u, give, 2);
            }
    }

#line 215 "/gnnac/templates/product.lib.lua"
#pragma unroll
    for (int i = 0; i < 1; i++) {
#line 221 "/gnnac/templates/product.lib.lua"
        const unsigned row = first + slice / 8 * 1 + i;
        const int column = first_column + slice % 8 * 1;
#line 224 "/gnnac/templates/product.lib.lua"
        if (row >= n_rows)
            break;
#line 227 "/gnnac/templates/product.lib.lua"
        const float scale = __ldg(dinv + row);
#pragma unroll
        for (int j = 0; j < 1; j++)
            sum[i][j] *= scale;
#line 233 "/gnnac/templates/product.lib.lua"
        float *to =
            out + (long long)row * 16 + column;
#line 270 "/gnnac/templates/product.lib.lua"
#pragma unroll
        for (int j = 0; j < 1; j += 1)
#line 280 "/gnnac/templates/product.lib.lua"
            store1(to + j, &sum[i][j]);
    }
    }
}
}

#line 76 "/gnnac/templates/whole_model.cu.lua"
// Step 2: aggregate.
namespace step_2 {
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void fresh4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldcg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 51 "/gnnac/templates/sum_phase.lib.lua"
// What lanes know of a row's edges before its neighbours are written.
struct ahead {
    unsigned row;
    bool active;
    int degree, left; // the row's edges; of these the team's, still to come
    const int *ids;   // from where they are, 16 apart
    int id[4]; // the next of them
    int begin, end; // where the next turn's edges are
};

#line 41 "/gnnac/templates/sum_phase.lib.lua"
static __device__ __forceinline__ void fetch_ids(ahead &a)
{
#pragma unroll
    for (int k = 0; k < 4; k++)
        a.id[k] = k * 16 < a.left ? __ldg(a.ids + k * 16) : 0;
}

#line 41 "/gnnac/templates/sum_phase.lib.lua"
static __device__ __forceinline__ void fetch_far_ids(ahead &a)
{
#pragma unroll
    for (int k = 0; k < 4; k++)
        a.id[k] = k * 32 < a.left ? __ldg(a.ids + k * 32) : 0;
}

#line 63 "/gnnac/templates/sum_phase.lib.lua"
// Edges of the rows of `turn`; of rows that do not exist there are none.
static __device__ __forceinline__ void fetch_extent(ahead &a, unsigned turn,
                                                    const int *rowptr, int n_rows)
{
    const unsigned row = turn * 2 + threadIdx.x % 32 / 16;
    a.begin = a.end = 0;
    if (row < n_rows) {
        a.begin = __ldg(rowptr + row);
        a.end = __ldg(rowptr + row + 1);
    }
}

// The turn after `before`, whose end it knows, and where the edges of the one
// behind it are.
static __device__ __forceinline__ ahead advance(const ahead &before, unsigned turn,
                                                const int *rowptr, const int *colidx,
                                                int n_rows)
{
    const int lane = threadIdx.x % 32, edge = lane / 1 % 16;
    ahead a;
    a.row = turn * 2 + lane / 16;
    a.active = a.row < n_rows;
    a.degree = before.end - before.begin;
    a.ids = colidx + before.begin + edge;
    a.left = a.degree - edge;
    fetch_ids(a);
    fetch_extent(a, turn + turns_apart(), rowptr, n_rows);
    return a;
}

static __device__ __forceinline__ ahead look(const int *rowptr, const int *colidx,
                                             int n_rows)
{
    ahead none;
    fetch_extent(none, first_turn(), rowptr, n_rows);
    return advance(none, first_turn(), rowptr, colidx, n_rows);
}

#line 79 "/gnnac/templates/whole_model.cu.lua"
static __device__ __forceinline__ void run(
    ahead a, float *out, const float *x, const float *self, const float *weight,
    const float *bias, const float *tail_bias, const float *eps, const int *rowptr,
    const int *colidx, const float *dinv, int n_rows)
{
    const unsigned turns = (n_rows + 1u) / 2u * 1u;
#line 170 "/gnnac/templates/sum_phase.lib.lua"
    const int lane = threadIdx.x % 32, edge = lane / 1 % 16;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c1 = at * 4 + 4;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c2 = at * 4 + 8;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c3 = at * 4 + 12;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x0 + 4;
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x0 + 8;
#line 331 "/gnnac/templates/lanes.lib.lua"
    const float *x3 = x0 + 12;
#line 173 "/gnnac/templates/sum_phase.lib.lua"
    for (unsigned turn = first_turn(); turn < turns; turn += turns_apart()) {
        const ahead next = advance(a, turn + turns_apart(), rowptr, colidx, n_rows);
        const unsigned row = a.row;
        const bool active = a.active;
#line 49 "/gnnac/templates/epilogue.lib.lua"
    const float norm = active ? __ldg(dinv + row) : 0.0f;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 16;
#line 106 "/gnnac/templates/epilogue.lib.lua"
    float own[16] = {};
    if (active) {
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh4(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh4(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh4(&own[8], from + c2);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh4(&own[12], from + c3);
    }
#line 181 "/gnnac/templates/sum_phase.lib.lua"
        float sum[16] = {};
#line 183 "/gnnac/templates/sum_phase.lib.lua"
        const bool is_long = a.degree > 128;
        unsigned owners = __ballot_sync(~0u, is_long && lane % 16 == 0);
        a.left = is_long ? 0 : a.left;
#line 112 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll 1
        while (a.left > 0) {
            float v[4][16] = {};
#line 118 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
                if (k * 16 >= a.left)
                    continue;
                const int id = a.id[k];
                const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][8], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][12], x3 + u);
            }
#line 130 "/gnnac/templates/sum_phase.lib.lua"
            a.left -= 64;
            a.ids += 64;
            fetch_ids(a);
#pragma unroll
            for (int k = 0; k < 4; k++)
#pragma unroll
                for (int i = 0; i < 16; i++)
#line 140 "/gnnac/templates/sum_phase.lib.lua"
                    sum[i] += v[k][i];
        }
#line 148 "/gnnac/templates/sum_phase.lib.lua"
        for (; owners; owners &= owners - 1) {
            const int owner = __ffs(owners) - 1, team = lane / 1;
            ahead far;
            far.ids = colidx + __shfl_sync(~0u, (int)(a.ids - colidx), owner) + team;
            far.left = __shfl_sync(~0u, a.degree, owner) - team;
            fetch_far_ids(far);
            float all[16] = {};
#line 112 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll 1
        while (far.left > 0) {
            float v[4][16] = {};
#line 118 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
                if (k * 32 >= far.left)
                    continue;
                const int id = far.id[k];
                const long long u = (long long)id * 16;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][8], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][12], x3 + u);
            }
#line 130 "/gnnac/templates/sum_phase.lib.lua"
            far.left -= 128;
            far.ids += 128;
            fetch_far_ids(far);
#pragma unroll
            for (int k = 0; k < 4; k++)
#pragma unroll
                for (int i = 0; i < 16; i++)
#line 140 "/gnnac/templates/sum_phase.lib.lua"
                    all[i] += v[k][i];
        }
#line 156 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll
            for (int apart = 16; apart >= 1; apart /= 2)
#pragma unroll
                for (int i = 0; i < 16; i++)
                    all[i] += __shfl_xor_sync(~0u, all[i], apart);
            const bool mine = (unsigned)(lane - owner) < 1;
#pragma unroll
            for (int i = 0; i < 16; i++)
                sum[i] = mine ? all[i] : sum[i];
        }
#line 189 "/gnnac/templates/sum_phase.lib.lua"
        a = next;
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 8; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }
#line 191 "/gnnac/templates/sum_phase.lib.lua"
        if (!active || edge > 0)
            continue;
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
        sum[i] *= scale;
#line 135 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[16];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[8], bias + c2);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[12], bias + c3);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
        sum[i] += shift[i];
#line 156 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 16; i++)
        sum[i] = sum[i] < 0.0f ? 0.0f : sum[i];
#line 49 "/gnnac/templates/tail.lib.lua"
    float product[7];
    {
#line 53 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int j = 0; j < 7; j++) {
            const float *of_column = weight + j * 16;
            float w[16], value = 0.0f;
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[0], of_column + c0);
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[4], of_column + c1);
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[8], of_column + c2);
#line 59 "/gnnac/templates/tail.lib.lua"
            load4(&w[12], of_column + c3);
#line 61 "/gnnac/templates/tail.lib.lua"
#pragma unroll
            for (int i = 0; i < 16; i++)
                value = fmaf(sum[i], w[i], value);
#line 66 "/gnnac/templates/tail.lib.lua"
            product[j] = value * norm;
        }
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 8;
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[0];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[0 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[1];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[1 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[2];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[2 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[3];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[3 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[4];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[4 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[5];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[5 + at] = value0;
    }
    {
#line 117 "/gnnac/templates/tail.lib.lua"
        float value0 = product[6];
#line 102 "/gnnac/templates/tail.lib.lua"
        to[6 + at] = value0;
    }
    }
}
}

#line 76 "/gnnac/templates/whole_model.cu.lua"
// Step 3: aggregate.
namespace step_3 {
#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void fresh4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldcg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void fresh1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldcg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load4(float *to, const float *from)
{
#line 209 "/gnnac/templates/lanes.lib.lua"
    const float4 v = __ldg((const float4 *)from);
#line 221 "/gnnac/templates/lanes.lib.lua"
    to[0] = v.x;
    to[1] = v.y;
#line 224 "/gnnac/templates/lanes.lib.lua"
    to[2] = v.z;
    to[3] = v.w;
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void load1(float *to, const float *from)
{
#line 206 "/gnnac/templates/lanes.lib.lua"
    to[0] = __ldg(from + 0);
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store4x1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[1] = from[1];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[2] = from[2];
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[3] = from[3];
}

#line 261 "/gnnac/templates/lanes.lib.lua"
static __device__ __forceinline__ void store1(float *to, const float *from)
{
#line 204 "/gnnac/templates/lanes.lib.lua"
    to[0] = from[0];
}

#line 51 "/gnnac/templates/sum_phase.lib.lua"
// What lanes know of a row's edges before its neighbours are written.
struct ahead {
    unsigned row;
    bool active;
    int degree, left; // the row's edges; of these the team's, still to come
    const int *ids;   // from where they are, 16 apart
    int id[4]; // the next of them
    int begin, end; // where the next turn's edges are
};

#line 41 "/gnnac/templates/sum_phase.lib.lua"
static __device__ __forceinline__ void fetch_ids(ahead &a)
{
#pragma unroll
    for (int k = 0; k < 4; k++)
        a.id[k] = k * 16 < a.left ? __ldg(a.ids + k * 16) : 0;
}

#line 41 "/gnnac/templates/sum_phase.lib.lua"
static __device__ __forceinline__ void fetch_far_ids(ahead &a)
{
#pragma unroll
    for (int k = 0; k < 4; k++)
        a.id[k] = k * 32 < a.left ? __ldg(a.ids + k * 32) : 0;
}

#line 63 "/gnnac/templates/sum_phase.lib.lua"
// Edges of the rows of `turn`; of rows that do not exist there are none.
static __device__ __forceinline__ void fetch_extent(ahead &a, unsigned turn,
                                                    const int *rowptr, int n_rows)
{
    const unsigned row = turn * 2 + threadIdx.x % 32 / 16;
    a.begin = a.end = 0;
    if (row < n_rows) {
        a.begin = __ldg(rowptr + row);
        a.end = __ldg(rowptr + row + 1);
    }
}

// The turn after `before`, whose end it knows, and where the edges of the one
// behind it are.
static __device__ __forceinline__ ahead advance(const ahead &before, unsigned turn,
                                                const int *rowptr, const int *colidx,
                                                int n_rows)
{
    const int lane = threadIdx.x % 32, edge = lane / 1 % 16;
    ahead a;
    a.row = turn * 2 + lane / 16;
    a.active = a.row < n_rows;
    a.degree = before.end - before.begin;
    a.ids = colidx + before.begin + edge;
    a.left = a.degree - edge;
    fetch_ids(a);
    fetch_extent(a, turn + turns_apart(), rowptr, n_rows);
    return a;
}

static __device__ __forceinline__ ahead look(const int *rowptr, const int *colidx,
                                             int n_rows)
{
    ahead none;
    fetch_extent(none, first_turn(), rowptr, n_rows);
    return advance(none, first_turn(), rowptr, colidx, n_rows);
}

#line 79 "/gnnac/templates/whole_model.cu.lua"
static __device__ __forceinline__ void run(
    ahead a, float *out, const float *x, const float *self, const float *weight,
    const float *bias, const float *tail_bias, const float *eps, const int *rowptr,
    const int *colidx, const float *dinv, int n_rows)
{
    const unsigned turns = (n_rows + 1u) / 2u * 1u;
#line 170 "/gnnac/templates/sum_phase.lib.lua"
    const int lane = threadIdx.x % 32, edge = lane / 1 % 16;
#line 286 "/gnnac/templates/lanes.lib.lua"
    const int at = 0;
#line 309 "/gnnac/templates/lanes.lib.lua"
    const int c0 = at * 4 + 0;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c1 = 4 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c2 = 5 + at;
#line 301 "/gnnac/templates/lanes.lib.lua"
    const int c3 = 6 + at;
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x0 = x + c0;
    asm("" : "+l"(x0));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x1 = x + c1;
    asm("" : "+l"(x1));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x2 = x + c2;
    asm("" : "+l"(x2));
#line 333 "/gnnac/templates/lanes.lib.lua"
    const float *x3 = x + c3;
    asm("" : "+l"(x3));
#line 173 "/gnnac/templates/sum_phase.lib.lua"
    for (unsigned turn = first_turn(); turn < turns; turn += turns_apart()) {
        const ahead next = advance(a, turn + turns_apart(), rowptr, colidx, n_rows);
        const unsigned row = a.row;
        const bool active = a.active;
#line 49 "/gnnac/templates/epilogue.lib.lua"
    const float norm = active ? __ldg(dinv + row) : 0.0f;
#line 77 "/gnnac/templates/epilogue.lib.lua"
    const float *from = self + (long long)row * 8;
#line 106 "/gnnac/templates/epilogue.lib.lua"
    float own[7] = {};
    if (active) {
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh4(&own[0], from + c0);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh1(&own[4], from + c1);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh1(&own[5], from + c2);
#line 71 "/gnnac/templates/epilogue.lib.lua"
    fresh1(&own[6], from + c3);
    }
#line 181 "/gnnac/templates/sum_phase.lib.lua"
        float sum[7] = {};
#line 183 "/gnnac/templates/sum_phase.lib.lua"
        const bool is_long = a.degree > 128;
        unsigned owners = __ballot_sync(~0u, is_long && lane % 16 == 0);
        a.left = is_long ? 0 : a.left;
#line 112 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll 1
        while (a.left > 0) {
            float v[4][7] = {};
#line 118 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
                if (k * 16 >= a.left)
                    continue;
                const int id = a.id[k];
                const long long u = (long long)id * 8;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh1(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh1(&v[k][5], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh1(&v[k][6], x3 + u);
            }
#line 130 "/gnnac/templates/sum_phase.lib.lua"
            a.left -= 64;
            a.ids += 64;
            fetch_ids(a);
#pragma unroll
            for (int k = 0; k < 4; k++)
#pragma unroll
                for (int i = 0; i < 7; i++)
#line 140 "/gnnac/templates/sum_phase.lib.lua"
                    sum[i] += v[k][i];
        }
#line 148 "/gnnac/templates/sum_phase.lib.lua"
        for (; owners; owners &= owners - 1) {
            const int owner = __ffs(owners) - 1, team = lane / 1;
            ahead far;
            far.ids = colidx + __shfl_sync(~0u, (int)(a.ids - colidx), owner) + team;
            far.left = __shfl_sync(~0u, a.degree, owner) - team;
            fetch_far_ids(far);
            float all[7] = {};
#line 112 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll 1
        while (far.left > 0) {
            float v[4][7] = {};
#line 118 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll
            for (int k = 0; k < 4; k++) {
                if (k * 32 >= far.left)
                    continue;
                const int id = far.id[k];
                const long long u = (long long)id * 8;
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh4(&v[k][0], x0 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh1(&v[k][4], x1 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh1(&v[k][5], x2 + u);
#line 349 "/gnnac/templates/lanes.lib.lua"
            fresh1(&v[k][6], x3 + u);
            }
#line 130 "/gnnac/templates/sum_phase.lib.lua"
            far.left -= 128;
            far.ids += 128;
            fetch_far_ids(far);
#pragma unroll
            for (int k = 0; k < 4; k++)
#pragma unroll
                for (int i = 0; i < 7; i++)
#line 140 "/gnnac/templates/sum_phase.lib.lua"
                    all[i] += v[k][i];
        }
#line 156 "/gnnac/templates/sum_phase.lib.lua"
#pragma unroll
            for (int apart = 16; apart >= 1; apart /= 2)
#pragma unroll
                for (int i = 0; i < 7; i++)
                    all[i] += __shfl_xor_sync(~0u, all[i], apart);
            const bool mine = (unsigned)(lane - owner) < 1;
#pragma unroll
            for (int i = 0; i < 7; i++)
                sum[i] = mine ? all[i] : sum[i];
        }
#line 189 "/gnnac/templates/sum_phase.lib.lua"
        a = next;
#line 453 "/gnnac/templates/lanes.lib.lua"
#pragma unroll
    for (int step = 8; step > 0; step /= 2) {
#pragma unroll
        for (int i = 0; i < 7; i++) {
            const float more =
                __shfl_down_sync(~0u, sum[i], step * 1);
#line 464 "/gnnac/templates/lanes.lib.lua"
            sum[i] += more;
        }
    }
#line 191 "/gnnac/templates/sum_phase.lib.lua"
        if (!active || edge > 0)
            continue;
#line 122 "/gnnac/templates/epilogue.lib.lua"
    const float scale = norm;
#line 125 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] *= scale;
#line 135 "/gnnac/templates/epilogue.lib.lua"
    const float factor = norm;
#line 137 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
#line 142 "/gnnac/templates/epilogue.lib.lua"
        sum[i] = fmaf(factor, own[i], sum[i]);
#line 146 "/gnnac/templates/epilogue.lib.lua"
    float shift[7];
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load4(&shift[0], bias + c0);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[4], bias + c1);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[5], bias + c2);
#line 149 "/gnnac/templates/epilogue.lib.lua"
    load1(&shift[6], bias + c3);
#line 151 "/gnnac/templates/epilogue.lib.lua"
#pragma unroll
    for (int i = 0; i < 7; i++)
        sum[i] += shift[i];
    {
#line 30 "/gnnac/templates/tail.lib.lua"
        float top = __int_as_float(0xff800000), total = 0.0f;
#line 32 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 7; i++)
            top = fmaxf(top, sum[i]);
#line 36 "/gnnac/templates/tail.lib.lua"
#pragma unroll
        for (int i = 0; i < 7; i++)
            total += expf(sum[i] - top);
#line 40 "/gnnac/templates/tail.lib.lua"
        const float shift = logf(total);
#pragma unroll
        for (int i = 0; i < 7; i++)
            sum[i] = sum[i] - top - shift;
    }
#line 171 "/gnnac/templates/epilogue.lib.lua"
    float *to = out + (long long)row * 7;
#line 442 "/gnnac/templates/lanes.lib.lua"
    store4x1(to + c0, &sum[0]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c1, &sum[4]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c2, &sum[5]);
#line 442 "/gnnac/templates/lanes.lib.lua"
    store1(to + c3, &sum[6]);
    }
}
}

#line 91 "/gnnac/templates/whole_model.cu.lua"
// How often this block has come.
static __device__ __forceinline__ unsigned arrivals(unsigned *barrier)
{
    return *(volatile unsigned *)(barrier + blockIdx.x);
}

// All blocks meet for the `time`th time. Each says in its own word that it has come,
// which never goes back, so nothing has to be reset.
static __device__ __forceinline__ void arrive(unsigned *barrier, unsigned time)
{
    __syncthreads();
    if (threadIdx.x == 0)
        asm volatile("st.release.gpu.global.u32 [%0], %1;"
                     :: "l"(barrier + blockIdx.x), "r"(time) : "memory");
}

static __device__ __forceinline__ void await(unsigned *barrier, unsigned time)
{
    for (unsigned b = threadIdx.x; b < gridDim.x; b += 512) {
        unsigned there;
        do
            asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];"
                         : "=r"(there) : "l"(barrier + b) : "memory");
        while ((int)(there - time) < 0);
        asm volatile("fence.acq_rel.gpu;" ::: "memory");
    }
    __syncthreads();
}

#line 145 "/gnnac/templates/whole_model.cu.lua"
extern "C" __global__ void __launch_bounds__(512, 1)
gnnac_whole_model_f32_d7_w16_e16_v4_n4_u4_r2_c8_k32_s2_x128_p511aceefb2d8(
    float *out, const float *x, float *weights,
    const offset_t *rowptr, const int *colidx, const float *dinv,
    float *buffers, unsigned *barrier, int n_rows)
{
#line 148 "/gnnac/templates/whole_model.cu.lua"
    const float *const none = 0;
#line 153 "/gnnac/templates/whole_model.cu.lua"
    float *const buffer_3 = buffers + (long long)n_rows * 16;
#line 153 "/gnnac/templates/whole_model.cu.lua"
    float *const buffer_4 = buffers + (long long)n_rows * 32;
#line 156 "/gnnac/templates/whole_model.cu.lua"
    const float *const param_0 = weights + 0;
#line 156 "/gnnac/templates/whole_model.cu.lua"
    const float *const param_1 = weights + 2048;
#line 156 "/gnnac/templates/whole_model.cu.lua"
    const float *const param_2 = weights + 2112;
#line 156 "/gnnac/templates/whole_model.cu.lua"
    const float *const param_3 = weights + 2240;
#line 158 "/gnnac/templates/whole_model.cu.lua"
    const unsigned begun = arrivals(barrier);

#line 166 "/gnnac/templates/whole_model.cu.lua"
    const step_1::ahead a1 = step_1::look(rowptr, colidx, n_rows);
#line 170 "/gnnac/templates/whole_model.cu.lua"
    step_1::run(a1, buffer_3, x, none, param_0, none,
                   none, none, rowptr, colidx, dinv, n_rows);
#line 164 "/gnnac/templates/whole_model.cu.lua"
    arrive(barrier, begun + 1);
#line 166 "/gnnac/templates/whole_model.cu.lua"
    const step_2::ahead a2 = step_2::look(rowptr, colidx, n_rows);
#line 168 "/gnnac/templates/whole_model.cu.lua"
    await(barrier, begun + 1);
#line 170 "/gnnac/templates/whole_model.cu.lua"
    step_2::run(a2, buffer_4, buffer_3, buffer_3, param_2, param_1,
                   none, none, rowptr, colidx, dinv, n_rows);
#line 164 "/gnnac/templates/whole_model.cu.lua"
    arrive(barrier, begun + 2);
#line 166 "/gnnac/templates/whole_model.cu.lua"
    const step_3::ahead a3 = step_3::look(rowptr, colidx, n_rows);
#line 168 "/gnnac/templates/whole_model.cu.lua"
    await(barrier, begun + 2);
#line 170 "/gnnac/templates/whole_model.cu.lua"
    step_3::run(a3, out, buffer_4, buffer_4, none, param_3,
                   none, none, rowptr, colidx, dinv, n_rows);
}
