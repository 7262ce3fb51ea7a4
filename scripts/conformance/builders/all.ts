import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Missing } from "../../../bench/builder.js";
import type { ResourceStack } from "../../../src/store/resource-stack.js";
import { buildah } from "./buildah.js";
import type { CaseBuilder, CaseSite } from "./builder.js";
import { docker } from "./docker.js";

const factories = { docker, buildah };

/** The builder whose behaviour is ours. */
export const reference = "docker";

/** Which peers, and what they are set up with. */
export interface PeerOptions {
  /** Whom to set up; undefined for all that can run here. */
  readonly names: readonly string[] | undefined;
  readonly directory: string;
  readonly busybox: string;
  readonly tell: (text: string) => void;
}

/** Sets the peers up that are installed, and disposes them with `stack`. */
export async function openPeers(
  stack: ResourceStack,
  { names, directory, busybox, tell }: PeerOptions,
): Promise<readonly CaseBuilder[]> {
  for (const name of names ?? []) {
    if (name in factories) continue;
    const known = Object.keys(factories).join(", ");
    throw new Error(`Cannot find peer "${name}": want one of ${known}`);
  }
  const opened: CaseBuilder[] = [];
  for (const [name, factory] of Object.entries(factories)) {
    if (names !== undefined && !names.includes(name)) continue;
    const root = join(directory, name);
    mkdirSync(root);
    const builder = await openOne(factory, { root, busybox }, (reason) => {
      if (names !== undefined) throw reason;
      tell(`without ${name}: ${reason.message}`);
    });
    if (builder !== undefined) opened.push(stack.use(builder));
  }
  return opened;
}

async function openOne(
  factory: (site: CaseSite) => Promise<CaseBuilder>,
  site: CaseSite,
  missing: (reason: Missing) => void,
): Promise<CaseBuilder | undefined> {
  try {
    return await factory(site);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    missing(error);
    return undefined;
  }
}
