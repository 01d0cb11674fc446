/* atomic_replace.h: a bundle is written beside its place, and takes it when it is whole. */
#ifndef HB_BUILDER_ATOMIC_REPLACE_H
#define HB_BUILDER_ATOMIC_REPLACE_H

#include <heybagh.h>

/* Gives the finished folder `partial` the name `directory`, which may be a bundle's that is replaced. */
hb_status hb_atomic_replace(const char *partial, const char *directory, hb_error *error);

#endif
