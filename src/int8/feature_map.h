/* feature_map.h: feature maps of the int8 network, and all that is done to them except convolution.
 *
 * A feature map is [row][column][channel] within a border that holds its zero. So a convolution need not ask whether it
 * is at an edge, and each row of its window is one run of numbers. */
#ifndef HB_INT8_FEATURE_MAP_H
#define HB_INT8_FEATURE_MAP_H

#include <stddef.h>

#include "base/worker_team.h"
#include "resnet18/quantization.h"

/* How a number q (-128 .. 127) is stored, which depends on what the machine's fastest exact product takes. Feature maps
 * consist of bytes; where the machine has no exact product of bytes, a convolution widens its input. */
typedef enum {
  HB_I8_WIDE,     /* q as int16 */
  HB_I8_SIGNED,   /* q */
  HB_I8_UNSIGNED, /* q + 128 */
} hb_i8_form;

/* Returns the form of products for this machine. It is HB_I8_WIDE without relaxed SIMD, and also with it if the product
 * of bytes is exact neither with signed nor with unsigned bytes as its second operand: x86 before AVX-VNNI saturates
 * sums of two products. */
hb_i8_form hb_i8_form_here(void);

/* They return the bytes of a stored number, what is added to q, and the bits in which a stored byte differs from q. */
static inline size_t hb_i8_form_bytes(hb_i8_form form) { return form == HB_I8_WIDE ? 2 : 1; }
static inline int32_t hb_i8_form_offset(hb_i8_form form) { return form == HB_I8_UNSIGNED ? 128 : 0; }
static inline int8_t hb_i8_form_flip(hb_i8_form form) { return form == HB_I8_UNSIGNED ? INT8_MIN : 0; }

/* Returns the form of feature maps for a form of products. */
static inline hb_i8_form hb_i8_form_of_maps(hb_i8_form product) {
  return product == HB_I8_WIDE ? HB_I8_SIGNED : product;
}

/* Feature maps, packed weights and scratch share one piece of memory; each begins at a multiple of this. */
#define HB_I8_ALIGNMENT 64
static inline size_t hb_i8_round_up(size_t bytes) {
  return (bytes + HB_I8_ALIGNMENT - 1) / HB_I8_ALIGNMENT * HB_I8_ALIGNMENT;
}

typedef struct {
  uint8_t *origin;                 /* the first pixel inside the border */
  size_t row;                      /* bytes from one row to the next */
  uint32_t side, channels, border; /* in pixels */
  hb_i8_form form;
} hb_feature_map;

/* Returns the bytes that hb_feature_map_place needs. */
size_t hb_feature_map_bytes(uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form);

/* Lays a feature map over `memory`, which must outlive it, and fills its border with `zero`. */
hb_feature_map hb_feature_map_place(void *memory, uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form,
                                    int32_t zero);

/* Fills the border anew, for numbers that have another zero. */
void hb_feature_map_fill_border(const hb_feature_map *map, int32_t zero);

/* Copies numbers q [side][side][channels] into a feature map of bytes. */
void hb_feature_map_write(const int8_t *numbers, const hb_feature_map *out);

/* Widens a feature map of bytes, border included, to one of int16. `memory` has hb_feature_map_bytes and must outlive
 * the result. `team` may be NULL. */
hb_feature_map hb_feature_map_widen(const hb_feature_map *map, void *memory, hb_worker_team *team);

/* Computes row `y` of a 3 x 3 maximum at a stride of 2 from the input's rows 2y - 1, 2y and 2y + 1. Input and output
 * consist of bytes, and channels are a multiple of 16. For y = 0 the first row lies outside the picture, and the caller
 * passes the second in its place. */
void hb_feature_map_max_pool_row(const uint8_t *const rows[3], const hb_feature_map *out, uint32_t y);

/* Computes the mean of every channel of a feature map of bytes. It has at most 255 pixels, and channels are a multiple
 * of 8. */
void hb_feature_map_mean(const hb_feature_map *map, hb_quantization quantization, float *means);

#endif
