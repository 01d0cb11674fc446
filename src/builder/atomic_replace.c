#include "builder/atomic_replace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Checks that nothing is lost when `directory` is replaced. */
static hb_status check_content(const char *directory, hb_error *error) {
  if (hb_path_is_vacant(directory)) return HB_OK;
  bool is_bundle;
  hb_status status = hb_index_is_there(directory, &is_bundle, error);
  if (status == HB_OK && !is_bundle)
    return hb_fail(error, HB_IO, "'%.200s' already exists and is not a bundle; choose another --out", directory);
  if (status == HB_OK && hb_directory_has_folder(directory))
    return hb_fail(error, HB_IO, "'%.200s' contains a folder, which would be lost; move it or choose another --out",
                   directory);
  return status;
}

/* Makes and removes the folder that the bundle will be written to, to find out now, and not after an hour, whether that
 * is possible. */
static hb_status try_partial(const char *directory, hb_error *error) {
  char *partial = hb_path_beside(directory, "partial");
  if (partial == NULL) return hb_fail_memory(error);
  hb_status status = hb_directory_remove(partial, error);
  if (status == HB_OK) status = hb_directory_create(partial, error);
  if (status == HB_OK) status = hb_directory_remove(partial, error);
  free(partial);
  return status;
}

/* Takes the bundle back if a kill between the two renames of replace() left it under its other name. */
static hb_status take_back(const char *directory, hb_error *error) {
  char *replaced = hb_path_beside(directory, "replaced");
  char *manifest = replaced != NULL ? hb_path_join(replaced, HB_MANIFEST_NAME) : NULL;
  hb_status status = manifest != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK && !hb_path_exists(directory) && hb_path_exists(manifest))
    status = hb_path_rename(replaced, directory, error);
  free(replaced);
  free(manifest);
  return status;
}

hb_status hb_builder_check_target(const char *directory, hb_error *error) {
  char *place;
  hb_status status = hb_path_resolve(directory, &place, error);
  if (status == HB_OK) status = take_back(place, error);
  if (status == HB_OK) status = check_content(place, error);
  if (status == HB_OK) status = try_partial(place, error);
  free(place);
  return status;
}

/* Replaces the bundle on file systems that cannot exchange names: between the two renames there is no bundle. */
static hb_status replace(const char *partial, const char *directory, const char *replaced, hb_error *error) {
  hb_status status = hb_path_rename(directory, replaced, error);
  if (status != HB_OK) return status;
  status = hb_path_rename(partial, directory, error);
  if (status != HB_OK) return hb_path_rename(replaced, directory, NULL), status;
  hb_directory_remove(replaced, NULL);
  return HB_OK;
}

/* It is no failure if the old bundle cannot be removed, because the new one is there: the next build tries again, and
 * says what is in the way. */
hb_status hb_atomic_replace(const char *partial, const char *directory, hb_error *error) {
  if (!hb_path_exists(directory)) return hb_path_rename(partial, directory, error);
  char *replaced = hb_path_beside(directory, "replaced");
  hb_status status = replaced != NULL ? hb_directory_remove(replaced, error) : hb_fail_memory(error);
  if (status == HB_OK && hb_path_exchange(partial, directory))
    hb_directory_remove(partial, NULL); /* now this is the old one */
  else if (status == HB_OK)
    status = replace(partial, directory, replaced, error);
  free(replaced);
  return status;
}
