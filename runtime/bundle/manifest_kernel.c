// What a kernel's launches may ask for, whatever the step that runs it.
#include <string.h>

#include "bundle/manifest.h"

#define BAD(...) FAIL(err, GNNAC_EFORMAT, "manifest: " __VA_ARGS__)

// Names become tensor names and symbols.
static bool is_identifier(const char *s)
{
    return s[0] && s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == 0;
}

static bool arg_needs_parts(enum launch_arg a)
{
    return a == ARG_PART_PTR || a == ARG_PART_ROW || a == ARG_SPLIT_ROW ||
           a == ARG_SPLIT_FIRST || a == ARG_SPLIT_LAST || a == ARG_N_PARTS ||
           a == ARG_N_SPLITS || a == ARG_PARTIAL || a == ARG_MEETS;
}

static bool arg_needs_sorted_parts(enum launch_arg a)
{
    return a == ARG_PART_END || a == ARG_N_CUT || a == ARG_N_WIDE;
}

static bool arg_needs_tiles(enum launch_arg a)
{
    return a == ARG_TILES || a == ARG_TILE_COLUMNS || a == ARG_TILE_MASKS ||
           a == ARG_N_TILES;
}

// Each tile of columns has tickets of its own.
static gnnac_status check_tickets(const struct kernel *k,
                                  const struct launch *l, gnnac_error *err)
{
    for (int32_t i = 0; i < l->n_args; i++)
        if ((l->args[i] == ARG_TICKETS || l->args[i] == ARG_MEETS) &&
            k->tickets < l->grid_y)
            return BAD("kernel %s: %d tickets of a partial sum, %s takes %d",
                       k->name, (int)k->tickets, l->entry, (int)l->grid_y);
    return GNNAC_OK;
}

static gnnac_status check_launch(const struct kernel *k, const struct launch *l,
                                 gnnac_error *err)
{
    bool parts = k->part_size > 0;
    if (!is_identifier(l->entry))
        return BAD("kernel %s: its entry is not an identifier", k->name);
    if ((l->count == GRID_PARTS || l->count == GRID_SPLITS) && !parts)
        return BAD("kernel %s: %s counts groups that it does not have", k->name,
                   l->entry);
    if (l->count == GRID_WARPS && !k->packed_rows)
        return BAD("kernel %s: %s counts warps that it does not have", k->name,
                   l->entry);
    for (int32_t i = 0; i < l->n_args; i++) {
        if (arg_needs_parts(l->args[i]) && !parts)
            return BAD("kernel %s: argument %s needs a part_size", k->name,
                       launch_arg_name(l->args[i]));
        if (arg_needs_sorted_parts(l->args[i]) && !k->packed_rows)
            return BAD("kernel %s: argument %s needs packed_rows", k->name,
                       launch_arg_name(l->args[i]));
        if (arg_needs_tiles(l->args[i]) && !k->tile_percent)
            return BAD("kernel %s: argument %s needs tile_percent", k->name,
                       launch_arg_name(l->args[i]));
        if (l->args[i] == ARG_PARTIAL && !k->partials)
            return BAD("kernel %s: argument partial without partials", k->name);
    }
    return check_tickets(k, l, err);
}

static gnnac_status check_limits(const struct kernel *k, gnnac_error *err)
{
    if ((k->part_size > 0) != (k->parts_per_block > 0) ||
        ((k->partials || k->part_rows) && !k->part_size))
        return BAD("kernel %s: part_size and parts_per_block contradict",
                   k->name);
    if (k->tickets && !k->partials)
        return BAD("kernel %s: tickets without partials", k->name);
    if ((k->packed_rows > 0) != (k->packed_edges > 0) ||
        (k->packed_rows > 0) != (k->packed_step > 0) ||
        k->packed_edges > k->part_size || (k->packed_rows && k->part_rows))
        return BAD("kernel %s: its limits of packed rows contradict", k->name);
    if ((k->tile_percent > 0) != (k->tile_blocks > 0) ||
        (k->tile_percent && (!k->packed_rows || !k->partials)))
        return BAD("kernel %s: its limits of tiles contradict", k->name);
    if (k->tile_percent &&
        (!kernel_takes(k, ARG_TILES) || !kernel_takes(k, ARG_N_TILES)))
        return BAD("kernel %s: takes no tiles, though there are some", k->name);
    return GNNAC_OK;
}

gnnac_status kernel_check(const struct kernel *k, gnnac_error *err)
{
    if (!is_identifier(k->name))
        return BAD("a kernel's name is not an identifier");
    if (k->offset_bits != 32 && k->offset_bits != 64)
        return BAD("kernel %s: offset_bits is 32 or 64", k->name);
    gnnac_status st = check_limits(k, err);
    for (int32_t i = 0; i < k->n_launches && st == GNNAC_OK; i++)
        st = check_launch(k, &k->launches[i], err);
    return st;
}
