import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { AgentSource } from "../../builder/engine.js";
import { BuildError } from "../../error.js";
import { KeyAgent } from "../../exec/key-agent.js";
import { isSystemError } from "../../sys/system-error.js";
import type { SshSpec } from "../args/ssh.js";
import type { Io } from "../io.js";

/** No private key is larger, in bytes. */
const LARGEST_KEY = 100 * 1024;

type Source =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "keys"; readonly paths: readonly string[] };

/** What the agents of a build are made of. */
export interface AgentsOptions {
  readonly io: Pick<Io, "cwd" | "env">;
  /** An existing private directory. */
  readonly work: string;
}

/** The agents of `--ssh`: sockets of the user's own, and for keys one that ends with the build. */
export class Agents implements AsyncDisposable {
  readonly #options: AgentsOptions;
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #started = new Map<string, Promise<KeyAgent>>();

  private constructor(options: AgentsOptions, sources: ReadonlyMap<string, Source>) {
    this.#options = options;
    this.#sources = sources;
  }

  /** Finds out now whether everything is there; keys are read when a step asks for them. */
  static async open(specs: readonly SshSpec[], options: AgentsOptions): Promise<Agents> {
    const sources = new Map<string, Source>();
    for (const spec of specs) sources.set(spec.id, await readSpec(spec, options.io));
    return new Agents(options, sources);
  }

  /** The host path of the socket for an id; undefined where the user gave none. */
  readonly find: AgentSource = async (id) => {
    const source = this.#sources.get(id);
    if (source === undefined) return undefined;
    if (source.kind === "socket") return source.path;
    const { io, work } = this.#options;
    const known = this.#started.get(id);
    const searchPath = io.env["PATH"];
    const agent = known ?? KeyAgent.start(source.paths, { work, searchPath });
    this.#started.set(id, agent);
    return (await agent).socket;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#started.values()) {
      const started = await agent.catch(() => undefined); // its failure was the step's
      await started?.[Symbol.asyncDispose]();
    }
  }
}

async function readSpec(
  { id, paths }: SshSpec,
  { cwd, env }: AgentsOptions["io"],
): Promise<Source> {
  const [first, ...others] = paths.length > 0 ? paths : [env["SSH_AUTH_SOCK"] ?? ""];
  if (first === undefined || first === "") {
    throw unusable(
      id,
      "SSH_AUTH_SOCK is not set",
      `start an agent, or name a key: --ssh ${id}=FILE`,
    );
  }
  const all = [first, ...others].map((path) => resolve(cwd, path));
  const kinds = await Promise.all(all.map((path) => kindOf(id, path)));
  if (!kinds.includes("socket")) return { kind: "keys", paths: all };
  if (all.length === 1) return { kind: "socket", path: all[0] ?? "" };
  throw unusable(id, "want one socket, or only keys");
}

async function kindOf(id: string, path: string): Promise<Source["kind"]> {
  const found = await stat(path).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  });
  if (found === undefined) throw unusable(id, `there is no "${path}"`);
  if (found.isSocket()) return "socket";
  const isKey = found.isFile() && found.size <= LARGEST_KEY;
  if (isKey && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(await readFile(path, "latin1"))) {
    return "keys";
  }
  throw unusable(id, `"${path}" is neither a socket nor a private key`);
}

function unusable(id: string, why: string, hint?: string): BuildError {
  return new BuildError("USAGE", `Cannot use --ssh "${id}": ${why}`, { hint });
}
