#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/connection/connection.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/sse/parser.hpp>

#include "simulation/client_judge.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/stream.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A client: the real connection machine, parser, codec and registration, wired as the native
/// client or as the browser's wires them.
class ClientProcess final : public StreamReader {
 public:
  /// Which gateway the next attempt reaches.
  using ChooseGateway = std::function<StreamWriter&()>;

  ClientProcess(World& world, const Truth& truth, const FaultPlan& plan,
                std::optional<Canary> canary, std::size_t index, ChooseGateway choose_gateway);

  void start();
  /// It is closed and opened. `stored`: with the cursor and the view that it had.
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
  void take(const sse::Event& event);
  void take(const sse::Skipped& skipped);
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
  const bool is_browser_;
  const bool is_slow_;
  const std::optional<std::int64_t> registration_id_;
  ProcessClock clock_;
  ClientJudge judge_;

  std::optional<Connection> connection_;
  std::optional<sse::Parser> parser_;
  std::optional<Registration> registration_;
  bool view_is_known_ = false;
  std::string cursor_;  // As the browser's client keeps it, to compare.
  StreamPtr stream_;
  std::optional<Instant> armed_;
  std::uint64_t timer_ = 0;
  std::deque<Instant> attempts_;  // Of the last minute.
  std::optional<Instant> last_signal_;
  bool was_offline_ = false;

  // For canaries.
  bool is_canary_due_ = true;
  std::optional<RegistrationView> old_view_;
};

}  // namespace regstream::simulation
