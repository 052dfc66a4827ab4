// Writes the generated part of docs/connection.md. The argument is the core's folder.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "connection_document.hpp"

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::cerr << "Usage: connection_diagram FOLDER-OF-THE-CORE\n";
    return 2;
  }
  const std::string core = arguments[1];
  const std::string path = core + "/docs/connection.md";
  const std::string header = read(core + "/include/regstream/connection/transitions.hpp");
  const auto document =
      regstream::docs::with_generated(read(path), regstream::docs::describe_connection(header));
  if (header.empty() || !document) {
    std::cerr << "connection_diagram: " << core << " has no transitions.hpp, or " << path
              << " has no markers\n";
    return 1;
  }
  std::ofstream file(path, std::ios::binary);
  file << *document << std::flush;
  if (!file) {
    std::cerr << "connection_diagram: can't write " << path << '\n';
    return 1;
  }
  return 0;
}
