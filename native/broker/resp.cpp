#include "broker/resp.hpp"

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

RespReader::RespReader() : reader_(redisReaderCreate()) {
  if (!reader_) {
    throw std::bad_alloc();
  }
}

bool RespReader::feed(std::string_view bytes) {
  is_broken_ = is_broken_ || redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK;
  return !is_broken_;
}

Reply RespReader::next() {
  void* reply = nullptr;
  is_broken_ = is_broken_ || redisReaderGetReply(reader_.get(), &reply) != REDIS_OK;
  return Reply{static_cast<redisReply*>(reply)};
}

std::string_view reply_text(const redisReply& reply) {
  const bool has_text = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS ||
                        reply.type == REDIS_REPLY_ERROR;
  return has_text ? std::string_view{reply.str, reply.len} : std::string_view{};
}

void append_command(std::string& out, std::initializer_list<std::string_view> command) {
  append_words(out, command);
}

void append_command(std::string& out, const Command& command) {
  append_words(out, command);
}

}  // namespace regstream::broker
