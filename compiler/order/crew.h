// Threads that help one that leads, for work in many short parts: the leader
// waits for nobody to wake up, only for parts that others have begun, so that
// helpers who come late, or whose core is taken, cost nothing.
#ifndef GNNAC_CREW_H
#define GNNAC_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "apart.h"

// Items [begin, end) of a job; `member` numbers the thread, 0 leading.
typedef void crew_body(void *arg, int member, int64_t begin, int64_t end);

// Jobs of one kind so far, and what work cost with help and alone when last
// tried: far apart, two cores that share what they write are slower than one.
struct crew_trial {
    crew_body *body;
    int64_t step;   // jobs since the last trial began
    double cost[2]; // of a unit of work, s: [0] with help, [1] alone
    bool alone;
};
enum { CREW_KINDS = 12 };

// Members look at `open` all the time: it has a line of memory to itself, as
// has what they write. All-zero is a crew of one.
struct crew {
    int n_threads;
    crew_body *body;
    void *arg;
    int64_t n, size; // items; those of a part, of which there are
    uint32_t n_parts;
    struct crew_trial trials[CREW_KINDS];
    struct crew_trial *timed; // the one that the last job is a trial of
    double since;
    int64_t work;
    struct apart apart;
    _Alignas(64) uint64_t open; // number of the job << 32 | parts not taken
    _Alignas(64) uint64_t helped; // parts of it that helpers finished
    _Alignas(64) bool over;
};

// As many of `n_threads` (0: all) as there are processors.
int crew_size(int n_threads);

// lead(arg) with the others at hand for crew_each.
void crew_run(struct crew *c, int n_threads, void (*lead)(void *arg),
              void *arg);

// The leader's: the items [0, n), `work` in all (roughly, in edges looked at),
// by whoever has time. Little work is done at once, and so is what was found to
// be done sooner alone: it is tried again from time to time.
void crew_each(struct crew *c, int64_t n, int64_t work, crew_body *body,
               void *arg);

#endif
