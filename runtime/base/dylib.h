// CUDA's libraries, found and opened at run time, so that nothing here links
// them. Where they are looked for, in this order:
//
//   toolkit (NVRTC, cuBLAS)            driver (libcuda.so.1)
//   $GNNAC_CUDA_PATH                   the folders of $LD_LIBRARY_PATH
//   the folders of $LD_LIBRARY_PATH    the loader's own path
//   $CUDA_HOME, $CUDA_PATH             where containers and WSL keep it
//   the loader's own path
//   /usr/local/cuda
//   Python wheels: nvidia/*/lib of the usual package folders
//
// A variable may name a toolkit (its lib64, lib, targets/*/lib are searched) or
// the folder with the library itself. $LD_LIBRARY_PATH counts before $CUDA_HOME
// because who sets it for one run means it. Libraries found through it or the
// loader are opened by soname, never by path. Thread-safe.
#ifndef GNNAC_DYLIB_H
#define GNNAC_DYLIB_H

#include <stdbool.h>
#include <stddef.h>

#include "fail.h"

enum dylib_kind { DYLIB_TOOLKIT, DYLIB_DRIVER };

struct dylib_request {
    const char *what;           // for messages, e.g. "cuBLAS"
    const char *const *sonames; // best first, ended by NULL
    const char *remedy;         // what to do where there is none
    enum dylib_kind kind;
};

// Open the first that can be opened; it stays loaded until the process ends.
// The caller closes *handle with dylib_close. `path` (may be NULL) receives the
// file, links resolved. GNNAC_ENOENT with the places searched and the remedy in
// one line.
gnnac_status dylib_open(const struct dylib_request *rq, void **handle,
                        char *path, size_t path_bytes, gnnac_error *err);
void dylib_close(void *handle); // NULL is fine

// Load `name` from the folder of `path`, a file that dylib_open gave, for good.
// For libraries that ask the loader for a companion by its name and do not say
// where it lies. Nothing happens where it is not there: the loader may know
// another.
void dylib_load_beside(const char *path, const char *name);

// The file that dylib_open would most likely open, without opening it (a big
// library costs tens of milliseconds). GNNAC_ENOENT as above.
gnnac_status dylib_find(const struct dylib_request *rq, char *path,
                        size_t path_bytes, gnnac_error *err);

// `slot` points to a function pointer; an absent optional one becomes NULL.
struct dylib_symbol {
    const char *name;
    void *slot;
    bool required;
};

// Fill every slot. GNNAC_EUNSUPPORTED names the library and the first required
// symbol that it lacks.
gnnac_status dylib_symbols(void *handle, const char *path,
                           const struct dylib_symbol *symbols, size_t n,
                           gnnac_error *err);

// Both: open, then fill every slot; closed again where one is lacking.
gnnac_status dylib_load(const struct dylib_request *rq,
                        const struct dylib_symbol *symbols, size_t n,
                        void **handle, gnnac_error *err);

#endif
