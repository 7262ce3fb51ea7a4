import { explainCopy, ignoreComponent, type CopyFacts } from "../cache/explain-copy.js";
import type { StepLayer } from "../cache/far-cache.js";
import { factsOf, packFacts, unpackFacts, type FileFacts } from "../cache/file-facts.js";
import { component, copyIdentities } from "../cache/key.js";
import type { KeyComponent, KeyWithComponents } from "../cache/key.js";
import type { CacheRecord } from "../cache/records.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { CopyStep } from "../plan/step.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { parseChmod } from "./chmod.js";
import type { CopyOrigin } from "./copy-short-cut.js";
import type { Engine } from "./engine.js";
import { farRun, recordStep } from "./record-step.js";
import type { Task } from "./step-task.js";

/** What a COPY selected, and the key of that. */
export interface Selected {
  readonly origin: CopyOrigin;
  readonly short: KeyWithComponents;
  readonly selected: readonly SelectedSource[];
}

/** A COPY that has no short cut: tells why it is no hit, and keeps what the next is compared with. */
export class CopyMiss {
  readonly #origin: CopyOrigin;
  readonly #short: KeyWithComponents;
  readonly #components: readonly KeyComponent[];
  readonly #identities: readonly [command: string, ...rest: string[]];
  readonly #selected: readonly SelectedSource[];
  readonly #task: Task<CopyStep>;
  readonly #engine: Engine;
  #facts: FileFacts | undefined;

  constructor({ origin, short, selected }: Selected, task: Task<CopyStep>, engine: Engine) {
    const ignore = origin.ignore === undefined ? [] : [origin.ignore.text];
    this.#origin = origin;
    this.#short = short;
    this.#components = [...short.components, component(ignoreComponent, ignore)];
    this.#identities = copyIdentities(task.step, { scope: engine.scope, ...task.place });
    this.#selected = selected;
    this.#task = task;
    this.#engine = engine;
  }

  /** What the same step gave last; undefined where that does not count. */
  get before(): CacheRecord | undefined {
    return this.#task.fresh ? undefined : this.#engine.cache.nearest(this.#identities);
  }

  /** Why there is no layer of that content. */
  async explain(tree: TreeDigest): Promise<string> {
    const { fresh, parent } = this.#task;
    if (fresh) return "--no-cache";
    const { before } = this;
    const earlier = before === undefined ? this.#farRun() : await this.#withFiles(before);
    const now = { tree, components: this.#components, files: this.#files() };
    return explainCopy(now, earlier, { parent: parent.changedAt, origin: this.#originChanged() });
  }

  /** Keeps the short cut to the layer, and what was selected where that is not what is kept. */
  async record(layer: StepLayer): Promise<void> {
    const [command] = this.#identities;
    const kept = this.#engine.cache.nearest([command]);
    const { key: origin } = this.#origin;
    const files = (kept && originOf(kept)) === origin ? undefined : this.#files();
    const packed = files && (await packFacts(origin, files));
    const facts = {
      key: this.#short.key,
      components: this.#components,
      identities: this.#identities,
      stepTitle: this.#task.step.title,
    };
    await recordStep(layer, facts, this.#engine, packed);
  }

  async #withFiles(record: CacheRecord): Promise<CopyFacts> {
    return { ...record, files: await this.#filesOf(record) };
  }

  /** The files that were selected elsewhere stayed there. */
  #farRun(): CopyFacts | undefined {
    const { step } = this.#task;
    const run = farRun((place) => copyIdentities(step, place), this.#task, this.#engine);
    return run && { ...run, files: undefined };
  }

  #files(): FileFacts | undefined {
    return (this.#facts ??= factsOf(this.#selected, countedBy(this.#task.step)));
  }

  async #filesOf(record: CacheRecord): Promise<FileFacts | undefined> {
    const [bytes, origin] = [this.#engine.cache.filesOf(record), originOf(record)];
    if (bytes === undefined || origin === undefined) return undefined;
    return await unpackFacts(origin, bytes);
  }

  #originChanged(): string | undefined {
    const { changedAt } = this.#origin;
    if (changedAt === undefined) return undefined;
    const what = this.#task.step.origin.kind === "context" ? "context" : "--from";
    return `${what} changed at ${changedAt}`;
  }
}

/** What --chown and --chmod replace in a source does not count. */
function countedBy({ chown, chmod }: CopyStep): {
  readonly owner: boolean;
  readonly mode: boolean;
} {
  const replaced = chmod !== undefined && parseChmod(chmod).octal !== undefined;
  return { owner: chown === undefined, mode: !replaced };
}

function originOf({ components }: CacheRecord): string | undefined {
  return components.find(({ name }) => name === "origin")?.value;
}
