#include "tune/content.h"

#include <string.h>

#include "jit/cubin.h"

// An entry without the kernel's name, which it may begin with.
static const char *suffix_of(const char *entry, const char *name)
{
    size_t n = strlen(name);
    return strncmp(entry, name, n) == 0 ? entry + n : entry;
}

static void digest_launch(XXH3_state_t *s, const struct launch *l,
                          const char *name)
{
    digest_text(s, suffix_of(l->entry, name));
    digest_int(s, l->count);
    digest_int(s, l->per_block);
    digest_int(s, l->grid_y);
    digest_int(s, l->block);
    digest_int(s, l->shared_bytes);
    digest_int(s, l->n_args);
    for (int32_t i = 0; i < l->n_args; i++)
        digest_int(s, l->args[i]);
}

static void digest_kernel(XXH3_state_t *s, const struct kernel *k)
{
    const int64_t numbers[] = {
        k->part_size,    k->part_rows,   k->parts_per_block, k->packed_rows,
        k->packed_edges, k->packed_step, k->partials,        k->dim,
        k->offset_bits,  k->n_launches,  k->x_type,          k->out_type,
        k->self_type};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        digest_int(s, numbers[i]);
    if (k->tile_percent) { // else as before there were tiles
        digest_int(s, k->tile_percent);
        digest_int(s, k->tile_blocks);
    }
    if (k->tickets) // else as before there were any
        digest_int(s, k->tickets);
    for (int32_t i = 0; i < k->n_launches; i++)
        digest_launch(s, &k->launches[i], k->name);
}

void variant_content(const struct variant *v, char hex[33])
{
    XXH3_state_t s;
    const struct artifact *a = &v->images[0];
    hex[0] = '\0';
    if (!a->image)
        return;
    digest_begin(&s, "gnnac content v2");
    digest_kernel(&s, &v->kernel);
    cubin_digest(&s, a->image, a->n_bytes, v->kernel.name);
    struct digest d = digest_end(&s);
    digest_hex(&d, hex);
}
