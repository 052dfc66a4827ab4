#include "access/grant.hpp"

#include <algorithm>

namespace regstream::access {
namespace {

const Reach everything{.everything = true, .ids = {}};
const Reach nothing;

}  // namespace

bool Reach::covers(const InstanceId& id) const {
  return everything || std::binary_search(ids.begin(), ids.end(), id, is_before);
}

const Reach& Grant::reach(const Workflow& workflow, Reach Entry::*right) const {
  if (is_open) {
    return everything;
  }
  const auto entry = std::find_if(
      workflows.begin(), workflows.end(),
      [&workflow](const Entry& candidate) { return candidate.workflow == workflow.name; });
  return entry == workflows.end() ? nothing : (*entry).*right;
}

const Reach& Grant::subscribe_to(const Workflow& workflow) const {
  return reach(workflow, &Entry::subscribe);
}

const Reach& Grant::publish_to(const Workflow& workflow) const {
  return reach(workflow, &Entry::publish);
}

GrantPtr open_grant() {
  static const GrantPtr grant = [] {
    auto open = std::make_shared<Grant>();
    open->is_open = true;
    open->inspect = true;
    return open;
  }();
  return grant;
}

}  // namespace regstream::access
