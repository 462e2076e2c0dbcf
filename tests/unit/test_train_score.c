// How good an output is: accuracy, micro-F1, and the losses beside them.
#include <math.h>

#include "test.h"
#include "training/train_score.h"

enum { N = 4, DIM = 3 };

// In part order: node 2, node 0; nodes 1 and 3 are in no part.
static int32_t some[] = {2, 0};

static struct dataset data_of(int32_t *labels, bool many)
{
    return (struct dataset){.n_nodes = N,
                            .n_classes = DIM,
                            .many = many,
                            .labels = labels,
                            .split = {[SPLIT_VAL] = {2, some}}};
}

static const float y[N * DIM] = {0.5F, -2, 3,  9, 9, 9,
                                 -1,   -3, 0, 9, 9, 9};

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

// What the trainer's loss is, written plainly.
static double plain_loss(double logit, int label)
{
    double p = 1 / (1 + exp(-logit));
    return -log(label ? p : 1 - p);
}

TEST(micro_f1_counts_pairs_of_all_nodes_and_classes_of_the_part)
{
    // Said: two of node 0, none of node 2, whose 0 is not above 0.
    int32_t labels[N * DIM] = {1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1};
    struct dataset d = data_of(labels, true);
    struct score s = score_of(&d, SPLIT_VAL, y, DIM);
    double loss = 0;
    for (int c = 0; c < DIM; c++)
        loss += plain_loss((double)y[c], labels[c]) +
                plain_loss((double)y[6 + c], labels[6 + c]);
    CHECK(near(s.metric, 2.0 * 1 / (2 * 1 + 1 + 2)));
    CHECK(near(s.loss, loss / 6));
    CHECK_STR(metric_of(&d)->test, "test_micro_f1");
}

TEST(micro_f1_is_1_of_what_is_all_right_and_0_where_there_is_nothing)
{
    int32_t labels[N * DIM] = {1, 0, 1};
    struct dataset d = data_of(labels, true);
    CHECK(near(score_of(&d, SPLIT_VAL, y, DIM).metric, 1));
    static const float none[N * DIM] = {-1, -1, -1, 0, 0, 0, -1, -1, -1};
    labels[0] = labels[2] = 0;
    CHECK(near(score_of(&d, SPLIT_VAL, none, DIM).metric, 0));
}

TEST(the_loss_of_large_logits_is_finite)
{
    int32_t labels[N * DIM] = {0};
    struct dataset d = data_of(labels, true);
    static const float large[N * DIM] = {3e4F, -3e4F, 0};
    double want = (3e4 + 4 * log(2)) / 6;
    CHECK(near(score_of(&d, SPLIT_VAL, large, DIM).loss, want));
}

TEST(accuracy_is_of_the_largest_and_its_loss_the_cross_entropy)
{
    int32_t labels[N] = {2, 0, 1, 0};
    struct dataset d = data_of(labels, false);
    struct score s = score_of(&d, SPLIT_VAL, y, DIM);
    double first = log(exp(0.5) + exp(-2) + exp(3)) - 3;
    double second = log(exp(-1) + exp(-3) + 1) + 3;
    CHECK(near(s.metric, 0.5));
    CHECK(near(s.loss, (first + second) / 2));
    CHECK_STR(metric_of(&d)->test, "test_accuracy");
}

TEST(a_part_of_no_nodes_has_no_score)
{
    int32_t labels[N * DIM] = {0};
    for (int many = 0; many < 2; many++) {
        struct dataset d = data_of(labels, many);
        struct score s = score_of(&d, SPLIT_TEST, y, DIM);
        CHECK(isnan(s.metric) && isnan(s.loss));
    }
}

int main(void)
{
    RUN(micro_f1_counts_pairs_of_all_nodes_and_classes_of_the_part);
    RUN(micro_f1_is_1_of_what_is_all_right_and_0_where_there_is_nothing);
    RUN(the_loss_of_large_logits_is_finite);
    RUN(accuracy_is_of_the_largest_and_its_loss_the_cross_entropy);
    RUN(a_part_of_no_nodes_has_no_score);
    return test_done();
}
