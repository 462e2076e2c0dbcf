// Which epoch of a training is kept, and how long it waits.
#include <math.h>

#include "test.h"
#include "training/train_watch.h"

// Epochs 1 to 6. Accuracy is highest in 4, loss lowest in 3; up to 3 nothing
// is better in both than 3 is.
static const struct score scores[] = {{0.5, 1.0}, {0.6, 1.2}, {0.6, 0.8},
                                      {0.7, 0.9}, {0.6, 0.85}, {0.7, 0.95}};
enum { N_EPOCHS = sizeof(scores) / sizeof(scores[0]) };

static struct watch watched(enum watch_rule rule, int64_t n)
{
    struct watch w = watch_begin(rule);
    for (int64_t i = 0; i < n; i++)
        watch_epoch(&w, i + 1, scores[i]);
    return w;
}

TEST(by_accuracy_the_highest_is_kept_and_of_equals_the_lowest_loss)
{
    struct watch w = watched(WATCH_METRIC, N_EPOCHS);
    CHECK_INT(w.best_epoch, 4);
    CHECK_INT(watch_waited(&w, N_EPOCHS), 2);
    w = watched(WATCH_METRIC, 3);
    CHECK_INT(w.best_epoch, 3);
}

TEST(by_loss_the_lowest_is_kept)
{
    struct watch w = watched(WATCH_LOSS, N_EPOCHS);
    CHECK_INT(w.best_epoch, 3);
    CHECK_INT(watch_waited(&w, N_EPOCHS), 3);
    CHECK(w.best.metric == 0.6 && w.best.loss == 0.8);
}

TEST(by_both_one_epoch_is_best_in_both_and_either_is_worth_waiting_for)
{
    struct watch w = watched(WATCH_BOTH, 2);
    CHECK_INT(w.best_epoch, 1);
    CHECK_INT(watch_waited(&w, 2), 0);
    w = watched(WATCH_BOTH, N_EPOCHS);
    CHECK_INT(w.best_epoch, 3);
    CHECK_INT(watch_waited(&w, N_EPOCHS), 0); // 6 reaches the accuracy of 4
}

TEST(with_nothing_to_validate_by_the_latest_is_the_best)
{
    for (int rule = WATCH_METRIC; rule <= WATCH_BOTH; rule++) {
        struct watch w = watch_begin((enum watch_rule)rule);
        for (int64_t i = 1; i <= 3; i++)
            CHECK(watch_epoch(&w, i, (struct score){NAN, NAN}));
        CHECK_INT(w.best_epoch, 3);
        CHECK_INT(watch_waited(&w, 3), 0);
    }
}

// As a resumed training does it: of what was kept, only the best is measured.
static struct watch resumed(int64_t n)
{
    char note[128];
    struct watch before = watched(WATCH_BOTH, n), w = watch_begin(WATCH_BOTH);
    watch_write(&before, note, sizeof(note));
    watch_epoch(&w, before.best_epoch, before.best);
    CHECK(watch_read(&w, note, n));
    return w;
}

TEST(a_training_that_goes_on_knows_bests_of_one_side)
{
    for (int64_t n = 1; n <= N_EPOCHS; n++) {
        struct watch w = resumed(n), whole = watched(WATCH_BOTH, n);
        CHECK(w.metric == whole.metric && w.loss == whole.loss);
        CHECK_INT(w.best_epoch, whole.best_epoch);
        CHECK_INT(watch_waited(&w, n), watch_waited(&whole, n));
    }
    struct watch w = resumed(4);
    CHECK(!watch_epoch(&w, 5, (struct score){0.65, 0.7}));
    CHECK(watch_epoch(&w, 6, (struct score){0.7, 0.7}));
}

TEST(a_note_that_no_training_wrote_is_refused)
{
    static const char *const notes[] = {"",
                                        "watch",
                                        "watch 2 0x1p-1",
                                        "watch -1 0x1p-1 0x1p-1",
                                        "watch 9 0x1p-1 0x1p-1",
                                        "watch 2 nan 0x1p-1",
                                        "watch 2 0x1p-1 0x1p-1 more"};
    struct watch w = watch_begin(WATCH_BOTH);
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
        CHECK(!watch_read(&w, notes[i], 8));
    CHECK(watch_read(&w, "watch 2 -inf inf", 8)); // nothing was validated
}

int main(void)
{
    RUN(by_accuracy_the_highest_is_kept_and_of_equals_the_lowest_loss);
    RUN(by_loss_the_lowest_is_kept);
    RUN(by_both_one_epoch_is_best_in_both_and_either_is_worth_waiting_for);
    RUN(with_nothing_to_validate_by_the_latest_is_the_best);
    RUN(a_training_that_goes_on_knows_bests_of_one_side);
    RUN(a_note_that_no_training_wrote_is_refused);
    return test_done();
}
