#include "failing_allocations.h"

#include <stdio.h>
#include <string.h>

#include "allocations.h"

typedef struct {
  size_t memory, mapped;
  uint32_t files;
} holdings;

static holdings held(void) {
  const uint32_t files = folder_count("/proc/self/fd");
  return (holdings){memory_in_use(), allocations_mapped(), files};
}

/* Only a sanitizer's allocator counts exactly; the C library's keeps some of what is freed. */
#ifdef HB_SANITIZED
#define COUNTS_EXACTLY true
#else
#define COUNTS_EXACTLY false
#endif

static void check_held(const holdings *before, const char *name, size_t n) {
  const holdings after = held();
  if (after.mapped != before->mapped || after.files != before->files ||
      (COUNTS_EXACTLY && after.memory != before->memory))
    fail_msg("%s, allocation %zu: %zd bytes, %zd bytes of mappings and %d files are left", name, n,
             (ssize_t)(after.memory - before->memory), (ssize_t)(after.mapped - before->mapped),
             (int)(after.files - before->files));
}

/* One run; false if nothing was refused. */
static bool try_once(const char *name, lack_task *task, void (*refuse)(size_t), size_t n, const uint8_t *expected) {
  static uint8_t answer[LACK_ANSWER];
  memset(answer, 0, sizeof answer);
  failure = (hb_error){0};
  const holdings before = held();
  refuse(n);
  const hb_status status = task(answer, &failure);
  allocations_work();
  check_held(&before, name, n);
  if (status == HB_OK && memcmp(answer, expected, sizeof answer) != 0)
    fail_msg("%s, allocation %zu: another answer", name, n);
  if (status != HB_OK && (status != HB_OUT_OF_MEMORY || failure.status != status || failure.text[0] == '\0'))
    fail_msg("%s, allocation %zu: %s, %s", name, n, hb_status_text(status), failure.text);
  return allocations_were_refused();
}

void lack_try(const char *name, lack_task *task) {
  static uint8_t expected[LACK_ANSWER];
  const size_t before = allocations_failed();
  memset(expected, 0, sizeof expected);
  assert_ok(task(expected, &failure));
  size_t n = 0;
  while (try_once(name, task, allocations_fail_from, n, expected)) n++;
  const size_t requests = n;
  for (n = 0; try_once(name, task, allocations_fail_one, n, expected);) n++;
  print_message("%-50s %5zu allocations, %6zu failed\n", name, requests, allocations_failed() - before);
}
