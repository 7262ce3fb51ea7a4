import { parseGoBoolean } from "../../go-boolean.js";
import type { PlanOptions } from "../../plan/plan.js";
import { intoImage } from "../args/cache.js";
import type { Caches } from "./caches.js";
import { platformOptions } from "./plan.js";
import type { Preparing } from "./prepare.js";

const none: Caches = {
  remoteCache: undefined,
  inline: undefined,
  export: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Opens what the flags name; nothing is asked of it yet, and nothing is loaded where they name none. */
export async function openCaches(preparing: Preparing): Promise<Caches> {
  const { command, session, board } = preparing;
  const [options, ...others] = platformOptions(command, session.io);
  const { cacheFrom } = command;
  const cacheTo = wantsInline(options) ? [...command.cacheTo, intoImage] : command.cacheTo;
  if (cacheFrom.length === 0 && cacheTo.length === 0) return none;
  const platforms = [options, ...others].map(
    ({ targetPlatform = session.platform }) => targetPlatform,
  );
  const { RemoteCaches } = await import("./remote-caches.js");
  return new RemoteCaches({ cacheFrom, cacheTo, platforms, session, board });
}

function wantsInline({ buildArgs }: PlanOptions): boolean {
  return parseGoBoolean(buildArgs.get("BUILDKIT_INLINE_CACHE") ?? "") === true;
}
