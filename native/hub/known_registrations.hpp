#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include <regstream/message/update.hpp>
#include <regstream/registration/registration.hpp>

namespace regstream::hub {

/// How much may be remembered. Whichever limit is reached first, the registrations that have been
/// quiet for longest are forgotten: a late joiner then gets no snapshot, only what comes.
struct KnownRegistrationsLimits {
  std::size_t count_max = 10'000;
  /// Texts of all views together, and the updates kept to be put in order; messages of a megabyte
  /// are legal, and ten thousand would be 10 GB.
  std::size_t bytes_max = 64U << 20U;
};

/// What has been heard of each registration lately, for those who join late.
class KnownRegistrations {
 public:
  explicit KnownRegistrations(KnownRegistrationsLimits limits = {}) : limits_(limits) {}

  void apply(const Update& update);

  void clear();

  /// Null: nothing is known. Holds until the next call of a method that is not const.
  [[nodiscard]] const RegistrationView* find(std::int64_t registration_id) const;

  [[nodiscard]] std::size_t size() const { return by_id_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Registration registration;
    std::size_t bytes;
  };

  KnownRegistrationsLimits limits_;
  std::list<Entry> entries_;  // The one heard of last comes first.
  std::unordered_map<std::int64_t, std::list<Entry>::iterator> by_id_;
  std::size_t bytes_ = 0;
};

}  // namespace regstream::hub
