#pragma once

#include <string>
#include <string_view>

namespace regstream::broker {

/// The names of one workflow's keys and channels in Redis: all of them follow from its channel.
/// The braces are Redis Cluster's hash tag: they keep the keys in one slot.
class HistoryNames {
 public:
  explicit HistoryNames(std::string_view channel)
      : channel_(channel), tag_("{" + channel_ + "}:") {}

  /// Of updates, and of anybody's bare PUBLISH.
  [[nodiscard]] const std::string& channel() const { return channel_; }
  /// Where gateways hear of a bare message's place in the history. Others have heard the message on
  /// the channel already, and need not hear it twice.
  [[nodiscard]] std::string adopted_channel() const { return tag_ + "adopted"; }

  [[nodiscard]] std::string history() const { return tag_ + "history"; }
  /// Where the script keeps which server has written the history.
  [[nodiscard]] std::string server() const { return tag_ + "server"; }
  /// Where the script keeps for a while which batches a publisher has sent last.
  [[nodiscard]] std::string publisher(std::string_view name) const {
    return tag_ + "publisher:" + std::string{name};
  }
  /// Where the script keeps for a while the id of an update that its application gave a key.
  [[nodiscard]] std::string update(std::string_view key) const {
    return tag_ + "key:" + std::string{key};
  }
  /// Nothing is ever stored under it.
  [[nodiscard]] std::string probe() const { return tag_ + "probe"; }
  /// Where gateways say which deployment they are of.
  [[nodiscard]] std::string deployments() const { return tag_ + "deployments"; }
  /// Where a ticket is kept until it is used.
  [[nodiscard]] std::string ticket(std::string_view name) const {
    return tag_ + "ticket:" + std::string{name};
  }
  /// A pattern of all keys, for Redis's ACL.
  [[nodiscard]] std::string all_keys() const { return tag_ + "*"; }

 private:
  std::string channel_;
  std::string tag_;
};

}  // namespace regstream::broker
