#!/bin/sh
# npm run bench, npm run conformance: sets up, builds, and runs the program of the first argument, which
# may start other builders (docker, buildah, where installed). "npm run bench -- --help" lists the flags.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
npm run --silent build
fixtures/base-images/make.sh .cache/base-images

if [ "$(id -u)" = 0 ]; then
  # what the peers mount, and forget when they are killed, ends with this namespace
  exec unshare --mount --propagation private node --import tsx "$@"
fi
exec node --import tsx "$@"
