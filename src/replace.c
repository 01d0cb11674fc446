/* Folders: a bundle is written beside its place, and takes it when it is whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "file.h"
#include "json.h"

char *hb_path_beside(const char *directory, const char *suffix) {
  size_t length = strlen(directory), capacity = length + strlen(suffix) + 2;
  while (length > 1 && directory[length - 1] == '/') length--;
  char *path = malloc(capacity);
  if (path != NULL) snprintf(path, capacity, "%.*s.%s", (int)length, directory, suffix);
  return path;
}

/* True if the file is a bundle's index.json, of any version and in any state otherwise. */
static bool is_bundle_manifest(const char *path) {
  hb_mapping file;
  if (hb_file_map(path, &file, NULL) != HB_OK) return false;
  hb_json *json = hb_json_parse(file.bytes, file.size);
  bool is_bundle = json != NULL && hb_json_equals(json, hb_json_get(json, 0, "format"), HB_BUNDLE_FORMAT);
  hb_json_free(json);
  hb_file_unmap(file);
  return is_bundle;
}

hb_status hb_builder_check_target(const char *directory, hb_error *error) {
  char *manifest = hb_path_join(directory, HB_MANIFEST_NAME), *partial = hb_path_beside(directory, "partial");
  hb_status status = HB_OK;
  if (manifest == NULL || partial == NULL)
    status = hb_fail_memory(error);
  else if (!hb_path_is_vacant(directory) && !is_bundle_manifest(manifest))
    status = hb_fail(error, HB_IO, "'%.200s' is there already and is not a bundle; choose another place for --out",
                     directory);
  else if (hb_directory_has_folder(directory))
    status = hb_fail(error, HB_IO, "'%.200s' holds a folder, which would be lost; move it or choose another --out",
                     directory);
  /* making the folder that the bundle is written into shows now, and not after an hour, whether that is possible */
  if (status == HB_OK) status = hb_directory_remove(partial, error);
  if (status == HB_OK) status = hb_directory_create(partial, error);
  if (status == HB_OK) status = hb_directory_remove(partial, error);
  free(manifest);
  free(partial);
  return status;
}

static hb_status replace(const char *partial, const char *directory, const char *replaced, hb_error *error) {
  hb_status status = hb_directory_remove(replaced, error);
  if (status == HB_OK) status = hb_path_rename(directory, replaced, error);
  if (status != HB_OK) return status;
  status = hb_path_rename(partial, directory, error);
  if (status != HB_OK) return hb_path_rename(replaced, directory, NULL), status;
  return hb_directory_remove(replaced, error);
}

hb_status hb_directory_take_place(const char *partial, const char *directory, hb_error *error) {
  if (!hb_path_exists(directory)) return hb_path_rename(partial, directory, error);
  char *replaced = hb_path_beside(directory, "replaced");
  hb_status status = replaced != NULL ? replace(partial, directory, replaced, error) : hb_fail_memory(error);
  free(replaced);
  return status;
}
