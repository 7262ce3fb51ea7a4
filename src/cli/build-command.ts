import type { Resources } from "../exec/resources.js";
import type { Ulimit } from "../exec/rlimits.js";
import type { DeviceGrant, Entitlement } from "./args/allow.js";
import type { Attestations } from "./args/attest.js";
import type { CacheTarget } from "./args/cache.js";
import type { CacheSpec } from "./args/cache-spec.js";
import type { Call } from "./args/call.js";
import type { HostEntry } from "./args/host.js";
import type { OutputSpec } from "./args/output.js";
import type { SecretSpec } from "./args/secret.js";
import type { Setting } from "./args/setting.js";
import type { SshSpec } from "./args/ssh.js";
import type { Network, Progress } from "./args/words.js";

/** `tsbuild [build] CONTEXT`. */
export interface BuildCommand extends Attestations {
  readonly kind: "build";
  /** As written: a directory, a git repository, a URL, or "-" for standard input. */
  readonly context: string;
  readonly file: string | undefined;
  readonly tags: readonly string[];
  readonly target: string | undefined;
  /** In order; a later one of the same name wins. A missing value is the environment's. */
  readonly buildArgs: readonly Setting[];
  readonly buildContexts: ReadonlyMap<string, string>;
  /** Such as "linux/amd64", or "local"; none is the machine's own. */
  readonly platforms: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly network: Network;
  readonly addHosts: readonly HostEntry[];
  readonly shmSize: number | undefined;
  readonly ulimits: readonly Ulimit[];
  readonly resources: Resources;
  readonly cgroupParent: string | undefined;
  readonly secrets: readonly SecretSpec[];
  readonly ssh: readonly SshSpec[];
  readonly noCache: boolean;
  /** Stage names as written; stages are matched ignoring case. */
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  /** Empty means the image store. `--push` is an output of type "image" with `push`. */
  readonly outputs: readonly OutputSpec[];
  readonly cacheFrom: readonly CacheSpec[];
  readonly cacheTo: readonly CacheTarget[];
  /** Whether every new time in the outputs is SOURCE_DATE_EPOCH, or 1970. */
  readonly reproducible: boolean;
  readonly iidFile: string | undefined;
  readonly metadataFile: string | undefined;
  /** Undefined leaves the choice to the environment. */
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
  readonly jobs: number | undefined;
  readonly allow: ReadonlySet<Entitlement>;
  readonly allowDevices: readonly DeviceGrant[];
  /** Undefined builds. */
  readonly call: Call | undefined;
  /** About flags that have no effect, for the user to read. */
  readonly warnings: readonly string[];
  readonly debug: boolean;
}
