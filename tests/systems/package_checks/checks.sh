# What the checks of a package share: they run inside the root.
# shellcheck shell=bash

# check SENTENCE COMMAND...: ends the script where the command fails.
check() {
  local sentence=$1
  shift
  if "$@" >/tmp/check.log 2>&1; then
    printf 'ok    %s\n' "$sentence"
  else
    printf 'FAIL  %s: %s\n' "$sentence" "$*"
    cat /tmp/check.log
    exit 1
  fi
}

# eventually COMMAND...: until it succeeds; a minute is a hang.
eventually() {
  local deadline=$((SECONDS + 60))
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

is_equal() { [ "$1" = "$2" ] || { printf 'is "%s", not "%s"\n' "$1" "$2" && false; }; }

# has_mode MODE OWNER:GROUP FILE
has_mode() { is_equal "$(stat -c '%a %U:%G' "$3")" "$1 $2"; }

# answers STATUS METHOD PATH [BODY]: what the gateway answers with. No curl: a container has none.
answers() {
  local wanted=$1 method=$2 path=$3 body=${4-} status
  {
    printf '%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
      "$method" "$path" "${#body}" "$body" >&3
    read -r _ status _ <&3
  } 3<>/dev/tcp/127.0.0.1/8080 || return 1
  is_equal "$status" "$wanted"
}

# shellcheck disable=SC2034 # Those that source this use them.
readonly updates=/api/registrations/42/updates \
  stream='http://127.0.0.1:8080/api/registrations/updates/stream?registrationId=42'

# A stage update as the HTTP route takes it.
stage_update() { printf '{"status":"PENDING","stage":"t24_lookup","stageStatus":"started","message":"%s"}' "$1"; }

# hears TEXT: a stream that opens now brings it.
hears() {
  local line
  while read -r line; do
    [[ $line != *"$1"* ]] || return 0
  done < <(timeout 30 regstream listen --url "$stream")
  return 1
}

# The command of the unit.
unit_command() { sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/regstream.service; }
