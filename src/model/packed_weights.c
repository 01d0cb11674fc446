#include "model/packed_weights.h"

#include <stdlib.h>

#include "resnet18/architecture.h"

#define ALIGNMENT 64 /* that of XNNPACK's own allocations */
#define NOT_FOUND SIZE_MAX

typedef struct {
  const void *bias;
  uint32_t seed; /* identifies the kernel that reads the weights */
  void *weights;
} entry;

struct hb_packed_weights {
  struct xnn_weights_cache_provider provider;
  entry entries[HB_CONV_COUNT];
  size_t count;
  void *reserved; /* weights that are being packed and are no entry yet */
};

static size_t look_up(void *context, const struct xnn_weights_cache_look_up_key *key) {
  const hb_packed_weights *p = context;
  for (size_t e = 0; e < p->count; e++)
    if (p->entries[e].bias == key->bias && p->entries[e].seed == key->seed) return e;
  return NOT_FOUND;
}

static void *reserve(void *context, size_t size) {
  hb_packed_weights *p = context;
  free(p->reserved); /* it is left from a convolution that could not be created */
  p->reserved = NULL;
  if (p->count < HB_CONV_COUNT) p->reserved = aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  return p->reserved;
}

/* XNNPACK also calls it for weights that it has found. Nothing is reserved then. */
static size_t look_up_or_insert(void *context, const struct xnn_weights_cache_look_up_key *key, void *weights,
                                size_t size) {
  hb_packed_weights *p = context;
  (void)size;
  const size_t found = look_up(context, key);
  if (found != NOT_FOUND) return found;
  p->entries[p->count] = (entry){key->bias, key->seed, weights};
  p->reserved = NULL;
  return p->count++;
}

static bool is_finalized(void *context) { return (void)context, true; }

static void *at(void *context, size_t place) { return ((const hb_packed_weights *)context)->entries[place].weights; }

hb_packed_weights *hb_packed_weights_create(void) {
  hb_packed_weights *p = calloc(1, sizeof *p);
  if (p != NULL)
    p->provider = (struct xnn_weights_cache_provider){p, look_up, reserve, look_up_or_insert, is_finalized, at, NULL};
  return p;
}

xnn_weights_cache_t hb_packed_weights_cache(hb_packed_weights *packed) { return &packed->provider; }

void hb_packed_weights_free(hb_packed_weights *packed) {
  if (packed == NULL) return;
  for (size_t e = 0; e < packed->count; e++) free(packed->entries[e].weights);
  free(packed->reserved);
  free(packed);
}
