#include "kcache.h"


#include "digest.h"

void artifact_key_hex(const struct artifact_key *key, char hex[33])
{
    XXH3_state_t s;
    digest_begin(&s, "gnnac artifact v1");
    digest_text(&s, key->source);
    digest_text(&s, key->options);
    digest_text(&s, key->arch);
    digest_text(&s, key->toolchain);
    struct digest d = digest_end(&s);
    digest_hex(&d, hex);
}
