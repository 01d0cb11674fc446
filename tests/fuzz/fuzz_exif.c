/* Aims at the EXIF reader alone, whose directory lies at offsets that the file chooses: far more tries a second than
 * with a picture to decode behind it. The input is what follows a JPEG's first two bytes. */
#include "image/exif.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  blob jpeg = blob_of("\xff\xd8", 2);
  if (size > 0) blob_add(&jpeg, bytes, size);
  hb_orientation orientation = hb_exif_orientation(jpeg.bytes, jpeg.size);
  require(orientation >= HB_UPRIGHT && orientation <= HB_ROTATE_270);
  blob_free(&jpeg);
  return 0;
}
