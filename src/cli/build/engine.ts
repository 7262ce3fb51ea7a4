import { mkdtemp } from "node:fs/promises";
import { availableParallelism, networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import type { Board } from "../../builder/board.js";
import { BuildCaches } from "../../builder/build-caches.js";
import type { Engine, SandboxDefaults } from "../../builder/engine.js";
import { Jobs } from "../../store/jobs.js";
import type { ForeignEngine } from "../../builder/remote-state.js";
import type { RemoteCache } from "../../cache/remote-cache.js";
import { StepRecords } from "../../cache/records.js";
import { StoredFacts } from "../../cache/rootfs-facts.js";
import type { Executor } from "../../exec/executor.js";
import { realDirectory } from "../../context/directory-context.js";
import type { LocalTree } from "../../context/local-tree.js";
import type { Remotes } from "../../context/remote/remotes.js";
import { ResourceStack } from "../../store/resource-stack.js";
import type { Store } from "../../store/store.js";
import type { SecretSource } from "../../secret-source.js";
import { BuildError } from "../../error.js";
import { HOST_GATEWAY, type HostEntry } from "../args/host.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import { openSandboxes } from "../sandboxes.js";
import type { Session } from "../session.js";
import type { Agents } from "./agents.js";
import { ContextSet } from "./contexts.js";
import type { ForeignContexts } from "./foreign-contexts.js";
import type { BuildInput } from "./input.js";
import { namedContext, remoteContext } from "./named-contexts.js";
import { planOptions } from "./plan.js";

/** Beside the bundle. Run from its sources, tsbuild has none, and reads on one thread. */
const READING_THREAD = join(import.meta.dirname, "reading.cjs");

/** A build of the command line. */
export interface Building {
  readonly command: BuildCommand;
  readonly input: BuildInput;
  readonly session: Session;
  readonly contexts: ForeignContexts;
  readonly remotes: Remotes;
  readonly board: Board;
  readonly secrets: SecretSource;
  readonly startedAt: Date;
  /** Told of each path of the context that is looked at. */
  readonly looked?: LocalTree["looked"];
  /** What --cache-from names. */
  readonly remoteCache?: RemoteCache | undefined;
}

/** Wires the real parts; disposing stops the sandboxes and keeps what the scans found out. */
export async function openEngine(building: Building): Promise<AsyncDisposable & Engine> {
  const { command, input, session, board, secrets, contexts: foreign, remotes } = building;
  const { store } = session;
  const contexts = await openContexts(building);
  const resources = new ResourceStack();
  const agents = await openAgents(building);
  if (agents !== undefined) resources.use(agents);
  const sandboxes = resources.use(new Sandboxes(session, board));
  return {
    ...storeParts(store),
    facts: new StoredFacts(store),
    remoteCache: building.remoteCache,
    executor: () => sandboxes.open(),
    contexts: {
      open: async (name) => (await foreign.open(name)) ?? (await contexts.open(name)),
      state: (name) => foreign.state(name),
    },
    remotes,
    caches: new BuildCaches(store.cacheMounts, building.remoteCache),
    secrets,
    agents: async (id) => await agents?.find(id),
    devices: async (wanted) => {
      const { deviceEdits } = await import("./devices.js");
      return await deviceEdits(wanted, session.io.env);
    },
    sandbox: sandboxDefaults(command, session.io),
    scope: input.scope,
    hurry: () => {
      sandboxes.end();
      store.snapshotter.release();
      store.database.flush(); // while the last layers are on their way to the disk
      void store.layers.settled().then(() => {
        store.database.hurry();
      });
    },
    jobs: new Jobs(command.jobs ?? availableParallelism()),
    underWay: new Map(),
    board,
    [Symbol.asyncDispose]: async () => {
      await contexts.save();
      await resources[Symbol.asyncDispose]();
    },
  };
}

async function openAgents({ command, session }: Building): Promise<Agents | undefined> {
  if (command.ssh.length === 0) return undefined;
  const { Agents } = await import("./agents.js");
  return await Agents.open(command.ssh, { io: session.io, work: session.store.work });
}

/** What an engine has from the store. */
export function storeParts(store: Store): ForeignEngine {
  return {
    snapshots: store.snapshotter,
    layers: store.layers,
    cache: new StepRecords(store),
    lock: (name, signal) => store.locks.lock(name, signal),
    work: store.work,
    now: Date.now,
  };
}

function sandboxDefaults(command: BuildCommand, io: Io): SandboxDefaults {
  const { addHosts, cgroupParent, resources, shmSize, ulimits } = command;
  const hostname = planOptions(command, io).buildArgs.get("BUILDKIT_SANDBOX_HOSTNAME");
  return {
    hostname: hostname === "" ? undefined : hostname,
    shmSize,
    extraHosts: addHosts.map(withAddress),
    resources,
    cgroupParent,
    ulimits,
  };
}

/** The network of steps does not reach the loopback of this machine, but all its other addresses. */
function withAddress({ name, ip }: HostEntry): HostEntry {
  if (ip !== HOST_GATEWAY) return { name, ip };
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  if (outer !== undefined) return { name, ip: outer.address };
  throw new BuildError(
    "USAGE",
    `Cannot use --add-host "${name}=${ip}": no IPv4 address but loopback`,
    {
      hint: "give an address",
    },
  );
}

async function openContexts({ command, input, session, looked }: Building): Promise<ContextSet> {
  const { io, store } = session;
  const root = input.context ?? (await mkdtemp(join(store.work, "empty-context-")));
  const named = new Map<string, string>();
  for (const [name, value] of command.buildContexts) {
    if (namedContext(value).kind !== "directory") continue;
    const path = resolve(io.cwd, value);
    if (remoteContext(value) === undefined) realDirectory(path); // also of one that no step asks for
    named.set(name, path);
  }
  const indexes = store.paths.index;
  const { dockerfile } = input;
  const thread = availableParallelism() > 1 ? READING_THREAD : undefined;
  return new ContextSet({ root, dockerfile, looked }, named, indexes, { work: store.work, thread });
}

/** The executor of a build, opened when the first step misses. */
class Sandboxes implements AsyncDisposable {
  readonly #session: Session;
  readonly #board: Board;
  #executor: Promise<Executor> | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(session: Session, board: Board) {
    this.#session = session;
    this.#board = board;
  }

  open(): Promise<Executor> {
    return (this.#executor ??= this.#open());
  }

  async #open(): Promise<Executor> {
    await this.#ended;
    return await openSandboxes(this.#session, (message) => {
      this.#board.warn(undefined, message);
    });
  }

  /** Begins to take away what steps ran in; one that is run after all begins anew. */
  end(): void {
    const executor = this.#executor;
    if (executor === undefined) return;
    this.#executor = undefined;
    this.#ended = executor.then((opened) => opened[Symbol.asyncDispose]());
    this.#ended.catch(() => undefined); // told by who waits
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.#ended;
  }
}
