// A helper process that may hang, crash or lose its GPU without harm: this
// program itself, started anew, which answers messages over a socket until its
// owner is gone. Knows nothing of what is asked.
#ifndef GNNAC_WORKER_H
#define GNNAC_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fail.h"

// ---- messages ---------------------------------------------------------------

// Fields in the order in which they were put. All-zero is an empty one; a put
// that found no memory and a get beyond the end make it bad for good.
struct message {
    unsigned char *bytes; // owned
    size_t n, capacity, at;
    bool bad;
};
void message_finish(struct message *m);
void message_put_int(struct message *m, int64_t x);
void message_put_real(struct message *m, double x);
void message_put_bytes(struct message *m, const void *bytes, size_t n);
void message_put_text(struct message *m, const char *text); // NULL is ""

// 0 and "" of a bad message. Bytes belong to the message; a text, too, which
// ends with a NUL.
int64_t message_get_int(struct message *m);
double message_get_real(struct message *m);
const void *message_get_bytes(struct message *m, size_t *n);
const char *message_get_text(struct message *m);

// ---- the owner's side -------------------------------------------------------

struct worker {
    pid_t pid; // 0: none
    int fd;
};

// Runs `program --worker ROLE`, deaf to Ctrl-C and SIGTERM. GNNAC_EIO when it
// cannot be started.
gnnac_status worker_start(const char *program, const char *role,
                          struct worker *out, gnnac_error *err);
// Kills it and waits for its end. Whether it had ended before, and not by a
// SIGKILL, which is how a system that lacks memory ends processes.
bool worker_stop(struct worker *w);

// GNNAC_EIO when it is gone, GNNAC_ENOENT when it did not take or give a whole
// message within the time. It is then of no more use. worker_receive empties *m
// first.
gnnac_status worker_send(struct worker *w, const struct message *m,
                         double seconds, gnnac_error *err);
gnnac_status worker_receive(struct worker *w, double seconds, struct message *m,
                            gnnac_error *err);

// ---- the worker's side ------------------------------------------------------

// Answers until the owner is gone. `answer` reads `in` and fills `out`; false
// ends the process behind the answer. Dies with the owner.
void worker_serve(bool (*answer)(void *context, struct message *in,
                                 struct message *out),
                  void *context);

#endif
