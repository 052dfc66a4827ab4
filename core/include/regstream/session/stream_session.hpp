#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/session/event_session.hpp>
#include <regstream/session/stream_query.hpp>

/// One stream of a workflow's updates, from connecting to the views that they add up to: an event
/// session, the codec and a fold for each instance, joined.
///
/// It is used as an event session is (event_session.hpp), but for what is polled of what arrived:
///
///     if (session.on_bytes(attempt, bytes, now)) {     // likewise on_event
///       while (const auto message = session.poll_message()) {
///         if (message->view_changed) {
///           show(*session.view(id));
///         }
///         ...                                          // may close or restart the session
///       }
///     }
///
/// Each attempt's request asks for what `request_query` says when the session opens a transport.
///
/// An update is announced once: one that its instance's view has in it already, by a snapshot say,
/// is of the kind `other`.
///
/// There is one rule for updates that may have been missed. The view stays, with `has_gap`, and
/// `resets` grows: at a `reset` of the server, and at a message that can't be read or is too large,
/// as it may have been an update. A snapshot replaces the view; behind a `reset` without one the
/// first update begins a new view, still with `has_gap`.
namespace regstream {

/// What a message was.
enum class MessageKind : std::uint8_t {
  connected,
  update,
  snapshot,
  reset,  ///< The server may have missed updates.
  ping,
  /// Of a type that this version does not know, about another instance, an update that its view has
  /// in it already, or an end that nobody asked for.
  other,
  malformed,  ///< Not a message of the contract.
  too_large,  ///< Over a limit, and skipped.
  end,        ///< The final update has come: the session has closed itself (`finished`).
  /// The stream's token expires soon: the session replaces the stream in time (`renewed`).
  token_expiring,
};

/// One message of the stream. Its views hold until the session's next `poll_message` or input.
struct SessionMessage {
  MessageKind kind = MessageKind::other;
  /// One of the session's views is another one now, or the first.
  bool view_changed = false;
  std::string_view last_event_id = {};  ///< What a reconnect behind this message resumes from.
  std::string_view json = {};           ///< The message as it was sent; empty if it is too large.
  std::string_view problem = {};        ///< A sentence, if it is malformed or too large.
  const StreamMessage* content = nullptr;  ///< Null if it is malformed or too large.
};

class StreamSession : public EventSession {
 public:
  /// The server is asked for `ids`, which `can_ask` has to allow; none: for every instance, and
  /// then there is no view. `workflow` must outlive the session. `last_event_id` is what an earlier
  /// session left (empty: none), of the same ids.
  ///
  /// With `StreamEnd::final_status` the stream is over with its instance's final update. The page
  /// or program has that update by then, with the end's own id (`StreamMessage::end_id`), or, where
  /// the stream began behind it, the view that the snapshot gave or an earlier session left.
  StreamSession(const ConnectionOptions& options, std::uint64_t seed, const Workflow& workflow,
                std::span<const InstanceId> ids, std::string_view last_event_id = {},
                sse::ParserLimits limits = {}, StreamEnd end = StreamEnd::never);
  /// The same of registrations.
  StreamSession(const ConnectionOptions& options, std::uint64_t seed,
                std::span<const std::int64_t> registration_ids, std::string_view last_event_id = {},
                sse::ParserLimits limits = {});

  /// Takes over what an earlier session left of an instance (`view_to_restore`), together with its
  /// last event id. Call it before `connect`. False, and nothing changes, if the session has no
  /// such instance.
  [[nodiscard]] bool restore(RegistrationView view);

  /// Replaces the ids that the server is asked for. An open stream is replaced with it, as
  /// `Connection::change` says; it resumes, and asks for a snapshot of each id that is new until
  /// that or a first update has come. A message that can't be used counts as the snapshot of the
  /// first that waits for one: it is not asked for again, and the view begins with the next update.
  /// An id that leaves loses its view, and counts as new when it comes back: what the stream before
  /// still tells of it is of the kind `other`. False, and nothing changes: `ids` is empty or more
  /// than one stream can ask for (`can_ask`), or the session asks for every instance.
  [[nodiscard]] bool follow(std::span<const InstanceId> ids, Instant now);

  /// The query of the request that `OpenTransport` asks for, percent-encoded and without its `?`:
  /// `registrationId=42&registrationId=43&snapshot=43`, with `until=final` where the stream ends.
  /// Empty: every instance. The last event id is the action's, and the shell's to send.
  /// A poll's, and so a probe's, ends with `poll=1`.
  [[nodiscard]] std::string request_query(TransportKind kind = {}) const;

  /// The next message of the bytes or the event that came last; nothing: there is none. Where
  /// memory runs out in it, a message counts as missed. What event_session.hpp says of `poll_token`
  /// holds for it as well. Events that have a name are passed over: the contract's have none.
  [[nodiscard]] std::optional<SessionMessage> poll_message();

  /// Null: nothing is known of it, or the session has no such instance. Holds until the next
  /// `poll_message` or `follow`.
  [[nodiscard]] const RegistrationView* view(const InstanceId& id) const;

  /// What this session leaves of an instance to the next one's `restore`, in the same process or
  /// by `encode_view`. It is there before anything is known, too: updates may have been missed by
  /// then. Null: the session has no such instance. Holds as long as `view`.
  [[nodiscard]] const RegistrationView* view_to_restore(const InstanceId& id) const;

  /// How many ids it follows, and the view to restore of the `index`-th.
  [[nodiscard]] std::size_t followed_count() const { return followed_.size(); }
  [[nodiscard]] const RegistrationView& followed_view(std::size_t index) const {
    return followed_[index]->registration.view();
  }
  /// Whether the `index`-th was added, and waits for its snapshot (`follow`): a session that
  /// resumes after `last_event_id` has to add it, too.
  [[nodiscard]] bool is_new(std::size_t index) const { return followed_[index]->is_new; }
  /// Whether the view of the `index`-th is another one than when this was asked last, also by a gap
  /// before anything is known.
  [[nodiscard]] bool consume_view_change(std::size_t index) {
    return std::exchange(followed_[index]->has_changed, false);
  }
  [[nodiscard]] const Workflow& workflow() const { return *workflow_; }

  /// How often updates may have been missed.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  using EventSession::poll_token;  // `poll_message` instead.

  struct Followed {
    Followed(const InstanceId& id, const Workflow& workflow) : registration(id, workflow) {}
    Followed(const InstanceId& id, const Workflow& workflow, AttemptId added)
        : registration(id, workflow), is_new(true), added_during(added) {}

    Registration registration;
    /// It was added, and neither a snapshot of it nor an update has come since, nor what may have
    /// been one of them.
    bool is_new = false;
    /// The stream that was there when it was added was not asked for it. Where it was followed
    /// before, that stream goes on with a story whose beginning is lost. 0: there was none.
    AttemptId added_during{};
    bool has_changed = false;  ///< As `consume_view_change` says.
  };

  struct GapUnlessRead;
  [[nodiscard]] SessionMessage read(const sse::Event& event);
  void apply_update(SessionMessage& message, const UpdateSlices& update);
  void apply_snapshot(SessionMessage& message, std::string_view json);
  /// The message may have been an update, and can't be used.
  void reject(SessionMessage& message, MessageKind kind, std::string_view problem);
  void mark_gap(SessionMessage& message, Gap gap);
  [[nodiscard]] std::string describe(const sse::Skipped& skipped) const;
  /// `followed_.size()`: it is not there.
  [[nodiscard]] std::size_t index_of(std::int64_t number, std::string_view text) const;
  [[nodiscard]] Followed* find(std::int64_t number, std::string_view text);
  /// The same for what the message that was polled last tells of.
  [[nodiscard]] Followed* find_requested(std::int64_t number, std::string_view text);

  const Workflow* workflow_;
  StreamEnd end_;
  /// Each by itself: a fold is much to move, and much code to move it by.
  std::vector<std::unique_ptr<Followed>> followed_;
  std::uint64_t resets_ = 0;

  // What the message that was polled last has views of.
  StreamMessage content_;
  std::string problem_;
};

}  // namespace regstream
