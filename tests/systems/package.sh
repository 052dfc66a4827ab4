#!/usr/bin/env bash
# Installs the Debian package in a bare Debian, uses it, upgrades and purges it: see usage, below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'HELP'
Usage: tests/systems/package.sh [SUITE [DEB]]

  Takes the .deb (or the one in build/package, by ./dev package) through its life in a bare root of a Debian release
  (bookworm, unless SUITE is another), which has to be the one that the .deb was built for:

    as a container    made by the Containerfile's commands: no systemd, a read-only root, the user that it names
    as a service      systemd runs the unit in its sandbox; an upgrade under load loses and repeats nothing; a purge
                      leaves nothing

  Needs root, debootstrap, network and cgroup2; not a part of ./dev test. Nothing listens outside of a network namespace
  of its own. The bare root stays in build/systems/bare-SUITE for the next run; what is installed is in memory, and
  ends with the script.

    ./dev package && tests/systems/package.sh
    tests/systems/debian.sh trixie ./dev package &&
      tests/systems/package.sh trixie build/systems/trixie/regstream/build/package/regstream_*.deb
HELP
}

case ${1-} in -h | --help)
  usage
  exit
  ;;
esac
suite=${1:-bookworm}
deb=${2:-$(find build/package -maxdepth 1 -name "*.deb" -print -quit)}
[ -f "$deb" ] || {
  usage >&2
  exit 2
}

# shellcheck source=tests/systems/bare_root.sh
source tests/systems/bare_root.sh
bare=$PWD/build/systems/bare-$suite
make_root "$suite" "$bare"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/packages" "$work/packages/newer"
cp "$deb" tests/systems/package_checks/*.sh "$work/packages/"

# The same files under a higher version.
dpkg-deb -R "$deb" "$work/newer"
sed -i 's/^Version: .*/&+newer/' "$work/newer/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/newer" "$work/packages/newer/" >/dev/null

# The commands by which the Containerfile makes its image.
run_commands() { sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' packaging/Containerfile | sed -n 's/^RUN \(--mount=[^ ]* \)\?//p'; }

# scenario SENTENCE FUNCTION: the function gets a copy of the bare root, in memory, as $root.
scenario() {
  printf '\033[1m==> %s: %s\033[0m\n' "$suite" "$1"
  # shellcheck disable=SC2016 # The inner shell expands these.
  work=$work bare=$bare unshare --mount bash -euc '
    source tests/systems/bare_root.sh
    eval "$1"
    overlay=$work/overlay root=$work/overlay/root
    mkdir -p "$overlay"
    mount -t tmpfs tmpfs "$overlay"
    mkdir "$overlay/upper" "$overlay/work" "$root"
    mount -t overlay -o "lowerdir=$bare,upperdir=$overlay/upper,workdir=$overlay/work" overlay "$root"
    cp -r "$work/packages" "$root/packages"
    "$2"
  ' bash "$(declare -f prepare run_commands "$2")" "$2"
}

# prepare COMMANDS: run in the root, with network; their output is of interest where they fail.
prepare() {
  in_root "$root" bash -exc "$1" >"$work/prepare.log" 2>&1 || {
    cat "$work/prepare.log"
    return 1
  }
}

as_container() {
  prepare "$(run_commands)"
  isolated_in_root "$root" bash /packages/container.sh
}

as_service() {
  # shellcheck disable=SC2016 # The inner shell expands it.
  prepare 'apt-get update
    apt-get install -y --no-install-recommends systemd curl redis-server man-db
    systemctl disable redis-server
    apt-get satisfy -y --no-install-recommends "$(dpkg-deb --field /packages/regstream_*.deb Depends)"'
  boot_root "$root" bash /packages/service.sh
}

scenario "as a container" as_container
scenario "as a service" as_service
printf '\033[1m==> %s: all checks pass\033[0m\n' "$suite"
