// How damage is told that a look at a whole file finds.
#ifndef GNNAC_DAMAGE_H
#define GNNAC_DAMAGE_H

// Called once for each; `what` is one line that names the row, not the file.
typedef void damage_report(void *context, const char *what);

#endif
