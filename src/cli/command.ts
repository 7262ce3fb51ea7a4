import type { Resources } from "../exec/resources.js";
import type { Platform } from "../oci/platform.js";
import type { DeviceGrant } from "./args/allow.js";
import type { Attestations } from "./args/attest.js";
import type { Annotation } from "./args/annotation.js";
import type { CacheTarget } from "./args/cache.js";
import type { CacheSpec } from "./args/cache-spec.js";
import type { Call } from "./args/call.js";
import type { HostEntry } from "./args/host.js";
import type { OutputSpec } from "./args/output.js";
import type { SecretSpec } from "./args/secret.js";
import type { Setting } from "./args/setting.js";
import type { Space } from "./args/space.js";
import type { SshSpec } from "./args/ssh.js";
import type { Ulimit } from "./args/ulimit.js";
import type { Volume } from "./args/volume.js";

/** What `--network` may say. */
export type Network = "default" | "host" | "none";
/** What `--progress` may say. */
export type Progress = "auto" | "none" | "plain" | "quiet" | "rawjson" | "tty";
/** What `--allow` may grant. */
export type Entitlement = "buildx.local.delete" | "device" | "network.host" | "security.insecure";

/** `tsbuild [build] CONTEXT`. */
export interface BuildCommand extends Attestations {
  readonly kind: "build";
  /** As written: a directory, or "-" for standard input. */
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

/** `tsbuild run IMAGE [COMMAND…]`. */
export interface RunCommand {
  readonly kind: "run";
  readonly image: string;
  /** Everything after IMAGE, flags included; empty means the image's own CMD. */
  readonly argv: readonly string[];
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly env: readonly Setting[];
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  /** Empty takes the image's ENTRYPOINT away. */
  readonly entrypoint: string | undefined;
  readonly network: Network;
  readonly volumes: readonly Volume[];
  readonly debug: boolean;
}

/** `tsbuild pull NAME`. */
export interface PullCommand {
  readonly kind: "pull";
  readonly name: string;
  /** Every tag of the repository. */
  readonly all: boolean;
  readonly platform: string | undefined;
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** `tsbuild push NAME`. */
export interface PushCommand {
  readonly kind: "push";
  readonly name: string;
  /** Every tag of the repository that is in the store. */
  readonly all: boolean;
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** `tsbuild login [SERVER]`. */
export interface LoginCommand {
  readonly kind: "login";
  /** Its host; "docker.io" when none is named. */
  readonly registry: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The password is on standard input. */
  readonly passwordStdin: boolean;
  readonly debug: boolean;
}

/** `tsbuild logout [SERVER]`. */
export interface LogoutCommand {
  readonly kind: "logout";
  readonly registry: string;
  readonly debug: boolean;
}

/** One `--filter KEY=VALUE`. */
export interface Filter {
  readonly key: string;
  /** "~=" takes a regular expression. */
  readonly operator: "!=" | "=" | "~=";
  /** Undefined when only the key was given. */
  readonly value: string | undefined;
}

/** The commands that only look at the store or change its names. */
export type StoreCommand =
  | {
      readonly kind: "images";
      /** NAME[:TAG], or a pattern of it. */
      readonly name: string | undefined;
      /** Also base images for other platforms. */
      readonly all: boolean;
      readonly filters: readonly Filter[];
      readonly quiet: boolean;
      readonly noTrunc: boolean;
      readonly digests: boolean;
      readonly format: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "inspect";
      readonly names: readonly string[];
      readonly format: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "history";
      readonly name: string;
      readonly quiet: boolean;
      readonly noTrunc: boolean;
      /** Sizes and ages for people, else bytes and times. */
      readonly human: boolean;
      readonly format: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "tag";
      readonly source: string;
      readonly destination: string;
      readonly debug: boolean;
    }
  | {
      readonly kind: "rmi";
      readonly names: readonly string[];
      readonly force: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "save";
      readonly names: readonly string[];
      /** Undefined is standard output. */
      readonly output: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "load";
      /** Undefined is standard input. */
      readonly input: string | undefined;
      readonly quiet: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "import";
      /** A file, a URL, or "-" for standard input. */
      readonly source: string;
      readonly name: string | undefined;
      /** Dockerfile instructions. */
      readonly changes: readonly string[];
      readonly message: string | undefined;
      readonly platform: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "export";
      readonly image: string;
      /** Undefined is standard output. */
      readonly output: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "diff";
      readonly image: string;
      /** Undefined is the image that it was built from. */
      readonly base: string | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "prune";
      /** Also images with a name. */
      readonly all: boolean;
      /** Asks nothing. */
      readonly force: boolean;
      /** Only tells what it would do. */
      readonly plan: boolean;
      readonly verbose: boolean;
      readonly filters: readonly Filter[];
      readonly maxUsed: Space | undefined;
      readonly minFree: Space | undefined;
      readonly reserved: Space | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "du";
      readonly filters: readonly Filter[];
      readonly format: string | undefined;
      readonly verbose: boolean;
      readonly debug: boolean;
    };

/** `tsbuild imagetools`: images where they lie in registries. */
export type ImagetoolsCommand =
  | {
      readonly kind: "imagetools-create";
      /** As written: names, digests, descriptors, OCI layouts. */
      readonly sources: readonly string[];
      /** Files that hold sources. */
      readonly files: readonly string[];
      readonly tags: readonly string[];
      /** What the first tag leads to is a source, too. */
      readonly append: boolean;
      readonly dryRun: boolean;
      readonly preferIndex: boolean;
      /** Only these; none is all. */
      readonly platforms: readonly string[];
      readonly annotations: readonly Annotation[];
      readonly metadataFile: string | undefined;
      readonly progress: Progress | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "imagetools-inspect";
      readonly name: string;
      readonly raw: boolean;
      readonly format: string | undefined;
      readonly debug: boolean;
    };

/** The commands about builds that are kept; an undefined `build` is the last one that ended. */
export type BuildsCommand =
  | {
      readonly kind: "builds";
      readonly format: string | undefined;
      readonly quiet: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "build-logs";
      readonly build: string | undefined;
      readonly progress: Progress | undefined;
      readonly debug: boolean;
    }
  | {
      readonly kind: "build-report";
      readonly build: string | undefined;
      readonly json: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "remove-builds";
      readonly builds: readonly string[];
      readonly all: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "step-log";
      readonly build: string | undefined;
      readonly step: string;
      readonly debug: boolean;
    }
  | {
      readonly kind: "explain";
      readonly build: string | undefined;
      readonly step: string | undefined;
      readonly json: boolean;
      readonly debug: boolean;
    };

/** `tsbuild manifest`: lists of images that are made here and pushed. */
export type ManifestCommand =
  | {
      readonly kind: "manifest-create";
      readonly list: string;
      readonly images: readonly string[];
      readonly amend: boolean;
      readonly debug: boolean;
    }
  | {
      readonly kind: "manifest-annotate";
      readonly list: string;
      readonly image: string;
      /** Only what is to be changed. */
      readonly platform: Partial<Platform>;
      readonly debug: boolean;
    }
  | {
      readonly kind: "manifest-push";
      readonly list: string;
      readonly purge: boolean;
      readonly progress: Progress | undefined;
      readonly debug: boolean;
    }
  | { readonly kind: "manifest-inspect"; readonly name: string; readonly debug: boolean }
  | { readonly kind: "manifest-rm"; readonly lists: readonly string[]; readonly debug: boolean };

/** The commands that need neither the store nor a namespace. */
export type InfoCommand =
  | { readonly kind: "version" }
  /** `text` goes to standard output as it is. */
  | { readonly kind: "help"; readonly text: string };

/** What the user asked for, checked as far as that goes without files or environment. */
export type Command =
  | BuildCommand
  | BuildsCommand
  | ImagetoolsCommand
  | InfoCommand
  | LoginCommand
  | LogoutCommand
  | ManifestCommand
  | PullCommand
  | PushCommand
  | RunCommand
  | StoreCommand;
