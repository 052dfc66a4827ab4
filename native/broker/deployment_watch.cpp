#include "broker/deployment_watch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <set>

#include <regstream/message/event_id.hpp>

#include "broker/deployment_name.hpp"
#include "log/log.hpp"

namespace regstream::broker {
namespace {

constexpr std::uint64_t seen_ms = 60'000;
// Enough for gateways that start at the same time.
constexpr std::size_t kept_min = 200;
constexpr std::size_t names_shown_max = 5;

/// A gateway's entry.
struct Presence {
  std::uint64_t added_ms = 0;  ///< By Redis's clock, which a stream's ids contain.
  std::string_view name;
};

/// Empty: the entry is not a gateway's.
std::optional<Presence> read_presence(const redisReply& entry) {
  const bool has_fields = entry.type == REDIS_REPLY_ARRAY && entry.elements == 2 &&
                          entry.element[1]->type == REDIS_REPLY_ARRAY &&
                          entry.element[1]->elements == 2;
  if (!has_fields || reply_text(*entry.element[1]->element[0]) != "deployment") {
    return std::nullopt;
  }
  const auto id = parse_event_id(reply_text(*entry.element[0]));
  const std::string_view name = reply_text(*entry.element[1]->element[1]);
  if (!id || !is_deployment_name(name)) {
    return std::nullopt;
  }
  return Presence{.added_ms = id->epoch, .name = name};
}

std::string shown(const std::string& name) {
  return name.empty() ? "one without a name" : '"' + name + '"';
}

std::string shown(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size() && index < names_shown_max; ++index) {
    text += (index == 0 ? "" : ", ") + shown(names[index]);
  }
  return names.size() > names_shown_max ? text + ", …" : text;
}

}  // namespace

std::array<Command, replies_to(Question::deployments)> DeploymentWatch::questions() const {
  return {{{"XADD", key_, "MAXLEN", std::to_string(kept_), "*", "deployment", name_},
           {"XRANGE", key_, "-", "+"}}};
}

void DeploymentWatch::on_connected(std::string address) {
  address_ = std::move(address);
  kept_ = entries_max;
  others_.clear();
}

void DeploymentWatch::on_answer(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) {
    return;
  }
  std::vector<Presence> present;
  for (std::size_t index = 0; index < reply.elements; ++index) {
    if (const auto presence = read_presence(*reply.element[index])) {
      present.push_back(*presence);
    }
  }
  if (present.empty()) {
    return;
  }
  const std::uint64_t newest_ms = present.back().added_ms;
  std::size_t recent = 0;
  std::set<std::string, std::less<>> found;
  for (const Presence& presence : present) {
    if (presence.added_ms + seen_ms <= newest_ms) {
      continue;
    }
    ++recent;
    if (presence.name != name_) {
      found.emplace(presence.name);
    }
    if (found.size() > others_max) {
      found.erase(std::prev(found.end()));
    }
  }
  kept_ = std::min(std::max(kept_min, 2 * recent), entries_max);
  others_.assign(found.begin(), found.end());
  if (others_.empty()) {
    warned_.clear();
  } else if (others_ != warned_ &&
             logging::warn("other deployment",
                           "redis at {} is used by another deployment, {}; this one {}: each "
                           "shows the other's updates. Give each a Redis of its own, or all their "
                           "gateways the same --deployment",
                           address_, shown(others_),
                           name_.empty() ? "has no name" : "is " + shown(name_))) {
    warned_ = others_;
  }
}

}  // namespace regstream::broker
