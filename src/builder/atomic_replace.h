/* atomic_replace.h: moves a bundle, which was written beside its place, to its place when it is whole. */
#ifndef HB_BUILDER_ATOMIC_REPLACE_H
#define HB_BUILDER_ATOMIC_REPLACE_H

#include <heybagh.h>

/* Gives the finished folder `partial` the name `directory`. If that is a bundle, it is replaced. */
hb_status hb_atomic_replace(const char *partial, const char *directory, hb_error *error);

#endif
