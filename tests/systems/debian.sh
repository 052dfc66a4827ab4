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

# The archive that this machine installs Debian from.
# shellcheck disable=SC2016 # apt-get expands these, not the shell.
mirror() { apt-get indextargets --format '$(ORIGIN) $(SITE)' 'Created-By: Packages' | sed -n 's/^Debian //p' | head -1; }

proxy() {
  local PROXY=
  eval "$(apt-config shell PROXY Acquire::http::Proxy)"
  printf '%s' "$PROXY"
}

# copy FILE...: to the same place in the root.
copy() {
  local file
  for file in "$@"; do
    [ ! -e "$file" ] || install -D --mode=644 "$file" "$root$file"
  done
}

if [ ! -e "$root/.bootstrapped" ]; then
  rm -rf "$root"
  mkdir -p "$root"
  http_proxy=$(proxy) debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$(mirror)"
  touch "$root/.bootstrapped"
fi

copy /etc/hosts /etc/resolv.conf /etc/npmrc /usr/etc/npmrc "$HOME/.npmrc"
apt-config dump | grep -i '^Acquire::https\?::Proxy' >"$root/etc/apt/apt.conf.d/90proxy" || true
# Certificates that were added to this machine's.
cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$root/usr/local/share/ca-certificates"
cp --dereference /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true

mkdir -p "$root/regstream"
git ls-files --cached --others --exclude-standard --deduplicate -z | tar -c --null --ignore-failed-read -T - | tar -x -C "$root/regstream"

# Mounts and processes are in namespaces of their own: they end with the command, however it ends.
export ROOT=$root
# shellcheck disable=SC2016 # The inner shell expands these.
exec unshare --mount --pid --fork --kill-child bash -euc '
  mount -t proc proc "$ROOT/proc"
  mount --rbind /sys "$ROOT/sys"
  mount --rbind /dev "$ROOT/dev"
  exec chroot "$ROOT" /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt CI="${CI-}" \
    bash -c "cd /regstream && \"\$@\"" bash "$@"
' bash "$@"
