// Where compile and explain find rule files and databases.
#ifndef GNNAC_PATHS_H
#define GNNAC_PATHS_H

#include "fail.h"

// The shipped default.lua, first match along data_dirs("rules"). Owned string;
// NULL with the message set when there is none.
char *rules_default_path(gnnac_error *err);

// `name` as it stands if such a file exists, else NAME or NAME.lua along the
// data folders; a "#RULE" behind it is kept. Owned string; NULL when there is
// none.
char *rules_find(const char *name);

// What rules_find gives, without the "#RULE" behind it. Owned; NULL when out of
// memory.
char *rules_file_of(const char *found);

// --db FOLDER gives FOLDER/name; NULL gives the home path. Owned string; NULL
// when there is no home folder.
char *database_path(const char *folder, const char *name);

#endif
