# Toolchain file: any target from one machine, with the clang, headers and libraries that `zig` brings (PyPI: ziglang).
# Takes CUVEE_ZIG, the executable, and CUVEE_TARGET as zig writes it: x86_64-linux-gnu.2.28, aarch64-macos.11.0, x86_64-windows-gnu.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CUVEE_ZIG CUVEE_TARGET)
string(REGEX MATCH "^([^-]+)-([^-.]+)" _ "${CUVEE_TARGET}")
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
if(CMAKE_MATCH_2 STREQUAL "macos")
  set(CMAKE_SYSTEM_NAME Darwin)
elseif(CMAKE_MATCH_2 STREQUAL "windows")
  set(CMAKE_SYSTEM_NAME Windows)
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()

set(CMAKE_CXX_COMPILER ${CUVEE_ZIG} c++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_FLAGS_INIT "-target ${CUVEE_TARGET}")
set(CMAKE_CXX_ARCHIVE_CREATE "\"${CUVEE_ZIG}\" ar qc <TARGET> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_APPEND "\"${CUVEE_ZIG}\" ar q <TARGET> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "\"${CUVEE_ZIG}\" ranlib <TARGET>")
