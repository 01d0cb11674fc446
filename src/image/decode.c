#include "image/decode.h"

#include "image/bmp.h"
#include "image/exif.h"
#include "image/format.h"
#include "image/gif.h"
#include "image/giflib.h"
#include "image/jpeg.h"
#include "image/libjpeg.h"
#include "image/png.h"
#include "image/pnm.h"

static hb_status fail_other(const void *bytes, size_t size, hb_error *error) {
  const char *other = hb_format_other(bytes, size);
  if (size == 0)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "the file is empty, not a picture; copy or download it again");
  if (other == hb_format_web_page)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "this is a web page, not a picture; download the picture itself");
  if (other == hb_format_drawing)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE,
                   "this is an SVG drawing, not a picture of pixels; save it as JPEG or PNG");
  if (other == hb_format_text)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE,
                   "this is text, not a picture; choose the picture itself, or download it again");
  if (other != NULL)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "this is %s, which cannot be read; save it as JPEG or PNG", other);
  return hb_fail(error, HB_UNSUPPORTED_IMAGE, "this is not a picture that can be read; save it as JPEG or PNG");
}

static hb_status decode(const void *bytes, size_t size, hb_image *out, hb_error *error) {
  switch (hb_format_find(bytes, size)) {
    case HB_FORMAT_JPEG: return hb_jpeg_decode(bytes, size, out, error);
    case HB_FORMAT_PNG: return hb_png_decode(bytes, size, out, error);
    case HB_FORMAT_GIF: return hb_gif_decode(bytes, size, out, error);
    case HB_FORMAT_BMP: return hb_bmp_decode(bytes, size, out, error);
    case HB_FORMAT_PNM: return hb_pnm_decode(bytes, size, out, error);
    case HB_FORMAT_NONE: break;
  }
  return fail_other(bytes, size, error);
}

/* What all formats have in common. */
static void finish(const void *bytes, size_t size, hb_image *image) {
  if (image->channels == 4) hb_image_flatten_alpha(image->pixels, (size_t)image->width * image->height);
  image->orientation = hb_exif_orientation(bytes, size);
}

hb_status hb_image_decode_alone(const void *bytes, size_t size, hb_image *out, hb_error *error) {
  hb_image image;
  hb_status status = decode(bytes, size, &image, error);
  if (status != HB_OK) return status;
  finish(bytes, size, &image);
  *out = image;
  return HB_OK;
}

#ifdef __wasm__

hb_status hb_image_decode(const void *bytes, size_t size, hb_image *out, hb_error *error) {
  return hb_image_decode_alone(bytes, size, out, error);
}

#else

/* HB_UNSUPPORTED_IMAGE, without a sentence, if they do not read it. */
static hb_status decode_by_libraries(const void *bytes, size_t size, hb_image *out, hb_error *error) {
  switch (hb_format_find(bytes, size)) {
    case HB_FORMAT_JPEG: return hb_libjpeg_decode(bytes, size, out, error);
    case HB_FORMAT_GIF: return hb_giflib_decode(bytes, size, out, error);
    default: return HB_UNSUPPORTED_IMAGE;
  }
}

hb_status hb_image_decode(const void *bytes, size_t size, hb_image *out, hb_error *error) {
  hb_error own;
  if (error == NULL) error = &own;
  const hb_status status = hb_image_decode_alone(bytes, size, out, error);
  if ((status != HB_UNSUPPORTED_IMAGE && status != HB_CORRUPT_IMAGE) || error->is_incomplete) return status;
  hb_image image;
  const hb_status by_libraries = decode_by_libraries(bytes, size, &image, error);
  if (by_libraries == HB_UNSUPPORTED_IMAGE) return status;
  if (by_libraries != HB_OK) return by_libraries;
  finish(bytes, size, &image);
  *out = image;
  return HB_OK;
}

#endif
