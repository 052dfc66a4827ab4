#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>

#include "broker/deployment_watch.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/history/publish_line.hpp"
#include "broker/history/refusal_gate.hpp"
#include "broker/history_call.hpp"
#include "broker/outage_log.hpp"
#include "broker/readiness.hpp"
#include "broker/redis_link.hpp"
#include "broker/round_trips.hpp"
#include "broker/server_check.hpp"

namespace regstream::broker {

/// Calls the script (scripts/history.lua): publishes, and reads and adopts for a follower. The
/// connection comes back by itself; a call that Redis refuses in passing is made again.
class ScriptLink : public std::enable_shared_from_this<ScriptLink> {
 public:
  /// Each may destroy the link.
  struct Handlers {
    std::function<void()> on_up;  ///< The script can be called, and then no longer.
    std::function<void()> on_down;
    std::function<void(HistoryPage)> on_page;
    std::function<void()> on_read_refused;  ///< `may_read` says when to try again, `on_retry` too.
    std::function<void(std::optional<EventId> end)> on_adopted;
    std::function<void()> on_adoption_refused;
    std::function<void(EventId end)> on_loss_told;
    std::function<void()> on_loss_refused;
    std::function<void()> on_retry;  ///< What could not be called may be called now.
    /// Writes are taken after a replica has refused them: by another server, perhaps.
    std::function<void()> on_primary_found;
  };

  /// `follower` knows the greatest id, and learns those that publishes get. `log` and `readiness`
  /// are told how calls end. All outlive the link.
  ScriptLink(boost::asio::io_context& context, const RedisOptions& options, PublishLimits limits,
             HistoryFollower& follower, OutageLog& log, Readiness& readiness, Handlers handlers);

  void start();
  /// No handler of a publish is called any more.
  void stop();
  /// From now on it keeps finding out whether publishes would be taken, while there are none, and
  /// asks each server that it reaches what an operator should know of it.
  void begin_probing();

  [[nodiscard]] bool is_up() const { return line_.is_up(); }
  /// Publishes that waited when the connection came; then none.
  [[nodiscard]] std::size_t take_waited() { return std::exchange(waited_, 0); }

  void publish(std::string message, std::string key, PublishHandler done, Patience patience);
  [[nodiscard]] bool may_read() const;
  void read(const ReadHistory& read);
  [[nodiscard]] bool may_adopt() const;
  void adopt(const Adopt& adopt);
  /// As `may_adopt` permits.
  void tell_loss();

  [[nodiscard]] ServerCheck& server() { return server_; }
  [[nodiscard]] const DeploymentWatch& deployments() const { return deployments_; }
  [[nodiscard]] const RoundTrips& round_trips() const { return round_trips_; }

 private:
  /// What the connection is to answer next.
  enum class Answer : std::uint8_t {
    durability,
    digest,
    id,
    probe,
    page,
    adoption,
    loss,
    server,
    deployments
  };
  struct Call {
    Answer answer;
    /// When it was sent. Empty: it carries much, or waits behind one that does, so that the time of
    /// its answer says nothing of Redis.
    std::optional<std::chrono::steady_clock::time_point> sent;
  };

  void call(Answer answer, const Command& command);
  void ask_server();
  void ask_deployments();
  void ask_durability();
  void on_durability(const redisReply& reply);
  void send_publishes();
  void probe_if_due();
  void on_answer(const redisReply& reply);
  void measure(const Call& call);
  void on_error(Answer answer, const redisReply& reply);
  void on_refused(Answer answer, const RedisFailure& failure);
  void on_result(Answer answer, const redisReply& reply);
  void on_digest(const redisReply& reply);
  void on_page(const redisReply& reply);
  void on_published(const redisReply& reply);
  void on_write_taken(bool is_over);
  void on_down(const RedisFailure& failure);
  void proceed();
  void end_publishes();
  void arm_retry();
  void on_retry();

  boost::asio::io_context& context_;
  const RedisOptions options_;
  const Handlers handlers_;
  HistoryFollower& follower_;
  OutageLog& log_;
  Readiness& readiness_;
  HistoryCalls calls_;
  PublishLine line_;
  RefusalGate reading_;
  RefusalGate adopting_;  // Of refusals that are the adoption's own; others are the line's.
  boost::asio::steady_timer retry_;
  std::optional<Instant> armed_;  // When `retry_` goes off.
  Instant retried_ = Instant::min();
  const std::string own_key_;  // Publishes without a key have this one and a number.
  std::uint64_t own_keys_ = 0;
  std::shared_ptr<RedisLink> link_;
  std::deque<Call> due_;
  ServerCheck server_;
  DeploymentWatch deployments_;
  RoundTrips round_trips_;
  std::size_t waited_ = 0;
  bool is_durable_ = false;
  std::optional<Instant> ask_durability_at_;  // Again. Empty: an answer is due, or it is refused.
  bool probes_ = false;
  // The connection is given up for this as soon as nothing is due on it: how each call ended is
  // known.
  std::optional<RedisFailure> leaving_;
  bool was_replica_ = false;  // The server refused as a replica does.
  bool is_stopped_ = false;
};

}  // namespace regstream::broker
