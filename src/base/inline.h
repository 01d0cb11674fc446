/* inline.h: for innermost functions, which must become part of their callers. */
#ifndef HB_BASE_INLINE_H
#define HB_BASE_INLINE_H

#define HB_INLINE static inline __attribute__((always_inline))

#endif
