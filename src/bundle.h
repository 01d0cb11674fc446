/* bundle.h: the static bundle, format 1: a folder of index.json and files that are named by their content.
 *
 * index.json
 *   format "heybagh-index", version 1, generator
 *   model {id, url, bytes}     the model that made the vectors; url is relative to the bundle
 *   head {kind, file}          kind "logits" (file absent: the model's own fc) or "exact"
 *   metric "COSINE", storage "f32", dim, count, nlist, nprobe (the default), seed
 *   image_url                  relative to the bundle, {path} stands for an image's path
 *   labels [string]            in byte order
 *   centroids {file}
 *   lists [{file, offset, bytes, count}]   nlist of them
 *   files [{name, bytes, sha256}]          what "file" above counts through
 *
 * Every other file is little-endian and begins with 16 bytes: magic[4], version u32 = 1, and two u32:
 *   "HBHD" head       dim, 512     then f32 matrix [dim][512], f32 bias [dim]
 *   "HBCT" centroids  nlist, dim   then f32 [nlist][dim], unit length
 *   "HBLS" lists      number of lists, dim; then lists at the offsets of index.json, multiples of 16
 * A list: u32 count, u32 text bytes, 8 zero bytes; f32 vectors [count][dim]; u32 ids [count];
 *   u32 labels [count] (into index.json's labels); u32 paths [count] (offsets into the text);
 *   text: NUL-terminated UTF-8 paths. Ids are 0 .. count-1 over the whole bundle, in byte order of the paths.
 */
#ifndef HB_BUNDLE_H
#define HB_BUNDLE_H

#include "error.h"
#include "head.h"
#include "ivf.h"
#include "sha256.h"

#define HB_BUNDLE_FORMAT "heybagh-index"
#define HB_BUNDLE_VERSION 1u
#define HB_MANIFEST_NAME "index.json"
#define HB_BUNDLE_ALIGNMENT 16
#define HB_LIST_HEADER 16
#define HB_FILE_NAME_MAX 80
#define HB_DIM_MAX 32768 /* as in Milvus */

#define HB_MAGIC_HEAD "HBHD"
#define HB_MAGIC_CENTROIDS "HBCT"
#define HB_MAGIC_LISTS "HBLS"

typedef struct {
  char magic[4];
  uint32_t version, first, second;
} hb_file_header;

/* For the engine: the lists, and the head that the bundle carries (false if it is the model's own fc). */
const hb_ivf *hb_index_ivf(const hb_index *index);
bool hb_index_own_head(const hb_index *index, hb_head *out);
/* HB_OK once every file has been provided. */
hb_status hb_index_check_complete(const hb_index *index, hb_error *error);
/* The number of a label, or UINT32_MAX; and the label number of an image. */
uint32_t hb_index_find_label(const hb_index *index, const char *label);
uint32_t hb_index_label_number(const hb_index *index, uint32_t id);

#endif
