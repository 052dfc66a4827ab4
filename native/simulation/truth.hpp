#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <regstream/message/event_id.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/registration/view.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/registration.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::simulation {

/// A number that two views of a workflow's instance share only if they are equal.
[[nodiscard]] std::uint64_t mark_of(const RegistrationView& view, const Workflow& workflow);

/// Messages on the channel that don't come from the history.
enum class Forgery : std::uint8_t {
  no_message,  ///< Not a message that a history stores.
  known_id,    ///< An update with an id that the history gave to another one.
  unknown_id,  ///< An update with an id that the history has not given out.
  copy,        ///< A repeated message of the history.
};

/// Everything that has ever entered a workflow's history, by epoch, also what Redis has forgotten
/// since. It also checks what enters: each message once, and each publisher's messages in order.
class Truth {
 public:
  /// `may_fork`: several servers may have histories, each with epochs of its own.
  explicit Truth(const Workflow& workflow = registration_workflow(), bool may_fork = false)
      : workflow_(workflow), may_fork_(may_fork) {}

  struct Entry {
    std::string text;
    std::string message;               ///< As published, with its id.
    std::int64_t registration_id = 0;  ///< 0 if it is not an update.
    Instant entered = {};
  };
  /// The result of one registration's updates.
  struct State {
    std::uint64_t mark = 0;  ///< The view's mark.
    /// The sequence of the final update; 0 if it has not ended.
    std::uint64_t final_update = 0;
  };
  /// The updates of one registration.
  struct Story {
    std::vector<std::uint64_t> sequences;
    // The state after each of the first updates, as far as it was needed.
    std::optional<Registration> folded;
    std::vector<State> states;
  };
  struct Epoch {
    std::vector<Entry> entries;  ///< The first has the sequence 1.
    [[nodiscard]] const Entry& entry(std::uint64_t sequence) const {
      return entries[static_cast<std::size_t>(sequence - 1)];
    }
    std::map<std::int64_t, Story> stories;  ///< By registration.
    std::unordered_set<std::string>
        messages;  ///< The messages of all entries that it has ever had.
    /// The sequences of each text.
    std::unordered_map<std::string, std::vector<std::uint64_t>> origins;
    std::map<std::uint64_t, std::uint64_t> newest_of;  ///< The newest number of each sender.
    /// Redis restarted without the epoch's newest entries. Their ids may belong to other entries
    /// now, so what was delivered before can't be judged.
    bool was_rolled_back = false;
    std::uint64_t given = 0;            ///< The greatest sequence that was ever given out.
    std::vector<std::uint64_t> losses;  ///< Sequences of the entries that record a loss.
    /// The first sequence that Redis still holds. A late reader can't know those before it.
    std::uint64_t oldest = 1;
    [[nodiscard]] bool was_trimmed() const { return oldest > 1; }
  };

  /// An epoch begins. Throws `Violation` if it is not newer than all others; or, if the history may
  /// fork, if it existed already.
  void begin(std::uint64_t epoch);
  /// Appends an entry. Throws `Violation` if `id` is not the next one, if `text` must not enter, if
  /// it is a message of this epoch that was adopted as a bare one, or if this epoch has it already
  /// as often as it was sent. Two cases are not violations. The entry of a bare message was
  /// trimmed: a gateway that has neither heard nor read that entry must assume that it was lost,
  /// although older data may bring it back. Or Redis restarted with older data and gave out ids
  /// again, or ids of an epoch that another one had followed, before a process came that knew
  /// better: gateways recognise an adopted message by its id. That is a `Violation` by itself,
  /// unless the history `may_go_back`.
  void append(EventId id, const std::string& text, const std::string& message, bool is_adopted,
              Instant now = {});
  /// Appends an entry without a message. Every stream that passes it must get a reset.
  void record_loss(EventId id);
  /// How often a loss was recorded or an epoch began. Each time every stream must get a reset.
  [[nodiscard]] std::uint64_t resets_required() const { return resets_required_; }
  /// If the history may fork: the end of the branch that continues.
  void settle(EventId end) { end_ = end; }
  /// Redis restarts with an older history. `may_go_back`: it can't know that, and continues there.
  void roll_back(EventId end, bool may_go_back);
  /// From now on `text` may enter, as `number` of `sender`: after those with lower numbers.
  void expect(const std::string& text, std::uint64_t sender, std::uint64_t number) {
    senders_[text] = {.sender = sender, .number = number};
  }
  /// Another sender sends the same text, so it may enter at any time.
  void expect_any_time(const std::string& text) { senders_.erase(text); }
  /// The same bare text is published again, so it may enter once more.
  void expect_again(const std::string& text) { ++repeats_[text]; }
  /// `text` is forged on the channel. `no_message` must never enter. `known_id` and `copy` must not
  /// enter either, unless this epoch is lost: a gateway that never knew it adopts them as bare
  /// messages.
  void expect_forged(const std::string& text, Forgery forgery) {
    forged_[text] = {.forgery = forgery, .epoch = end_.epoch};
    if (forgery == Forgery::copy) {
      expect_again(text);
    }
  }
  [[nodiscard]] bool is_forged(const std::string& text, Forgery forgery) const {
    const auto found = forged_.find(text);
    return found != forged_.end() && found->second.forgery == forgery;
  }
  /// Redis has removed everything before `oldest`.
  void trim(EventId oldest);

  /// Null if there is no such epoch.
  [[nodiscard]] const Epoch* epoch(std::uint64_t epoch) const;
  /// The newest entry, or the beginning of its epoch.
  [[nodiscard]] EventId end() const { return end_; }
  /// False if what was delivered with `id` can't be compared any more. Throws `Violation` if its
  /// epoch never existed.
  [[nodiscard]] bool can_judge(EventId id) const;
  /// The history of `id` was replaced by another one.
  [[nodiscard]] bool was_lost(EventId id) const {
    return id.epoch < end_.epoch || !can_judge(id) || (may_fork_ && epochs_.size() > 1);
  }
  /// Whether the text is in the newest epoch, or was trimmed.
  [[nodiscard]] bool is_kept(const std::string& text) const;
  /// The first entry in (after, before) about `registration_id`, or about any registration if that
  /// is empty.
  [[nodiscard]] std::optional<EventId> between(EventId after, EventId before,
                                               std::optional<std::int64_t> registration_id) const;
  /// The first entry in (after, before) that records a loss.
  [[nodiscard]] std::optional<EventId> loss_between(EventId after, EventId before) const;
  /// The state after the entries up to `position`. Empty if none is about the registration.
  [[nodiscard]] std::optional<State> state(std::int64_t registration_id, EventId position) const;
  /// The mark of the view in that state.
  [[nodiscard]] std::optional<std::uint64_t> view_mark(std::int64_t registration_id,
                                                       EventId position) const {
    const auto found = state(registration_id, position);
    return found ? std::optional{found->mark} : std::nullopt;
  }
  /// The final update, as of `position`. Empty if the registration has not ended there.
  [[nodiscard]] std::optional<EventId> final_update(std::int64_t registration_id,
                                                    EventId position) const {
    const auto found = state(registration_id, position);
    const bool has_ended = found && found->final_update != 0;
    return has_ended
               ? std::optional{EventId{.epoch = position.epoch, .sequence = found->final_update}}
               : std::nullopt;
  }
  [[nodiscard]] const Workflow& workflow() const { return workflow_; }
  /// How often `text` has entered a history.
  [[nodiscard]] std::size_t times_entered(const std::string& text) const {
    const auto found = entered_.find(text);
    return found == entered_.end() ? 0 : found->second;
  }

 private:
  struct Sent {
    std::uint64_t sender;
    std::uint64_t number;
  };
  struct Forged {
    Forgery forgery;
    std::uint64_t epoch;  // The newest epoch at that time.
  };

  [[nodiscard]] std::size_t times_sent(const std::string& text) const {
    const auto found = repeats_.find(text);
    return found == repeats_.end() ? 1 : 1 + found->second;
  }
  Epoch& extend(EventId id);
  void check_order(Epoch& epoch, EventId id, const std::string& text) const;
  void check_forged(const Epoch& epoch, EventId id, const std::string& text) const;

  const Workflow& workflow_;
  const bool may_fork_;
  mutable std::map<std::uint64_t, Epoch>
      epochs_;  // Mutable, because stories are folded when they are needed.
  std::unordered_map<std::string, Sent> senders_;
  std::unordered_map<std::string, Forged> forged_;
  std::unordered_map<std::string, std::size_t> repeats_;  // How often each text was repeated.
  std::unordered_map<std::string, std::size_t> entered_;
  std::unordered_set<std::string> trimmed_;  // Texts.
  EventId end_;
  std::uint64_t resets_required_ = 0;
  bool may_go_back_ = false;
  bool has_gone_back_ = false;
};

}  // namespace regstream::simulation
