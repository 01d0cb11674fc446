#include "resnet18/plan.h"

/* The plan while it is being made. */
typedef struct {
  hb_plan *plan;
  uint32_t count;
  int conv; /* the next one */
} draft;

static hb_plan_map add_step(draft *p, hb_step step) {
  size_t *size = &p->plan->buffer_sizes[step.out.buffer];
  if (hb_plan_map_size(&step.out) > *size) *size = hb_plan_map_size(&step.out);
  p->plan->steps[p->count++] = step;
  return step.out;
}

static hb_plan_map convolution(draft *p, hb_plan_map in, hb_buffer to, bool relu) {
  const int c = p->conv++;
  const hb_conv_spec *spec = &hb_conv_specs[c];
  const hb_plan_map out = {to, HB_MAP_CONV((uint32_t)c), in.side / spec->stride, spec->out};
  return add_step(p, (hb_step){.kind = HB_STEP_CONVOLUTION, .conv = c, .relu = relu, .in = in, .out = out});
}

static hb_plan_map max_pool(draft *p, hb_plan_map in) {
  const hb_plan_map out = {HB_BUFFER_BLOCK, in.number, in.side / 2, in.channels};
  return add_step(p, (hb_step){.kind = HB_STEP_MAX_POOL, .in = in, .out = out});
}

static hb_plan_map basic_block(draft *p, uint32_t block, hb_plan_map in) {
  hb_plan_map branch = convolution(p, in, HB_BUFFER_INNER, true);
  branch = convolution(p, branch, HB_BUFFER_BRANCH, false);
  const hb_plan_map shortcut = branch.side != in.side ? convolution(p, in, HB_BUFFER_INNER, false) : in;
  const hb_plan_map out = {HB_BUFFER_BLOCK, HB_MAP_BLOCK(block), branch.side, branch.channels};
  return add_step(p, (hb_step){.kind = HB_STEP_ADD, .relu = true, .in = branch, .other = shortcut, .out = out});
}

uint32_t hb_plan_feature(uint32_t block) {
  if (block == HB_BLOCK_COUNT - 1) return 0;
  return block == HB_BLOCK_COUNT - 3 ? HB_POOLED_DIM : HB_FEATURES_DIM;
}

static void mean(draft *p, uint32_t block, hb_plan_map in) {
  const uint32_t feature = hb_plan_feature(block);
  if (feature < HB_FEATURES_DIM)
    p->plan->steps[p->count++] = (hb_step){.kind = HB_STEP_MEAN, .feature = feature, .in = in};
}

void hb_plan_make(hb_plan *plan) {
  *plan = (hb_plan){0};
  draft p = {plan, 0, 0};
  hb_plan_map x = {HB_BUFFER_INPUT, HB_MAP_INPUT, HB_CROP_SIDE, 3};
  plan->buffer_sizes[HB_BUFFER_INPUT] = hb_plan_map_size(&x);
  x = convolution(&p, x, HB_BUFFER_STEM, true);
  x = max_pool(&p, x);
  for (uint32_t block = 0; block < HB_BLOCK_COUNT; block++) {
    x = basic_block(&p, block, x);
    mean(&p, block, x);
  }
}
