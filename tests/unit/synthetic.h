/* synthetic.h: a ResNet-18 of random weights, as torchvision's file has them, and collections of vectors to index. */
#ifndef SYNTHETIC_H
#define SYNTHETIC_H

#include "support.h"

/* A safetensors file with torchvision's 122 tensors. The convolutions keep the size of what flows through them, and
 * the batch norms have statistics that matter. As in the published file, the tensors lie at 2 mod 4 bytes. */
blob synthetic_weights(uint64_t seed);

/* The two files that make_weights has written: torchvision's layout, and the project's own made of it. */
const char *weights_path(void);
const char *model_path(void);
/* Opens the second; the test fails if that is not possible. The caller frees. */
hb_model *open_model(void);

/* Vectors around a few centres, with paths in byte order ("kind-2/0017.jpg") and labels ("kind-2"). */
typedef struct {
  uint32_t count, dim, labels_count;
  float *vectors;
  char **paths, **labels;
} collection;

collection collection_make(uint32_t count, uint32_t dim, uint32_t labels, uint64_t seed);
void collection_free(collection *c);

/* A bundle of it in `folder`/`name` by hb_bundle_write, with as many lists as labels, each in a file of its own if
 * `shard_bytes` is 1. The centroids are the labels' first vectors. */
void collection_write(const collection *c, const hb_model *model, hb_head_kind head, size_t shard_bytes,
                      const char *directory, hb_build_report *report);

#endif
