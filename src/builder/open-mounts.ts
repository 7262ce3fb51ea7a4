import { join } from "node:path";
import { cacheMountIdentity } from "../cache/step-identity.js";
import { BuildError, locate } from "../error.js";
import type { SandboxMount } from "../exec/sandbox-mount.js";
import type { RunBind, RunCache, RunMount, RunSecret, RunSsh } from "../plan/run-mount.js";
import type { RunStep } from "../plan/step.js";
import type { NewCache } from "../store/cache-mount.js";
import { ResourceStack } from "../store/resource-stack.js";
import type { Engine } from "./engine.js";
import { mountedFiles, type MountedFiles } from "./mounted-files.js";
import type { Task } from "./step-task.js";

/** The content behind each mount of a step; undefined where it has none, or none that counts. */
export async function mountContents(
  task: Task<RunStep>,
  engine: Engine,
): Promise<readonly (MountedFiles | undefined)[]> {
  return await Promise.all(
    task.step.mounts.map(async (mount) => {
      try {
        if (mount.kind === "bind") return await mountedFiles(mount, task, engine);
        if (mount.kind !== "cache" || mount.seed === undefined) return undefined;
        return await mountedFiles(mount.seed, task, engine);
      } catch (error) {
        throw locate(error, mount.at);
      }
    }),
  );
}

/** What a sandbox is given for the mounts of a step; disposing gives it back when the step has ended. */
export class OpenMounts implements AsyncDisposable {
  readonly mounts: SandboxMount[] = [];
  readonly secretEnv: string[] = [];
  readonly #resources = new ResourceStack();
  readonly #task: Task<RunStep>;
  readonly #engine: Engine;
  /** Paths by identity: a cache that is mounted twice is one directory. */
  readonly #caches = new Map<string, string>();

  private constructor(task: Task<RunStep>, engine: Engine) {
    this.#task = task;
    this.#engine = engine;
  }

  /** Waits for caches that others have locked. */
  static async open(
    task: Task<RunStep>,
    contents: readonly (MountedFiles | undefined)[],
    engine: Engine,
  ): Promise<OpenMounts> {
    const open = new OpenMounts(task, engine);
    try {
      await open.#takeCaches(contents);
      for (const [index, mount] of task.step.mounts.entries()) {
        await open.#add(mount, contents[index]).catch((error: unknown) => {
          throw locate(error, mount.at);
        });
      }
      return open;
    } catch (error) {
      await open[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** In the order of their identities, so that no two steps wait for each other. */
  async #takeCaches(contents: readonly (MountedFiles | undefined)[]): Promise<void> {
    const { mounts } = this.#task.step;
    const wanted = mounts.flatMap((mount, index) => {
      if (mount.kind !== "cache") return [];
      const files = contents[index];
      return [{ mount, files, identity: cacheMountIdentity(mount, files?.content) }];
    });
    for (const { mount, files, identity } of wanted.toSorted(byIdentity)) {
      if (this.#caches.has(identity)) continue;
      this.#caches.set(identity, await this.#takeCache(mount, identity, files));
    }
  }

  async #takeCache(
    { id, sharing, owner, seed }: RunCache,
    identity: string,
    files: MountedFiles | undefined,
  ): Promise<string> {
    const { signal, fresh } = this.#task;
    // BuildKit's rule: who names an owner and no directory gets an empty one
    const copied = owner === undefined || seed?.source !== "/" ? files : undefined;
    const initial = async (): Promise<NewCache> => {
      const [top, ...entries] = (await copied?.entries()) ?? [];
      if (top === undefined) return { ...(owner ?? { uid: 0, gid: 0, mode: 0o755 }), entries };
      if (top.type === "directory") return { ...top, entries };
      const what = `Cannot mount "${seed?.source ?? ""}" as a cache: it is not a directory`;
      throw new BuildError("SOURCE_NOT_FOUND", what);
    };
    const request = { identity, id, sharing, initial, fresh: fresh !== undefined };
    const cache = await this.#engine.caches.acquire(request, signal);
    return this.#resources.use(cache).path;
  }

  async #add(mount: RunMount, files: MountedFiles | undefined): Promise<void> {
    switch (mount.kind) {
      case "bind":
        this.mounts.push(await this.#bind(mount, files));
        return;
      case "cache": {
        const { target, readonly } = mount;
        const source = this.#caches.get(cacheMountIdentity(mount, files?.content));
        if (source === undefined) throw new Error("every cache was taken before");
        this.mounts.push({ kind: "bind", source, target, readonly });
        return;
      }
      case "tmpfs":
        this.mounts.push(mount);
        return;
      case "secret":
        await this.#addSecret(mount);
        return;
      case "ssh":
        await this.#addAgent(mount);
        return;
    }
  }

  /** What is written to one that may be written to is thrown away. */
  async #bind(
    { target, readonly }: RunBind,
    files: MountedFiles | undefined,
  ): Promise<SandboxMount> {
    if (files === undefined) throw new Error("every bind mount has files");
    const { snapshots } = this.#engine;
    const { chain, path } = await files.place();
    const root = readonly
      ? await snapshots.view(chain)
      : this.#resources.use(await snapshots.prepare(chain)).root;
    return { kind: "bind", source: join(root, path), target, readonly };
  }

  async #addSecret({ id, target, env, required, owner }: RunSecret): Promise<void> {
    const value = await this.#engine.secrets(id);
    if (value === undefined && required) {
      throw new BuildError("RUN_FAILED", `Cannot mount secret "${id}": none was given`, {
        hint: `--secret id=${id},src=FILE or --secret id=${id},env=NAME gives it`,
      });
    }
    if (env !== undefined) {
      this.secretEnv.push(`${env}=${Buffer.from(value ?? []).toString("utf8")}`);
    }
    if (value === undefined || target === undefined) return;
    this.mounts.push({ kind: "secret", target, value, ...owner });
  }

  async #addAgent({ id, target, required, owner }: RunSsh): Promise<void> {
    const { agents, work } = this.#engine;
    const agent = await agents(id);
    if (agent === undefined && required) {
      throw new BuildError("RUN_FAILED", `Cannot mount ssh "${id}": no agent was given`, {
        hint: `--ssh ${id} or --ssh ${id}=KEY gives one`,
      });
    }
    if (agent === undefined) return;
    const { AgentProxy } = await import("../exec/agent-proxy.js");
    const proxy = this.#resources.use(await AgentProxy.open({ work, agent, ...owner }));
    const options = ["nosuid", "nodev", "noexec"];
    this.mounts.push({ kind: "bind", source: proxy.path, target, readonly: true, options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}

function byIdentity(a: { readonly identity: string }, b: { readonly identity: string }): number {
  return a.identity < b.identity ? -1 : a.identity > b.identity ? 1 : 0;
}
