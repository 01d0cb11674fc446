/* winograd_i8.h: against a plain convolution in whole numbers, in every bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "helper_threads.h"
#include "int8/winograd_i8.h"
#include "support.h"

#define CANARY 0x5a
#define LARGEST 33554431 /* 2^25 - 1: the largest sum that is exact */

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/* ---- A case: everything that a convolution needs ---- */

typedef struct {
  hb_winograd_i8 conv;
  int8_t *kernel, *input, *other, *expected; /* maps without a border */
  int32_t *bias;
  float *multiplier;
  hb_winograd_sum sum;
  bool with_sum;
} instance;

static size_t inputs_of(const instance *c) { return (size_t)c->conv.side * c->conv.side * c->conv.in; }
static size_t outputs_of(const instance *c) { return (size_t)c->conv.side * c->conv.side * c->conv.out; }
static size_t taps_of(const instance *c) { return (size_t)9 * c->conv.in; }

static int32_t between(hb_random *random, int32_t low, int32_t high) {
  return low + (int32_t)hb_random_below(random, (uint32_t)(high - low + 1));
}

static void fill(int8_t *values, size_t count, hb_random *random, int32_t low, int32_t high) {
  for (size_t i = 0; i < count; i++) values[i] = (int8_t)between(random, low, high);
}

/* Random weights, biases, inputs, and multipliers that use the range of the output. */
static instance make(uint32_t side, uint32_t in, uint32_t out, int32_t input_zero) {
  hb_random random = {side * 1000 + in + out};
  instance c = {.conv = {side, in, out, input_zero, between(&random, -128, 127), 0}};
  c.kernel = must_allocate(taps_of(&c) * out);
  c.input = must_allocate(inputs_of(&c));
  c.other = must_allocate(outputs_of(&c));
  c.expected = must_allocate(outputs_of(&c));
  c.bias = must_allocate(out * sizeof *c.bias);
  c.multiplier = must_allocate(out * sizeof *c.multiplier);
  fill(c.kernel, taps_of(&c) * out, &random, -40, 40);
  fill(c.input, inputs_of(&c), &random, -128, 127);
  fill(c.other, outputs_of(&c), &random, -128, 127);
  const double spread = 23 * 100 * sqrt((double)taps_of(&c));
  for (uint32_t o = 0; o < out; o++) {
    c.bias[o] = between(&random, -100000, 100000);
    c.multiplier[o] = (float)((0.2 + hb_random_unit(&random)) * 127 / spread);
  }
  c.sum = (hb_winograd_sum){.multiplier = 1400000, .other_multiplier = 700001, .zero = -20, .shift = 20};
  c.sum.bias = (1 << 19) + 31 * c.sum.multiplier - 7 * c.sum.other_multiplier;
  return c;
}

static void drop(instance *c) {
  free(c->kernel), free(c->input), free(c->other), free(c->expected), free(c->bias), free(c->multiplier);
}

/* ---- The arithmetic of quantization.h, spelled out ---- */

static int32_t clamp(int32_t q) { return q < -128 ? -128 : q > 127 ? 127 : q; }

static int32_t sum_at(const instance *c, uint32_t o, int32_t y, int32_t x) {
  const int32_t side = (int32_t)c->conv.side;
  const uint32_t in = c->conv.in;
  int32_t sum = c->bias[o];
  for (int32_t tap = 0; tap < 9; tap++) {
    const int32_t iy = y + tap / 3 - 1, ix = x + tap % 3 - 1;
    if (iy < 0 || ix < 0 || iy >= side || ix >= side) continue;
    const int8_t *w = c->kernel + o * taps_of(c) + (size_t)tap * in, *q = c->input + (size_t)(iy * side + ix) * in;
    for (uint32_t i = 0; i < in; i++) sum += (q[i] - c->conv.input_zero) * w[i];
  }
  return sum;
}

static int32_t requantized(const instance *c, uint32_t o, int32_t sum) {
  const float scaled = (float)sum * c->multiplier[o];
  return clamp((int32_t)rintf(fminf(fmaxf(scaled, -1000), 1000)) + c->conv.output_zero);
}

static void convolve(const instance *c) {
  for (uint32_t p = 0; p < c->conv.side * c->conv.side; p++)
    for (uint32_t o = 0; o < c->conv.out; o++) {
      const size_t i = (size_t)p * c->conv.out + o;
      const int32_t sum = sum_at(c, o, (int32_t)(p / c->conv.side), (int32_t)(p % c->conv.side));
      int32_t q = requantized(c, o, sum);
      if (c->with_sum) {
        const hb_winograd_sum *s = &c->sum;
        q = clamp(((s->bias + q * s->multiplier + c->other[i] * s->other_multiplier) >> s->shift) + s->zero);
      }
      c->expected[i] = (int8_t)q;
    }
}

/* ---- Maps in memory of exactly their size, with a border of one pixel ---- */

typedef struct {
  hb_winograd_map map;
  uint8_t *memory;
} bordered;

static bordered bordered_map(uint32_t side, uint32_t channels, uint8_t border) {
  const size_t stride = (size_t)(side + 2) * channels, bytes = stride * (side + 2);
  bordered b = {.memory = must_allocate(bytes)};
  memset(b.memory, border, bytes);
  b.map = (hb_winograd_map){b.memory + stride + channels, stride};
  return b;
}

static void write_map(const hb_winograd_map *map, uint32_t side, uint32_t channels, const int8_t *values,
                      uint8_t flip) {
  const size_t row = (size_t)side * channels;
  for (size_t i = 0; i < row * side; i++) map->pixels[i / row * map->stride + i % row] = (uint8_t)values[i] ^ flip;
}

/* Where a map first differs from what it should be, border included. */
static void check_output(const instance *c, const bordered *output) {
  const uint32_t side = c->conv.side, out = c->conv.out;
  const int32_t last = (int32_t)side - 1;
  for (int32_t y = -1; y <= (int32_t)side; y++)
    for (int32_t x = -1; x <= (int32_t)side; x++)
      for (uint32_t o = 0; o < out; o++) {
        const uint8_t got = output->map.pixels[y * (int64_t)output->map.stride + x * (int64_t)out + o];
        if (y < 0 || x < 0 || y > last || x > last)
          assert_int_equal(got, CANARY);
        else
          assert_int_equal((int8_t)(got ^ c->conv.flip), c->expected[((size_t)(y * (int32_t)side + x)) * out + o]);
      }
}

typedef struct {
  bordered input, other, output;
  void *packed, *scratch;
} run_memory;

static run_memory prepare(const instance *c, uint32_t members) {
  const hb_winograd_i8 *v = &c->conv;
  run_memory m = {bordered_map(v->side, v->in, (uint8_t)v->input_zero ^ v->flip), bordered_map(v->side, v->out, CANARY),
                  bordered_map(v->side, v->out, CANARY), must_allocate(hb_winograd_i8_packed_bytes(v)),
                  must_allocate(hb_winograd_i8_scratch_bytes(v, members))};
  write_map(&m.input.map, v->side, v->in, c->input, v->flip);
  write_map(&m.other.map, v->side, v->out, c->other, v->flip);
  memset(m.scratch, 0xa5, hb_winograd_i8_scratch_bytes(v, members));
  hb_winograd_i8_pack(v, c->kernel, c->bias, c->multiplier, m.packed);
  return m;
}

static void release(run_memory *m) {
  free(m->input.memory), free(m->other.memory), free(m->output.memory), free(m->packed), free(m->scratch);
}

static void check_by(const instance *c, hb_worker_team *team) {
  run_memory m = prepare(c, hb_worker_team_members(team));
  hb_winograd_sum sum = c->sum;
  sum.other = m.other.map;
  hb_winograd_i8_run(&c->conv, m.packed, &m.input.map, &m.output.map, c->with_sum ? &sum : NULL, m.scratch, team);
  check_output(c, &m.output);
  release(&m);
}

static void check(const instance *c) {
  assert_true(hb_winograd_i8_fits(&c->conv, c->kernel, c->bias));
  convolve(c);
  check_by(c, NULL);
}

/* The same with signed and unsigned maps, without and with an addition. */
static void check_all_ways(instance *c) {
  for (int way = 0; way < 4; way++) {
    c->conv.flip = way & 1 ? 0x80 : 0;
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
  for (uint32_t side = HB_WINOGRAD_SIDE; side <= 21; side++) {
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
    c.conv.output_zero = zeros[i];
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
  c.conv.output_zero = 0;
  convolve(&c);
  assert_int_equal(c.expected[(2 * 5 + 2) * 8 + 3], sign * 127);
  check_all_ways(&c);
  c.bias[3] += sign;
  assert_false(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias));
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
    c.conv.input_zero = cases[i].zero;
    for (size_t t = 0; t < taps_of(&c) * 8; t++) c.kernel[t] = (int8_t)(t % 2 ? cases[i].weight : -cases[i].weight);
    for (uint32_t o = 0; o < 8; o++) c.bias[o] = o == 7 ? cases[i].bias : 0;
    assert_int_equal(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias), cases[i].fits); /* 4608 / 2 * 57 * 255 + bias */
  }
  drop(&c);
}

static void shapes_that_it_does_not_take_are_refused(void **state) {
  (void)state;
  instance c = make(7, 16, 16, -128);
  const hb_winograd_i8 good = c.conv;
  assert_true(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias));
  c.conv.side = 3;
  assert_false(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias));
  c.conv = good, c.conv.in = 12;
  assert_false(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias));
  c.conv = good, c.conv.in = 0;
  assert_false(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias));
  c.conv = good, c.conv.out = 4;
  assert_false(hb_winograd_i8_fits(&c.conv, c.kernel, c.bias));
  drop(&c);
}

static void results_saturate(void **state) {
  (void)state;
  instance c = make(7, 8, 8, -128);
  for (uint32_t o = 0; o < 8; o++) c.multiplier[o] = o % 2 ? 1e3f : 0.5f; /* 0.5: halves are rounded to even */
  check_all_ways(&c);
  drop(&c);
}

static void the_sum_may_replace_what_was_added(void **state) {
  (void)state;
  instance c = make(14, 16, 16, -128);
  c.with_sum = true;
  convolve(&c);
  run_memory m = prepare(&c, 1);
  write_map(&m.output.map, 14, 16, c.other, 0);
  hb_winograd_sum sum = c.sum;
  sum.other = m.output.map;
  hb_winograd_i8_run(&c.conv, m.packed, &m.input.map, &m.output.map, &sum, m.scratch, NULL);
  check_output(&c, &m.output);
  release(&m);
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
      cmocka_unit_test(the_sum_may_replace_what_was_added),
      cmocka_unit_test(teams_give_the_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
