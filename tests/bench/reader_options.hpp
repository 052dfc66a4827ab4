#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What stream_readers is asked for: PORT COUNT [NAME=VALUE...], of these options:
//
//   query=QUERY      of the URL. In it, % is the number of the stream, from 1 on; in %1000 a
//                    thousand numbers take turns, so that the streams 1 and 1001 have 1
//   scheme=https     by TLS
//   tokens=FILE      a token for each stream, a line each
//   opening=COUNT    so many are being opened at a time; 100 by default: a listen queue holds that
//                    many on every system
//   connected=head   a stream counts as connected when it has its response's head; by default, when
//                    it has had its first event with an id
struct ReaderOptions {
  std::uint16_t port = 0;
  std::size_t count = 0;
  std::string query = {};
  bool speaks_tls = false;
  std::vector<std::string> tokens = {};  // None, or one for each stream.
  std::size_t opening_max = 100;
  bool is_connected_by_head = false;
};

// A whole number, and nothing else.
std::optional<std::uint64_t> read_number(std::string_view text);

// Throws std::runtime_error with what is wrong.
ReaderOptions read_reader_options(const std::vector<std::string>& arguments);
