#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/history/history_session.hpp"

/// A session driven by hand: its actions after each input, in order. No Redis, no clock.
namespace regstream::test {

using namespace regstream::broker;  // NOLINT: what is tested is all of it.
using Texts = std::vector<std::string>;

inline const PassingError out_of_memory{"OOM", "it has no memory left", false};
inline const PassingError replica{"READONLY", "it is a replica", true};

inline RedisFailure lost() {
  return {RedisFailureKind::lost, "lost redis"};
}
inline Refused refused(const PassingError& error) {
  return {{RedisFailureKind::passing, std::string{error.code}, &error}};
}
inline Refused rejected() {
  return {{RedisFailureKind::rejected, "no"}};
}
inline Refused script_unknown() {
  return {{RedisFailureKind::flushed, "flushed"}};
}

inline std::string name(LinkRole role) {
  return role == LinkRole::caller      ? "caller"
         : role == LinkRole::listener  ? "listener"
         : role == LinkRole::waiter    ? "waiter"
         : role == LinkRole::publisher ? "publisher"
                                       : "finder";
}

/// One word or two for each action, as the tests below list them.
struct Shown {
  std::string operator()(const Connect& connect) const { return "connect " + name(connect.link); }
  std::string operator()(const GiveUp& given_up) const { return "give up " + name(given_up.link); }
  std::string operator()(const Call& call) const { return std::visit(*this, call.command); }
  std::string operator()(const PauseChannel& pause) const {
    return pause.pauses ? "pause" : "resume";
  }
  std::string operator()(const BeginHistory& begin) const {
    return "begins " + to_string(begin.position);
  }
  std::string operator()(const DeliverMessage& delivery) const {
    return "delivers " + to_string(delivery.id);
  }
  std::string operator()(const GoLive& /*live*/) const { return "live"; }
  std::string operator()(const CaughtUp& /*caught_up*/) const { return "caught up"; }
  std::string operator()(const PublishEnded& /*ended*/) const { return "ended"; }
  std::string operator()(const SessionFact& fact) const { return std::visit(*this, fact); }

  std::string operator()(const ScriptCall& call) const { return std::visit(*this, call.mode); }
  std::string operator()(const OpenHistory& /*open*/) const { return "open"; }
  std::string operator()(const ReadHistory& read) const {
    return "read " + (read.from ? to_string(*read.from) : "all");
  }
  std::string operator()(const PublishBatch& batch) const {
    std::string text = "publish";
    for (const PublishBatch::Update& update : batch.updates) {
      text += ' ' + update.key;
    }
    return text + (batch.is_first_in_line ? "" : ", behind others");
  }
  std::string operator()(const ProbePublishing& /*probe*/) const { return "probe"; }
  std::string operator()(const Adopt& adopt) const {
    return "adopt " + std::to_string(adopt.offers.size());
  }
  std::string operator()(const RecordLoss& /*loss*/) const { return "record loss"; }
  std::string operator()(const LoadScript& /*load*/) const { return "load"; }
  std::string operator()(const AskDurability& /*ask*/) const { return "durability?"; }
  std::string operator()(const AskServer& /*ask*/) const { return "server?"; }
  std::string operator()(const AskDeployments& /*ask*/) const { return "deployments?"; }
  std::string operator()(const AskIdentity& /*ask*/) const { return "who?"; }
  std::string operator()(const AskSentinel& /*ask*/) const { return "sentinel?"; }
  std::string operator()(const AskSlots& /*ask*/) const { return "slots?"; }
  std::string operator()(const AwaitReplicas& await) const {
    const bool is_longer = await.timeout > Duration{1'000};
    return "wait for " + std::to_string(await.count) +
           (is_longer ? ", " + std::to_string(await.timeout.count()) + " ms" : "");
  }
  std::string operator()(const SubscribeChannels& /*subscribe*/) const { return "subscribe"; }
  std::string operator()(const ProbeChannel& /*probe*/) const { return "probe channel"; }
  std::string operator()(const AwaitHistory& await) const {
    return "await " + to_string(await.after);
  }

  std::string operator()(const RedisFailed& fact) const { return "failed: " + fact.failure.what; }
  std::string operator()(const RedisRefuses& fact) const { return "refuses: " + fact.failure.what; }
  std::string operator()(const RedisAccepts& /*fact*/) const { return "accepts"; }
  std::string operator()(const RedisFollowed& fact) const {
    return "followed, waited " + std::to_string(fact.waited);
  }
  std::string operator()(const NotAwaited& /*fact*/) const { return "not awaited"; }
  std::string operator()(const AwaitedAgain& /*fact*/) const { return "awaited"; }
  std::string operator()(const PublishRejected& fact) const { return "rejected: " + fact.what; }
  std::string operator()(const PublishesUnknown& fact) const {
    return "unknown " + std::to_string(fact.count);
  }
  std::string operator()(const MessageRefused& /*fact*/) const { return "no message"; }
  std::string operator()(const MessageForged& /*fact*/) const { return "forged"; }
  std::string operator()(const ChannelOverflowed& /*fact*/) const { return "overflowed"; }
};

/// A session with its time and the results of its publishes.
class Bench {
 public:
  explicit Bench(HistorySessionOptions options = {}) : session(with_key(std::move(options))) {}

  /// What the session wants now.
  Texts wants() {
    Texts wanted;
    while (auto action = session.poll(now)) {
      wanted.push_back(std::visit(Shown{}, *action));
      if (const auto* const over = std::get_if<PublishEnded>(&*action)) {
        over->done(over->result);
      }
    }
    return wanted;
  }
  void connect(LinkRole role) { session.on_connected(role, now); }
  void lose(LinkRole role, const RedisFailure& failure = lost()) {
    session.on_lost(role, failure, now);
  }
  Texts reply(LinkRole role, HistoryReply answer) {
    session.on_reply(role, std::move(answer), now);
    return wants();
  }
  Texts call_reply(HistoryReply answer) { return reply(LinkRole::caller, std::move(answer)); }
  /// Redis takes a batch: the id of its first update, and how many there are.
  Texts accept(EventId id, std::size_t count = 1) {
    Published published;
    for (; count > 0; --count) {
      published.results.emplace_back(id);
      ++id.sequence;
    }
    return call_reply(std::move(published));
  }
  void publish(const std::string& key, Patience patience = Patience::waits) {
    session.publish(
        "{}", key,
        [this, key](const PublishResult& result) {
          const auto* const id = std::get_if<EventId>(&result);
          ended.push_back(key + ' ' + (id != nullptr ? to_string(*id) : "failed"));
        },
        patience);
  }
  /// At its next deadline, which there must be.
  Texts wake() {
    now = std::max(now, session.next_deadline().value());
    session.handle_deadline(now);
    return wants();
  }

  /// A publisher's caller is connected, and has loaded the script.
  void bring_up_caller() {
    wants();
    connect(LinkRole::caller);
    wants();
    call_reply(Durability{});
    call_reply(Done{});
  }
  static constexpr const char* server = "first";
  /// The same of a gateway that follows an empty history, with all three links.
  void bring_up_gateway(EventId end = {1'000, 0}) {
    session.follow();
    wants();
    connect(LinkRole::caller);
    wants();
    call_reply(Durability{});
    call_reply(Done{});
    call_reply(ServerIdentity{.run_id = server, .replication_id = {}});
    for (int answers = 0; answers < 2 + 2; ++answers) {
      call_reply(Done{});  // The other replies about the server and the deployments.
    }
    call_reply(Done{});  // The first probe.
    connect(LinkRole::waiter);
    wants();
    connect(LinkRole::listener);
    wants();
    reply(LinkRole::listener, HistoryOpened{end, server});
    reply(LinkRole::listener, Done{});
    reply(LinkRole::listener, Done{});
    for (int pages = 0; pages < 4 && asked(LinkRole::caller) == Question::page; ++pages) {
      call_reply(HistoryPage{.end = end, .is_last = true, .entries = {}});
    }
    REQUIRE(session.is_connected());
    REQUIRE(wants().empty());
  }
  std::optional<Question> asked(LinkRole role) {
    const Link::Due* const due = session.due(role);
    return due == nullptr ? std::nullopt : std::optional{due->question};
  }

  HistorySession session;
  Instant now{Duration{1'000'000}};
  Texts ended;

 private:
  static HistorySessionOptions with_key(HistorySessionOptions options) {
    options.publisher_name = "own";
    return options;
  }
};

}  // namespace regstream::test
