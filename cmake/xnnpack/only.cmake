# Taken in by XNNPACK's own CMakeLists.txt, through CMAKE_PROJECT_INCLUDE: of all its sources only those are compiled that
# the list HEYBAGH_SOURCES names. XNNPACK has a thousand, of which HeyBagh's convolutions need a tenth.
# scripts/xnnpack.sh passes the list, and says how it is made.
cmake_minimum_required(VERSION 3.25)
if(NOT HEYBAGH_SOURCES OR COMMAND heybagh_keep_listed)
  return()
endif()
file(STRINGS ${HEYBAGH_SOURCES} HEYBAGH_LISTED REGEX "^[^#]")
file(WRITE ${CMAKE_BINARY_DIR}/nothing.c "") # a library must have a source

function(heybagh_keep_listed folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(NOT type MATCHES "^(STATIC|OBJECT)_LIBRARY$")
      continue()
    endif()
    get_target_property(sources ${target} SOURCES)
    set(kept ${CMAKE_BINARY_DIR}/nothing.c)
    foreach(source ${sources})
      cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${folder} OUTPUT_VARIABLE path)
      cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${HEYBAGH_SOURCE_ROOT})
      if(path IN_LIST HEYBAGH_LISTED)
        list(APPEND kept ${source})
      endif()
    endforeach()
    set_target_properties(${target} PROPERTIES SOURCES "${kept}")
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(inner ${folders})
    heybagh_keep_listed(${inner})
  endforeach()
endfunction()

# When XNNPACK has described all of its libraries.
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL heybagh_keep_listed ${CMAKE_SOURCE_DIR})
