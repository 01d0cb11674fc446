/* dot_i8.h: the forms of dot.h's products of whole numbers, one for each kind of machine. dot_i8.c chooses among them.
 * All forms give identical results. */
#ifndef HB_VECTOR_DOT_I8_H
#define HB_VECTOR_DOT_I8_H

#include "vector/dot.h"

typedef struct {
  void (*rows)(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots);
  void (*rows_by_4)(const int16_t *const queries[HB_DOT_QUERIES], const int8_t *rows, size_t count, size_t dim,
                    int32_t *dots, size_t stride);
} hb_dot_i8;

extern const hb_dot_i8 hb_dot_i8_portable;
#ifdef __x86_64__
extern const hb_dot_i8 hb_dot_i8_avx2, hb_dot_i8_vnni;
#endif

/* The kinds of forms, from the narrowest to the widest. */
typedef enum { HB_DOT_I8_PORTABLE, HB_DOT_I8_AVX2, HB_DOT_I8_VNNI, HB_DOT_I8_FORMS } hb_dot_i8_kind;

/* Returns the form, or NULL if this machine cannot run it. */
const hb_dot_i8 *hb_dot_i8_form(hb_dot_i8_kind kind);

#endif
