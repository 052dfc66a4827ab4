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

/// Limits of one reply. The peer may be anyone and announce anything: an excess is refused before
/// memory is allocated for it.
struct ReplyLimits {
  /// Its texts, and the beginning of the next reply. This is Redis's own default limit for what it
  /// buffers for a subscriber (client-output-buffer-limit).
  std::size_t bytes_max = 32U << 20U;
  /// Twice as many as the longest page of the history. Each takes some 60 bytes, however short it
  /// is.
  std::size_t elements_max = 1U << 17U;
  /// Nesting of arrays. XREAD's answer has four levels. Freeing a reply needs stack for each.
  std::size_t depth_max = 8;
};

/// Bytes in, replies out.
class RespReader {
 public:
  explicit RespReader(const ReplyLimits& limits = {});
  RespReader(const RespReader&) = delete;
  RespReader& operator=(const RespReader&) = delete;
  ~RespReader();

  /// False: the bytes are not RESP, and reading can't continue.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// The next complete reply. Null: it has not arrived yet, or (`is_broken`) never will.
  [[nodiscard]] Reply next();
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  /// The reply exceeded `ReplyLimits`.
  [[nodiscard]] bool is_oversized() const;
  /// Bytes held for an incomplete reply.
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

/// The text of a status, error or bulk string; else empty.
[[nodiscard]] std::string_view reply_text(const redisReply& reply);

/// The payload of a message that Redis pushes to a subscriber: `["message", channel, payload]`.
/// Null: the reply is not such a message.
[[nodiscard]] const redisReply* pushed_payload(const redisReply& reply);

/// The value of a line "name:value" in INFO's answer. Empty: there is none.
[[nodiscard]] std::string_view info_field(std::string_view info, std::string_view name);

/// The words of one command.
using Command = std::vector<std::string>;

/// Appends one command as an array of bulk strings.
void append_command(std::string& out, std::initializer_list<std::string_view> command);
void append_command(std::string& out, const Command& command);

}  // namespace regstream::broker
