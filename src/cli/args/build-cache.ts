import type { BuildCommand } from "../build-command.js";
import { parseCacheFrom, parseCacheTo } from "./cache.js";
import type { Flags } from "./flags.js";
import { unlessEmpty } from "./words.js";

type Cache = Pick<BuildCommand, "cacheFrom" | "cacheTo" | "noCache" | "noCacheFilter" | "pull">;

/** Declares the flags that say what of earlier builds counts. */
export function declareCache(flags: Flags): () => Cache {
  flags.group("Cache");
  const noCache = flags.switch("--no-cache", "run every step again");
  const noCacheFilter = flags.many("--no-cache-filter <stages>", "run these stages again", (text) =>
    text.split(","),
  );
  const cacheFrom = flags.many(
    "--cache-from <source>",
    "use steps that other machines ran: NAME in a registry, or type=…",
    unlessEmpty(parseCacheFrom),
  );
  const cacheTo = flags.many(
    "--cache-to <destination>",
    "share the steps of this build: NAME, or type=registry|local|inline|s3|gha,…,mode=min|max",
    unlessEmpty(parseCacheTo),
  );
  const pull = flags.switch("--pull", "ask the registry for newer base images");
  return () => ({
    noCache: noCache(),
    noCacheFilter: noCacheFilter().flat(),
    cacheFrom: cacheFrom().flat(),
    cacheTo: cacheTo().flat(),
    pull: pull(),
  });
}
