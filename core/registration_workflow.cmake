# Generates C++ from workflows/registration.json, the only list of its words: registration_status.hpp has the statuses as
# names, registration_workflow.cpp the run-time workflow. Sets registration_workflow_include and
# registration_workflow_source.
set(declaration_file ${PROJECT_SOURCE_DIR}/workflows/registration.json)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${declaration_file})
file(READ ${declaration_file} declaration)

# Makes a C++ string literal of any text.
function(literal variable)
  string(JSON value GET "${declaration}" ${ARGN})
  set(${variable} "R\"json(${value})json\"" PARENT_SCOPE)
endfunction()

set(status_names "")    # Enumerators.
set(status_finals "")   # The final ones.
set(status_rows "")     # Enumerators with their words.
set(status_kinds "")    # Rows of the run-time workflow.
set(stage_rows "")
string(JSON count LENGTH "${declaration}" statuses)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON name GET "${declaration}" statuses ${index} name)
  string(JSON kind GET "${declaration}" statuses ${index} kind)
  # Either may be left out.
  string(JSON title ERROR_VARIABLE missing GET "${declaration}" statuses ${index} title)
  string(JSON description ERROR_VARIABLE missing GET "${declaration}" statuses ${index} description)
  if(description MATCHES "NOTFOUND$")
    set(description ${title})
  endif()
  if(description MATCHES "NOTFOUND$")
    set(description ${name})
  endif()
  string(REPLACE "\n" " " description "${description}")
  string(TOLOWER "${name}" enumerator)
  string(APPEND status_names "  ${enumerator},  ///< ${description}\n")
  string(APPEND status_rows "    {Status::${enumerator}, \"${name}\"},\n")
  string(APPEND status_kinds "          {.name = \"${name}\", .kind = StatusKind::${kind}},\n")
  if(NOT kind STREQUAL "open")
    list(APPEND status_finals "status == Status::${enumerator}")
  endif()
endforeach()
list(JOIN status_finals " || " status_finals)

string(JSON stage_count LENGTH "${declaration}" stages)
math(EXPR last "${stage_count} - 1")
foreach(index RANGE ${last})
  literal(name stages ${index} name)
  literal(title stages ${index} title)
  string(APPEND stage_rows "          {.name = ${name}, .title = ${title}},\n")
endforeach()

literal(name name)
literal(id_member id member)
string(JSON id_kind GET "${declaration}" id kind)
literal(stage_update_status stageUpdateStatus)
string(JSON infer_stage_status GET "${declaration}" inferStageStatus)
string(TOLOWER "${infer_stage_status}" infer_stage_status)
if(infer_stage_status STREQUAL "on")
  set(infer_stage_status true)
elseif(infer_stage_status STREQUAL "off")
  set(infer_stage_status false)
endif()
literal(channel channel)
literal(stream_path paths stream)
literal(updates_path paths updates)

set(registration_workflow_include ${CMAKE_CURRENT_BINARY_DIR}/generated)
set(registration_workflow_source ${registration_workflow_include}/registration_workflow.cpp)
configure_file(src/workflow/registration_status.hpp.in
  ${registration_workflow_include}/regstream/workflow/registration_status.hpp @ONLY)
configure_file(src/workflow/registration_workflow.cpp.in ${registration_workflow_source} @ONLY)
