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
    uint64_t slot; // what it leaves for other lanes
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

static void go_to_fiber(context *from, void **from_fake, unsigned to)
{
    running = to;
    shim_here = &fibers[to].place;
    note_leaving(from_fake, fibers[to].stack, STACK_BYTES);
    context_switch(from, &fibers[to].ctx);
}

// The next fiber that can go on, or n_fibers.
static unsigned next_ready()
{
    for (unsigned i = 1; i <= n_fibers; i++) {
        unsigned step = backwards ? n_fibers - i : i;
        unsigned f = (running + step) % n_fibers;
        if (fibers[f].st == READY)
            return f;
    }
    return n_fibers;
}

static void give_way()
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

void shim_warp_wait(unsigned mask)
{
    fiber *me = &fibers[running];
    unsigned first = warp_start();
    bool all = true;
    if (!(mask >> running % 32 & 1))
        misuse("a lane is not in the mask it names");
    me->st = WARP_WAIT;
    me->mask = mask;
    for (unsigned lane = 0; lane < 32; lane++) {
        const fiber *f = &fibers[first + lane];
        if (!(mask >> lane & 1))
            continue;
        if (first + lane >= n_fibers || f->st == DONE)
            misuse("the mask names a lane that has left");
        all = all && f->st == WARP_WAIT && f->mask == mask;
    }
    if (all)
        for (unsigned lane = 0; lane < 32; lane++)
            if (mask >> lane & 1)
                fibers[first + lane].st = READY;
    while (me->st != READY)
        give_way();
}

const void *shim_exchange(unsigned mask, const void *value, size_t n_bytes,
                          unsigned source)
{
    fiber *from = &fibers[warp_start() + source];
    memcpy(&fibers[running].slot, value, n_bytes);
    shim_warp_wait(mask);
    if (!(mask >> source & 1))
        misuse("reads a lane that the mask does not name");
    return &from->slot;
}

unsigned shim_ballot(unsigned mask, bool vote)
{
    unsigned first = warp_start(), all = 0;
    fibers[running].slot = vote;
    shim_warp_wait(mask);
    for (unsigned lane = 0; lane < 32; lane++)
        if (mask >> lane & 1 && fibers[first + lane].slot)
            all |= 1u << lane;
    shim_warp_wait(mask);
    return all;
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

// ---- blocks -----------------------------------------------------------------

extern "C" char __start_gnnac_shared[] __attribute__((weak));
extern "C" char __stop_gnnac_shared[] __attribute__((weak));

// NaNs everywhere, between the variables too.
__attribute__((no_sanitize("address", "undefined"))) static void
poison_shared_memory()
{
    for (volatile char *p = __start_gnnac_shared; p < __stop_gnnac_shared; p++)
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
