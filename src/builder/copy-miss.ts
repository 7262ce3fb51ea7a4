import { setImmediate } from "node:timers/promises";
import { explainCopy, ignoreComponent } from "../cache/explain-copy.js";
import type { RemoteRun, StepLayer } from "../cache/remote-cache.js";
import { changedComponents } from "../cache/explain.js";
import { factsOf, factsWith, packFacts, unpackFacts, type FileFacts } from "../cache/file-facts.js";
import {
  component,
  originOf,
  parentOf,
  type CacheKey,
  type KeyComponent,
  type KeyWithComponents,
} from "../cache/key.js";
import { stepIdentities } from "../cache/step-identity.js";
import { neverBuilt, notAsked, type Change, type MissReason } from "../cache/reason.js";
import type { CacheRecord } from "../cache/records.js";
import { shownComponents } from "../cache/shown.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { CopyStep } from "../plan/step.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { parseChmod } from "./chmod.js";
import type { CopyOrigin } from "./copy-origin.js";
import type { LastLayer } from "./edited-draft.js";
import type { Engine } from "./engine.js";
import { RecalledEntries } from "./recalled-entries.js";
import { remoteRun, recordStep } from "./record-step.js";
import type { Task } from "./step-task.js";
import { stateChange } from "./why-missed.js";

/** What a COPY selected, and the key of that. */
export interface Selected {
  readonly origin: CopyOrigin;
  readonly short: KeyWithComponents;
  readonly selected: readonly SelectedSource[];
}

/** The parts of a step and of an engine that this needs. */
type MissTask = Pick<Task<CopyStep>, "fresh" | "parent" | "place" | "step" | "vertex">;
type MissEngine = Pick<Engine, "board" | "cache" | "now" | "remoteCache" | "scope">;

/** A COPY that has no short cut: tells why it is not a hit, and keeps what the next is compared with. */
export class CopyMiss {
  readonly #origin: CopyOrigin;
  readonly #key: CacheKey;
  readonly #components: readonly KeyComponent[];
  readonly #identities: readonly [command: string, ...rest: string[]];
  readonly #selected: readonly SelectedSource[];
  readonly #task: MissTask;
  readonly #engine: MissEngine;
  #facts: Promise<FileFacts | undefined> | undefined;
  #unpacked: Promise<FileFacts | undefined> | undefined;
  #packed: Promise<Uint8Array> | undefined;

  constructor({ origin, short, selected }: Selected, task: MissTask, engine: MissEngine) {
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
  get #before(): CacheRecord | undefined {
    const { fresh } = this.#task;
    return fresh === undefined ? this.#engine.cache.nearest(this.#identities) : undefined;
  }

  /** The layer of that. */
  get last(): LastLayer | undefined {
    const before = this.#before;
    return before && { layer: before.layer, origin: originOf(before.components) };
  }

  /** Why there is no layer of that content. */
  async explain(tree: TreeDigest): Promise<MissReason> {
    const { fresh, parent } = this.#task;
    this.#pack().catch(() => undefined); // while the layer is written; what fails is told by `record`
    if (fresh !== undefined) return notAsked(fresh);
    const before = this.#earlierRun();
    if (before === undefined) return neverBuilt;
    const [files, filesBefore] = await Promise.all([this.#files(), this.#filesBefore()]);
    return explainCopy(
      { tree, components: this.#components, files },
      { ...before, files: filesBefore },
      {
        parent: () => stateChange(parent, parentOf(before.components), this.#engine),
        origin: this.#originChange(before),
      },
    );
  }

  /** Keeps the short cut to the layer, and what was selected where that is not what is kept. */
  async record(layer: StepLayer): Promise<void> {
    const [command] = this.#identities;
    const { board, cache } = this.#engine;
    const { step, parent, vertex } = this.#task;
    const { state } = this.#origin;
    const kept = cache.nearest([command]);
    const facts = {
      key: this.#key,
      components: this.#components,
      identities: this.#identities,
      stepTitle: step.title,
      took: board.tookOf(vertex) ?? kept?.took, // of a layer that was there nobody knows
      bases: [parent.bottom, ...(state === undefined ? [] : [state.bottom])],
    };
    await recordStep(layer, facts, this.#engine, await this.#pack());
  }

  /** What was selected, unless it is what is kept. */
  async #pack(): Promise<Uint8Array | undefined> {
    const { key: origin } = this.#origin;
    const kept = this.#engine.cache.nearest(this.#identities.slice(0, 1));
    const isKept = (kept && originOf(kept.components)) === origin;
    const files = isKept ? undefined : await this.#files();
    if (files === undefined) return undefined;
    return await (this.#packed ??= packFacts(origin, files));
  }

  #earlierRun(): RemoteRun | undefined {
    const before = this.#before;
    if (before === undefined) return remoteRun(this.#task, this.#engine);
    return { ...before, files: this.#engine.cache.filesOf(before) };
  }

  #files(): Promise<FileFacts | undefined> {
    return (this.#facts ??= this.#collect());
  }

  /** Lets the layer go on being written meanwhile. */
  async #collect(): Promise<FileFacts | undefined> {
    const edited = await this.#edit();
    if (edited !== undefined) return edited;
    const facts = factsOf(this.#selected, countedBy(this.#task.step));
    if (facts === undefined) return undefined;
    const pieces: Buffer[] = [];
    for (const piece of facts) {
      pieces.push(piece);
      await setImmediate();
    }
    return Buffer.concat(pieces);
  }

  /** Where what is selected was recalled, from what is kept of the selection that it differs from. */
  async #edit(): Promise<FileFacts | undefined> {
    const [source, ...others] = this.#selected;
    if (!(source?.entries instanceof RecalledEntries) || others.length > 0) return undefined;
    const before = this.#before?.components ?? [];
    if (originOf(before) !== source.entries.selectedBefore) return undefined;
    const differing = changedComponents(before, this.#components);
    if (differing.has("--chown") || differing.has("--chmod")) return undefined;
    const files = await this.#filesBefore();
    const counted = countedBy(this.#task.step);
    return files && factsWith(files, source.path, source.entries.changed(), counted);
  }

  #filesBefore(): Promise<FileFacts | undefined> {
    const before = this.#earlierRun();
    return (this.#unpacked ??= before === undefined ? Promise.resolve(undefined) : filesOf(before));
  }

  #originChange(before: Pick<RemoteRun, "components">): (() => Change) | undefined {
    const { state } = this.#origin;
    if (state === undefined) return undefined;
    const from = this.#task.step.origin.kind === "context" ? "context" : "--from";
    return () => {
      const change = stateChange(state, originOf(before.components), this.#engine);
      return change.what === "parent" ? { ...change, what: from } : change;
    };
  }
}

async function filesOf({ components, files }: RemoteRun): Promise<FileFacts | undefined> {
  const origin = originOf(components);
  return origin && files && (await unpackFacts(origin, files));
}

/** What --chown and --chmod replace in a source does not count. */
function countedBy({ chown, chmod }: CopyStep): {
  readonly owner: boolean;
  readonly mode: boolean;
} {
  const replaced = chmod !== undefined && parseChmod(chmod).octal !== undefined;
  return { owner: chown === undefined, mode: !replaced };
}
