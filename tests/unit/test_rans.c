/* rans.h: streams that were encoded, and streams that are cut, changed or made up. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/rans_encode.h"
#include "support.h"

static int8_t *codes_of(size_t count, int least, int most, uint64_t seed) {
  hb_random random = {seed};
  int8_t *codes = must_allocate(count);
  for (size_t i = 0; i < count; i++) { /* those in the middle are the most frequent */
    const int a = (int)hb_random_below(&random, (uint32_t)(most - least + 1));
    const int b = (int)hb_random_below(&random, (uint32_t)(most - least + 1));
    codes[i] = (int8_t)(least + (a + b) / 2);
  }
  return codes;
}

/* The stream in memory of exactly its size. */
static blob encode(const int8_t *codes, size_t count) {
  uint8_t *bytes;
  size_t size;
  assert_ok(hb_rans_encode(codes, count, &bytes, &size, &failure));
  blob stream = blob_of(bytes, size);
  free(bytes);
  return stream;
}

/* Decodes to memory of exactly the size of the codes. */
static bool decodes(const blob *stream, size_t count, const int8_t *expected) {
  int8_t *codes = must_allocate(count);
  const bool decoded = hb_rans_decode(stream->bytes, stream->size, codes, count);
  if (decoded && expected != NULL) assert_memory_equal(codes, expected, count);
  free(codes);
  return decoded;
}

static void what_is_encoded_is_decoded(void **state) {
  (void)state;
  static const size_t counts[] = {1, 7, 8, 9, 1000, 100003};
  static const int ranges[][2] = {{0, 0}, {-1, 1}, {-6, 5}, {-127, 127}, {-127, -126}, {120, 127}};
  for (size_t c = 0; c < 6; c++)
    for (size_t r = 0; r < 6; r++) {
      int8_t *codes = codes_of(counts[c], ranges[r][0], ranges[r][1], c * 10 + r);
      blob stream = encode(codes, counts[c]);
      assert_true(decodes(&stream, counts[c], codes));
      free(codes);
      blob_free(&stream);
    }
}

/* One rare code among many of another, and two whose frequencies cannot be told apart from 0 and all. */
static void rare_codes_are_kept(void **state) {
  (void)state;
  int8_t *codes = must_allocate(1000000);
  memset(codes, 3, 1000000);
  codes[0] = -100, codes[999999] = 100;
  blob stream = encode(codes, 1000000);
  assert_true(decodes(&stream, 1000000, codes));
  assert_true(stream.size < 1200);
  free(codes);
  blob_free(&stream);
}

/* Shannon's bound, and what the frequencies' 12 bits cost. */
static void streams_have_the_size_of_the_entropy(void **state) {
  (void)state;
  const size_t count = 200000;
  hb_random random = {1};
  int8_t *codes = must_allocate(count);
  for (size_t i = 0; i < count; i++) { /* 1/2, 1/4, 1/8, 1/8: 1.75 bits */
    const uint32_t x = hb_random_below(&random, 8);
    codes[i] = x < 4 ? 0 : x < 6 ? 1 : x < 7 ? 2 : 3;
  }
  blob stream = encode(codes, count);
  assert_in_range(stream.size, 1.74 * count / 8, 1.76 * count / 8 + 60);
  free(codes);
  blob_free(&stream);
}

static void equal_codes_give_equal_bytes(void **state) {
  (void)state;
  int8_t *codes = codes_of(5000, -9, 9, 4);
  blob a = encode(codes, 5000), b = encode(codes, 5000);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.bytes, b.bytes, a.size);
  free(codes);
  blob_free(&a);
  blob_free(&b);
}

static void cut_streams_are_refused(void **state) {
  (void)state;
  int8_t *codes = codes_of(600, -6, 5, 5);
  blob stream = encode(codes, 600);
  for (size_t size = 0; size < stream.size; size++) {
    blob part = blob_of(stream.bytes, size);
    assert_false(decodes(&part, 600, NULL));
    blob_free(&part);
  }
  free(codes);
  blob_free(&stream);
}

static void another_count_is_refused(void **state) {
  (void)state;
  int8_t *codes = codes_of(600, -6, 5, 6);
  blob stream = encode(codes, 600), longer = blob_of(stream.bytes, stream.size);
  blob_add(&longer, "\0\0", 2);
  for (size_t count = 0; count < 1200; count++) assert_true(decodes(&stream, count, NULL) == (count == 600));
  assert_false(decodes(&longer, 600, NULL));
  free(codes);
  blob_free(&stream);
  blob_free(&longer);
}

/* Every bit in turn. States hold what has been decoded, so that nearly every change shows at the end. */
static void changed_bits_are_refused(void **state) {
  (void)state;
  int8_t *codes = codes_of(300, -6, 5, 7);
  blob stream = encode(codes, 300);
  size_t unseen = 0;
  for (size_t bit = 0; bit < stream.size * 8; bit++) {
    stream.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    unseen += decodes(&stream, 300, NULL);
    stream.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  print_message("%zu of %zu changed bits are not seen\n", unseen, stream.size * 8);
  assert_true(unseen <= 8); /* those of the least code, which the frequencies do not depend on */
  free(codes);
  blob_free(&stream);
}

static void made_up_heads_are_refused(void **state) {
  (void)state;
  static const struct {
    int8_t least;
    uint8_t count;
    uint16_t frequencies[3];
    uint32_t state;
  } heads[] = {
      {0, 0, {0}, 1 << 16},                /* no codes */
      {0, 3, {2000, 2000, 95}, 1 << 16},   /* 4095 */
      {0, 3, {2000, 2000, 97}, 1 << 16},   /* 4097 */
      {0, 3, {4096, 4096, 4096}, 1 << 16}, /* far too many */
      {0, 3, {65535, 1, 4096}, 1 << 16},   /* 4096 modulo 2^16 */
      {126, 3, {2000, 2000, 96}, 1 << 16}, /* 126, 127 and what else? */
      {-128, 255, {2000, 2000, 96}, 1 << 16} /* cut */,
      {0, 3, {2000, 2000, 96}, (1 << 16) - 1}, /* a state that cannot be */
      {0, 3, {2000, 2000, 96}, 0},
  };
  for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
    blob stream = {0};
    blob_add_u8(&stream, (uint8_t)heads[h].least);
    blob_add_u8(&stream, heads[h].count);
    for (int f = 0; f < 3; f++) blob_add_little(&stream, heads[h].frequencies[f], 2);
    for (int s = 0; s < HB_RANS_STATES; s++) blob_add_little(&stream, heads[h].state, 4);
    for (size_t count = 0; count < 20; count++) assert_false(decodes(&stream, count, NULL));
    blob_free(&stream);
  }
}

static void without_memory_it_fails(void **state) {
  (void)state;
  static const int8_t code = 5;
  uint8_t *out = NULL;
  size_t size = 7;
  allocations_fail_from(0);
  hb_status status = hb_rans_encode(&code, 1, &out, &size, &failure);
  allocations_work();
  assert_int_equal(status, HB_OUT_OF_MEMORY);
  assert_null(out);
  assert_int_equal(size, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_encoded_is_decoded),
      cmocka_unit_test(rare_codes_are_kept),
      cmocka_unit_test(streams_have_the_size_of_the_entropy),
      cmocka_unit_test(equal_codes_give_equal_bytes),
      cmocka_unit_test(cut_streams_are_refused),
      cmocka_unit_test(another_count_is_refused),
      cmocka_unit_test(changed_bits_are_refused),
      cmocka_unit_test(made_up_heads_are_refused),
      cmocka_unit_test(without_memory_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
