#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include <regstream/time.hpp>

namespace regstream::net {

/// What may be logged about a request. It has no text that the client chose: no path, no query, no
/// field, no address.
struct AskedRequest {
  boost::beast::http::verb method = boost::beast::http::verb::unknown;
  /// The pattern of the route that the request matched. Valid as long as the router.
  std::string_view route = "none";
  Instant began{};  ///< When its first byte was read.
};

/// A stream's end in the log. Written when this is destroyed, whatever the reason.
class StreamEntry {
 public:
  explicit StreamEntry(const AskedRequest& request);
  StreamEntry(const StreamEntry&) = delete;
  StreamEntry& operator=(const StreamEntry&) = delete;
  ~StreamEntry();

  void sent(std::size_t bytes) { bytes_ += bytes; }
  /// `reason` must be a string literal.
  void ends(std::string_view reason) { reason_ = reason; }

 private:
  std::string_view route_;
  std::string_view reason_ = "failed";
  std::uint64_t bytes_ = 0;
  Instant opened_;
};

/// As small as a pointer, because each stream has one. Null if requests are not logged.
using StreamEntryPtr = std::unique_ptr<StreamEntry>;

/// Counts a server's responses, and logs a line for each if asked to. Every response passes here,
/// also one to bytes that could not be read as a request.
class RequestLog {
 public:
  explicit RequestLog(bool writes_lines) : writes_lines_(writes_lines) {}

  /// A response is over. `bytes` were sent, head and body without TLS. `is_whole` is false if the
  /// client left before the last byte, or was cut off.
  void answered(const AskedRequest& request, boost::beast::http::status status, std::size_t bytes,
                bool is_whole, Instant now);
  /// The response is a stream that begins now. Keep the entry until the stream ends.
  [[nodiscard]] StreamEntryPtr opened(const AskedRequest& request);

  /// Responses since the start, streams included, by status.
  using Counts = std::map<boost::beast::http::status, std::uint64_t>;
  [[nodiscard]] const Counts& answers() const { return answers_; }

 private:
  bool writes_lines_;
  Counts answers_;
};

}  // namespace regstream::net
