#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hiredis/hiredis.h>

/// Redis's protocol, RESP2: hiredis reads it, without its sockets.
namespace regstream::broker {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

/// What one reply may take. Whoever answers on Redis's port may announce anything: what is
/// announced is refused before there is memory for it.
struct ReplyLimits {
  /// Its texts, and what came of the next one. Redis's own default limit of what it holds for a
  /// subscriber (client-output-buffer-limit).
  std::size_t bytes_max = 32U << 20U;
  /// Twice what the longest page of the history has. Each takes some 60 bytes, however short it is.
  std::size_t elements_max = 1U << 17U;
  /// Arrays in arrays. XREAD's answer has four; freeing a reply takes stack for each.
  std::size_t depth_max = 8;
};

/// Bytes in, replies out.
class RespReader {
 public:
  explicit RespReader(const ReplyLimits& limits = {});
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;
  ~RespReader();

  /// False: what came so far is not RESP, and there is no way to go on.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// The next whole reply; null if it is not there yet, or (`is_broken`) never will be.
  [[nodiscard]] Reply next();
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  /// What broke it is more than `ReplyLimits` allow.
  [[nodiscard]] bool is_oversized() const;
  /// Held for a reply that is not whole yet.
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  struct Guard;
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::unique_ptr<Guard> guard_;  // The reader refers to it.
  std::unique_ptr<redisReader, FreeReader> reader_;
  bool is_broken_ = false;
};

/// The text of a reply that has one (status, error, bulk string); else empty.
[[nodiscard]] std::string_view reply_text(const redisReply& reply);

/// The payload of a message that Redis pushes to a subscriber, `["message", channel, payload]`;
/// null: the reply is none.
[[nodiscard]] const redisReply* pushed_payload(const redisReply& reply);

/// The value of a line "name:value" of what INFO answers; empty if there is none.
[[nodiscard]] std::string_view info_field(std::string_view info, std::string_view name);

/// The words of one command.
using Command = std::vector<std::string>;

/// Appends one command as an array of bulk strings.
void append_command(std::string& out, std::initializer_list<std::string_view> command);
void append_command(std::string& out, const Command& command);

}  // namespace regstream::broker
