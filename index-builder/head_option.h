/* head_option.h: the heads as --head names them. */
#ifndef HEAD_OPTION_H
#define HEAD_OPTION_H

#include <heybagh.h>

#define HEAD_OPTION_MADE "discriminant:D, lda[:D], pca:D (D from 1 to 768), svd:D (D from 1 to 513)"

/* As hb_head_choose, but a file must be there. *dim is 0 for a file, which must be opened to know. */
bool head_option_parse(const char *name, hb_head_kind *kind, uint32_t *dim);

/* Returns true for heads that are learned from features of a collection: pca, lda, discriminant. */
bool head_option_is_learned(hb_head_kind kind);
/* Returns true for heads that only a collection's bundle has: these, and svd. */
bool head_option_is_of_collection(hb_head_kind kind);

/* Writes the name that asks for a learned head like that of `index`. */
void head_option_again(const hb_index *index, char *name, size_t capacity);

#endif
