# The kernel-side programs: bpf/NAME.bpf.c, compiled by clang and embedded in prof. Without clang or
# libbpf prof is built without them, and `prof --version` says so.
find_program(PROF_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14)
find_program(PROF_LLVM_STRIP NAMES llvm-strip llvm-strip-19 llvm-strip-18 llvm-strip-17 llvm-strip-16
             llvm-strip-15 llvm-strip-14)
pkg_check_modules(LIBBPF IMPORTED_TARGET libbpf>=1.0)
option(PROF_BPF "Build the BPF programs (needs clang and libbpf)" ON)

set(PROF_HAVE_BPF OFF)
if(PROF_BPF AND PROF_CLANG AND LIBBPF_FOUND)
  set(PROF_HAVE_BPF ON)
elseif(PROF_BPF)
  message(STATUS "Without BPF: clang or libbpf 1.0 was not found")
endif()

# prof_bpf_program(NAME): generated/NAME.bpf.inc, the bytes of the object as a list of numbers.
function(prof_bpf_program name)
  set(source ${CMAKE_SOURCE_DIR}/bpf/${name}.bpf.c)
  set(folder ${CMAKE_BINARY_DIR}/bpf)
  set(object ${folder}/${name}.bpf.o)
  set(include ${folder}/generated/${name}.bpf.inc)
  file(MAKE_DIRECTORY ${folder}/generated)
  # Headers of the target's own kind (asm/): Debian keeps them by architecture.
  set(multiarch)
  if(CMAKE_LIBRARY_ARCHITECTURE)
    set(multiarch -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  endif()
  set(machine x86)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(machine arm64)
  endif()
  set(strip ${CMAKE_COMMAND} -E true)
  if(PROF_LLVM_STRIP)
    set(strip ${PROF_LLVM_STRIP} -g ${object})  # of DWARF; BTF stays
  endif()
  add_custom_command(
    OUTPUT ${include}
    COMMAND ${PROF_CLANG} -target bpf -mcpu=v3 -D__TARGET_ARCH_${machine} -O2 -g -Wall -Wextra -Werror -MD -MF ${object}.d -MT
            ${include} -I${CMAKE_SOURCE_DIR} ${multiarch} -c ${source} -o ${object}
    COMMAND ${strip}
    COMMAND ${CMAKE_COMMAND} -DFROM=${object} -DTO=${include} -P
            ${CMAKE_SOURCE_DIR}/cmake/bytes_to_inc.cmake
    DEPENDS ${source} ${CMAKE_SOURCE_DIR}/cmake/bytes_to_inc.cmake
    DEPFILE ${object}.d
    VERBATIM)
  target_sources(prof_record PRIVATE ${include})
  target_include_directories(prof_record PRIVATE ${folder}/generated)
endfunction()
