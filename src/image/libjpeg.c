#include "image/libjpeg.h"

#ifndef HAS_LIBJPEG

hb_status hb_libjpeg_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  (void)bytes, (void)size, (void)out, (void)error;
  return HB_UNSUPPORTED_IMAGE;
}

#else

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

#include "image/damage.h"
#include "image/size.h"

/* A JPEG being read. */
typedef struct {
  struct jpeg_error_mgr errors; /* the first member, as libjpeg hands it back */
  jmp_buf failed;
  hb_image image; /* RGB; zeros where nothing was written */
  uint8_t *inks;  /* a row, if there are four components */
  bool is_cut;    /* the file ended before the picture did */
  bool is_short;  /* the data of a scan did */
  uint32_t rows;  /* then: how many were complete */
} reading;

/* libjpeg's own would end the process. */
static void on_error(j_common_ptr jpeg) { longjmp(((reading *)jpeg->err)->failed, 1); }

static void on_warning(j_common_ptr jpeg, int level) {
  reading *r = (reading *)jpeg->err;
  if (level >= 0) return; /* no warning, but a trace */
  if (r->errors.msg_code == JWRN_JPEG_EOF) r->is_cut = true;
  if (r->errors.msg_code == JWRN_HIT_MARKER && !r->is_short)
    r->is_short = true, r->rows = ((j_decompress_ptr)jpeg)->output_scanline;
}

/* Four components are ink, which Adobe and everybody after it stores inverted. */
static void inks_to_rgb(const uint8_t *inks, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++, inks += 4, rgb += 3)
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((inks[c] * inks[3] + 127) / 255);
}

static void read_rows(struct jpeg_decompress_struct *jpeg, reading *r) {
  jpeg->out_color_space = r->inks != NULL ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(jpeg);
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = r->image.pixels + (size_t)jpeg->output_scanline * r->image.width * 3;
    jpeg_read_scanlines(jpeg, r->inks != NULL ? &r->inks : &row, 1);
    if (r->inks != NULL) inks_to_rgb(r->inks, row, r->image.width);
  }
}

typedef enum { READ, NOT_READ, TOO_LARGE, NO_MEMORY } outcome;

/* A function of its own because locals of the one that calls setjmp do not survive longjmp. */
static outcome try_to_read(struct jpeg_decompress_struct *jpeg, reading *r, const uint8_t *bytes, size_t size,
                           hb_error *error) {
  jpeg->err = jpeg_std_error(&r->errors);
  r->errors.error_exit = on_error;
  r->errors.emit_message = on_warning;
  if (setjmp(r->failed) != 0) return r->errors.msg_code == JERR_OUT_OF_MEMORY ? NO_MEMORY : NOT_READ;
  jpeg_create_decompress(jpeg);
  jpeg_mem_src(jpeg, bytes, size);
  jpeg_read_header(jpeg, TRUE);
  r->image = (hb_image){NULL, jpeg->image_width, jpeg->image_height, 3, HB_UPRIGHT};
  if (hb_image_check_size(r->image.width, r->image.height, error) != HB_OK) return TOO_LARGE;
  r->image.pixels = calloc((size_t)r->image.width * r->image.height, 3);
  if (jpeg->num_components == 4) r->inks = calloc(r->image.width, 4);
  if (r->image.pixels == NULL || (jpeg->num_components == 4 && r->inks == NULL)) return NO_MEMORY;
  read_rows(jpeg, r);
  return READ;
}

/* Where there are restart markers, data that end early are a hole, and else they are the end: libjpeg makes the rest
 * grey. */
static hb_status check(const reading *r, const struct jpeg_decompress_struct *jpeg, hb_error *error) {
  if (r->is_cut) return hb_image_fail_incomplete(error);
  if (!r->is_short || jpeg->restart_interval > 0 || jpeg->progressive_mode) return HB_OK;
  return hb_image_is_enough(r->rows, r->image.height) ? HB_OK : hb_image_fail_incomplete(error);
}

hb_status hb_libjpeg_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  reading r = {.is_cut = false};
  struct jpeg_decompress_struct jpeg = {0};
  const outcome how = try_to_read(&jpeg, &r, bytes, size, error);
  hb_status status = HB_UNSUPPORTED_IMAGE;
  if (how == READ) status = check(&r, &jpeg, error);
  if (how == TOO_LARGE) status = HB_IMAGE_TOO_LARGE;
  if (how == NO_MEMORY) status = hb_fail_memory(error);
  jpeg_destroy_decompress(&jpeg);
  free(r.inks);
  if (status != HB_OK) return hb_image_free(&r.image), status;
  *out = r.image;
  return HB_OK;
}

#endif
