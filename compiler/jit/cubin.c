#include "jit/cubin.h"

#include <elf.h>
#include <stdint.h>

struct elf {
    const unsigned char *bytes;
    size_t n;
    Elf64_Ehdr head;
    Elf64_Shdr names; // the section of sections' names
};

static const unsigned char *range(const struct elf *e, uint64_t at, uint64_t n)
{
    return at <= e->n && n <= e->n - at ? e->bytes + at : NULL;
}

static bool get(const struct elf *e, uint64_t at, void *out, size_t n)
{
    const unsigned char *from = range(e, at, n);
    if (from)
        memcpy(out, from, n);
    return from != NULL;
}

static bool get_section(const struct elf *e, size_t i, Elf64_Shdr *out)
{
    return e->head.e_shoff <= e->n &&
           get(e, e->head.e_shoff + i * sizeof(*out), out, sizeof(*out));
}

// A text of a section of texts; NULL when it does not end there.
static const char *text_at(const struct elf *e, const Elf64_Shdr *texts,
                           uint32_t at)
{
    const unsigned char *all = range(e, texts->sh_offset, texts->sh_size);
    if (!all || at >= texts->sh_size)
        return NULL;
    return memchr(all + at, '\0', texts->sh_size - at) ? (const char *)all + at
                                                       : NULL;
}

static bool elf_open(struct elf *e, const void *image, size_t n)
{
    *e = (struct elf){.bytes = image, .n = n};
    return get(e, 0, &e->head, sizeof(e->head)) &&
           memcmp(e->head.e_ident, ELFMAG, SELFMAG) == 0 &&
           e->head.e_ident[EI_CLASS] == ELFCLASS64 &&
           e->head.e_ident[EI_DATA] == ELFDATA2LSB &&
           e->head.e_shentsize == sizeof(Elf64_Shdr) &&
           get_section(e, e->head.e_shstrndx, &e->names);
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool is_executed(const char *section)
{
    static const char *const not [] = {
        ".debug",    ".rel.debug",    ".rela.debug",
        ".nv_debug", ".rel.nv_debug", ".rela.nv_debug",
        ".note",     ".strtab",       ".shstrtab"};
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
        if (begins_with(section, not [i]))
            return false;
    return true;
}

static void digest_name(XXH3_state_t *s, const char *text, const char *name)
{
    const char *at = name[0] ? strstr(text, name) : NULL;
    digest_bytes(s, text, at ? (size_t)(at - text) : strlen(text));
    digest_text(s, at ? at + strlen(name) : "");
}

// Where things are; what is defined elsewhere counts by its name.
static bool digest_symbols(XXH3_state_t *s, const struct elf *e,
                           const Elf64_Shdr *table)
{
    Elf64_Shdr texts;
    if (table->sh_link >= e->head.e_shnum ||
        !get_section(e, table->sh_link, &texts) ||
        !range(e, table->sh_offset, table->sh_size))
        return false;
    for (uint64_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        Elf64_Sym symbol;
        if (!get(e, table->sh_offset + i * sizeof(symbol), &symbol,
                 sizeof(symbol)))
            return false;
        const char *text = text_at(e, &texts, symbol.st_name);
        if (!text)
            return false;
        digest_int(s, symbol.st_info);
        digest_int(s, symbol.st_other);
        digest_int(s, symbol.st_shndx);
        digest_int(s, (int64_t)symbol.st_value);
        digest_int(s, (int64_t)symbol.st_size);
        digest_text(s, symbol.st_shndx == SHN_UNDEF ? text : "");
    }
    return true;
}

static bool digest_section(XXH3_state_t *s, const struct elf *e,
                           const Elf64_Shdr *h, const char *name)
{
    const char *called = text_at(e, &e->names, h->sh_name);
    if (!called)
        return false;
    if (!is_executed(called))
        return true;
    digest_name(s, called, name);
    digest_int(s, h->sh_type);
    digest_int(s, (int64_t)h->sh_flags);
    digest_int(s, (int64_t)h->sh_size);
    digest_int(s, h->sh_link);
    digest_int(s, h->sh_info); // of code, the registers, too
    digest_int(s, (int64_t)h->sh_addralign);
    if (h->sh_type == SHT_SYMTAB)
        return digest_symbols(s, e, h);
    if (h->sh_type == SHT_NOBITS || h->sh_type == SHT_NULL)
        return true;
    const unsigned char *bytes = range(e, h->sh_offset, h->sh_size);
    if (bytes)
        digest_bytes(s, bytes, h->sh_size);
    return bytes != NULL;
}

static bool digest_elf(XXH3_state_t *s, const void *image, size_t n,
                       const char *name)
{
    struct elf e;
    if (!elf_open(&e, image, n))
        return false;
    digest_int(s, e.head.e_machine);
    digest_int(s, e.head.e_flags); // the architecture
    for (size_t i = 0; i < e.head.e_shnum; i++) {
        Elf64_Shdr h;
        if (!get_section(&e, i, &h) || !digest_section(s, &e, &h, name))
            return false;
    }
    return true;
}

static void digest_text_image(XXH3_state_t *s, const char *image, size_t n,
                              const char *name)
{
    size_t length = strlen(name);
    const char *at;
    while (length && (at = memmem(image, n, name, length))) {
        digest_bytes(s, image, (size_t)(at - image));
        n -= (size_t)(at - image) + length;
        image = at + length;
    }
    digest_bytes(s, image, n);
}

void cubin_digest(XXH3_state_t *s, const void *image, size_t n_bytes,
                  const char *name)
{
    XXH3_state_t begun = *s;
    if (digest_elf(s, image, n_bytes, name))
        return;
    *s = begun;
    digest_text_image(s, image, n_bytes, name);
}

// ---- needs ------------------------------------------------------------------

// Section .nv.info is a list of items: what they say of a function, 4 bytes for
// its symbol and 4 for the number, behind a head that gives their size.
enum { OF_FUNCTION = 0x04, REGISTER_COUNT = 0x2f, FRAME_SIZE = 0x11 };

struct item_head {
    uint8_t form, what;
    uint16_t n_bytes;
};

static void raise_to(int *most, uint64_t n)
{
    if (n <= INT32_MAX && (int)n > *most)
        *most = (int)n;
}

static void take_item(const struct item_head *head, uint32_t number,
                      struct cubin_needs *out)
{
    if (head->form == OF_FUNCTION && head->what == REGISTER_COUNT)
        raise_to(&out->registers, number);
    if (head->form == OF_FUNCTION && head->what == FRAME_SIZE)
        raise_to(&out->stack, number);
}

static void take_items(const struct elf *e, const Elf64_Shdr *h,
                       struct cubin_needs *out)
{
    uint64_t at = h->sh_offset, end = h->sh_offset + h->sh_size;
    while (range(e, h->sh_offset, h->sh_size) && at < end) {
        struct item_head head;
        uint32_t of_function[2];
        if (!get(e, at, &head, sizeof(head)))
            return;
        at += sizeof(head);
        if (head.form != OF_FUNCTION) // the number is in the head
            continue;
        if (head.n_bytes >= sizeof(of_function) &&
            get(e, at, of_function, sizeof(of_function)))
            take_item(&head, of_function[1], out);
        at += head.n_bytes;
    }
}

// A section .nv.shared.NAME holds what the system keeps for itself, too, where
// there is one for that: from compute capability 9.0 on.
enum { SYSTEM_SHARED = 1024 };

static void take_section(const struct elf *e, const Elf64_Shdr *h,
                         bool *reserves, struct cubin_needs *out)
{
    const char *name = text_at(e, &e->names, h->sh_name);
    if (!name)
        return;
    if (strcmp(name, ".nv.info") == 0)
        take_items(e, h, out);
    if (begins_with(name, ".nv.shared.reserved"))
        *reserves = true;
    else if (begins_with(name, ".nv.shared."))
        raise_to(&out->shared, h->sh_size);
}

bool cubin_needs(const void *image, size_t n_bytes, struct cubin_needs *out)
{
    struct elf e;
    struct cubin_needs found = {.registers = -1};
    bool reserves = false;
    if (!elf_open(&e, image, n_bytes))
        return false;
    for (size_t i = 0; i < e.head.e_shnum; i++) {
        Elf64_Shdr h;
        if (get_section(&e, i, &h))
            take_section(&e, &h, &reserves, &found);
    }
    if (reserves && found.shared >= SYSTEM_SHARED)
        found.shared -= SYSTEM_SHARED;
    if (found.registers < 0)
        return false;
    *out = found;
    return true;
}
