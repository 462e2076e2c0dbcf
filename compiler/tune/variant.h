// A kernel variant on its way from a proposal to a bundle: the point, its
// emitted text, what the compiler said, its images. Steps may share it; who
// proposed it for which step is not its business. With that, as JSON, it is
// what tune.db keeps of a decision.
#ifndef GNNAC_VARIANT_H
#define GNNAC_VARIANT_H

#include <jansson.h>
#include <stdbool.h>

#include "bundle/bundle.h"
#include "emit/tmpl.h"
#include "kcache.h"
#include "tunedb.h"

struct variant {
    struct kernel kernel;
    char knobs[256];
    double cost; // cost model, smaller is better; NaN: not asked
    double median_ns, p20_ns, p80_ns; // NaN: not timed
    int64_t n_samples;
    size_t n_kept; // of these, in the order of the race's rounds
    float samples_ns[MAX_KEPT_SAMPLES];
    double max_error;   // |error| / bound seen by the gate; NaN: not run
    const char *status; // "ok", or why it is out: measurement_row's words
    char reason[512];   // first compiler or gate message when it is out
    const char *verdict; // why never to run it again, in the words of
                         // quarantine_row; NULL: nothing speaks for that
    bool put_off; // no answer needs it compiled so far
    bool others; // none but other tuners' steps may take it: not compiled here
    int registers, spill_bytes;
    char content[33]; // of the first image (content.h); "": not known
    char *source;                 // owned
    char keys[MAX_ARCHS + 1][33]; // kcache keys: cubin per arch, then PTX
    struct artifact images[MAX_ARCHS + 1]; // empty until compiled or fetched
};
void variant_finish(struct variant *v);

// A product by BLAS, beside kernels of ours for it: it has a name and widths,
// but no text, no launches and no image.
bool variant_is_blas(const struct variant *v);
struct variant variant_of_blas(const struct kernel_spec *spec);

// Who proposed a variant for a step.
struct origin {
    char rule[64], why[256], where[256];
};

// "partSize=32 dimWorker=16 warpPerBlock=4".
void candidate_text(const struct candidate *c, char *out, size_t n_bytes);

// Owned JSON texts for tune.db: the decision, and the artifact keys of `n`
// images in order, none of BLAS. NULL when out of memory.
char *variant_to_json(const struct variant *v, const struct origin *from);
char *variant_keys_to_json(const struct variant *v, size_t n);

// Whether such a decision, parsed, is for BLAS.
bool variant_json_is_blas(const json_t *variant);

// Back; images stay empty. GNNAC_EFORMAT when the texts are damaged: treat the
// decision as never made.
gnnac_status variant_from_json(const char *json, const char *keys, size_t n,
                               struct variant *out, struct origin *from,
                               gnnac_error *err);

#endif
