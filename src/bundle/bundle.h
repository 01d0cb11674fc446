/* bundle.h: the static bundle, format 1: a folder of index.json and files that are named by their content. This
 * comment is the format's description; tests/golden/read_bundle.py is a second reader, written from it.
 *
 * index.json is small and always fetched fresh. Members, in any order; others are to be ignored:
 *   format     "heybagh-index"
 *   version    1
 *   generator  text
 *   model      {id, url, bytes}: the model that made the vectors: its id (64 lower-case hex digits), where it is,
 *              relative to the bundle, and its size; null if the vectors were made elsewhere
 *   head       {kind, features, file}: kind "logits", "exact", "svd", "pca", "lda", "discriminant", "file", or "none"
 *              if model is null. `features` are what the head takes: "layer4", for which an absent one stands, too: the
 *              512 means of layer4; or "sqrt-layer4-layer3": the square roots of these, scaled to unit length, and
 *              behind them those of the 256 means of layer3, likewise. `file` is absent for "logits" (the model's own
 *              last layer) and "none"
 *   metric     "COSINE"
 *   storage    "f32", "f16" or "i8": of vectors, centroids and head
 *   dim, count, nlist, nprobe, seed     whole numbers; nprobe is the default
 *   trained    {count, imbalance_thousandths}: when the lists were last trained, the number of vectors, and
 *              1000 * nlist * (sum of squared list lengths) / count^2, rounded: 1000 if all lists were equally long
 *   shard_bytes  the wanted size of a file of lists
 *   image_url  where a picture is, relative to the bundle; {path} stands for its path, percent-encoded but for slashes
 *   thumb_url  likewise its thumbnail, {content} stands for its content as 16 lower-case hex digits; absent if there
 *              are none. Thumbnails may lie in the bundle's folder, and are not among `files`
 *   about      {title, description, credit, credit_url, licence, samples}: texts about the pictures, and an array of
 *              paths or addresses of some to try; absent if nothing is said. scripts/site.sh writes it
 *   labels     [text], all different; elsewhere a label is its place in this array, counted from 0. "" stands for no
 *              label. A label whose last image went stays until the lists are trained again
 *   centroids  {file}
 *   lists      [{file, offset, bytes, count}], nlist of them, in the order of the centroids
 *   table      {file}: instead of `lists` if nlist > 512, so that index.json stays small
 *   files      [{name, bytes, sha256}], in this folder; every "file" above is a place in this array, counted from 0.
 *              A name ends in the first 16 hex digits of the SHA-256 and ".bin". Each file is head, centroids, table or
 *              lists; those of lists are missing here if there is a table
 *
 * All other files are little-endian. They begin with 16 bytes: magic[4], u32 version = 1, u32 first, u32 second:
 *   magic   first            second  then
 *   "HBHD"  dim              n + 1   rows [dim][n + 1]: the head's matrix, each row followed by its bias; n is the
 *                                    number of features: 512 or 768
 *   "HBCT"  nlist            dim     rows [nlist][dim]: the centroids, unit length
 *   "HBLS"  number of lists  dim     the file's lists in the order of the centroids, the first at 16, each next one at
 *                                    the next multiple of 16 with zeros between
 *   "HBTB"  number of files  nlist   u8 SHA-256 [files][32] of the files of lists, which are called "lists-", the first
 *                                    16 hex digits, ".bin"; then lists [nlist]: u32 file, counted from 0 in this table,
 *                                    u32 bytes, u32 count. Every file has a list; it ends with its last list
 *
 * Rows [n][d] are codes, n * d numbers of 4 (f32), 2 (f16, binary16) or 1 byte (i8, -127 .. 127), then zeros up to a
 * multiple of 16 bytes of the file; then, of i8, f32 scales [n]: the row is its codes times its scale.
 *
 * A list of n vectors:
 *   u32 n, u32 text bytes, 8 bytes of zeros
 *   codes [n][dim], zeros up to a multiple of 16 bytes of the file
 *   u64 contents [n]   the first 8 bytes of the SHA-256 of the image file, as a big-endian number; for a ready-made
 *                      vector, of its f32 bytes as they were given
 *   f32 scales [n]     of i8 only
 *   u32 ids [n]        unique in the bundle
 *   u32 labels [n]     places in index.json's labels
 *   u32 paths [n]      where a row's path begins in the text
 *   text               paths, UTF-8, each ended by a zero byte, in the order of the rows and nothing else
 * Rows of a list are in byte order of their paths, which are unique in the bundle. A vector is zero or has unit length
 * up to the rounding of its storage: exactly but for the last bits in f32 and i8, by up to 2e-4 in f16. It is in the
 * list whose centroid has the largest dot product with it, the first of equals, both as they are stored.
 *
 * A query is a vector of unit length. A score is its dot product with a row; the lists that are searched are the nprobe
 * whose centroids have the largest dot product with it. */
#ifndef HB_BUNDLE_BUNDLE_H
#define HB_BUNDLE_BUNDLE_H

#include <heybagh.h>

#define HB_BUNDLE_FORMAT "heybagh-index"
#define HB_BUNDLE_ALIGNMENT 16
#define HB_LIST_HEADER 16
#define HB_INLINE_LISTS 512 /* a bundle with more lists has them in a table */

#define HB_LISTS_ROLE "lists" /* in the names of their files */

#define HB_MAGIC_HEAD "HBHD"
#define HB_MAGIC_CENTROIDS "HBCT"
#define HB_MAGIC_LISTS "HBLS"
#define HB_MAGIC_TABLE "HBTB"

typedef struct {
  char magic[4];
  uint32_t version, first, second;
} hb_file_header;

/* A list, as it is stored in a table. */
typedef struct {
  uint32_t file, bytes, count;
} hb_table_list;

/* Compute the bytes of rows [count][dim] up to the scales, with padding, and those of a whole list with so much text.
 * Return false on overflow. */
bool hb_bundle_code_bytes(hb_encoding encoding, uint32_t dim, uint32_t count, uint64_t *out);
bool hb_bundle_list_bytes(hb_encoding encoding, uint32_t dim, uint32_t count, uint64_t text, uint64_t *out);

#endif
