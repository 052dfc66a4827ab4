#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/session/event_session.hpp>

#include "client/attempt.hpp"
#include "client/http_url.hpp"
#include "client/suspend_clock.hpp"
#include "client/trust.hpp"

namespace regstream::client {

/// What a session needs from outside: attempts on sockets, a timer and a clock. It outlives its
/// client until all pending operations and calls have returned.
class StreamShell : public Attempt::Owner, public std::enable_shared_from_this<StreamShell> {
 public:
  StreamShell(const StreamShell&) = delete;
  StreamShell& operator=(const StreamShell&) = delete;

  void connect();
  void close();
  void restart();
  /// The client is destroyed, and so is the handler.
  void abandon();

  [[nodiscard]] virtual EventSession& session() = 0;

  void on_answer(AttemptId attempt, const AnswerHead& answer) override;
  void on_bytes(AttemptId attempt, std::string_view bytes) override;
  void on_end(AttemptId attempt, TransportEnd end, StreamFailure failure) override;

 protected:
  /// Throws std::invalid_argument as `StreamClient` does.
  StreamShell(boost::asio::io_context& context, StreamRequest request,
              const StreamClientOptions& options, StateHandler& handler);
  ~StreamShell() = default;

  /// The options of the session for a client with these options.
  [[nodiscard]] static ConnectionOptions connection_of(const StreamClientOptions& options);

  [[nodiscard]] const StreamRequest& request() const { return request_; }

  /// Gives the handler the next event or message that has arrived, with `call_handler`. False if
  /// there is none.
  virtual bool deliver_next() = 0;

  /// Path and query of the next request; `target` is the URL's.
  [[nodiscard]] virtual std::string request_target(const std::string& target) const {
    return target;
  }

  [[nodiscard]] Instant now() const;
  /// Carries out the session's actions, and sets the timer. Call it after each input.
  void carry_out();

  /// Calls the handler. An exception leaves the loop in a turn of its own, and this goes on.
  template <typename Call>
  void call_handler(const Call& call) {
    try {
      call();
    } catch (...) {
      boost::asio::post(context_,
                        [error = std::current_exception()] { std::rethrow_exception(error); });
    }
  }

 private:
  using Clock = SuspendClock;

  void carry_out(const RequestToken& step);
  void carry_out(const OpenTransport& step);
  void carry_out(const CloseTransport& step);
  void carry_out(const StateChanged& step);
  // The options don't allow polls.
  void carry_out(const OpenProbe& /*step*/) {}
  void carry_out(const CloseProbe& /*step*/) {}
  void on_token(AttemptId attempt, const TokenAnswer& answer);
  void fail(AttemptId attempt);
  void drop_attempt();
  void arm();
  void on_timer();

  boost::asio::io_context& context_;
  StreamRequest request_;  ///< With the token of the last attempt.
  const HttpUrl url_;
  const StreamLimits limits_;
  const TokenSource token_source_;
  Trust trust_;
  StateHandler* handler_;  ///< Null once abandoned.
  SuspendTimer timer_;
  std::optional<Instant> armed_;  ///< The deadline that the timer is set to.
  const Clock::time_point origin_ = Clock::now();
  std::shared_ptr<Attempt> attempt_;
  std::optional<StreamFailure> failure_;  ///< Of the current input.
  bool is_carrying_out_ = false;
};

}  // namespace regstream::client
