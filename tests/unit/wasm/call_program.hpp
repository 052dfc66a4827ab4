#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace regstream::abi {

// clang-format off
/// Any calls of the ABI, with any arguments, as a program of text: one call a line, a letter and then its arguments.
/// A missing argument is 0. Numbers are read as strtod reads them ("nan", "inf", "-1e300"). A handle below 16 is an
/// index into the handles that the program got: those of workflows, or those of clients and then of parsers. Any other
/// number is the handle itself. The input follows `|`, where "\n" is a line feed; `*` is the part of it that the sizes
/// before it leave over.
///
///     W size |input   w workflow ends ids_size |input                 workflow_create, query_size
///     C workflow policy seed seed traits ends ids_size id_size |input    client_create
///     V h id_size view_size |input   f h ids_size time |input         _restore, _follow
///     X h   c h time   x h time   s h signal time                     _destroy, _connect, _close, _signal
///     t h attempt time   T h attempt failure time                     _token, _token_failed
///     r h attempt status is_event_stream is_coded retry_after time    _response
///     e h attempt id_size data_size time |input                       _event
///     b h attempt size time |input                                    _bytes
///     B h attempt size time |input                                    _probe_bytes
///     E h attempt end time   d h   h h time   p h                     _end, _deadline, _handle_deadline, _poll
///     P line_max event_max id_max id_size |input                      parser_create
///     Q h   q h size |input   R h   y h   l h             _destroy, _push, _reconnect, _retry, _last_event_id
///     i size                                                          input
// clang-format on
class CallProgram {
 public:
  /// Makes the call, and reads all its results. Throws if they break the ABI's promises.
  void run_line(std::string_view line);
  /// Frees everything, and checks that no handle finds anything any more.
  void finish();

 private:
  void call_workflow(char what);
  void call_client(char what);
  void call_parser(char what);
  double number();
  std::uint32_t word();
  std::uint32_t handle();
  std::uint32_t workflow();
  std::uint32_t size();
  /// What a call with `bytes` of input produced.
  static void read_batch(std::int32_t count, std::uint32_t bytes);

  std::string_view arguments_;
  std::uint32_t input_rest_ = 0;  ///< The input that no size of the line has used yet.
  std::vector<std::uint32_t> workflows_;
  std::vector<std::uint32_t> clients_;
  std::vector<std::uint32_t> parsers_;
};

}  // namespace regstream::abi
