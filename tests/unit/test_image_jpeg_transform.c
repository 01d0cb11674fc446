/* image/jpeg_transform.h: vectors against plain arithmetic, number by number. That this is libjpeg's arithmetic is
 * shown by tests/golden/test_pixels.py. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/jpeg_transform.h"
#include "support.h"

static int64_t fixed(double x) { return llround(x * 8192); }

/* One transform of eight numbers, `step` apart; results lose `bits`. */
static void plain_eight(int64_t *v, int step, int bits) {
  const int64_t v0 = v[0], v1 = v[step], v2 = v[2 * step], v3 = v[3 * step], v4 = v[4 * step], v5 = v[5 * step],
                v6 = v[6 * step], v7 = v[7 * step];
  const int64_t z1 = (v2 + v6) * fixed(0.541196100), e2 = z1 - v6 * fixed(1.847759065),
                e3 = z1 + v2 * fixed(0.765366865), e0 = (v0 + v4) * 8192, e1 = (v0 - v4) * 8192;
  const int64_t even[4] = {e0 + e3, e1 + e2, e1 - e2, e0 - e3};
  const int64_t z5 = (v7 + v3 + v5 + v1) * fixed(1.175875602);
  const int64_t a = (v7 + v1) * fixed(0.899976223), b = (v5 + v3) * fixed(2.562915447),
                c = z5 - (v7 + v3) * fixed(1.961570560), d = z5 - (v5 + v1) * fixed(0.390180644);
  const int64_t odd[4] = {v1 * fixed(1.501321110) - a + d, v3 * fixed(3.072711026) - b + c,
                          v5 * fixed(2.053119869) - b + d, v7 * fixed(0.298631336) - a + c};
  for (int i = 0; i < 4; i++) {
    v[i * step] = (even[i] + odd[i] + (1 << (bits - 1))) >> bits;
    v[(7 - i) * step] = (even[i] - odd[i] + (1 << (bits - 1))) >> bits;
  }
}

static void plain_transform(const int16_t coefficients[64], uint8_t samples[64]) {
  int64_t v[64];
  for (int i = 0; i < 64; i++) v[i] = coefficients[i];
  for (int x = 0; x < 8; x++) plain_eight(v + x, 8, 11);
  for (int y = 0; y < 8; y++) plain_eight(v + 8 * y, 1, 18);
  for (int i = 0; i < 64; i++) samples[i] = (uint8_t)(v[i] < -128 ? 0 : v[i] > 127 ? 255 : v[i] + 128);
}

static void check(int16_t coefficients[64]) {
  uint8_t samples[8 * 11], expected[64];
  memset(samples, 0xa5, sizeof samples);
  plain_transform(coefficients, expected);
  hb_jpeg_transform(samples, 11, coefficients);
  for (int y = 0; y < 8; y++) {
    assert_memory_equal(samples + 11 * y, expected + 8 * y, 8);
    assert_memory_equal(samples + 11 * y + 8, "\xa5\xa5\xa5", 3);
  }
}

static void random_blocks(void **state) {
  (void)state;
  hb_random random = {1};
  for (int n = 0; n < 20000; n++) {
    int16_t coefficients[64] = {0};
    const uint32_t range = 1u << (1 + n % 11), count = 1 + hb_random_below(&random, 64);
    for (uint32_t i = 0; i < count; i++)
      coefficients[hb_random_below(&random, 64)] = (int16_t)((int)hb_random_below(&random, range) - (int)range / 2);
    check(coefficients);
  }
}

static void each_coefficient_alone(void **state) {
  (void)state;
  for (int i = 0; i < 64; i++)
    for (int value = -2048; value <= 2047; value += 13) {
      int16_t coefficients[64] = {0};
      coefficients[i] = (int16_t)value;
      check(coefficients);
    }
}

/* It is the transform that the standard defines (ITU-T T.81, A.3.3), rounded. */
static void it_is_the_cosine_transform(void **state) {
  (void)state;
  hb_random random = {2};
  int16_t coefficients[64];
  for (int i = 0; i < 64; i++) coefficients[i] = (int16_t)((int)hb_random_below(&random, 80) - 40);
  uint8_t samples[64];
  hb_jpeg_transform(samples, 8, coefficients);
  for (int y = 0; y < 8; y++)
    for (int x = 0; x < 8; x++) {
      double sum = 0;
      for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++)
          sum += (u > 0 ? 1 : sqrt(0.5)) * (v > 0 ? 1 : sqrt(0.5)) / 4 * coefficients[8 * v + u] *
                 cos((2 * x + 1) * u * M_PI / 16) * cos((2 * y + 1) * v * M_PI / 16);
      assert_true(fabs(fmin(fmax(sum + 128, 0), 255) - samples[8 * y + x]) < 0.6);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_blocks),
      cmocka_unit_test(each_coefficient_alone),
      cmocka_unit_test(it_is_the_cosine_transform),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
