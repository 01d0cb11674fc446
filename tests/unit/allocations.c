#include "allocations.h"

#include <stdint.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static struct {
  size_t largest, left;
  bool failing, refused;
} state;

void allocations_reset(void) { state.largest = 0; }
size_t allocations_largest(void) { return state.largest; }

void allocations_fail_from(size_t n) {
  state.left = n;
  state.failing = true;
  state.refused = false;
}

void allocations_work(void) { state.failing = false; }
bool allocations_were_refused(void) { return state.refused; }

static bool refuse(size_t size) {
  if (size > state.largest) state.largest = size;
  if (!state.failing) return false;
  if (state.left > 0) return state.left--, false;
  return state.refused = true;
}

void *__wrap_malloc(size_t size) { return refuse(size) ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  return refuse(bytes) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) { return refuse(size) ? NULL : __real_realloc(memory, size); }
