# Fails if the core could reach a clock, a socket, a thread, a file, the environment or a source of chance, and says by
# which symbol of which object, or by which line. Run as a test: -DNM=… -DARCHIVE=… -DSOURCES=… -P isolation.cmake
#
# The objects show what is compiled, whatever header it came from. The sources are searched as well, for code that
# inlines to nothing (an atomic), or that is in a header which the core's own sources do not call.
cmake_minimum_required(VERSION 3.25)

set(offences "")

# The symbols that the objects may import, mangled. A list of what is allowed, since nobody can list all the rest.
set(allowed
  "[^ ]*9regstream[^ ]*"                                # The core's own.
  "_Zn[wa][^ ]*" "_Zd[la][^ ]*"                         # operator new and delete
  "mem(cpy|move|set|chr|cmp)" "bcmp" "strlen"
  "_ZNK?(St7__cxx1112basic_string|SaIc)[^ ]*"           # std::string's functions in the library.
  "_ZNSt8__detail15_List_node_base[^ ]*"                # std::list's
  "_ZSt[0-9]+__throw_[^ ]*" "_ZSt9terminatev"           # Called by the containers' checks.
  "__gxx_personality_v0" "_Unwind_Resume" "__cxa_(begin_catch|end_catch|rethrow)"
  # Thrown by a variant's own checks; an optimising compiler removes them.
  "_ZT[IV]St9exception" "_ZNSt9exceptionD[0-9]Ev" "_ZTVN10__cxxabiv1[^ ]*" "__cxa_(throw|allocate_exception)"
  "_ZTIN10__cxxabiv115__forced_unwindE"                 # Passed on by std::string::shrink_to_fit.
  "__assert_fail" "_ZSt21__glibcxx_assert_fail[^ ]*"    # Called by a debug build's checks.
  "__cxa_guard_(acquire|release|abort)" "__cxa_atexit" "__dso_handle"  # The built-in workflow, made when first used.
  "__stack_chk_fail" "_GLOBAL_OFFSET_TABLE_" "__(asan|ubsan)_[^ ]*"
  "__(start|stop)_asan_globals")                        # Where the linker puts them.

list(JOIN allowed "|" allowed)
execute_process(COMMAND ${NM} -A -u ${ARCHIVE} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^:\n]+:[^:\n]+: +[Uvw] [^\n]+" undefined "${output}")
if(undefined STREQUAL "")
  message(FATAL_ERROR "${NM} names no undefined symbol in ${ARCHIVE}: nothing was checked")
endif()
foreach(line IN LISTS undefined)
  string(REGEX REPLACE "^[^:]+:([^:]+): +[Uvw] " "\\1 takes " shown "${line}")
  if(NOT shown MATCHES " takes (${allowed})$")
    string(APPEND offences "  ${shown}\n")
  endif()
endforeach()

set(forbidden_headers
  ctime time.h thread stop_token mutex shared_mutex atomic stdatomic.h condition_variable future semaphore latch
  barrier pthread.h random iostream istream ostream fstream sstream cstdio stdio.h filesystem locale clocale locale.h
  csignal signal.h unistd.h fcntl.h poll.h netdb.h dlfcn.h "sys/[^>]+" "arpa/[^>]+" "net/[^>]+" "netinet/[^>]+"
  "boost/[^>]+")
list(JOIN forbidden_headers "|" forbidden_headers)
string(REPLACE "." "\\." forbidden_headers "${forbidden_headers}")
set(forbidden
  "#[ \t]*include[ \t]*[<\"](${forbidden_headers})[>\"]"
  "(system|steady|high_resolution|utc|tai|gps|file)_clock" "::now\\(" "random_device" "thread_local"
  "(^|[^a-z_])(getenv|s?rand|setlocale|localeconv|clock|time|gettimeofday|clock_gettime|system|fopen|socket)\\(")
list(JOIN forbidden "|" forbidden)
# Without the program that writes the documents.
file(GLOB_RECURSE sources RELATIVE ${SOURCES}
  ${SOURCES}/include/*.hpp ${SOURCES}/src/*.hpp ${SOURCES}/src/*.cpp)
if(NOT "include/regstream/time.hpp" IN_LIST sources)
  message(FATAL_ERROR "${SOURCES} does not hold the core's sources: nothing was checked")
endif()
foreach(source IN LISTS sources)
  file(STRINGS ${SOURCES}/${source} lines REGEX "${forbidden}")
  foreach(line IN LISTS lines)
    string(APPEND offences "  ${source} says ${line}\n")
  endforeach()
endforeach()

if(NOT offences STREQUAL "")
  message(FATAL_ERROR "the core reaches outside:\n${offences}If that is plain computation, allow it in ${CMAKE_CURRENT_LIST_FILE}.")
endif()
