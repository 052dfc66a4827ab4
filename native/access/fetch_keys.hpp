#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "access/key_keeper.hpp"

namespace regstream::access {

/// Fetches a JWKS. Calls `done` once, on the loop's thread, during the call or later.
using FetchKeys =
    std::function<void(const std::string& url, std::function<void(FetchResult)> done)>;

/// Fetches with the client of `fetch_document`. `ca_file` has the trusted issuers of certificates;
/// empty: the system's. `context` must outlive the returned function.
[[nodiscard]] FetchKeys fetch_keys_by_https(boost::asio::io_context& context, std::string ca_file);

}  // namespace regstream::access
