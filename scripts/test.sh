#!/bin/sh
# npm test: sets up, builds, checks types, style and format, and runs every test; the sandbox and
# end-to-end tests both as root and as an ordinary user. As an ordinary user: as that user only.
set -eu
cd "$(dirname "$0")/.."
# one run at a time, where files can be locked: what one builds and installs here, another runs
if [ -z "${TSBUILD_TEST_LOCKED:-}" ] && flock --nonblock --conflict-exit-code 0 scripts/test.sh true; then
  TSBUILD_TEST_LOCKED=1 exec flock --close scripts/test.sh scripts/test.sh
fi
umask 022 # the ordinary user reads what root makes here
export LC_ALL=C.UTF-8 # tests read what programs say
scripts/setup.sh
npm run --silent build
npm run --silent lint
fixtures/base-images/make.sh .cache/base-images

if [ "$(id -u)" != 0 ]; then
  exec node scripts/test.mjs
fi

account=tsbuild-test
id "$account" >/dev/null 2>&1 || useradd --create-home "$account"
grep -q "^$account:" /etc/subuid || usermod --add-subuids 1200000-1265535 "$account"
grep -q "^$account:" /etc/subgid || usermod --add-subgids 1200000-1265535 "$account"

# The checkout may lie where the account cannot go: show it at a place where it can.
TSBUILD_TEST_CHECKOUT=$(mktemp -d)
chmod 755 "$TSBUILD_TEST_CHECKOUT"
export TSBUILD_TEST_CHECKOUT TSBUILD_TEST_ACCOUNT="$account"
# shellcheck disable=SC2016 # expanded by the inner shell
status=0
unshare --mount --propagation private sh -euc '
  mount --bind . "$TSBUILD_TEST_CHECKOUT"
  cd "$TSBUILD_TEST_CHECKOUT"
  exec node scripts/test.mjs
' || status=$?
rmdir "$TSBUILD_TEST_CHECKOUT"
exit "$status"
