// One point of a family for one spec: runs the template's chunk and collects
// its text and its launches.
#ifndef GNNAC_POINT_H
#define GNNAC_POINT_H

#include "emit/catalog.h"
#include "emit/tmpl.h"
#include "emit/writer.h"

struct point {
    struct catalog *catalog;
    const struct unit *unit;
    const struct candidate *candidate;
    const struct kernel_spec *spec;
    struct kernel *kernel; // name, family, dim, offset_bits are set
    struct writer writer;
    bool refused; // the template's check() failed
};

// GNNAC_EUNSUPPORTED when check() refused the point, GNNAC_EFORMAT.
gnnac_status point_run(struct point *p, gnnac_error *err);

// Add the fields phases, buffers and params of a whole model to the table on
// top of the stack, a spec's (phases.c).
void add_phases(lua_State *L, const struct program *p);
void push_spec(lua_State *L, const struct kernel_spec *s);

// Push the functions `launch`, `follows` and `needs`, with upvalue `p`
// (launch.c).
void push_launch(lua_State *L, struct point *p);
void push_follows(lua_State *L, struct point *p);
void push_needs(lua_State *L, struct point *p);

#endif
