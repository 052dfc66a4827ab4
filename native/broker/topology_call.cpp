#include "broker/topology_call.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "broker/topology/address.hpp"
#include "broker/topology/hash_slot.hpp"
#include "broker/topology/server_finder.hpp"

namespace regstream::broker {
namespace {

bool is_array(const redisReply& reply, std::size_t elements_min) {
  return reply.type == REDIS_REPLY_ARRAY && reply.elements >= elements_min;
}

/// The value of a name in a list `[name, value, ...]`. Empty: no such name.
std::string_view field(const redisReply& list, std::string_view name) {
  for (std::size_t i = 0; is_array(list, i + 2); i += 2) {
    if (reply_text(*list.element[i]) == name) {
      return reply_text(*list.element[i + 1]);
    }
  }
  return {};
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional{number} : std::nullopt;
}

/// Reads `[host, port]`. Nil: the name is not known.
ServerLocation read_primary(const redisReply& reply) {
  ServerLocation location;
  if (is_array(reply, 2)) {
    location.primary = read_address(reply_text(*reply.element[0]), reply_text(*reply.element[1]));
  }
  return location;
}

/// Reads the other sentinels, each a list of names and values.
ServerLocation read_sentinels(const redisReply& reply) {
  ServerLocation location;
  for (std::size_t i = 0; is_array(reply, i + 1) && i < ServerFinder::asked_max; ++i) {
    const redisReply& sentinel = *reply.element[i];
    if (auto address = read_address(field(sentinel, "ip"), field(sentinel, "port"))) {
      location.others.push_back(*std::move(address));
    }
  }
  return location;
}

/// Reads `[host, port, ...]` of a range of slots.
std::optional<RedisAddress> read_node(const redisReply& node, const std::string& host_of_asked) {
  if (!is_array(node, 2) || node.element[1]->type != REDIS_REPLY_INTEGER) {
    return std::nullopt;
  }
  // A node that does not know its own address yet sends an empty one. It means the address at which
  // it was asked.
  const auto host = reply_text(*node.element[0]);
  return read_address(host.empty() ? std::string_view{host_of_asked} : host,
                      node.element[1]->integer);
}

/// Reads ranges `[first, last, primary, replica, ...]`.
ServerLocation read_slots(const redisReply& reply, std::int64_t slot, const std::string& host) {
  ServerLocation location;
  for (std::size_t i = 0; is_array(reply, i + 1); ++i) {
    const redisReply& range = *reply.element[i];
    if (!is_array(range, 3) || range.element[0]->type != REDIS_REPLY_INTEGER ||
        range.element[1]->type != REDIS_REPLY_INTEGER) {
      continue;
    }
    if (range.element[0]->integer <= slot && slot <= range.element[1]->integer) {
      location.primary = read_node(*range.element[2], host);
    }
    for (std::size_t n = 2; n < range.elements && location.others.size() < ServerFinder::asked_max;
         ++n) {
      auto address = read_node(*range.element[n], host);
      auto& others = location.others;
      if (address && std::find(others.begin(), others.end(), *address) == others.end()) {
        others.push_back(*std::move(address));
      }
    }
  }
  return location;
}

}  // namespace

FinderOptions finder_options(const RedisOptions& options) {
  FinderOptions finder;
  finder.server = address_of(options);
  finder.primary_name = options.master_name;
  finder.backoff = options.timing.backoff;
  if (!options.sentinels.empty()) {
    finder.topology = Topology::sentinel;
    finder.asked = options.sentinels;
  } else if (!options.cluster_nodes.empty()) {
    finder.topology = Topology::cluster;
    finder.asked = options.cluster_nodes;
  }
  return finder;
}

TopologyCalls::TopologyCalls(std::string primary_name, std::string_view key)
    : primary_name_(std::move(primary_name)), slot_(hash_slot(key)) {}

std::vector<Command> TopologyCalls::words(const AskSentinel& /*ask*/) const {
  return {{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", primary_name_},
          {"SENTINEL", "MASTER", primary_name_},
          {"SENTINEL", "SENTINELS", primary_name_}};
}

std::vector<Command> TopologyCalls::words(const AskSlots& /*ask*/) {
  return {{"CLUSTER", "SLOTS"}};
}

HistoryReply TopologyCalls::read(Question question, std::size_t replies_left,
                                 const redisReply& reply, const RedisPeer& peer) const {
  // Only a sentinel's first reply is required: a user without permission for the others does
  // without.
  const bool is_needed =
      question == Question::slots || replies_left == replies_to(Question::location);
  if (reply.type == REDIS_REPLY_ERROR && is_needed) {
    return Refused{reply_failure(peer, reply_text(reply))};
  }
  if (question == Question::slots) {
    return read_slots(reply, slot_, peer.address.host);
  }
  if (is_needed) {
    return read_primary(reply);
  }
  if (replies_left == 1) {
    return read_sentinels(reply);
  }
  ServerLocation location;
  location.config_epoch = read_number(field(reply, "config-epoch"));
  return location;
}

}  // namespace regstream::broker
