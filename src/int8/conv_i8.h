/* conv_i8.h: one convolution of the int8 network, with requantization and the residual addition in it. */
#ifndef HB_INT8_CONV_I8_H
#define HB_INT8_CONV_I8_H

#include "int8/requantize.h"
#include "int8/winograd_i8.h"

/* Channels that a convolution makes at once. */
#define HB_CONV_BLOCK 8
#define HB_CONV_OUT_MAX 512 /* channels that ResNet-18's convolutions have at most */

/* What a convolution is made of. */
typedef struct {
  const hb_conv_spec *spec;
  const int8_t *kernel; /* [out][kernel][kernel][in] */
  const float *kernel_scale;
  const int32_t *bias;
  hb_quantization input, output;
} hb_conv_i8_source;

/* A convolution, packed. Different kinds differ in what `weights` points to and in `run`. */
typedef struct hb_conv_i8 hb_conv_i8;
struct hb_conv_i8 {
  const hb_conv_spec *spec;
  const void *weights;
  const int32_t
      *bias;          /* [out], without what stored numbers have more than input zero; of the direct kind, as are all */
  const float *scale; /* [out] */
  hb_rounding_i8 rounding;
  hb_i8_form form;         /* of the input; the output is in bytes always */
  hb_winograd_i8 winograd; /* of the other kind */
  void (*run)(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
              void *scratch, hb_worker_team *team);
};

/* Computes `out`. The border of `in` is at least kernel / 2 wide and holds the input's zero. If `sum` is not NULL,
 * `out` holds the shortcut, to which the result is added in place. `scratch` is as the draft says. */
static inline void hb_conv_i8_run(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                                  const hb_sum_i8 *sum, void *scratch, hb_worker_team *team) {
  conv->run(conv, in, out, sum, scratch, team);
}

/* The kind that sums up products directly. Packs into `memory`, which is hb_conv_direct_size bytes, a multiple of 64,
 * at a multiple of 64, and outlives the convolution; the source may go. */
size_t hb_conv_direct_size(const hb_conv_spec *spec);
void hb_conv_direct_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out);

/* A part of this kind's output. Parts may be computed in any order and by several threads. */
typedef struct {
  uint32_t row, row_end;
  uint32_t channel, channel_end; /* multiples of HB_CONV_BLOCK */
} hb_conv_part;
/* `in` is in the convolution's form. */
void hb_conv_direct_part(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                         const hb_sum_i8 *sum, const hb_conv_part *part);

/* The kind by Winograd's filtering, for maps of bytes. False if it cannot take the convolution; else *size is the
 * memory that packing takes, a multiple of 64, and *scratch what a run of `members` does. */
bool hb_conv_winograd_fits(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form, uint32_t members,
                           size_t *size, size_t *scratch);
void hb_conv_winograd_pack(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form, void *memory,
                           hb_conv_i8 *out);

/* The faster kind for a convolution, and the memory that it takes. */
typedef struct {
  hb_conv_i8_source source;
  uint32_t side; /* of the input */
  hb_i8_form product;
  bool winograd;
  size_t size, scratch; /* bytes: packed; for a run */
} hb_conv_i8_choice;

/* `product`: see hb_i8_form_here. Maps are of bytes: signed ones if it is HB_I8_WIDE, else of that form. `members`: of
 * the team that runs it. */
hb_conv_i8_choice hb_conv_i8_choose(const hb_conv_i8_source *source, uint32_t side, hb_i8_form product,
                                    uint32_t members);
void hb_conv_i8_pack(const hb_conv_i8_choice *draft, void *memory, hb_conv_i8 *out);
static inline hb_i8_form hb_i8_form_of_maps(hb_i8_form product) {
  return product == HB_I8_WIDE ? HB_I8_SIGNED : product;
}

#endif
