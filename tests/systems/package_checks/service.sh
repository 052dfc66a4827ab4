#!/usr/bin/env bash
# The package under systemd: its unit, its sandbox, an upgrade under load, and a purge.
set -euo pipefail
# shellcheck source=tests/systems/package_checks/checks.sh
source /packages/checks.sh

readonly clients=20

process() { systemctl show --property=MainPID --value regstream; }
# as_the_service COMMAND...: as its user, and with what it sees of the file system.
as_the_service() { nsenter --target "$(process)" --mount setpriv --reuid=regstream --regid=regstream --init-groups "$@"; }
process_status() { sed -n "s/^$1:\t*//p" "/proc/$(process)/status"; }

check "it installs" dpkg --install /packages/regstream_*.deb
check "the service runs" systemctl is-active regstream
check "it starts at boot" systemctl is-enabled regstream
check "it is ready" eventually answers 200 GET /readyz
check "the unit has no mistake" systemd-analyze verify /usr/lib/systemd/system/regstream.service
check "the unit exposes little" systemd-analyze security --offline=true --threshold=15 \
  /usr/lib/systemd/system/regstream.service
tail -1 /tmp/check.log

check "the process is its user's" is_equal "$(process_status Uid | cut -f1)" "$(id -u regstream)"
check "it has no capability" is_equal "$(process_status CapBnd)" 0000000000000000
check "it can't gain privileges" is_equal "$(process_status NoNewPrivs)" 1
check "its system calls are filtered" is_equal "$(process_status Seccomp)" 2
check "its root is read-only" grep -q ' / / ro' "/proc/$(process)/mountinfo"

check "it takes an update" answers 201 POST "$updates" "$(stage_update 'before a restart')"
check "a stream brings it" hears 'before a restart'
check "it restarts" systemctl restart regstream
check "it is ready again" eventually answers 200 GET /readyz
check "its journal has survived" hears 'before a restart'
before=$(process)
check "it reloads" systemctl reload regstream
check "it serves on, the same process" is_equal "$(process) $(systemctl is-active regstream)" "$before active"
check "its journal is its own" has_mode 600 regstream:regstream /var/lib/regstream/journal.sqlite3

drop_ins=/etc/systemd/system/regstream.service.d
mkdir -p "$drop_ins"
cp /usr/share/doc/regstream/examples/*.conf "$drop_ins"
echo secret >/root/tokens.pem
chmod 600 /root/tokens.pem
sed -i 's/^port = .*/port = 443/' /etc/regstream/regstream.toml
systemctl daemon-reload
check "it takes the examples of drop-ins" systemctl restart regstream
check "they let it listen on a low port" eventually curl -fsS http://127.0.0.1:443/readyz
check "they give it a key of root's" as_the_service test -r /run/credentials/regstream.service/tokens.pem
check "root's own file stays closed to it" as_the_service test ! -r /root/tokens.pem
rm -r "$drop_ins"
sed -i 's/^port = .*/port = 8080/' /etc/regstream/regstream.toml
systemctl daemon-reload

# From here on with Redis, which keeps the history while the gateway restarts.
systemctl start redis-server
sed -i 's/^journal = /# &/' /etc/regstream/regstream.toml
printf 'REDIS_HOST=127.0.0.1\n' >/etc/regstream/environment
check "it restarts with Redis" systemctl restart regstream
check "it is ready with Redis" eventually answers 200 GET /readyz

# heard CLIENT: the numbers of the updates that it was told, in its order.
heard() { sed -n 's/.*"message\\":\\"update \([0-9]*\)\\".*/\1/p' "/tmp/heard.$1" | tr '\n' ' '; }
follow() { exec regstream listen --url "${stream/42/43}"; }
all_follow() { curl -fsS http://127.0.0.1:8080/api/health | grep -q "\"subscribers\":$clients,"; }
publish() {
  regstream publish stage --redis 127.0.0.1 --registration 43 --stage t24_lookup --status started --message "update $1" >/dev/null
}
# Publishes without a pause until it is told to stop; its last number is the first line of what it prints.
publish_on() {
  local number=0
  while [ ! -e /tmp/stop ]; do
    publish $((number += 1))
    echo "$number" >/tmp/published
  done
}
has_published() { [ "$(cat /tmp/published 2>/dev/null || echo 0)" -ge "$1" ]; }
has_heard_all() { is_equal "$(heard "$1")" "$(seq -s ' ' "$(cat /tmp/published)") "; }

followers=()
for client in $(seq "$clients"); do
  follow >"/tmp/heard.$client" &
  followers+=($!)
done
check "$clients clients follow" eventually all_follow
publish_on &
publisher=$!
check "updates are published" eventually has_published 20
before=$(process)
check "the package is upgraded meanwhile" dpkg --install /packages/newer/regstream_*.deb
check "what was configured stays" grep -q '^# journal = ' /etc/regstream/regstream.toml
check "the new gateway serves" eventually answers 200 GET /readyz
check "the old one is gone" test "$before" != "$(process)" -a ! -e "/proc/$before"
check "all clients are back" eventually all_follow
check "updates are published on" eventually has_published $(($(cat /tmp/published) + 20))
touch /tmp/stop
check "each publish succeeded" wait "$publisher"
for client in $(seq "$clients"); do
  check "client $client heard each of $(cat /tmp/published) updates once, in order" eventually has_heard_all "$client"
done >/tmp/clients.log || {
  cat /tmp/clients.log
  exit 1
}
printf 'ok    each client heard each of %s updates once, in order\n' "$(cat /tmp/published)"
kill "${followers[@]}"

last=$(process)
check "it is purged" apt-get purge -y regstream
check "the gateway is gone" test ! -e "/proc/$last"
check "nothing of it is left" is_equal "$(find / -xdev \( -user regstream -o -name '*regstream*' \) \
  -not -path '/proc/*' -not -path '/sys/*' -not -path '/var/log/*' -not -path '/var/cache/*' -not -path '/packages/*')" ""
