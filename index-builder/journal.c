#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "builder.h"
#include "file.h"

/* As it lies in the file, one after the other. */
typedef struct {
  uint64_t content;
  float features[HB_POOLED_DIM];
  uint64_t check; /* content_of the next */
} record;

/* What a record vouches for. */
typedef struct {
  char version[32], model[HB_SHA256_HEX + 7];
  uint64_t content;
  float features[HB_POOLED_DIM];
} vouched;

typedef struct {
  uint64_t content;
  const record *at;
} known;

struct journal {
  char *path;
  vouched scratch;
  hb_mapping earlier;
  known *known; /* [count] in the order of contents */
  uint32_t count;
  FILE *file; /* once something was added */
  bool given_up;
};

static uint64_t check_of(journal *j, uint64_t content, const float *features) {
  j->scratch.content = content;
  memcpy(j->scratch.features, features, sizeof j->scratch.features);
  return content_of(&j->scratch, sizeof j->scratch);
}

static int compare_known(const void *a, const void *b) {
  const known *x = a, *y = b;
  return (x->content > y->content) - (x->content < y->content);
}

static hb_status read_earlier(journal *j, hb_error *error) {
  if (!hb_path_exists(j->path)) return HB_OK;
  hb_error ignored;
  hb_status status = hb_file_map(j->path, &j->earlier, &ignored);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  const size_t most = j->earlier.size / sizeof(record);
  j->known = calloc(most + 1, sizeof *j->known);
  if (j->known == NULL) return hb_fail_memory(error);
  const record *records = j->earlier.bytes;
  for (size_t i = 0; i < most && i < UINT32_MAX; i++) {
    if (check_of(j, records[i].content, records[i].features) != records[i].check) break;
    j->known[j->count++] = (known){records[i].content, &records[i]};
  }
  qsort(j->known, j->count, sizeof *j->known, compare_known);
  return HB_OK;
}

hb_status journal_open(const char *bundle, const char *model_id, journal **out, hb_error *error) {
  char *place = NULL;
  journal *j = calloc(1, sizeof *j);
  if (j == NULL) return hb_fail_memory(error);
  snprintf(j->scratch.version, sizeof j->scratch.version, "heybagh %s", HB_VERSION);
  snprintf(j->scratch.model, sizeof j->scratch.model, "%s", model_id);
  hb_status status = hb_path_resolve(bundle, &place, error);
  if (status == HB_OK) {
    j->path = hb_path_beside(place, "embedded");
    status = j->path != NULL ? read_earlier(j, error) : hb_fail_memory(error);
  }
  free(place);
  if (status != HB_OK) return journal_free(j), status;
  *out = j;
  return HB_OK;
}

uint32_t journal_count(const journal *j) { return j->count; }

bool journal_find(const journal *j, uint64_t content, float features[HB_POOLED_DIM]) {
  if (j->count == 0) return false;
  const known key = {content, NULL};
  const known *found = bsearch(&key, j->known, j->count, sizeof key, compare_known);
  if (found != NULL) memcpy(features, found->at->features, sizeof found->at->features);
  return found != NULL;
}

static void give_up(journal *j) {
  fprintf(stderr, "note: cannot write '%.200s' (%s); if this build is stopped, the next one embeds everything\n",
          j->path, strerror(errno));
  if (j->file != NULL) fclose(j->file);
  j->file = NULL;
  j->given_up = true;
}

/* Behind what counts of the earlier build. */
static bool start(journal *j) {
  int file = open(j->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const off_t end = (off_t)(j->count * sizeof(record));
  if (ftruncate(file, end) == 0 && lseek(file, end, SEEK_SET) == end) j->file = fdopen(file, "wb");
  if (j->file == NULL) close(file);
  return j->file != NULL;
}

void journal_add(journal *j, uint64_t content, const float features[HB_POOLED_DIM]) {
  if (j->given_up) return;
  if (j->file == NULL && !start(j)) return give_up(j);
  record r = {.content = content, .check = check_of(j, content, features)};
  memcpy(r.features, features, sizeof r.features);
  if (fwrite(&r, sizeof r, 1, j->file) != 1) give_up(j);
}

void journal_sync(journal *j) {
  if (j->file != NULL && (fflush(j->file) != 0 || fsync(fileno(j->file)) != 0)) give_up(j);
}

const char *journal_path(const journal *j) { return j->count > 0 || j->file != NULL ? j->path : NULL; }

void journal_remove(journal *j) { unlink(j->path); }

void journal_free(journal *j) {
  if (j == NULL) return;
  if (j->file != NULL) fclose(j->file);
  hb_file_unmap(j->earlier);
  free(j->known);
  free(j->path);
  free(j);
}
