// What a tuning came to, as the JSON object of `gnnac tune --json`; the text is
// printed from it, so that what several tuners did is one report.
#ifndef GNNAC_TUNE_REPORT_H
#define GNNAC_TUNE_REPORT_H

#include <jansson.h>

#include "tune/assemble.h"

// A new reference; NULL: out of memory.
json_t *tune_report(const struct assembly *a);

// What `other`, of the same steps, raced for and `report` took from the
// database; its counts are added. What is no report is ignored.
void tune_report_merge(json_t *report, const json_t *other);

// The table for people, on stdout.
void tune_report_print(const json_t *report);

// What was done, on stderr.
void tune_report_summarise(const json_t *report);

#endif
