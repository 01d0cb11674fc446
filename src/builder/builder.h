/* builder.h: inside the builder of bundles, for the files that it is made of: row_store.c collects, clusters.c makes
 * lists, nprobe_calibration.c chooses nprobe, bundle_write.c writes, builder.c leads through. Not in the browser. */
#ifndef HB_BUILDER_BUILDER_H
#define HB_BUILDER_BUILDER_H

#include <pthreadpool.h>

#include "base/text.h"
#include "builder/temporary_rows.h"
#include "bundle/bundle.h"

/* Bytes that vectors may take while building. */
static inline uint64_t hb_build_memory_bytes(const hb_build_options *options) {
  return options->memory_bytes > 0 ? options->memory_bytes : 1ull << 30;
}

/* The wanted size of a file of lists: most lists have one of their own, only small ones share. On Caltech-101 with int8
 * a first query fetches 228 kB in 14 files; with 24 KiB it is 294 kB in 11, as lists come along that it does not ask
 * for. */
static inline size_t hb_build_shard_bytes(const hb_build_options *options) {
  return options->shard_bytes > 0 ? options->shard_bytes : 8u << 10;
}

static inline void hb_build_report_stage(const hb_build_options *options, const char *what) {
  if (options->stage != NULL) options->stage(options->stage_context, what);
}

/* ---- Rows: what will be in the bundle, in byte order of paths ---- */

typedef struct {
  uint64_t content, path; /* path: its place in `paths` */
  uint32_t id, label;
  bool moved; /* kept from the base under another path: gives its id up to the one that stayed */
} hb_row_info;

typedef struct {
  hb_encoding encoding;
  uint32_t dim, count, capacity;
  hb_row_info *info; /* [count] */
  float *scales;     /* [count] */
  hb_temporary_rows *codes;
  void *code; /* scratch: one row's codes */
  char *paths;
  size_t path_bytes, path_capacity;
  char **labels;         /* as they came first */
  uint32_t *label_order; /* [label_count] the same in byte order */
  uint32_t label_count, label_capacity;
} hb_row_store;

#define HB_ID_NEW UINT32_MAX

/* `path` is where the codes are kept for the time being. */
hb_status hb_row_store_create(hb_row_store *rows, hb_encoding encoding, uint32_t dim, const char *path,
                              hb_error *error);
void hb_row_store_free(hb_row_store *rows);
/* All but the codes; those follow with one of the next two. */
hb_status hb_row_store_name(hb_row_store *rows, const char *path, const char *label, uint64_t content, uint32_t id,
                            hb_error *error);
hb_status hb_row_store_add_vector(hb_row_store *rows, uint32_t row, const float *unit, hb_error *error);
hb_status hb_row_store_add_codes(hb_row_store *rows, uint32_t row, const hb_rows *stored, hb_error *error);
/* The number of a label, which is added if it is new. */
hb_status hb_row_store_label(hb_row_store *rows, const char *label, uint32_t *out, hb_error *error);
/* Numbers labels in byte order, and rows from 0. */
hb_status hb_row_store_renumber(hb_row_store *rows, hb_error *error);
/* Gives ids to the rows that have none, and to those whose id another row has. */
hb_status hb_row_store_give_ids(hb_row_store *rows, hb_error *error);
/* Reads a block of rows; `codes` has room for count * hb_row_bytes. */
hb_status hb_row_store_read(const hb_row_store *rows, uint32_t first, uint32_t count, void *codes, hb_rows *out,
                            hb_error *error);
/* Rows that are read at a time. */
uint32_t hb_row_store_block(const hb_row_store *rows);

/* ---- Lists ---- */

typedef struct {
  uint32_t nlist, dim;
  hb_rows centroids; /* as stored, in the order of the lists */
  void *codes;       /* the memory behind it */
  float *scales;
  float *decoded;           /* [nlist][dim] */
  uint32_t *list_of;        /* [count] */
  uint32_t *members, *ends; /* rows, list by list, ascending; where each list ends [nlist] */
  uint32_t trained_count;   /* when the lists were trained */
  double imbalance, trained_imbalance;
  bool trained; /* now, not for the base */
} hb_clusters;

/* Trains lists, or takes those of `base` (may be NULL) if they still serve, and gives every row its list. */
hb_status hb_clusters_create(const hb_row_store *rows, const hb_build_options *options, const hb_index *base,
                             pthreadpool_t threads, hb_clusters *out, hb_error *error);
void hb_clusters_free(hb_clusters *clusters);
static inline uint32_t hb_clusters_begin(const hb_clusters *c, uint32_t list) {
  return list > 0 ? c->ends[list - 1] : 0;
}

/* The smallest nprobe that reaches the wanted recall on a sample of the rows, with what it finds and scans. */
hb_status hb_nprobe_calibrate(const hb_row_store *rows, const hb_clusters *clusters, double wanted,
                              pthreadpool_t threads, hb_build_report *report, hb_error *error);

/* ---- Writing ---- */

typedef struct {
  const hb_build_options *options;
  const hb_row_store *rows;
  const hb_clusters *clusters;
  const hb_head *head;  /* NULL without a model */
  const hb_index *base; /* NULL, or the bundle whose division into files is kept while its lists are */
  uint32_t nprobe;
} hb_bundle_parts;

/* Writes all files into a folder, index.json last. */
hb_status hb_bundle_write(const char *directory, const hb_bundle_parts *parts, hb_build_report *report,
                          hb_error *error);

/* A head's rows as a bundle stores them: encodes into fresh memory (*codes, *scales; the caller frees both). */
hb_status hb_head_encode(const hb_head *head, hb_encoding encoding, hb_rows *out, void **codes, float **scales,
                         hb_error *error);

/* ---- Folders ---- */

/* "DIRECTORY.SUFFIX" in fresh memory, a slash at the end of the directory's name left out; NULL without memory. */
char *hb_path_beside(const char *directory, const char *suffix);
/* Gives the finished folder `partial` the name `directory`, which may be a bundle's that is replaced. */
hb_status hb_atomic_replace(const char *partial, const char *directory, hb_error *error);

#endif
