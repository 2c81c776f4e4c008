# shellcheck shell=bash
# Functions for scripts that call apt-get: source this file and set the array as_root to the command that gives root, or to
# nothing. A new cloud machine updates itself in its first minutes and holds apt's locks meanwhile: these functions wait for
# them, at most RF_APT_WAIT seconds (600).

# Runs apt-get with the given words for the script named by the first word, which appears in messages. While another process
# holds one of apt's locks, waits and reports it. apt's own DPkg::Lock::Timeout is not sufficient: it covers the lock of dpkg, not
# those of the package lists and of the archive folder. Returns the exit status of apt-get.
apt_get() {
  local caller=$1 log status=0 limit=${RF_APT_WAIT:-600} start=$SECONDS told=''
  shift
  log=$(mktemp) || return 1
  while :; do
    status=0
    # shellcheck disable=SC2154 # the caller sets as_root
    "${as_root[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive ${APT_CONFIG:+"APT_CONFIG=$APT_CONFIG"} \
      apt-get -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>"$log" </dev/null || status=$?
    if [ "$status" -eq 0 ] || ! apt_is_locked "$log"; then break; fi
    if [ $((SECONDS - start)) -ge "$limit" ]; then
      echo "$caller: another process still holds apt's lock after $limit s: wait until it ends, then run this again" >&2
      break
    fi
    apt_tell_wait "$caller" "$log" "$limit"
    sleep 2
  done
  [ -z "$told" ] || [ "$status" -ne 0 ] || echo "$caller: the lock is free after $((SECONDS - start)) s" >&2
  cat "$log" >&2
  apt_advise "$caller" "$log"
  rm -f "$log"
  return "$status"
}

# Returns 0 if apt-get failed because another process holds a lock. apt_is_locked ERRORS
apt_is_locked() {
  grep -qE 'Could not get lock|Unable to (acquire|lock)|(is|was) locked by another process' "$1" && ! grep -q 'Permission denied' "$1"
}

# Reports once per lock holder that apt_get waits: "It is held by process 812 (unattended-upgr)" is apt's message.
apt_tell_wait() {
  local holder
  holder=$(grep -m 1 -E 'lock' "$2" | sed -E 's/^E: //; s/Could not get lock/cannot get the lock/; s/ - open .*//')
  [ "$holder" != "$told" ] || return 0
  told=$holder
  echo "$1: $holder; waiting, at most $3 s (automatic updates hold it for some minutes)" >&2
}

# Explains an error that is common on new machines. apt_advise CALLER ERRORS
apt_advise() {
  if grep -q 'dpkg --configure -a' "$2"; then
    echo "$1: an earlier installation was interrupted: run 'dpkg --configure -a' as root, then run this again" >&2
  elif grep -qE 'Unable to locate package|has no installation candidate' "$2"; then
    echo "$1: the package lists lack a package: check /etc/apt/sources.list (Debian 12 has all packages) and the network" >&2
  elif grep -qE 'Temporary failure resolving|Could not resolve|Could not connect|Unable to connect|Failed to fetch' "$2"; then
    echo "$1: a package server does not answer: check the network, and a proxy if there is one, then run this again" >&2
  fi
}
