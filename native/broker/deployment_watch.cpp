#include "broker/deployment_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include <regstream/message/event_id.hpp>

#include "log/log.hpp"

namespace regstream::broker {
namespace {

// Enough for a minute of sixty gateways.
constexpr std::string_view entries_max = "200";
constexpr std::uint64_t seen_ms = 60'000;
constexpr std::size_t names_shown_max = 5;

/// The name that an entry of the stream says; empty if it is not a gateway's.
std::optional<std::string_view> name_of(const redisReply& entry) {
  const bool has_fields = entry.type == REDIS_REPLY_ARRAY && entry.elements == 2 &&
                          entry.element[1]->type == REDIS_REPLY_ARRAY &&
                          entry.element[1]->elements == 2;
  if (!has_fields || reply_text(*entry.element[1]->element[0]) != "deployment") {
    return std::nullopt;
  }
  return reply_text(*entry.element[1]->element[1]);
}

/// A stream's ids begin with the milliseconds of Redis's clock.
std::uint64_t added_at(const redisReply& entry) {
  const auto id = parse_event_id(reply_text(*entry.element[0]));
  return id ? id->epoch : 0;
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

std::vector<Command> DeploymentWatch::questions() const {
  const std::string key{deployments_key};
  return {{"XADD", key, "MAXLEN", std::string{entries_max}, "*", "deployment", name_},
          {"XRANGE", key, "-", "+"}};
}

void DeploymentWatch::on_answer(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements == 0) {
    return;
  }
  const redisReply& newest = *reply.element[reply.elements - 1];
  if (!name_of(newest)) {
    return;
  }
  std::set<std::string, std::less<>> found;
  for (std::size_t index = 0; index < reply.elements; ++index) {
    const redisReply& entry = *reply.element[index];
    const auto name = name_of(entry);
    if (name && *name != name_ && added_at(entry) + seen_ms > added_at(newest)) {
      found.emplace(*name);
    }
  }
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
