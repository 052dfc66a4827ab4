#include "cli/terminal.hpp"

#include <iostream>

#include <nlohmann/json.hpp>

#include "log/printable.hpp"

namespace regstream::cli {

void print_json(const nlohmann::ordered_json& line) {
  std::cout << printable(
                   line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace))
            << std::endl;
}

void complain(std::string_view command, std::string_view what) {
  std::cerr << "regstream" << (command.empty() ? "" : " ") << command << ": "
            << printable_message(what) << std::endl;
}

}  // namespace regstream::cli
