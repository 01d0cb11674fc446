/* XNNPACK 20241108: two wasmsimd kernels include <arm_neon.h> where they mean <wasm_simd128.h>. */
#include <wasm_simd128.h>
