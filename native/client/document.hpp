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

/// What a server may make a fetch hold or take.
struct DocumentLimits {
  /// A set of keys has some thousand bytes.
  std::size_t bytes_max = 1U << 20U;
  /// In all, from the look-up of the host's name on: whoever waits for the keys waits for this.
  Duration time_max{10'000};
  /// Of https. A document of this machine is asked for without TLS, and may lead nowhere else.
  int redirects_max = 3;
};

struct DocumentRequest {
  std::string url;             ///< See `document_url_problem`.
  std::string accept = "*/*";  ///< The media types that are wanted (RFC 9110, 12.5.1).
  std::string ca_file;         ///< Of issuers that are trusted; empty: the system's.
  DocumentLimits limits = {};
};

struct Document {
  std::string body;
  /// How long the server lets it be kept (Cache-Control: RFC 9111, 5.2.2). Nothing: it doesn't say.
  std::optional<Duration> max_age;
};

/// Why there is no document: a sentence without its full stop. Nothing of the URL's query.
struct DocumentFailure {
  std::string what;
};

using DocumentResult = std::variant<Document, DocumentFailure>;
using DocumentHandler = std::function<void(DocumentResult)>;

/// What keeps a URL from being fetched, as a sentence without its full stop: it has to be https,
/// or http of this machine, since whoever could change the document on its way decides what is
/// trusted.
[[nodiscard]] std::optional<std::string> document_url_problem(std::string_view url);

/// Asks for a document once. `fetched` is called once, by the loop, and never within this call.
void fetch_document(boost::asio::io_context& context, DocumentRequest request,
                    DocumentHandler fetched);

}  // namespace regstream::client
