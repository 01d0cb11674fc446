#include "int8/conv_winograd.h"

static hb_winograd_i8 shape_of(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form) {
  return (hb_winograd_i8){side,
                          source->spec->in,
                          source->spec->out,
                          source->input.zero,
                          source->output.zero,
                          (uint8_t)hb_i8_form_flip(form)};
}

bool hb_conv_winograd_fits(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form, uint32_t members,
                           size_t *size, size_t *scratch) {
  if (source->spec->kernel != 3 || source->spec->stride != 1) return false;
  const hb_winograd_i8 shape = shape_of(source, side, form);
  if (!hb_winograd_i8_fits(&shape, source->kernel, source->bias)) return false;
  *size = hb_i8_round_up(hb_winograd_i8_packed_bytes(&shape));
  *scratch = hb_i8_round_up(hb_winograd_i8_scratch_bytes(&shape, members));
  return true;
}

static void run(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
                void *scratch, hb_worker_team *team) {
  const hb_winograd_map from = {in->origin, in->row}, to = {out->origin, out->row};
  hb_winograd_sum add;
  if (sum != NULL) add = (hb_winograd_sum){to, sum->own, sum->other, sum->bias, sum->zero, sum->shift};
  hb_winograd_i8_run(&conv->winograd, conv->weights, &from, &to, sum != NULL ? &add : NULL, scratch, team);
}

void hb_conv_winograd_pack(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form, void *memory,
                           hb_conv_i8 *out) {
  float multipliers[HB_CONV_OUT_MAX];
  for (uint32_t o = 0; o < source->spec->out; o++)
    multipliers[o] = source->input.scale * source->kernel_scale[o] / source->output.scale;
  *out = (hb_conv_i8){
      .spec = source->spec, .weights = memory, .form = form, .winograd = shape_of(source, side, form), .run = run};
  hb_winograd_i8_pack(&out->winograd, source->kernel, source->bias, multipliers, memory);
}
