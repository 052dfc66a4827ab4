#include "gateway/stream_request.hpp"

#include <charconv>

#include <regstream/message/update.hpp>

namespace regstream::gateway {

namespace {

std::optional<std::int64_t> read_registration_id(const std::string& text) {
  std::int64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || rest != end || id < 1 || id > registration_id_max) {
    return std::nullopt;
  }
  return id;
}

}  // namespace

std::variant<StreamRequest, StreamRequestError> read_stream_request(const net::Target& target) {
  const auto [first, last] = target.query.equal_range("registrationId");
  if (first == last) {
    return StreamRequest{};
  }
  if (std::next(first) != last) {
    return StreamRequestError{
        "registrationId is given more than once; a stream is of one registration, or of all "
        "without it."};
  }
  const std::optional<std::int64_t> id = read_registration_id(first->second);
  if (!id) {
    return StreamRequestError{"registrationId must be a number from 1 to " +
                              std::to_string(registration_id_max) + "."};
  }
  return StreamRequest{.registration_id = id};
}

}  // namespace regstream::gateway
