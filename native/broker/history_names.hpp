#pragma once

#include <string>
#include <string_view>

namespace regstream::broker {

/// The names of one workflow's keys and channels in Redis. All are derived from its channel. The
/// braces are Redis Cluster's hash tag: they keep the keys in one slot.
class HistoryNames {
 public:
  explicit HistoryNames(std::string_view channel)
      : channel_(channel), tag_("{" + channel_ + "}:") {}

  /// For updates, and for anyone's bare PUBLISH.
  [[nodiscard]] const std::string& channel() const { return channel_; }
  /// Where gateways learn a bare message's place in the history. Other listeners have already
  /// received the message on the channel, and should not receive it twice.
  [[nodiscard]] std::string adopted_channel() const { return tag_ + "adopted"; }

  [[nodiscard]] std::string history() const { return tag_ + "history"; }
  /// Where the script keeps which server wrote the history.
  [[nodiscard]] std::string server() const { return tag_ + "server"; }
  /// Where the script remembers a publisher's latest batches.
  [[nodiscard]] std::string publisher(std::string_view name) const {
    return tag_ + "publisher:" + std::string{name};
  }
  /// Where the script remembers the id of an update with this key.
  [[nodiscard]] std::string update(std::string_view key) const {
    return tag_ + "key:" + std::string{key};
  }
  /// Nothing is ever stored here.
  [[nodiscard]] std::string probe() const { return tag_ + "probe"; }
  /// Where gateways add their deployment's name.
  [[nodiscard]] std::string deployments() const { return tag_ + "deployments"; }
  /// Where a ticket is kept until it is used.
  [[nodiscard]] std::string ticket(std::string_view name) const {
    return tag_ + "ticket:" + std::string{name};
  }
  /// A pattern for all keys, for Redis's ACL.
  [[nodiscard]] std::string all_keys() const { return tag_ + "*"; }

 private:
  std::string channel_;
  std::string tag_;
};

}  // namespace regstream::broker
