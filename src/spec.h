/* spec.h: torchvision.models.resnet18: 7x7 stem, max pool, then four layers of two basic blocks (He et al. 2015, arXiv
 * 1512.03385). */
#ifndef HB_SPEC_H
#define HB_SPEC_H

#include "error.h"

#define HB_INPUT_SIDE 224
#define HB_CONV_COUNT 20
#define HB_BLOCK_COUNT 8

/* A convolution, square and with padding kernel / 2, in the order of execution; a block's downsample comes last. */
typedef struct {
  const char *name; /* torchvision's; the tensors are name.weight and, in the project's own files, name.bias */
  const char *norm; /* torchvision's batch norm behind it */
  uint32_t in, out, kernel, stride;
} hb_conv_spec;

extern const hb_conv_spec hb_conv_specs[HB_CONV_COUNT];

#endif
