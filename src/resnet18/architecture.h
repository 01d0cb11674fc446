/* architecture.h: torchvision.models.resnet18: 7x7 stem, max pool, then four layers of two basic blocks (He et al.
 * 2015, arXiv 1512.03385). */
#ifndef HB_RESNET18_ARCHITECTURE_H
#define HB_RESNET18_ARCHITECTURE_H

#include "base/error.h"

#define HB_CONV_COUNT 20
#define HB_BLOCK_COUNT 8
#define HB_TENSOR_NAME 40 /* bytes that the name of any tensor fits in */

/* Maps are numbered: the input, the convolutions' outputs (the stem's is also the max pool's), the blocks' outputs. */
#define HB_MAP_INPUT 0
#define HB_MAP_CONV(c) (1 + (c))
#define HB_MAP_BLOCK(b) (1 + HB_CONV_COUNT + (b))
#define HB_MAP_COUNT (1 + HB_CONV_COUNT + HB_BLOCK_COUNT)

/* A convolution, square and with padding kernel / 2, in the order of execution; a block's downsample comes last. */
typedef struct {
  const char *name; /* torchvision's; the tensors are name.weight and, in the project's own files, name.bias */
  const char *norm; /* torchvision's batch norm behind it */
  uint32_t in, out, kernel, stride, from; /* the last is the map that it reads */
} hb_conv_spec;

extern const hb_conv_spec hb_conv_specs[HB_CONV_COUNT];

/* Weights of one output channel, and of all. */
static inline size_t hb_conv_taps(const hb_conv_spec *spec) { return (size_t)spec->kernel * spec->kernel * spec->in; }
static inline size_t hb_kernel_size(const hb_conv_spec *spec) { return spec->out * hb_conv_taps(spec); }

/* The two maps that a block adds. */
extern const uint32_t hb_block_terms[HB_BLOCK_COUNT][2];

#endif
