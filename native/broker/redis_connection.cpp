#include "broker/redis_connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "broker/push_backlog.hpp"
#include "broker/redis_login.hpp"
#include "broker/redis_tls.hpp"
#include "net/tls_client.hpp"
#include "net/wire.hpp"

namespace regstream::broker {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

/// Outlives its owner until all operations have completed. `is_closed_` keeps it quiet.
class RedisConnection::Implementation : public std::enable_shared_from_this<Implementation> {
  /// Wraps the handler of an operation. It does nothing after the end. An exception ends the
  /// connection, and then leaves the context's loop: a half-working connection would wait for
  /// something that never comes. The owner is told, unless it ended the connection itself.
  template <typename Handle>
  auto completion(Handle handle) {
    return [self = shared_from_this(), handle](const auto&... results) {
      if (self->is_closed_) {
        return;
      }
      try {
        handle(*self, results...);
      } catch (...) {
        if (!self->is_closed_) {
          self->fail(self->interrupted_);
        }
        throw;
      }
    };
  }

 public:
  Implementation(asio::io_context& context, const RedisOptions& options,
                 const RedisAddress& address, Handlers handlers, RedisLogin login)
      : options_(options),
        peer_(options_, address, login),
        handlers_(std::move(handlers)),
        interrupted_(interrupted_failure(peer_)),
        login_(peer_),
        context_(context),
        resolver_(std::in_place, context),
        timer_(context) {}

  void start() {
    started_ = Clock::now();
    arm(started_ + options_.timing.connect_timeout);
    resolver_->async_resolve(peer_.address.host, std::to_string(peer_.address.port),
                             completion([](Implementation& self, error_code error,
                                           const tcp::resolver::results_type& found) {
                               self.on_resolved(error, found);
                             }));
  }

  void close() {
    is_closed_ = true;
    resolver_.reset();  // Cancels, and unlike `cancel` needs no memory.
    timer_.cancel();
    if (wire_) {
      wire_->close();
    }
  }

  template <typename Words>
  void send(const Words& command) {
    send(Owed::reply, command);
  }

  void pause(bool pauses) {
    if (is_closed_ || pauses == is_paused_) {
      return;
    }
    is_paused_ = pauses;
    if (!pauses) {
      heard_or_asked_ = Clock::now();
      ask_drained();
      if (!is_processing_ && !is_reading_) {
        asio::post(context_, completion([](Implementation& self) {
                     if (!self.is_paused_ && !self.is_reading_) {
                       self.process({});
                     }
                   }));
      }
    }
  }

 private:
  /// What Redis's next answer is for.
  enum class Owed : std::uint8_t { login, ping, drain, reply };

  void on_resolved(error_code error, const tcp::resolver::results_type& found) {
    if (error) {
      fail(resolve_failure(peer_));
      return;
    }
    if (const auto failure = make_wire(wire_, context_, peer_)) {
      fail(*failure);
      return;
    }
    asio::async_connect(wire_->socket(), found,
                        completion([](Implementation& self, error_code connect_error, const auto&) {
                          self.on_connected(connect_error);
                        }));
  }

  void on_connected(error_code error) {
    if (error) {
      fail(connect_failure(peer_, error));
      return;
    }
    error_code ignored;
    wire_->socket().set_option(tcp::no_delay{true}, ignored);
    wire_->socket().set_option(asio::socket_base::keep_alive{true}, ignored);
    if (options_.tls) {
      secure();
    } else {
      log_in();
    }
  }

  void secure() {
    if (!net::expect_host(wire_->tls(), expected_name(*options_.tls, peer_.address))) {
      fail(interrupted_);  // Out of memory.
      return;
    }
    is_securing_ = true;
    wire_->async_handshake(completion([](Implementation& self, error_code error) {
      if (error) {
        self.fail(tls_failure(self.peer_, self.wire_->tls(), error));
        return;
      }
      self.is_securing_ = false;
      self.log_in();
    }));
  }

  void log_in() {
    is_open_ = true;
    for (const Command& command : login_.commands()) {
      send(Owed::login, command);
    }
    read();
  }

  template <typename Words>
  void send(Owed owed, const Words& command) {
    if (is_closed_) {
      return;
    }
    append_command(outgoing_, command);
    owed_.push_back(owed);
    if (is_ready_ && owed_.size() == 1) {
      heard_or_asked_ = Clock::now();
      const auto& timing = options_.timing;
      arm(heard_or_asked_ + std::min(timing.reply_timeout, timing.ping_interval));
    }
    write();
  }

  void write() {
    if (!is_open_ || !writing_.empty() || outgoing_.empty()) {
      return;
    }
    writing_.swap(outgoing_);
    asio::async_write(*wire_, asio::buffer(writing_),
                      completion([](Implementation& self, error_code error, std::size_t) {
                        // The reader reports the error: Redis may have said why.
                        if (!error) {
                          self.writing_.clear();
                          self.write();
                        }
                      }));
  }

  void read() {
    is_reading_ = true;
    wire_->async_read_some(asio::buffer(incoming_),
                           completion([](Implementation& self, error_code error, std::size_t size) {
                             self.is_reading_ = false;
                             self.on_read(error, size);
                           }));
  }

  void on_read(error_code error, std::size_t size) {
    if (error) {
      fail(login_.explain_end(has_heard_ ? lost_failure(peer_, error)
                                         : unanswered_failure(peer_, wire_->tls(), error)));
      return;
    }
    has_heard_ = true;
    heard_or_asked_ = Clock::now();
    if (handlers_.on_behind) {
      const auto step = backlog_.on_bytes(size);
      if (step == PushBacklog::Step::ask) {
        ask_drained();
      } else if (step == PushBacklog::Step::behind) {
        handlers_.on_behind();
      }
    }
    if (!is_closed_) {
      process({incoming_.data(), size});
    }
  }

  void ask_drained() {
    backlog_.on_asked();
    send(Owed::drain, Command{"PING"});
  }

  void process(std::string_view bytes) {
    is_processing_ = true;
    process_replies(bytes);
    is_processing_ = false;
  }

  void process_replies(std::string_view bytes) {
    if (!reader_.feed(bytes)) {
      fail(not_redis_failure(peer_, bytes));
      return;
    }
    while (!is_paused_) {
      const Reply reply = reader_.next();
      if (!reply) {
        break;
      }
      on_reply(*reply);
      if (is_closed_) {
        return;
      }
    }
    if (reader_.is_oversized()) {
      fail(oversized_failure(peer_, ReplyLimits{}.bytes_max));
    } else if (reader_.is_broken()) {
      fail(not_redis_failure(peer_, is_ready_ ? std::string_view{} : bytes));
    } else if (!is_paused_) {
      read();
    }
  }

  void on_reply(const redisReply& reply) {
    if (const auto* const payload = pushed_payload(reply)) {
      if (handlers_.on_message) {
        handlers_.on_message(reply_text(*payload));
      }
      return;
    }
    const bool is_error = reply.type == REDIS_REPLY_ERROR;
    if (owed_.empty()) {
      // An unasked reply: Redis says why it closes the connection ("max number of clients
      // reached").
      fail(is_error ? reply_failure(peer_, reply_text(reply)) : not_redis_failure(peer_));
      return;
    }
    const Owed owed = owed_.front();
    owed_.pop_front();
    switch (owed) {
      case Owed::login:
        on_login(login_.on_reply(reply));
        return;
      case Owed::ping:
        return;  // Even an error is a sign of life.
      case Owed::drain:
        if (backlog_.on_answered() && !is_paused_ && handlers_.on_drained) {
          handlers_.on_drained();
        }
        return;
      case Owed::reply:
        handlers_.on_reply(reply);
        return;
    }
  }

  void on_login(const LoginExchange::Result& result) {
    if (const auto* const failure = std::get_if<RedisFailure>(&result)) {
      fail(*failure);
    } else if (std::holds_alternative<LoginExchange::Ready>(result)) {
      is_ready_ = true;
      arm(heard_or_asked_ + options_.timing.ping_interval);
      handlers_.on_ready();
    }
  }

  void arm(Clock::time_point deadline) {
    timer_.expires_at(deadline);
    timer_.async_wait(completion([](Implementation& self, error_code error) {
      if (!error) {
        self.on_timer();
      }
    }));
  }

  // Received bytes move the deadline, but not the timer: it checks again when it expires.
  void on_timer() {
    const auto now = Clock::now();
    if (!is_ready_) {
      const auto deadline = started_ + options_.timing.connect_timeout;
      if (now < deadline) {
        arm(deadline);
      } else {
        fail(connect_timeout_failure(peer_, options_.timing.connect_timeout, is_securing_));
      }
      return;
    }
    if (is_paused_) {
      heard_or_asked_ = now;
    }
    const bool is_owed = !owed_.empty();
    const auto deadline =
        heard_or_asked_ + (is_owed ? options_.timing.reply_timeout : options_.timing.ping_interval);
    if (now < deadline) {
      arm(deadline);
    } else if (is_owed) {
      fail(silent_failure(peer_));
    } else {
      send(Owed::ping, Command{"PING"});
    }
  }

  void fail(const RedisFailure& failure) {
    close();
    handlers_.on_end(failure);
  }

  const RedisOptions options_;
  const RedisPeer peer_;
  const Handlers handlers_;
  const RedisFailure interrupted_;  // Made while there is memory.
  LoginExchange login_;
  asio::io_context& context_;
  std::optional<tcp::resolver> resolver_;  // Empty after the end.
  std::optional<net::Wire> wire_;          // Set once the name is resolved.
  asio::steady_timer timer_;
  bool is_closed_ = false;
  bool is_securing_ = false;  // The TLS handshake is under way.
  bool is_open_ = false;      // Commands can be written.
  bool has_heard_ = false;
  bool is_ready_ = false;
  bool is_paused_ = false;
  bool is_reading_ = false;
  bool is_processing_ = false;  // Replies are being handled.
  PushBacklog backlog_;
  Clock::time_point started_;
  Clock::time_point heard_or_asked_;  // When the last byte arrived, or when a command ended an idle
                                      // time.
  std::deque<Owed> owed_;
  std::string outgoing_;
  std::string writing_;
  std::array<char, 16'384> incoming_{};
  RespReader reader_;
};

RedisConnection::RedisConnection(asio::io_context& context, const RedisOptions& options,
                                 const RedisAddress& address, Handlers handlers, RedisLogin login)
    : implementation_(
          std::make_shared<Implementation>(context, options, address, std::move(handlers), login)) {
  try {
    implementation_->start();
  } catch (...) {
    implementation_->close();  // Operations that were started must not call the handlers.
    throw;
  }
}

RedisConnection::~RedisConnection() {
  implementation_->close();
}

void RedisConnection::send(std::initializer_list<std::string_view> command) {
  implementation_->send(command);
}

void RedisConnection::send(const Command& command) {
  implementation_->send(command);
}

void RedisConnection::pause(bool pauses) {
  implementation_->pause(pauses);
}

}  // namespace regstream::broker
