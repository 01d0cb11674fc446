#include "thumbnail.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "base/file.h"

#define QUALITY 80
#define FIRST_CAPACITY 16384

/* The JPEG in the making. libjpeg calls back with its own structs, so these are the first members of ours. */
typedef struct {
  struct jpeg_destination_mgr manager;
  uint8_t *bytes;
  size_t capacity, size; /* `size` is set at the end */
} output;

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf failed;
  char text[JMSG_LENGTH_MAX];
} errors;

/* Replaces the handler of libjpeg, which would end the process. */
static void on_error(j_common_ptr jpeg) {
  errors *e = (errors *)jpeg->err;
  e->manager.format_message(jpeg, e->text);
  longjmp(e->failed, 1);
}

static void output_offer(output *out, size_t used) {
  out->manager.next_output_byte = out->bytes + used;
  out->manager.free_in_buffer = out->capacity - used;
}

static void output_start(j_compress_ptr jpeg) { output_offer((output *)jpeg->dest, 0); }

static boolean output_grow(j_compress_ptr jpeg) {
  output *out = (output *)jpeg->dest;
  size_t used = out->capacity;
  uint8_t *bytes = realloc(out->bytes, 2 * used);
  if (bytes == NULL) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  out->bytes = bytes;
  out->capacity = 2 * used;
  output_offer(out, used);
  return TRUE;
}

static void output_end(j_compress_ptr jpeg) {
  output *out = (output *)jpeg->dest;
  out->size = out->capacity - out->manager.free_in_buffer;
}

static void compress_rows(struct jpeg_compress_struct *jpeg, const hb_picture *picture) {
  jpeg->image_width = picture->width;
  jpeg->image_height = picture->height;
  jpeg->input_components = 3;
  jpeg->in_color_space = JCS_RGB;
  jpeg_set_defaults(jpeg); /* YCbCr 4:2:0; nothing but a JFIF header beside the picture */
  jpeg_set_quality(jpeg, QUALITY, TRUE);
  jpeg->optimize_coding = TRUE;
  jpeg_simple_progression(jpeg);
  jpeg_start_compress(jpeg, TRUE);
  while (jpeg->next_scanline < picture->height) {
    JSAMPROW row = picture->rgb + (size_t)jpeg->next_scanline * picture->width * 3;
    jpeg_write_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_compress(jpeg);
}

/* Returns false if libjpeg failed. This is a function of its own because longjmp destroys the locals of the function
 * that calls setjmp. */
static bool try_to_compress(struct jpeg_compress_struct *jpeg, errors *e, const hb_picture *picture, output *out) {
  jpeg->err = jpeg_std_error(&e->manager);
  e->manager.error_exit = on_error;
  if (setjmp(e->failed) != 0) return false;
  jpeg_create_compress(jpeg);
  jpeg->dest = &out->manager;
  compress_rows(jpeg, picture);
  return true;
}

/* Compresses into out->bytes, which the caller frees, also on failure. */
static hb_status compress(const hb_picture *picture, output *out, hb_error *error) {
  *out =
      (output){{.init_destination = output_start, .empty_output_buffer = output_grow, .term_destination = output_end},
               .bytes = malloc(FIRST_CAPACITY),
               .capacity = FIRST_CAPACITY};
  if (out->bytes == NULL) return hb_fail_memory(error);
  errors e;
  struct jpeg_compress_struct jpeg = {0};
  bool done = try_to_compress(&jpeg, &e, picture, out);
  jpeg_destroy_compress(&jpeg);
  if (done) return HB_OK;
  if (e.manager.msg_code == JERR_OUT_OF_MEMORY) return hb_fail_memory(error);
  return hb_fail(error, HB_INTERNAL, "libjpeg cannot make the thumbnail: %s", e.text);
}

static hb_status save(const char *path, const output *out, hb_error *error) {
  hb_writer *writer;
  hb_status status = hb_writer_open(path, &writer, error);
  if (status != HB_OK) return status;
  hb_writer_add(writer, out->bytes, out->size);
  return hb_writer_close(writer, error);
}

static hb_status compress_and_save(const hb_picture *picture, const char *path, hb_error *error) {
  output out;
  hb_status status = compress(picture, &out, error);
  if (status == HB_OK) status = save(path, &out, error);
  free(out.bytes);
  return status;
}

hb_status thumbnail_write(const void *bytes, size_t size, uint32_t pixels, const char *path, hb_error *error) {
  if (pixels < 1 || pixels > THUMBNAIL_PIXELS_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "a thumbnail must have from 1 to %d pixels, not %u",
                   THUMBNAIL_PIXELS_MAX, pixels);
  hb_picture picture; /* the decoded picture, which is large, is freed before the JPEG is made */
  hb_status status = hb_scale_file(bytes, size, pixels, &picture, error);
  if (status != HB_OK) return status;
  status = compress_and_save(&picture, path, error);
  free(picture.rgb);
  return status;
}
