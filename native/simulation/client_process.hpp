#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/registration/view.hpp>
#include <regstream/session/stream_session.hpp>

#include "simulation/client_judge.hpp"
#include "simulation/event_source.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/stream.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A client: the real session. It is fed with bytes, as the native client's and the page's `fetch`
/// are, or with events, as the page's EventSource is.
class ClientProcess final : public StreamReader {
 public:
  /// Which gateway the next attempt reaches.
  using ChooseGateway = std::function<StreamWriter&()>;

  ClientProcess(World& world, const Truth& truth, const FaultPlan& plan,
                std::optional<Canary> canary, std::size_t index, ChooseGateway choose_gateway);

  void start();
  /// It is closed and opened. `stored`: with what its session left.
  void restart(bool stored);
  void sleep(Duration span);
  void signal();
  void signal_online();
  void set_calendar(Duration wrong_by) { clock_.set_calendar(wrong_by); }
  /// Its machine was suspended, and nobody has told it.
  void leap_clock(Duration span) { clock_.leap(span); }
  /// Its stream; null while it has none.
  [[nodiscard]] const StreamPtr& stream() const { return stream_; }

  void on_response(AttemptId attempt, const ResponseHead& head) override;
  void on_bytes(AttemptId attempt, std::string_view bytes) override;
  void on_end(AttemptId attempt, TransportEnd end) override;

  [[nodiscard]] const ClientJudge& judge() const { return judge_; }
  void check_end(bool is_settled) const;

 private:
  /// What outlives a session.
  struct Stored {
    std::string last_event_id;
    std::optional<RegistrationView> view;
  };

  void start(Stored stored);
  /// The session has to take what the transport reports: the simulated one is closed with it.
  void check_accepted(bool is_accepted) const;
  void hear();
  void hear(const SessionMessage& message);
  void show(const SessionMessage& message);
  /// What the session has of the registration; null while it follows all of them.
  [[nodiscard]] const RegistrationView* view() const;
  void carry_out();
  void carry_out(const RequestToken& step);
  void carry_out(const OpenTransport& step);
  void carry_out(const CloseTransport& step);
  void carry_out(const StateChanged& step);
  void count_reason(ConnectionReason reason);
  void check_spacing();
  void arm();
  void on_timer();

  World& world_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  const std::string name_;
  const ChooseGateway choose_gateway_;
  const bool has_event_source_;
  const bool is_slow_;
  const std::optional<std::int64_t> registration_id_;
  ProcessClock clock_;
  ClientJudge judge_;

  std::optional<StreamSession> session_;
  std::optional<EventSource> event_source_;  // Of the attempt.
  StreamPtr stream_;
  std::optional<Instant> armed_;
  std::uint64_t timer_ = 0;
  std::deque<Instant> attempts_;  // Of the last minute.
  std::optional<Instant> last_signal_;
  bool was_offline_ = false;

  std::optional<RegistrationView> old_view_;  // For canaries.
};

}  // namespace regstream::simulation
