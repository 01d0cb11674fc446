/* heybagh.h: the whole public interface of libheybagh.
 *
 * Finds visually similar images: a photo becomes an embedding (ResNet-18, a linear head, scaled to unit length), and
 * the embedding is looked up in an inverted file (IVF, rows in f32, f16 or int8) by cosine similarity.
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
 * - A function that can fail returns hb_status, HB_OK (0) on success. On failure it leaves the values that it returns
 *   through pointers untouched, and fills `error`, which may be NULL, with one sentence for people.
 * - Other pointers may be NULL only where the comment says so: options, results and reports may not. A `_free` function
 *   takes NULL.
 * - The library keeps no state between calls but in its handles; XNNPACK sets itself up once. A model never changes
 *   once it is made, and threads may share it. An engine belongs to one thread at a time. So does an index, because
 *   searches bring its files in, until hb_catalog_create has brought in all of them. Free an engine before the model
 *   and the index that it uses.
 * - Files, lists, labels and images are numbered from 0.
 * - Floats are IEEE-754 binary32. Files are little-endian; the library does not compile for big-endian machines.
 */
#ifndef HEYBAGH_H
#define HEYBAGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, such as "0.1.0" (semantic versioning, https://semver.org). Static storage. */
const char *hb_version(void);

/* ---- Errors ---------------------------------------------------------------------------------------------------- */

typedef enum {
  HB_OK = 0,
  HB_INVALID_ARGUMENT, /* a parameter is missing or outside its range; the sentence names it */
  HB_OUT_OF_MEMORY,
  HB_IO,                /* the operating system refused to read or write a file */
  HB_UNSUPPORTED_IMAGE, /* not a JPEG, PNG, GIF, BMP or PNM, or one of a kind that is not decoded here */
  HB_CORRUPT_IMAGE,     /* such a file, but damaged or cut short */
  HB_IMAGE_TOO_LARGE,   /* more pixels than HB_IMAGE_MAX_PIXELS */
  HB_BAD_MODEL,         /* not a ResNet-18 weight file, or a damaged one; the sentence says which tensor */
  HB_BAD_INDEX,         /* not a bundle, of another version, or a damaged one; the sentence says which file */
  HB_MODEL_MISMATCH,    /* the index was built with another model */
  HB_INTERNAL,          /* something failed that should have worked, such as starting a thread */
} hb_status;

typedef struct {
  hb_status status;
  char text[400]; /* one sentence, NUL-terminated: what happened and, if it helps, what to do. It is valid UTF-8; what
                     names have of control characters and the like is written out, as \x1b or \u202e */
  /* True only with HB_CORRUPT_IMAGE: so much of the picture is missing that no other decoder should be asked, because
   * it would fill in what is not there. */
  bool is_incomplete;
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

/* What the steps from a file to an embedding took, in milliseconds. */
typedef struct {
  double decode, preprocess, network, head;
} hb_timings;

/* A part of a picture, in fractions 0..1 of its width and height as it is shown, EXIF orientation applied. */
typedef struct {
  double x, y; /* its upper left corner */
  double width, height;
} hb_region;

/* How a model looks at a picture. */
typedef enum {
  HB_VIEW_CROP,  /* as torchvision: the shorter side becomes 256, and the centre is the crop */
  HB_VIEW_WHOLE, /* the whole picture becomes the crop, whatever its shape */
  HB_VIEW_BOTH,  /* two crops, one each way */
  HB_VIEW_EVERY, /* no model's: all that a model could ask for, while it is not known. The crop of HB_VIEW_CROP, then
                    those of HB_VIEW_WHOLE; they may be HB_CROPS_MAX and one */
} hb_view;

/* "crop", "whole", "both" or "every". Static storage. */
const char *hb_view_name(hb_view view);
/* The reverse; false if no model's view has this name. */
bool hb_view_parse(const char *name, hb_view *out);

#define HB_CROPS_MAX 8

/* All crops of a picture, by a view. For HB_VIEW_WHOLE and HB_VIEW_BOTH a picture more than three times as long as wide
 * is cut across into 3 to HB_CROPS_MAX tiles that are about square, and each tile becomes a crop. The picture's
 * features are the means of its crop's features or of its two crops'; of three and more crops, which are tiles, they
 * are the largest, so that what is in one tile only counts. */
typedef struct {
  uint8_t *pixels; /* [count][HB_CROP_BYTES], from malloc; the caller frees it */
  uint32_t count;
} hb_crops;

/* Makes the crops of a picture file in memory, by a view: JPEG, PNG, GIF (first frame), BMP or PNM. EXIF orientation is
 * applied, and alpha is laid over white, as what is missing of a damaged picture is, up to a quarter of it. With a
 * `region`, only this part of the picture counts, as if it were a picture of its own; NULL stands for the whole
 * picture. Sets decode and preprocess of `timings`, which may be NULL. */
hb_status hb_crops_file(const void *bytes, size_t size, const hb_region *region, hb_view view, hb_crops *out,
                        hb_timings *timings, hb_error *error);

/* Makes the crop by HB_VIEW_CROP. */
hb_status hb_crop_file(const void *bytes, size_t size, const hb_region *region, uint8_t crop[HB_CROP_BYTES],
                       hb_timings *timings, hb_error *error);

/* They make crops of decoded pixels: RGBA, 8 bits a channel, rows top to bottom without padding, alpha not
 * premultiplied. The other parameters are as above. */
hb_status hb_crops_rgba(const uint8_t *rgba, uint32_t width, uint32_t height, const hb_region *region, hb_view view,
                        hb_crops *out, hb_timings *timings, hb_error *error);
hb_status hb_crop_rgba(const uint8_t *rgba, uint32_t width, uint32_t height, const hb_region *region,
                       uint8_t crop[HB_CROP_BYTES], hb_timings *timings, hb_error *error);

/* Pixels: 8-bit RGB, [height][width][3], the right way up. */
typedef struct {
  uint8_t *rgb; /* from malloc; the caller frees it */
  uint32_t width, height;
} hb_picture;

/* Scales a picture file, as hb_crop_file takes it, so that its longer side has at most `longest` pixels, 1..65535. A
 * smaller picture keeps its size. The filter is the crop's. For thumbnails. Not in the browser. */
hb_status hb_scale_file(const void *bytes, size_t size, uint32_t longest, hb_picture *out, hb_error *error);

/* ---- Model: the network's weights ------------------------------------------------------------------------------ */

#define HB_POOLED_DIM 512   /* features after global average pooling: the means of layer4's channels */
#define HB_FEATURES_DIM 768 /* these, followed by the means of layer3's 256 channels; all are 0 or more */
#define HB_LOGITS_DIM 1000  /* ImageNet classes, outputs of torchvision's fc */

/* The numbers that the convolutions are stored and computed in. A file in f16 has half the size of one in f32, and is
 * computed in f32. A file in i8 has a quarter, and the network runs several times as fast. */
typedef enum { HB_PRECISION_F32, HB_PRECISION_F16, HB_PRECISION_I8 } hb_precision;

/* "f32", "f16" or "i8". Static storage. */
const char *hb_precision_name(hb_precision precision);
/* The reverse; false if no precision has this name. */
bool hb_precision_parse(const char *name, hb_precision *out);

typedef struct hb_model hb_model;

/* Opens a safetensors file: the project's own format (`index-builder model`) or torchvision's ResNet-18 with its 122
 * tensors, whose batch norm is folded into the convolutions. The caller frees *out. Not in the browser. */
hb_status hb_model_open(const char *path, hb_model **out, hb_error *error);

/* Likewise from memory. Takes ownership of `bytes`, which must come from malloc, also on failure. */
hb_status hb_model_from_memory(void *bytes, size_t size, hb_model **out, hb_error *error);

/* Frees the weight file (47 MB in f32). Call it when all engines of the model are created: they have a packed copy of
 * the weights. What needs the weight file fails from then on: hb_engine_create, hb_model_write, hb_model_verify and the
 * conversions. No other thread may use the model meanwhile. */
void hb_model_drop_source(hb_model *model);

/* Writes the model in the project's own format: batch norm folded, convolutions in OHWI order, tensors aligned. A file
 * at `path` is replaced when the new one is whole. Not in the browser. */
hb_status hb_model_write(const hb_model *model, const char *path, hb_error *error);

/* Likewise, but without fc: a tenth of a compact file, and only the heads logits, exact and svd are made of it. To open
 * the file is no failure, but to make one of these heads is HB_INVALID_ARGUMENT, or an engine for an index of logits.
 * The id stays: it covers a hash of fc, which the file keeps. Only models of few levels (hb_calibration.levels), else
 * HB_INVALID_ARGUMENT. Not in the browser. */
hb_status hb_model_write_without_fc(const hb_model *model, const char *path, hb_error *error);

/* SHA-256 (64 hex digits) of the folded weights. A network has one id, whatever file it came from. In another precision
 * or with another view it is another network with another id: embeddings of the two must not be mixed. Owned by the
 * model. */
const char *hb_model_id(const hb_model *model);
hb_precision hb_model_precision(const hb_model *model);
/* HB_VIEW_CROP unless the file says otherwise. */
hb_view hb_model_view(const hb_model *model);

/* Changes the view, which cannot be HB_VIEW_EVERY, and with it the id. Call it before engines of the model are created;
 * no other thread may use the model meanwhile. Conversions keep the view. Not in the browser. */
hb_status hb_model_set_view(hb_model *model, hb_view view, hb_error *error);

/* Checks that the model is `id`, by hashing all weights: HB_MODEL_MISMATCH if its file says that it is another model,
 * HB_BAD_MODEL if the weights are not those of the id. For files that came over a network; opening a model checks only
 * that its structure is right and that its numbers can be computed with. */
hb_status hb_model_verify(const hb_model *model, const char *id, hb_error *error);

/* Converts a model in f32 to f16 (round to nearest even). The caller frees *out. Not in the browser. */
hb_status hb_model_to_f16(const hb_model *model, hb_model **out, hb_error *error);

#define HB_CALIBRATION_LEAST 8
#define HB_CALIBRATION_METHODS 3
#define HB_LEVELS_LEAST 3
#define HB_LEVELS_MOST 255 /* as many as a weight can have */

/* Pictures that show which values the network's feature maps have; a few hundred of the kind that will be searched. */
typedef struct {
  const uint8_t *crops; /* [count][HB_CROP_BYTES], by the model's view */
  uint32_t count;
  void (*progress)(void *context, uint32_t done); /* called after each picture; may be NULL */
  void *context;                                  /* passed to progress and stage */
  /* How many different numbers a weight of most 3 x 3 convolutions may have, HB_LEVELS_LEAST to HB_LEVELS_MOST; layers
   * with few weights have more. The fewer, the smaller is the file, and the less does the network agree with f32. 0
   * stands for HB_LEVELS_MOST. Below that, weights are not rounded one by one, but so that the layer's outputs for
   * these pictures change as little as possible, which takes some minutes. */
  uint32_t levels;
  uint32_t threads; /* that round weights; 0: one. Their number does not change the result */
  void (*stage)(void *context, const char *what); /* called with the layer that is rounded; may be NULL */
} hb_calibration;

/* Every fourth picture is held out: how its logits agree with those of f32. */
typedef struct {
  const char *method; /* how the ranges of feature maps were chosen: "max", "percentile" or "least error" */
  double mean, least; /* cosine */
} hb_calibration_score;

typedef struct {
  hb_calibration_score scores[HB_CALIBRATION_METHODS];
  uint32_t best; /* the method that was used: the one with the largest mean */
} hb_calibration_report;

/* Converts a model in f32 to 8 bits. `report` may be NULL. The caller frees *out. Not in the browser. */
hb_status hb_model_to_i8(const hb_model *model, const hb_calibration *calibration, hb_calibration_report *report,
                         hb_model **out, hb_error *error);

void hb_model_free(hb_model *model);

/* ---- Head: features to embedding ------------------------------------------------------------------------ */

typedef enum {
  HB_HEAD_LOGITS, /* torchvision's fc: 1000 numbers, what the original HeyBagh indexed */
  HB_HEAD_EXACT,  /* 513 numbers with the cosines of the logits */
  HB_HEAD_SVD,    /* the leading directions of a collection's logits; hb_builder makes it, the bundle holds it */
  HB_HEAD_FILE,   /* a matrix of the user's own */
  HB_HEAD_NONE,   /* in a bundle of ready-made vectors, whose model is unknown */
  /* Learned by hb_builder from a collection's features of layer4 and layer3; the bundle holds them. */
  HB_HEAD_PCA,          /* the leading directions of the collection; needs no labels */
  HB_HEAD_LDA,          /* Fisher's discriminant: best for photos of things that have a label in the collection */
  HB_HEAD_DISCRIMINANT, /* whitened within labels: nearly as good for these, and good for all other photos, too */
} hb_head_kind;

/* "logits", "exact", "svd", "file", "none", "pca", "lda" or "discriminant". Static storage. */
const char *hb_head_name(hb_head_kind kind);
/* The reverse; false if no head has this name. */
bool hb_head_parse(const char *name, hb_head_kind *out);

#define HB_EXACT_DIM (HB_POOLED_DIM + 1) /* dimensions of the head `exact`, and the most of `svd` */
#define HB_LEARNED_DIM 256               /* dimensions that `pca` and `discriminant` have unless others are asked for */

/* Understands the head that a build shall have: "logits", "exact", "svd:D", "pca:D", "lda:D", "discriminant:D" or
 * anything else, which is a file. D is a number of dimensions: 1 to HB_EXACT_DIM for svd, 1 to HB_FEATURES_DIM for the
 * others; "pca" and "discriminant" alone have HB_LEARNED_DIM, and "lda" alone as many as there can be, one less than
 * labels. Sets *dim to D, or to 0 where it is not known yet, and *kind. False if D is out of range or missing. Not in
 * the browser. */
bool hb_head_choose(const char *name, hb_head_kind *kind, uint32_t *dim);

typedef struct hb_head hb_head;

/* Makes the model's head "logits" or "exact". Any other name is that of a safetensors file with a tensor "weight"
 * [d][512] or [d][768] and, optionally, "bias" [d]; `model` may be NULL then. A weight [d][512] takes the pooled
 * features of layer4 as they are. One of [d][768] takes all features, prepared: the square roots of those of layer4,
 * scaled to unit length, then those of layer3, likewise. The file's metadata may say so: "features" is "layer4" or
 * "sqrt-layer4-layer3". The caller frees *out. Not in the browser. */
hb_status hb_head_open(const hb_model *model, const char *name, hb_head **out, hb_error *error);
/* The number of dimensions of embeddings by this head. */
uint32_t hb_head_dim(const hb_head *head);
void hb_head_free(hb_head *head);

/* ---- Index: a bundle, read ------------------------------------------------------------------------------------- */

/* Row encoding: how the numbers of a row are stored. Options and index.json call it `storage`. */
typedef enum { HB_ENCODING_F32, HB_ENCODING_F16, HB_ENCODING_I8 } hb_encoding;

/* "f32", "f16" or "i8". Static storage. */
const char *hb_encoding_name(hb_encoding encoding);
/* The reverse; false if no encoding has this name. */
bool hb_encoding_parse(const char *name, hb_encoding *out);

#define HB_DIM_MAX 32768              /* as in Milvus */
#define HB_BUNDLE_VERSION 1u          /* the version of the bundle format that this library reads and writes */
#define HB_MANIFEST_NAME "index.json" /* the bundle's file that names all others */

/* Scales a vector to unit length, which queries must have. A vector of zeros stays as it is. */
void hb_vector_normalize(float *vector, size_t dim);

typedef struct hb_index hb_index;

/* Opens a bundle folder. Centroids, head and table of lists are mapped and checked now, a file of lists when a search
 * first needs it. The caller frees *out. Not in the browser. */
hb_status hb_index_open(const char *directory, hb_index **out, hb_error *error);

/* Sets *out: whether `directory` has an index.json that says it is a bundle's. Its version does not matter, nor whether
 * the bundle is whole. Not in the browser. */
hb_status hb_index_is_there(const char *directory, bool *out, hb_error *error);

/* For a caller that fetches the files itself: parse index.json, provide the files for which hb_index_file_is_needed is
 * true, then search. A search says which files of lists it needs. `manifest` is read during the call only. The caller
 * frees *out. */
hb_status hb_index_parse(const char *manifest, size_t size, hb_index **out, hb_error *error);
uint32_t hb_index_file_count(const hb_index *index);
const char *hb_index_file_name(const hb_index *index, uint32_t file);
uint64_t hb_index_file_bytes(const hb_index *index, uint32_t file);
/* True for centroids, head and table of lists, which every search needs; false for files of lists. Only large bundles
 * have a table. When it is provided, hb_index_file_count grows by the files of lists. */
bool hb_index_file_is_needed(const hb_index *index, uint32_t file);
bool hb_index_file_is_there(const hb_index *index, uint32_t file);
/* Checks size, SHA-256 and structure of the file and keeps it. Takes ownership of `bytes`, which must come from malloc,
 * also on failure. HB_INVALID_ARGUMENT if the file is there already, or if the index has no file of this number. */
hb_status hb_index_provide(hb_index *index, uint32_t file, void *bytes, size_t size, hb_error *error);
/* Frees the memory of a file of lists. A search that needs the file asks for it again. Other files stay. */
void hb_index_release(hb_index *index, uint32_t file);

uint32_t hb_index_count(const hb_index *index);  /* vectors */
uint32_t hb_index_dim(const hb_index *index);    /* numbers in a vector */
uint32_t hb_index_nlist(const hb_index *index);  /* inverted lists */
uint32_t hb_index_nprobe(const hb_index *index); /* lists searched by default */
hb_encoding hb_index_encoding(const hb_index *index);
hb_head_kind hb_index_head(const hb_index *index);
/* Returns true if the index has a head that a build which asks for `kind` and `dim`, as hb_head_choose says, would
 * keep. Of `lda` and `discriminant` it may have fewer dimensions, as a collection may not have more. Two files with
 * equal dimensions may differ nevertheless. */
bool hb_index_has_head(const hb_index *index, hb_head_kind kind, uint32_t dim);
/* These texts are owned by the index. */
const char *hb_index_model_id(const hb_index *index);  /* "" if the head is HB_HEAD_NONE */
const char *hb_index_model_url(const hb_index *index); /* "" if the head is HB_HEAD_NONE */
hb_view hb_index_view(const hb_index *index);          /* the model's; HB_VIEW_CROP if the head is HB_HEAD_NONE */
/* Where a result's picture is: a URL relative to the bundle, in which {path} stands for the path. Where its thumbnail
 * is: likewise, {content} stands for hb_result.content as 16 hex digits; "" if there are no thumbnails. */
const char *hb_index_image_url(const hb_index *index);
const char *hb_index_thumb_url(const hb_index *index);

uint64_t hb_index_seed(const hb_index *index);        /* the seed of the k-means that made the lists */
uint64_t hb_index_shard_bytes(const hb_index *index); /* the size that files of lists should have */
/* The number of the file that holds the head; UINT32_MAX if the head is HB_HEAD_LOGITS or HB_HEAD_NONE. */
uint32_t hb_index_head_file(const hb_index *index);
/* Images have positions, counted from 0 through the lists 0 .. nlist-1. Returns how many images are in `list`, and sets
 * *first to the position of the first. Needs the table of lists, if the bundle has one. */
uint32_t hb_index_list_range(const hb_index *index, uint32_t list, uint32_t *first);

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
  /* Finds only images with one of these labels. If the probed lists hold fewer than k of them, as many lists again are
   * probed, until k are found or all lists are done. */
  const char *const *labels; /* may be NULL if label_count is 0 */
  size_t label_count;        /* 0: all images */
  bool has_min_score;
  float min_score; /* finds only images with at least this score, -1..1; ignored without has_min_score */
  /* Shows equal files once: of images with equal content only the first in the order of the bundle, and the next
   * results move up. If the probed lists hold fewer than k contents, more lists are probed, as with labels. */
  bool distinct;
} hb_search_options;

typedef struct {
  uint32_t id; /* an image keeps its id when the bundle is updated, until the lists are trained again */
  float score; /* cosine similarity, -1..1, larger is nearer */
  const char *path;
  const char *label; /* "" for none */
  uint64_t content;  /* the first 8 bytes of the SHA-256 of the image file, as a big-endian number; 0: unknown */
  /* In a search with `distinct`, the number of further images that have this content and pass the filters; else 0. They
   * are all in the list of this image, as equal files have equal vectors. */
  uint32_t copies;
} hb_result;

typedef struct {
  uint32_t found;   /* results, at most k; fewer if the probed lists hold fewer */
  uint32_t nprobe;  /* lists scanned so far */
  uint32_t planned; /* lists to scan, as far as known now; equals nprobe at the end */
  uint32_t scanned; /* vectors compared so far */
  double scan;      /* milliseconds spent so far */
} hb_search_report;

typedef struct hb_search hb_search;

/* Allocates what one search at a time needs. All files that every search needs must be there, and `index` must outlive
 * the search. The caller frees *out. */
hb_status hb_search_create(hb_index *index, hb_search **out, hb_error *error);

/* Begins a search and ends the one before. `query`, hb_index_dim floats of unit length, and `options` are copied. After
 * a failure there are no results. */
hb_status hb_search_start(hb_search *search, const float *query, const hb_search_options *options, hb_error *error);

/* Scans all planned lists that are there and not scanned yet. Sets *missing_count to the number of files that the other
 * lists are in, and writes the numbers of up to `capacity` of them to `missing`, the file with the nearest list first.
 * `missing` may be NULL if `capacity` is 0. The search is done when *missing_count is 0, which it always is with an
 * index from hb_index_open. */
hb_status hb_search_run(hb_search *search, uint32_t *missing, uint32_t capacity, uint32_t *missing_count,
                        hb_error *error);

/* The best results so far, best first, equal scores in the order of the bundle. Returns report->found of them, or NULL
 * before the first run. They are valid until the search is run, started or freed, even if files are released. */
const hb_result *hb_search_results(hb_search *search, hb_search_report *report);

/* The number of the file with the planned list at `place`, 0 for the nearest list; UINT32_MAX beyond the plan. A caller
 * who releases files learns from it which of them are in use. */
uint32_t hb_search_file(const hb_search *search, uint32_t place);
/* The number of the planned list at `place`, for hb_index_list_range; UINT32_MAX beyond the plan. */
uint32_t hb_search_list(const hb_search *search, uint32_t place);

void hb_search_free(hb_search *search);

/* ---- Engine: photo to answer ----------------------------------------------------------------------------------- */

typedef struct hb_engine hb_engine;

/* All that one thread needs to embed and to search. Without a `model` (NULL) it only searches for vectors; without an
 * `index` (NULL) it only embeds, by the head `logits` (without fc: none) until hb_engine_use_head. HB_MODEL_MISMATCH if
 * the index was built with another model. Engines of one model share packed weights: create them one after the other.
 * Threads may use them at once, if each engine has an index of its own. The caller frees *out. */
hb_status hb_engine_create(hb_model *model, hb_index *index, hb_engine **out, hb_error *error);

/* Chooses the head of an engine that has no index. The head must outlive the engine. Without a `head` (NULL) an
 * embedding is the HB_POOLED_DIM pooled features as they are, not of unit length. */
hb_status hb_engine_use_head(hb_engine *engine, const hb_head *head, hb_error *error);

/* Makes embeddings of an engine that has no index the HB_FEATURES_DIM features as they are, not of unit length. */
hb_status hb_engine_use_features(hb_engine *engine, hb_error *error);

/* The number of floats in an embedding of this engine. */
uint32_t hb_engine_dim(const hb_engine *engine);

/* The view of the engine's model; HB_VIEW_CROP without one. */
hb_view hb_engine_view(const hb_engine *engine);

/* The number of threads that share the work on a picture; 1 natively. */
uint32_t hb_engine_threads(const hb_engine *engine);

/* Embeds a picture file, as hb_crop_file takes it, by the model's view: writes hb_engine_dim floats of unit length to
 * `embedding`. `timings` may be NULL. */
hb_status hb_engine_embed(hb_engine *engine, const void *bytes, size_t size, const hb_region *region, float *embedding,
                          hb_timings *timings, hb_error *error);

/* Embeds the crops of a picture, which is the second half of hb_engine_embed. Sets network and head of `timings`, which
 * may be NULL. */
hb_status hb_engine_embed_crops(hb_engine *engine, const hb_crops *crops, float *embedding, hb_timings *timings,
                                hb_error *error);
/* Likewise a single crop, whatever the model's view. */
hb_status hb_engine_embed_crop(hb_engine *engine, const uint8_t crop[HB_CROP_BYTES], float *embedding,
                               hb_timings *timings, hb_error *error);

/* Embeds features that an engine of this model gave after hb_engine_use_features, which is the last step of the others.
 */
hb_status hb_engine_embed_features(hb_engine *engine, const float features[HB_FEATURES_DIM], float *embedding,
                                   hb_error *error);

/* Embeds pixels, as hb_crop_rgba takes them, by the model's view. */
hb_status hb_engine_embed_rgba(hb_engine *engine, const uint8_t *rgba, uint32_t width, uint32_t height,
                               const hb_region *region, float *embedding, hb_timings *timings, hb_error *error);

/* Finds the k nearest images of an index from hb_index_open in one call. *results, report->found of them, best first,
 * belong to the engine. They are valid until its next search, also if that one fails. */
hb_status hb_engine_search(hb_engine *engine, const float *query, const hb_search_options *options,
                           const hb_result **results, hb_search_report *report, hb_error *error);

void hb_engine_free(hb_engine *engine);

/* ---- Catalog: all images of a bundle (not in the browser) ------------------------------------------------------- */

/* Every image of a bundle, numbered 0 .. count-1 in byte order of their paths (not by id). */
typedef struct hb_catalog hb_catalog;

typedef struct {
  uint32_t id, label;            /* label: its number, for hb_index_label */
  uint64_t content;              /* as in hb_result */
  const char *path, *label_text; /* owned by the index */
} hb_entry;

/* Maps and checks all files. `index` comes from hb_index_open, or has all its files, and must outlive the catalog.
 * Threads may share the catalog, and from then on the index. The caller frees *out. */
hb_status hb_catalog_create(hb_index *index, hb_catalog **out, hb_error *error);
uint32_t hb_catalog_count(const hb_catalog *catalog);
hb_entry hb_catalog_entry(const hb_catalog *catalog, uint32_t number);
/* The number of the image with this path; UINT32_MAX if there is none. */
uint32_t hb_catalog_find(const hb_catalog *catalog, const char *path);
/* The number of the image at a position of hb_index_list_range. */
uint32_t hb_catalog_number_at(const hb_catalog *catalog, uint32_t position);
/* Writes the stored vector, hb_index_dim floats of unit length. */
void hb_catalog_vector(const hb_catalog *catalog, uint32_t number, float *out);
/* Writes the cosines of `count` queries [count][hb_index_dim] with all images to `scores` [count][hb_catalog_count].
 * Several queries at once take less time than one by one, and get the same scores, bit for bit. */
hb_status hb_catalog_scores(const hb_catalog *catalog, const float *queries, uint32_t count, float *scores,
                            hb_error *error);
void hb_catalog_free(hb_catalog *catalog);

/* ---- Building a bundle (not in the browser) -------------------------------------------------------------------- */

#define HB_NLIST_MAX 65536 /* as in Milvus */

typedef struct {
  hb_model *model; /* makes the vectors; NULL for ready-made ones */
  /* As hb_head_choose understands it; ignored without a model. NULL chooses: the base's head, or without a base
   * "discriminant:256" if 20 labels or more have two images that differ, else "pca:256". */
  const char *head;
  uint32_t dim; /* numbers in a ready-made vector, 1..HB_DIM_MAX; ignored with a model */
  hb_encoding encoding;
  uint32_t nlist;        /* 1..65536; 0 chooses 2 sqrt(count). Lowered to count/39, as Knowhere does */
  double recall;         /* recall@4 that the default nprobe must reach on a sample; 0 chooses 0.991 */
  uint64_t seed;         /* of k-means */
  uint64_t model_bytes;  /* size of the model file, for the page's progress bar */
  const char *model_url; /* where the page finds the model, relative to the bundle; ignored without a model */
  const char *image_url; /* where the page finds an image, relative to the bundle, with {path} in it */
  const char *thumb_url; /* where it finds a thumbnail, with {content} in it; NULL or "" for none */
  size_t shard_bytes;    /* lists are packed into files of about this size, below 4 GiB; 0 chooses 8 KiB */
  size_t memory_bytes;   /* for vectors while building, beside 50 to 100 bytes an image; 0 chooses 1 GiB */
  uint32_t threads;      /* 0: one */
  /* A bundle whose rows hb_builder_keep takes, and whose head is kept if it was made from its images; NULL for none. */
  const char *base;
  bool retrain; /* cluster again although there is a base; its head stays */
  /* Called with what hb_builder_finish does now, such as "clustering", as it may take minutes; may be NULL. */
  void (*stage)(void *context, const char *what);
  void *stage_context;
} hb_build_options;

typedef struct {
  uint32_t count, dim, nlist; /* nlist after lowering */
  uint32_t nprobe;            /* the default that was chosen */
  double recall;              /* recall@4 at that nprobe; a sample of the images is searched, leave-one-out */
  double scanned;             /* the share of vectors that such a search scans */
  double imbalance;           /* nlist * sum of squared list lengths / count^2: 1 if all lists are equally long */
  double trained_imbalance;   /* the imbalance when the lists were trained */
  bool trained;               /* clustered in this build, not kept from the base */
  uint64_t bytes;             /* of all files of the bundle, without thumbnails */
  uint32_t files;             /* their number */
  uint32_t files_new;         /* files that the base does not have; without a base, all */
  hb_head_kind head;          /* the bundle's */
} hb_build_report;

/* Checks that a bundle may be written to `directory`: nothing is there, or an empty folder, or a bundle to replace. */
hb_status hb_builder_check_target(const char *directory, hb_error *error);

typedef struct hb_builder hb_builder;

/* Begins a bundle. It is written to "DIRECTORY.partial", which takes the name `directory` at the end, so that half a
 * bundle never has that name; a bundle that was there is replaced. `options`, and what they point to, must outlive the
 * builder. The caller frees *out. */
hb_status hb_builder_create(const char *directory, const hb_build_options *options, hb_builder **out, hb_error *error);

/* Where the builder writes. Files that a caller puts there, such as thumbnails, become part of the bundle. */
const char *hb_builder_directory(const hb_builder *builder);

/* Adds an image: its HB_FEATURES_DIM features or, without a model, its vector of `dim` floats, which is scaled to
 * unit length. Images come in byte order of their paths, each once. `label` is "" for none, `content` is as in
 * hb_result. The arguments are copied. After a failure, here or in hb_builder_keep, the builder can only be freed. */
hb_status hb_builder_add(hb_builder *builder, const float *features, const char *path, const char *label,
                         uint64_t content, hb_error *error);

/* Adds an image of the base as it is stored there, perhaps under another path. `base` is a catalog of the base. */
hb_status hb_builder_keep(hb_builder *builder, const hb_catalog *base, uint32_t number, const char *path,
                          const char *label, hb_error *error);

/* Clusters, unless the base's centroids still serve, and writes the bundle. `report` may be NULL. Afterwards the
 * builder can only be freed. */
hb_status hb_builder_finish(hb_builder *builder, hb_build_report *report, hb_error *error);

/* Also removes what was written, unless hb_builder_finish succeeded. */
void hb_builder_free(hb_builder *builder);

#ifdef __cplusplus
}
#endif
#endif
