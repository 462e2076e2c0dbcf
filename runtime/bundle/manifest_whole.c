// That the kernel of all steps can be given what it asks for, and that no other
// kernel is started as it is.
#include "bundle/manifest.h"
#include "bundle/whole_layout.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

static bool whole_can_pass(enum launch_arg a)
{
    static const enum launch_arg args[] = {
        ARG_OUT,    ARG_X,    ARG_WEIGHTS, ARG_ROWPTR, ARG_COLIDX,
        ARG_DINV,   ARG_BUFFERS, ARG_BARRIER, ARG_N_ROWS};
    for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
        if (args[i] == a)
            return true;
    return false;
}

static gnnac_status check_whole_kernel(const struct manifest *m,
                                       const struct kernel *k, gnnac_error *err)
{
    const struct launch *l = &k->launches[0];
    if (k->n_launches != 1 || !l->cooperative || l->count != GRID_ROWS ||
        l->grid_y != 1 || !kernel_takes(k, ARG_BARRIER))
        return BAD("whole: kernel %s is not one launch of blocks that meet",
                   k->name);
    if (k->part_size || k->heads || k->x_type != DTYPE_F32 ||
        k->out_type != DTYPE_F32)
        return BAD("whole: kernel %s is not one of a model in f32", k->name);
    if (k->dim != m->program.buffers[1].dim)
        return BAD("whole: its kernel was made for another width");
    if (k->offset_bits <
        program_offset_bits(&m->program, m->n_nodes, m->n_stored_edges))
        return BAD("whole: its kernel's 32-bit offsets overflow");
    for (int32_t i = 0; i < l->n_args; i++)
        if (!whole_can_pass(l->args[i]) ||
            (l->args[i] == ARG_DINV && !program_reads_dinv(&m->program)))
            return BAD("whole: its kernel asks for %s, which a model does not "
                       "have",
                       launch_arg_name(l->args[i]));
    return GNNAC_OK;
}

gnnac_status manifest_check_whole(const struct manifest *m, gnnac_error *err)
{
    bool whole = has_whole(m);
    if (whole && (!has_model(m) || is_reordered(m) ||
                  m->model.dtype != DTYPE_F32 || manifest_has_residual(m) ||
                  program_has_slabs(&m->program)))
        return BAD("whole: a kernel for all steps of no such model");
    if (whole && m->whole.kernel >= m->n_kernels)
        return BAD("whole: its kernel is not there");
    for (int32_t i = 0; i < m->n_kernels; i++)
        for (int32_t j = 0; j < m->kernels[i].n_launches; j++)
            if ((m->kernels[i].launches[j].cooperative ||
                 m->kernels[i].launches[j].cluster) &&
                !(whole && i == m->whole.kernel))
                return BAD("kernel %s: blocks that meet, for a single step",
                           m->kernels[i].name);
    return whole ? check_whole_kernel(m, &m->kernels[m->whole.kernel], err)
                 : GNNAC_OK;
}
