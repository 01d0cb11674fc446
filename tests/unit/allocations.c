#include "allocations.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* How many calls are refused once it begins. */
enum { NONE, ONE, ALL };

typedef struct {
  _Atomic size_t largest, calls, first; /* `first`: the call that is refused */
  _Atomic int failing;
  _Atomic bool refused;
  _Atomic size_t total;
  _Atomic size_t mapped;
} counts;

/* Shared with the processes that a test starts. */
static counts *state;

void *__real_mmap(void *address, size_t size, int protection, int flags, int file, off_t offset);

__attribute__((constructor)) static void share(void) {
  static counts own;
  void *memory = __real_mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  state = memory != MAP_FAILED ? memory : &own;
}

void allocations_reset(void) { state->largest = 0; }
size_t allocations_largest(void) { return state->largest; }

static void begin(size_t n, int failing) {
  state->calls = 0;
  state->first = n;
  state->refused = false;
  state->failing = failing;
}

void allocations_fail_from(size_t n) { begin(n, ALL); }
void allocations_fail_one(size_t n) { begin(n, ONE); }
void allocations_work(void) { state->failing = NONE; }
bool allocations_were_refused(void) { return state->refused; }
size_t allocations_failed(void) { return state->total; }
size_t allocations_mapped(void) { return state->mapped; }

/* For scripts/test.sh, which adds them up. */
__attribute__((destructor)) static void tell(void) {
  if (state->total > 0) printf("allocations failed: %zu\n", (size_t)state->total);
}

static bool refuse(size_t size) {
  if (state == NULL) return false; /* the program is starting */
  if (size > state->largest) state->largest = size;
  if (state->failing == NONE) return false;
  const size_t call = state->calls++;
  if (state->failing == ONE ? call != state->first : call < state->first) return false;
  state->total++;
  errno = ENOMEM;
  return state->refused = true;
}

/* ---- What allocates: malloc and the like, and functions of the system that call it where a linker cannot reach ----
 */

#define WRAPPED(type, name, ...)   \
  type __real_##name(__VA_ARGS__); \
  type __wrap_##name(__VA_ARGS__); \
  type __wrap_##name(__VA_ARGS__)

WRAPPED(void *, malloc, size_t size) { return refuse(size) ? NULL : __real_malloc(size); }

WRAPPED(void *, calloc, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  return refuse(bytes) ? NULL : __real_calloc(count, size);
}

WRAPPED(void *, realloc, void *memory, size_t size) { return refuse(size) ? NULL : __real_realloc(memory, size); }

WRAPPED(void *, aligned_alloc, size_t alignment, size_t size) {
  return refuse(size) ? NULL : __real_aligned_alloc(alignment, size);
}

WRAPPED(int, posix_memalign, void **out, size_t alignment, size_t size) {
  return refuse(size) ? ENOMEM : __real_posix_memalign(out, alignment, size);
}

WRAPPED(char *, strdup, const char *text) { return refuse(strlen(text) + 1) ? NULL : __real_strdup(text); }

WRAPPED(char *, strndup, const char *text, size_t most) {
  return refuse(strnlen(text, most) + 1) ? NULL : __real_strndup(text, most);
}

WRAPPED(char *, realpath, const char *path, char *out) { return refuse(1) ? NULL : __real_realpath(path, out); }
WRAPPED(FILE *, fopen, const char *path, const char *mode) { return refuse(1) ? NULL : __real_fopen(path, mode); }
/* Not with all others: without it nothing is cleared away, which the next build does then. */
WRAPPED(DIR *, opendir, const char *path) { return state->failing == ONE && refuse(1) ? NULL : __real_opendir(path); }

/* ---- Mappings ---- */

WRAPPED(void *, mmap, void *address, size_t size, int protection, int flags, int file, off_t offset) {
  if (refuse(1)) return MAP_FAILED; /* of a size that says nothing: a file's */
  void *memory = __real_mmap(address, size, protection, flags, file, offset);
  if (memory != MAP_FAILED) state->mapped += size;
  return memory;
}

WRAPPED(void *, mremap, void *memory, size_t old, size_t size, int flags, ...) {
  if (refuse(size)) return MAP_FAILED;
  void *moved = __real_mremap(memory, old, size, flags);
  if (moved != MAP_FAILED) state->mapped += size - old;
  return moved;
}

WRAPPED(int, munmap, void *memory, size_t size) {
  state->mapped -= size;
  return __real_munmap(memory, size);
}
