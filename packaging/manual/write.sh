#!/bin/sh
# Writes regstream.1 and regstream.toml.5 into FOLDER, from what the program says of its commands and options.
# Usage: write.sh PROGRAM FOLDER
set -eu
program=$1
folder=$2
here=$(dirname "$0")

# subcommands COMMAND...: the names that its help lists.
subcommands() { "$program" "$@" --help | sed -n '/^Subcommands:/I,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'; }

# describe COMMAND...: a section of it, or of each of its subcommands.
describe() {
  names=$(subcommands "$@")
  if [ -z "$names" ]; then
    "$program" "$@" --help | awk -v command="regstream $*" -f "$here/help.awk"
    return
  fi
  for name in $names; do
    (describe "$@" "$name")
  done
}

{
  printf '.TH REGSTREAM 1 "" "%s"\n' "$("$program" --version)"
  cat "$here/regstream.1.begin"
  for name in $(subcommands); do
    # Its options are the other page's.
    [ "$name" = serve ] || describe "$name"
  done
  cat "$here/regstream.1.end"
} >"$folder/regstream.1"

options=$("$program" serve --print-options)
{
  printf '.TH REGSTREAM.TOML 5 "" "%s"\n' "$("$program" --version)"
  cat "$here/regstream.toml.5.begin"
  printf '%s\n' "$options" | awk -f "$here/options.awk"
  cat "$here/regstream.toml.5.end"
} >"$folder/regstream.toml.5"
