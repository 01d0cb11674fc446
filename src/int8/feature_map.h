/* feature_map.h: feature maps of the int8 network, and what is done to them besides convolution.
 *
 * A map is [row][column][channel] within a border that holds its zero, so that a convolution never asks where it is,
 * and a row of its window is one run of numbers. */
#ifndef HB_INT8_FEATURE_MAP_H
#define HB_INT8_FEATURE_MAP_H

#include <stddef.h>

#include "base/worker_team.h"
#include "resnet18/quantization.h"

/* How a number q (-128 .. 127) is stored: as the fastest exact product of the machine takes it. Maps are of bytes;
 * where there is no exact product of bytes, the input of a convolution is widened for it. */
typedef enum {
  HB_I8_WIDE,     /* q as int16 */
  HB_I8_SIGNED,   /* q */
  HB_I8_UNSIGNED, /* q + 128 */
} hb_i8_form;

/* The form for this machine. It is HB_I8_WIDE without relaxed SIMD, and with it where the product of bytes takes its
 * second operand neither as signed nor as unsigned bytes exactly: x86 before AVX-VNNI saturates sums of two products.
 */
hb_i8_form hb_i8_form_here(void);

/* Bytes of a number, what is added to q, and what turns a stored byte into q's and back. */
static inline size_t hb_i8_form_bytes(hb_i8_form form) { return form == HB_I8_WIDE ? 2 : 1; }
static inline int32_t hb_i8_form_offset(hb_i8_form form) { return form == HB_I8_UNSIGNED ? 128 : 0; }
static inline int8_t hb_i8_form_flip(hb_i8_form form) { return form == HB_I8_UNSIGNED ? INT8_MIN : 0; }

/* The form of feature maps where products are of this one. */
static inline hb_i8_form hb_i8_form_of_maps(hb_i8_form product) {
  return product == HB_I8_WIDE ? HB_I8_SIGNED : product;
}

/* Maps, packed weights and scratch lie one behind the other in one piece of memory, each at a multiple of this. */
#define HB_I8_ALIGNMENT 64
static inline size_t hb_i8_round_up(size_t bytes) {
  return (bytes + HB_I8_ALIGNMENT - 1) / HB_I8_ALIGNMENT * HB_I8_ALIGNMENT;
}

typedef struct {
  uint8_t *origin;                 /* the first pixel within the border */
  size_t row;                      /* bytes from one row to the next */
  uint32_t side, channels, border; /* in pixels */
  hb_i8_form form;
} hb_feature_map;

/* Bytes of a map's memory. */
size_t hb_feature_map_bytes(uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form);

/* Lays a map over `memory` and fills its border with `zero`. */
hb_feature_map hb_feature_map_place(void *memory, uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form,
                                    int32_t zero);

/* Fills the border, for what is there now is of other numbers. */
void hb_feature_map_fill_border(const hb_feature_map *map, int32_t zero);

/* Takes numbers q [side][side][channels] into a map of bytes. */
void hb_feature_map_write(const int8_t *numbers, const hb_feature_map *out);

/* A map of bytes as one of int16, with its border, in `memory` of hb_feature_map_bytes. `team` may be NULL. */
hb_feature_map hb_feature_map_widen(const hb_feature_map *map, void *memory, hb_worker_team *team);

/* Row `y` of a 3 x 3 maximum at a stride of 2, of the input's rows 2y - 1, 2y and 2y + 1, all bytes. For y = 0 the
 * first is outside the picture; the caller passes the second instead. */
void hb_feature_map_max_pool_row(const uint8_t *const rows[3], const hb_feature_map *out, uint32_t y);

/* The mean of every channel of a map of bytes. At most 255 pixels, channels a multiple of 8. */
void hb_feature_map_mean(const hb_feature_map *map, hb_quantization quantization, float *means);

#endif
