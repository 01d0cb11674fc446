/* Aims at the table of lists, which large bundles have: numbers of files and lists, and sizes that overflow when they
 * are added up. The files that it names are asked for, and never there. */
#include <stdlib.h>
#include <string.h>

#include "bundle_parts.h"

static void ask_for_files(hb_index *index) {
  for (uint32_t f = 3; f < hb_index_file_count(index); f++) {
    require(strlen(hb_index_file_name(index, f)) == strlen("lists-0123456789abcdef.bin"));
    require(!hb_index_file_is_needed(index, f) && !hb_index_file_is_there(index, f));
    hb_status status = hb_index_provide(index, f, calloc(1, 64), 64, &failure);
    require(status != HB_OK);
    require_sentence(status);
  }
}

/* All lists of a search that wants them all are missing, but for those that are empty. */
static void search(hb_index *index) {
  hb_search *search;
  require(hb_search_create(index, &search, &failure) == HB_OK);
  float *query = random_unit_vectors(1, hb_index_dim(index), 1);
  const hb_search_options options = {.k = 3, .exact = true};
  uint32_t missing[4], count = 0;
  require(hb_search_start(search, query, &options, &failure) == HB_OK);
  require(hb_search_run(search, missing, 4, &count, &failure) == HB_OK);
  for (uint32_t i = 0; i < count && i < 4; i++) require(missing[i] >= 3 && missing[i] < hb_index_file_count(index));
  require(hb_search_file(search, 0) < hb_index_file_count(index) && hb_search_file(search, 2) == UINT32_MAX);
  free(query);
  hb_search_free(search);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  input in = {bytes, size};
  bundle_shape shape = shape_take(&in);
  if (shape.counts[0] + shape.counts[1] == 0) shape.counts[1] = 1;
  blob table = take_blob(&in, in.size);
  bundle *b = bundle_of(&shape, part_centroids(&shape), blob_of("", 0), PART_TABLE, table);
  if (table.size == 0) return bundle_free(b), 0; /* there is no such file then */
  hb_index *index = bundle_parse(b);
  require(bundle_provide(b, index, 0) == HB_OK);
  hb_status status = bundle_provide(b, index, 2);
  if (status != HB_OK) {
    require_sentence(status);
  } else {
    ask_for_files(index);
    search(index);
  }
  hb_index_free(index);
  bundle_free(b);
  return 0;
}
