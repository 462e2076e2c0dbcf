// One run of an emitted kernel on the CPU: its operands, where the sanitizers
// guard their ends, and what comes out. run_cases.cpp makes and checks it;
// train_cases.cpp has what steps of training are given, loss_cases.cpp what
// losses are, edge_cases.cpp values of edges and what is largest of neighbours,
// attention_v2_cases.cpp GATv2's attention.
#ifndef GNNAC_RUN_H
#define GNNAC_RUN_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "bundle/train_state.h"
#include "cases.h"
#include "graphs.h"
#include "half.h"
extern "C" {
#include "cuda/parts.h"
}

// ---- buffers ----------------------------------------------------------------

// A matrix that ends with its last row's last column, so that the address
// sanitizer guards both ends. Between the rows, or beyond those of the last
// slab, lies `pad`.
struct matrix {
    int rows, dim, pitch, slab;
    dtype type;
    std::vector<float> a;    // of f32,
    std::vector<uint16_t> h; // of the others

    matrix(int rows_, int dim_, int pitch_, dtype type_, float pad,
           int slab_ = 0)
        : rows(rows_), dim(dim_), pitch(pitch_), slab(slab_), type(type_)
    {
        size_t n = rows_ ? place(rows_ - 1, dim_ - 1) + 1 : 0;
        a.resize(type == DTYPE_F32 ? n : 0, pad);
        h.resize(type == DTYPE_F32 ? 0 : n, narrow(pad));
        a.shrink_to_fit();
        h.shrink_to_fit();
    }
    void *data()
    {
        return type == DTYPE_F32 ? (void *)a.data() : (void *)h.data();
    }
    float at(int v, int c) const
    {
        size_t i = place(v, c);
        return type == DTYPE_F32   ? a[i]
               : type == DTYPE_F16 ? f16_to_float(h[i])
                                   : bf16_to_float(h[i]);
    }
    void set(int v, int c, float to)
    {
        size_t i = place(v, c);
        if (type == DTYPE_F32)
            a[i] = to;
        else
            h[i] = narrow(to);
    }
    bool same_bits(int v, int c, float as) const
    {
        size_t i = place(v, c);
        return type == DTYPE_F32 ? memcmp(&a[i], &as, sizeof(as)) == 0
                                 : h[i] == narrow(as);
    }
    bool same_bits(const matrix &m) const
    {
        return h == m.h && (a.empty() || memcmp(a.data(), m.a.data(),
                                                a.size() * sizeof(float)) == 0);
    }

  private:
    size_t place(int v, int c) const
    {
        return (size_t)slab_element(rows, pitch, slab, v, c);
    }
    uint16_t narrow(float v) const
    {
        return type == DTYPE_BF16 ? bf16_from_float(v) : f16_from_float(v);
    }
};

// What storing `y` may add to an error.
inline double storage_error(dtype type, double y)
{
    return type == DTYPE_F16    ? 0x1p-11 * fabs(y) + 0x1p-25
           : type == DTYPE_BF16 ? 0x1p-8 * fabs(y)
                                : 0;
}

template <class T> inline std::vector<T> narrowed(const int64_t *p, size_t n)
{
    std::vector<T> v(p, p + n);
    v.shrink_to_fit();
    return v;
}

// Offsets as the kernel's offset_t.
struct offsets {
    std::vector<int> narrow;
    std::vector<int64_t> wide;

    void *set(const int64_t *p, size_t n, int bits)
    {
        narrow = narrowed<int>(p, bits == 32 ? n : 0);
        wide = narrowed<int64_t>(p, bits == 64 ? n : 0);
        return bits == 32 ? (void *)narrow.data() : (void *)wide.data();
    }
};

// Of a step of training.
struct training_operands {
    train_state state = {};
    int place = 2, tail_place = 5;
    std::vector<int> labels, treatment;
    std::vector<float> share, weights, grad, first, second;
    std::vector<double> scratch;
    std::vector<float> g, grad_next, weight_t, att_rows;
};

// Values of edges, and which is whose.
struct edge_operands {
    std::vector<long long> number;
    std::vector<float> values, out;
};

// ---- one run ----------------------------------------------------------------

// Everything a launch may be given. `values` are the arguments themselves.
struct run {
    const shim_kernel &k;
    const mini_graph &g;
    matrix x, out, self, before; // before: what out holds then
    matrix residual;             // what is added last of all
    std::vector<uint16_t> half_weight; // of a product whose x is as narrow
    std::vector<float> weight, bias, tail_bias, dinv, partial, att_src, att_dst;
    float eps = 0.3125f;
    offsets rowptr, part_ptr, part_end;
    std::vector<int> colidx, part_row, split_row, split_first, split_last,
        meets;
    std::vector<unsigned> tickets;
    std::vector<int> tile, tile_columns;
    std::vector<unsigned> tile_masks;
    std::vector<int> source_row;
    struct parts parts = {};
    training_operands train;
    edge_operands edges;
    void *pointers[N_LAUNCH_ARGS] = {};
    int counts[N_LAUNCH_ARGS] = {}, n_warps = 0;

    run(const shim_kernel &k_, const mini_graph &g_, bool self_is_x,
        bool in_place);
    void launch(bool backwards);

  private:
    void narrow_weight(dtype type);
    void set_parts();
    void set_tiles();
    void set_training();
    void set_edges();
};

// ---- the reference ----------------------------------------------------------

struct expected {
    double y, bound;
};

typedef expected reference_fn(run &r, int v, int c);

std::vector<float> random_vector(int n, uint64_t seed);
[[noreturn]] void wrong(const run &r, const char *what, int v, int c);

// Of operations of training (train_cases.cpp): of an element of out, NULL where
// the operation is none or writes no out; of all else that it writes.
reference_fn *training_reference(const char *op);
void check_training(run &r);
// What dropout leaves of an element that the kernel has made.
expected drop_result(const run &r, int v, int c, expected e);
// Of losses (loss_cases.cpp).
bool is_loss(const shim_kernel &k);
void set_targets(run &r);
expected nll_loss(run &r, int v, int c);
expected bce_loss(run &r, int v, int c);
void check_nll(run &r);
void check_bce(run &r);
// Of values of edges, and of the largest neighbours (edge_cases.cpp).
reference_fn *edge_reference(const char *op);
double edge_weight(const run &r, int64_t e, int c);
void check_edges(run &r);
bool same_edges(const run &r, const run &again);
void check_number(run &r, const char *what, int at, double got, double want,
                  double bound);
// Whether the operation takes `kept`, in the place of self.
bool keeps(const shim_kernel &k);
// Whether the operation leaves the result in out.
bool writes_out(const shim_kernel &k);

#endif
