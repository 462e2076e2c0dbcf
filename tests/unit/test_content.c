// What kernels execute, whatever they are called. Cubins are NVRTC's own.
#include "tune/content.h"
#include "jit/nvrtc.h"
#include "test.h"
#include "tune/twins.h"

static struct nvrtc *nvrtc;

#define NEED_NVRTC        \
    if (!nvrtc) {         \
        SKIP("no NVRTC"); \
    }

// A kernel called `name` that adds `x`, its text marked as from `line` on.
static struct variant make(const char *name, int x, int line)
{
    char source[512];
    gnnac_error err = {{0}};
    struct variant v = {.status = "ok"};
    snprintf(source, sizeof(source),
             "#line %d \"/gnnac/templates/t.cu.lua\"\n"
             "extern \"C\" __global__ void %s(float *out, int n)\n{\n"
             "  __shared__ float s[32];\n"
             "  s[threadIdx.x %% 32] = %d;\n  __syncthreads();\n"
             "  for (int i = threadIdx.x; i < n; i += blockDim.x)\n"
             "    out[i] += s[i %% 32] + %d;\n}\n",
             line, name, x, x);
    struct compile_job job = {.source = source, .name = name, .arch = "sm_90"};
    CHECK_INT(nvrtc_compile(nvrtc, &job, 1, 1, &err), GNNAC_OK);
    CHECK_STR(job.error.msg, "");
    snprintf(v.kernel.name, sizeof(v.kernel.name), "%s", name);
    v.kernel.n_launches = 1;
    v.kernel.launches[0] =
        (struct launch){.per_block = 4, .grid_y = 1, .block = 128};
    snprintf(v.kernel.launches[0].entry, NAME_LEN, "%s", name);
    v.images[0].image = job.image;
    v.images[0].n_bytes = job.n_bytes;
    job.image = NULL;
    compile_job_finish(&job);
    return v;
}

static bool same(const struct variant *a, const struct variant *b)
{
    char x[33], y[33];
    variant_content(a, x);
    variant_content(b, y);
    CHECK_INT(strlen(x), 32);
    return strcmp(x, y) == 0;
}

TEST(names_and_line_marks_do_not_count)
{
    NEED_NVRTC;
    struct variant a = make("gnnac_a", 3, 1);
    struct variant b = make("gnnac_a_longer_name_u4", 3, 77);
    CHECK(a.images[0].n_bytes != b.images[0].n_bytes ||
          memcmp(a.images[0].image, b.images[0].image, a.images[0].n_bytes));
    CHECK(same(&a, &b));
    variant_finish(&a);
    variant_finish(&b);
}

TEST(code_counts)
{
    NEED_NVRTC;
    struct variant a = make("gnnac_a", 3, 1), b = make("gnnac_a", 4, 1);
    CHECK(!same(&a, &b));
    variant_finish(&a);
    variant_finish(&b);
}

TEST(how_a_kernel_is_started_counts)
{
    NEED_NVRTC;
    struct variant a = make("gnnac_a", 3, 1);
    struct kernel begun = a.kernel;
    int32_t *const numbers[] = {
        &a.kernel.part_size,
        &a.kernel.parts_per_block,
        &a.kernel.dim,
        &a.kernel.offset_bits,
        &a.kernel.launches[0].block,
        &a.kernel.launches[0].per_block,
        &a.kernel.launches[0].grid_y,
        &a.kernel.launches[0].shared_bytes,
        &a.kernel.launches[0].n_args,
        &a.kernel.packed_step,
        &a.kernel.tile_percent,
    };
    char before[33], after[33];
    variant_content(&a, before);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *numbers[i] += 1;
        variant_content(&a, after);
        CHECK(strcmp(before, after) != 0);
        a.kernel = begun;
    }
    enum dtype *const types[] = {&a.kernel.x_type, &a.kernel.out_type,
                                 &a.kernel.self_type};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        *types[i] = *types[i] == DTYPE_F32 ? DTYPE_F16 : DTYPE_F32;
        variant_content(&a, after);
        CHECK(strcmp(before, after) != 0);
        a.kernel = begun;
    }
    snprintf(a.kernel.launches[0].entry, NAME_LEN, "gnnac_a_second");
    variant_content(&a, after);
    CHECK(strcmp(before, after) != 0);
    variant_finish(&a);
}

TEST(what_was_not_compiled_has_no_content)
{
    char hex[33] = "x";
    struct variant v = {.status = "ok"};
    variant_content(&v, hex);
    CHECK_STR(hex, "");
}

// No damage is read beyond its end; where it matters, it shows.
TEST(damaged_and_foreign_images_count_byte_for_byte)
{
    NEED_NVRTC;
    struct variant a = make("gnnac_a", 3, 1);
    char before[33], after[33];
    unsigned char *bytes = a.images[0].image;
    size_t n = a.images[0].n_bytes;
    for (size_t at = 0; at < 64; at++) { // the ELF header
        unsigned char kept = bytes[at];
        bytes[at] ^= 0xff;
        variant_content(&a, after);
        bytes[at] = kept;
        CHECK_INT(strlen(after), 32);
    }
    for (size_t at = 0; at < n; at += 3) {
        unsigned char kept = bytes[at];
        bytes[at] ^= 0x81;
        variant_content(&a, after);
        bytes[at] = kept;
        CHECK_INT(strlen(after), 32);
    }
    for (a.images[0].n_bytes = 0; a.images[0].n_bytes < n;
         a.images[0].n_bytes += 7)
        variant_content(&a, after);
    memset(bytes, 'p', n); // as PTX, no ELF file
    a.images[0].n_bytes = n;
    variant_content(&a, before);
    bytes[n - 1] = 'q';
    variant_content(&a, after);
    CHECK(strcmp(before, after) != 0);
    variant_finish(&a);
}

TEST(a_text_is_the_same_under_another_name)
{
    char one[33], other[33];
    char texts[][40] = {".entry k(k_param) ret;", ".entry kk(kk_param) ret;",
                        ".entry kk(k_param) ret;"};
    const char *const names[] = {"k", "kk", "kk"};
    for (size_t i = 0; i < 3; i++) {
        struct variant v = {.status = "ok"};
        snprintf(v.kernel.name, sizeof(v.kernel.name), "%s", names[i]);
        v.images[0].image = (unsigned char *)texts[i];
        v.images[0].n_bytes = strlen(texts[i]);
        variant_content(&v, i ? other : one);
        CHECK(i == 0 || (strcmp(one, other) == 0) == (i == 1));
    }
}

// ---- twins ------------------------------------------------------------------

enum { N = 6 };

// What each executes: a letter; a blank is not known.
static void make_field(const char contents[N + 1], struct variant all[N])
{
    for (int i = 0; i < N; i++) {
        all[i] = (struct variant){.status = "ok"};
        snprintf(all[i].content, sizeof(all[i].content), "%.*s",
                 contents[i] != ' ', contents + i);
    }
}

TEST(of_those_that_execute_the_same_the_first_option_stands_for_all)
{
    struct variant all[N];
    int32_t distinct[N];
    const int32_t options[] = {4, 0, 1, 2, 3, 5};
    make_field("abacb ", all);
    CHECK_INT(twins_collapse(all, options, N, distinct), 4);
    CHECK_INT(distinct[0], 4);
    CHECK_INT(distinct[1], 0);
    CHECK_INT(distinct[2], 3);
    CHECK_INT(distinct[3], 5);
    CHECK_INT(twin_of(all, options, N, 1), 4);
    CHECK_INT(twin_of(all, options, N, 2), 0);
    CHECK_INT(twin_of(all, options, N, 5), 5);
    CHECK_INT(twin_of(all, options, N, -1), -1);
    CHECK_INT(twin_of(all, options + 2, N - 2, 4), 1); // not asked for
}

TEST(what_fails_fails_for_all_that_execute_the_same)
{
    struct variant all[N];
    const int32_t options[] = {0, 1, 2, 3, 4, 5};
    make_field("abab b", all);
    all[1].status = "wrong_result";
    all[1].verdict = "wrong_result";
    strcpy(all[1].reason, "row 3");
    twins_fail(all, options, N);
    for (int i = 0; i < N; i++) {
        bool failed = all[i].content[0] == 'b';
        CHECK_STR(all[i].status, failed ? "wrong_result" : "ok");
        CHECK_STR(all[i].reason, failed ? "row 3" : "");
        CHECK_INT(all[i].verdict != NULL, failed);
    }
}

int main(void)
{
    if (nvrtc_open(&nvrtc, NULL) != GNNAC_OK)
        nvrtc = NULL;
    RUN(names_and_line_marks_do_not_count);
    RUN(code_counts);
    RUN(how_a_kernel_is_started_counts);
    RUN(what_was_not_compiled_has_no_content);
    RUN(damaged_and_foreign_images_count_byte_for_byte);
    RUN(a_text_is_the_same_under_another_name);
    RUN(of_those_that_execute_the_same_the_first_option_stands_for_all);
    RUN(what_fails_fails_for_all_that_execute_the_same);
    nvrtc_close(nvrtc);
    return test_done();
}
