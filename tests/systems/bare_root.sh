# Bare roots of Debian releases, and commands in them. Part of the scripts beside it; needs root, debootstrap and network.
# shellcheck shell=bash

# The archive that this machine installs Debian from.
# shellcheck disable=SC2016 # apt-get expands these, not the shell.
mirror() { apt-get indextargets --format '$(ORIGIN) $(SITE)' 'Created-By: Packages' | sed -n 's/^Debian //p' | head -1; }

proxy() {
  local PROXY=
  eval "$(apt-config shell PROXY Acquire::http::Proxy)"
  printf '%s' "$PROXY"
}

# copy ROOT FILE...: to the same place in the root.
copy() {
  local root=$1 file
  shift
  for file in "$@"; do
    [ ! -e "$file" ] || install -D --mode=644 "$file" "$root$file"
  done
}

# make_root SUITE ROOT: a minimal system, if it is not there yet, with this machine's mirror, proxy, certificates and
# npm settings.
make_root() {
  local suite=$1 root=$2
  if [ ! -e "$root/.bootstrapped" ]; then
    rm -rf "$root"
    mkdir -p "$root"
    http_proxy=$(proxy) debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$(mirror)"
    touch "$root/.bootstrapped"
  fi
  copy "$root" /etc/hosts /etc/resolv.conf /etc/npmrc /usr/etc/npmrc "$HOME/.npmrc"
  apt-config dump | grep -i '^Acquire::https\?::Proxy' >"$root/etc/apt/apt.conf.d/90proxy" || true
  # Certificates that were added to this machine's.
  cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp --dereference /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
}

# in_root ROOT COMMAND [ARGUMENT...]: mounts and processes are in namespaces of their own: they end with the command,
# however it ends.
in_root() {
  # shellcheck disable=SC2016 # The inner shell expands these.
  ROOT=$1 unshare --mount --pid --fork --kill-child bash -euc '
    shift
    mount -t proc proc "$ROOT/proc"
    mount --rbind /sys "$ROOT/sys"
    mount --rbind /dev "$ROOT/dev"
    exec chroot "$ROOT" /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt CI="${CI-}" DEBIAN_FRONTEND=noninteractive \
      "$@"
  ' bash "$@"
}

# isolated_in_root ROOT COMMAND [ARGUMENT...]: the same without any network but loopback.
isolated_in_root() {
  # shellcheck disable=SC2016 # The inner shell expands these.
  unshare --net bash -euc '
    source tests/systems/bare_root.sh
    ip link set lo up
    in_root "$@"
  ' bash "$@"
}

# boot_root ROOT COMMAND [ARGUMENT...]: boots the root's systemd, without any network but loopback, and runs the command
# in it when it is up; its output and exit code are this function's. systemd needs a cgroup of its own, and a root that
# is no chroot: in one, nobody may make the user namespaces of PrivateUsers=.
boot_root() {
  local root=$1 groups boot
  shift
  groups=$(findmnt --noheadings --output TARGET --types cgroup2 | head -1)/regstream-$$
  mkdir "$groups"
  # The shell holds the output open until the exit code is written: then all is said.
  # shellcheck disable=SC2016 # The inner shell expands these.
  local run='/bin/sh -c '\''"$$0" "$$@"; echo $$? >/boot.status'\'
  printf '%s\n' '[Unit]' 'Wants=multi-user.target' 'After=basic.target' '[Service]' 'Type=oneshot' \
    'Environment=HOME=/root DEBIAN_FRONTEND=noninteractive' "ExecStart=$run $(printf '"%s" ' "$@")" \
    'StandardOutput=file:/boot.out' 'StandardError=inherit' >"$root/etc/systemd/system/boot-root.service"
  mkfifo "$root/boot.out"
  # shellcheck disable=SC2016 # The inner shell expands these.
  ROOT=$root GROUPS_OF_BOOT=$groups bash -euc '
    echo $$ >"$GROUPS_OF_BOOT/cgroup.procs"
    exec unshare --pid --net --cgroup --uts --ipc --mount --fork --kill-child bash -euc '\''
      cd "$ROOT"
      mount -t proc proc proc
      mount -t sysfs sysfs sys
      mount -t cgroup2 cgroup2 sys/fs/cgroup
      for place in run tmp dev; do mount -t tmpfs tmpfs "$place"; done
      for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
      done
      mkdir dev/pts dev/shm
      mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
      ln -s pts/ptmx dev/ptmx
      ip link set lo up
      pivot_root . mnt
      umount --lazy mnt
      # As outside of a container, where systemd does it: credentials reach a service this way.
      mount --make-rshared /
      exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=regstream \
        /usr/lib/systemd/systemd --unit=boot-root.service --log-target=null --show-status=no
    '\''' &
  boot=$!
  # Ends when the last that writes to it has ended.
  timeout 900 cat "$root/boot.out" || echo "no end of it in a quarter of an hour"
  kill -KILL "$boot"
  wait "$boot" 2>/dev/null || true
  while grep -q 'populated 1' "$groups/cgroup.events"; do sleep 0.1; done
  find "$groups" -depth -type d -exec rmdir {} \;
  return "$(cat "$root/boot.status" 2>/dev/null || echo 1)"
}
