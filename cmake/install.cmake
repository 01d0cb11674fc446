# cmake --install BUILD --prefix DIR: the program, the public header, the library with what it is linked with, and
# heybagh.pc, so that `cc $(pkg-config --cflags --libs heybagh)` is all that a program needs. The folder may be moved.
include(GNUInstallDirs)
set(folder ${CMAKE_INSTALL_LIBDIR}/heybagh) # XNNPACK's archives are this library's own, and no other program's
install(TARGETS index-builder RUNTIME)
install(TARGETS heybagh ARCHIVE)
install(FILES include/heybagh.h TYPE INCLUDE)
install(FILES LICENSE NOTICE TYPE DOC)

set(archives "")
foreach(name XNNPACK microkernels-prod pthreadpool cpuinfo)
  install(FILES ${HEYBAGH_XNNPACK}/lib/lib${name}.a DESTINATION ${folder})
  string(APPEND archives " \${libdir}/heybagh/lib${name}.a")
endforeach()
file(RELATIVE_PATH prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/heybagh.pc.in heybagh.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/heybagh.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
