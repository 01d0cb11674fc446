/* plan.h: the network as a list of steps over a few buffers. network_xnnpack.c runs it, in f32 and in 8 bits.
 * network_i8.c takes from it what each step reads and writes, but has an order and buffers of its own. */
#ifndef HB_RESNET18_PLAN_H
#define HB_RESNET18_PLAN_H

#include "resnet18/quantization.h"

#define HB_STEP_COUNT (HB_CONV_COUNT + 1 + HB_BLOCK_COUNT + 2) /* a max pool, and the means of two layers */

/* A basic block needs three buffers: one for its input, which its output replaces, and two on the way there. */
typedef enum {
  HB_BUFFER_INPUT,
  HB_BUFFER_STEM,
  HB_BUFFER_BLOCK,
  HB_BUFFER_INNER, /* between a block's convolutions; afterwards its shortcut, if that has a convolution */
  HB_BUFFER_BRANCH,
  HB_BUFFER_COUNT
} hb_buffer;

/* A square feature map [side][side][channels]. */
typedef struct {
  hb_buffer buffer;
  uint32_t number; /* as in architecture.h */
  uint32_t side, channels;
} hb_plan_map;

typedef enum { HB_STEP_CONVOLUTION, HB_STEP_MAX_POOL, HB_STEP_ADD, HB_STEP_MEAN } hb_step_kind;

typedef struct {
  hb_step_kind kind;
  int conv;                   /* number of the convolution */
  bool relu;                  /* whether one follows; it always does after an addition */
  uint32_t feature;           /* where a mean's results begin among the features */
  hb_plan_map in, other, out; /* `other` is an addition's second summand, whose buffer may be the output's. A mean has
                                 no output */
} hb_step;

typedef struct {
  hb_step steps[HB_STEP_COUNT];
  size_t buffer_sizes[HB_BUFFER_COUNT]; /* in numbers: the largest feature map that each holds */
} hb_plan;

/* Returns where the mean of a block's output begins among the HB_FEATURES_DIM features: that of layer4 comes first,
 * then that of layer3. Returns HB_FEATURES_DIM if it is not one of them. */
uint32_t hb_plan_feature(uint32_t block);

void hb_plan_make(hb_plan *plan);

static inline size_t hb_plan_map_size(const hb_plan_map *map) { return (size_t)map->side * map->side * map->channels; }

#endif
