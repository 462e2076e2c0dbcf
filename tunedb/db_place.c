// Where a database stands: folders, file systems, moving it aside.
#include "db.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

gnnac_status db_make_folders(const char *path, gnnac_error *err)
{
    char folder[PATH_MAX];
    if ((size_t)snprintf(folder, sizeof(folder), "%s", path) >= sizeof(folder))
        return FAIL(err, GNNAC_EDB, "%s: path is too long", path);
    for (char *at = folder + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST && errno != EROFS)
            return FAIL(err, GNNAC_EDB, "%s: %s", folder, strerror(errno));
        *at = '/';
    }
    return GNNAC_OK;
}

bool db_is_remote(const char *path)
{
    // Magic numbers of <linux/magic.h> and of file systems that it lacks.
    static const uint32_t remote[] = {
        0x6969,     // NFS
        0xff534d42, // CIFS
        0xfe534d42, // SMB 2
        0x517b,     // SMB
        0x0bd00bd0, // Lustre
        0x47504653, // GPFS
        0x00c36400, // Ceph
        0x65735546, // FUSE: sshfs and others
        0x5346414f, // AFS
        0x01021997, // 9P
        0x19830326, // BeeGFS
        0xaad7aaea, // PanFS
    };
    char copy[PATH_MAX];
    struct statfs fs;
    snprintf(copy, sizeof(copy), "%s", path);
    if (statfs(dirname(copy), &fs) != 0)
        return true;
    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
        if ((uint32_t)fs.f_type == remote[i])
            return true;
    return false;
}

uint64_t db_inode(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 ? sb.st_ino : 0;
}

gnnac_status db_move_aside(const char *path, uint64_t inode, char *moved,
                           size_t n_bytes, gnnac_error *err)
{
    // The journals go first: a fresh file must never meet an old journal.
    static const char *const parts[] = {"-wal", "-shm", "-journal", ""};
    char base[PATH_MAX], from[PATH_MAX + 16], to[PATH_MAX + 16];
    snprintf(base, sizeof(base), "%s.corrupt-%lld", path,
             (long long)time(NULL));
    if (db_inode(path) != inode) { // someone else was faster
        snprintf(moved, n_bytes, "%s", path);
        return GNNAC_OK;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(from, sizeof(from), "%s%s", path, parts[i]);
        snprintf(to, sizeof(to), "%s%s", base, parts[i]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return FAIL(err, GNNAC_EDB, "%s: %s", from, strerror(errno));
    }
    snprintf(moved, n_bytes, "%s", base);
    return GNNAC_OK;
}
