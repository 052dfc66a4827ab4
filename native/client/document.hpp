#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/io_context.hpp>

#include <regstream/time.hpp>

namespace regstream::client {

/// Limits on what a server can make a fetch store, and on its time.
struct DocumentLimits {
  /// A set of keys has a few thousand bytes.
  std::size_t bytes_max = 1U << 20U;
  /// Time limit for all of it, the host's look-up included. Whoever waits for the keys waits for
  /// this.
  Duration time_max{10'000};
  /// Redirects that are followed with https. A document from this machine, without TLS, may not
  /// redirect.
  int redirects_max = 3;
};

struct DocumentRequest {
  std::string url;             ///< See `document_url_problem`.
  std::string accept = "*/*";  ///< The accepted media types (RFC 9110, 12.5.1).
  std::string ca_file;         ///< PEM file with CA certificates; empty: the system's.
  DocumentLimits limits = {};
};

struct Document {
  std::string body;
  /// How long the document may be cached (Cache-Control: RFC 9111, 5.2.2). Nothing if the server
  /// doesn't say.
  std::optional<Duration> max_age;
};

/// Why there is no document: a sentence without its full stop, and without the URL's query.
struct DocumentFailure {
  std::string what;
};

using DocumentResult = std::variant<Document, DocumentFailure>;
using DocumentHandler = std::function<void(DocumentResult)>;

/// Why a URL can't be fetched, as a sentence without its full stop. It must be https, or http on
/// this machine: otherwise someone on the way could change the document, and so decide what is
/// trusted.
[[nodiscard]] std::optional<std::string> document_url_problem(std::string_view url);

/// Requests a document. Calls `fetched` once, from the loop and never within this call.
void fetch_document(boost::asio::io_context& context, DocumentRequest request,
                    DocumentHandler fetched);

}  // namespace regstream::client
