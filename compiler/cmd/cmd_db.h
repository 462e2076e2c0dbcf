// gnnac db: what its actions share. cmd_db.c has the table of them.
#ifndef GNNAC_CMD_DB_H
#define GNNAC_CMD_DB_H

#include <jansson.h>

#include "cli/cli.h"
#include "kcache.h"
#include "tune/workbench.h"
#include "tunedb.h"

// args[0] is the action's name.
gnnac_status db_info(const struct options *o, gnnac_error *err);
gnnac_status db_verify_files(const struct options *o, gnnac_error *err);
gnnac_status db_best(const struct options *o, gnnac_error *err);
gnnac_status db_history(const struct options *o, gnnac_error *err);
gnnac_status db_why(const struct options *o, gnnac_error *err);
gnnac_status db_export(const struct options *o, gnnac_error *err);
gnnac_status db_import(const struct options *o, gnnac_error *err);
gnnac_status db_merge(const struct options *o, gnnac_error *err);
gnnac_status db_prune(const struct options *o, gnnac_error *err);
gnnac_status db_quarantine(const struct options *o, gnnac_error *err);

// prune --quarantine.
gnnac_status db_empty_quarantine(const struct options *o, gnnac_error *err);

// tune.db of --db, made if need be; warns where it can only be read.
gnnac_status db_open_tune(const struct options *o, struct tunedb **out,
                          gnnac_error *err);
// The path of one that is there, owned; NULL where there is none yet.
// GNNAC_EDB without a home folder.
gnnac_status db_existing(const struct options *o, const char *name, char **path,
                         gnnac_error *err);

// What is known of args[1] (a graph file, or the first digits of a
// fingerprint; none: every graph) and args[2] (a part of an operation's text;
// none: all): lists of the objects of tune/record_json.h, without their names
// around them.
struct db_answers {
    json_t *decisions, *runs;
};
gnnac_status db_ask(const struct options *o, struct tunedb *db,
                    struct db_answers *out, gnnac_error *err);
// The same of what begins a fingerprint and of what is part of an operation's
// text.
gnnac_status db_collect(struct tunedb *db, const char *graph, const char *op,
                        struct db_answers *out, gnnac_error *err);
void db_answers_finish(struct db_answers *a);

// At which level of the look-up a compile here and now would find a decision,
// and what that means.
const char *db_level(const struct workbench *wb, const json_t *decision);
const char *db_level_text(const char *level);
// Whether a timing stands before another: faster first, then what was not
// timed, in the order of the candidates.
bool db_stands_before(const json_t *a, const json_t *b);

const char *json_text_at(const json_t *object, const char *name); // "": none
// "12.34 us", or `otherwise` for null.
void print_ns(const json_t *ns, const char *otherwise);
// Graph, operation, device of a decision or run.
void print_question(const json_t *record);
void print_measurements(const json_t *list);

#endif
