#pragma once

#include <string_view>

#include <regstream/sse/parser.hpp>

#include "batch.hpp"

namespace regstream::abi {

/// Lets `parser` read `bytes`, and writes into `batch`, which is empty, records of what they
/// complete.
void write_events(Batch& batch, sse::Parser& parser, std::string_view bytes);

}  // namespace regstream::abi
