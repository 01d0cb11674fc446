/* wasm_api.h: the exports of src/api/wasm_api.c, which has no header of its own, as JavaScript is its caller. The two
 * that helping threads call are left out: one does not return. */
#ifndef WASM_API_H
#define WASM_API_H

#include <heybagh.h>

typedef struct context context;
typedef struct search search;
context *hb_wasm_new(uint32_t members);
void hb_wasm_free(context *c);
const char *hb_wasm_status_text(hb_status status);
const char *hb_wasm_error(const context *c);
bool hb_wasm_is_incomplete(const context *c);
hb_status hb_wasm_model(context *c, void *bytes, size_t size);
hb_status hb_wasm_manifest(context *c, const char *bytes, size_t size);
uint32_t hb_wasm_file_count(const context *c);
const char *hb_wasm_file_name(const context *c, uint32_t file);
uint32_t hb_wasm_file_bytes(const context *c, uint32_t file);
hb_status hb_wasm_file(context *c, uint32_t file, void *bytes, size_t size);
bool hb_wasm_file_is_needed(const context *c, uint32_t file);
void hb_wasm_release(context *c, uint32_t file);
hb_status hb_wasm_start(context *c);
uint32_t hb_wasm_threads(const context *c);
uint32_t hb_wasm_dim(const context *c);
const float *hb_wasm_vector(const context *c);
hb_status hb_wasm_crop_file(context *c, const void *bytes, size_t size, double x, double y, double w, double h);
hb_status hb_wasm_crop_rgba(context *c, const uint8_t *pixels, uint32_t width, uint32_t height, double x, double y,
                            double w, double h);
const uint8_t *hb_wasm_crops(const context *c);
uint32_t hb_wasm_crop_count(const context *c);
uint32_t hb_wasm_crop_bytes(void);
hb_status hb_wasm_embed(context *c, uint8_t *crops, uint32_t count);
const char *hb_wasm_timings(context *c);
const char *hb_wasm_info(context *c);
search *hb_wasm_search_new(context *c);
void hb_wasm_search_free(search *s);
hb_status hb_wasm_search_start(context *c, search *s, const float *query, uint32_t k, uint32_t nprobe, bool exact,
                               const char *labels, size_t labels_size, bool has_min_score, float min_score,
                               bool distinct);
hb_status hb_wasm_search_run(context *c, search *s);
uint32_t hb_wasm_search_missing_count(const search *s);
const uint32_t *hb_wasm_search_missing(const search *s);
uint32_t hb_wasm_search_file(const search *s, uint32_t place);
const char *hb_wasm_search_answer(context *c, search *s);

#endif
