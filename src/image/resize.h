/* resize.h: pixels to the crop that the network sees, as torchvision's preset ImageClassification(crop_size=224,
 * resize_size=256) does it with Pillow: Resize(256, bilinear with antialias), then CenterCrop(224). Of equal pixels it
 * makes Pillow's bytes (image/resample.h). */
#ifndef HB_IMAGE_RESIZE_H
#define HB_IMAGE_RESIZE_H

#include "image/decode.h"

/* The crop as 8-bit RGB, [224][224][3], the right way up. Only the pixels of the crop are computed. Fails for pictures
 * narrower than 1 : 100,000. */
hb_status hb_image_center_crop(const hb_image *image, uint8_t crop[HB_CROP_BYTES], hb_error *error);

/* The whole picture, scaled with the same filter to width x height as it is shown: 8-bit RGB, [height][width][3], the
 * right way up. For thumbnails. Sides are 1..65535. */
hb_status hb_image_scale(const hb_image *image, uint32_t width, uint32_t height, uint8_t *rgb, hb_error *error);

#endif
