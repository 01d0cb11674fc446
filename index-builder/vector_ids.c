#include "vector_ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"

static int compare_lines(const void *a, const void *b, void *paths) {
  const char *const *p = paths;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  int difference = strcmp(p[x], p[y]);
  return difference != 0 ? difference : (x > y) - (x < y);
}

static void sort(vector_ids *list) {
  for (uint32_t i = 0; i < list->count; i++) list->order[i] = i;
  qsort_r(list->order, list->count, sizeof *list->order, compare_lines, list->paths);
}

static hb_status allocate(vector_ids *list, uint32_t count, size_t text_bytes, hb_error *error) {
  list->count = count;
  list->paths = calloc(count, sizeof *list->paths);
  list->labels = calloc(count, sizeof *list->labels);
  list->order = calloc(count, sizeof *list->order);
  list->text = malloc(text_bytes);
  bool complete = list->paths != NULL && list->labels != NULL && list->order != NULL && list->text != NULL;
  return complete ? HB_OK : hb_fail_memory(error);
}

/* Says what is wrong with a line, given without its end; NULL if nothing is. */
static const char *line_fault(const char *line, size_t length) {
  const char *tab = memchr(line, '\t', length);
  if (length == 0 || tab == line) return "has no path";
  if (memchr(line, '\0', length) != NULL) return "holds a zero byte; the file must be text in UTF-8";
  if (tab != NULL && memchr(tab + 1, '\t', length - (size_t)(tab + 1 - line)) != NULL)
    return "has more than one tab; it must be a path, or a path, a tab and a label";
  return hb_utf8_is_text(line, length) ? NULL : "is not text in UTF-8; convert the file";
}

/* Cuts the text into lines, and the lines into paths and labels. */
static hb_status cut(vector_ids *list, const char *path, size_t size, hb_error *error) {
  char *end = list->text + size;
  uint32_t number = 0;
  for (char *line = list->text, *next; line < end; line = next, number++) {
    char *stop = memchr(line, '\n', (size_t)(end - line));
    if (stop == NULL) stop = end;
    next = stop + 1;
    if (stop > line && stop[-1] == '\r') stop--;
    const char *fault = line_fault(line, (size_t)(stop - line));
    if (fault != NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "line %u of '%.200s' %s", number + 1, path, fault);
    *stop = '\0';
    char *tab = strchr(line, '\t');
    if (tab != NULL) *tab = '\0';
    list->paths[number] = line;
    list->labels[number] = tab != NULL ? tab + 1 : "";
  }
  return HB_OK;
}

static hb_status check_unique(const vector_ids *list, const char *path, hb_error *error) {
  for (uint32_t i = 1; i < list->count; i++) {
    uint32_t first = list->order[i - 1], second = list->order[i];
    if (strcmp(list->paths[first], list->paths[second]) == 0)
      return hb_fail(error, HB_INVALID_ARGUMENT,
                     "line %u of '%.100s' has the same path as line %u, '%.100s'; paths must differ", second + 1, path,
                     first + 1, list->paths[first]);
  }
  return HB_OK;
}

static size_t count_lines(const char *text, size_t size) {
  size_t lines = size > 0 && text[size - 1] != '\n';
  for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
  return lines;
}

static hb_status read_text(const char *path, const char *text, size_t size, uint32_t count, vector_ids *list,
                           hb_error *error) {
  static const char mark[] = "\xef\xbb\xbf"; /* the byte order mark that Windows writes */
  if (size >= 3 && memcmp(text, mark, 3) == 0) text += 3, size -= 3;
  size_t lines = count_lines(text, size);
  if (lines != count)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "'%.200s' has %zu lines, but there are %u vectors; write a line for each", path, lines, count);
  hb_status status = allocate(list, count, size + 1, error);
  if (status != HB_OK) return status;
  memcpy(list->text, text, size);
  status = cut(list, path, size, error);
  if (status != HB_OK) return status;
  sort(list);
  return check_unique(list, path, error);
}

hb_status vector_ids_read(const char *path, uint32_t count, vector_ids *out, hb_error *error) {
  hb_mapping file;
  hb_status status = hb_file_map(path, &file, error);
  if (status != HB_OK) return status;
  vector_ids list = {0};
  status = read_text(path, file.bytes, file.size, count, &list, error);
  hb_file_unmap(file);
  if (status != HB_OK) return vector_ids_free(&list), status;
  *out = list;
  return HB_OK;
}

hb_status vector_ids_number(uint32_t count, vector_ids *out, hb_error *error) {
  enum { LONGEST = sizeof "4294967295" };
  vector_ids list = {0};
  hb_status status = allocate(&list, count, (size_t)count * LONGEST, error);
  if (status != HB_OK) return vector_ids_free(&list), status;
  char *next = list.text;
  for (uint32_t i = 0; i < count; i++) {
    list.paths[i] = next;
    list.labels[i] = "";
    next += snprintf(next, LONGEST, "%u", i) + 1;
  }
  sort(&list);
  *out = list;
  return HB_OK;
}

void vector_ids_free(vector_ids *list) {
  free(list->paths);
  free(list->labels);
  free(list->order);
  free(list->text);
  *list = (vector_ids){0};
}
