/* model.h: inside a model, for the engine. */
#ifndef HB_MODEL_H
#define HB_MODEL_H

#include "head.h"
#include "resnet18.h"

/* A network for one thread, of this model. */
hb_status hb_model_network(hb_model *model, hb_resnet18 **out, hb_error *error);

/* A head of this model; the model owns its memory. The first call for `exact` computes it. */
hb_status hb_model_head(hb_model *model, hb_head_kind kind, hb_head *out, hb_error *error);

#endif
