#include "base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "checked.h"

extern char **environ;

// Where a worker finds its socket.
enum { WORKER_FD = 0 };
static const uint64_t max_message = UINT64_C(1) << 40;

// ---- messages ---------------------------------------------------------------

void message_finish(struct message *m)
{
    free(m->bytes);
    *m = (struct message){0};
}

static bool reserve(struct message *m, size_t n)
{
    size_t needed;
    if (m->bad || !size_add(m->n, n, &needed))
        return false;
    if (needed <= m->capacity)
        return true;
    size_t capacity = m->capacity < 256 ? 256 : m->capacity;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : 2 * capacity;
    unsigned char *grown = realloc(m->bytes, capacity);
    if (!grown)
        return false;
    m->bytes = grown;
    m->capacity = capacity;
    return true;
}

static void append(struct message *m, const void *bytes, size_t n)
{
    if (!reserve(m, n)) {
        m->bad = true;
        return;
    }
    if (n)
        memcpy(m->bytes + m->n, bytes, n);
    m->n += n;
}

void message_put_int(struct message *m, int64_t x)
{
    append(m, &x, sizeof(x));
}

void message_put_real(struct message *m, double x)
{
    append(m, &x, sizeof(x));
}

void message_put_bytes(struct message *m, const void *bytes, size_t n)
{
    message_put_int(m, (int64_t)n);
    append(m, bytes, n);
}

void message_put_text(struct message *m, const char *text)
{
    const char *t = text ? text : "";
    message_put_bytes(m, t, strlen(t) + 1);
}

static const void *take(struct message *m, size_t n)
{
    if (m->bad || n > m->n - m->at) {
        m->bad = true;
        return NULL;
    }
    m->at += n;
    return m->bytes + m->at - n;
}

int64_t message_get_int(struct message *m)
{
    int64_t x = 0;
    const void *p = take(m, sizeof(x));
    if (p)
        memcpy(&x, p, sizeof(x));
    return x;
}

double message_get_real(struct message *m)
{
    double x = 0;
    const void *p = take(m, sizeof(x));
    if (p)
        memcpy(&x, p, sizeof(x));
    return x;
}

const void *message_get_bytes(struct message *m, size_t *n)
{
    *n = (size_t)message_get_int(m);
    const void *p = take(m, *n);
    if (!p)
        *n = 0;
    return p;
}

const char *message_get_text(struct message *m)
{
    size_t n;
    const char *text = message_get_bytes(m, &n);
    if (n > 0 && text[n - 1] == '\0')
        return text;
    m->bad = true;
    return "";
}

// ---- the wire ---------------------------------------------------------------

// Bytes one way, until `deadline`. 0, or why not: ETIMEDOUT, EPIPE (the other
// side is gone), an errno.
static int transfer(int fd, void *bytes, size_t n, bool out, double deadline)
{
    unsigned char *p = bytes;
    while (n > 0) {
        double left = deadline - now_seconds();
        struct pollfd f = {fd, out ? POLLOUT : POLLIN, 0};
        int ms = isinf(left) ? -1
                 : left > 0  ? (int)fmin(left * 1e3 + 1, 1e9)
                             : 0;
        int ready = poll(&f, 1, ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return ready < 0 ? errno : ETIMEDOUT;
        ssize_t done = out ? send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT)
                           : recv(fd, p, n, MSG_DONTWAIT);
        if (done == 0)
            return EPIPE;
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return errno == ECONNRESET ? EPIPE : errno;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

static int send_message(int fd, const struct message *m, double deadline)
{
    uint64_t n = m->n;
    if (m->bad)
        return ENOMEM;
    int why = transfer(fd, &n, sizeof(n), true, deadline);
    return why ? why : transfer(fd, m->bytes, m->n, true, deadline);
}

static int receive_message(int fd, struct message *m, double deadline)
{
    uint64_t n;
    m->n = m->at = 0;
    m->bad = false;
    int why = transfer(fd, &n, sizeof(n), false, deadline);
    if (why)
        return why;
    if (n > max_message || !reserve(m, (size_t)n))
        return ENOMEM;
    why = transfer(fd, m->bytes, (size_t)n, false, deadline);
    m->n = why ? 0 : (size_t)n;
    return why;
}

// ---- the owner's side -------------------------------------------------------

// What a terminal or timeout(1) sends to the whole group is the owner's affair.
// Held from the first moment on; the worker dies with its owner anyway.
static int hold_signals(posix_spawnattr_t *attributes)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    int why = posix_spawnattr_setsigmask(attributes, &held);
    return why ? why
               : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK);
}

// The worker's socket, and no output: that is the owner's.
static int set_files(posix_spawn_file_actions_t *actions, int fd)
{
    int why = posix_spawn_file_actions_adddup2(actions, fd, WORKER_FD);
    return why ? why
               : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO,
                                                  "/dev/null", O_WRONLY, 0);
}

static int spawn(const char *program, const char *role, int fd, pid_t *pid)
{
    char flag[] = "--worker", name[32];
    char own[4096];
    strncpy(own, program, sizeof(own) - 1);
    own[sizeof(own) - 1] = '\0';
    strncpy(name, role, sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    char *argv[] = {own, flag, name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int why = posix_spawn_file_actions_init(&actions);
    if (why)
        return why;
    why = posix_spawnattr_init(&attributes);
    if (why) {
        posix_spawn_file_actions_destroy(&actions);
        return why;
    }
    why = set_files(&actions, fd);
    if (!why)
        why = hold_signals(&attributes);
    if (!why)
        why = posix_spawn(pid, own, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return why;
}

gnnac_status worker_start(const char *program, const char *role,
                          struct worker *out, gnnac_error *err)
{
    int fds[2];
    *out = (struct worker){0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return FAIL(err, GNNAC_EIO, "no socket for a worker: %s",
                    strerror(errno));
    pid_t pid;
    int why = spawn(program, role, fds[1], &pid);
    close(fds[1]);
    if (why) {
        close(fds[0]);
        return FAIL(err, GNNAC_EIO, "%s: cannot be started as a worker: %s",
                    program, strerror(why));
    }
    *out = (struct worker){pid, fds[0]};
    return GNNAC_OK;
}

bool worker_stop(struct worker *w)
{
    bool by_itself = false;
    if (w->pid > 0) {
        int how = 0;
        close(w->fd);
        kill(w->pid, SIGKILL);
        while (waitpid(w->pid, &how, 0) < 0 && errno == EINTR)
            ;
        by_itself = !WIFSIGNALED(how) || WTERMSIG(how) != SIGKILL;
    }
    *w = (struct worker){0};
    return by_itself;
}

static gnnac_status tell(int why, double seconds, gnnac_error *err)
{
    if (why == 0)
        return GNNAC_OK;
    if (why == ETIMEDOUT)
        return FAIL(err, GNNAC_ENOENT, "no answer within %.3g s", seconds);
    if (why == EPIPE)
        return FAIL(err, GNNAC_EIO, "the worker process ended");
    return FAIL(err, GNNAC_EIO, "the worker process: %s", strerror(why));
}

gnnac_status worker_send(struct worker *w, const struct message *m,
                         double seconds, gnnac_error *err)
{
    return tell(send_message(w->fd, m, now_seconds() + seconds), seconds, err);
}

gnnac_status worker_receive(struct worker *w, double seconds, struct message *m,
                            gnnac_error *err)
{
    return tell(receive_message(w->fd, m, now_seconds() + seconds), seconds,
                err);
}

// ---- the worker's side ------------------------------------------------------

void worker_serve(bool (*answer)(void *context, struct message *in,
                                 struct message *out),
                  void *context)
{
    struct message in = {0}, out = {0};
    bool more = true;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (more && receive_message(WORKER_FD, &in, INFINITY) == 0) {
        out.n = 0;
        out.bad = false;
        more = answer(context, &in, &out);
        more = send_message(WORKER_FD, &out, INFINITY) == 0 && more;
    }
    message_finish(&in);
    message_finish(&out);
}
