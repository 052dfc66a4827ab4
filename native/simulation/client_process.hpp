#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/registration/view.hpp>
#include <regstream/session/stream_session.hpp>

#include "simulation/attempt_judge.hpp"
#include "simulation/client_choices.hpp"
#include "simulation/client_judge.hpp"
#include "simulation/event_source.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/issuer.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/stream.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A client: the real session. It gets bytes, as from the native client or the page's `fetch`, or
/// events, as from the page's EventSource.
class ClientProcess final : public StreamReader {
 public:
  /// Chooses the gateway that the next attempt reaches.
  using ChooseGateway = std::function<StreamWriter&()>;

  /// Without `choices` it follows one registration, or all, and never changes that.
  ClientProcess(World& world, const Truth& truth, const FaultPlan& plan, Issuer& issuer,
                std::optional<Canary> canary, std::size_t index,
                std::optional<ClientChoices> choices, ChooseGateway choose_gateway);

  void start();
  /// From now on it keeps its ids, and doesn't return after an end.
  void settle() { is_settling_ = true; }
  /// True: nothing goes wrong from now on, and tokens are renewed in time. False: that is over.
  void set_calm(bool is_calm);
  /// Closes the client and opens it again. `stored`: with the state that its session stored.
  void restart(bool stored);
  void sleep(Duration span);
  void signal();
  void signal_online();
  void set_calendar(Duration wrong_by) { clock_.set_calendar(wrong_by); }
  /// Its machine was suspended, and it got no signal about that.
  void leap_clock(Duration span) { clock_.leap(span); }
  /// The current stream; null if there is none.
  [[nodiscard]] const StreamPtr& stream() const { return stream_; }
  /// Its stream has ended for good.
  [[nodiscard]] bool is_over() const { return session_->state() == ConnectionState::closed; }

  void on_response(AttemptId attempt, const ResponseHead& head) override;
  void on_bytes(AttemptId attempt, std::string_view bytes) override;
  void on_end(AttemptId attempt, TransportEnd end) override;

  [[nodiscard]] const ClientJudge& judge() const { return judge_; }
  void check_end(bool is_settled) const;
  /// How many requests gateways may hold for it at rest. It is a range, because polls come and go.
  struct Requests {
    std::size_t least = 0;
    std::size_t most = 0;
  };
  [[nodiscard]] Requests requests() const;

 private:
  /// The state that outlives a session.
  struct Stored {
    std::string last_event_id;
    std::vector<RegistrationView> views;
    std::vector<std::int64_t> new_ids;  ///< Nothing is known about these up to the last event.
  };

  /// The poll beside an attempt. Only its first event matters.
  class Probe final : public StreamReader {
   public:
    explicit Probe(ClientProcess& client) : client_(client) {}
    void on_response(AttemptId /*attempt*/, const ResponseHead& /*head*/) override {}
    void on_bytes(AttemptId attempt, std::string_view bytes) override;
    void on_end(AttemptId /*attempt*/, TransportEnd /*end*/) override {}

   private:
    ClientProcess& client_;
  };

  void start(Stored stored);
  [[nodiscard]] Stored store() const;
  void plan_change();
  void change_ids();
  void plan_return(ConnectionReason reason);
  void come_back(Return how);
  /// The session must accept what the transport reports, because the simulated transport closes
  /// with the attempt.
  void check_accepted(bool is_accepted) const;
  void deliver_messages();
  void deliver(const SessionMessage& message);
  /// The client's token must allow the message.
  void check_allowed(const SessionMessage& message) const;
  void count(const SessionMessage& message) const;
  /// Shows the views that the message changed.
  void show_views(const SessionMessage& message);
  void show(const SessionMessage& message);
  /// The view of the registration that it follows; null if it doesn't follow exactly one.
  [[nodiscard]] const RegistrationView* view() const;
  [[nodiscard]] const RegistrationView& view(std::int64_t id) const;
  void carry_out();
  void carry_out(const RequestToken& step);
  void on_token(AttemptId attempt, std::optional<Token> token);
  void carry_out(const OpenTransport& step);
  void carry_out(const CloseTransport& step);
  void carry_out(const OpenProbe& step);
  void carry_out(const CloseProbe& step);
  void carry_out(const StateChanged& step);
  void count_reason(ConnectionReason reason);
  void count_request(const StreamRequest& request);
  void arm();
  void on_timer();

  World& world_;
  const FaultPlan& plan_;
  const Truth& truth_;
  Issuer& issuer_;
  const std::optional<Canary> canary_;
  const std::string name_;
  const ChooseGateway choose_gateway_;
  const bool has_event_source_;
  const Stream::Network network_;
  const Workflow& workflow_;
  std::optional<ClientChoices> choices_;
  std::vector<std::int64_t> ids_;     // Ascending; none: all.
  std::vector<std::int64_t> rights_;  // The ids that its tokens allow; none: all.
  std::optional<Token> token_;        // The last one.
  bool until_final_ = false;
  ProcessClock clock_;
  ClientJudge judge_;
  AttemptJudge attempts_;

  std::optional<StreamSession> session_;
  std::uint64_t sessions_ = 0;
  ConnectionReason cause_{};  // The reason of the current attempt, with or without a token.
  TransportKind kind_{};      // Of the attempt.
  std::optional<EventSource> event_source_;  // Of the attempt.
  StreamPtr stream_;
  Probe probe_{*this};
  StreamPtr probe_stream_;  // Null if there is none.
  std::optional<Instant> armed_;
  std::uint64_t timer_ = 0;
  bool is_settling_ = false;
  std::uint64_t return_ = 0;                ///< Number of the last planned return.
  std::uint64_t updates_before_ = 0;        ///< Before the last attempt.
  std::vector<std::int64_t> named_before_;  ///< By the last attempt.

  std::optional<RegistrationView> old_view_;  // For canaries.
};

}  // namespace regstream::simulation
