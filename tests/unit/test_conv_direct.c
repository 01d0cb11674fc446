/* conv_direct.c and requantize.h: convolutions of all shapes of the network, on smaller maps, in all forms: every
 * number against the arithmetic written down plainly and against XNNPACK's operators. */
#include <stdlib.h>
#include <string.h>

#include "feature_maps.h"
#include "helper_threads.h"
#include "int8/conv_choice.h"
#include "int8/conv_direct.h"
#include "int8/conv_i8.h"
#include "reference_i8.h"
#include "support.h"
#include "synthetic_i8.h"
#include "xnnpack_i8.h"

/* A convolution with random or extreme numbers, and what it should give. */
typedef struct {
  hb_conv_spec spec;
  uint32_t side, out_side; /* of input and output */
  int8_t *kernel, *input, *shortcut;
  float *kernel_scale;
  int32_t *bias;
  hb_quantization in, out, other, result; /* of input, output, shortcut and their sum */
  int8_t *plain, *summed;                 /* expected, without and with the shortcut */
  bool beyond_peer;                       /* XNNPACK's native kernels are wrong when rounded sums exceed 32 bits */
} problem;

static size_t outputs(const problem *p) { return (size_t)p->out_side * p->out_side * p->spec.out; }

static hb_quantization some_quantization(hb_random *random) {
  return (hb_quantization){(float)(0.02 + 0.2 * hb_random_unit(random)), random_between(random, -128, 127)};
}

/* Scales under which sums of about `spread` fill the output's range. */
static problem make_problem(hb_random *random, const hb_conv_spec *spec, uint32_t side, double spread) {
  const size_t taps = (size_t)spec->kernel * spec->kernel * spec->in;
  problem p = {.spec = *spec, .side = side, .out_side = side / spec->stride};
  p.kernel = random_numbers(random, taps * spec->out);
  for (size_t i = 0; i < taps * spec->out; i++) p.kernel[i] = p.kernel[i] == -128 ? -127 : p.kernel[i];
  p.input = random_numbers(random, (size_t)side * side * spec->in);
  p.shortcut = random_numbers(random, outputs(&p));
  p.kernel_scale = must_allocate(spec->out * sizeof *p.kernel_scale);
  p.bias = must_allocate(spec->out * sizeof *p.bias);
  p.in = some_quantization(random);
  p.out = some_quantization(random);
  p.other = some_quantization(random);
  p.result = some_quantization(random);
  for (uint32_t o = 0; o < spec->out; o++) {
    const double wanted = 60 / spread * (0.2 + 2 * hb_random_unit(random));
    p.kernel_scale[o] = (float)(wanted * (double)(p.out.scale / p.in.scale));
    p.bias[o] = random_between(random, -(int32_t)spread, (int32_t)spread);
  }
  return p;
}

static void ask_peer(const problem *p) {
  xnnpack_step conv = xnnpack_conv(&p->spec, p->kernel, p->kernel_scale, p->bias, p->in, p->out, p->input, p->side);
  xnnpack_step sum = xnnpack_add(p->out, p->other, p->result, conv.output, p->shortcut, p->out_side, p->spec.out);
  xnnpack_run(&conv);
  xnnpack_run(&sum);
  assert_memory_equal(conv.output, p->plain, outputs(p));
  assert_memory_equal(sum.output, p->summed, outputs(p));
  xnnpack_free(&conv);
  xnnpack_free(&sum);
}

/* What the plain arithmetic says, and XNNPACK says the same. */
static void solve(problem *p) {
  p->plain = must_allocate(outputs(p));
  p->summed = must_allocate(outputs(p));
  reference_conv_i8(&p->spec, p->kernel, p->kernel_scale, p->bias, p->in, p->out, p->input, p->side, p->plain);
  reference_add_i8(p->out, p->other, p->result, p->plain, p->shortcut, outputs(p), p->summed);
  if (!p->beyond_peer) ask_peer(p);
}

static void free_problem(problem *p) {
  void *all[] = {p->kernel, p->input, p->shortcut, p->kernel_scale, p->bias, p->plain, p->summed};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* Runs it in two parts of rows and two of channels, if it has so many. */
static void run_parts(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
                      uint32_t row, uint32_t channel) {
  const uint32_t rows[3] = {0, row, out->side}, channels[3] = {0, channel, conv->spec->out};
  for (int r = 1; r >= 0; r--)
    for (int c = 1; c >= 0; c--)
      hb_conv_direct_part(conv, in, out, sum, &(hb_conv_part){rows[r], rows[r + 1], channels[c], channels[c + 1]});
}

static hb_conv_i8_source source_of(const problem *p) {
  return (hb_conv_i8_source){&p->spec, p->kernel, p->kernel_scale, p->bias, p->in, p->out};
}

/* How it is run: in parts, or as a whole by a team, or NULL. */
typedef struct {
  bool parts;
  uint32_t row, channel;
  hb_worker_team *team;
} way;

/* Runs a packed convolution and compares. */
static void check_run(const problem *p, const hb_conv_i8 *conv, hb_i8_form maps, bool add, way how, void *scratch) {
  const hb_sum_i8 sum = hb_sum_i8_of(p->out, p->other, p->result), *added = add ? &sum : NULL;
  const hb_i8_form form = how.parts ? conv->form : maps;
  test_map in = map_of(p->input, p->side, p->spec.in, p->spec.kernel == 7 ? 3 : 1, form, p->in.zero);
  test_map out = map_of(add ? p->shortcut : NULL, p->out_side, p->spec.out, 1, maps, 17);
  if (how.parts)
    run_parts(conv, &in.map, &out.map, added, how.row, how.channel);
  else
    hb_conv_i8_run(conv, &in.map, &out.map, added, scratch, how.team);
  int8_t *got = numbers_of(&out.map);
  if (memcmp(got, add ? p->summed : p->plain, outputs(p)) != 0)
    fail_msg("%s in form %s%s differs", p->spec.name, form_names[conv->form], add ? " with a shortcut" : "");
  assert_true(border_is(&out.map, 17));
  free(got);
  free(in.memory);
  free(out.memory);
}

static void check(const problem *p, hb_i8_form form, bool add, uint32_t row, uint32_t channel) {
  const hb_conv_i8_source source = source_of(p);
  void *packed = aligned_alloc(64, hb_conv_direct_size(&p->spec));
  hb_conv_i8 conv;
  hb_conv_direct_pack(&source, form, packed, &conv);
  check_run(p, &conv, hb_i8_form_of_maps(form), add, (way){true, row, channel, NULL}, NULL);
  free(packed);
}

/* The kind that is chosen, which for 3 x 3 at a stride of 1 is another one, by one thread or by a team. */
static void check_chosen(const problem *p, hb_i8_form product, bool add, hb_worker_team *team) {
  const hb_conv_i8_source source = source_of(p);
  const hb_conv_i8_choice draft = hb_conv_i8_choose(&source, p->side, product, hb_worker_team_members(team));
  void *packed = aligned_alloc(64, draft.size), *scratch = aligned_alloc(64, hb_i8_round_up(draft.scratch + 1));
  hb_conv_i8 conv;
  hb_conv_i8_pack(&draft, packed, &conv);
  check_run(p, &conv, hb_i8_form_of_maps(product), add, (way){.team = team}, scratch);
  free(packed);
  free(scratch);
}

static helped_team helped; /* of three, for all tests */

static void check_all(problem *p) {
  solve(p);
  for (hb_i8_form form = HB_I8_WIDE; form < FORMS; form++)
    for (int add = 0; add < 2; add++) {
      check(p, form, add, 0, 0);
      check_chosen(p, form, add, NULL);
      check_chosen(p, form, add, helped.team);
    }
  free_problem(p);
}

/* One of every shape. */
static const struct {
  int conv;
  uint32_t side;
} shapes[] = {{0, 20}, {1, 14}, {5, 14}, {6, 9}, {7, 12}, {10, 6}, {11, 7}, {12, 6}, {15, 4}, {16, 5}, {17, 6}};

static void every_shape_gives_the_same_numbers(void **state) {
  (void)state;
  hb_random random = {21};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    problem p = make_problem(&random, &hb_conv_specs[shapes[i].conv], shapes[i].side, 2e5);
    check_all(&p);
  }
}

/* Rests of all lengths: maps of 1 to 13 pixels a side, hence 1 to 169 pixels. */
static void every_number_of_pixels(void **state) {
  (void)state;
  hb_random random = {22};
  const hb_conv_spec small = {"small", "", 8, 16, 3, 1, 0};
  for (uint32_t side = 1; side <= 13; side++) {
    problem p = make_problem(&random, &small, side, 5e4);
    check_all(&p);
  }
}

static void parts_make_the_whole(void **state) {
  (void)state;
  hb_random random = {23};
  problem p = make_problem(&random, &hb_conv_specs[1], 14, 2e5);
  solve(&p);
  for (uint32_t row = 0; row <= 14; row += 3)
    for (uint32_t channel = 0; channel <= 64; channel += 24)
      for (hb_i8_form form = HB_I8_WIDE; form < FORMS; form++) check(&p, form, channel % 48 == 0, row, channel);
  free_problem(&p);
}

/* The largest sums there are, of all signs, with zeros at the ends. */
static void extreme_numbers(void **state) {
  (void)state;
  hb_random random = {24};
  const hb_conv_spec deep = {"deep", "", 512, 16, 3, 1, 0};
  for (int kind = 0; kind < 16; kind++) {
    problem p = make_problem(&random, &deep, 7, kind & 1 ? 1e7 : 1e8);
    const int8_t w = kind & 2 ? 127 : -127, x = kind & 4 ? 127 : -128;
    memset(p.kernel, w, (size_t)512 * 16 * 9);
    memset(p.input, x, 7 * 7 * 512);
    p.in.zero = kind & 8 ? 127 : -128;
    check_all(&p);
  }
}

/* Weights in pairs of the same sign, where products that saturate at 16 bits would show. */
static void pairs_of_large_weights(void **state) {
  (void)state;
  hb_random random = {25};
  problem p = make_problem(&random, &hb_conv_specs[1], 8, 1e6);
  for (size_t i = 0; i < 64 * 9 * 64; i++) p.kernel[i] = hb_random_below(&random, 100) < 50 ? 127 : -127;
  for (size_t i = 0; i < 8 * 8 * 64; i++) p.input[i] = hb_random_below(&random, 100) < 50 ? 127 : -128;
  check_all(&p);
}

/* Nearly all results are beyond -128 .. 127, by far, and further than floats have whole numbers. */
static void outputs_that_saturate(void **state) {
  (void)state;
  hb_random random = {26};
  for (int i = 0; i < 3; i++) {
    problem p = make_problem(&random, &hb_conv_specs[1], 8, 2e5);
    for (uint32_t o = 0; o < 64; o++)
      p.kernel_scale[o] = (i == 0 ? 1 : i == 1 ? 20 : 255) * 0.999f * p.out.scale / p.in.scale;
    for (uint32_t o = 0; o < 64; o++) p.bias[o] = (o % 2 == 0 ? 1 : -1) * (int32_t)(o << 20);
    p.beyond_peer = i == 2;
    check_all(&p);
  }
}

/* Halves are rounded to even: a scale of 1/2 makes many. */
static void halves_are_rounded_to_even(void **state) {
  (void)state;
  hb_random random = {27};
  problem p = make_problem(&random, &hb_conv_specs[7], 14, 200);
  p.in.scale = 1;
  p.out.scale = 2;
  for (size_t i = 0; i < 64 * 128; i++) p.kernel[i] = (int8_t)random_between(&random, -1, 1);
  for (size_t i = 0; i < 14 * 14 * 64; i++) p.input[i] = (int8_t)random_between(&random, -4, 4);
  for (uint32_t o = 0; o < 128; o++) p.kernel_scale[o] = 1;
  p.in.zero = 0;
  check_all(&p);
}

/* The sum's multipliers at the ends of their range. */
static void sums_of_unlike_scales(void **state) {
  (void)state;
  static const float ratios[][2] = {
      {0x1p-10f, 1},    {1, 0x1p-10f},      {255.9f, 1},          {0x1p-10f, 255.9f},
      {1, 1},           {1.99999f, 0.001f}, {0x1p-10f, 0x1p-10f}, {0.9999999f, 1.0000001f},
      {0.5f, 0.49999f}, {100, 200}};
  hb_random random = {28};
  const hb_conv_spec small = {"small", "", 8, 16, 3, 1, 0};
  for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
    problem p = make_problem(&random, &small, 9, 5e4);
    const float before = p.out.scale;
    p.result.scale = 0.25f;
    p.out.scale = ratios[i][0] * p.result.scale;
    p.other.scale = ratios[i][1] * p.result.scale;
    for (uint32_t o = 0; o < 16; o++) p.kernel_scale[o] *= p.out.scale / before;
    check_all(&p);
  }
}

static int get_help(void **state) {
  (void)state;
  helped = helped_team_of(3);
  return 0;
}

static int send_help_away(void **state) {
  (void)state;
  helped_team_free(&helped);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_shape_gives_the_same_numbers),
      cmocka_unit_test(every_number_of_pixels),
      cmocka_unit_test(parts_make_the_whole),
      cmocka_unit_test(extreme_numbers),
      cmocka_unit_test(pairs_of_large_weights),
      cmocka_unit_test(outputs_that_saturate),
      cmocka_unit_test(halves_are_rounded_to_even),
      cmocka_unit_test(sums_of_unlike_scales),
  };
  return cmocka_run_group_tests(tests, get_help, send_help_away);
}
