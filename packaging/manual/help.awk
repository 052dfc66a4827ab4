# From a command's --help to a section of a manual page. An option is a line of its own, with its meaning two blanks or
# more behind it, or on the lines below, further to the right.

function roff(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  return text ~ /^[.']/ ? "\\&" text : text
}

NR == 1 {
  print ".SS " roff(command)
  print roff($0)
  next
}

/^[^ ]/ { next }  # "Usage:", and headings of groups.

/^  -h,/ {
  is_hidden = 1  # The same everywhere.
  next
}

/^  ?-/ {
  is_hidden = 0
  sub(/^ +/, "")
  meaning = ""
  if (match($0, /   *[^ ].*$/)) {
    meaning = substr($0, RSTART)
    sub(/^ +/, "", meaning)
    $0 = substr($0, 1, RSTART - 1)
  }
  print ".TP"
  print ".B " roff($0)
  if (meaning != "") print roff(meaning)
  next
}

/^   / && !is_hidden {
  sub(/^ +/, "")
  print roff($0)
}
