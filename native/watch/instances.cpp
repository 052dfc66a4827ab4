#include "watch/instances.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace regstream::watch {
namespace {

/// What is kept of one instance: its stages, and messages of a terminal's length.
constexpr RegistrationLimits limits_of_one{.stages_max = 64,
                                           .message_bytes_max = 512,
                                           .recent_updates_max = 32,
                                           .recent_bytes_max = 16U << 10U};

/// A view without what a watch doesn't show: each may have a megabyte.
RegistrationView shown(RegistrationView view) {
  view.details.clear();
  view.process_log.clear();
  return view;
}

}  // namespace

Instances::Instances(const Workflow& workflow, std::size_t count_max)
    : workflow_(workflow), count_max_(std::max<std::size_t>(count_max, 1)) {}

std::optional<Instances::Moved> Instances::apply(const StreamMessage& message) {
  if (message.type == StreamMessageType::update) {
    Update update = to_update(message.update);
    update.details.clear();
    update.process_log.clear();
    RegistrationView named;
    named.registration_id = update.registration_id;
    named.text_id = update.text_id;
    Registration& registration = find_or_add(named);
    RegistrationView before = registration.view();
    if (registration.apply(update) == Applied::unchanged) {
      return std::nullopt;
    }
    return Moved{std::move(before), registration.view()};
  }
  if (message.type == StreamMessageType::snapshot) {
    auto decoded = decode_view(message.data, workflow_);
    if (auto* const view = std::get_if<RegistrationView>(&decoded)) {
      Registration& registration = find_or_add(*view);
      RegistrationView before = registration.view();
      if (registration.apply_snapshot(shown(std::move(*view))) == Applied::unchanged) {
        return std::nullopt;
      }
      return Moved{std::move(before), registration.view()};
    }
  }
  return std::nullopt;
}

void Instances::mark_gap(Gap gap) {
  for (Registration& registration : registrations_) {
    registration.mark_gap(gap);
  }
}

/// It comes first from now on.
Registration& Instances::find_or_add(const RegistrationView& named) {
  const auto found = std::find_if(
      registrations_.begin(), registrations_.end(), [&named](const Registration& registration) {
        return registration.view().registration_id == named.registration_id &&
               registration.view().text_id == named.text_id;
      });
  if (found != registrations_.end()) {
    registrations_.splice(registrations_.begin(), registrations_, found);
    return registrations_.front();
  }
  const InstanceId id =
      named.text_id.empty() ? InstanceId{named.registration_id} : InstanceId{named.text_id};
  registrations_.emplace_front(id, workflow_, limits_of_one);
  ++moved_count_;
  if (registrations_.size() > count_max_) {
    registrations_.pop_back();
  }
  return registrations_.front();
}

}  // namespace regstream::watch
