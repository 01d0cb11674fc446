/* feature_maps.h: maps of the int8 network for tests, of plain arrays [side][side][channels] of q. */
#ifndef FEATURE_MAPS_H
#define FEATURE_MAPS_H

#include "base/random.h"
#include "int8/feature_map.h"

/* A map in memory of exactly its size, so that a sanitizer sees a read past its end. */
typedef struct {
  hb_feature_map map;
  void *memory;
} test_map;

test_map map_of(const int8_t *q, uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form, int32_t zero);
/* Back again. The caller frees. */
int8_t *numbers_of(const hb_feature_map *map);
/* Does the border still hold `zero`? */
bool border_is(const hb_feature_map *map, int32_t zero);
int8_t *random_numbers(hb_random *random, size_t count);

#define FORMS 3
extern const char *const form_names[FORMS];

#endif
