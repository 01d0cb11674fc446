/* conv_winograd.h: against a plain convolution in whole numbers, in every bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feature_maps.h"
#include "helper_threads.h"
#include "int8/conv_winograd.h"
#include "support.h"

#define LARGEST 33554431 /* 2^25 - 1: the largest sum that is exact */
#define LEAST_SIDE 4
#define BORDER 17 /* what the output's border holds before and after */

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/* ---- A case: everything that a convolution needs ---- */

typedef struct {
  hb_conv_spec spec;
  uint32_t side;
  int8_t *kernel, *input, *shortcut, *expected; /* maps without a border */
  int32_t *bias;
  float *multiplier;
  int32_t input_zero, output_zero;
  hb_i8_form form;
  hb_sum_i8 sum;
  bool with_sum;
} instance;

static size_t inputs_of(const instance *c) { return (size_t)c->side * c->side * c->spec.in; }
static size_t outputs_of(const instance *c) { return (size_t)c->side * c->side * c->spec.out; }
static size_t taps_of(const instance *c) { return hb_conv_taps(&c->spec); }

/* Scales of 1 leave the multiplier as it is. */
static hb_conv_i8_source source_of(const instance *c) {
  return (hb_conv_i8_source){&c->spec, c->kernel, c->multiplier, c->bias, {1, c->input_zero}, {1, c->output_zero}};
}

static bool fits(const instance *c) {
  const hb_conv_i8_source source = source_of(c);
  return hb_conv_winograd_fits(&source, c->side);
}

static int32_t between(hb_random *random, int32_t low, int32_t high) {
  return low + (int32_t)hb_random_below(random, (uint32_t)(high - low + 1));
}

static int8_t *numbers_between(hb_random *random, size_t count, int32_t low, int32_t high) {
  int8_t *values = must_allocate(count);
  for (size_t i = 0; i < count; i++) values[i] = (int8_t)between(random, low, high);
  return values;
}

/* Random weights, biases, inputs, and multipliers that use the range of the output. */
static instance make(uint32_t side, uint32_t in, uint32_t out, int32_t input_zero) {
  hb_random random = {side * 1000 + in + out};
  instance c = {.spec = {"", "", in, out, 3, 1, 0}, .side = side, .input_zero = input_zero, .form = HB_I8_SIGNED};
  c.output_zero = between(&random, -128, 127);
  c.kernel = numbers_between(&random, taps_of(&c) * out, -40, 40);
  c.input = numbers_between(&random, inputs_of(&c), -128, 127);
  c.shortcut = numbers_between(&random, outputs_of(&c), -128, 127);
  c.expected = must_allocate(outputs_of(&c));
  c.bias = must_allocate(out * sizeof *c.bias);
  c.multiplier = must_allocate(out * sizeof *c.multiplier);
  const double spread = 23 * 100 * sqrt((double)taps_of(&c));
  for (uint32_t o = 0; o < out; o++) {
    c.bias[o] = between(&random, -100000, 100000);
    c.multiplier[o] = (float)((0.2 + hb_random_unit(&random)) * 127 / spread);
  }
  c.sum = (hb_sum_i8){.own = 1400000, .other = 700001, .zero = -20, .shift = 20};
  c.sum.bias = (1 << 19) + 31 * c.sum.own - 7 * c.sum.other;
  return c;
}

static void drop(instance *c) {
  free(c->kernel), free(c->input), free(c->shortcut), free(c->expected), free(c->bias), free(c->multiplier);
}

/* ---- The arithmetic of quantization.h, spelled out ---- */

static int32_t clamp(int32_t q) { return q < -128 ? -128 : q > 127 ? 127 : q; }

static int32_t sum_at(const instance *c, uint32_t o, int32_t y, int32_t x) {
  const int32_t side = (int32_t)c->side;
  const uint32_t in = c->spec.in;
  int32_t sum = c->bias[o];
  for (int32_t tap = 0; tap < 9; tap++) {
    const int32_t iy = y + tap / 3 - 1, ix = x + tap % 3 - 1;
    if (iy < 0 || ix < 0 || iy >= side || ix >= side) continue;
    const int8_t *w = c->kernel + o * taps_of(c) + (size_t)tap * in, *q = c->input + (size_t)(iy * side + ix) * in;
    for (uint32_t i = 0; i < in; i++) sum += (q[i] - c->input_zero) * w[i];
  }
  return sum;
}

static int32_t requantized(const instance *c, uint32_t o, int32_t sum) {
  const float scaled = (float)sum * c->multiplier[o];
  return clamp((int32_t)rintf(fminf(fmaxf(scaled, -1000), 1000)) + c->output_zero);
}

static void convolve(const instance *c) {
  for (uint32_t p = 0; p < c->side * c->side; p++)
    for (uint32_t o = 0; o < c->spec.out; o++) {
      const size_t i = (size_t)p * c->spec.out + o;
      int32_t q = requantized(c, o, sum_at(c, o, (int32_t)(p / c->side), (int32_t)(p % c->side)));
      if (c->with_sum) {
        const hb_sum_i8 *s = &c->sum;
        q = clamp(((s->bias + q * s->own + c->shortcut[i] * s->other) >> s->shift) + s->zero);
      }
      c->expected[i] = (int8_t)q;
    }
}

/* ---- Runs, in memory of exactly the size that is asked for ---- */

static void compare(const instance *c, const hb_feature_map *output) {
  int8_t *got = numbers_of(output);
  for (size_t i = 0; i < outputs_of(c); i++)
    if (got[i] != c->expected[i])
      fail_msg("side %u, %u to %u channels, %s%s: number %zu is %d, not %d", c->side, c->spec.in, c->spec.out,
               form_names[c->form], c->with_sum ? ", with a shortcut" : "", i, got[i], c->expected[i]);
  assert_true(border_is(output, BORDER));
  free(got);
}

static void check_by(const instance *c, hb_worker_team *team) {
  const hb_conv_i8_source source = source_of(c);
  const size_t scratch_bytes = hb_conv_winograd_scratch(&c->spec, c->side, hb_worker_team_members(team));
  void *packed = must_allocate(hb_conv_winograd_size(&c->spec)), *scratch = must_allocate(scratch_bytes);
  test_map in = map_of(c->input, c->side, c->spec.in, 1, c->form, c->input_zero);
  test_map out = map_of(c->with_sum ? c->shortcut : NULL, c->side, c->spec.out, 1, c->form, BORDER);
  hb_conv_i8 conv;
  hb_conv_winograd_pack(&source, c->form, packed, &conv);
  memset(scratch, 0xa5, scratch_bytes);
  hb_conv_i8_run(&conv, &in.map, &out.map, c->with_sum ? &c->sum : NULL, scratch, team);
  compare(c, &out.map);
  free(in.memory), free(out.memory), free(packed), free(scratch);
}

static void check(const instance *c) {
  assert_true(fits(c));
  convolve(c);
  check_by(c, NULL);
}

/* Checks signed and unsigned maps, without and with an addition. */
static void check_all_ways(instance *c) {
  for (int way = 0; way < 4; way++) {
    c->form = way & 1 ? HB_I8_UNSIGNED : HB_I8_SIGNED;
    c->with_sum = way & 2;
    check(c);
  }
}

/* ---- Tests ---- */

static void shapes_of_the_network_match_in_every_bit(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 4; i++) {
    instance c = make(56u >> i, 64u << i, 64u << i, -128);
    c.with_sum = i % 2 == 1;
    check(&c);
    drop(&c);
  }
}

static void every_side_matches_in_every_bit(void **state) {
  (void)state;
  for (uint32_t side = LEAST_SIDE; side <= 21; side++) {
    instance c = make(side, 8 + side % 3 * 8, 8 + side % 2 * 8, -128);
    check_all_ways(&c);
    drop(&c);
  }
}

static void sides_of_many_tiles_match_in_every_bit(void **state) {
  (void)state;
  static const uint32_t sides[] = {28, 57, 67, 70};
  for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
    instance c = make(sides[i], 8, 8, -128);
    check_all_ways(&c);
    drop(&c);
  }
}

static void any_zero_is_taken(void **state) {
  (void)state;
  static const int32_t zeros[] = {-128, -127, -1, 0, 5, 127};
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
    instance c = make(7, 16, 8, zeros[i]);
    c.output_zero = zeros[i];
    check_all_ways(&c);
    drop(&c);
  }
}

typedef int8_t (*pattern)(size_t i, hb_random *random);
static int8_t highest(size_t i, hb_random *random) { return (void)i, (void)random, 127; }
static int8_t lowest(size_t i, hb_random *random) { return (void)i, (void)random, -127; }
static int8_t lowest_byte(size_t i, hb_random *random) { return (void)i, (void)random, -128; }
static int8_t alternating(size_t i, hb_random *random) { return (void)random, i % 2 ? 127 : -127; }
static int8_t either(size_t i, hb_random *random) { return (void)i, hb_random_below(random, 2) ? 127 : -127; }
static int8_t either_byte(size_t i, hb_random *random) { return (void)i, hb_random_below(random, 2) ? 127 : -128; }

/* The largest and smallest of everything: sums up to 18.7 million, transformed inputs and weights at their bounds. */
static void extreme_weights_and_inputs_match_in_every_bit(void **state) {
  (void)state;
  static const pattern kernels[] = {highest, lowest, alternating, either};
  static const pattern inputs[] = {highest, lowest_byte, alternating, either_byte};
  hb_random random = {7};
  instance c = make(7, 64, 8, -128);
  for (uint32_t o = 0; o < 8; o++) c.multiplier[o] = 100 / 18.7e6f;
  for (int k = 0; k < 4; k++)
    for (int i = 0; i < 4; i++) {
      for (size_t t = 0; t < taps_of(&c) * 8; t++) c.kernel[t] = kernels[k](t, &random);
      for (size_t t = 0; t < inputs_of(&c); t++) c.input[t] = inputs[i](t, &random);
      for (uint32_t o = 0; o < 8; o++) c.bias[o] = k % 2 ? 0 : -7000000;
      check_all_ways(&c);
    }
  drop(&c);
}

/* What is largest at a point: every input and every tap has the sign that its coefficient has there. Over the points,
 * all pairs of such signs occur. */
static void signs_of_the_transforms_match_in_every_bit(void **state) {
  (void)state;
  static const int8_t signs[6][6] = {{1, 0, -1, 0, 1, 0},  {0, 1, 1, -1, -1, 0}, {0, -1, 1, 1, -1, 0},
                                     {0, -1, -1, 1, 1, 0}, {0, 1, -1, -1, 1, 0}, {0, 1, 0, -1, 0, 1}};
  static const int8_t taps[6][3] = {{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 1, 1}, {1, -1, 1}, {0, 0, 1}};
  instance c = make(4, 64, 8, -128);
  for (uint32_t o = 0; o < 8; o++) c.multiplier[o] = 100 / 18.7e6f, c.bias[o] = 0;
  for (int p = 0; p < 36; p++) {
    /* a map of side 4 is the inner part of one tile: its rows are 1 .. 4 of the tile's 0 .. 5 */
    for (size_t t = 0; t < inputs_of(&c); t++) {
      const size_t y = t / 64 / 4 + 1, x = t / 64 % 4 + 1;
      c.input[t] = signs[p / 6][y] * signs[p % 6][x] > 0 ? 127 : -128;
    }
    for (size_t t = 0; t < taps_of(&c) * 8; t++)
      c.kernel[t] = (int8_t)(127 * taps[p / 6][t / 64 % 9 / 3] * taps[p % 6][t / 64 % 3]);
    check_all_ways(&c);
  }
  drop(&c);
}

/* Weights whose sums reach just the bound, at the map's inner pixels, and what is one more. */
static void check_bound(int8_t sign) {
  instance c = make(5, 512, 8, -128);
  memset(c.kernel, 0, taps_of(&c) * 8);
  int32_t left = LARGEST / 255;
  for (size_t t = 0; t < taps_of(&c); t++) {
    const int32_t w = smaller(left, 29);
    c.kernel[3 * taps_of(&c) + t] = (int8_t)(sign * w);
    left -= w;
  }
  assert_int_equal(left, 0);
  memset(c.bias, 0, 8 * sizeof *c.bias);
  c.bias[3] = sign * (LARGEST % 255);
  memset(c.input, 127, inputs_of(&c));
  for (uint32_t o = 0; o < 8; o++) c.multiplier[o] = 127 / (float)LARGEST;
  c.output_zero = 0;
  convolve(&c);
  assert_int_equal(c.expected[(2 * 5 + 2) * 8 + 3], sign * 127);
  check_all_ways(&c);
  c.bias[3] += sign;
  assert_false(fits(&c));
  drop(&c);
}

static void sums_up_to_the_bound_are_exact_and_larger_ones_refused(void **state) {
  (void)state;
  check_bound(1);
  check_bound(-1);
}

/* With a zero in the middle of the range, inputs of both signs may meet weights of both signs. */
static void the_bound_knows_zero_and_bias(void **state) {
  (void)state;
  static const struct {
    int32_t zero, weight, bias;
    bool fits;
  } cases[] = {{-128, 57, 0, true},   {-128, 58, 0, false},  {127, 57, 0, true},   {127, 58, 0, false},
               {0, 57, 0, true},      {0, 58, 0, false},     {0, 57, 65000, true}, {0, 57, 66000, false},
               {0, 57, -65000, true}, {0, 57, -66000, false}};
  instance c = make(7, 512, 8, -128);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    c.input_zero = cases[i].zero;
    for (size_t t = 0; t < taps_of(&c) * 8; t++) c.kernel[t] = (int8_t)(t % 2 ? cases[i].weight : -cases[i].weight);
    for (uint32_t o = 0; o < 8; o++) c.bias[o] = o == 7 ? cases[i].bias : 0;
    assert_int_equal(fits(&c), cases[i].fits); /* 4608 / 2 * 57 * 255 + bias */
  }
  drop(&c);
}

static void shapes_that_it_does_not_take_are_refused(void **state) {
  (void)state;
  static const struct {
    uint32_t side, in, out, kernel, stride;
    bool fits;
  } cases[] = {{7, 16, 16, 3, 1, true}, {3, 16, 16, 3, 1, false}, {7, 12, 16, 3, 1, false}, {7, 0, 16, 3, 1, false},
               {7, 16, 4, 3, 1, false}, {7, 16, 16, 1, 1, false}, {7, 16, 16, 3, 2, false}};
  instance c = make(7, 16, 16, -128);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    c.side = cases[i].side;
    c.spec = (hb_conv_spec){"", "", cases[i].in, cases[i].out, cases[i].kernel, cases[i].stride, 0};
    assert_int_equal(fits(&c), cases[i].fits);
  }
  drop(&c);
}

static void results_saturate(void **state) {
  (void)state;
  instance c = make(7, 8, 8, -128);
  for (uint32_t o = 0; o < 8; o++) c.multiplier[o] = o % 2 ? 1e3f : 0.5f; /* 0.5: halves are rounded to even */
  check_all_ways(&c);
  drop(&c);
}

/* Sides of one batch and of several, whole and not; fewer and more channels than members. */
static void teams_give_the_same_bits(void **state) {
  (void)state;
  static const uint32_t sides[] = {4, 7, 13, 28, 57};
  for (uint32_t members = 2; members <= HB_WORKER_TEAM_MEMBERS_MAX; members++) {
    helped_team helped = helped_team_of(members);
    for (size_t s = 0; s < sizeof sides / sizeof *sides; s++)
      for (uint32_t out = 8; out <= 64; out += 56) {
        instance c = make(sides[s], 16, out, -128);
        convolve(&c);
        for (int run = 0; run < 20; run++) check_by(&c, helped.team);
        drop(&c);
      }
    helped_team_free(&helped);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_of_the_network_match_in_every_bit),
      cmocka_unit_test(every_side_matches_in_every_bit),
      cmocka_unit_test(sides_of_many_tiles_match_in_every_bit),
      cmocka_unit_test(any_zero_is_taken),
      cmocka_unit_test(extreme_weights_and_inputs_match_in_every_bit),
      cmocka_unit_test(signs_of_the_transforms_match_in_every_bit),
      cmocka_unit_test(sums_up_to_the_bound_are_exact_and_larger_ones_refused),
      cmocka_unit_test(the_bound_knows_zero_and_bias),
      cmocka_unit_test(shapes_that_it_does_not_take_are_refused),
      cmocka_unit_test(results_saturate),
      cmocka_unit_test(teams_give_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
