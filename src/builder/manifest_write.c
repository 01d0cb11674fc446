#include "builder/manifest_write.h"

#include <inttypes.h>
#include <math.h>

#include "builder/build_options.h"
#include "bundle/bundle.h"

static void add_files(const hb_written_files *written, hb_text *text) {
  hb_text_add(text, ",\n\"files\":[");
  for (uint32_t f = 0; f < written->file_count; f++) {
    const hb_bundle_file *file = &written->files[f];
    hb_text_add(text, "%s\n  {\"name\":\"%s\",\"bytes\":%" PRIu64 ",\"sha256\":\"%s\"}", f > 0 ? "," : "", file->name,
                file->expected, file->sha256);
  }
  hb_text_add(text, "]");
}

static void add_lists(const hb_written_files *written, uint32_t nlist, hb_text *text) {
  if (written->table_file != HB_NO_FILE) {
    hb_text_add(text, ",\n\"table\":{\"file\":%u}", written->table_file);
    return;
  }
  hb_text_add(text, ",\n\"lists\":[");
  for (uint32_t l = 0; l < nlist; l++) {
    const hb_bundle_list *list = &written->lists[l];
    hb_text_add(text, "%s\n  {\"file\":%u,\"offset\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"count\":%u}", l > 0 ? "," : "",
                list->file, list->offset, list->bytes, list->count);
  }
  hb_text_add(text, "]");
}

static void add_member(hb_text *text, const char *key, const char *value) {
  hb_text_add(text, ",\"%s\":", key);
  hb_text_add_json(text, value);
}

static void add_model(const hb_bundle_parts *p, hb_text *m) {
  if (p->head == NULL) {
    hb_text_add(m, ",\n\"model\":null,\n\"head\":{\"kind\":\"%s\"}", hb_head_name(HB_HEAD_NONE));
    return;
  }
  hb_text_add(m, ",\n\"model\":{\"bytes\":%" PRIu64, p->options->model_bytes);
  add_member(m, "id", hb_model_id(p->options->model));
  add_member(m, "url", p->options->model_url);
  const hb_view view = hb_model_view(p->options->model);
  if (view != HB_VIEW_CROP) add_member(m, "view", hb_view_name(view));
  hb_text_add(m, "},\n\"head\":{\"kind\":\"%s\"", hb_head_name(p->head->kind));
  if (p->head->features != HB_FEATURES_LAYER4) add_member(m, "features", hb_head_features_name(p->head->features));
  hb_text_add(m, p->head->kind != HB_HEAD_LOGITS ? ",\"file\":0}" : "}");
}

static void add_labels(const hb_row_store *rows, hb_text *text) {
  hb_text_add(text, ",\n\"labels\":[");
  for (uint32_t l = 0; l < rows->label_count; l++) {
    hb_text_add(text, l > 0 ? "," : "");
    hb_text_add_json(text, rows->labels[l]);
  }
  hb_text_add(text, "]");
}

hb_status hb_manifest_write(const hb_bundle_parts *p, const hb_written_files *written, hb_text *out, hb_error *error) {
  const hb_clusters *c = p->clusters;
  hb_text m = {0};
  hb_text_add(&m, "{\"format\":\"%s\",\"version\":%u", HB_BUNDLE_FORMAT, HB_BUNDLE_VERSION);
  hb_text_add(&m, ",\"generator\":\"heybagh %s\"", hb_version());
  add_model(p, &m);
  hb_text_add(&m, ",\n\"metric\":\"COSINE\",\"storage\":\"%s\",\"dim\":%u,\"count\":%u",
              hb_encoding_name(p->rows->encoding), p->rows->dim, p->rows->count);
  hb_text_add(&m, ",\"nlist\":%u,\"nprobe\":%u,\"seed\":%" PRIu64, c->nlist, p->nprobe, p->options->seed);
  hb_text_add(&m, ",\n\"trained\":{\"count\":%u,\"imbalance_thousandths\":%.0f}", c->trained_count,
              rint(c->trained_imbalance * 1000));
  hb_text_add(&m, ",\"shard_bytes\":%zu", hb_build_shard_bytes(p->options));
  add_member(&m, "image_url", p->options->image_url);
  if (p->options->thumb_url != NULL && p->options->thumb_url[0] != '\0')
    add_member(&m, "thumb_url", p->options->thumb_url);
  add_labels(p->rows, &m);
  hb_text_add(&m, ",\n\"centroids\":{\"file\":%u}", written->centroid_file);
  add_lists(written, c->nlist, &m);
  add_files(written, &m);
  hb_text_add(&m, "}\n");
  if (m.failed) return hb_text_free(&m), hb_fail_memory(error);
  *out = m;
  return HB_OK;
}
