# Installs what is missing: Debian packages, Node, and npm's packages. Part of ./dev, which defines say and die.
# shellcheck shell=bash

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root to run: $*. Run it yourself, or install sudo."
  fi
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# first_of TEST 'a|b|c': prints the first alternative that passes the test.
first_of() {
  local test=$1 alternatives alternative
  IFS='|' read -ra alternatives <<<"$2"
  for alternative in "${alternatives[@]}"; do
    if "$test" "$alternative"; then
      echo "$alternative"
      return
    fi
  done
  return 1
}

# Whether apt can install the package: one that other packages merely mention has no candidate.
is_available() { [[ $(apt-cache policy "$1") == *'Candidate: '[!\(]* ]]; }

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }

# Installs the named Debian packages that are missing. build_packages explains alternatives.
install_packages() {
  local missing=() chosen=() package
  for package in "$@"; do
    first_of is_installed "$package" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "needs Debian 12 or 13: these packages are missing, and apt-get is not available: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  apt_get update || die "apt-get could not update its lists; its own message says why"
  for package in "${missing[@]}"; do
    chosen+=("$(first_of is_available "$package")") ||
      die "no package $package is available here ($(sed -n 's/^PRETTY_NAME=//p' /etc/os-release)): Debian 12 and 13 have everything that is needed"
  done
  # The tests start their own Redis; a package must not start one, and take its port, behind the user's back.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    made_policy=yes
    # Also if this is interrupted.
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  local status=0
  apt_get install -y --no-install-recommends "${chosen[@]}" >/dev/null || status=$?
  if [ -n "$made_policy" ]; then
    as_root rm -f "$policy"
    trap - EXIT
  fi
  [ "$status" = 0 ] || die "apt-get could not install the packages above; its own message says why"
}

# Keeps an installed Node. Debian's is 18, which is enough.
install_node() {
  local missing=()
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  install_packages "${missing[@]}"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 18 ] || die "Node $major is too old: 18 or newer is needed (found at $(command -v node))"

  # npm records what it installed; this records from which lock file.
  local stamp=node_modules/.regstream-lock lock
  lock=$(sha256sum package-lock.json)
  [ "$(cat "$stamp" 2>/dev/null)" = "$lock" ] && return 0
  say "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s\n' "$lock" >"$stamp"
}
