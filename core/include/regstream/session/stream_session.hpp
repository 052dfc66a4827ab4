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

/// One stream of a workflow's updates, from connecting to the views. It joins an event session, the
/// codec and a fold for each instance.
///
/// Use it as an event session (event_session.hpp), but poll messages instead of tokens:
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
/// When the session opens a transport, send the query that `request_query` returns.
///
/// An update is announced once. If its view contains it already, because of a snapshot say, its
/// kind is `other`.
///
/// One rule covers updates that may have been missed. The view stays, with `has_gap`, and `resets`
/// grows: at a `reset` of the server, and at a message that is unreadable or too large, since it
/// may have been an update. A snapshot replaces the view. After a `reset` without a snapshot the
/// first update begins a new view, still with `has_gap`.
namespace regstream {

/// The kind of a message.
enum class MessageKind : std::uint8_t {
  connected,
  update,
  snapshot,
  reset,  ///< The server may have missed updates.
  ping,
  /// A message of an unknown type, about another instance, an update that the view contains
  /// already, or an end that was not asked for.
  other,
  malformed,  ///< Not a message of the contract.
  too_large,  ///< Over a limit, and skipped.
  end,        ///< The final update has arrived: the session has closed itself (`finished`).
  /// The stream's token expires soon: the session replaces the stream in time (`renewed`).
  token_expiring,
};

/// One message of the stream. Its views are valid until the session's next `poll_message` or input.
struct SessionMessage {
  MessageKind kind = MessageKind::other;
  /// One of the session's views has changed, or is the first one.
  bool view_changed = false;
  /// The id that a reconnect after this message resumes from.
  std::string_view last_event_id = {};
  /// The message as sent; empty if it is too large.
  std::string_view json = {};
  std::string_view problem = {};           ///< A sentence, if it is malformed or too large.
  const StreamMessage* content = nullptr;  ///< Null if it is malformed or too large.
};

class StreamSession : public EventSession {
 public:
  /// Requests the stream of `ids`, which `can_ask` must allow. No ids: every instance, and then
  /// there are no views. `workflow` must outlive the session. `last_event_id` is the id that an
  /// earlier session of the same ids left (empty: none).
  ///
  /// With `StreamEnd::final_status` the stream ends with its instance's final update. By then the
  /// page or program has that update, with the end's own id (`StreamMessage::end_id`), or, if the
  /// stream began after it, the view from a snapshot or from an earlier session.
  StreamSession(const ConnectionOptions& options, std::uint64_t seed, const Workflow& workflow,
                std::span<const InstanceId> ids, std::string_view last_event_id = {},
                sse::ParserLimits limits = {}, StreamEnd end = StreamEnd::never);
  /// The same for registrations.
  StreamSession(const ConnectionOptions& options, std::uint64_t seed,
                std::span<const std::int64_t> registration_ids, std::string_view last_event_id = {},
                sse::ParserLimits limits = {});

  /// Restores the view of an instance that an earlier session left (`view_to_restore`), together
  /// with its last event id. Call it before `connect`. Returns false and changes nothing if the
  /// session has no such instance.
  [[nodiscard]] bool restore(RegistrationView view);

  /// Replaces the ids that the session requests. This replaces an open stream, as
  /// `Connection::change` says: the new stream resumes, and asks for a snapshot of each new id
  /// until that snapshot or a first update has arrived. An unusable message counts as the snapshot
  /// of the first id that waits for one: the session does not ask for that snapshot again, and the
  /// view begins with the next update. An id that leaves loses its view, and counts as new when it
  /// comes back; what the old stream still says about it is of the kind `other`. Returns false and
  /// changes nothing if `ids` is empty or more than one stream can request (`can_ask`), or if the
  /// session requests every instance.
  [[nodiscard]] bool follow(std::span<const InstanceId> ids, Instant now);

  /// Returns the query of the request that `OpenTransport` makes, percent-encoded and without its
  /// `?`: `registrationId=42&registrationId=43&snapshot=43`, with `until=final` if the stream ends.
  /// Empty: every instance. The shell sends the last event id, which the action carries. The query
  /// of a poll, and of a probe, ends with `poll=1`.
  [[nodiscard]] std::string request_query(TransportKind kind = {}) const;

  /// Returns the next message of the last bytes or event; nothing: there are no more. If memory
  /// runs out meanwhile, a message counts as missed. See `poll_token` in event_session.hpp for the
  /// rest. Events with a type are skipped: the contract's messages have none.
  [[nodiscard]] std::optional<SessionMessage> poll_message();

  /// Returns an instance's view. Null: nothing is known about it, or the session has no such
  /// instance. Valid until the next `poll_message` or `follow`.
  [[nodiscard]] const RegistrationView* view(const InstanceId& id) const;

  /// Returns the view to hand to the next session's `restore`, in the same process or by
  /// `encode_view`. It exists before anything is known, too, since updates may have been missed by
  /// then. Null: the session has no such instance. Valid as long as `view`.
  [[nodiscard]] const RegistrationView* view_to_restore(const InstanceId& id) const;

  /// The number of ids that the session follows, and the view to restore of the `index`-th.
  [[nodiscard]] std::size_t followed_count() const { return followed_.size(); }
  [[nodiscard]] const RegistrationView& followed_view(std::size_t index) const {
    return followed_[index]->registration.view();
  }
  /// Whether the `index`-th id was added and waits for its snapshot (`follow`). A session that
  /// resumes after `last_event_id` has to add it, too.
  [[nodiscard]] bool awaits_snapshot(std::size_t index) const {
    return followed_[index]->awaits_snapshot;
  }
  /// Whether the view of the `index`-th id has changed since the last call, also by a gap before
  /// anything is known.
  [[nodiscard]] bool consume_view_change(std::size_t index) {
    return std::exchange(followed_[index]->has_changed, false);
  }
  [[nodiscard]] const Workflow& workflow() const { return *workflow_; }

  /// How many times updates may have been missed.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  using EventSession::poll_token;  // `poll_message` instead.

  struct Followed {
    Followed(const InstanceId& id, const Workflow& workflow) : registration(id, workflow) {}
    Followed(const InstanceId& id, const Workflow& workflow, AttemptId added)
        : registration(id, workflow), awaits_snapshot(true), added_during(added) {}

    Registration registration;
    /// It was added, and no snapshot or update of it has arrived since, nor an unusable message in
    /// its place.
    bool awaits_snapshot = false;
    /// The attempt that was open when the id was added, and did not request it. If the id was
    /// followed before, that stream continues a story whose beginning is lost. 0: there was none.
    AttemptId added_during{};
    bool has_changed = false;  ///< Whether `consume_view_change` has something to report.
  };

  struct GapUnlessRead;
  [[nodiscard]] SessionMessage read(const sse::Event& event);
  void apply_update(SessionMessage& message, const UpdateSlices& update);
  void apply_snapshot(SessionMessage& message, std::string_view json);
  /// Handles a message that is unusable and may have been an update.
  void reject(SessionMessage& message, MessageKind kind, std::string_view problem);
  void mark_gap(SessionMessage& message, Gap gap);
  [[nodiscard]] std::string describe(const sse::Skipped& skipped) const;
  /// Returns `followed_.size()` if it is not there.
  [[nodiscard]] std::size_t index_of(std::int64_t number, std::string_view text) const;
  [[nodiscard]] Followed* find(std::int64_t number, std::string_view text);
  /// The same, but only if the stream of the message that was polled last had requested it.
  [[nodiscard]] Followed* find_requested(std::int64_t number, std::string_view text);

  const Workflow* workflow_;
  StreamEnd end_;
  /// Behind pointers: a fold is large, and moving it is much code.
  std::vector<std::unique_ptr<Followed>> followed_;
  std::uint64_t resets_ = 0;

  // What the views of the last polled message refer to.
  StreamMessage content_;
  std::string problem_;
};

}  // namespace regstream
