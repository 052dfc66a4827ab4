#pragma once

#include <boost/asio/io_context.hpp>

namespace regstream::net {

/// Runs `context` until it is stopped or has nothing left to do.
///
/// An exception that a handler throws, `std::bad_alloc` included, unwinds that handler and all that
/// it owned, and is logged; everything else goes on. This is where an exception ends that a
/// connection caused: a connection is owned by its pending operation, so that it closes with it.
void run(boost::asio::io_context& context);

}  // namespace regstream::net
