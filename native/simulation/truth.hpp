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

/// A number that two views of a workflow's instance have in common only if they are the same.
[[nodiscard]] std::uint64_t mark_of(const RegistrationView& view, const Workflow& workflow);

/// What somebody puts on the channel that is not of the history.
enum class Forgery : std::uint8_t {
  no_message,  ///< Nothing that a history takes in.
  known_id,    ///< An update under an id that the history has given to another one.
  unknown_id,  ///< An update under an id that the history has not given.
  copy,        ///< What the history has published, once more.
};

/// Everything that has entered a workflow's history, by epoch: what Redis has forgotten since, too.
/// It also judges what enters: each message once, and those of one publisher in their order.
class Truth {
 public:
  /// `may_fork`: several servers may have a history of it, each with epochs of its own.
  explicit Truth(const Workflow& workflow = registration_workflow(), bool may_fork = false)
      : workflow_(workflow), may_fork_(may_fork) {}

  struct Entry {
    std::string text;
    std::string message;               ///< As it went out, with its id.
    std::int64_t registration_id = 0;  ///< 0: it is no update, and concerns nobody.
    Instant entered = {};
  };
  /// What the updates of one registration come to.
  struct State {
    std::uint64_t mark = 0;  ///< Of the view.
    /// The sequence of the update that has ended it; 0: it has not ended.
    std::uint64_t final_update = 0;
  };
  /// The updates of one registration.
  struct Story {
    std::vector<std::uint64_t> sequences;
    // Of the first ones, as far as anybody has asked: what they come to, after each.
    std::optional<Registration> folded;
    std::vector<State> states;
  };
  struct Epoch {
    std::vector<Entry> entries;  ///< The first has the sequence 1.
    [[nodiscard]] const Entry& entry(std::uint64_t sequence) const {
      return entries[static_cast<std::size_t>(sequence - 1)];
    }
    std::map<std::int64_t, Story> stories;     ///< Of each registration.
    std::unordered_set<std::string> messages;  ///< Of all entries that it has ever had.
    /// The sequences at which a text stands.
    std::unordered_map<std::string, std::vector<std::uint64_t>> origins;
    std::map<std::uint64_t, std::uint64_t> newest_of;  ///< Of a sender: its number.
    /// Redis came back without its newest entries: others may have their ids now, and what was told
    /// before can't be judged.
    bool was_rolled_back = false;
    std::uint64_t given = 0;            ///< The greatest sequence that it has ever had.
    std::vector<std::uint64_t> losses;  ///< Sequences that tell of one.
    /// The first one that Redis still holds: who comes late can't know those before it.
    std::uint64_t oldest = 1;
    [[nodiscard]] bool was_trimmed() const { return oldest > 1; }
  };

  /// An epoch begins. Throws `Violation` if it is not newer than all before it; where the history
  /// may fork, if there was one.
  void begin(std::uint64_t epoch);
  /// Throws `Violation` if `id` is not the next, if `text` must not enter, is a message of this
  /// epoch that is taken for a bare one, or is in this epoch as often already as it was sent. Two
  /// cases are none. An entry of a bare message was trimmed: a gateway that has neither heard nor
  /// read that one must take it for lost, though older data may bring it back. Or Redis has come
  /// back with older data, and has given ids out again, or ids of an epoch that another one had
  /// followed, before somebody came who knew of that: by its ids a gateway tells what is adopted.
  /// That is a `Violation` itself, unless it `may_go_back`.
  void append(EventId id, const std::string& text, const std::string& message, bool is_adopted,
              Instant now = {});
  /// An entry without a message: whoever passes it has to be told by a reset.
  void record_loss(EventId id);
  /// How often that was told, or a history begun: then every stream is told that it may have missed
  /// something.
  [[nodiscard]] std::uint64_t resets_required() const { return resets_required_; }
  /// Where the history may fork: this is the end of the one that goes on.
  void settle(EventId end) { end_ = end; }
  /// Redis comes back with an older history. `may_go_back`: it can't know that, and goes on there.
  void roll_back(EventId end, bool may_go_back);
  /// From now on `text` may enter, `number` of `sender`: after those with lower numbers.
  void expect(const std::string& text, std::uint64_t sender, std::uint64_t number) {
    senders_[text] = {.sender = sender, .number = number};
  }
  /// Another one sends the same text: it may enter at any time.
  void expect_any_time(const std::string& text) { senders_.erase(text); }
  /// Somebody publishes the same bare text once more: it may enter once more.
  void expect_again(const std::string& text) { ++repeats_[text]; }
  /// Somebody puts `text` on the channel. `no_message` must never enter. Neither must `known_id`
  /// and `copy`, but once this epoch is lost: who has not known it takes them for bare messages.
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
  /// Redis holds nothing before `oldest` any more.
  void trim(EventId oldest);

  /// Null: there is no such epoch.
  [[nodiscard]] const Epoch* epoch(std::uint64_t epoch) const;
  /// The newest entry, or where its epoch began.
  [[nodiscard]] EventId end() const { return end_; }
  /// False: what was told under `id` can't be compared any more. Throws `Violation` if there never
  /// was such an epoch.
  [[nodiscard]] bool can_judge(EventId id) const;
  /// The history that `id` belonged to is another one now.
  [[nodiscard]] bool was_lost(EventId id) const {
    return id.epoch < end_.epoch || !can_judge(id) || (may_fork_ && epochs_.size() > 1);
  }
  /// It is in the newest epoch, or was trimmed.
  [[nodiscard]] bool is_kept(const std::string& text) const;
  /// The first entry in (after, before) that concerns `registration_id`, or anybody if it is empty.
  [[nodiscard]] std::optional<EventId> between(EventId after, EventId before,
                                               std::optional<std::int64_t> registration_id) const;
  /// The first entry in (after, before) that tells of a loss.
  [[nodiscard]] std::optional<EventId> loss_between(EventId after, EventId before) const;
  /// What the entries up to `position` come to. Empty: none concerns the registration.
  [[nodiscard]] std::optional<State> state(std::int64_t registration_id, EventId position) const;
  /// Likewise, the mark of the view.
  [[nodiscard]] std::optional<std::uint64_t> view_mark(std::int64_t registration_id,
                                                       EventId position) const {
    const auto found = state(registration_id, position);
    return found ? std::optional{found->mark} : std::nullopt;
  }
  /// The update by which it has ended, as of `position`. Empty: it has not.
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
    std::uint64_t epoch;  // The newest one at that time.
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
  mutable std::map<std::uint64_t, Epoch> epochs_;  // Stories are folded when somebody asks.
  std::unordered_map<std::string, Sent> senders_;
  std::unordered_map<std::string, Forged> forged_;
  std::unordered_map<std::string, std::size_t> repeats_;  // How often a text comes once more.
  std::unordered_map<std::string, std::size_t> entered_;
  std::unordered_set<std::string> trimmed_;  // Texts.
  EventId end_;
  std::uint64_t resets_required_ = 0;
  bool may_go_back_ = false;
  bool has_gone_back_ = false;
};

}  // namespace regstream::simulation
