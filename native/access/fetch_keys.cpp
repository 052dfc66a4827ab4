#include "access/fetch_keys.hpp"

#include <utility>
#include <variant>

#include "access/access_limits.hpp"
#include "client/document.hpp"

namespace regstream::access {

FetchKeys fetch_keys_by_https(boost::asio::io_context& context, std::string ca_file) {
  return [&context, ca_file = std::move(ca_file)](const std::string& url,
                                                  std::function<void(FetchResult)> done) {
    client::DocumentRequest request{
        .url = url, .accept = "application/jwk-set+json, application/json", .ca_file = ca_file};
    request.limits.bytes_max = access_limits.key_file_bytes_max;
    client::fetch_document(
        context, std::move(request), [done = std::move(done)](client::DocumentResult result) {
          if (auto* const failure = std::get_if<client::DocumentFailure>(&result)) {
            done(FetchError{std::move(failure->what)});
            return;
          }
          auto& document = std::get<client::Document>(result);
          done(FetchedKeys{.text = std::move(document.body), .max_age = document.max_age});
        });
  };
}

}  // namespace regstream::access
