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

/// What may be told of a request. Nothing of it is the client's own words: no path, no query, no
/// field, no address.
struct AskedRequest {
  boost::beast::http::verb method = boost::beast::http::verb::unknown;
  /// The pattern that a route was added by. Holds as long as the router.
  std::string_view route = "none";
  Instant began{};  ///< When its first byte was read.
};

/// A stream's end in the log: written when this goes, whoever had it, and however that comes.
class StreamEntry {
 public:
  explicit StreamEntry(const AskedRequest& request);
  StreamEntry(const StreamEntry&) = delete;
  StreamEntry& operator=(const StreamEntry&) = delete;
  ~StreamEntry();

  void sent(std::size_t bytes) { bytes_ += bytes; }
  /// `reason` is a constant of the sources.
  void ends(std::string_view reason) { reason_ = reason; }

 private:
  std::string_view route_;
  std::string_view reason_ = "failed";
  std::uint64_t bytes_ = 0;
  Instant opened_;
};

/// As small as a pointer, since each stream has one. Null where requests are not logged.
using StreamEntryPtr = std::unique_ptr<StreamEntry>;

/// What became of the requests of a server: counts each answer, and writes a line about it if it is
/// to. Every answer passes here, those to what could not be read as a request as well.
class RequestLog {
 public:
  explicit RequestLog(bool writes_lines) : writes_lines_(writes_lines) {}

  /// An answer is over. `bytes` went out, head and body without TLS; not `is_whole`: the client
  /// left before the last one, or was cut off.
  void answered(const AskedRequest& request, boost::beast::http::status status, std::size_t bytes,
                bool is_whole, Instant now);
  /// The answer is a stream, and begins: whoever serves it keeps the entry until it ends.
  [[nodiscard]] StreamEntryPtr opened(const AskedRequest& request);

  /// Answers so far, streams included. Their statuses are those that the sources name.
  using Counts = std::map<boost::beast::http::status, std::uint64_t>;
  [[nodiscard]] const Counts& answers() const { return answers_; }

 private:
  bool writes_lines_;
  Counts answers_;
};

}  // namespace regstream::net
