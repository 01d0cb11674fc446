/* image/decode.h: picture files to pixels, and everything that is not one. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "image/decode.h"
#include "image/size.h"
#include "pictures.h"
#include "support.h"

/* Decodes a file (and frees it) that must be fine. */
static hb_image decode(blob file) {
  hb_image image;
  assert_ok(hb_image_decode(file.bytes, file.size, &image, &failure));
  blob_free(&file);
  return image;
}

/* hb_image.h's rule for alpha: laid over white, rounded. */
static uint8_t over_white(uint8_t value, uint8_t alpha) {
  double share = alpha / 255.0;
  return (uint8_t)(value * share + 255 * (1 - share) + 0.5);
}

/* Checks every pixel of a decoded picture against the one that was encoded, and frees the former. */
static void assert_shows(hb_image image, const picture *p) {
  bool has_alpha = p->channels % 2 == 0;
  assert_int_equal(image.width, p->width);
  assert_int_equal(image.height, p->height);
  assert_int_equal(image.channels, has_alpha ? 4 : 3);
  assert_int_equal(image.orientation, HB_UPRIGHT);
  for (size_t i = 0; i < (size_t)p->width * p->height; i++) {
    const uint8_t *from = p->pixels + i * p->channels, *got = image.pixels + i * image.channels;
    for (size_t c = 0; c < 3; c++) {
      uint8_t value = from[p->channels < 3 ? 0 : c];
      if (has_alpha) value = over_white(value, from[p->channels - 1]);
      assert_int_equal(got[c], value);
    }
  }
  hb_image_free(&image);
  assert_null(image.pixels);
}

static void png_of_every_kind_is_decoded(void **state) {
  (void)state;
  static const uint32_t sizes[][2] = {{1, 1}, {13, 7}, {64, 300}};
  for (int s = 0; s < 3; s++)
    for (uint32_t channels = 1; channels <= 4; channels++) {
      picture p = picture_make(sizes[s][0], sizes[s][1], channels, channels);
      assert_shows(decode(png_encode(&p)), &p);
      assert_shows(decode(png_encode_16(&p, 0x00)), &p);
      assert_shows(decode(png_encode_16(&p, 0xff)), &p);
      picture_free(&p);
    }
}

static void transparency_from_nothing_to_all_is_laid_over_white(void **state) {
  (void)state;
  picture p = picture_make(256, 4, 4, 1);
  for (uint32_t x = 0; x < 256; x++)
    for (uint32_t y = 0; y < 4; y++) {
      uint8_t *pixel = p.pixels + 4 * (y * 256 + x);
      pixel[0] = (uint8_t)(85 * y), pixel[3] = (uint8_t)x;
    }
  assert_shows(decode(png_encode(&p)), &p);
  hb_image_flatten_alpha(p.pixels, 256 * 4);
  for (size_t i = 0; i < 256 * 4; i++) assert_int_equal(p.pixels[4 * i + 3], 255);
  assert_int_equal(p.pixels[0], 255); /* fully transparent black */
  picture_free(&p);
}

/* 4 colours in an 8-bit palette; `p` receives what it shows. */
static void make_palette(picture *indices, uint8_t palette[12], picture *p, const uint8_t *alpha) {
  *indices = picture_make(9, 5, 1, 3);
  *p = picture_make(9, 5, alpha != NULL ? 4 : 3, 4);
  for (uint8_t i = 0; i < 12; i++) palette[i] = (uint8_t)(i * 21 + 5);
  for (size_t i = 0; i < 45; i++) {
    uint8_t index = indices->pixels[i] %= 4;
    memcpy(p->pixels + i * p->channels, palette + 3 * index, 3);
    if (alpha != NULL) p->pixels[i * 4 + 3] = index < 3 ? alpha[index] : 255;
  }
}

static void palettes_are_looked_up(void **state) {
  (void)state;
  picture indices, p;
  uint8_t palette[12];
  make_palette(&indices, palette, &p, NULL);
  assert_shows(decode(png_encode_palette(&indices, palette, 4, NULL, 0)), &p);
  picture_free(&indices);
  picture_free(&p);
}

static void palettes_may_have_alpha(void **state) {
  (void)state;
  static const uint8_t alpha[3] = {0, 128, 254}; /* the fourth colour is opaque */
  picture indices, p;
  uint8_t palette[12];
  make_palette(&indices, palette, &p, alpha);
  assert_shows(decode(png_encode_palette(&indices, palette, 4, alpha, 3)), &p);
  picture_free(&indices);
  picture_free(&p);
}

static void a_transparent_colour_becomes_white(void **state) {
  (void)state;
  picture p = picture_make(8, 8, 3, 3), shown = picture_make(8, 8, 4, 3);
  const uint8_t key[3] = {1, 2, 3};
  memcpy(p.pixels + 3 * 20, key, 3);
  for (size_t i = 0; i < 64; i++) {
    memcpy(shown.pixels + 4 * i, p.pixels + 3 * i, 3);
    shown.pixels[4 * i + 3] = i == 20 ? 0 : 255;
  }
  assert_shows(decode(png_encode_key(&p, key)), &shown);
  picture_free(&p);
  picture_free(&shown);
}

static void bmp_is_decoded_from_either_end(void **state) {
  (void)state;
  for (uint32_t width = 1; width <= 9; width++) { /* with every padding of a row */
    picture p = picture_make(width, 5, 3, width);
    assert_shows(decode(bmp_encode(&p, false)), &p);
    assert_shows(decode(bmp_encode(&p, true)), &p);
    picture_free(&p);
  }
}

static void pnm_is_decoded(void **state) {
  (void)state;
  for (uint32_t channels = 1; channels <= 3; channels += 2) {
    picture p = picture_make(17, 11, channels, channels);
    assert_shows(decode(pnm_encode(&p)), &p);
    picture_free(&p);
  }
}

static void pnm_headers_may_have_comments(void **state) {
  (void)state;
  picture p = picture_make(2, 1, 3, 1);
  static const char header[] = "P6 # made by hand\n# another line\n2\t1 # size\n255\n";
  blob pnm = blob_of(header, sizeof header - 1);
  blob_add(&pnm, p.pixels, 6);
  assert_shows(decode(pnm), &p);
  picture_free(&p);
}

static void gif_shows_its_first_frame(void **state) {
  (void)state;
  uint8_t palette[128 * 3];
  for (size_t i = 0; i < sizeof palette; i++) palette[i] = (uint8_t)(i * 37);
  picture indices = picture_make(31, 20, 1, 9), p = picture_make(31, 20, 4, 9);
  for (int transparent = -1; transparent < 128; transparent += 64) {
    for (size_t i = 0; i < 31 * 20; i++) {
      uint8_t index = indices.pixels[i] %= 128;
      memcpy(p.pixels + 4 * i, palette + 3 * index, 3);
      p.pixels[4 * i + 3] = index == transparent ? 0 : 255;
    }
    assert_shows(decode(gif_encode(&indices, palette, transparent)), &p);
  }
  picture_free(&indices);
  picture_free(&p);
}

static void assert_shows_the_jpeg_pattern(hb_image image) {
  assert_int_equal(image.width, JPEG_WIDTH);
  assert_int_equal(image.height, JPEG_HEIGHT);
  assert_int_equal(image.channels, 3);
  for (int y = 0; y < JPEG_HEIGHT; y++)
    for (int x = 0; x < JPEG_WIDTH; x++) {
      const uint8_t *p = image.pixels + 3 * (y * JPEG_WIDTH + x);
      const int expected[3] = {10 * x, 15 * y, 255 - 10 * x};
      for (int c = 0; c < 3; c++) assert_true(abs(p[c] - expected[c]) <= 8);
    }
  hb_image_free(&image);
}

static void jpeg_is_decoded_baseline_and_progressive(void **state) {
  (void)state;
  assert_shows_the_jpeg_pattern(decode(blob_of(jpeg_baseline, sizeof jpeg_baseline)));
  assert_shows_the_jpeg_pattern(decode(blob_of(jpeg_progressive, sizeof jpeg_progressive)));
}

static void bytes_behind_the_picture_do_no_harm(void **state) {
  (void)state;
  blob jpeg = blob_of(jpeg_baseline, sizeof jpeg_baseline);
  blob_add(&jpeg, "trailing rubbish", 16);
  assert_shows_the_jpeg_pattern(decode(jpeg));
}

static void orientation_is_told_and_pixels_stay_as_stored(void **state) {
  (void)state;
  for (unsigned o = 1; o <= 8; o++) {
    blob segment = exif_segment(o % 2 == 0, 0, 3, 1, o);
    hb_image image = decode(jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &segment));
    assert_int_equal(image.orientation, o);
    assert_shows_the_jpeg_pattern(image);
    blob_free(&segment);
  }
}

/* ---- Damage ---- */

/* Every kind of file that is decoded, small. */
static uint32_t make_samples(blob samples[12]) {
  uint8_t palette[128 * 3] = {0};
  picture grey = picture_make(11, 6, 1, 1), rgb = picture_make(11, 6, 3, 1), rgba = picture_make(11, 6, 4, 1);
  for (size_t i = 0; i < 66; i++) grey.pixels[i] %= 128;
  blob segment = exif_segment(true, 0, 3, 1, 6);
  uint32_t n = 0;
  samples[n++] = blob_of(jpeg_baseline, sizeof jpeg_baseline);
  samples[n++] = blob_of(jpeg_progressive, sizeof jpeg_progressive);
  samples[n++] = jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &segment);
  samples[n++] = png_encode(&rgb);
  samples[n++] = png_encode_16(&rgba, 1);
  samples[n++] = png_encode_palette(&grey, palette, 128, palette, 128);
  samples[n++] = png_encode_key(&rgb, palette);
  samples[n++] = bmp_encode(&rgb, false);
  samples[n++] = bmp_encode(&rgb, true);
  samples[n++] = pnm_encode(&rgb);
  samples[n++] = pnm_encode(&grey);
  samples[n++] = gif_encode(&grey, palette, 5);
  blob_free(&segment);
  picture_free(&grey);
  picture_free(&rgb);
  picture_free(&rgba);
  return n;
}

/* Of all values how many are about those of the whole picture. */
static double share_there(const hb_image *cut, const hb_image *whole) {
  size_t there = 0, count = (size_t)whole->width * whole->height;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *a = cut->pixels + i * cut->channels, *b = whole->pixels + i * whole->channels;
    there += abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]) < 60;
  }
  return (double)there / (double)count;
}

/* Each sample, cut after every byte: three quarters of the picture, and more, are taken, and less is refused. */
static void cut_anywhere_a_picture_is_there_for_three_quarters_or_refused(void **state) {
  (void)state;
  blob samples[12];
  uint32_t count = make_samples(samples), taken = 0;
  for (uint32_t s = 0; s < count; s++) {
    hb_image whole;
    assert_ok(hb_image_decode(samples[s].bytes, samples[s].size, &whole, &failure));
    for (size_t n = 0; n < samples[s].size; n++) {
      blob cut = blob_of(samples[s].bytes, n);
      hb_image image = {.width = 77};
      hb_status status = hb_image_decode(cut.bytes, cut.size, &image, &failure);
      if (status == HB_OK) {
        taken++;
        assert_int_equal(image.width, whole.width);
        assert_int_equal(image.height, whole.height);
        if (share_there(&image, &whole) < 0.7)
          print_error("sample %u cut after %zu of %zu bytes\n", s, n, samples[s].size);
        assert_true(share_there(&image, &whole) >= 0.7);
        hb_image_free(&image);
      } else {
        if (status == HB_IMAGE_TOO_LARGE) print_error("sample %u cut after %zu bytes: %s\n", s, n, failure.text);
        assert_true(status == HB_CORRUPT_IMAGE || (status == HB_UNSUPPORTED_IMAGE && n < 4));
        assert_int_equal(image.width, 77);
      }
      blob_free(&cut);
    }
    hb_image_free(&whole);
  }
  assert_true(taken > 12 * 20);
  for (uint32_t s = 0; s < count; s++) blob_free(&samples[s]);
}

static void a_changed_byte_never_crashes(void **state) {
  (void)state;
  blob samples[12];
  uint32_t count = make_samples(samples);
  hb_random random = {1};
  for (uint32_t s = 0; s < count; s++)
    for (size_t at = 0; at < samples[s].size; at++)
      for (int round = 0; round < 4; round++) {
        blob changed = blob_of(samples[s].bytes, samples[s].size);
        changed.bytes[at] ^= (uint8_t)(round < 3 ? 1u << hb_random_below(&random, 8) : 255u);
        hb_image image;
        if (hb_image_decode(changed.bytes, changed.size, &image, &failure) == HB_OK) {
          /* all the pixels that it claims are there to be read */
          volatile uint8_t last = image.pixels[(size_t)image.width * image.height * image.channels - 1];
          (void)last;
          hb_image_free(&image);
        }
        blob_free(&changed);
      }
  for (uint32_t s = 0; s < count; s++) blob_free(&samples[s]);
}

/* Memory of many sizes holds something when the decoder gets it. */
static void soil_memory(uint8_t value) {
  void *blocks[64];
  for (size_t i = 0; i < 64; i++) blocks[i] = memset(must_allocate(24 * (i + 1)), value, 24 * (i + 1));
  for (size_t i = 0; i < 64; i++) free(blocks[i]);
}

/* stb_image takes a JPEG whose scan it does not find; its pixels must not be what was in memory. */
static void what_is_missing_is_not_made_of_old_memory(void **state) {
  (void)state;
  blob jpeg = blob_of(jpeg_baseline, sizeof jpeg_baseline);
  for (size_t at = 2; at + 1 < jpeg.size; at++)
    if (jpeg.bytes[at] == 0xff && jpeg.bytes[at + 1] == 0xda) jpeg.bytes[at + 1] = 0xfe; /* a comment */
  for (int turn = 0; turn < 2; turn++) {
    soil_memory(turn == 0 ? 0xaa : 0x55);
    hb_image image;
    if (hb_image_decode(jpeg.bytes, jpeg.size, &image, &failure) != HB_OK) continue; /* as well */
    for (size_t i = 3; i < 3 * JPEG_WIDTH * JPEG_HEIGHT; i++) assert_int_equal(image.pixels[i], image.pixels[i % 3]);
    hb_image_free(&image);
  }
  blob_free(&jpeg);
}

static void assert_refused(const void *bytes, size_t size, hb_status status, const char *words) {
  blob file = blob_of(bytes, size);
  hb_image image;
  assert_fails(hb_image_decode(file.bytes, file.size, &image, &failure), status, words);
  blob_free(&file);
}

static void what_is_no_picture_is_refused(void **state) {
  (void)state;
  static const char text[] = "Dear diary, today I was mistaken for a photograph.\n";
  static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
  assert_refused("", 0, HB_UNSUPPORTED_IMAGE, "the file is empty");
  assert_refused("x", 1, HB_UNSUPPORTED_IMAGE, "not a picture");
  assert_refused("\0\0", 2, HB_UNSUPPORTED_IMAGE, "not a picture that can be read; save it as JPEG or PNG");
  assert_refused(text, sizeof text - 1, HB_UNSUPPORTED_IMAGE, "this is text, not a picture");
  assert_refused(svg, sizeof svg - 1, HB_UNSUPPORTED_IMAGE, "an SVG drawing");
}

static void formats_that_are_not_decoded_are_named(void **state) {
  (void)state;
  static const struct {
    const char *bytes, *name;
    size_t size;
  } cases[] = {
      {"RIFF\x24\0\0\0WEBPVP8 ", "WebP", 16},
      {"\0\0\0\x20"
       "ftypavif\0\0\0\0",
       "AVIF", 16},
      {"\0\0\0\x20"
       "ftypheic\0\0\0\0",
       "HEIC", 16},
      {"\0\0\0\x20"
       "ftypheix\0\0\0\0",
       "HEIC", 16},
      {"\0\0\0\x20"
       "ftypmif1\0\0\0\0",
       "HEIC", 16},
      {"II*\0\x08\0\0\0", "TIFF", 8},
      {"MM\0*\0\0\0\x08", "TIFF", 8},
      {"%PDF-1.7\n", "PDF", 9},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_refused(cases[i].bytes, cases[i].size, HB_UNSUPPORTED_IMAGE, cases[i].name);
    assert_non_null(strstr(failure.text, "JPEG or PNG"));
  }
}

static void a_damaged_picture_is_told_from_a_stranger(void **state) {
  (void)state;
  assert_refused("\xff\xd8\xff\xe0 and then nothing", 21, HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused("\x89PNG\r\n\x1a\n", 8, HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused("GIF89a", 6, HB_CORRUPT_IMAGE, "");
  blob empty = png_claiming(16, 16);
  assert_refused(empty.bytes, empty.size, HB_CORRUPT_IMAGE, "damaged or incomplete");
  blob_free(&empty);
}

/* ---- Size ---- */

/* Refused with this status, and without a large allocation on the way. */
static void assert_refused_small(blob file, hb_status status, const char *words) {
  hb_image image;
  allocations_reset();
  assert_fails(hb_image_decode(file.bytes, file.size, &image, &failure), status, words);
  assert_true(allocations_largest() < 65536);
  blob_free(&file);
}

/* A JPEG's header claims another size. */
static void claim(blob *jpeg, const char height_and_width[4]) {
  for (size_t at = 2; at + 9 < jpeg->size; at++) /* the frame header: marker, length, precision, height, width */
    if (jpeg->bytes[at] == 0xff && (jpeg->bytes[at + 1] == 0xc0 || jpeg->bytes[at + 1] == 0xc2))
      memcpy(jpeg->bytes + at + 5, height_and_width, 4);
}

static void absurd_sizes_are_refused_before_anything_is_allocated(void **state) {
  (void)state;
  assert_refused_small(png_claiming(17000, 17000), HB_IMAGE_TOO_LARGE, "289 megapixels");
  assert_refused_small(png_claiming(100000, 16000000), HB_IMAGE_TOO_LARGE, "1600000 megapixels");
  assert_refused_small(png_claiming(UINT32_MAX, UINT32_MAX), HB_IMAGE_TOO_LARGE, "megapixels");
  assert_refused_small(png_claiming(0, 10), HB_CORRUPT_IMAGE, "no pixels");
  assert_refused_small(png_claiming(10, 0), HB_CORRUPT_IMAGE, "no pixels");

  blob jpeg = blob_of(jpeg_baseline, sizeof jpeg_baseline);
  claim(&jpeg, "\xff\xff\xff\xff");
  assert_refused_small(jpeg, HB_IMAGE_TOO_LARGE, "megapixels");

  picture p = picture_make(4, 4, 3, 1);
  blob bmp = bmp_encode(&p, false);
  memcpy(bmp.bytes + 18, "\xff\xff\xff\0\xff\xff\xff\0", 8);
  assert_refused_small(blob_of(bmp.bytes, bmp.size), HB_IMAGE_TOO_LARGE, "megapixels");
  memcpy(bmp.bytes + 18, "\xfb\xff\xff\xff\x05\0\0\0", 8); /* -5 x 5 */
  assert_refused_small(bmp, HB_CORRUPT_IMAGE, "damaged");
  assert_refused_small(blob_of("P6 99999 99999 255\n", 19), HB_IMAGE_TOO_LARGE, "megapixels");
  assert_refused_small(blob_of("GIF89a\xff\xff\xff\xff\x80\0\0", 13), HB_IMAGE_TOO_LARGE, "megapixels");
  picture_free(&p);
}

static void a_short_file_cannot_have_many_pixels(void **state) {
  (void)state;
  picture p = picture_make(4, 4, 3, 1);
  blob bmp = bmp_encode(&p, false), baseline = blob_of(jpeg_baseline, sizeof jpeg_baseline),
       progressive = blob_of(jpeg_progressive, sizeof jpeg_progressive);
  memcpy(bmp.bytes + 18, "\0\x40\0\0\0\x40\0\0", 8);
  claim(&baseline, "\x10\0\x10\0");
  claim(&progressive, "\x40\0\x40\0");
  assert_refused_small(bmp, HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused_small(baseline, HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused_small(progressive, HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused_small(blob_of("P6 1 99999999 255\n", 18), HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused_small(png_claiming(16384, 16384), HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused_small(blob_of("P6 16384 16384 255\n", 19), HB_CORRUPT_IMAGE, "damaged or incomplete");
  assert_refused_small(blob_of("GIF89a\0\x40\0\x40\x80\0\0", 13), HB_CORRUPT_IMAGE, "damaged or incomplete");
  picture_free(&p);
}

/* A picture of 16 x 16 whose data go on for 200 MB: what belongs to it is taken. */
static void a_bomb_is_not_unpacked_to_the_end(void **state) {
  (void)state;
  picture black = picture_make(16, 16, 3, 1);
  memset(black.pixels, 0, 16 * 16 * 3);
  blob png = png_unpacking_to(16, 16, 200 << 20);
  assert_true(png.size < 2 << 20);
  allocations_reset();
  assert_shows(decode(png), &black);
  assert_true(allocations_largest() < 80 << 20);
  assert_shows(decode(png_unpacking_to(16, 16, 16 * (1 + 16 * 3))), &black);
  picture_free(&black);
}

static void sizes_are_checked_without_overflow(void **state) {
  (void)state;
  assert_ok(hb_image_check_size(1, 1, &failure));
  assert_ok(hb_image_check_size(HB_IMAGE_MAX_PIXELS, 1, &failure));
  assert_ok(hb_image_check_size(16384, 16384, &failure));
  assert_fails(hb_image_check_size(16385, 16384, &failure), HB_IMAGE_TOO_LARGE, "at most 268");
  assert_fails(hb_image_check_size(UINT64_MAX, UINT64_MAX, &failure), HB_IMAGE_TOO_LARGE, "megapixels");
  assert_fails(hb_image_check_size((uint64_t)1 << 32, (uint64_t)1 << 32, &failure), HB_IMAGE_TOO_LARGE, "megapixels");
  assert_fails(hb_image_check_size(0, 5, &failure), HB_CORRUPT_IMAGE, "no pixels");
  assert_fails(hb_image_check_size(5, 0, &failure), HB_CORRUPT_IMAGE, "no pixels");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(png_of_every_kind_is_decoded),
      cmocka_unit_test(transparency_from_nothing_to_all_is_laid_over_white),
      cmocka_unit_test(palettes_are_looked_up),
      cmocka_unit_test(palettes_may_have_alpha),
      cmocka_unit_test(a_transparent_colour_becomes_white),
      cmocka_unit_test(bmp_is_decoded_from_either_end),
      cmocka_unit_test(pnm_is_decoded),
      cmocka_unit_test(pnm_headers_may_have_comments),
      cmocka_unit_test(gif_shows_its_first_frame),
      cmocka_unit_test(jpeg_is_decoded_baseline_and_progressive),
      cmocka_unit_test(bytes_behind_the_picture_do_no_harm),
      cmocka_unit_test(orientation_is_told_and_pixels_stay_as_stored),
      cmocka_unit_test(cut_anywhere_a_picture_is_there_for_three_quarters_or_refused),
      cmocka_unit_test(a_changed_byte_never_crashes),
      cmocka_unit_test(what_is_missing_is_not_made_of_old_memory),
      cmocka_unit_test(what_is_no_picture_is_refused),
      cmocka_unit_test(formats_that_are_not_decoded_are_named),
      cmocka_unit_test(a_damaged_picture_is_told_from_a_stranger),
      cmocka_unit_test(absurd_sizes_are_refused_before_anything_is_allocated),
      cmocka_unit_test(a_short_file_cannot_have_many_pixels),
      cmocka_unit_test(a_bomb_is_not_unpacked_to_the_end),
      cmocka_unit_test(sizes_are_checked_without_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
