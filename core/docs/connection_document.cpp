#include "connection_document.hpp"

#include <map>
#include <utility>

#include <regstream/connection/transitions.hpp>

namespace regstream::docs {
namespace {

constexpr std::string_view begin_marker = "<!-- generated: begin -->\n";
constexpr std::string_view end_marker = "<!-- generated: end -->\n";

/// The diagram's node where an attempt begins: with a token or without.
constexpr std::string_view attempt = "attempt";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::string_view node(ConnectionState state) {
  return state == ConnectionState::authorizing ? attempt : to_string(state);
}

std::string_view show(Outlook outlook) {
  switch (outlook) {
    case Outlook::good:
      return "good";
    case Outlook::may_pass:
      return "may pass";
    case Outlook::failed:
      return "failed";
  }
  return {};
}

std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

std::string row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) {
    line += " " + cell + " |";
  }
  return line + "\n";
}

std::string header_row(const std::vector<std::string>& cells) {
  return row(cells) + row(std::vector<std::string>(cells.size(), "---"));
}

/// All events that lead from one state to another share an arrow, so that the diagram stays
/// readable.
std::string diagram() {
  std::vector<std::pair<std::string_view, std::string_view>> arrows;
  std::map<std::pair<std::string_view, std::string_view>, std::string> labels;
  for (const ConnectionTransition& transition : connection_transitions) {
    const std::pair arrow(to_string(transition.from), node(transition.to));
    std::string& label = labels[arrow];
    if (label.empty()) {
      arrows.push_back(arrow);
    } else {
      label += "<br/>";
    }
    label += to_string(transition.event);
  }
  std::string text = "```mermaid\nstateDiagram-v2\n";
  const auto draw = [&text](std::string_view from, std::string_view to, std::string_view label) {
    text.append("    ").append(from).append(" --> ").append(to);
    text.append(label.empty() ? "" : ": ").append(label).append("\n");
  };
  text.append("    state ").append(attempt).append(" <<choice>>\n");
  draw("[*]", to_string(ConnectionState::idle), {});
  for (const auto& arrow : arrows) {
    draw(arrow.first, arrow.second, labels[arrow]);
  }
  draw(attempt, to_string(ConnectionState::authorizing), "needs a token");
  draw(attempt, to_string(ConnectionState::connecting), "needs none");
  draw(to_string(ConnectionState::closed), "[*]", {});
  return text + "```\n";
}

std::string meanings(std::string_view header, std::string_view name) {
  std::string text;
  for (const Enumerator& enumerator : enumerators(header, name)) {
    text += row({code(enumerator.name), enumerator.meaning});
  }
  return text;
}

std::string reasons(std::string_view header) {
  std::string text;
  auto reason = ConnectionReason::none;
  for (const Enumerator& enumerator : enumerators(header, "ConnectionReason")) {
    text += row({code(enumerator.name), std::string(show(outlook(reason))), enumerator.meaning});
    reason = static_cast<ConnectionReason>(static_cast<int>(reason) + 1);
  }
  return text;
}

std::string transitions() {
  std::string text;
  for (const ConnectionTransition& transition : connection_transitions) {
    text += row({code(to_string(transition.from)), code(to_string(transition.event)),
                 code(to_string(transition.to)), code(to_string(transition.reason))});
  }
  return text;
}

}  // namespace

std::vector<Enumerator> enumerators(std::string_view header, std::string_view name) {
  constexpr std::string_view comment = "///<";
  std::vector<Enumerator> found;
  std::size_t at = header.find("enum class " + std::string(name) + " ");
  if (at == std::string_view::npos) {
    return found;
  }
  for (at = header.find('\n', at) + 1; !header.substr(at).starts_with("};");) {
    const std::size_t end = header.find('\n', at);
    if (end == std::string_view::npos) {
      break;
    }
    const std::string_view line = header.substr(at, end - at);
    at = end + 1;
    const std::size_t comma = line.find(',');
    const std::size_t meaning = line.find(comment);
    if (meaning == std::string_view::npos) {
      continue;
    }
    if (comma < meaning) {
      found.push_back({.name = std::string(trimmed(line.substr(0, comma))), .meaning = {}});
    } else if (!found.empty()) {
      found.back().meaning += " ";  // The comment goes on.
    }
    if (!found.empty()) {
      found.back().meaning += trimmed(line.substr(meaning + comment.size()));
    }
  }
  return found;
}

std::string describe_connection(std::string_view header) {
  return diagram() + "\n## States\n\n" + header_row({"state", "meaning"}) +
         meanings(header, "ConnectionState") + "\n## Events\n\n" +
         header_row({"event", "meaning"}) + meanings(header, "ConnectionEvent") +
         "\n## Reasons\n\n" + header_row({"reason", "outlook", "meaning"}) + reasons(header) +
         "\n## Transitions\n\nWhere no token is needed, `connecting` stands for "
         "`authorizing`.\n\n" +
         header_row({"state", "event", "next state", "reason"}) + transitions();
}

std::optional<std::string> with_generated(std::string_view document, std::string_view generated) {
  const std::size_t begin = document.find(begin_marker);
  const std::size_t end = document.find(end_marker);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return std::nullopt;
  }
  return std::string(document.substr(0, begin + begin_marker.size()))
      .append(generated)
      .append(document.substr(end));
}

}  // namespace regstream::docs
