#include "input.hpp"
#include "wasm/call_program.hpp"

// The functions that JavaScript calls, in any order and with any arguments: a program of calls, one
// a line (tests/unit/wasm/call_program.hpp). A violated rule is thrown.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regstream::fuzz::Input input{data, size};
  regstream::abi::CallProgram program;
  while (!input.rest().empty()) {
    program.run_line(input.until('\n'));
  }
  program.finish();
  return 0;
}
