/* weights.h: ResNet-18's weights as the network uses them, with batch norm folded in and convolutions in OHWI order. */
#ifndef HB_MODEL_WEIGHTS_H
#define HB_MODEL_WEIGHTS_H

#include "base/sha256.h"
#include "model/safetensors.h"
#include "resnet18/quantization.h"

typedef struct {
  hb_precision precision;
  hb_view view;
  /* The next two are NULL in i8. In f16 they are expanded. */
  const float *kernel[HB_CONV_COUNT]; /* [out][kernel][kernel][in] */
  const float *bias[HB_CONV_COUNT];   /* [out] */
  hb_quantized quantized;             /* in i8 only */
  const float *fc_kernel;             /* [1000][512]; NULL in a compact file that does without */
  const float *fc_bias;               /* [1000]; likewise */
  /* In i8 only: the codes are few, and their file is compact, which means that streams of rans.h take the place of
   * codes. All numbers are in owned memory once such a file is read. */
  bool compact;
  char fc_id[HB_SHA256_HEX]; /* if compact: SHA-256 of fc's kernel and bias, also where they are left out */
  char id[HB_SHA256_HEX];    /* see hb_weights_identify */
  float *owned;              /* memory for what does not point into the file, or NULL */
} hb_weights;

void hb_weights_free(hb_weights *weights);

/* __metadata__.kind of the project's own files is this, followed by f32, f16 or i8, or by HB_MODEL_COMPACT. */
#define HB_MODEL_KIND "heybagh-resnet18-"
#define HB_MODEL_COMPACT "i8-rans"

extern const uint32_t hb_fc_shape[2];

/* Finds the tensor `prefix.suffix`. Fails with a sentence that names it unless it has this type and shape. */
hb_status hb_weights_tensor(const hb_safetensors *file, const char *prefix, const char *suffix, hb_dtype dtype,
                            uint32_t rank, const uint32_t *shape, const hb_tensor **out, hb_error *error);

/* They allocate owned memory and set the pointers into it: for fc alone, for fc and f32 convolutions, for fc and i8
 * convolutions, and for i8 convolutions alone. */
hb_status hb_weights_allocate_fc(hb_weights *out, hb_error *error);
hb_status hb_weights_allocate(hb_weights *out, hb_error *error);
hb_status hb_weights_allocate_quantized(hb_weights *out, hb_error *error);
hb_status hb_weights_allocate_without_fc(hb_weights *out, hb_error *error);

/* Sets the id, which is the SHA-256 of the network's numbers. In f32 and f16 they are kernel and bias of each
 * convolution in turn, then fc, all as f32. In i8 they are kernel, scales and bias of each convolution, then scales and
 * zeros of the feature maps, then fc as f32. If they are compact, fc_id takes the place of fc, so that the id can be
 * checked where fc is left out; and before each kernel comes a "4" if its codes are from -8 to 7, and then two of them
 * are in a byte, the first in its low half, or else an "8". Last comes the name of the view, unless it is
 * HB_VIEW_CROP. */
void hb_weights_identify(hb_weights *weights);

#endif
