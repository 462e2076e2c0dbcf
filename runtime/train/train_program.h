// One training step as a program: forward with dropout, loss, backward, update.
// It follows from a bundle's program alone, so the compiler, which picks
// kernels for its steps, and the runtime, which runs them, both derive it here.
//
// Buffers of the bundle's program keep their numbers, and all their values;
// behind them come the dropped features and the gradients. The sum over
// in-neighbours is, backward, an AGGREGATE that is `transposed`. Every gradient
// that a buffer receives but the first is added by the step that makes it: a
// product accumulates, a sum over neighbours takes it as its own term. That of
// a residual is both its operands', in one buffer: what goes on from the
// activation has one of its own, and the layer's products add to its input's.
// Attention keeps what its backward needs behind the scores, whose rows are
// longer than the bundle's for that (ATTENTION_KEPT), or GATv2's rows.
#ifndef GNNAC_TRAIN_PROGRAM_H
#define GNNAC_TRAIN_PROGRAM_H

#include "train/train_plan.h"

// Names the rules below in a bundle (struct derived_kernels). A change of what
// they make of any program needs another.
#define TRAIN_RULES "5"

// Where products alone read the features there is a product, and a gradient of
// its weight, for dense ones and another for sparse ones, of which a trainer
// runs what suits them; a network whose output is logits has two losses, of
// which it runs the one asked for. GNNAC_EUNSUPPORTED: as train_plan_build; the
// program needs more steps than there is room for; a buffer receives gradients
// that no step can add; GATv2's rows are too short.
gnnac_status train_program_build(const struct program *p, struct program *out,
                                 gnnac_error *err);

// Whether step i is a dropout in place which the kernel of the step before, or
// of those that it is fused with, can do as well: an element is dropped as it
// is written.
bool train_dropout_ends(const struct program *p, int32_t i);

// The index of its first loss: what stands before it is the forward.
int32_t train_program_loss(const struct program *p);

// How the gradient of an aggregation's x is summed, over the nodes sent to, and
// the own term in it. Of a product whose rows are scaled the gradient by the
// plain one is kept: scaling, then the sum of scaled rows, is GCN's sum.
enum norm backward_norm(enum norm norm);
enum self_term backward_self_term(enum self_term self);

#endif
