/* cpu_dispatch.h: for loops which the compiler makes vectors of. */
#ifndef HB_BASE_CPU_DISPATCH_H
#define HB_BASE_CPU_DISPATCH_H

/* The widest vectors of the machine are chosen when the program starts; wasm and arm64 have one width. Sanitized
 * builds leave it out: the choice would run before the sanitizer is ready. */
#if defined(__x86_64__) && defined(__linux__) && !defined(HB_SANITIZED)
#define HB_CPU_DISPATCH __attribute__((target_clones("default", "avx2")))
#else
#define HB_CPU_DISPATCH
#endif

#endif
