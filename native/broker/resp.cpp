#include "broker/resp.hpp"

#include <memory>
#include <new>

namespace regstream::broker {
namespace {

template <typename Words>
void append_words(std::string& out, const Words& words) {
  out.append("*").append(std::to_string(words.size())).append("\r\n");
  for (const auto& word : words) {
    out.append("$").append(std::to_string(word.size())).append("\r\n");
    out.append(word).append("\r\n");
  }
}

}  // namespace

/// Counts hiredis' reply objects before it lets hiredis make them.
struct RespReader::Guard {
  explicit Guard(const ReplyLimits& reply_limits) : limits(reply_limits) {}

  static Guard& of(const redisReadTask* task) { return *static_cast<Guard*>(task->privdata); }

  /// After one refusal everything is refused: hiredis treats null as a lack of memory, and stops.
  bool refuse(bool is_too_much) {
    is_oversized = is_oversized || is_too_much;
    return is_oversized;
  }

  static void* create_string(const redisReadTask* task, char* text, std::size_t size) {
    Guard& guard = of(task);
    guard.bytes += size;
    return guard.refuse(guard.bytes > guard.limits.bytes_max)
               ? nullptr
               : guard.standard.createString(task, text, size);
  }

  /// hiredis counts elements as int, or, from 1.0 on, as std::size_t.
  template <typename Count>
  static void* create_array(const redisReadTask* task, Count elements) {
    Guard& guard = of(task);
    guard.elements += static_cast<std::size_t>(elements);
    std::size_t depth = 1;
    for (const auto* outer = task->parent; outer != nullptr; outer = outer->parent) {
      ++depth;
    }
    return guard.refuse(guard.elements > guard.limits.elements_max ||
                        depth > guard.limits.depth_max)
               ? nullptr
               : guard.standard.createArray(task, elements);
  }

  ReplyLimits limits;
  redisReplyObjectFunctions standard{};
  redisReplyObjectFunctions counting{};
  std::size_t bytes = 0;     // Of the reply that is being read.
  std::size_t elements = 0;  // Announced by it.
  bool is_oversized = false;
};

RespReader::RespReader(const ReplyLimits& limits)
    : guard_(std::make_unique<Guard>(limits)), reader_(redisReaderCreate()) {
  if (!reader_) {
    throw std::bad_alloc();
  }
  guard_->standard = *reader_->fn;
  guard_->counting = guard_->standard;
  guard_->counting.createString = Guard::create_string;
  guard_->counting.createArray = Guard::create_array;
  reader_->fn = &guard_->counting;
  reader_->privdata = guard_.get();
}

RespReader::~RespReader() = default;

bool RespReader::feed(std::string_view bytes) {
  is_broken_ = is_broken_ || redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK;
  return !is_broken_;
}

Reply RespReader::next() {
  void* reply = nullptr;
  is_broken_ = is_broken_ || redisReaderGetReply(reader_.get(), &reply) != REDIS_OK;
  if (reply != nullptr) {
    guard_->bytes = 0;
    guard_->elements = 0;
  } else if (held_bytes() > guard_->limits.bytes_max) {
    guard_->is_oversized = true;
    is_broken_ = true;
  }
  return Reply{static_cast<redisReply*>(reply)};
}

bool RespReader::is_oversized() const {
  return guard_->is_oversized;
}

std::size_t RespReader::held_bytes() const {
  return reader_->len - reader_->pos + guard_->bytes;
}

std::string_view reply_text(const redisReply& reply) {
  const bool has_text = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS ||
                        reply.type == REDIS_REPLY_ERROR;
  return has_text ? std::string_view{reply.str, reply.len} : std::string_view{};
}

const redisReply* pushed_payload(const redisReply& reply) {
  const bool is_push = reply.type == REDIS_REPLY_ARRAY && reply.elements == 3 &&
                       reply_text(*reply.element[0]) == "message" &&
                       reply.element[2]->type == REDIS_REPLY_STRING;
  return is_push ? reply.element[2] : nullptr;
}

std::string_view info_field(std::string_view info, std::string_view name) {
  const std::size_t begin = info.find("\n" + std::string{name} + ":");
  if (begin == std::string_view::npos) {
    return {};
  }
  const std::string_view value = info.substr(begin + name.size() + 2);
  return value.substr(0, value.find_first_of("\r\n"));
}

void append_command(std::string& out, std::initializer_list<std::string_view> command) {
  append_words(out, command);
}

void append_command(std::string& out, const Command& command) {
  append_words(out, command);
}

}  // namespace regstream::broker
