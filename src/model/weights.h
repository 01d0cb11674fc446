/* weights.h: ResNet-18's weights as the network wants them: batch norm folded, convolutions in OHWI order. */
#ifndef HB_MODEL_WEIGHTS_H
#define HB_MODEL_WEIGHTS_H

#include "base/sha256.h"
#include "model/safetensors.h"
#include "resnet18/quantization.h"

typedef struct {
  hb_precision precision;
  /* Of f32, and of f16 after expansion; NULL in i8. */
  const float *kernel[HB_CONV_COUNT]; /* [out][kernel][kernel][in] */
  const float *bias[HB_CONV_COUNT];   /* [out] */
  hb_quantized quantized;             /* of i8 only */
  const float *fc_kernel;             /* [1000][512] */
  const float *fc_bias;               /* [1000] */
  char id[HB_SHA256_HEX];             /* of all of the above, see hb_weights_identify */
  float *owned;                       /* the memory behind what does not point into the file, or NULL */
} hb_weights;

void hb_weights_free(hb_weights *weights);

#define HB_MODEL_KIND "heybagh-resnet18-" /* __metadata__.kind of the project's own files, and f32, f16 or i8 */

extern const uint32_t hb_fc_shape[2];

/* The tensor `prefix.suffix` of exactly this type and shape, or an error that names it. */
hb_status hb_weights_tensor(const hb_safetensors *file, const char *prefix, const char *suffix, hb_dtype dtype,
                            uint32_t rank, const uint32_t *shape, const hb_tensor **out, hb_error *error);

/* Owned memory, into which the pointers lead then: for fc alone, with all of f32, with all of i8. */
hb_status hb_weights_allocate_fc(hb_weights *out, hb_error *error);
hb_status hb_weights_allocate(hb_weights *out, hb_error *error);
hb_status hb_weights_allocate_quantized(hb_weights *out, hb_error *error);

/* Sets the id: the SHA-256 of the numbers of the network: in f32 and f16, both as f32, of kernel and bias of each
 * convolution in turn, then of fc; in i8 of kernel, scales and bias of each convolution, of scales and zeros of the
 * maps, and of fc as f32. */
void hb_weights_identify(hb_weights *weights);

#endif
