// Stands in for libFuzzer: runs a target over the files of a corpus and prints
// TAP. With -cuts, also over every beginning of each file and over copies with
// one bit flipped, so that a small corpus goes a long way in every build.
//
// usage: fuzz_NAME [-cuts] FOLDER
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_CUTS = 600 };

// An allocation of exactly `size` bytes, so that a sanitizer sees one too many.
static void run_copy(const uint8_t *data, size_t size, size_t flip_bit)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    if (flip_bit < 8 * size)
        copy[flip_bit / 8] ^= (uint8_t)(1 << flip_bit % 8);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_cuts(const uint8_t *data, size_t size)
{
    size_t step = size / MOST_CUTS + 1;
    for (size_t n = 0; n < size; n += step) {
        run_copy(data, n, SIZE_MAX);
        run_copy(data, size, 8 * n + n % 8);
    }
}

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    struct stat sb;
    if (!f || fstat(fileno(f), &sb) != 0) {
        perror(path);
        exit(1);
    }
    uint8_t *data = malloc((size_t)sb.st_size + 1);
    *size = data ? fread(data, 1, (size_t)sb.st_size, f) : 0;
    fclose(f);
    return data;
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **names;
    const char *folder = argc > 1 ? argv[argc - 1] : "";
    int cuts = argc > 2 && strcmp(argv[1], "-cuts") == 0;
    int n = scandir(folder, &names, is_visible, alphasort);
    if (n < 1) {
        fprintf(stderr, "%s: no corpus\n", folder);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        size_t size;
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        uint8_t *data = read_whole(path, &size);
        if (data)
            run_copy(data, size, SIZE_MAX);
        if (data && cuts)
            run_cuts(data, size);
        printf("%sok %d - %s is read or refused\n", data ? "" : "not ", i + 1,
               names[i]->d_name);
        fflush(stdout);
        free(data);
        free(names[i]);
    }
    free(names);
    printf("1..%d\n", n);
    return 0;
}
