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

/// Bytes in, replies out.
class RespReader {
 public:
  RespReader();

  /// False: what came so far is not RESP, and there is no way to go on.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// The next whole reply; null if it is not there yet, or (`is_broken`) never will be.
  [[nodiscard]] Reply next();
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  /// Held for a reply that is not whole yet.
  [[nodiscard]] std::size_t buffered_bytes() const { return reader_->len - reader_->pos; }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::unique_ptr<redisReader, FreeReader> reader_;
  bool is_broken_ = false;
};

/// The text of a reply that has one (status, error, bulk string); else empty.
[[nodiscard]] std::string_view reply_text(const redisReply& reply);

/// The words of one command.
using Command = std::vector<std::string>;

/// Appends one command as an array of bulk strings.
void append_command(std::string& out, std::initializer_list<std::string_view> command);
void append_command(std::string& out, const Command& command);

}  // namespace regstream::broker
