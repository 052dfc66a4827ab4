#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/session/event_session.hpp>

/// One stream of registrations' updates, from connecting to the views that they add up to: an event
/// session, the codec and a fold for each registration, joined.
///
/// It is used as an event session is (event_session.hpp), but for what is polled of what arrived:
///
///     if (session.on_bytes(attempt, bytes, now)) {     // likewise on_event
///       while (const auto message = session.poll_message()) {
///         if (message->view_changed) {
///           show(*session.view(registration_id));
///         }
///         ...                                          // may close or restart the session
///       }
///     }
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
  other,      ///< Of a type that this version does not know, or about another registration.
  malformed,  ///< Not a message of the contract.
  too_large,  ///< Over a limit, and skipped.
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
  /// The server is asked for `registration_ids`; none: for every registration, and then there is no
  /// view. `last_event_id` is what an earlier session left (empty: none).
  StreamSession(const ConnectionOptions& options, std::uint64_t seed,
                std::span<const std::int64_t> registration_ids, std::string_view last_event_id = {},
                sse::ParserLimits limits = {});

  /// Takes over what an earlier session left of a registration (`view_to_restore`), together with
  /// its last event id. Call it before `connect`. False, and nothing changes, if the session has no
  /// such registration.
  [[nodiscard]] bool restore(RegistrationView view);

  /// The next message of the bytes or the event that came last; nothing: there is none. Where
  /// memory runs out in it, a message counts as missed. What event_session.hpp says of `poll_token`
  /// holds for it as well. Events that have a name are passed over: the contract's have none.
  [[nodiscard]] std::optional<SessionMessage> poll_message();

  /// Null: nothing is known of it, or the session has no such registration. Holds until the next
  /// `poll_message`.
  [[nodiscard]] const RegistrationView* view(std::int64_t registration_id) const;

  /// What this session leaves of a registration to the next one's `restore`, in the same process or
  /// by `encode_view`. It is there before anything is known, too: updates may have been missed by
  /// then. Null: the session has no such registration. Holds as long as `view`.
  [[nodiscard]] const RegistrationView* view_to_restore(std::int64_t registration_id) const;

  /// How often updates may have been missed.
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  using EventSession::poll_token;  // `poll_message` instead.

  struct Reading;
  [[nodiscard]] SessionMessage read(const sse::Event& event);
  void apply_update(SessionMessage& message, const UpdateSlices& update);
  void apply_snapshot(SessionMessage& message, std::string_view json);
  /// The message may have been an update, and can't be used.
  void reject(SessionMessage& message, MessageKind kind, std::string_view problem);
  void mark_gap(SessionMessage& message, Gap gap);
  [[nodiscard]] std::string describe(const sse::Skipped& skipped) const;
  [[nodiscard]] Registration* find(std::int64_t registration_id);

  std::vector<Registration> followed_;
  std::uint64_t resets_ = 0;

  // What the message that was polled last has views of.
  StreamMessage content_;
  std::string problem_;
};

}  // namespace regstream
