#pragma once

#include <string_view>

#include <regstream/sse/parser.hpp>

#include "batch.hpp"

namespace regstream::abi {

/// Parses `bytes`, and writes records of the events that they complete into the empty `batch`.
void write_events(Batch& batch, sse::Parser& parser, std::string_view bytes);

}  // namespace regstream::abi
