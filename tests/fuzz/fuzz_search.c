/* Aims at a search's parameters and order of calls: k, nprobe, labels and scores out of range, queries that are no
 * numbers, files that come, go and come back between the runs, and results that must stay readable through all that. */
#include <stdlib.h>
#include <string.h>

#include "bundle_parts.h"
#include "collections.h"

#define DIM 8
#define IMAGES 60

static bundle *bundles[3]; /* by storage */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  void *folder;
  make_folder(&folder);
  collection c = collection_make(IMAGES, DIM, 5, 1);
  for (int s = 0; s < 3; s++) {
    hb_build_options options = collection_options(&c, (hb_encoding)s);
    options.shard_bytes = 1;
    const char *path = path_in(folder, hb_encoding_name((hb_encoding)s));
    collection_write(&c, &options, NULL, path, NULL);
    bundles[s] = bundle_load(path);
  }
  collection_free(&c);
  return remove_folder(&folder);
}

typedef struct {
  input in;
  const bundle *bundle;
  hb_index *index;
  hb_search *search;
  bool started;
  hb_search_options options;
} session;

static void start(session *s) {
  const char *labels[3];
  static const char *const some[] = {"", "kind-000", "kind-001", "kind-002", "kind-003", "kind-004", "no such"};
  const uint8_t flags = take_u8(&s->in);
  s->options = (hb_search_options){.k = flags & 1 ? take_u32(&s->in) : take_u8(&s->in),
                                   .nprobe = flags & 2 ? take_u32(&s->in) : take_u8(&s->in) % 8,
                                   .exact = flags & 4,
                                   .labels = labels,
                                   .label_count = (flags >> 3) % 4,
                                   .has_min_score = flags & 32,
                                   .min_score = flags & 32 ? (float)take_fraction(&s->in) : 0,
                                   .distinct = flags & 128};
  for (size_t l = 0; l < s->options.label_count; l++) labels[l] = some[take_u8(&s->in) % 7];
  float *query = random_unit_vectors(1, DIM, flags);
  if (flags & 64)
    for (int d = 0; d < DIM; d++) query[d] = take_float(&s->in);
  hb_status status = hb_search_start(s->search, query, &s->options, &failure);
  free(query);
  if (status != HB_OK) require_sentence(status);
  s->started = status == HB_OK;
}

static void check_results(session *s) {
  hb_search_report report;
  const hb_result *r = hb_search_results(s->search, &report);
  require(report.found <= IMAGES && report.scanned <= IMAGES);
  require(report.nprobe <= report.planned && report.planned <= hb_index_nlist(s->index));
  require(s->started || report.found == 0);
  for (uint32_t i = 0; i < report.found; i++) {
    require(i < s->options.k && hb_index_find_label(s->index, r[i].label) < hb_index_label_count(s->index));
    require(strncmp(r[i].path, r[i].label, strlen(r[i].label)) == 0 && r[i].score == r[i].score);
    require(!s->options.has_min_score || r[i].score >= s->options.min_score);
    for (uint32_t j = 0; j < i; j++) require(r[j].id != r[i].id && r[j].score >= r[i].score);
    for (uint32_t j = 0; j < i && s->options.distinct; j++) require(r[j].content != r[i].content);
    require(s->options.distinct ? r[i].copies < IMAGES : r[i].copies == 0);
  }
}

static void run(session *s) {
  uint32_t missing[3], count = UINT32_MAX;
  hb_status status = hb_search_run(s->search, missing, 3, &count, &failure);
  require(status == HB_OK);
  for (uint32_t i = 0; i < count && i < 3; i++)
    require(missing[i] < s->bundle->count && !hb_index_file_is_there(s->index, missing[i]));
  check_results(s);
}

static void provide(session *s) {
  hb_status status = bundle_provide(s->bundle, s->index, take_u8(&s->in) % (s->bundle->count + 1));
  if (status != HB_OK) require_sentence(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  session s = {.in = {bytes, size}};
  s.bundle = bundles[take_u8(&s.in) % 3];
  s.index = bundle_parse(s.bundle);
  bundle_provide_needed(s.bundle, s.index);
  require(hb_search_create(s.index, &s.search, &failure) == HB_OK);
  while (s.in.size > 0) {
    switch (take_u8(&s.in) % 6) {
      case 0: start(&s); break;
      case 1: run(&s); break;
      case 2: hb_index_release(s.index, take_u8(&s.in) % 16); break;
      case 3: check_results(&s); break;
      case 4: hb_search_file(s.search, take_u32(&s.in)); break;
      default: provide(&s); break;
    }
  }
  hb_search_free(s.search);
  hb_index_free(s.index);
  return 0;
}
