/* model.h: inside a model, for the engine. */
#ifndef HB_MODEL_MODEL_H
#define HB_MODEL_MODEL_H

#include "model/network.h"
#include "vector/head.h"

/* Networks that are made from now on share the work on a picture with the team, which outlives them. */
void hb_model_use_team(hb_model *model, hb_worker_team *team);

/* A network of this model, for one picture at a time. */
hb_status hb_model_create_network(hb_model *model, hb_network **out, hb_error *error);

/* The weights; fails if they were given back. */
hb_status hb_model_weights(const hb_model *model, const hb_weights **out, hb_error *error);
/* Takes the weights over, also on failure. */
hb_status hb_model_from_weights(hb_weights *weights, hb_model **out, hb_error *error);

/* The head `logits`, torchvision's fc. The model owns it, and keeps it when its source is dropped. */
const hb_head *hb_model_logits(const hb_model *model);

#endif
