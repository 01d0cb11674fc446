/* architecture.h: torchvision.models.resnet18: a 7 x 7 stem, a max pool, then four layers of two basic blocks (He et
 * al. 2015, arXiv 1512.03385). */
#ifndef HB_RESNET18_ARCHITECTURE_H
#define HB_RESNET18_ARCHITECTURE_H

#include "base/error.h"

#define HB_CONV_COUNT 20
#define HB_BLOCK_COUNT 8
#define HB_TENSOR_NAME 40 /* bytes, enough for the name of any tensor and a NUL */

/* Feature maps are numbered: first the input, then the outputs of the convolutions, then those of the blocks. The max
 * pool's output has the stem's number. */
#define HB_MAP_INPUT 0
#define HB_MAP_CONV(c) (1 + (c))
#define HB_MAP_BLOCK(b) (1 + HB_CONV_COUNT + (b))
#define HB_MAP_COUNT (1 + HB_CONV_COUNT + HB_BLOCK_COUNT)

/* A convolution. Its kernel is square, and its padding kernel / 2. */
typedef struct {
  const char *name; /* torchvision's; the tensors are name.weight and, in the project's own files, name.bias */
  const char *norm; /* torchvision's batch norm behind it */
  uint32_t in, out, kernel, stride; /* the first two count channels, the others pixels */
  uint32_t from;                    /* number of the feature map that it reads */
} hb_conv_spec;

/* All convolutions, in the order of plan.h: a block's downsample comes last. */
extern const hb_conv_spec hb_conv_specs[HB_CONV_COUNT];

/* They return the number of weights for one output channel, and for all. */
static inline size_t hb_conv_taps(const hb_conv_spec *spec) { return (size_t)spec->kernel * spec->kernel * spec->in; }
static inline size_t hb_kernel_size(const hb_conv_spec *spec) { return spec->out * hb_conv_taps(spec); }

/* The numbers of the two feature maps that each block adds: its last convolution's, then its shortcut's. */
extern const uint32_t hb_block_terms[HB_BLOCK_COUNT][2];

#endif
