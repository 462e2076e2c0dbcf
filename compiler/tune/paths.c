#include "tune/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static char *join(const char *folder, const char *name, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", folder, name, suffix) < 0 ? NULL : path;
}

static char *readable(char *path)
{
    if (path && access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

// First of the folders that has NAME or NAME.lua.
static char *find_in_data_dirs(const char *name)
{
    char *dirs[16], *found = NULL;
    size_t n = data_dirs("rules", dirs, 16);
    for (size_t i = 0; i < n && !found; i++) {
        found = readable(join(dirs[i], name, ""));
        if (!found)
            found = readable(join(dirs[i], name, ".lua"));
    }
    for (size_t i = 0; i < n; i++)
        free(dirs[i]);
    return found;
}

char *rules_default_path(gnnac_error *err)
{
    char *path = find_in_data_dirs("default.lua");
    if (!path)
        (void)FAIL(err, GNNAC_ENOENT,
                   "rules/default.lua is not installed; set GNNAC_PATH to the "
                   "folder that holds rules/ and templates/");
    return path;
}

char *rules_find(const char *name)
{
    size_t n_file = strcspn(name, "#");
    char *path = NULL, *found = NULL, *file = strndup(name, n_file);
    if (file && access(file, F_OK) == 0)
        found = strdup(file);
    else if (file && !strchr(file, '/'))
        found = find_in_data_dirs(file);
    if (found && asprintf(&path, "%s%s", found, name + n_file) < 0)
        path = NULL;
    free(found);
    free(file);
    return path;
}

char *rules_file_of(const char *found)
{
    char *file = strdup(found);
    char *mark = file ? strrchr(file, '#') : NULL;
    if (mark && access(found, F_OK) != 0)
        *mark = '\0';
    return file;
}

char *database_path(const char *folder, const char *name)
{
    return folder ? join(folder, name, "") : home_path(name);
}
