#include "feature_maps.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "synthetic_i8.h"

const char *const form_names[FORMS] = {"wide", "signed", "unsigned"};

/* Number i of row y, counted from the row's first pixel inside the border, which may be before it. */
static int32_t get(const hb_feature_map *map, int64_t y, int64_t i) {
  const uint8_t *row = map->origin + y * (int64_t)map->row;
  int16_t wide;
  if (map->form == HB_I8_WIDE) return memcpy(&wide, row + 2 * i, sizeof wide), wide;
  return map->form == HB_I8_SIGNED ? (int8_t)row[i] : row[i] - 128;
}

test_map map_of(const int8_t *q, uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form, int32_t zero) {
  const size_t size = hb_feature_map_bytes(side, channels, border, form), count = (size_t)side * channels;
  test_map t = {.memory = must_allocate(size)};
  memset(t.memory, 0x5a, size);
  t.map = hb_feature_map_place(t.memory, side, channels, border, form, zero);
  for (uint32_t y = 0; q != NULL && y < side; y++)
    for (size_t i = 0; i < count; i++) {
      uint8_t *row = t.map.origin + y * t.map.row;
      const int16_t wide = q[y * count + i];
      if (form == HB_I8_WIDE)
        memcpy(row + 2 * i, &wide, sizeof wide);
      else
        row[i] = (uint8_t)(form == HB_I8_SIGNED ? wide : wide + 128);
    }
  return t;
}

int8_t *numbers_of(const hb_feature_map *map) {
  const size_t count = (size_t)map->side * map->channels;
  int8_t *q = must_allocate(count * map->side);
  for (uint32_t y = 0; y < map->side; y++)
    for (size_t i = 0; i < count; i++) {
      const int32_t value = get(map, y, (int64_t)i);
      assert_in_range(value + 128, 0, 255);
      q[y * count + i] = (int8_t)value;
    }
  return q;
}

bool border_is(const hb_feature_map *map, int32_t zero) {
  const int64_t border = map->border, side = map->side, channels = map->channels;
  for (int64_t y = -border; y < side + border; y++)
    for (int64_t i = -border * channels; i < (side + border) * channels; i++) {
      const bool inside = y >= 0 && y < side && i >= 0 && i < side * channels;
      if (!inside && get(map, y, i) != zero) return false;
    }
  return true;
}

int8_t *random_numbers(hb_random *random, size_t count) {
  int8_t *q = must_allocate(count);
  for (size_t i = 0; i < count; i++) q[i] = (int8_t)random_between(random, -128, 127);
  return q;
}
