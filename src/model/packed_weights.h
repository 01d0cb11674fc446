/* packed_weights.h: weights as XNNPACK packs them, shared by all networks of one model. XNNPACK has such a cache of its
 * own, which does not survive a lack of memory (it frees what it has freed), and takes more of it.
 *
 * In the browser there is one network, and no sharing. */
#ifndef HB_MODEL_PACKED_WEIGHTS_H
#define HB_MODEL_PACKED_WEIGHTS_H

#include <xnnpack.h>

typedef struct hb_packed_weights hb_packed_weights;

/* NULL without memory. */
hb_packed_weights *hb_packed_weights_create(void);
/* For XNNPACK to look into and to add to, which is not for several threads at once. A convolution is known by its bias,
 * which must not move. */
xnn_weights_cache_t hb_packed_weights_cache(hb_packed_weights *packed);
/* After all networks. */
void hb_packed_weights_free(hb_packed_weights *packed);

#endif
