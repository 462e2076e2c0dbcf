// Fills FOLDER/tune.db with timings that a formula made up.
// usage: make_timings FOLDER N_GRAPHS [no-properties] [no-default]
#include <sys/stat.h>

#include "timings_fixture.h"

int main(int argc, char **argv)
{
    gnnac_error err = {{0}};
    struct timings_request rq = {.n_graphs = argc > 2 ? atoi(argv[2]) : 0};
    struct tunedb *db = NULL;
    char path[600];
    if (argc < 3)
        return 1;
    for (int i = 3; i < argc; i++) {
        rq.no_properties |= strcmp(argv[i], "no-properties") == 0;
        rq.no_default |= strcmp(argv[i], "no-default") == 0;
    }
    mkdir(argv[1], 0777);
    snprintf(path, sizeof(path), "%s/tune.db", argv[1]);
    gnnac_status st = tunedb_open(path, &db, &err);
    if (st == GNNAC_OK)
        st = timings_fill(db, &rq, &err);
    tunedb_close(db);
    if (st != GNNAC_OK)
        fprintf(stderr, "make_timings: %s\n", err.msg);
    return st != GNNAC_OK;
}
