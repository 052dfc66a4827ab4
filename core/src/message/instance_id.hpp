#pragma once

#include <cstdint>
#include <string_view>

#include <regstream/workflow/workflow.hpp>

#include "message/json_writer.hpp"

namespace regstream::json {

/// Writes the member with the instance's id.
inline void append_id(ObjectWriter& object, const Workflow& workflow, std::int64_t number,
                      std::string_view text) {
  if (workflow.id_kind == IdKind::integer) {
    object.integer(workflow.id_member, number);
  } else {
    object.string(workflow.id_member, text);
  }
}

}  // namespace regstream::json
