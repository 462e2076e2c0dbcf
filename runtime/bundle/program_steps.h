// What follows from a step, a part of program.h.
#ifndef GNNAC_PROGRAM_STEPS_H
#define GNNAC_PROGRAM_STEPS_H

#include <stddef.h>

#include "bundle/program.h"

// Whether the operation is attention: its layers have heads.
bool conv_attends(enum conv_op op);
// Whether the operation gives every node exactly one self loop itself, so that
// the stored graph has none.
bool conv_adds_self_loops(enum conv_op op);
// Whether the step needs 1/sqrt(in-degree + 1) of the nodes.
bool step_reads_dinv(const struct step *s);
// Whether one of the steps does.
bool program_reads_dinv(const struct program *p);
// Whether some buffer lies slab after slab.
bool program_has_slabs(const struct program *p);
// Whether kernels of that kind of step read such buffers as x and self; whether
// they write them.
bool step_reads_slabs(enum step_kind kind);
bool step_writes_slabs(enum step_kind kind);
// Whether the step sums over the graph's edges.
bool step_reads_edges(enum step_kind kind);
// Whether a product of matrices is all of it.
bool step_is_product(enum step_kind kind);
// Whether it is a product of float32 that writes 16 bits, as a kernel may and
// BLAS cannot.
bool step_rounds_product(const struct program *p, const struct step *s);
// Whether the step's edges are the features' entries, of which a row is a node
// or, of the gradient, a column.
bool step_reads_features(const struct step *s);
// Whether products alone read the features, whose kernels do no more than that
// and which write float32: then the features may come by sparse rows.
bool program_takes_sparse(const struct program *p);
// Why not, as a clause; NULL: they may.
const char *program_needs_dense(const struct program *p);
// What the product `s` of the features is where those are sparse; it has no
// kernel yet.
struct step sparse_product(const struct step *s);
// The program for sparse features: that is what all products of them are. Names
// the rules of it in a bundle; a change of what they make needs another.
#define SPARSE_RULES "1"
void program_read_sparse(const struct program *p, struct program *out);
// Bytes of scratch that turning round a weight of such a product takes, of the
// largest one.
size_t program_turned_bytes(const struct program *p);
// Whether it is GATv2's attention, forward or backward, whose weight is att.
bool step_is_attention_v2(enum step_kind kind);
// The columns that a kernel of the step is made for: what it writes, or of
// values of edges what it reads.
int32_t step_dim(const struct program *p, const struct step *s);
// The heads whose values the step writes to edges, or multiplies edges' rows
// by; 0 where it does neither.
int32_t step_edge_heads(const struct program *p, const struct step *s);
// The heads that a kernel of the step is made for: of attention, whose x they
// cut, and of values of edges, where there are several; else 0.
int32_t step_heads(const struct program *p, const struct step *s);
// 64 when an element index of the step may reach 2^31, else 32.
int32_t step_offset_bits(const struct program *p, const struct step *s,
                         int64_t n_nodes, int64_t n_edges);
// 64 where one of the program's steps needs that.
int32_t program_offset_bits(const struct program *p, int64_t n_nodes,
                            int64_t n_edges);
// Whether BLAS computes the step: a product that no kernel does.
bool step_by_blas(const struct step *s);
// The step behind `s`, one of the program's, if the kernel of `s` does it; else
// NULL.
const struct step *step_tail(const struct program *p, const struct step *s);
// The last of the steps that the kernel of `s` does: `s`, or what is fused.
const struct step *step_last(const struct program *p, const struct step *s);
// The same but for a dropout and a residual, which come behind all others.
const struct step *step_ending(const struct program *p, const struct step *s);
// The residual among them; NULL: there is none.
const struct step *step_residual(const struct program *p,
                                 const struct step *s);
// Whether that dropout is there.
bool step_drops_result(const struct program *p, const struct step *s);

#endif
