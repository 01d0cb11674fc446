#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "existing_bundle.h"
#include "messages.h"

#define HEADER "heybagh embedded"

/* Records follow each other in the file, after the header. */
typedef struct {
  uint64_t content;
  float features[HB_FEATURES_DIM];
  uint64_t check; /* content_of a `vouched` */
} record;

/* What the check of a record covers. */
typedef struct {
  char version[32], model[HB_SHA256_HEX + 7];
  uint64_t content;
  float features[HB_FEATURES_DIM];
} vouched;

typedef struct {
  uint64_t content;
  uint32_t number; /* the record's */
} known;

struct journal {
  char *path;
  vouched scratch;
  int file;     /* -1: there is none, or it is not a journal */
  known *known; /* [count], sorted by content */
  uint32_t count;
  FILE *writer; /* writes to `file`; NULL until something is added */
  bool given_up;
};

static uint64_t check_of(journal *j, uint64_t content, const float *features) {
  j->scratch.content = content;
  memcpy(j->scratch.features, features, sizeof j->scratch.features);
  return content_of(&j->scratch, sizeof j->scratch);
}

static off_t place_of(uint32_t number) { return (off_t)(strlen(HEADER) + number * sizeof(record)); }

/* ---- What an earlier build left ---- */

static int compare_known(const void *a, const void *b) {
  const known *x = a, *y = b;
  return (x->content > y->content) - (x->content < y->content);
}

static bool read_record(const journal *j, uint32_t number, record *out) {
  return pread(j->file, out, sizeof *out, place_of(number)) == sizeof *out;
}

/* Also returns true if its build was killed before the header was whole. */
static bool is_journal(int file) {
  char header[sizeof HEADER];
  ssize_t n = pread(file, header, strlen(HEADER), 0);
  return n >= 0 && memcmp(header, HEADER, (size_t)n) == 0;
}

static hb_status read_records(journal *j, hb_error *error) {
  struct stat info;
  record r;
  if (fstat(j->file, &info) != 0) return HB_OK;
  const uint64_t most = (uint64_t)info.st_size / sizeof r;
  j->known = calloc(most + 1, sizeof *j->known);
  if (j->known == NULL) return hb_fail_memory(error);
  for (uint32_t i = 0; i < most && read_record(j, i, &r) && check_of(j, r.content, r.features) == r.check; i++)
    j->known[j->count++] = (known){r.content, i};
  qsort(j->known, j->count, sizeof *j->known, compare_known);
  if (most > 0 && j->count == 0)
    note("'%s' is from an interrupted build with another model or version; it is replaced", j->path);
  return HB_OK;
}

static hb_status read_earlier(journal *j, hb_error *error) {
  j->file = open(j->path, O_RDWR | O_CLOEXEC);
  if (j->file < 0 && errno == ENOENT) return HB_OK;
  if (j->file >= 0 && is_journal(j->file)) return read_records(j, error);
  note("'%s' is not a file of index-builder, so it is left alone; if this build is interrupted, it cannot resume",
       j->path);
  if (j->file >= 0) close(j->file);
  j->file = -1;
  j->given_up = true;
  return HB_OK;
}

hb_status journal_open(const char *bundle, const char *model_id, journal **out, hb_error *error) {
  char *place = NULL;
  journal *j = calloc(1, sizeof *j);
  if (j == NULL) return hb_fail_memory(error);
  j->file = -1;
  snprintf(j->scratch.version, sizeof j->scratch.version, "heybagh %s", hb_version());
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

bool journal_find(const journal *j, uint64_t content, float features[HB_FEATURES_DIM]) {
  record r;
  if (j->count == 0) return false;
  const known key = {content, 0};
  const known *found = bsearch(&key, j->known, j->count, sizeof key, compare_known);
  if (found == NULL || !read_record(j, found->number, &r)) return false;
  memcpy(features, r.features, sizeof r.features);
  return true;
}

/* ---- What this build adds ---- */

static void give_up(journal *j) {
  note("cannot write '%s' (%s); embeddings made from now on are lost if this build is interrupted", j->path,
       strerror(errno));
  j->given_up = true;
}

/* Opens the file for writing after the valid records of the earlier build. */
static bool start(journal *j) {
  const off_t end = place_of(j->count);
  if (j->file < 0) j->file = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (j->file < 0 || pwrite(j->file, HEADER, strlen(HEADER), 0) != (ssize_t)strlen(HEADER)) return false;
  if (ftruncate(j->file, end) != 0 || lseek(j->file, end, SEEK_SET) != end) return false;
  j->writer = fdopen(j->file, "r+b");
  return j->writer != NULL;
}

void journal_add(journal *j, uint64_t content, const float features[HB_FEATURES_DIM]) {
  if (j->given_up) return;
  if (j->writer == NULL && !start(j)) return give_up(j);
  record r = {.content = content, .check = check_of(j, content, features)};
  memcpy(r.features, features, sizeof r.features);
  if (fwrite(&r, sizeof r, 1, j->writer) != 1) give_up(j);
}

void journal_sync(journal *j) {
  if (j->given_up || j->writer == NULL) return;
  if (fflush(j->writer) != 0 || fsync(j->file) != 0) give_up(j);
}

const char *journal_path(const journal *j) { return j->count > 0 || j->writer != NULL ? j->path : NULL; }

void journal_remove(journal *j) {
  if (j->file >= 0) unlink(j->path);
}

void journal_free(journal *j) {
  if (j == NULL) return;
  if (j->writer != NULL)
    fclose(j->writer);
  else if (j->file >= 0)
    close(j->file);
  free(j->known);
  free(j->path);
  free(j);
}
