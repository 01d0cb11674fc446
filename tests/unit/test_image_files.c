/* image_files.h while the folder changes, while the system refuses to read it, and without memory; what command lines
 * see of it is in tests/cli/folders.sh. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocations.h"
#include "image_files.h"
#include "support.h"

/* ---- What the system does meanwhile ---- */

static struct {
  const char *vanishing; /* the end of a path that is removed when it is looked at, before or ... */
  bool later;            /* ... after that */
  const char *broken;    /* the end of a folder's path of which nothing can be read behind its second name */
  int read;
} fault;

static bool ends_like(const char *path, const char *end) {
  return end != NULL && strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0;
}

int __real_lstat(const char *path, struct stat *info);
int __wrap_lstat(const char *path, struct stat *info);
int __wrap_lstat(const char *path, struct stat *info) {
  const bool vanishes = ends_like(path, fault.vanishing);
  if (vanishes && !fault.later) (void)remove(path);
  const int result = __real_lstat(path, info);
  if (vanishes && fault.later) (void)remove(path);
  return result;
}

struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder) {
  char name[64], path[4096];
  snprintf(name, sizeof name, "/proc/self/fd/%d", dirfd(folder));
  const ssize_t length = readlink(name, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  if (ends_like(path, fault.broken) && fault.read++ == 4) { /* "." and ".." among them */
    errno = EIO;
    return NULL;
  }
  return __real_readdir(folder);
}

/* ---- A folder ---- */

static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0};

static void put(const char *folder, const char *name) { file_write(path_in(folder, name), jpeg, sizeof jpeg); }
static void make(const char *folder, const char *name) { assert_int_equal(mkdir(path_in(folder, name), 0700), 0); }

static int make_images(void **state) {
  make_folder(state);
  fault.vanishing = fault.broken = NULL;
  fault.read = 0;
  make(*state, "a"), make(*state, "b"), make(*state, "c");
  put(*state, "a/1.jpg"), put(*state, "a/2"), put(*state, "a/3.jpg"), put(*state, "c/4.jpg"), put(*state, "5.jpg");
  file_write(path_in(*state, "a/notes.txt"), "words", 5);
  file_write(path_in(*state, "a/Thumbs.db"), "words", 5);
  assert_int_equal(symlink("../c", path_in(*state, "a/link")), 0);
  assert_int_equal(symlink("..", path_in(*state, "c/up")), 0);
  return 0;
}

static const image_files_options options = {0};

static image_files list(const char *folder) {
  image_files set;
  assert_ok(image_files_list(folder, &options, &set, &failure));
  for (uint32_t i = 1; i < set.count; i++) assert_true(strcmp(set.paths[i - 1], set.paths[i]) < 0);
  return set;
}

static bool has(const image_files *set, const char *path) {
  for (uint32_t i = 0; i < set->count; i++)
    if (strcmp(set->paths[i], path) == 0) return true;
  return false;
}

static void assert_unread(const image_files *set, const char *path, const char *reason) {
  for (uint32_t i = 0; i < set->unread_count; i++)
    if (strcmp(set->unread[i].path, path) == 0 && strcmp(set->unread[i].reason, reason) == 0) return;
  fail_msg("'%s' is not said to be unread because '%s'", path, reason);
}

/* ---- Tests ---- */

static void a_folder_is_listed_in_byte_order(void **state) {
  image_files set = list(*state);
  assert_int_equal(set.count, 6);
  assert_string_equal(set.paths[0], "5.jpg");
  assert_string_equal(set.labels[0], "");
  assert_string_equal(set.paths[3], "a/3.jpg");
  assert_string_equal(set.labels[3], "a");
  assert_string_equal(set.paths[4], "a/link/4.jpg");
  assert_int_equal(set.linked, 1);
  assert_int_equal(set.kinds[FILE_OTHER], 1);
  assert_int_equal(set.skips[default_skip_find("a", "Thumbs.db", false)], 1);
  assert_int_equal(set.unread_count, 2); /* c/up, twice */
  assert_unread(&set, "c/up", "it links back to a folder above it");
  image_files_free(&set);
}

static void what_vanishes_meanwhile_is_named(void **state) {
  static const char *const names[] = {"/a/1.jpg", "/b", "/a/notes.txt", "/a/link"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    fault.vanishing = names[i];
    image_files set = list(*state);
    assert_unread(&set, names[i] + 1, "it was removed while the folder was read");
    assert_false(has(&set, names[i] + 1));
    assert_true(has(&set, "c/4.jpg"));
    image_files_free(&set);
  }
}

static void what_vanishes_a_moment_later_is_named(void **state) {
  static const char *const names[] = {"/b", "/a/2"};
  fault.later = true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    fault.vanishing = names[i];
    image_files set = list(*state);
    assert_unread(&set, names[i] + 1, "it was removed while the folder was read");
    image_files_free(&set);
  }
  fault.later = false;
}

/* What was read of it before counts. */
static void a_folder_that_cannot_be_read_to_its_end_is_named(void **state) {
  fault.broken = "/a";
  image_files set = list(*state);
  assert_unread(&set, "a", "Input/output error");
  assert_true(has(&set, "5.jpg") && has(&set, "c/4.jpg"));
  assert_true(set.count < 6 && set.count >= 2);
  image_files_free(&set);
}

static void the_folder_itself_must_be_readable(void **state) {
  image_files set;
  char end[64];
  snprintf(end, sizeof end, "%s", strrchr(*state, '/'));
  fault.broken = end;
  assert_fails(image_files_list(*state, &options, &set, &failure), HB_IO, "Input/output error");
  image_files_free(&set);
  assert_fails(image_files_list(path_in(*state, "nowhere"), &options, &set, &failure), HB_IO, "cannot open");
  image_files_free(&set);
  assert_fails(image_files_list(path_in(*state, "5.jpg"), &options, &set, &failure), HB_INVALID_ARGUMENT,
               "is not a folder");
  image_files_free(&set);
  assert_fails(image_files_list(path_in(*state, "b"), &options, &set, &failure), HB_INVALID_ARGUMENT,
               "holds no pictures");
  image_files_free(&set);
}

static void without_memory_there_is_no_list(void **state) {
  const image_files_options with_out = {.out = path_in(*state, "out")};
  for (size_t n = 0;; n++) {
    image_files set;
    allocations_fail_one(n);
    const hb_status status = image_files_list(*state, &with_out, &set, &failure);
    const bool refused = allocations_were_refused();
    allocations_work();
    if (!refused) {
      assert_int_equal(set.count, 6);
      image_files_free(&set);
      assert_true(n > 20);
      return;
    }
    assert_int_equal(status, HB_OUT_OF_MEMORY);
    image_files_free(&set);
  }
}

/* ---- What a file is ---- */

#define KIND(bytes, name) file_kind_find(bytes, sizeof(bytes) - 1, name)

static void first_bytes_tell_the_kind(void **state) {
  (void)state;
  assert_int_equal(KIND("\xff\xd8\xff\xdb", "a"), FILE_JPEG);
  assert_int_equal(KIND("\x89PNG\r\n\x1a\n", "a.txt"), FILE_PNG);
  assert_int_equal(KIND("GIF89a", "a"), FILE_GIF);
  assert_int_equal(KIND("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "a"), FILE_BMP);
  assert_int_equal(KIND("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x14\0\0\0", "a"), FILE_BMP); /* OS/2 2 may have fewer fields */
  assert_int_equal(KIND("P6\n2 2\n255\n", "a"), FILE_PNM);
  assert_int_equal(KIND("P5 # made by hand\n2 # wide\n2\n255 ", "a"), FILE_PNM);
  assert_int_equal(KIND("P4\n8 8\n", "a"), FILE_PNM);
  assert_int_equal(KIND("P7\nWIDTH 2", "a"), FILE_PNM);
  assert_int_equal(KIND("P7\r\nWIDTH 2", "a"), FILE_PNM);
  assert_int_equal(KIND("PF\n2 2\n", "a"), FILE_OTHER_PICTURE);
  assert_int_equal(KIND("<meta charset=utf-8>", "a"), FILE_WEB_PAGE);
  assert_int_equal(KIND("", "a.jpg"), FILE_EMPTY);
  assert_int_equal(KIND("II*\0 ", "a.tif"), FILE_TIFF);
  assert_int_equal(KIND("II*\0 ", "a.DNG"), FILE_RAW);
  assert_int_equal(KIND("\n\t<!-- x --><HtMl>", "a"), FILE_WEB_PAGE);
  assert_int_equal(KIND("<?xml version='1.0'?><svg>", "a"), FILE_SVG);
}

static void text_is_no_picture(void **state) {
  (void)state;
  static const char *const texts[] = {"BMW and other cars with long names",
                                      "BM",
                                      "P5",
                                      "P5 and P6",
                                      "P6 2 2 colours",
                                      "P1.5 is a number",
                                      "P7 is a size",
                                      "GIF8 was",
                                      "\x89PNG",
                                      "<",
                                      "<!-- no end",
                                      "RIFF",
                                      "plain words",
                                      "\xff\xd8",
                                      "{\"width\": 5}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(file_kind_find(texts[i], strlen(texts[i]), "a.txt"), FILE_OTHER);
  assert_int_equal(KIND("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x21\0\0\0", "a"), FILE_OTHER); /* no such header */
  assert_int_equal(KIND("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x0a\0\0\0", "a"), FILE_OTHER);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_images, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_folder_is_listed_in_byte_order),      test(what_vanishes_meanwhile_is_named),
      test(what_vanishes_a_moment_later_is_named), test(a_folder_that_cannot_be_read_to_its_end_is_named),
      test(the_folder_itself_must_be_readable),    test(without_memory_there_is_no_list),
      cmocka_unit_test(first_bytes_tell_the_kind), cmocka_unit_test(text_is_no_picture),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
