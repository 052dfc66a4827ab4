#include "net/request_log.hpp"

#include <exception>

#include "log/log.hpp"
#include "net/steady_now.hpp"

namespace regstream::net {

namespace http = boost::beast::http;

namespace {

// Also "unknown" if no method could be read.
std::string_view name_of(http::verb method) {
  return method == http::verb::unknown ? "unknown" : std::string_view(http::to_string(method));
}

std::int64_t number_of(http::status status) {
  return static_cast<std::int64_t>(status);
}

}  // namespace

StreamEntry::StreamEntry(const AskedRequest& request)
    : route_(request.route), opened_(steady_now()) {}

StreamEntry::~StreamEntry() {
  try {
    logging::record("stream ended", {{"route", route_},
                                     {"reason", reason_},
                                     {"bytes", static_cast<std::int64_t>(bytes_)},
                                     {"duration_ms", (steady_now() - opened_).count()}});
  } catch (const std::exception&) {  // There is no memory for the line.
  }
}

void RequestLog::answered(const AskedRequest& request, http::status status, std::size_t bytes,
                          bool is_whole, Instant now) {
  ++answers_[status];
  if (!writes_lines_) {
    return;
  }
  logging::record(is_whole ? "request" : "request cut off",
                  {{"method", name_of(request.method)},
                   {"route", request.route},
                   {"status", number_of(status)},
                   {"bytes", static_cast<std::int64_t>(bytes)},
                   {"duration_ms", (now - request.began).count()}});
}

StreamEntryPtr RequestLog::opened(const AskedRequest& request) {
  ++answers_[http::status::ok];
  if (!writes_lines_) {
    return nullptr;
  }
  logging::record("stream opened", {{"method", name_of(request.method)},
                                    {"route", request.route},
                                    {"status", number_of(http::status::ok)}});
  return std::make_unique<StreamEntry>(request);
}

}  // namespace regstream::net
