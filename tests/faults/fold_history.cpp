// What the updates of a history add up to: each line of the input is an update as the history holds
// it, each line of the output the update's id, and the fingerprint of its registration's view once
// that update is in it. An update of another epoch begins everything anew.

#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <variant>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>

#include "fingerprint.hpp"

int main() {
  std::uint64_t epoch = 0;
  std::map<std::int64_t, regstream::Registration> registrations;
  for (std::string line; std::getline(std::cin, line);) {
    const auto decoded = regstream::decode_update(line);
    const auto* const update = std::get_if<regstream::Update>(&decoded);
    if (update == nullptr || !update->id) {
      std::cerr << "not an update of a history: " << line << '\n';
      return 1;
    }
    if (update->id->epoch != epoch) {
      epoch = update->id->epoch;
      registrations.clear();
    }
    auto& registration =
        registrations.try_emplace(update->registration_id, update->registration_id).first->second;
    registration.apply(*update);
    std::cout << to_string(*update->id) << ' '
              << fingerprint(regstream::encode_view(registration.view())) << '\n';
  }
  return 0;
}
