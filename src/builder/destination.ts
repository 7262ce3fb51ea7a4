import { mergeFacts, type NodeFact, type RootfsFacts } from "../cache/rootfs-facts.js";
import { fileTreeRootfs } from "../context/file-tree-rootfs.js";
import type { ReadableRootfs, RootfsNode, Rootfs } from "../context/rootfs.js";
import { resolveOwner, resolveUser, type ResolvedOwner } from "../exec/users.js";
import { toBytePath, type BytePath } from "../oci/changeset.js";
import type { Engine } from "./engine.js";
import type { Task } from "./step-task.js";

/** Whose name is looked up: `--chown` and USER differ in the group that goes with an id. */
export type IdKind = "owner" | "user";

/** Questions about the root filesystem that a step writes to. */
export interface Destination {
  readonly rootfs: Rootfs;
  readonly ids: (kind: IdKind, name: string) => Promise<ResolvedOwner>;
}

/**
 * Lets `ask` question the state that a step starts from. What was asked before of the same content
 * is answered from memory, so that a cached build reads no layer; at the first new question `ask`
 * starts again with the real root filesystem.
 */
export async function askDestination<T>(
  { later, parent, signal }: Pick<Task, "later" | "parent" | "signal">,
  { facts, remoteCache, snapshots }: Pick<Engine, "facts" | "remoteCache" | "snapshots">,
  ask: (destination: Destination) => Promise<T>,
): Promise<T> {
  let known = facts.get(parent.key);
  const here = known && (await tryToAnswer(ask, known));
  if (here !== undefined) return here.answer;
  const told = await remoteCache?.facts(parent.key, signal);
  if (told !== undefined) {
    known = known === undefined ? told : mergeFacts(told, known);
    const elsewhere = await tryToAnswer(ask, known);
    if (elsewhere !== undefined) return elsewhere.answer;
  }
  const files = await snapshots.files(await parent.chain(signal));
  const asked = new ObservedDestination(fileTreeRootfs(files), known);
  const answer = await ask(asked);
  later(facts.add(parent.key, asked.facts));
  return answer;
}

/** Undefined where a question is new. */
async function tryToAnswer<T>(
  ask: (destination: Destination) => Promise<T>,
  known: RootfsFacts,
): Promise<{ readonly answer: T } | undefined> {
  try {
    return { answer: await ask(new RememberedDestination(known)) };
  } catch (error) {
    if (error instanceof NeverAsked) return undefined;
    throw error;
  }
}

/** A question that is not in memory: no failure, but a reason to ask the layers. */
class NeverAsked extends Error {
  override readonly name = "NeverAsked";
}

class RememberedDestination implements Destination {
  readonly #resolved: ReadonlyMap<string, BytePath>;
  readonly #nodes: ReadonlyMap<string, NodeFact | false>;
  readonly #ids: ReadonlyMap<string, ResolvedOwner>;

  constructor({ resolved, nodes, ids }: RootfsFacts) {
    this.#resolved = new Map(resolved);
    this.#nodes = new Map(nodes);
    this.#ids = new Map(ids);
  }

  readonly rootfs = {
    resolve: (path: BytePath): BytePath => remembered(this.#resolved, path),
    lstat: (path: BytePath): RootfsNode | undefined => {
      const fact = remembered(this.#nodes, path);
      return fact === false ? undefined : nodeOf(fact);
    },
  };

  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  readonly ids = async (kind: IdKind, name: string): Promise<ResolvedOwner> =>
    remembered(this.#ids, `${kind} ${name}`);
}

function remembered<T>(facts: ReadonlyMap<string, T>, question: string): T {
  const answer = facts.get(question);
  if (answer === undefined) throw new NeverAsked();
  return answer;
}

/** An image may hold anything under the name of /etc/passwd. */
const LARGEST = 16 * 1024 * 1024;

/** Asks the root filesystem itself, and takes down the answers. */
class ObservedDestination implements Destination {
  readonly #real: ReadableRootfs;
  readonly #resolved: Map<string, BytePath>;
  readonly #nodes: Map<string, NodeFact | false>;
  readonly #ids: Map<string, ResolvedOwner>;

  constructor(real: ReadableRootfs, known: RootfsFacts | undefined) {
    this.#real = real;
    this.#resolved = new Map(known?.resolved);
    this.#nodes = new Map(known?.nodes);
    this.#ids = new Map(known?.ids);
  }

  get facts(): RootfsFacts {
    return { resolved: [...this.#resolved], nodes: [...this.#nodes], ids: [...this.#ids] };
  }

  readonly rootfs = {
    resolve: (path: BytePath): BytePath => {
      const real = this.#real.resolve(path);
      this.#resolved.set(path, real);
      return real;
    },
    lstat: (path: BytePath): RootfsNode | undefined => {
      const node = this.#real.lstat(path);
      this.#nodes.set(path, node === undefined ? false : factOf(node));
      return node;
    },
  };

  readonly ids = async (kind: IdKind, name: string): Promise<ResolvedOwner> => {
    // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
    const read = async (path: string): Promise<string | undefined> => {
      const bytes = this.#real.readFile(toBytePath(path), LARGEST);
      return bytes && Buffer.from(bytes).toString("utf8");
    };
    const { uid, gid } = await (kind === "owner" ? resolveOwner : resolveUser)(read, name);
    this.#ids.set(`${kind} ${name}`, { uid, gid });
    return { uid, gid };
  };
}

function factOf({ xattrs, ...node }: RootfsNode): NodeFact {
  if (xattrs === undefined) return node;
  const encode = (value: Uint8Array): string => Buffer.from(value).toString("base64");
  return { ...node, xattrs: [...xattrs].map(([name, value]) => [name, encode(value)] as const) };
}

function nodeOf({ xattrs, target, ...node }: NodeFact): RootfsNode {
  const decoded =
    xattrs && new Map(xattrs.map(([name, value]) => [name, Buffer.from(value, "base64")]));
  return { ...node, target, xattrs: decoded };
}
