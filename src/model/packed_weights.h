/* packed_weights.h: weights as XNNPACK packs them, which all networks of one model share. XNNPACK's own cache for this
 * takes more memory, and frees some of it twice when memory runs out.
 *
 * In the browser there is one network, and nothing is shared. */
#ifndef HB_MODEL_PACKED_WEIGHTS_H
#define HB_MODEL_PACKED_WEIGHTS_H

#include <xnnpack.h>

typedef struct hb_packed_weights hb_packed_weights;

/* Returns NULL if memory runs out. */
hb_packed_weights *hb_packed_weights_create(void);
/* Returns the cache that XNNPACK looks into and adds to. Only one thread at a time may use it. It recognizes a
 * convolution by the address of its bias, which must not change. */
xnn_weights_cache_t hb_packed_weights_cache(hb_packed_weights *packed);
/* May be called after all networks are freed. `packed` may be NULL. */
void hb_packed_weights_free(hb_packed_weights *packed);

#endif
