#pragma once

#include <boost/asio/io_context.hpp>

namespace regstream::net {

/// Runs `context` until it is stopped or has nothing left to do.
///
/// An exception that leaves a handler, such as `std::bad_alloc`, destroys what the handler owned.
/// It is logged, and everything else goes on. A connection is owned by its pending operation, so an
/// exception that a connection causes closes that connection only.
void run(boost::asio::io_context& context);

}  // namespace regstream::net
