#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// The way from publishers to gateways: one channel of JSON messages.
namespace regstream::broker {

/// The channel's name in Redis (the contract's).
inline constexpr std::string_view channel_name = "service:registration-updates";

/// Why a publish did not reach the broker; empty optional: it did.
struct PublishError {
  std::string what;  ///< One sentence: what failed, where, what to do.
};
using PublishHandler = std::function<void(std::optional<PublishError>)>;

/// Carries messages to every subscriber of the channel, this process's own included.
class Broker {
 public:
  Broker() = default;
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  virtual ~Broker() = default;

  /// Publishes one message: the JSON text of an update. Callable from any thread; messages of one
  /// thread keep their order. `done` (may be empty) is called on the broker's thread.
  virtual void publish(std::string message, PublishHandler done) = 0;

  /// Sets who hears the channel. Both are called on the broker's thread; the view holds during the
  /// call. `on_gap` (may be empty) says that messages may have been missed before the next one.
  virtual void subscribe(std::function<void(std::string_view message)> on_message,
                         std::function<void()> on_gap) = 0;

  /// False while messages of others can't be heard (Redis is away).
  [[nodiscard]] virtual bool is_connected() const = 0;
};

}  // namespace regstream::broker
