import type { RemoteCache, StepLayer } from "../cache/remote-cache.js";
import type { StepCache } from "../cache/records.js";
import type { FactStore } from "../cache/rootfs-facts.js";
import type { SourceTree } from "../context/source-tree.js";
import type { DeviceEdits } from "../exec/device-edits.js";
import type { Executor, SandboxProcess } from "../exec/executor.js";
import type { Digest } from "../oci/digest.js";
import type { ImageConfig } from "../oci/image.js";
import type { ImageRequest } from "../plan/plan.js";
import type { RunDevice } from "../plan/run-device.js";
import type { LayerChain, Snapshotter, TreeDigest } from "../snapshotter/snapshotter.js";
import type { RemoteReader } from "../context/remote/remotes.js";
import type { Layers } from "../store/layers.js";
import type { SecretSource } from "../secret-source.js";
import type { Board } from "./board.js";
import type { BuildCaches } from "./build-caches.js";
import type { Jobs } from "../store/jobs.js";
import type { State } from "./state.js";

/** An image that a build starts from or copies from. */
export interface BaseImage {
  readonly config: ImageConfig;
  /** Of its manifest, else of its config: tells versions of an image apart. */
  readonly digest?: Digest | undefined;
  /** Its layers on this machine, pulled at the first call; later calls are cheap. */
  layers(progress: LayerProgress, signal: AbortSignal): Promise<LayerChain>;
}

/** Bytes of a layer that have arrived; `total` where it is known. */
export type LayerProgress = (item: string, current: number, total: number | undefined) => void;

/** An image by the name the user gave it. */
export type ImageName = Pick<ImageRequest, "platform" | "reference">;

/** Finds images: in the local store, a registry, or an OCI layout. */
export interface ImageResolver {
  /** Throws IMAGE_NOT_FOUND, REGISTRY, AUTH or PLATFORM, without a span. */
  resolve(request: ImageName, signal: AbortSignal): Promise<BaseImage>;
}

/** The layers of this machine. */
export type LayerCatalog = Pick<Layers, "find" | "adopt" | "findByTree" | "get" | "publish">;

/** What the user set for all RUN steps. */
export interface SandboxDefaults extends Pick<
  SandboxProcess,
  "cgroupParent" | "extraHosts" | "resources" | "shmSize" | "ulimits"
> {
  /** BUILDKIT_SANDBOX_HOSTNAME. */
  readonly hostname: string | undefined;
}

/** Finds the socket of the agent behind an id of `--ssh`; undefined where the user gave none. */
export type AgentSource = (id: string) => Promise<string | undefined>;

/** Finds devices of this machine: what a step that uses them is given. */
export type DeviceSource = (devices: readonly RunDevice[]) => Promise<DeviceEdits>;

/** The directories that COPY reads without `--from`, or from a named context. */
export interface Contexts {
  /** `undefined` is the build context. Opened when the first step needs it. */
  open(name: string | undefined): Promise<SourceTree>;
  /** The layers of a context that came from elsewhere; undefined for a directory of this machine. */
  state(name: string | undefined): Promise<State | undefined>;
}

/** Everything a build works with, wired by the command line. */
export interface Engine {
  readonly snapshots: Snapshotter;
  readonly layers: LayerCatalog;
  readonly cache: StepCache;
  readonly facts: FactStore;
  /** Undefined where --cache-from names none. */
  readonly remoteCache?: RemoteCache | undefined;
  /** One holder per name on this machine, across processes. */
  readonly lock: (name: string, signal: AbortSignal) => Promise<AsyncDisposable>;
  /** Opened when the first RUN misses. */
  readonly executor: () => Promise<Executor>;
  readonly contexts: Contexts;
  readonly caches: BuildCaches;
  readonly secrets: SecretSource;
  readonly agents: AgentSource;
  readonly devices: DeviceSource;
  readonly remotes: RemoteReader;
  readonly sandbox: SandboxDefaults;
  /** A private directory that may vanish with this process. */
  readonly work: string;
  /** What tells this Dockerfile from others when a miss is explained. */
  readonly scope: string;
  /** The steps have ended: what they left to be recorded need not wait for more of it, and what they ran in goes. */
  readonly hurry: () => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly jobs: Jobs;
  readonly board: Board;
  /** Layers that steps of this build write until they are recorded, by their content; each is there once it resolves. */
  readonly underWay: Map<TreeDigest, Promise<StepLayer>>;
}
