/* thumbnail.h: small JPEGs; and hb_image_scale of image/resize.h, which makes their pixels. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocations.h"
#include "base/file.h"
#include "image/resize.h"
#include "pictures.h"
#include "support.h"
#include "thumbnail.h"

static hb_image decode(const char *path) {
  blob file = file_read(path);
  hb_image image;
  assert_ok(hb_image_decode(file.bytes, file.size, &image, &failure));
  blob_free(&file);
  return image;
}

/* Makes a thumbnail of these bytes, which are freed, and decodes it. */
static hb_image thumb_of(const char *folder, blob bytes, uint32_t pixels) {
  const char *path = path_in(folder, "thumb.jpg");
  assert_ok(thumbnail_write(bytes.bytes, bytes.size, pixels, path, &failure));
  blob_free(&bytes);
  return decode(path);
}

static blob noise(uint32_t width, uint32_t height) {
  picture p = picture_make(width, height, 3, 7);
  blob bytes = pnm_encode(&p);
  picture_free(&p);
  return bytes;
}

/* ---- The file ---- */

static void a_thumbnail_is_a_progressive_jpeg_without_metadata(void **state) {
  const char *path = path_in(*state, "thumb.jpg");
  blob bytes = noise(300, 200);
  assert_ok(thumbnail_write(bytes.bytes, bytes.size, 120, path, &failure));
  blob jpeg = file_read(path);
  int scans = 0, frames = 0;
  assert_memory_equal(jpeg.bytes, "\xff\xd8\xff\xe0", 4);
  for (size_t at = 2; at + 4 <= jpeg.size; at++) {
    uint8_t marker = jpeg.bytes[at + 1];
    if (jpeg.bytes[at] != 0xff || marker == 0 || marker == 0xff) continue;
    const uint8_t *content = jpeg.bytes + at + 4;
    bool expected = strchr("\xe0\xdb\xc2\xc4\xda\xd9", marker) != NULL; /* APP0, DQT, SOF2, DHT, SOS, EOI */
    if (!expected) fail_msg("marker %02x", marker);
    if (marker == 0xda) scans++;
    /* quality 80 divides the standard's tables, which begin with 16 and 17, by 2.5 */
    if (marker == 0xdb) assert_int_equal(content[1], content[0] == 0 ? 6 : 7);
    if (marker == 0xc2) {
      static const uint8_t frame[] = {8, 0, 80, 0, 120, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1}; /* 4:2:0 */
      assert_memory_equal(content, frame, sizeof frame);
      frames++;
    }
    at += 1 + ((size_t)jpeg.bytes[at + 2] << 8 | jpeg.bytes[at + 3]);
  }
  assert_int_equal(frames, 1);
  assert_true(scans > 1);
  blob_free(&bytes);
  blob_free(&jpeg);
}

static void the_same_picture_gives_the_same_bytes(void **state) {
  const char *first = path_in(*state, "first"), *second = path_in(*state, "second");
  blob bytes = noise(333, 222);
  assert_ok(thumbnail_write(bytes.bytes, bytes.size, 100, first, &failure));
  assert_ok(thumbnail_write(bytes.bytes, bytes.size, 100, second, &failure));
  assert_true(files_equal(first, second));
  assert_ok(thumbnail_write(bytes.bytes, bytes.size, 101, second, &failure)); /* replaces it */
  assert_false(files_equal(first, second));
  assert_int_equal(folder_count(*state), 2); /* nothing temporary is left */
  blob_free(&bytes);
}

/* ---- Size ---- */

static void the_longer_side_gets_the_wanted_pixels(void **state) {
  static const uint32_t cases[][5] = {
      {400, 300, 100, 100, 75}, {300, 400, 100, 75, 100}, {301, 400, 100, 75, 100}, {302, 400, 100, 76, 100},
      {200, 200, 64, 64, 64},   {1000, 3, 100, 100, 1},   {3, 1000, 100, 1, 100},   {70000, 1, 256, 256, 1},
      {101, 100, 100, 100, 99}, {40, 30, 1, 1, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const uint32_t *c = cases[i];
    hb_image thumb = thumb_of(*state, noise(c[0], c[1]), c[2]);
    if (thumb.width != c[3] || thumb.height != c[4])
      fail_msg("%u x %u becomes %u x %u, not %u x %u", c[0], c[1], thumb.width, thumb.height, c[3], c[4]);
    hb_image_free(&thumb);
  }
}

static void a_picture_is_never_enlarged(void **state) {
  static const uint32_t cases[][2] = {{30, 20}, {20, 30}, {99, 99}, {100, 3}, {1, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hb_image thumb = thumb_of(*state, noise(cases[i][0], cases[i][1]), 100);
    assert_int_equal(thumb.width, cases[i][0]);
    assert_int_equal(thumb.height, cases[i][1]);
    hb_image_free(&thumb);
  }
}

static void impossible_sizes_are_refused(void **state) {
  blob bytes = noise(20, 20);
  const char *path = path_in(*state, "thumb.jpg");
  assert_fails(thumbnail_write(bytes.bytes, bytes.size, 0, path, &failure), HB_INVALID_ARGUMENT, "1 to 65500");
  assert_fails(thumbnail_write(bytes.bytes, bytes.size, 65501, path, &failure), HB_INVALID_ARGUMENT, "1 to 65500");
  assert_int_equal(folder_count(*state), 0);
  assert_ok(thumbnail_write(bytes.bytes, bytes.size, 65500, path, &failure));
  blob_free(&bytes);
}

static void the_largest_thumbnail_is_possible(void **state) {
  hb_image thumb = thumb_of(*state, noise(65501, 2), 65500);
  assert_int_equal(thumb.width, 65500);
  hb_image_free(&thumb);
}

/* ---- Pixels ---- */

static int apart(const uint8_t *pixel, int red, int green, int blue) {
  int r = abs(pixel[0] - red), g = abs(pixel[1] - green), b = abs(pixel[2] - blue);
  return r > g ? (r > b ? r : b) : (g > b ? g : b);
}

/* Where the pixel that is shown at (x, y) is stored, from the EXIF standard's words. */
static void stored_place(int orientation, uint32_t x, uint32_t y, uint32_t *from_x, uint32_t *from_y) {
  uint32_t right = JPEG_WIDTH - 1, bottom = JPEG_HEIGHT - 1;
  const uint32_t places[9][2] = {
      {0},    {x, y},          {right - x, y},          {right - x, bottom - y}, {x, bottom - y},
      {y, x}, {y, bottom - x}, {right - y, bottom - x}, {right - y, x}};
  *from_x = places[orientation][0];
  *from_y = places[orientation][1];
}

static void thumbnails_are_the_right_way_up(void **state) {
  for (int orientation = 1; orientation <= 8; orientation++) {
    blob exif = exif_segment(true, 0, 3, 1, (unsigned)orientation);
    hb_image thumb = thumb_of(*state, jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &exif), JPEG_WIDTH);
    blob_free(&exif);
    assert_int_equal(thumb.orientation, HB_UPRIGHT);
    assert_int_equal(thumb.width, orientation < 5 ? JPEG_WIDTH : JPEG_HEIGHT);
    assert_int_equal(thumb.height, orientation < 5 ? JPEG_HEIGHT : JPEG_WIDTH);
    for (uint32_t y = 0; y < thumb.height; y++)
      for (uint32_t x = 0; x < thumb.width; x++) {
        uint32_t from_x, from_y;
        stored_place(orientation, x, y, &from_x, &from_y);
        int away =
            apart(thumb.pixels + 3 * (y * thumb.width + x), 10 * (int)from_x, 15 * (int)from_y, 255 - 10 * (int)from_x);
        if (away > 24) fail_msg("orientation %d: (%u, %u) is %d levels away", orientation, x, y, away);
      }
    hb_image_free(&thumb);
  }
}

/* A chequerboard of single pixels becomes grey: all pixels count, not every fourth one. */
static void a_thumbnail_shows_the_average(void **state) {
  picture p = picture_make(400, 400, 3, 1);
  for (uint32_t i = 0; i < 400 * 400; i++) memset(p.pixels + 3 * i, (i + i / 400) % 2 ? 255 : 0, 3);
  hb_image thumb = thumb_of(*state, pnm_encode(&p), 100);
  for (size_t i = 0; i < 100 * 100; i++) assert_true(apart(thumb.pixels + 3 * i, 128, 128, 128) <= 4);
  picture_free(&p);
  hb_image_free(&thumb);
}

static void what_is_transparent_becomes_white(void **state) {
  picture p = picture_make(200, 100, 4, 1);
  for (size_t i = 0; i < 200 * 100; i++) p.pixels[4 * i + 3] = i % 200 < 100 ? 0 : 255;
  for (size_t i = 0; i < 200 * 100; i++) memcpy(p.pixels + 4 * i, "\x20\x40\x60", 3);
  hb_image thumb = thumb_of(*state, png_encode(&p), 50);
  assert_true(apart(thumb.pixels + 3 * (12 * 50 + 5), 255, 255, 255) <= 2);
  assert_true(apart(thumb.pixels + 3 * (12 * 50 + 45), 0x20, 0x40, 0x60) <= 4);
  picture_free(&p);
  hb_image_free(&thumb);
}

/* Scaling all and cutting out the crop is what hb_image_center_crop does. */
static void scaling_agrees_with_the_network_s_crop(void **state) {
  (void)state;
  static uint8_t crop[HB_CROP_BYTES], scaled[300 * 256 * 3];
  for (int orientation = 1; orientation <= 8; orientation++) {
    uint32_t channels = 3 + (uint32_t)orientation % 2;
    picture p = picture_make(600, 512, channels, (uint64_t)orientation);
    hb_image image = {p.pixels, 600, 512, channels, (hb_orientation)orientation};
    bool swap = orientation >= 5;
    uint32_t width = swap ? 256 : 300, height = swap ? 300 : 256, left = swap ? 16 : 38, top = swap ? 38 : 16;
    assert_ok(hb_image_center_crop(&image, crop, &failure));
    assert_ok(hb_image_scale(&image, width, height, scaled, &failure));
    for (uint32_t y = 0; y < HB_CROP_SIDE; y++)
      for (uint32_t x = 0; x < 3 * HB_CROP_SIDE; x++) {
        int away = abs(crop[y * 3 * HB_CROP_SIDE + x] - scaled[((y + top) * width + left) * 3 + x]);
        if (away > 0) fail_msg("orientation %d: (%u, %u) is %d levels away", orientation, x / 3, y, away);
      }
    picture_free(&p);
  }
}

/* ---- Failures ---- */

static void pictures_that_cannot_be_read_leave_no_file(void **state) {
  const char *path = path_in(*state, "thumb.jpg");
  blob bytes = noise(50, 50);
  assert_fails(thumbnail_write(bytes.bytes, bytes.size / 2, 20, path, &failure), HB_CORRUPT_IMAGE, "damaged");
  assert_fails(thumbnail_write("hello", 5, 20, path, &failure), HB_UNSUPPORTED_IMAGE, "not a picture");
  assert_int_equal(folder_count(*state), 0);
  blob_free(&bytes);
}

static void a_place_that_cannot_be_written_is_named(void **state) {
  blob bytes = noise(50, 50);
  const char *path = path_in(*state, "nowhere/thumb.jpg");
  assert_fails(thumbnail_write(bytes.bytes, bytes.size, 20, path, &failure), HB_IO, "nowhere/thumb.jpg");
  blob_free(&bytes);
}

/* From the last allocation to the first. The last ones are made while libjpeg is at work: it must not end the process.
 */
static void a_lack_of_memory_is_reported_wherever_it_strikes(void **state) {
  const char *path = path_in(*state, "thumb.jpg");
  blob bytes = noise(700, 700);
  int refusals = 0;
  bool decoded = true;
  for (size_t n = 100; n-- > 0;) {
    allocations_fail_from(n);
    hb_status status = thumbnail_write(bytes.bytes, bytes.size, 600, path, &failure);
    allocations_work();
    if (status == HB_OK) continue;
    if (refusals++ == 0) assert_int_equal(unlink(path), 0); /* of the time before */
    assert_int_equal(folder_count(*state), 0);
    decoded = decoded && status != HB_CORRUPT_IMAGE; /* stb_image does not tell why it failed */
    if (decoded) assert_int_equal(status, HB_OUT_OF_MEMORY);
  }
  assert_true(refusals >= 5 && refusals < 99);
  blob_free(&bytes);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_thumbnail_is_a_progressive_jpeg_without_metadata),
      test(the_same_picture_gives_the_same_bytes),
      test(the_longer_side_gets_the_wanted_pixels),
      test(a_picture_is_never_enlarged),
      test(impossible_sizes_are_refused),
      test(the_largest_thumbnail_is_possible),
      test(thumbnails_are_the_right_way_up),
      test(a_thumbnail_shows_the_average),
      test(what_is_transparent_becomes_white),
      cmocka_unit_test(scaling_agrees_with_the_network_s_crop),
      test(pictures_that_cannot_be_read_leave_no_file),
      test(a_place_that_cannot_be_written_is_named),
      test(a_lack_of_memory_is_reported_wherever_it_strikes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
