import { explainCopy, ignoreComponent, type CopyFacts } from "../cache/explain-copy.js";
import type { StepLayer } from "../cache/far-cache.js";
import { factsOf, packFacts, unpackFacts, type FileFacts } from "../cache/file-facts.js";
import { component, parentOf, stepIdentities } from "../cache/key.js";
import type { CacheKey, KeyComponent, KeyWithComponents, StateKey } from "../cache/key.js";
import { neverBuilt, notAsked, type Change, type MissReason } from "../cache/reason.js";
import type { CacheRecord } from "../cache/records.js";
import { shownComponents } from "../cache/shown.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { CopyStep } from "../plan/step.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { parseChmod } from "./chmod.js";
import type { CopyOrigin } from "./copy-short-cut.js";
import type { Engine } from "./engine.js";
import { farRun, recordStep } from "./record-step.js";
import type { Task } from "./step-task.js";
import { stateChange } from "./why-missed.js";

/** What a COPY selected, and the key of that. */
export interface Selected {
  readonly origin: CopyOrigin;
  readonly short: KeyWithComponents;
  readonly selected: readonly SelectedSource[];
}

/** A COPY that has no short cut: tells why it is no hit, and keeps what the next is compared with. */
export class CopyMiss {
  readonly #origin: CopyOrigin;
  readonly #key: CacheKey;
  readonly #components: readonly KeyComponent[];
  readonly #identities: readonly [command: string, ...rest: string[]];
  readonly #selected: readonly SelectedSource[];
  readonly #task: Task<CopyStep>;
  readonly #engine: Engine;
  #facts: FileFacts | undefined;

  constructor({ origin, short, selected }: Selected, task: Task<CopyStep>, engine: Engine) {
    const ignore = origin.ignore === undefined ? [] : [origin.ignore.text];
    const components = shownComponents(task.step, short.components);
    this.#origin = origin;
    this.#key = short.key;
    this.#components = [...components, component(ignoreComponent, ignore)];
    this.#identities = stepIdentities(task.step, { scope: engine.scope, ...task.place });
    this.#selected = selected;
    this.#task = task;
    this.#engine = engine;
  }

  /** What the same step gave last; undefined where that does not count. */
  get before(): CacheRecord | undefined {
    const { fresh } = this.#task;
    return fresh === undefined ? this.#engine.cache.nearest(this.#identities) : undefined;
  }

  /** Why there is no layer of that content. */
  async explain(tree: TreeDigest): Promise<MissReason> {
    const { fresh, parent } = this.#task;
    if (fresh !== undefined) return notAsked(fresh);
    const here = this.before;
    const before = here === undefined ? this.#farRun() : await this.#withFiles(here);
    if (before === undefined) return neverBuilt;
    const now = { tree, components: this.#components, files: this.#files() };
    return explainCopy(now, before, {
      parent: () => stateChange(parent, parentOf(before.components), this.#engine),
      origin: this.#originChange(before),
    });
  }

  /** Keeps the short cut to the layer, and what was selected where that is not what is kept. */
  async record(layer: StepLayer): Promise<void> {
    const [command] = this.#identities;
    const { board, cache } = this.#engine;
    const { step, parent, vertex } = this.#task;
    const { key: origin, state } = this.#origin;
    const kept = cache.nearest([command]);
    const files = (kept && originOf(kept)) === origin ? undefined : this.#files();
    const packed = files && (await packFacts(origin, files));
    const facts = {
      key: this.#key,
      components: this.#components,
      identities: this.#identities,
      stepTitle: step.title,
      took: board.tookOf(vertex) ?? kept?.took, // of a layer that was there nobody knows
      bases: [parent.bottom, ...(state === undefined ? [] : [state.bottom])],
    };
    await recordStep(layer, facts, this.#engine, packed);
  }

  async #withFiles(record: CacheRecord): Promise<CopyFacts> {
    return { ...record, files: await this.#filesOf(record) };
  }

  /** The files that were selected elsewhere stayed there. */
  #farRun(): CopyFacts | undefined {
    const run = farRun(this.#task, this.#engine);
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

  #originChange(before: CopyFacts): (() => Change) | undefined {
    const { state } = this.#origin;
    if (state === undefined) return undefined;
    const from = this.#task.step.origin.kind === "context" ? "context" : "--from";
    return () => {
      const change = stateChange(state, originOf(before), this.#engine);
      return change.what === "parent" ? { ...change, what: from } : change;
    };
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

function originOf({ components }: Pick<CacheRecord, "components">): StateKey | undefined {
  return components.find(({ name }) => name === "origin")?.value as StateKey | undefined;
}
