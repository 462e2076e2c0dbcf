// The kernel of a whole model on its way to a bundle.
#ifndef GNNAC_ASSEMBLE_WHOLE_H
#define GNNAC_ASSEMBLE_WHOLE_H

#include "tune/assemble.h"

// Chooses one for the assembly's program, whose steps have been answered, and
// enters it into the manifest. Where no kernel can run all steps, or none is
// proposed, there is none: that is no failure.
gnnac_status assemble_whole(struct workbench *wb, struct assembly *a,
                            gnnac_error *err);

#endif
