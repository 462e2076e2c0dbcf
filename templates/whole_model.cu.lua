//% family {
//%   op = "whole_model",
//%   doc = [[
//% All steps of a small model in one launch. The blocks, one a multiprocessor,
//% take turns at a step's rows, warp by warp, until it is done, and meet before
//% the next one where that reads what others wrote; what is written stays in
//% the L2 cache. They all run at once, as the launch is cooperative or of one
//% cluster. Rows are summed as row_split does it, products are linear's. No atomics on
//% data: results repeat bit by bit. Wins where a step takes no longer than to start a
//% kernel.]],
//% }
//% knob { name = "warpPerBlock", tag = "w", min = 1, max = 32, default = 16,
//%        doc = "warps per block, of which a multiprocessor has one" }
//% knob { name = "edgeWorker", tag = "e", min = 1, max = 32, default = 16,
//%        doc = "teams of lanes that share a row's neighbours, at most" }
//% knob { name = "vec", tag = "v", min = 1, max = 4, default = 4,
//%        doc = "4-byte words per load, at most: fewer where pitches demand" }
//% knob { name = "coarsen", tag = "n", min = 1, max = 8, default = 4,
//%        doc = "times vec: words of a row that one lane holds, before another does" }
//% knob { name = "unroll", tag = "u", min = 1, max = 8, default = 4,
//%        doc = "neighbours that a team has in flight" }
//% knob { name = "rowsPerLane", tag = "r", min = 1, max = 16, default = 2,
//%        doc = "rows of a lane's block of a product, a power of two" }
//% knob { name = "colsPerLane", tag = "c", min = 1, max = 16, default = 8,
//%        doc = "columns of such a block, at most" }
//% knob { name = "depthWorker", tag = "k", min = 1, max = 32, default = 32,
//%        doc = "lanes along a product's depth, a power of two, at most" }
//% knob { name = "depthUnroll", tag = "s", min = 1, max = 8, default = 2,
//%        doc = "steps along the depth that a lane has in flight" }
//% knob { name = "cluster", tag = "x", min = 0, max = 16, default = 0,
//%        doc = "blocks of the one cluster, which has a barrier; 0: a block a multiprocessor" }

//% check(spec.offset_bits == 32, "graphs of 2^31 edges are not small")
//% check(cluster & (cluster - 1) == 0, "a cluster of %d blocks: not a power of two",
//%       cluster)
//% local knobs = { warpPerBlock = warpPerBlock, edgeWorker = edgeWorker,
//%   vec = vec, coarsen = coarsen, unroll = unroll, rowsPerLane = rowsPerLane,
//%   colsPerLane = colsPerLane, depthWorker = depthWorker,
//%   depthUnroll = depthUnroll }
//% local reads_dinv = false
//% local rows = 1 << 20
//% for _, p in ipairs(spec.phases) do
//%   local kind = p.kind == "linear" and "product_phase" or "sum_phase"
//%   p.part = include(kind, p.spec)
//%   p.part.layout(knobs, p)
//%   reads_dinv = reads_dinv or p.part.reads_dinv
//%   rows = math.min(rows, p.part.rows)
//% end
//% local args = { "out", "x", "weights", "rowptr", "colidx" }
//% if reads_dinv then args[#args + 1] = "dinv" end
//% for _, name in ipairs { "buffers", "barrier", "n_rows" } do
//%   args[#args + 1] = name
//% end
//% -- Blocks enough for a warp to have one turn at the step of most turns.
//% local parameters = launch {
//%   entry = kernel, cooperative = true, cluster = cluster,
//%   grid = { "n_rows", per = rows },
//%   block = 32 * warpPerBlock,
//%   args = args,
//% }
typedef int offset_t;

// A turn is a warp's; the turns of a multiprocessor's warps are far apart, so
// that all multiprocessors have as many.
static __device__ __forceinline__ unsigned first_turn()
{
    return threadIdx.x / 32 * gridDim.x + blockIdx.x;
}

static __device__ __forceinline__ unsigned turns_apart()
{
    return ${warpPerBlock} * gridDim.x;
}

//% for i, p in ipairs(spec.phases) do
// Step ${i}: ${p.kind}.
namespace step_${i} {
//%   p.part.define()
static __device__ __forceinline__ void run(
    ahead a, float *out, const float *x, const float *self, const float *weight,
    const float *bias, const float *tail_bias, const float *eps, const int *rowptr,
    const int *colidx, const float *dinv, int n_rows)
{
    const unsigned turns = (n_rows + ${p.part.rows - 1}u) / ${p.part.rows}u * ${p.part.tiles}u;
//%   p.part.write()
}
}

//% end
//% local function write_memory_barrier()
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
    for (unsigned b = threadIdx.x; b < gridDim.x; b += ${32 * warpPerBlock}) {
        unsigned there;
        do
            asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];"
                         : "=r"(there) : "l"(barrier + b) : "memory");
        while ((int)(there - time) < 0);
        asm volatile("fence.acq_rel.gpu;" ::: "memory");
    }
    __syncthreads();
}
//% end
//% if cluster > 0 then
#if __CUDA_ARCH__ >= 900
static __device__ __forceinline__ unsigned arrivals(unsigned *)
{
    return 0;
}

// The hardware counts who has come: what was written before is then seen by all.
static __device__ __forceinline__ void arrive(unsigned *, unsigned)
{
    __syncwarp();
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}

static __device__ __forceinline__ void await(unsigned *, unsigned)
{
    asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}
#else
//%   write_memory_barrier()
#endif
//% else
//%   write_memory_barrier()
//% end

extern "C" __global__ void __launch_bounds__(${32 * warpPerBlock}, 1)
${kernel}(${parameters})
{
    const float *const none = 0;
//% if not reads_dinv then
    const float *const dinv = 0;
//% end
//% for _, b in ipairs(spec.buffers) do
    float *const ${b.name} = buffers + (long long)n_rows * ${b.at};
//% end
//% for _, w in ipairs(spec.params) do
    const float *const ${w.name} = weights + ${w.at};
//% end
    const unsigned begun = arrivals(barrier);

//% local met = 0
//% for i, p in ipairs(spec.phases) do
//%   if p.meets then
//%     met = met + 1
    arrive(barrier, begun + ${met});
//%   end
    const step_${i}::ahead a${i} = step_${i}::look(rowptr, colidx, n_rows);
//%   if p.meets then
    await(barrier, begun + ${met});
//%   end
    step_${i}::run(a${i}, ${p.out}, ${p.x}, ${p.self}, ${p.weight}, ${p.bias},
                   ${p.tail_bias}, ${p.eps}, rowptr, colidx, dinv, n_rows);
//% end
}
