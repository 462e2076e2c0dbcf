// A small test harness that prints TAP. One program per module; test names are
// sentences with underscores.
#ifndef GNNAC_TEST_H
#define GNNAC_TEST_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test__number, test__failed;
static bool test__this_failed;
static __attribute__((unused)) const char *test__skip; // by fuzz targets

#define TEST(name) static void name(void)

#define RUN(name)                                                              \
    do {                                                                       \
        test__this_failed = false;                                             \
        test__skip = NULL;                                                     \
        name();                                                                \
        test__number++;                                                        \
        test__failed += test__this_failed;                                     \
        printf("%sok %d - %s%s%s\n", test__this_failed ? "not " : "",          \
               test__number, #name,                                            \
               test__skip && !test__this_failed ? " # SKIP " : "",             \
               test__skip && !test__this_failed ? test__skip : "");            \
        fflush(stdout);                                                        \
    } while (0)

// Leave the test, counted as skipped, and say why.
#define SKIP(why)                                                              \
    do {                                                                       \
        test__skip = (why);                                                    \
        return;                                                                \
    } while (0)

#define TEST__FAIL(...)                                                        \
    do {                                                                       \
        test__this_failed = true;                                              \
        printf("# %s:%d: ", __FILE__, __LINE__);                               \
        printf(__VA_ARGS__);                                                   \
        printf("\n");                                                          \
    } while (0)

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond))                                                           \
            TEST__FAIL("expected %s", #cond);                                  \
    } while (0)

#define CHECK_INT(got, want)                                                   \
    do {                                                                       \
        long long g_ = (long long)(got), w_ = (long long)(want);               \
        if (g_ != w_)                                                          \
            TEST__FAIL("%s is %lld, expected %lld", #got, g_, w_);             \
    } while (0)

#define CHECK_STR(got, want)                                                   \
    do {                                                                       \
        const char *g_ = (got), *w_ = (want);                                  \
        if (strcmp(g_, w_) != 0)                                               \
            TEST__FAIL("%s is \"%s\", expected \"%s\"", #got, g_, w_);         \
    } while (0)

// The text contains the part.
#define CHECK_HAS(text, part)                                                  \
    do {                                                                       \
        const char *t_ = (text), *p_ = (part);                                 \
        if (!strstr(t_, p_))                                                   \
            TEST__FAIL("%s is \"%s\", which lacks \"%s\"", #text, t_, p_);     \
    } while (0)

// |got - want| <= rel * |want|
#define CHECK_NEAR(got, want, rel)                                             \
    do {                                                                       \
        double g_ = (got), w_ = (want);                                        \
        if (!(fabs(g_ - w_) <= (rel) * fabs(w_)))                              \
            TEST__FAIL("%s is %.17g, expected %.17g", #got, g_, w_);           \
    } while (0)

// More of the same is asked for: the suite `slow`.
static inline bool test_is_slow(void)
{
    return getenv("GNNAC_TEST_SLOW") != NULL;
}

static inline int test_done(void)
{
    printf("1..%d\n", test__number);
    return test__failed ? 1 : 0;
}

#endif
