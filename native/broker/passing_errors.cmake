# Writes PASSING_ERROR_ENTRIES, the C++ text of passing_errors.json's entries, for passing_errors.cpp.in.
file(READ passing_errors.json PASSING_ERRORS)
string(JSON PASSING_ERROR_COUNT LENGTH "${PASSING_ERRORS}")
math(EXPR PASSING_ERROR_LAST "${PASSING_ERROR_COUNT} - 1")
set(PASSING_ERROR_ENTRIES "")
foreach(index RANGE ${PASSING_ERROR_LAST})
  string(JSON code GET "${PASSING_ERRORS}" ${index} code)
  string(JSON reason GET "${PASSING_ERRORS}" ${index} reason)
  string(JSON needs_new_connection ERROR_VARIABLE is_left_out GET "${PASSING_ERRORS}" ${index} needsNewConnection)
  if(needs_new_connection STREQUAL "ON")
    set(needs_new_connection true)
  else()
    set(needs_new_connection false)
  endif()
  string(APPEND PASSING_ERROR_ENTRIES
    "    PassingError{.code = \"${code}\", .reason = \"${reason}\",\n"
    "                 .needs_new_connection = ${needs_new_connection}},\n")
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS passing_errors.json)
