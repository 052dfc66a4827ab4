#!/usr/bin/env bash
# Runs a command in this working tree's copy on a bare Debian: see usage, below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'HELP'
Usage: tests/systems/debian.sh SUITE COMMAND [ARGUMENT...]

  Makes a bare root of a Debian release (bookworm, trixie) by debootstrap, copies the files that git knows there, and
  runs the command on them. Needs root, debootstrap and network; not a part of ./dev test.

    tests/systems/debian.sh trixie ./dev build
    tests/systems/debian.sh trixie ./dev test

  The root is build/systems/SUITE, or ROOT. It stays, so that a second run goes on where the first one ended; without
  it (rm -rf build/systems/SUITE) the next run is one from nothing. Mirror, proxy, certificates and npm's settings are
  this machine's.
HELP
}

[ $# -ge 2 ] || {
  usage >&2
  exit 2
}
suite=$1
shift
root=${ROOT:-$PWD/build/systems/$suite}

# shellcheck source=tests/systems/bare_root.sh
source tests/systems/bare_root.sh
make_root "$suite" "$root"

mkdir -p "$root/regstream"
git ls-files --cached --others --exclude-standard --deduplicate -z | tar -c --null --ignore-failed-read -T - | tar -x -C "$root/regstream"

# shellcheck disable=SC2016 # The inner shell expands these.
in_root "$root" bash -c 'cd /regstream && "$@"' bash "$@"
