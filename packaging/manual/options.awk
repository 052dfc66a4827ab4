# From the tables of `regstream serve --print-options` to sections of a manual page: of each row the option, its variable,
# its values, its default and its meaning.

function roff(text) {
  gsub(/\001/, "|", text)
  gsub(/`/, "", text)
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  return text ~ /^[.']/ ? "\\&" text : text
}

/^### / { print ".SS " roff(substr($0, 5)) }

/^\| `--/ {
  gsub(/\\\|/, "\001")
  split($0, cell, / *\| */)
  sub(/^`--/, "`", cell[2])
  print ".TP"
  print ".BR " roff(cell[2]) " \" = \\fI" roff(cell[4]) "\\fR\""
  print roff(cell[6])
  if (cell[5] != "") print "(default: " roff(cell[5]) ")"
}
