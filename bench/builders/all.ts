import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ResourceStack } from "../../src/store/resource-stack.js";
import { giveTo } from "../account.js";
import { Missing, type BuilderSite, type Carrier } from "../builder.js";
import { buildah } from "./buildah.js";
import { dockerNew } from "./docker-new.js";
import { docker, dockerClassic } from "./docker.js";
import { skopeo } from "./skopeo.js";
import { tsbuildForgetful } from "./tsbuild.js";

/** Sets one up. Throws `Missing` where it cannot run. */
type Factory = (site: BuilderSite) => Promise<Carrier>;

const peers: Readonly<Record<string, Factory>> = {
  docker,
  "docker-classic": dockerClassic,
  "docker-new": dockerNew,
  buildah,
  skopeo,
};

/** Measured only where they are named. */
const onRequest: Readonly<Record<string, Factory>> = { "tsbuild-forgetful": tsbuildForgetful };

/** Which peers, and where. */
export interface PeerOptions {
  /** Whom to set up; undefined for all that can run here. */
  readonly names: readonly string[] | undefined;
  readonly directory: string;
  readonly account: string | undefined;
  readonly tell: (text: string) => void;
}

/** Sets peers up, each below `directory`, and disposes them with `stack`. */
export async function openPeers(
  stack: ResourceStack,
  { names, directory, account, tell }: PeerOptions,
): Promise<readonly Carrier[]> {
  const opened: Carrier[] = [];
  const all = { ...peers, ...onRequest };
  for (const name of names ?? Object.keys(peers)) {
    const factory = all[name];
    if (factory === undefined) {
      throw new Error(`Cannot find peer "${name}": want one of ${Object.keys(all).join(", ")}`);
    }
    const root = join(directory, name);
    mkdirSync(root);
    await giveTo(account, root);
    try {
      opened.push(stack.use(await factory({ root, account })));
    } catch (error) {
      if (!(error instanceof Missing) || names !== undefined) throw error;
      tell(`without ${name}: ${error.message}`);
    }
  }
  return opened;
}
