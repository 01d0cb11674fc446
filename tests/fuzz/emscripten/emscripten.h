/* Stands in for Emscripten's header, so that src/wasm_api.c compiles natively. */
#define EMSCRIPTEN_KEEPALIVE
