/* sha256.h against the standard's vectors (FIPS 180-4; NIST's "Examples with Intermediate Values" and CAVP). */
#include <string.h>

#include "base/sha256.h"
#include "support.h"

static void the_published_vectors_come_out(void **state) {
  (void)state;
  static const char *const vectors[][2] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrst"
       "u",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    char hex[HB_SHA256_HEX];
    hb_sha256_hex_of(vectors[i][0], strlen(vectors[i][0]), hex);
    assert_string_equal(hex, vectors[i][1]);
  }
}

static void a_million_times_a(void **state) {
  (void)state;
  char a[1000], hex[HB_SHA256_HEX];
  memset(a, 'a', sizeof a);
  hb_sha256 h;
  hb_sha256_start(&h);
  for (int i = 0; i < 1000; i++) hb_sha256_add(&h, a, sizeof a);
  hb_sha256_hex(&h, hex);
  assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

#define LENGTHS 300

static void fill(uint8_t message[LENGTHS]) {
  for (size_t i = 0; i < LENGTHS; i++) message[i] = (uint8_t)(i * 7 % 251);
}

/* The hash of the hashes of 0, 1, ... 299 bytes, computed with Python's hashlib: every kind of padding is in it. */
static void every_length_is_padded_right(void **state) {
  (void)state;
  uint8_t message[LENGTHS];
  fill(message);
  hb_sha256 all;
  hb_sha256_start(&all);
  for (size_t n = 0; n < LENGTHS; n++) {
    char hex[HB_SHA256_HEX];
    hb_sha256_hex_of(message, n, hex);
    hb_sha256_add(&all, hex, 64);
  }
  char hex[HB_SHA256_HEX];
  hb_sha256_hex(&all, hex);
  assert_string_equal(hex, "511059377c5c80f9d92631ab088163f7d9507d87f53a6b88a03a98d355b593a5");
}

static void feeding_in_pieces_changes_nothing(void **state) {
  (void)state;
  uint8_t message[LENGTHS];
  char whole[HB_SHA256_HEX], pieces[HB_SHA256_HEX];
  fill(message);
  hb_sha256_hex_of(message, LENGTHS, whole);
  for (size_t step = 1; step < LENGTHS; step++) {
    hb_sha256 h;
    hb_sha256_start(&h);
    for (size_t at = 0; at < LENGTHS; at += step) {
      size_t n = LENGTHS - at < step ? LENGTHS - at : step;
      hb_sha256_add(&h, message + at, n);
      hb_sha256_add(&h, message, 0);
    }
    hb_sha256_hex(&h, pieces);
    assert_string_equal(pieces, whole);
  }
}

static void two_cuts_anywhere_change_nothing(void **state) {
  (void)state;
  uint8_t message[LENGTHS];
  char whole[HB_SHA256_HEX], pieces[HB_SHA256_HEX];
  fill(message);
  hb_sha256_hex_of(message, 200, whole);
  for (size_t a = 0; a <= 200; a += 3)
    for (size_t b = a; b <= 200; b += 5) {
      hb_sha256 h;
      hb_sha256_start(&h);
      hb_sha256_add(&h, message, a);
      hb_sha256_add(&h, message + a, b - a);
      hb_sha256_add(&h, message + b, 200 - b);
      hb_sha256_hex(&h, pieces);
      assert_string_equal(pieces, whole);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_published_vectors_come_out),   cmocka_unit_test(a_million_times_a),
      cmocka_unit_test(every_length_is_padded_right),     cmocka_unit_test(feeding_in_pieces_changes_nothing),
      cmocka_unit_test(two_cuts_anywhere_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
