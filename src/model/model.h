/* model.h: the parts of a model that the engine uses. */
#ifndef HB_MODEL_MODEL_H
#define HB_MODEL_MODEL_H

#include "model/network.h"
#include "vector/head.h"

/* Networks that are created from now on share the work on a picture with the team, which must outlive them. */
void hb_model_use_team(hb_model *model, hb_worker_team *team);

/* Creates a network of this model, which computes one picture at a time. */
hb_status hb_model_create_network(hb_model *model, hb_network **out, hb_error *error);

/* Returns the weights, or fails after hb_model_drop_source. */
hb_status hb_model_weights(const hb_model *model, const hb_weights **out, hb_error *error);
/* Creates a model that owns the weights. On failure, it frees them. */
hb_status hb_model_from_weights(hb_weights *weights, hb_model **out, hb_error *error);

/* Returns the head `logits`, which is torchvision's fc. The model owns it, and keeps it after hb_model_drop_source.
 * NULL if the model has no fc. */
const hb_head *hb_model_logits(const hb_model *model);
/* Fails with a sentence for users of `head` if the model has no fc. */
hb_status hb_model_need_logits(const hb_model *model, const char *head, hb_error *error);

#endif
