#!/bin/sh
# npm run conformance: builds the cases of fixtures/conformance with tsbuild and its peers (docker,
# buildah, where installed), and compares. "npm run conformance -- --help" lists the flags.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
npm run --silent build
fixtures/base-images/make.sh .cache/base-images

if [ "$(id -u)" = 0 ]; then
  # what the peers mount, and forget when they are killed, ends with this namespace
  exec unshare --mount --propagation private node --import tsx scripts/conformance/main.ts "$@"
fi
exec node --import tsx scripts/conformance/main.ts "$@"
