#include "bundle/kernel_image.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_IMAGE_BYTES = 64 << 20, MACHINE_CUDA = 190 };

const char *image_kind_name(enum image_kind kind)
{
    static const char *const names[N_IMAGE_KINDS] = {"cubin", "ptx", "source"};
    return names[kind];
}

static bool is_cuda_elf(const unsigned char *bytes, size_t n)
{
    Elf64_Ehdr h;
    if (n < sizeof(h))
        return false;
    memcpy(&h, bytes, sizeof(h));
    return memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 &&
           h.e_ident[EI_CLASS] == ELFCLASS64 &&
           h.e_ident[EI_DATA] == ELFDATA2LSB && h.e_machine == MACHINE_CUDA;
}

static bool is_text(const unsigned char *bytes, size_t n)
{
    return memchr(bytes, '\0', n) == NULL;
}

static bool begins_with(const unsigned char *bytes, size_t n, const char *s)
{
    return n >= strlen(s) && memcmp(bytes, s, strlen(s)) == 0;
}

// A module begins with .version; comments and blanks may stand before it.
static bool is_ptx(const unsigned char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && memchr(" \t\r\n", bytes[i], 4))
        i++;
    return is_text(bytes, n) && (begins_with(bytes + i, n - i, "//") ||
                                 begins_with(bytes + i, n - i, ".version"));
}

gnnac_status image_check(enum image_kind kind, const char *name,
                         const void *bytes, size_t n_bytes, gnnac_error *err)
{
    if (n_bytes == 0 || n_bytes > MAX_IMAGE_BYTES)
        return FAIL(err, GNNAC_EFORMAT, "%s: %zu bytes are no image", name,
                    n_bytes);
    if (kind == IMAGE_CUBIN && !is_cuda_elf(bytes, n_bytes) &&
        !is_ptx(bytes, n_bytes))
        return FAIL(err, GNNAC_EFORMAT, "%s: not code for an NVIDIA GPU", name);
    if (kind == IMAGE_PTX && !is_ptx(bytes, n_bytes))
        return FAIL(err, GNNAC_EFORMAT, "%s: not PTX", name);
    if (kind == IMAGE_SOURCE && !is_text(bytes, n_bytes))
        return FAIL(err, GNNAC_EFORMAT, "%s: not text", name);
    return GNNAC_OK;
}
