#!/usr/bin/env bash
# The package where no systemd runs: installed by the Containerfile's commands, started as its user, on a root that nobody may write to.
set -euo pipefail
# shellcheck source=tests/systems/package_checks/checks.sh
source /packages/checks.sh

check "the package brings no systemd" test ! -e /usr/lib/systemd/systemd
check "its user is the one that the image names" is_equal "$(id -u regstream):$(id -g regstream)" 10001:10001
check "its user has no shell" is_equal "$(getent passwd regstream | cut -d: -f6,7)" /var/lib/regstream:/usr/sbin/nologin
check "its state is its own" has_mode 700 regstream:regstream /var/lib/regstream
check "keys are read by its group" has_mode 750 root:regstream /etc/regstream/keys
check "its files are as they were packed" dpkg --verify regstream

mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=0700,uid=10001,gid=10001 tmpfs /var/lib/regstream
# Of the mount, not of the file system: newer tools would give overlay all of its options again, which it refuses.
mount -o remount,bind,ro /

read -ra command < <(unit_command)
setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  "${command[@]}" >/tmp/serve.log 2>&1 &
gateway=$!

check "the unit's command serves on a read-only root" eventually answers 200 GET /readyz
check "it takes an update" answers 201 POST "$updates" "$(stage_update 'in a container')"
check "a stream brings it" hears 'in a container'
kill "$gateway"
check "it ends well at SIGTERM" wait "$gateway"
