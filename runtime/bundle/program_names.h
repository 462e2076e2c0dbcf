// The text names of program.h's enumerations, one table each (program.c).
// program.h includes this.
#ifndef GNNAC_PROGRAM_NAMES_H
#define GNNAC_PROGRAM_NAMES_H

#include "bundle/program.h"

// The names of an enumeration's values 0 .. n-1.
struct name_table {
    int n;
    const char *const *names;
};
extern const struct name_table conv_op_names, activation_names, dtype_names,
    init_names, norm_names, self_term_names, step_kind_names, launch_arg_names,
    grid_count_names;
// Of the steps that a bundle's program may have.
extern const struct name_table model_step_kind_names;
const char *name_of(const struct name_table *t, int v);
int value_of(const struct name_table *t, const char *s);

// NULL when `v` is out of range; -1 when the text is unknown.
const char *conv_op_name(enum conv_op v);
int conv_op_from_name(const char *s);
const char *activation_name(enum activation v);
int activation_from_name(const char *s);
const char *dtype_name(enum dtype v); // "f32", "f16", "bf16"
int dtype_from_name(const char *s);
const char *norm_name(enum norm v); // "none", "mean", "gcn", "scaled"
int norm_from_name(const char *s);
const char *self_term_name(enum self_term v); // "none", "one", "eps", "gcn"
int self_term_from_name(const char *s);
const char *step_kind_name(enum step_kind v);
int step_kind_from_name(const char *s);
const char *launch_arg_name(enum launch_arg v);
int launch_arg_from_name(const char *s);
const char *grid_count_name(enum grid_count v); // "n_rows", "n_parts", ...
int grid_count_from_name(const char *s);

#endif
