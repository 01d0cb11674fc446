# The browser's engine: one standalone .wasm without Emscripten's JavaScript; web/wasm.js supplies the few imports.
option(HEYBAGH_RELAXED_SIMD "relaxed SIMD, with the XNNPACK compiled for it" OFF)
set(simd -msimd128)
set(name heybagh-simd)
if(HEYBAGH_RELAXED_SIMD)
  list(APPEND simd -mrelaxed-simd)
  set(name heybagh-relaxed)
endif()
target_compile_options(heybagh PUBLIC ${simd} -O3 -flto)
set_source_files_properties(src/image.c PROPERTIES COMPILE_OPTIONS -msse2)

set(xnnpack ${HEYBAGH_XNNPACK}/lib)
add_executable(${name} src/wasm_api.c)
set_target_properties(${name} PROPERTIES SUFFIX .wasm)
target_link_libraries(${name} PRIVATE heybagh ${xnnpack}/libXNNPACK.a ${xnnpack}/libmicrokernels-prod.a
  ${xnnpack}/libpthreadpool.a)
# Memory: small at the start, capped at 256 MB, because phones refuse or kill tabs that ask for more.
target_link_options(${name} PRIVATE ${simd} -O3 -flto --no-entry -sSTANDALONE_WASM=1 -sFILESYSTEM=0
  -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=4MB -sMAXIMUM_MEMORY=256MB -sSTACK_SIZE=256KB
  -sEXPORTED_FUNCTIONS=_malloc,_free)

# The same without the engine, for web_winograd.mjs.
add_executable(bench-winograd tests/bench/winograd.c)
set_target_properties(bench-winograd PROPERTIES SUFFIX .wasm)
target_link_libraries(bench-winograd PRIVATE heybagh ${xnnpack}/libXNNPACK.a ${xnnpack}/libmicrokernels-prod.a
  ${xnnpack}/libpthreadpool.a)
target_link_options(bench-winograd PRIVATE ${simd} -O3 -flto --no-entry -sSTANDALONE_WASM=1 -sFILESYSTEM=0
  -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=64MB -sMAXIMUM_MEMORY=256MB -sSTACK_SIZE=256KB)
