/* heybagh.h: the whole public interface of libheybagh.
 *
 * Finds visually similar images: a photo becomes an embedding (ResNet-18, then a linear head, then unit length), and
 * the embedding is looked up in an IVF_FLAT index with cosine similarity.
 *
 *     hb_error error;
 *     hb_model *model;   hb_index *index;   hb_engine *engine;
 *     if (hb_model_open("models/resnet18-f32.safetensors", &model, &error)) return complain(error.text);
 *     if (hb_index_open("bundle", &index, &error))                          return complain(error.text);
 *     if (hb_engine_create(model, index, &engine, &error))                  return complain(error.text);
 *
 *     float *embedding = malloc(hb_engine_dim(engine) * sizeof *embedding);
 *     hb_timings timings;
 *     if (hb_engine_embed(engine, photo, photo_size, NULL, embedding, &timings, &error)) return complain(error.text);
 *
 *     const hb_result *results;
 *     hb_search_options options = {.k = 4};
 *     hb_search_report report;
 *     if (hb_engine_search(engine, embedding, &options, &results, &report, &error)) return complain(error.text);
 *     for (uint32_t i = 0; i < report.found; i++) printf("%f %s\n", results[i].score, results[i].path);
 *
 *     hb_engine_free(engine);   hb_index_free(index);   hb_model_free(model);
 *
 * Rules that hold everywhere
 * - A function that can fail returns hb_status, HB_OK (0) on success. On failure it leaves its outputs untouched, and
 *   fills `error` (may be NULL) with one sentence for people.
 * - There are no globals. A model is read-only once made, and may be shared between threads; an engine belongs to one
 *   thread at a time, and so does an index, as searches bring files in, until hb_catalog_create has brought in all. An
 *   engine must be freed before the model and index that it uses.
 * - A `_free` takes NULL.
 * - Floats are IEEE-754 binary32; files are little-endian, and the library refuses to run on a big-endian machine.
 */
#ifndef HEYBAGH_H
#define HEYBAGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the library, such as "0.1.0" (semantic versioning, https://semver.org). Static storage. */
const char *hb_version(void);

/* ---- Errors ---------------------------------------------------------------------------------------------------- */

typedef enum {
  HB_OK = 0,
  HB_INVALID_ARGUMENT, /* a parameter is outside its range; the sentence names the range */
  HB_OUT_OF_MEMORY,
  HB_IO,                /* the operating system refused to read or write a file */
  HB_UNSUPPORTED_IMAGE, /* not a JPEG, PNG, GIF, BMP or PNM */
  HB_CORRUPT_IMAGE,     /* such a file, but damaged or cut short */
  HB_IMAGE_TOO_LARGE,   /* more pixels than HB_IMAGE_MAX_PIXELS */
  HB_BAD_MODEL,         /* not a ResNet-18 weight file, or a damaged one; the sentence names the tensor */
  HB_BAD_INDEX,         /* not a bundle, of another version, or a damaged one; the sentence names the file */
  HB_MODEL_MISMATCH,    /* the index was built with another model */
  HB_INTERNAL,          /* XNNPACK refused something that should have worked */
} hb_status;

typedef struct {
  hb_status status;
  char text[400]; /* one sentence, NUL-terminated: what happened and what to do */
} hb_error;

/* A stable machine-readable word for a status, such as "corrupt-image". Static storage. */
const char *hb_status_text(hb_status status);

/* ---- Crop: what the network sees of a picture ------------------------------------------------------------------ */

#define HB_CROP_SIDE 224
#define HB_CROP_BYTES (HB_CROP_SIDE * HB_CROP_SIDE * 3) /* 8-bit RGB, rows top to bottom */

/* The most pixels that are decoded; a picture with more is refused before anything is allocated. In the browser the
 * engine's memory is capped at 256 MB, of which decoding takes up to 6 bytes a pixel beside 64 MB of model. */
#ifdef __wasm__
#define HB_IMAGE_MAX_PIXELS 25000000u
#else
#define HB_IMAGE_MAX_PIXELS 268435456u
#endif

/* Milliseconds. */
typedef struct {
  double decode, preprocess, network, head;
} hb_timings;

/* A part of a picture, in fractions 0..1 of its width and height as it is shown, EXIF orientation applied. */
typedef struct {
  double x, y; /* of its upper left corner */
  double width, height;
} hb_region;

/* Of a picture file in memory: JPEG, PNG, GIF (first frame), BMP or PNM; EXIF orientation applied, alpha laid over
 * white. Only `region` of it counts, as if it were a picture of its own; NULL for the whole. Sets decode and preprocess
 * of `timings`, which may be NULL. */
hb_status hb_crop_file(const void *bytes, size_t size, const hb_region *region, uint8_t crop[HB_CROP_BYTES],
                       hb_timings *timings, hb_error *error);

/* Of decoded pixels: RGBA, 8 bits a channel, rows top to bottom without padding, alpha not premultiplied. */
hb_status hb_crop_rgba(const uint8_t *rgba, uint32_t width, uint32_t height, const hb_region *region,
                       uint8_t crop[HB_CROP_BYTES], hb_timings *timings, hb_error *error);

/* A picture of its own: 8-bit RGB, [height][width][3], the right way up. */
typedef struct {
  uint8_t *rgb; /* from malloc; whoever receives it frees it */
  uint32_t width, height;
} hb_picture;

/* A picture file as hb_crop_file takes it, scaled with the crop's filter until its longer side has at most `longest`
 * pixels, 1..65535; a picture that is smaller keeps its size. For thumbnails. Not in the browser. */
hb_status hb_scale_file(const void *bytes, size_t size, uint32_t longest, hb_picture *out, hb_error *error);

/* ---- Model: the network's weights ------------------------------------------------------------------------------ */

#define HB_POOLED_DIM 512  /* features after global average pooling */
#define HB_LOGITS_DIM 1000 /* ImageNet classes, outputs of torchvision's fc */

/* In which the convolutions are kept and computed: f16 is half of the file of f32, and computed in f32; i8 is a quarter
 * of it, and several times as fast. */
typedef enum { HB_PRECISION_F32, HB_PRECISION_F16, HB_PRECISION_I8 } hb_precision;

/* "f32", "f16" or "i8". Static storage. */
const char *hb_precision_name(hb_precision precision);
bool hb_precision_parse(const char *name, hb_precision *out);

typedef struct hb_model hb_model;

/* Opens a safetensors file: either the project's own (`index-builder model`) or torchvision's ResNet-18 with its 122
 * tensors, whose batch norm is folded on the way. The caller frees *out. */
hb_status hb_model_open(const char *path, hb_model **out, hb_error *error);

/* The same from memory. Takes ownership of `bytes`, which must come from malloc, also on failure. */
hb_status hb_model_from_memory(void *bytes, size_t size, hb_model **out, hb_error *error);

/* Frees the weight file (47 MB in f32) as soon as all engines that this model will ever have are created: an engine
 * keeps its own packed copy. After this, hb_engine_create and hb_model_write with this model fail. */
void hb_model_drop_source(hb_model *model);

/* Writes the model in the project's own format: batch norm folded, convolutions in OHWI order, tensors aligned. */
hb_status hb_model_write(const hb_model *model, const char *path, hb_error *error);

/* SHA-256 (64 hex digits) of the folded weights: the same network has the same id, whatever file it came from. Of
 * another precision it is another network, whose embeddings must not be mixed with these. */
const char *hb_model_id(const hb_model *model);
hb_precision hb_model_precision(const hb_model *model);

/* HB_MODEL_MISMATCH if the file says that it is another model than `id`, HB_BAD_MODEL if its weights are not what it
 * says, which takes a hash of all of them. For what came over a network: opening a model checks its structure, and
 * that it can be computed with. Needs the weight file. */
hb_status hb_model_verify(const hb_model *model, const char *id, hb_error *error);

/* The same network in halves (round to nearest even). `model` must be f32. The caller frees *out. Not in the browser.
 */
hb_status hb_model_to_f16(const hb_model *model, hb_model **out, hb_error *error);

#define HB_CALIBRATION_LEAST 8
#define HB_CALIBRATION_METHODS 3

/* Pictures that show what the network's maps look like; a few hundred of the kind that will be searched. */
typedef struct {
  const uint8_t *crops; /* [count][HB_CROP_BYTES] */
  uint32_t count;
  void (*progress)(void *context, uint32_t done); /* told of each picture; may be NULL */
  void *context;
} hb_calibration;

/* How the logits of pictures held out (every fourth) agree with those of f32. */
typedef struct {
  const char *method; /* how the ranges of maps were chosen: "max", "percentile" or "least error" */
  double mean, least; /* cosine */
} hb_calibration_score;

typedef struct {
  hb_calibration_score scores[HB_CALIBRATION_METHODS];
  uint32_t best; /* the one that was taken: the largest mean */
} hb_calibration_report;

/* The same network in 8 bits. `model` must be f32. The caller frees *out. Not in the browser. */
hb_status hb_model_to_i8(const hb_model *model, const hb_calibration *calibration, hb_calibration_report *report,
                         hb_model **out, hb_error *error);

void hb_model_free(hb_model *model);

/* ---- Head: pooled features to embedding ------------------------------------------------------------------------ */

typedef enum {
  HB_HEAD_LOGITS, /* torchvision's fc: 1000 numbers, what the original HeyBagh indexed */
  HB_HEAD_EXACT,  /* 513 numbers with the same cosines */
  HB_HEAD_SVD,    /* the leading directions of a collection's logits; made by hb_builder, carried by the bundle */
  HB_HEAD_FILE,   /* a matrix of the user's own */
  HB_HEAD_NONE,   /* of a bundle of ready-made vectors: the model is unknown */
} hb_head_kind;

/* "logits", "exact", "svd", "file" or "none". Static storage. */
const char *hb_head_name(hb_head_kind kind);
/* The reverse; false if there is no such head. */
bool hb_head_parse(const char *name, hb_head_kind *out);

#define HB_EXACT_DIM (HB_POOLED_DIM + 1) /* numbers in an embedding by the head `exact`, and the most by `svd` */

typedef struct hb_head hb_head;

/* Makes the model's head `name`: "logits" or "exact", or else reads a safetensors file of this name with a tensor
 * "weight" [d][512] and, optional, "bias" [d]. The caller frees *out. */
hb_status hb_head_open(const hb_model *model, const char *name, hb_head **out, hb_error *error);
/* The number of dimensions of its embeddings. */
uint32_t hb_head_dim(const hb_head *head);
void hb_head_free(hb_head *head);

/* ---- Index: a bundle, read ------------------------------------------------------------------------------------- */

/* Row encoding: how the numbers of a vector are kept. Options and index.json call it `storage`. */
typedef enum { HB_ENCODING_F32, HB_ENCODING_F16, HB_ENCODING_I8 } hb_encoding;

/* "f32", "f16" or "i8". Static storage. */
const char *hb_encoding_name(hb_encoding encoding);
bool hb_encoding_parse(const char *name, hb_encoding *out);

#define HB_DIM_MAX 32768              /* as in Milvus */
#define HB_BUNDLE_VERSION 1u          /* of the bundle's format, which this library reads and writes */
#define HB_MANIFEST_NAME "index.json" /* the bundle's file that names all others */

/* Scales to unit length, as queries must have it; a vector of zeros is left alone. */
void hb_vector_normalize(float *vector, size_t dim);

typedef struct hb_index hb_index;

/* Opens a bundle folder. Centroids, head and table are read and checked now, a file of lists when a search first needs
 * it, by mapping it. The caller frees *out. */
hb_status hb_index_open(const char *directory, hb_index **out, hb_error *error);

/* Sets *out: whether the folder has an index.json that says it is a bundle's, of whatever version and in whatever
 * state. Not in the browser. */
hb_status hb_index_is_there(const char *directory, bool *out, hb_error *error);

/* The same in pieces, for a caller that fetches files itself: parse index.json, then provide the files that
 * hb_index_file_is_needed says, then search; a search says which files of lists it needs. `manifest` is only read
 * during the call. */
hb_status hb_index_parse(const char *manifest, size_t size, hb_index **out, hb_error *error);
uint32_t hb_index_file_count(const hb_index *index);
const char *hb_index_file_name(const hb_index *index, uint32_t file);
uint64_t hb_index_file_bytes(const hb_index *index, uint32_t file);
/* True for centroids, head and table of lists, which every search needs; false for files of lists. A table, which large
 * bundles have, adds the files of lists to hb_index_file_count when it is provided. */
bool hb_index_file_is_needed(const hb_index *index, uint32_t file);
bool hb_index_file_is_there(const hb_index *index, uint32_t file);
/* Checks size, SHA-256 and structure of the file and keeps it. Takes ownership of `bytes`, which must come from
 * malloc, also on failure. */
hb_status hb_index_provide(hb_index *index, uint32_t file, void *bytes, size_t size, hb_error *error);
/* Gives the memory of a file of lists back; a search that needs it will ask for it again. */
void hb_index_release(hb_index *index, uint32_t file);

uint32_t hb_index_count(const hb_index *index);  /* vectors */
uint32_t hb_index_dim(const hb_index *index);    /* numbers in a vector */
uint32_t hb_index_nlist(const hb_index *index);  /* inverted lists */
uint32_t hb_index_nprobe(const hb_index *index); /* lists searched by default */
hb_encoding hb_index_encoding(const hb_index *index);
hb_head_kind hb_index_head(const hb_index *index);
const char *hb_index_model_id(const hb_index *index); /* "" if the head is HB_HEAD_NONE, as is the next */
const char *hb_index_model_url(const hb_index *index);
/* Where a result's picture is: a URL relative to the bundle, with {path} in it; and its thumbnail, with {content} for
 * the 16 hex digits of hb_result.content, or "" if there are none. */
const char *hb_index_image_url(const hb_index *index);
const char *hb_index_thumb_url(const hb_index *index);

uint64_t hb_index_seed(const hb_index *index);        /* of the k-means that made its lists */
uint64_t hb_index_shard_bytes(const hb_index *index); /* the wanted size of a file of lists */
/* The file with the head, or UINT32_MAX if the bundle has none: the head is HB_HEAD_LOGITS or HB_HEAD_NONE. */
uint32_t hb_index_head_file(const hb_index *index);
/* Images have positions, counted from 0 through the lists 0 .. nlist-1. Returns how many are in `list`, and sets *first
 * to the position of the first. Needs the table of lists, if the bundle has one. */
uint32_t hb_index_list_range(const hb_index *index, uint32_t list, uint32_t *first);

/* Labels, numbered from 0. */
uint32_t hb_index_label_count(const hb_index *index);
const char *hb_index_label(const hb_index *index, uint32_t label);

void hb_index_free(hb_index *index);

/* ---- Search: a query, while its lists arrive ------------------------------------------------------------------- */

/* Ranges as in Milvus 2.4: k 1..16384; nprobe 1..nlist. */
#define HB_K_MAX 16384

typedef struct {
  uint32_t k;
  uint32_t nprobe; /* lists to probe; 0 for the index's default */
  bool exact;      /* scan every list; nprobe is then ignored */
  /* Only images with one of these labels. If the lists that were probed hold fewer than k of them, as many lists again
   * are probed, until k are found or all lists are done. */
  const char *const *labels;
  size_t label_count; /* 0: all images */
  bool has_min_score;
  float min_score; /* only results with at least this score, -1..1 */
  /* One result for each content: of images with equal files only the one that comes first in the bundle's order. The
   * next results move up. Where the lists that were probed hold fewer than k contents, more are probed, as with labels.
   */
  bool distinct;
} hb_search_options;

typedef struct {
  uint32_t id; /* stays with an image while a bundle is brought up to date, until its lists are trained anew */
  float score; /* cosine similarity, -1..1, larger is nearer */
  const char *path;
  const char *label;
  uint64_t content; /* the first 8 bytes of the SHA-256 of the image file, as a big-endian number; 0: unknown */
  /* Of a search with `distinct`: how many more images have this content, pass the filters and were compared, which are
   * all there are, as images with equal vectors are in one list. Else 0. */
  uint32_t copies;
} hb_result;

typedef struct {
  uint32_t found;   /* results, at most k; fewer if the probed lists hold fewer */
  uint32_t nprobe;  /* lists scanned so far */
  uint32_t planned; /* lists that will be scanned, as far as is known now; nprobe at the end */
  uint32_t scanned; /* vectors compared */
  double scan;      /* milliseconds */
} hb_search_report;

typedef struct hb_search hb_search;

/* Memory for one search at a time; `index` must outlive it, with centroids provided. The caller frees *out. */
hb_status hb_search_create(hb_index *index, hb_search **out, hb_error *error);

/* Begins a search, ending the one before. `query` has hb_index_dim floats of unit length, copied. */
hb_status hb_search_start(hb_search *search, const float *query, const hb_search_options *options, hb_error *error);

/* Scans all planned lists that are there and not scanned yet. Files that must be provided for the others are written
 * to `missing` (up to `capacity`), the one with the nearest list first; *missing_count is 0 when the search is done.
 * With an index from hb_index_open nothing is ever missing. */
hb_status hb_search_run(hb_search *search, uint32_t *missing, uint32_t capacity, uint32_t *missing_count,
                        hb_error *error);

/* The best results so far, best first; equal scores in the order of the bundle. Valid until the search is run, started
 * or freed, even if files are released. */
const hb_result *hb_search_results(hb_search *search, hb_search_report *report);

/* The file with the planned list at `place`, 0 for the nearest; UINT32_MAX beyond the plan. A caller who releases files
 * learns from it which ones are used. */
uint32_t hb_search_file(const hb_search *search, uint32_t place);
/* The planned list itself, likewise; its images are hb_index_list_range's. */
uint32_t hb_search_list(const hb_search *search, uint32_t place);

void hb_search_free(hb_search *search);

/* ---- Engine: photo to answer ----------------------------------------------------------------------------------- */

typedef struct hb_engine hb_engine;

/* All that one thread needs to embed and to search. `model` may be NULL (then it only searches vectors) and `index`
 * may be NULL (then it only embeds, with the head `logits` until hb_engine_use_head). Creating engines of one model
 * on several threads at once is not safe (they share packed weights); using them is, if each has its own index. */
hb_status hb_engine_create(hb_model *model, hb_index *index, hb_engine **out, hb_error *error);

/* Chooses the head of an engine that has no index. The head must outlive the engine. NULL: none, an embedding is the
 * HB_POOLED_DIM pooled features as they are. */
hb_status hb_engine_use_head(hb_engine *engine, const hb_head *head, hb_error *error);

/* The number of floats in an embedding of this engine. */
uint32_t hb_engine_dim(const hb_engine *engine);

/* Threads that share the work on a picture. */
uint32_t hb_engine_threads(const hb_engine *engine);

/* Embeds a picture file as hb_crop_file takes it. `embedding` receives hb_engine_dim floats of unit length; `timings`
 * may be NULL. */
hb_status hb_engine_embed(hb_engine *engine, const void *bytes, size_t size, const hb_region *region, float *embedding,
                          hb_timings *timings, hb_error *error);

/* The same of a crop: what is left to be done of hb_engine_embed. Sets network and head of `timings`. */
hb_status hb_engine_embed_crop(hb_engine *engine, const uint8_t crop[HB_CROP_BYTES], float *embedding,
                               hb_timings *timings, hb_error *error);

/* The same of pixels as hb_crop_rgba takes them. */
hb_status hb_engine_embed_rgba(hb_engine *engine, const uint8_t *rgba, uint32_t width, uint32_t height,
                               const hb_region *region, float *embedding, hb_timings *timings, hb_error *error);

/* Finds the k nearest images of an index from hb_index_open, in one call. *results, best first, belong to the engine
 * and are valid until its next search. */
hb_status hb_engine_search(hb_engine *engine, const float *query, const hb_search_options *options,
                           const hb_result **results, hb_search_report *report, hb_error *error);

void hb_engine_free(hb_engine *engine);

/* ---- Catalog: all images of a bundle (not in the browser) ------------------------------------------------------- */

/* Every image of a bundle, numbered 0 .. count-1 in byte order of their paths (not by id). */
typedef struct hb_catalog hb_catalog;

typedef struct {
  uint32_t id, label; /* label: a number, the same for the same label */
  uint64_t content;
  const char *path, *label_text; /* owned by the index */
} hb_entry;

/* Maps and checks all files. `index` comes from hb_index_open and must outlive the catalog. The caller frees *out. A
 * catalog is read-only and may be shared between threads; so may its index from then on. */
hb_status hb_catalog_create(hb_index *index, hb_catalog **out, hb_error *error);
uint32_t hb_catalog_count(const hb_catalog *catalog);
hb_entry hb_catalog_entry(const hb_catalog *catalog, uint32_t number);
/* The number of the image with this path, or UINT32_MAX. */
uint32_t hb_catalog_find(const hb_catalog *catalog, const char *path);
/* The number of the image at a position of hb_index_list_range. */
uint32_t hb_catalog_number_at(const hb_catalog *catalog, uint32_t position);
/* Writes the stored vector, hb_index_dim floats of unit length. */
void hb_catalog_vector(const hb_catalog *catalog, uint32_t number, float *out);
/* The cosines of `count` queries [count][hb_index_dim] with every image: scores [count][hb_catalog_count]. One query at
 * a time gives the same bits, and several take less time. */
hb_status hb_catalog_scores(const hb_catalog *catalog, const float *queries, uint32_t count, float *scores,
                            hb_error *error);
void hb_catalog_free(hb_catalog *catalog);

/* ---- Building a bundle (not in the browser) -------------------------------------------------------------------- */

#define HB_NLIST_MAX 65536 /* as in Milvus */

typedef struct {
  hb_model *model;  /* that makes the vectors; NULL for ready-made ones */
  const char *head; /* "logits", "exact", "svd:D" with D 1..513, or a file; ignored without a model */
  uint32_t dim;     /* of ready-made vectors; ignored with a model */
  hb_encoding encoding;
  uint32_t nlist;        /* 1..65536; 0 chooses 2 sqrt(count). Lowered to count/39 as Knowhere does */
  double recall;         /* recall@4 that the default nprobe must reach on a sample; 0 chooses 0.991 */
  uint64_t seed;         /* of k-means */
  uint64_t model_bytes;  /* size of the model file, for the page's progress bar */
  const char *model_url; /* where the page finds it, relative to the bundle */
  const char *image_url; /* where the page finds an image, relative to the bundle, with {path} */
  const char *thumb_url; /* its thumbnail, with {content}; NULL or "" for none */
  size_t shard_bytes;    /* lists are packed into files of about this size; 0 chooses 8 KiB */
  size_t memory_bytes;   /* for vectors while building, beside some 100 bytes an image; 0 chooses 1 GiB */
  uint32_t threads;      /* 0: one */
  const char *base;      /* a bundle whose rows hb_builder_keep takes; NULL for none */
  bool retrain;          /* cluster anew although there is a base */
  /* Told what hb_builder_finish does now ("clustering"), as it may take minutes; may be NULL. */
  void (*stage)(void *context, const char *what);
  void *stage_context;
} hb_build_options;

typedef struct {
  uint32_t count, dim, nlist; /* nlist after lowering */
  uint32_t nprobe;            /* the default that was chosen */
  double recall;              /* recall@4 at that nprobe, of a sample of the images searched leave-one-out */
  double scanned;             /* the share of vectors that it scans */
  double imbalance;           /* nlist * sum of squared list lengths / count^2: 1 if all lists are equally long */
  double trained_imbalance;   /* the same when the lists were trained */
  bool trained;               /* clustered in this build, not kept from the base */
  uint64_t bytes;             /* of all files */
  uint32_t files;
  uint32_t files_new; /* files that the base did not have; all without a base */
} hb_build_report;

/* HB_OK if a bundle may be written there: nothing, an empty folder, or a bundle to replace. */
hb_status hb_builder_check_target(const char *directory, hb_error *error);

typedef struct hb_builder hb_builder;

/* Begins a bundle in `directory`: it is written beside it ("DIRECTORY.partial") and renamed at the end, so that there
 * is never half a bundle under that name, and a bundle that was there is replaced. `options`, with what they point to,
 * must outlive the builder. */
hb_status hb_builder_create(const char *directory, const hb_build_options *options, hb_builder **out, hb_error *error);

/* Where the builder writes, for files that shall be part of the bundle (thumbnails). */
const char *hb_builder_directory(const hb_builder *builder);

/* Adds an image: its HB_POOLED_DIM pooled features, or, without a model, its vector of `dim` floats, which is scaled
 * to unit length. Images come in byte order of their paths, each once. `content` as in hb_result. Nothing is kept of
 * the arguments. */
hb_status hb_builder_add(hb_builder *builder, const float *features, const char *path, const char *label,
                         uint64_t content, hb_error *error);

/* Adds an image of the base as it is stored there, under a path that may have changed. */
hb_status hb_builder_keep(hb_builder *builder, const hb_catalog *base, uint32_t number, const char *path,
                          const char *label, hb_error *error);

/* Clusters, unless the base's centroids still serve, and writes the bundle. */
hb_status hb_builder_finish(hb_builder *builder, hb_build_report *report, hb_error *error);

/* Also removes what was written, unless hb_builder_finish succeeded. */
void hb_builder_free(hb_builder *builder);

#ifdef __cplusplus
}
#endif
#endif
