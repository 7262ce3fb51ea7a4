import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board } from "../../../src/builder/board.js";
import { BuildCaches } from "../../../src/builder/build-caches.js";
import {
  build,
  type BuildRequest,
  type BuildResult,
  type BuiltImage,
} from "../../../src/builder/build.js";
import type { BaseImage, Engine } from "../../../src/builder/engine.js";
import { Jobs } from "../../../src/store/jobs.js";
import type { RemoteCache } from "../../../src/cache/remote-cache.js";
import { StepRecords } from "../../../src/cache/records.js";
import { StoredFacts } from "../../../src/cache/rootfs-facts.js";
import { openDirectoryContext } from "../../../src/context/directory-context.js";
import type { SourceTree } from "../../../src/context/source-tree.js";
import type { Entry } from "../../../src/oci/changeset.js";
import type { ImageConfig } from "../../../src/oci/image.js";
import { parsePlatform, type Platform } from "../../../src/oci/platform.js";
import { joinPlans } from "../../../src/plan/join-plans.js";
import type { Plan } from "../../../src/plan/plan.js";
import type { RemoteReader } from "../../../src/context/remote/remotes.js";
import { openStore } from "../../../src/store/open-store.js";
import type { Store } from "../../../src/store/store.js";
import { populate, type Layout } from "../../context/temporary.js";
import { planOf } from "../../plan/planning.js";
import { BuildLog } from "./build-log.js";
import { FakeExecutor } from "./fake-executor.js";
import { PlainSnapshotter } from "./plain-snapshotter.js";

/** What a test says of a build beside its Dockerfile. */
export interface Given {
  readonly images?: Readonly<Record<string, BaseImage>>;
  readonly fresh?: BuildRequest["fresh"];
  readonly jobs?: number;
  readonly whole?: boolean;
  readonly remoteCache?: RemoteCache;
  readonly signal?: AbortSignal;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly executor?: FakeExecutor;
  /** What the builder sees in the place of the build context. */
  readonly context?: (tree: SourceTree) => SourceTree;
  readonly remotes?: RemoteReader;
  /** Several are built for at once. */
  readonly platforms?: readonly string[];
}

/** The first image, and all that there is. */
export type Built = BuildResult & BuiltImage;

/** A build under way. */
export interface Running {
  readonly done: Promise<Built>;
  /** Of every platform. */
  readonly all: Promise<readonly BuiltImage[]>;
  readonly log: BuildLog;
  readonly executor: FakeExecutor;
}

/**
 * Builds with the real store, planner, cache and context in a directory of its own. Only the
 * sandbox is a fake, and states are shown without mounts.
 */
export class TestBuilds implements AsyncDisposable {
  readonly store: Store;
  /** The build context. */
  readonly context: string;
  /** By id, as --secret gives them. */
  readonly secrets = new Map<string, Uint8Array>();
  readonly #directory: string;
  readonly #clock: { now: number };

  private constructor(store: Store, directory: string, clock: { now: number }) {
    this.store = store;
    this.context = join(directory, "context");
    this.#directory = directory;
    this.#clock = clock;
  }

  /** `files`: what is in the build context. */
  static async open(files: Layout = {}): Promise<TestBuilds> {
    const directory = await mkdtemp(join(tmpdir(), "tsbuild-builder-"));
    const clock = { now: Date.UTC(2026, 0, 1) };
    const store = await openStore({
      root: join(directory, "store"),
      userNamespace: false,
      openSnapshotter: (site) => Promise.resolve(new PlainSnapshotter(site)),
      now: () => clock.now,
    });
    const builds = new TestBuilds(store, directory, clock);
    await mkdir(builds.context);
    populate(builds.context, files);
    return builds;
  }

  /** Lets an hour pass on the clock of the store. */
  waitAnHour(): void {
    this.#clock.now += 3_600_000;
  }

  /** Begins a build; its failure is for who waits for `done`. */
  start(dockerfile: string, given: Given = {}): Running {
    const {
      executor = new FakeExecutor(),
      images = {},
      fresh = () => undefined,
      whole = false,
    } = given;
    const log = new BuildLog();
    const configs = mapValues(images, ({ config }) => config);
    const buildArgs = new Map(Object.entries(given.buildArgs ?? {}));
    const { platforms = [] } = given;
    const [first, ...others] = platforms.map((text) => parsePlatform(text));
    const planFor = (targetPlatform: Platform | undefined): Plan =>
      planOf(dockerfile, { images: configs, buildArgs, targetPlatform });
    const plan = joinPlans([planFor(first), ...others.map(planFor)]);
    const found = plan.images.map(({ reference }) => {
      const image = images[reference];
      if (image === undefined) throw new Error(`the test has no image "${reference}"`);
      return image;
    });
    const engine: Engine = {
      ...this.#engine(executor),
      caches: new BuildCaches(this.store.cacheMounts, given.remoteCache),
      contexts: {
        open: () => this.#openContext(given.context),
        state: () => Promise.resolve(undefined),
      },
      remotes: given.remotes ?? noRemotes,
      remoteCache: given.remoteCache,
      jobs: new Jobs(given.jobs ?? 4),
      underWay: new Map(),
      board: new Board(log.emit),
    };
    const { signal = new AbortController().signal } = given;
    const showPlatforms = platforms.length > 1;
    const request = { plan, targets: plan.targets, showPlatforms, images: found, fresh, whole };
    const built = build(request, engine, signal);
    const all = built.then(({ images: each }) => each);
    const done = built.then((result) => ({ ...result, ...only(result.images) }));
    all.catch(() => undefined); // few wait for it, and `done` fails as well
    return { done, all, log, executor };
  }

  /** Builds to the end, which must be good. */
  async build(dockerfile: string, given: Given = {}): Promise<Built & Running> {
    const running = this.start(dockerfile, given);
    return { ...running, ...(await running.done) };
  }

  /** An image of one layer that is here. */
  async image(entries: readonly Entry[], config: Partial<ImageConfig> = {}): Promise<BaseImage> {
    await using draft = await this.store.snapshotter.ingest(entries);
    const { id, diffId } = await this.store.layers.adopt(draft, { origin: "built" });
    const rootfs = { type: "layers", diff_ids: [diffId] } as const;
    return {
      config: { os: "linux", architecture: "amd64", ...config, rootfs },
      layers: () => Promise.resolve([id]),
    };
  }

  async #openContext(change = (tree: SourceTree) => tree): Promise<SourceTree> {
    const place = { root: this.context, ignore: undefined, index: undefined };
    return change(await openDirectoryContext(place));
  }

  #engine(
    executor: FakeExecutor,
  ): Omit<Engine, "board" | "caches" | "contexts" | "jobs" | "remotes" | "underWay"> {
    const { store } = this;
    return {
      snapshots: store.snapshotter,
      layers: store.layers,
      cache: new StepRecords(store),
      facts: new StoredFacts(store),
      lock: (name, signal) => store.locks.lock(name, signal),
      executor: () => Promise.resolve(executor),
      secrets: (id) => Promise.resolve(this.secrets.get(id)),
      agents: () => Promise.resolve(undefined),
      devices: () => Promise.reject(new Error("the test has no devices")),
      sandbox: {
        hostname: undefined,
        shmSize: undefined,
        extraHosts: [],
        ulimits: [],
        resources: {},
        cgroupParent: undefined,
      },
      hurry: () => {
        store.database.hurry();
      },
      work: store.work,
      scope: "Dockerfile",
      now: () => this.#clock.now,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await rm(this.#directory, { recursive: true });
  }
}

/** For builds that read nothing from elsewhere. */
const noRemotes: RemoteReader = {
  resolve: ({ kind }) => Promise.reject(new Error(`the test has no ${kind} source`)),
};

function only<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error("the build made nothing");
  return first;
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
