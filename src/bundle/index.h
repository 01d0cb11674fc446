/* index.h: a bundle, read: what index.json says, and of the files what is there. manifest.c fills it, files come and go
 * by bundle_files.c. */
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
  uint32_t first_list, list_count; /* its lists are among lists[first_list ..], not all of which need be its own */
  const uint8_t *bytes;            /* NULL until it is there */
  bool mapped;                     /* else from malloc */
} hb_bundle_file;

/* A list as index.json or the table describes it and, while its file is there, its columns. */
typedef struct {
  uint32_t file, count;
  uint64_t offset, bytes;
  hb_ivf_list ivf;
  const uint64_t *contents;
  const uint32_t *ids, *paths;
  const char *text;
} hb_bundle_list;

/* A bundle, read. */
struct hb_index {
  uint32_t count, dim, nlist, nprobe, longest; /* longest: rows of the longest list */
  hb_encoding encoding;
  hb_head_kind head_kind;
  uint32_t head_file, centroid_file, table_file; /* HB_NO_FILE if the bundle has no head or table of its own */
  uint64_t seed, shard_bytes;
  uint32_t trained_count, trained_imbalance; /* the latter in thousandths */
  char model_id[HB_SHA256_HEX];
  char *model_url, *image_url, *thumb_url;
  char **labels;
  uint32_t label_count;
  hb_bundle_file *files;
  uint32_t file_count;
  hb_bundle_list *lists; /* NULL until the table is there, if it is in one */
  hb_rows centroids;     /* codes NULL until their file is there */
  hb_head *head;         /* likewise */
  char *directory;       /* where files of lists are found, or NULL if they are provided */
};

/* Once all lists are known: where each begins, and which files have them. False if they are not `count` vectors, or a
 * file that has them has another role too. */
bool hb_index_place_lists(hb_index *index);
/* Gives a file's memory back, or its mapping. */
void hb_bundle_file_release(hb_bundle_file *file);
/* The number of a label, or UINT32_MAX. */
uint32_t hb_index_find_label(const hb_index *index, const char *label);
/* The list with the row at this position. */
uint32_t hb_index_list_at(const hb_index *index, uint32_t position);

#endif
