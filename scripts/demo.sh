#!/bin/sh
# npm run demo: sets up, builds tsbuild and the base images, builds fixtures/web, runs it, fetches
# its page, changes one source file and builds again. Needs nothing but Node and a Debian mirror.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

say "Setting up: system packages, npm packages, tsbuild, base images"
scripts/setup.sh
npm run --silent build
fixtures/base-images/make.sh .cache/base-images

work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  # as an ordinary user: layers belong to subordinate ids, which only a user namespace may remove
  rm -rf "$work" 2>/dev/null || unshare --user --map-auto --map-root-user rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

export TSBUILD_ROOT="$work/store" # a store of its own: the first build starts from nothing
tsbuild=bin/tsbuild
cp -R fixtures/web "$work/web"
tar -C .cache/base-images -c . | $tsbuild load --quiet
$tsbuild tag debian debian:bookworm

say "Building fixtures/web: tsbuild -t web fixtures/web"
before=$(milliseconds)
$tsbuild -t web "$work/web"
cold=$(($(milliseconds) - before))

port=$(node -e 'const server = require("net").createServer().listen(0, "127.0.0.1", () => {
  console.log(server.address().port);
  server.close();
})')

# Serves the image "web" and prints what it answers.
show_page() {
  rm -f "$work/log" # the runtime gave it to the user of the image
  $tsbuild run --network host -e "PORT=$port" web >"$work/log" 2>&1 &
  server=$!
  until curl --silent --fail --noproxy '*' "http://127.0.0.1:$port/"; do
    kill -0 "$server" || {
      cat "$work/log" >&2
      exit 1
    }
    sleep 0.1
  done
  kill "$server"
  wait "$server" || true
  server=
}

say "Running it: tsbuild run --network host -e PORT=$port web; curl http://127.0.0.1:$port/"
show_page

say "Changing public/index.html and building again"
sed -i 's|Built by tsbuild|Built by tsbuild, again|' "$work/web/public/index.html"
before=$(milliseconds)
$tsbuild --progress=plain -t web "$work/web" 2>"$work/rebuild"
warm=$(($(milliseconds) - before))
cat "$work/rebuild"
show_page

say "Reused $(grep -c ' CACHED$' "$work/rebuild") steps of the first build"
printf 'first build:  %6d ms\nafter change: %6d ms\n' "$cold" "$warm"
