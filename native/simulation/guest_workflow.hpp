#pragma once

#include <cstdint>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/message/update.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::simulation {

/// A workflow that differs from registration in everything that a declaration can say.
[[nodiscard]] const Workflow& guest_workflow();

/// The id that messages use for an instance. A run numbers its instances from 1.
[[nodiscard]] InstanceId instance_id(const Workflow& workflow, std::int64_t number);
[[nodiscard]] std::vector<InstanceId> instance_ids(const Workflow& workflow,
                                                   const std::vector<std::int64_t>& numbers);
/// An empty update of an instance.
[[nodiscard]] Update update_of(const Workflow& workflow, std::int64_t number);
/// The number of an id; 0 if no run has such an instance.
[[nodiscard]] std::int64_t number_of(const Workflow& workflow, const InstanceId& id);
/// The number of the instance that an update or a view is about.
[[nodiscard]] std::int64_t number_in(const Workflow& workflow, const UpdateSlices& update);
template <typename Said>
[[nodiscard]] std::int64_t number_in(const Workflow& workflow, const Said& said) {
  InstanceId id{said.registration_id};
  id.text = said.text_id;
  return number_of(workflow, id);
}

}  // namespace regstream::simulation
