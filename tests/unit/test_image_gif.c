/* image/gif.h and image/giflib.h: frames that are cut, small, large, or coded in a way that is rare. */
#include <stdlib.h>
#include <string.h>

#include "image/decode.h"
#include "image/gif.h"
#include "pictures.h"

#define WIDTH 16
#define HEIGHT 12
#define COLOURS 128

static uint8_t palette[3 * COLOURS];

static picture some_indices(void) {
  for (size_t i = 0; i < sizeof palette; i++) palette[i] = (uint8_t)(i * 37 + 5);
  picture indices = picture_make(WIDTH, HEIGHT, 1, 3);
  for (size_t i = 0; i < WIDTH * HEIGHT; i++) indices.pixels[i] %= COLOURS;
  return indices;
}

static blob some_gif(picture *indices) {
  *indices = some_indices();
  return gif_encode(indices, palette, -1);
}

/* Where the frame's description is; its data follow. */
static size_t frame_at(const blob *gif) {
  size_t at = 13 + sizeof palette;
  while (gif->bytes[at] != ',') at++;
  return at;
}

static void put16(uint8_t *at, uint32_t value) { at[0] = (uint8_t)value, at[1] = (uint8_t)(value >> 8); }

static void assert_pixel(const hb_image *image, uint32_t x, uint32_t y, const uint8_t expected[4]) {
  assert_memory_equal(image->pixels + 4 * ((size_t)y * image->width + x), expected, 4);
}

/* The frame's pixels at this place of the image. */
static void assert_frame(const hb_image *image, const picture *indices, uint32_t left, uint32_t top) {
  for (uint32_t y = 0; y < HEIGHT; y++)
    for (uint32_t x = 0; x < WIDTH; x++) {
      const uint8_t *colour = palette + 3 * indices->pixels[y * WIDTH + x];
      assert_pixel(image, left + x, top + y, (const uint8_t[4]){colour[0], colour[1], colour[2], 255});
    }
}

/* Whatever the background is, as in browsers. */
static void around_a_small_frame_it_is_transparent(void **state) {
  (void)state;
  picture indices;
  blob gif = some_gif(&indices);
  put16(gif.bytes + 6, WIDTH + 9), put16(gif.bytes + 8, HEIGHT + 5);
  gif.bytes[11] = 3; /* the background */
  put16(gif.bytes + frame_at(&gif) + 1, 4), put16(gif.bytes + frame_at(&gif) + 3, 2);
  hb_image image;
  assert_ok(hb_gif_decode(gif.bytes, gif.size, &image, &failure));
  assert_int_equal(image.width, WIDTH + 9);
  assert_int_equal(image.height, HEIGHT + 5);
  assert_frame(&image, &indices, 4, 2);
  assert_int_equal(image.pixels[3], 0);
  assert_int_equal(image.pixels[4 * (size_t)image.width * image.height - 1], 0);
  hb_image_free(&image);
  blob_free(&gif);
  picture_free(&indices);
}

static void a_cut_frame_is_taken_from_three_quarters_on(void **state) {
  (void)state;
  picture indices;
  blob gif = some_gif(&indices);
  const size_t data_at = frame_at(&gif) + 11;
  uint32_t taken = 0;
  for (size_t n = data_at; n < gif.size; n++) {
    blob cut = blob_of(gif.bytes, n);
    hb_image image;
    const hb_status status = hb_gif_decode(cut.bytes, n, &image, &failure);
    if (status == HB_OK) {
      const uint8_t *colour = palette + 3 * indices.pixels[WIDTH * HEIGHT * 3 / 4 - 1];
      assert_pixel(&image, WIDTH - 1, HEIGHT * 3 / 4 - 1, (const uint8_t[4]){colour[0], colour[1], colour[2], 255});
      hb_image_free(&image);
      taken++;
    }
    assert_true(status == (taken > 0 ? HB_OK : HB_CORRUPT_IMAGE));
    blob_free(&cut);
  }
  assert_in_range(taken, (gif.size - data_at) / 5, (gif.size - data_at) / 3);
  blob_free(&gif);
  picture_free(&indices);
}

/* Rows 0, 8, 4, 2, 6, 10 and then the odd ones, of which the last two do not come. */
static void rows_that_an_interlaced_frame_lacks_show_those_above(void **state) {
  (void)state;
  picture indices = some_indices(), turns = picture_make(WIDTH, HEIGHT, 1, 3);
  static const uint32_t order[HEIGHT] = {0, 8, 4, 2, 6, 10, 1, 3, 5, 7, 9, 11};
  for (uint32_t i = 0; i < HEIGHT; i++) memcpy(turns.pixels + i * WIDTH, indices.pixels + order[i] * WIDTH, WIDTH);
  turns.height = HEIGHT - 2;
  blob gif = gif_encode(&turns, palette, -1);
  put16(gif.bytes + 8, HEIGHT);
  put16(gif.bytes + frame_at(&gif) + 7, HEIGHT);
  gif.bytes[frame_at(&gif) + 9] |= 0x40;
  hb_image image;
  assert_ok(hb_gif_decode(gif.bytes, gif.size, &image, &failure));
  memcpy(indices.pixels + 9 * WIDTH, indices.pixels + 8 * WIDTH, WIDTH);
  memcpy(indices.pixels + 11 * WIDTH, indices.pixels + 10 * WIDTH, WIDTH);
  assert_frame(&image, &indices, 0, 0);
  hb_image_free(&image);
  blob_free(&gif);
  picture_free(&indices);
  picture_free(&turns);
}

/* The palette of the file has half the colours; the frame's other ones are black. */
static void colours_that_a_palette_lacks_are_black(void **state) {
  (void)state;
  picture indices;
  blob gif = some_gif(&indices);
  memmove(gif.bytes + 13 + sizeof palette / 2, gif.bytes + 13 + sizeof palette, gif.size - 13 - sizeof palette);
  gif.bytes[10]--;
  memset(palette + sizeof palette / 2, 0, sizeof palette / 2);
  hb_image image;
  assert_ok(hb_gif_decode(gif.bytes, gif.size - sizeof palette / 2, &image, &failure));
  assert_frame(&image, &indices, 0, 0);
  hb_image_free(&image);
  blob_free(&gif);
  picture_free(&indices);
}

/* stb_image refuses these, and giflib reads them: the canvas grows with the frame. */
static void a_frame_beyond_the_canvas_is_for_giflib(void **state) {
  (void)state;
  picture indices;
  blob gif = some_gif(&indices);
  put16(gif.bytes + frame_at(&gif) + 1, 5), put16(gif.bytes + frame_at(&gif) + 3, 1);
  hb_image image;
  assert_fails(hb_image_decode_alone(gif.bytes, gif.size, &image, &failure), HB_CORRUPT_IMAGE, "damaged");
  assert_false(failure.is_incomplete);
  assert_ok(hb_image_decode(gif.bytes, gif.size, &image, &failure));
  assert_int_equal(image.width, WIDTH + 5);
  assert_int_equal(image.height, HEIGHT + 1);
  assert_frame(&image, &indices, 5, 1);
  assert_pixel(&image, 0, 0, (const uint8_t[4]){255, 255, 255, 255});
  hb_image_free(&image);
  for (size_t n = 0; n < gif.size; n++) { /* cut anywhere, with nothing left behind */
    blob cut = blob_of(gif.bytes, n);
    if (hb_image_decode(cut.bytes, n, &image, &failure) == HB_OK) hb_image_free(&image);
    blob_free(&cut);
  }
  blob_free(&gif);
  picture_free(&indices);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(around_a_small_frame_it_is_transparent),
      cmocka_unit_test(a_cut_frame_is_taken_from_three_quarters_on),
      cmocka_unit_test(rows_that_an_interlaced_frame_lacks_show_those_above),
      cmocka_unit_test(colours_that_a_palette_lacks_are_black),
      cmocka_unit_test(a_frame_beyond_the_canvas_is_for_giflib),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
