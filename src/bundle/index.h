/* index.h: a bundle in memory: what index.json says, and those of the files that are there. manifest.c fills it in,
 * bundle_files.c adds and removes files. */
#ifndef HB_BUNDLE_INDEX_H
#define HB_BUNDLE_INDEX_H

#include <heybagh.h>

#include "base/sha256.h"
#include "vector/head.h"
#include "vector/ivf.h"

#define HB_FILE_NAME_MAX 80
#define HB_NO_FILE UINT32_MAX

typedef struct {
  char name[HB_FILE_NAME_MAX];
  char sha256[HB_SHA256_HEX];
  uint64_t expected;               /* bytes */
  uint32_t first_list, list_count; /* its lists are among lists[first_list ..]; others may lie between them */
  const uint8_t *bytes;            /* NULL until the file is there */
  bool mapped;                     /* else `bytes` is from malloc */
} hb_bundle_file;

/* A list, as index.json or the table describes it, and its columns while its file is there. */
typedef struct {
  uint32_t file, count;
  uint64_t offset, bytes;
  hb_ivf_list ivf;
  const uint64_t *contents;
  const uint32_t *ids, *paths;
  const char *text;
} hb_bundle_list;

/* A bundle that was read. */
struct hb_index {
  uint32_t count, dim, nlist, nprobe, longest; /* `longest`: rows in the longest list */
  hb_encoding encoding;
  hb_head_kind head_kind;
  hb_head_features head_features;
  uint32_t head_file, centroid_file, table_file; /* HB_NO_FILE if the bundle has no head or table of its own */
  uint64_t seed, shard_bytes;
  uint32_t trained_count, trained_imbalance; /* `trained_imbalance` is in thousandths */
  char model_id[HB_SHA256_HEX];
  hb_view view; /* the model's */
  char *model_url, *image_url, *thumb_url;
  char **labels;
  uint32_t label_count;
  hb_bundle_file *files;
  uint32_t file_count;
  hb_bundle_list *lists; /* NULL until the table is there, if the bundle has one */
  hb_rows centroids;     /* its codes are NULL until their file is there */
  hb_head *head;         /* NULL until its file is there */
  char *directory;       /* the folder with the files of lists; NULL if a caller provides them */
};

/* Finds out where each list begins and which files have lists, once all lists are known. Returns false if the lists do
 * not add up to `count` vectors, or if a file with lists has another role, too. */
bool hb_index_place_lists(hb_index *index);
/* Frees a file's memory or its mapping. */
void hb_bundle_file_release(hb_bundle_file *file);
/* Returns the number of a label; UINT32_MAX if the index does not have it. */
uint32_t hb_index_find_label(const hb_index *index, const char *label);
/* Returns the number of the list with the row at this position. */
uint32_t hb_index_list_at(const hb_index *index, uint32_t position);

#endif
