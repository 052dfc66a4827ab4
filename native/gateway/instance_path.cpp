#include "gateway/instance_path.hpp"

namespace regstream::gateway {

std::optional<InstanceId> instance_of_path(const net::Exchange& exchange,
                                           const Workflow& workflow) {
  return parse_instance_id(exchange.path_parameter("id"), workflow.id_kind);
}

std::string instance_path_expected(const Workflow& workflow) {
  return "The " + workflow.name + " id in the path must be " +
         std::string(expected_instance_id(workflow.id_kind)) + ".";
}

}  // namespace regstream::gateway
