// One timing at a time on a GPU: the lock, without a GPU.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cuda/cuda_context.h"
#include "graph_fixture.h"
#include "tune/gpu_lock.h"

static double give_up_at;

static bool is_late(void)
{
    return now_seconds() > give_up_at;
}

// A GPU of which only the number is known, which is its handle.
static int fake_uuid(unsigned char *uuid, cu_device device)
{
    memset(uuid, device, 16);
    return 0;
}

static struct cuda_context fake_gpu(int number)
{
    struct cuda_context c = {.device = number};
    c.cu.cuDeviceGetUuid_v2 = fake_uuid;
    return c;
}

// A process that holds the lock until it is killed.
static pid_t hold(const struct cuda_context *c)
{
    int ends[2];
    char ready;
    if (pipe(ends) != 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        bool mine = gpu_lock_take(c, NULL) >= 0;
        if (write(ends[1], "x", 1) != 1 || !mine)
            _exit(1);
        pause();
        _exit(0);
    }
    CHECK_INT(read(ends[0], &ready, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

TEST(a_lock_that_another_process_holds_is_waited_for)
{
    struct cuda_context c = fake_gpu(3);
    pid_t holder = hold(&c);
    give_up_at = now_seconds() + 0.3;
    CHECK_INT(gpu_lock_take(&c, is_late), -1);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    give_up_at = now_seconds() + 10;
    int fd = gpu_lock_take(&c, is_late); // killed holders let go
    CHECK(fd >= 0);
    gpu_lock_release(fd);
}

TEST(another_gpu_has_another_lock)
{
    struct cuda_context a = fake_gpu(3), b = fake_gpu(4);
    pid_t holder = hold(&a);
    give_up_at = now_seconds() + 10;
    int fd = gpu_lock_take(&b, is_late);
    CHECK(fd >= 0);
    gpu_lock_release(fd);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
}

TEST(where_no_lock_can_be_had_nothing_waits)
{
    struct cuda_context c = fake_gpu(5);
    setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
    CHECK_INT(gpu_lock_take(&c, NULL), -1);
    gpu_lock_release(-1);
}

int main(void)
{
    scratch_make();
    setenv("XDG_RUNTIME_DIR", scratch, 1);
    RUN(a_lock_that_another_process_holds_is_waited_for);
    RUN(another_gpu_has_another_lock);
    RUN(where_no_lock_can_be_had_nothing_waits);
    scratch_unlink("gnnac-03030303030303030303030303030303.lock");
    scratch_unlink("gnnac-04040404040404040404040404040404.lock");
    scratch_remove();
    return test_done();
}
