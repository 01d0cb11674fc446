/* decode_files OUT FILE...: what becomes of each file, a line of JSON: {"file", "width", "height"}, and OUT/FILE.ppm
 * has its pixels, the right way up; or {"file", "code", "error"}. With --alone in front by what the browser's engine
 * has, without other libraries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/decode.h"

typedef hb_status decoder(const void *bytes, size_t size, hb_image *out, hb_error *error);

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static const uint8_t *shown_pixel(const hb_image *image, uint32_t x, uint32_t y) {
  const bool swap = hb_orientation_swaps_axes(image->orientation);
  uint32_t from_x = swap ? y : x, from_y = swap ? x : y;
  if (hb_orientation_flips_x(image->orientation)) from_x = image->width - 1 - from_x;
  if (hb_orientation_flips_y(image->orientation)) from_y = image->height - 1 - from_y;
  return image->pixels + ((size_t)from_y * image->width + from_x) * image->channels;
}

static bool write_pixels(const char *folder, const char *name, const hb_image *image) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.ppm", folder, name);
  FILE *out = fopen(path, "wb");
  if (out == NULL) return false;
  const bool swap = hb_orientation_swaps_axes(image->orientation);
  const uint32_t width = swap ? image->height : image->width, height = swap ? image->width : image->height;
  fprintf(out, "P6\n%u %u\n255\n", width, height);
  bool is_written = true;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++) is_written = fwrite(shown_pixel(image, x, y), 1, 3, out) == 3 && is_written;
  printf("{\"file\":\"%s\",\"width\":%u,\"height\":%u}\n", name, width, height);
  return fclose(out) == 0 && is_written;
}

/* Into memory of just its size, so that the sanitizers see each byte that is read beyond. */
static bool decode_file(decoder *decode, const char *folder, const char *path) {
  hb_mapping file;
  hb_error error;
  if (hb_file_map(path, &file, &error) != HB_OK) return fprintf(stderr, "%s\n", error.text), false;
  uint8_t *bytes = malloc(file.size > 0 ? file.size : 1);
  if (bytes == NULL) return false;
  if (file.size > 0) memcpy(bytes, file.bytes, file.size);
  hb_image image;
  const hb_status status = decode(bytes, file.size, &image, &error);
  bool done = true;
  if (status == HB_OK) {
    done = write_pixels(folder, name_of(path), &image);
    hb_image_free(&image);
  } else {
    printf("{\"file\":\"%s\",\"status\":%d,\"code\":\"%s\",\"error\":\"%s\"}\n", name_of(path), status,
           hb_status_text(status), error.text);
  }
  free(bytes);
  hb_file_unmap(file);
  return done;
}

int main(int count, char **arguments) {
  const bool is_alone = count > 1 && strcmp(arguments[1], "--alone") == 0;
  if (is_alone) count--, arguments++;
  if (count < 3) return fprintf(stderr, "usage: decode_files [--alone] OUT FILE...\n"), 2;
  for (int i = 2; i < count; i++)
    if (!decode_file(is_alone ? hb_image_decode_alone : hb_image_decode, arguments[1], arguments[i])) return 1;
  return 0;
}
