#!/bin/sh
# Installs what tsbuild and its tests need: system packages from Debian or Ubuntu, and the npm
# packages of the lockfile. Does nothing where all is there already.
set -eu
cd "$(dirname "$0")/.."

# command:package pairs; the command tells whether the package is there
needed="
crun:crun
runc:runc
pasta:passt
slirp4netns:slirp4netns
newuidmap:uidmap
busybox:busybox-static
mmdebstrap:mmdebstrap
skopeo:skopeo
umoci:umoci
docker-registry:docker-registry
unshare:util-linux
curl:curl
git:git
openssl:openssl
ssh-keygen:openssh-client
htpasswd:apache2-utils
bzip2:bzip2
xz:xz-utils
zstd:zstd
"

# Mirrors and registries stumble, and another apt-get may hold the lock for a while.
patiently() {
  for pause in 5 20 60; do
    "$@" && return
    echo "scripts/setup.sh: failed, and is tried again in $pause s: $*" >&2
    sleep "$pause"
  done
  "$@"
}

missing=
for pair in $needed; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done

if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "tsbuild needs a few system packages; install them once with:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  patiently apt-get update -qq
  # shellcheck disable=SC2086 # one word per package
  patiently apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
fi

# Ordinary users need it for the network of a step; where udev runs, it has this mode already.
if [ "$(id -u)" = 0 ] && [ -c /dev/net/tun ]; then
  chmod 0666 /dev/net/tun
fi

# npm ci starts from nothing each time: skip it while the installed tree is that of the lockfile.
# Everything native comes prebuilt inside the packages, so no install script needs to run.
stamp=node_modules/.tsbuild-lockfile
if ! cmp -s package-lock.json "$stamp"; then
  [ ! -L node_modules ] || rm node_modules # through a link it would empty another checkout's
  rm -f "$stamp" # first: who is interrupted leaves a tree that is installed again
  patiently npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi
