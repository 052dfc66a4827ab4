#pragma once

#include <cstdint>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/message/update.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::simulation {

/// Another workflow than the registration's in all that a declaration may say.
[[nodiscard]] const Workflow& guest_workflow();

/// The instances of a run are numbered from 1; this is how messages name one of them.
[[nodiscard]] InstanceId instance_id(const Workflow& workflow, std::int64_t number);
[[nodiscard]] std::vector<InstanceId> instance_ids(const Workflow& workflow,
                                                   const std::vector<std::int64_t>& numbers);
/// An update of it that says nothing yet.
[[nodiscard]] Update update_of(const Workflow& workflow, std::int64_t number);
/// The other way round; 0: no run has such an instance.
[[nodiscard]] std::int64_t number_of(const Workflow& workflow, const InstanceId& id);
/// Of what an update or a view is about.
[[nodiscard]] std::int64_t number_in(const Workflow& workflow, const UpdateSlices& update);
template <typename Said>
[[nodiscard]] std::int64_t number_in(const Workflow& workflow, const Said& said) {
  InstanceId id{said.registration_id};
  id.text = said.text_id;
  return number_of(workflow, id);
}

}  // namespace regstream::simulation
