# The browser's engine: one standalone .wasm without Emscripten's JavaScript; web/engine/wasi.js supplies the few imports.
option(HEYBAGH_RELAXED_SIMD "relaxed SIMD, with the XNNPACK compiled for it" OFF)
set(simd -msimd128)
set(name heybagh-simd)
if(HEYBAGH_RELAXED_SIMD)
  list(APPEND simd -mrelaxed-simd)
  set(name heybagh-relaxed)
endif()
# Atomics are in both files: whoever has SIMD has them, and so there is one library for both.
list(APPEND simd -matomics -mbulk-memory)
# Only one thread decodes here. Thread-local variables must be plain ones: with atomics the compiler puts them into a segment
# of their own, and a linker without --shared-memory gives it no room, so that they would lie over other data.
# stb_image calls its own ones __thread.
add_compile_definitions(_Thread_local= __thread=)
# Headers and rare formats: small counts, not fast.
foreach(name bmp bmp_rle damage decode exif format gif jpeg jpeg_structure png pnm)
  set_source_files_properties(src/image/${name}.c PROPERTIES COMPILE_OPTIONS -Oz)
endforeach()
set(xnnpack ${HEYBAGH_XNNPACK}/lib)
# What each program consists of: scripts/check.sh finds out from it whether all that is compiled of XNNPACK is used.
add_link_options(-Wl,-Map=$<TARGET_PROPERTY:NAME>.map)

# The sanitizers' runtime needs Emscripten's JavaScript, so that this is a module for Node.js, which
# tests/wasm/sanitized.mjs runs. XNNPACK is as ever: only the project's own C is watched.
if(HEYBAGH_SANITIZE)
  target_compile_options(heybagh PUBLIC ${simd})
  add_executable(engine-sanitized src/api/wasm_api.c)
  set_target_properties(engine-sanitized PROPERTIES SUFFIX .mjs)
  target_link_libraries(engine-sanitized PRIVATE heybagh ${xnnpack}/libXNNPACK.a ${xnnpack}/libmicrokernels-prod.a
    ${xnnpack}/libpthreadpool.a)
  target_link_options(engine-sanitized PRIVATE ${simd} -O1 --no-entry -sENVIRONMENT=node -sALLOW_MEMORY_GROWTH=1
    -sINITIAL_MEMORY=256MB -sMAXIMUM_MEMORY=1GB -sSTACK_SIZE=1MB -sEXPORTED_FUNCTIONS=_malloc,_free
    -sEXPORTED_RUNTIME_METHODS=wasmMemory)
  return()
endif()
target_compile_options(heybagh PUBLIC ${simd} -O3 -flto)

# engine(NAME OPTION...): memory is small at the start, and capped at 256 MB, because phones refuse or kill tabs that
# ask for more.
function(engine name)
  add_executable(${name} src/api/wasm_api.c)
  set_target_properties(${name} PROPERTIES SUFFIX .wasm)
  target_link_libraries(${name} PRIVATE heybagh ${xnnpack}/libXNNPACK.a ${xnnpack}/libmicrokernels-prod.a
    ${xnnpack}/libpthreadpool.a)
  target_link_options(${name} PRIVATE ${simd} -O3 -flto --no-entry -sSTANDALONE_WASM=1 -sFILESYSTEM=0
    -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=4MB -sMAXIMUM_MEMORY=256MB -sSTACK_SIZE=256KB
    -sEXPORTED_FUNCTIONS=_malloc,_free ${ARGN})
endfunction()
engine(${name})
# For pages that may share memory: the memory comes from outside, and Workers that help (src/base/worker_team.h) have stacks of
# their own.
engine(${name}-threads -sIMPORTED_MEMORY=1 -Wl,--shared-memory,--no-check-features,--export=__stack_pointer)

add_custom_target(programs DEPENDS ${name} ${name}-threads)

# The same without the engine, for web_winograd.mjs.
add_executable(bench-winograd tests/bench/winograd.c tests/unit/xnnpack_i8.c)
set_target_properties(bench-winograd PROPERTIES SUFFIX .wasm)
target_include_directories(bench-winograd PRIVATE tests/unit)
target_link_libraries(bench-winograd PRIVATE heybagh ${xnnpack}/libXNNPACK.a ${xnnpack}/libmicrokernels-prod.a
  ${xnnpack}/libpthreadpool.a)
target_link_options(bench-winograd PRIVATE ${simd} -O3 -flto --no-entry -sSTANDALONE_WASM=1 -sFILESYSTEM=0
  -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=64MB -sMAXIMUM_MEMORY=256MB -sSTACK_SIZE=256KB)

# The int8 network's benchmark, which runs in a browser, too (tests/bench/network_i8.mjs).
set(bench tests/bench/network_i8.c tests/unit/synthetic_i8.c tests/unit/xnnpack_i8.c)
add_executable(bench-network-i8 ${bench})
set_target_properties(bench-network-i8 PROPERTIES SUFFIX .wasm)
target_include_directories(bench-network-i8 PRIVATE tests/unit)
target_link_libraries(bench-network-i8 PRIVATE heybagh ${xnnpack}/libXNNPACK.a ${xnnpack}/libmicrokernels-prod.a
  ${xnnpack}/libpthreadpool.a)
target_link_options(bench-network-i8 PRIVATE ${simd} -O3 -flto -sSTANDALONE_WASM=1 -sFILESYSTEM=0
  -sALLOW_MEMORY_GROWTH=1 -sSTACK_SIZE=256KB)
