/* weights.h: ResNet-18's weights as the network wants them: batch norm folded, convolutions in OHWI order. */
#ifndef HB_WEIGHTS_H
#define HB_WEIGHTS_H

#include "error.h"
#include "safetensors.h"
#include "sha256.h"

#define HB_CONV_COUNT 20

/* A convolution, square and with padding kernel / 2, in the order of execution; a block's downsample comes last. */
typedef struct {
  const char *name; /* torchvision's; the tensors are name.weight and, in the project's own files, name.bias */
  const char *norm; /* torchvision's batch norm behind it */
  uint32_t in, out, kernel, stride;
} hb_conv_spec;

extern const hb_conv_spec hb_conv_specs[HB_CONV_COUNT];

typedef struct {
  const float *kernel[HB_CONV_COUNT]; /* [out][kernel][kernel][in] */
  const float *bias[HB_CONV_COUNT];   /* [out] */
  const float *fc_kernel;             /* [1000][512] */
  const float *fc_bias;               /* [1000] */
  char id[HB_SHA256_HEX];             /* of all of the above in this order */
  float *owned;                       /* the memory behind the pointers, or NULL if they point into the file */
} hb_weights;

/* Reads either of the two kinds of file (see hb_model_open). The pointers may lead into the file's bytes, which must
 * outlive the result. */
hb_status hb_weights_read(const hb_safetensors *file, hb_weights *out, hb_error *error);
void hb_weights_free(hb_weights *weights);

#ifndef __wasm__
hb_status hb_weights_write(const hb_weights *weights, const char *path, hb_error *error);
#endif

#endif
