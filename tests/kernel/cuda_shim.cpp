// The fibers behind cuda_shim.h: one per thread of a block, switched by hand
// because a system call per switch would take most of the time.
#include "cuda_shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

enum { MAX_THREADS = 1024, STACK_BYTES = 64 * 1024 };
enum state { READY, WARP_WAIT, BLOCK_WAIT, DONE };
enum takes { NOTHING, ONE_LANES, VOTES }; // from a meeting of a warp

// Called for every lane's every step: it looks only at the shim's own memory.
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))

// ---- switching --------------------------------------------------------------

#if defined(__x86_64__)
struct context {
    void *stack_pointer;
};
// Save the registers that a call preserves, change stacks, restore.
extern "C" void shim_switch(void **save, void *load);
asm(".text\n"
    ".type shim_switch, @function\n"
    "shim_switch:\n"
    "    pushq %rbp\n    pushq %rbx\n    pushq %r12\n"
    "    pushq %r13\n    pushq %r14\n    pushq %r15\n"
    "    movq %rsp, (%rdi)\n"
    "    movq %rsi, %rsp\n"
    "    popq %r15\n    popq %r14\n    popq %r13\n"
    "    popq %r12\n    popq %rbx\n    popq %rbp\n"
    "    ret\n"
    ".size shim_switch, .-shim_switch\n");

static void context_prepare(context *c, char *stack, void (*entry)())
{
    void **top = (void **)(stack + STACK_BYTES) - 2; // as after a call
    top[1] = nullptr;
    top[0] = (void *)entry;
    c->stack_pointer = top - 6;
}

static void context_switch(context *from, context *to)
{
    shim_switch(&from->stack_pointer, to->stack_pointer);
}
#else
struct context {
    ucontext_t u;
};

static void context_prepare(context *c, char *stack, void (*entry)())
{
    getcontext(&c->u);
    c->u.uc_stack.ss_sp = stack;
    c->u.uc_stack.ss_size = STACK_BYTES;
    makecontext(&c->u, entry, 0);
}

static void context_switch(context *from, context *to)
{
    swapcontext(&from->u, &to->u);
}
#endif

// ---- fibers -----------------------------------------------------------------

struct fiber {
    context ctx;
    char *stack;
    state st;
    unsigned mask; // of the warp wait
    enum takes takes;
    unsigned source;
    uint64_t slot, got; // what it leaves for other lanes, and takes
    shim_place place;
    void *fake_stack; // the address sanitizer's
};

static fiber fibers[MAX_THREADS];
static context home;
static void *home_fake_stack;
static const void *home_stack;
static size_t home_stack_bytes;
static unsigned n_fibers, n_live, n_at_barrier;
static unsigned running;
static bool backwards;
static void (*entry_call)(void **);
static void **entry_args;
shim_place *shim_here;

[[noreturn]] static void misuse(const char *what)
{
    const shim_place *p = shim_here;
    fprintf(stderr, "shim: block %u,%u thread %u: %s\n", p->block.x, p->block.y,
            p->thread.x, what);
    exit(1);
}

static void note_leaving([[maybe_unused]] void **fake_stack,
                         [[maybe_unused]] const void *stack,
                         [[maybe_unused]] size_t n_bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(fake_stack, stack, n_bytes);
#endif
}

static void note_arrival([[maybe_unused]] void *fake_stack,
                         [[maybe_unused]] const void **left_stack,
                         [[maybe_unused]] size_t *left_bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake_stack, left_stack, left_bytes);
#endif
}

UNCHECKED static void go_to_fiber(context *from, void **from_fake, unsigned to)
{
    running = to;
    shim_here = &fibers[to].place;
    note_leaving(from_fake, fibers[to].stack, STACK_BYTES);
    context_switch(from, &fibers[to].ctx);
}

// The next fiber that can go on, or n_fibers.
UNCHECKED static unsigned next_ready()
{
    for (unsigned i = 1; i <= n_fibers; i++) {
        unsigned step = backwards ? n_fibers - i : i;
        unsigned f = (running + step) % n_fibers;
        if (fibers[f].st == READY)
            return f;
    }
    return n_fibers;
}

UNCHECKED static void give_way()
{
    fiber *me = &fibers[running];
    unsigned next = next_ready();
    if (next == n_fibers)
        misuse("nobody can go on: a barrier or a warp operation waits for "
               "threads that never come");
    if (&fibers[next] == me)
        return;
    go_to_fiber(&me->ctx, &me->fake_stack, next);
    note_arrival(me->fake_stack, nullptr, nullptr);
}

static void release_barrier_if_complete()
{
    if (n_at_barrier == 0 || n_at_barrier < n_live)
        return;
    for (unsigned f = 0; f < n_fibers; f++)
        if (fibers[f].st == BLOCK_WAIT)
            fibers[f].st = READY;
    n_at_barrier = 0;
}

static void fiber_main()
{
    const void **stack = home_stack ? nullptr : &home_stack;
    note_arrival(nullptr, stack, stack ? &home_stack_bytes : nullptr);
    entry_call(entry_args);

    fiber *me = &fibers[running];
    me->st = DONE;
    n_live--;
    release_barrier_if_complete();
    if (n_live > 0) {
        unsigned next = next_ready();
        if (next == n_fibers)
            misuse("left while others wait for it");
        go_to_fiber(&me->ctx, nullptr, next);
    }
    note_leaving(nullptr, home_stack, home_stack_bytes);
    context_switch(&me->ctx, &home);
    abort(); // nobody comes back to a fiber that is done
}

// ---- waiting ----------------------------------------------------------------

static unsigned warp_start()
{
    return running / 32 * 32;
}

UNCHECKED static void take(fiber *me, unsigned mask)
{
    const fiber *warp = &fibers[warp_start()];
    if (me->takes == ONE_LANES)
        me->got = warp[me->source].slot;
    if (me->takes == VOTES)
        me->got = 0;
    for (unsigned lane = 0; me->takes == VOTES && lane < 32; lane++)
        me->got |= (uint64_t)(mask >> lane & 1 && warp[lane].slot) << lane;
}

// Whether all are there. In the order they run in: mostly the next is not there
// yet. Whoever comes last looks at all.
UNCHECKED static bool all_there(unsigned mask)
{
    unsigned first = warp_start();
    for (unsigned step = 1; step <= 32; step++) {
        unsigned lane = (running + (backwards ? 32 - step : step)) % 32;
        const fiber *f = &fibers[first + lane];
        if (!(mask >> lane & 1))
            continue;
        if (first + lane >= n_fibers || f->st == DONE)
            misuse("the mask names a lane that has left");
        if (f->st != WARP_WAIT || f->mask != mask)
            return false;
    }
    return true;
}

// Whoever comes last gives all theirs, before any of them goes on.
UNCHECKED static void meet(unsigned mask, takes what)
{
    fiber *me = &fibers[running];
    unsigned first = warp_start();
    if (!(mask >> running % 32 & 1))
        misuse("a lane is not in the mask it names");
    me->st = WARP_WAIT;
    me->mask = mask;
    me->takes = what;
    for (unsigned lane = 0, all = all_there(mask); all && lane < 32; lane++)
        if (mask >> lane & 1) {
            take(&fibers[first + lane], mask);
            fibers[first + lane].st = READY;
        }
    while (me->st != READY)
        give_way();
}

void shim_warp_wait(unsigned mask)
{
    meet(mask, NOTHING);
}

uint64_t shim_exchange(unsigned mask, uint64_t bits, unsigned source)
{
    fiber *me = &fibers[running];
    if (!(mask >> source & 1))
        misuse("reads a lane that the mask does not name");
    me->slot = bits;
    me->source = source;
    meet(mask, ONE_LANES);
    return me->got;
}

unsigned shim_ballot(unsigned mask, bool vote)
{
    fiber *me = &fibers[running];
    me->slot = vote;
    meet(mask, VOTES);
    return (unsigned)me->got;
}

void shim_block_wait()
{
    fiber *me = &fibers[running];
    me->st = BLOCK_WAIT;
    n_at_barrier++;
    release_barrier_if_complete();
    while (me->st != READY)
        give_way();
}

// ---- products by tensor cores ------------------------------------------------

static float shim_cut(double sum)
{
    float f = (float)sum;
    return fabs((double)f) > fabs(sum) && !isinf(sum) ? nextafterf(f, 0.0f) : f;
}

// What each lane of each warp of a block has of a and b.
struct shim_operands {
    float a[4], b[2];
};
static shim_operands shim_mma_operands[MAX_THREADS / 32][32];

UNCHECKED void shim_mma(float &d0, float &d1, float &d2, float &d3, unsigned a0,
                        unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                        unsigned b1)
{
    const unsigned lane = running % 32, g = lane / 4, t = lane % 4;
    shim_operands *const all = shim_mma_operands[running / 32];
    const unsigned tf32 = 0xffffe000u;
    all[lane] = {{bits_float(a0 & tf32), bits_float(a1 & tf32),
                  bits_float(a2 & tf32), bits_float(a3 & tf32)},
                 {bits_float(b0 & tf32), bits_float(b1 & tf32)}};
    shim_warp_wait(~0u);
    double d[4] = {d0, d1, d2, d3};
    for (unsigned k = 0; k < 8; k++)
        for (unsigned i = 0; i < 4; i++)
            // d's row g or g + 8, column 2 t or 2 t + 1
            d[i] += (double)all[4 * g + k % 4].a[i / 2 + k / 4 * 2] *
                    all[4 * (2 * t + i % 2) + k % 4].b[k / 4];
    d0 = shim_cut(d[0]);
    d1 = shim_cut(d[1]);
    d2 = shim_cut(d[2]);
    d3 = shim_cut(d[3]);
    shim_warp_wait(~0u);
}

// ---- blocks -----------------------------------------------------------------

extern "C" char __start_gnnac_shared[] __attribute__((weak));
extern "C" char __stop_gnnac_shared[] __attribute__((weak));

// NaNs everywhere, between the variables too: by words, for all kernels' memory is
// filled for every block. Volatile, lest it become a memset, which is checked.
UNCHECKED static void poison_shared_memory()
{
    typedef uint64_t __attribute__((may_alias)) word;
    volatile char *p = __start_gnnac_shared, *end = __stop_gnnac_shared;
    for (; p < end && (uintptr_t)p % sizeof(word); p++)
        *p = -1;
    for (; (size_t)(end - p) >= sizeof(word); p += sizeof(word))
        *(volatile word *)p = UINT64_MAX;
    for (; p < end; p++)
        *p = -1;
}

static void prepare_fiber(unsigned f, uint3 block, uint3 grid)
{
    fiber *me = &fibers[f];
    if (!me->stack)
        me->stack = (char *)mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (me->stack == MAP_FAILED)
        abort();
    me->st = READY;
    me->fake_stack = nullptr;
    me->place = {{f, 0, 0}, block, {n_fibers, 1, 1}, grid};
    context_prepare(&me->ctx, me->stack, fiber_main);
}

static void run_block(uint3 block, uint3 grid)
{
    poison_shared_memory();
    for (unsigned f = 0; f < n_fibers; f++)
        prepare_fiber(f, block, grid);
    n_live = n_fibers;
    n_at_barrier = 0;
    go_to_fiber(&home, &home_fake_stack, backwards ? n_fibers - 1 : 0);
    note_arrival(home_fake_stack, nullptr, nullptr);
}

void shim_launch(void (*call)(void **args), void **args, uint3 grid,
                 unsigned block, bool last_thread_first)
{
    if (block < 1 || block > MAX_THREADS)
        abort();
    n_fibers = block;
    backwards = last_thread_first;
    entry_call = call;
    entry_args = args;
    for (unsigned y = 0; y < grid.y; y++)
        for (unsigned x = 0; x < grid.x; x++)
            run_block({x, y, 0}, grid);
}
