#include "broker/resp.hpp"

#include <new>

namespace regstream::broker {

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
  out.append("*").append(std::to_string(command.size())).append("\r\n");
  for (const auto argument : command) {
    out.append("$").append(std::to_string(argument.size())).append("\r\n");
    out.append(argument).append("\r\n");
  }
}

}  // namespace regstream::broker
