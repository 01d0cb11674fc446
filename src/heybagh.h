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
 *     if (hb_engine_embed(engine, photo, photo_size, embedding, &timings, &error)) return complain(error.text);
 *
 *     hb_result results[4];
 *     hb_search_options options = {.k = 4};
 *     hb_search_report report;
 *     if (hb_engine_search(engine, embedding, &options, results, &report, &error)) return complain(error.text);
 *     for (uint32_t i = 0; i < report.found; i++) printf("%f %s\n", results[i].score, results[i].path);
 *
 *     hb_engine_free(engine);   hb_index_free(index);   hb_model_free(model);
 *
 * Rules that hold everywhere
 * - A function that can fail returns hb_status, HB_OK (0) on success. On failure it leaves its outputs untouched, and
 *   fills `error` (may be NULL) with one sentence for people.
 * - There are no globals. A model and an index are read-only once made, and may be shared between threads; an engine
 *   belongs to one thread at a time. An engine must be freed before the model and index that it uses.
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

#define HB_VERSION "0.1.0"

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

/* ---- Model: the network's weights ------------------------------------------------------------------------------ */

#define HB_POOLED_DIM 512  /* features after global average pooling */
#define HB_LOGITS_DIM 1000 /* ImageNet classes, outputs of torchvision's fc */

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

/* SHA-256 (64 hex digits) of the folded weights: the same network has the same id, whatever file it came from. */
const char *hb_model_id(const hb_model *model);

void hb_model_free(hb_model *model);

/* ---- Head: pooled features to embedding ------------------------------------------------------------------------ */

typedef enum {
  HB_HEAD_LOGITS, /* torchvision's fc: 1000 numbers, what the original HeyBagh indexed */
  HB_HEAD_EXACT,  /* 513 numbers with the same cosines: R with R'R = [W b]'[W b] */
} hb_head_kind;

/* The number of dimensions of a head's embeddings: 1000 or 513. */
uint32_t hb_head_dim(hb_head_kind kind);
/* "logits" or "exact". Static storage. */
const char *hb_head_name(hb_head_kind kind);
/* The reverse; false if there is no such head. */
bool hb_head_parse(const char *name, hb_head_kind *out);

/* ---- Index: a bundle, read ------------------------------------------------------------------------------------- */

typedef struct hb_index hb_index;

/* Opens a bundle folder and maps all its files. The caller frees *out. */
hb_status hb_index_open(const char *directory, hb_index **out, hb_error *error);

/* The same in pieces, for a caller that fetches files itself: parse index.json, then provide every file that it names
 * (in any order), then use the index. `manifest` is only read during the call. */
hb_status hb_index_parse(const char *manifest, size_t size, hb_index **out, hb_error *error);
uint32_t hb_index_file_count(const hb_index *index);
const char *hb_index_file_name(const hb_index *index, uint32_t file);
uint64_t hb_index_file_bytes(const hb_index *index, uint32_t file);
/* Checks size, SHA-256 and structure of the file and keeps it. Takes ownership of `bytes`, which must come from
 * malloc, also on failure. */
hb_status hb_index_provide(hb_index *index, uint32_t file, void *bytes, size_t size, hb_error *error);

uint32_t hb_index_count(const hb_index *index);  /* vectors */
uint32_t hb_index_dim(const hb_index *index);    /* floats in a vector */
uint32_t hb_index_nlist(const hb_index *index);  /* inverted lists */
uint32_t hb_index_nprobe(const hb_index *index); /* lists searched by default */
hb_head_kind hb_index_head(const hb_index *index);
const char *hb_index_model_id(const hb_index *index);
const char *hb_index_model_url(const hb_index *index);
/* Where a result's picture is: a URL relative to the bundle, with {path} in it. */
const char *hb_index_image_url(const hb_index *index);

/* Image `id` (0 .. count-1, paths in byte order): its unit vector, path and label. Owned by the index. */
const float *hb_index_vector(const hb_index *index, uint32_t id);
const char *hb_index_path(const hb_index *index, uint32_t id);
const char *hb_index_label(const hb_index *index, uint32_t id);

void hb_index_free(hb_index *index);

/* ---- Engine: photo to answer ----------------------------------------------------------------------------------- */

typedef struct hb_engine hb_engine;

/* All that one thread needs to embed and to search. `model` may be NULL (then it only searches vectors) and `index`
 * may be NULL (then it only embeds, with the head `logits` until hb_engine_use_head). Creating engines of one model
 * on several threads at once is not safe (they share packed weights); using them is. All memory is allocated here, save
 * for what decoding a picture needs and what a search with a larger k than ever before adds. */
hb_status hb_engine_create(hb_model *model, const hb_index *index, hb_engine **out, hb_error *error);

/* Chooses the head of an engine that has no index. */
hb_status hb_engine_use_head(hb_engine *engine, hb_head_kind head, hb_error *error);

/* The number of floats in an embedding of this engine. */
uint32_t hb_engine_dim(const hb_engine *engine);

/* Milliseconds. */
typedef struct {
  double decode, preprocess, network, head;
} hb_timings;

/* The most pixels that are decoded; a picture with more is refused before anything is allocated. In the browser the
 * engine's memory is capped at 256 MB, of which decoding takes up to 6 bytes a pixel beside 64 MB of model. */
#ifdef __wasm__
#define HB_IMAGE_MAX_PIXELS 25000000u
#else
#define HB_IMAGE_MAX_PIXELS 268435456u
#endif

/* Embeds a picture file in memory: JPEG, PNG, GIF (first frame), BMP or PNM; EXIF orientation applied, alpha laid over
 * white. `embedding` receives hb_engine_dim floats of unit length; `timings` may be NULL. */
hb_status hb_engine_embed(hb_engine *engine, const void *bytes, size_t size, float *embedding, hb_timings *timings,
                          hb_error *error);

/* Embeds decoded pixels: RGBA, 8 bits a channel, rows top to bottom without padding, alpha not premultiplied. */
hb_status hb_engine_embed_rgba(hb_engine *engine, const uint8_t *rgba, uint32_t width, uint32_t height,
                               float *embedding, hb_timings *timings, hb_error *error);

/* Ranges as in Milvus 2.4: k 1..16384; nprobe 1..nlist. */
#define HB_K_MAX 16384

typedef struct {
  uint32_t k;
  uint32_t nprobe;           /* lists to probe; 0 for the index's default */
  bool exact;                /* scan every list; nprobe is then ignored */
  const char *const *labels; /* only images with one of these labels; more lists are probed until k are found */
  size_t label_count;        /* 0: all images */
  bool has_min_score;
  float min_score; /* only results with at least this score, -1..1 */
} hb_search_options;

typedef struct {
  uint32_t id;
  float score;       /* cosine similarity, -1..1, larger is nearer */
  const char *path;  /* owned by the index */
  const char *label; /* owned by the index */
} hb_result;

typedef struct {
  uint32_t found;   /* results written, at most k; fewer if the probed lists hold fewer */
  uint32_t nprobe;  /* lists probed */
  uint32_t scanned; /* vectors compared */
  double scan;      /* milliseconds */
} hb_search_report;

/* Finds the k nearest images. `query` has hb_index_dim floats of unit length; `results` has room for k. Best first;
 * equal scores in order of id. */
hb_status hb_engine_search(hb_engine *engine, const float *query, const hb_search_options *options, hb_result *results,
                           hb_search_report *report, hb_error *error);

/* The query's cosine with every image of the index: `scores` has hb_index_count floats, by id. */
hb_status hb_engine_scores(hb_engine *engine, const float *query, float *scores, hb_error *error);

void hb_engine_free(hb_engine *engine);

/* ---- Building a bundle (not in the browser) -------------------------------------------------------------------- */

#define HB_NLIST_MAX 65536 /* as in Milvus */

typedef struct {
  hb_model *model; /* that made the vectors */
  hb_head_kind head;
  uint32_t nlist;        /* 1..65536; 0 chooses 2 sqrt(count). Lowered to count/39 as Knowhere does */
  uint64_t seed;         /* of k-means */
  uint64_t model_bytes;  /* size of the model file, for the page's progress bar */
  const char *model_url; /* where the page finds it, relative to the bundle */
  const char *image_url; /* where the page finds an image, relative to the bundle, with {path} */
  size_t shard_bytes;    /* lists are packed into files of about this size; 0 chooses 256 KiB */
} hb_build_options;

typedef struct {
  uint32_t nlist;  /* after lowering */
  uint32_t nprobe; /* the default that was chosen */
  double recall;   /* recall@4 at that nprobe, of a sample of the images searched leave-one-out */
  double scanned;  /* the share of vectors that it scans */
  uint64_t bytes;  /* of all files */
  uint32_t files;
} hb_build_report;

/* HB_OK if hb_index_build may write there: nothing, an empty folder, or a bundle to replace. */
hb_status hb_index_check_target(const char *directory, hb_error *error);

/* Clusters `count` unit vectors (row-major, hb_head_dim floats each, in byte order of their paths) and writes the
 * bundle into `directory`: beside it first, then renamed, so that there is never half a bundle under that name, and a
 * bundle that was there is replaced. Nothing is kept of the arguments. */
hb_status hb_index_build(const char *directory, const float *vectors, const char *const *paths,
                         const char *const *labels, uint32_t count, const hb_build_options *options,
                         hb_build_report *report, hb_error *error);

#ifdef __cplusplus
}
#endif
#endif
