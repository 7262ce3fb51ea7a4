#!/bin/sh
# npm run bench: measures tsbuild and its peers (docker, buildah, where installed) by turns, and
# prints medians and ratios. "npm run bench -- --help" lists the flags.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
npm run --silent build
fixtures/base-images/make.sh .cache/base-images

if [ "$(id -u)" = 0 ]; then
  # what the peers mount, and forget when they are killed, ends with this namespace
  exec unshare --mount --propagation private node --import tsx bench/main.ts "$@"
fi
exec node --import tsx bench/main.ts "$@"
