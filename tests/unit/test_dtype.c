#include <math.h>

#include "bundle/dtype.h"
#include "test.h"

// Finite f16 and bf16 numbers by their definitions.
static double value_of(uint16_t h, int exponent_bits)
{
    int fraction_bits = 15 - exponent_bits,
        bias = (1 << (exponent_bits - 1)) - 1;
    int exponent = h >> fraction_bits & ((1 << exponent_bits) - 1);
    double fraction = h & ((1 << fraction_bits) - 1);
    double size = exponent ? ldexp(fraction + (1 << fraction_bits),
                                   exponent - bias - fraction_bits)
                           : ldexp(fraction, 1 - bias - fraction_bits);
    return h & 0x8000 ? -size : size;
}

TEST(every_16_bit_number_is_what_its_definition_says_and_comes_back)
{
    int wrong = 0;
    for (int h = 0; h < 0x10000; h++) {
        if ((h & 0x7c00) != 0x7c00)
            wrong +=
                (double)f16_to_float((uint16_t)h) != value_of((uint16_t)h, 5) ||
                f16_from_float(f16_to_float((uint16_t)h)) != h;
        if ((h & 0x7f80) != 0x7f80)
            wrong += (double)bf16_to_float((uint16_t)h) !=
                         value_of((uint16_t)h, 8) ||
                     bf16_from_float(bf16_to_float((uint16_t)h)) != h;
    }
    CHECK_INT(wrong, 0);
}

// Between two neighbours: to the nearer, from the middle to the even one.
TEST(numbers_between_go_to_the_nearest_and_from_the_middle_to_the_even)
{
    int wrong = 0;
    for (int h = 0; h + 1 < 0x7c00; h++) {
        float low = f16_to_float((uint16_t)h);
        float high = f16_to_float((uint16_t)(h + 1));
        float middle = (low + high) / 2; // 12 bits: exact
        wrong += f16_from_float(middle) != h + (h & 1) ||
                 f16_from_float(nextafterf(middle, 0)) != h ||
                 f16_from_float(nextafterf(middle, high)) != h + 1;
    }
    for (int h = 1; h + 1 < 0x7f80; h++) {
        float low = bf16_to_float((uint16_t)h);
        float middle = bits_float(float_bits(low) + 0x8000);
        wrong += bf16_from_float(middle) != h + (h & 1) ||
                 bf16_from_float(nextafterf(middle, 0)) != h ||
                 bf16_from_float(nextafterf(middle, INFINITY)) != h + 1;
    }
    CHECK_INT(wrong, 0);
}

TEST(what_is_too_large_is_infinite_and_no_number_stays_none)
{
    CHECK_INT(f16_from_float(65519.99f), 0x7bff);
    CHECK_INT(f16_from_float(65520), 0x7c00);
    CHECK_INT(f16_from_float(-1e30f), 0xfc00);
    CHECK_INT(bf16_from_float(3.4e38f), 0x7f80);
    CHECK(isinf(f16_to_float(0xfc00)) && isnan(f16_to_float(0x7e00)));
    for (int t = DTYPE_F32; t < N_DTYPES; t++) {
        CHECK(isnan(dtype_round((enum dtype)t, NAN)));
        CHECK(isinf(dtype_round((enum dtype)t, -INFINITY)));
    }
}

int main(void)
{
    RUN(every_16_bit_number_is_what_its_definition_says_and_comes_back);
    RUN(numbers_between_go_to_the_nearest_and_from_the_middle_to_the_even);
    RUN(what_is_too_large_is_infinite_and_no_number_stays_none);
    return test_done();
}
