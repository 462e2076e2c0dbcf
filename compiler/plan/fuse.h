// What a kernel of an aggregation does with a row before it stores it, beyond
// bias and activation: the next step of the program, where that reads nothing
// but this row. A launch and a matrix's way to memory and back are saved.
#ifndef GNNAC_FUSE_H
#define GNNAC_FUSE_H

#include "plan/spec.h"

// Fuses with an aggregation the step behind it: log-softmax of at most 64
// columns; a narrow product (products.h) that alone reads the sums and has at
// most 256 weights, since every row reads all of them, and is stored as the
// sums are. With a product of ours, fused or not, the bias and activation
// behind it. With what ends in an activation, fused or not, the residual behind
// it. `in_place`: only those that overwrite what they read, so that no
// result stays unwritten: a trainer keeps all. The last change of a lowered
// program, behind program_scale_rows.
void program_fuse(struct program *p, bool in_place);

// Whether an aggregation may go on to log-softmax of so many columns.
bool sum_takes_log_softmax(int32_t columns);

// What then stands behind products of the features is theirs no longer: only
// such products can be of sparse ones.
void program_part_features(struct program *p);

// In a step of training (train/train_program.h) fuses the dropout of a layer's
// result with the kernel that ends the layer, which is then to be found anew.
void program_fuse_dropout(struct program *p);

// What the kernel of `s` does besides: the first step of it, dropout and a
// residual aside.
enum tail tail_of(const struct program *p, const struct step *s);
// All of it, "linear, bias_act"; empty where there is none.
const char *tail_text(const struct program *p, const struct step *s,
                      char text[64]);

const char *tail_name(enum tail v); // "none", "log_softmax", "linear", ...
int tail_from_name(const char *s);  // -1: unknown

#endif
