/* cpu_dispatch.h: compiles functions for more than one width of vectors. */
#ifndef HB_BASE_CPU_DISPATCH_H
#define HB_BASE_CPU_DISPATCH_H

/* Marks a function whose loops the compiler vectorizes. On x86-64 it is compiled twice, and the loader picks the copy
 * with the widest vectors that the machine has; wasm and arm64 have one width. Sanitized builds have one copy, because
 * the loader would choose before the sanitizer is ready. */
#if defined(__x86_64__) && defined(__linux__) && !defined(HB_SANITIZED)
#define HB_CPU_DISPATCH __attribute__((target_clones("default", "avx2")))
#else
#define HB_CPU_DISPATCH
#endif

#endif
