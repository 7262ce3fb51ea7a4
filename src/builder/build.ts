import type { DoneStep, DoneSteps } from "../cache/done-step.js";
import { ifHere, LostLayer, type StepLayer } from "../cache/remote-cache.js";
import { stepIdentities } from "../cache/step-identity.js";
import type { CacheKey, StateKey } from "../cache/key.js";
import type { FreshFlag } from "../cache/reason.js";
import { shownComponents } from "../cache/shown.js";
import { locate } from "../error.js";
import type { ImageConfig } from "../oci/image.js";
import { formatPlatform } from "../oci/platform.js";
import type { Plan, PlannedStage } from "../plan/plan.js";
import type { Step } from "../plan/step.js";
import { Afterwork } from "./afterwork.js";
import { BaseStates } from "./base-states.js";
import { declareStages, type StageVertices } from "./board.js";
import { copyStep } from "./copy-step.js";
import type { BaseImage, Engine } from "./engine.js";
import { ancestryOf, finishConfig, noAncestry, type Ancestry } from "./image-config.js";
import { recordStep } from "./record-step.js";
import { cacheOf } from "./recorded-layer.js";
import { runStep } from "./run-step.js";
import { emptyState, type State } from "./state.js";
import type { Sources, Task } from "./step-task.js";
import { workdirStep } from "./workdir-step.js";

/** A plan, the images it starts from (in its order), and how to treat the cache. */
export interface BuildRequest {
  readonly plan: Pick<Plan, "images" | "stages">;
  /** Indices of the stages that are wanted: one for each platform. */
  readonly targets: readonly number[];
  /** Progress tells the platforms of steps apart. */
  readonly showPlatforms: boolean;
  readonly images: readonly BaseImage[];
  /** Which stages ignore what earlier builds made. */
  readonly fresh: (stage: PlannedStage) => FreshFlag | undefined;
  /** Whether somebody wants the layers themselves: those that are elsewhere are fetched. */
  readonly whole: boolean;
}

/** A finished target stage. */
export interface BuiltImage {
  readonly config: ImageConfig;
  readonly state: State;
  /** How many lines of its history are those of a base image. */
  readonly inherited: number;
}

/** What a build gave. */
export interface BuildResult extends DoneSteps {
  /** One for each target, in their order. */
  readonly images: readonly BuiltImage[];
}

interface BuiltStage extends BuiltImage {
  readonly ancestry: Ancestry;
}

/**
 * Walks the plan: every stage at once, each step when its inputs are there, at most `engine.jobs` at
 * a time. The first failure stops the rest; it is thrown once everything has come to rest.
 */
export async function build(
  request: BuildRequest,
  engine: Engine,
  signal: AbortSignal,
): Promise<BuildResult> {
  for (;;) {
    try {
      return await buildOnce(request, engine, signal);
    } catch (error) {
      if (!(error instanceof LostLayer)) throw error;
      // A step counted as a hit, and others as built upon it: only from the start is all of that undone.
      engine.board.warn(undefined, error.message);
    }
  }
}

async function buildOnce(
  request: BuildRequest,
  engine: Engine,
  signal: AbortSignal,
): Promise<BuildResult> {
  const walk = new Walk(request, engine, signal);
  await Promise.allSettled(request.plan.stages.map((_, index) => walk.stage(index)));
  await walk.rest();
  engine.board.close();
  signal.throwIfAborted();
  walk.throwIfFailed();
  const images = await Promise.all(request.targets.map((target) => walk.stage(target)));
  if (request.whole) for (const { state } of images) await state.fetchMade(signal);
  const { done } = walk;
  await Promise.all(done.map((step) => recordImported(step, engine)));
  return { images, steps: done, states: await walk.states() };
}

/** What came from elsewhere is found here from now on; of what was not fetched, what led to it is known. */
async function recordImported(
  { facts, layer, place, step, took, bottom }: DoneStep,
  engine: Engine,
): Promise<void> {
  if (!("fetch" in layer) || facts === undefined) return;
  const record = {
    tree: layer.tree,
    key: facts.key,
    components: shownComponents(step, facts.components),
    identities: stepIdentities(step, { scope: engine.scope, ...place }),
    stepTitle: step.title,
    importedFrom: cacheOf(layer),
    took,
    createdAt: layer.createdAt,
    bases: [bottom],
  };
  if (ifHere(layer) === undefined) await engine.cache.putState(record);
  else await recordStep(layer, record, engine, layer.files);
}

/** One build under way: each stage is built once, by whoever asks first. */
class Walk {
  readonly #request: BuildRequest;
  readonly #engine: Engine;
  readonly #failure = new AbortController();
  /** Aborted by the user, or by the first failure. */
  readonly #signal: AbortSignal;
  readonly #vertices: readonly StageVertices[];
  readonly #stages = new Map<number, Promise<BuiltStage>>();
  /** By vertex: what several platforms have in common is done once. */
  readonly #steps = new Map<number, Promise<StepLayer>>();
  readonly #bases: BaseStates;
  /** The steps that have ended, in no order. */
  readonly done: DoneStep[] = [];
  readonly #made = new Map<CacheKey, StepLayer>();
  readonly #afterwork: Afterwork;

  constructor(request: BuildRequest, engine: Engine, signal: AbortSignal) {
    const { plan, images, showPlatforms } = request;
    const { board } = engine;
    this.#request = request;
    this.#engine = engine;
    this.#afterwork = new Afterwork(this.#fail);
    this.#signal = AbortSignal.any([signal, this.#failure.signal]);
    this.#vertices = declareStages(board, { ...plan, showPlatforms });
    this.#bases = new BaseStates({ planned: plan.images, images, board, fail: this.#fail });
  }

  stage(index: number): Promise<BuiltStage> {
    const known = this.#stages.get(index);
    if (known !== undefined) return known;
    const building = this.#buildStage(index);
    this.#stages.set(index, building);
    building.catch(this.#fail);
    return building;
  }

  /** Of a walk that has ended well. */
  async states(): Promise<readonly StateKey[]> {
    const stages = await Promise.all(this.#stages.values());
    return [...this.#bases.keys(), ...stages.map(({ state }) => state.key)];
  }

  /** Waits for what the steps, which have all ended, left to be done. */
  async rest(): Promise<void> {
    this.#engine.hurry();
    await this.#afterwork.rest();
  }

  throwIfFailed(): void {
    this.#failure.signal.throwIfAborted();
  }

  /** Stops the rest; what fails after the first failure fails because of it, and does not count. */
  readonly #fail = (error: unknown): void => {
    this.#failure.abort(error);
  };

  readonly #getReady = (useNetwork: boolean): void => {
    const { executor, sandbox } = this.#engine;
    const ready = executor().then((opened) => opened.getReady({ ...sandbox, useNetwork }));
    ready.catch(() => undefined); // told by the step that is run
  };

  async #buildStage(index: number): Promise<BuiltStage> {
    const stage = at(this.#request.plan.stages, index);
    const vertices = at(this.#vertices, index);
    const base = await this.#base(stage, vertices.from);
    const common = {
      sources: this.#sources,
      fresh: this.#request.fresh(stage),
      made: this.#made,
      later: (work: Promise<void>) => {
        this.#afterwork.add(work);
      },
      signal: this.#signal,
    };
    const lastRun = stage.steps.findLastIndex(({ kind }) => kind === "run");
    const lastInNetwork = stage.steps.findLastIndex(usesNetwork);
    let state = base.state;
    for (const [i, step] of stage.steps.entries()) {
      await this.#afterwork.keepUp();
      this.#signal.throwIfAborted();
      const getReady = (): void => {
        if (i <= lastRun) this.#getReady(i <= lastInNetwork);
      };
      const place = { stage: stage.name, platform: formatPlatform(stage.platform), index: i };
      const vertex = at(vertices.steps, i);
      const isFollowed = i < lastRun;
      const next = stage.steps[i + 1];
      const task = { ...common, place, parent: state, vertex, getReady, isFollowed, next };
      const doing = this.#steps.get(vertex) ?? this.#step(step, task);
      this.#steps.set(vertex, doing);
      state = state.with(await doing, step.title);
    }
    if (vertices.from !== undefined) this.#engine.board.end(vertices.from, { kind: "cached" });
    const config = finishConfig(stage, base.ancestry, state.made.slice(base.state.made.length));
    return { config, state, ancestry: ancestryOf(config), inherited: base.inherited };
  }

  async #base(
    { base }: PlannedStage,
    vertex: number | undefined,
  ): Promise<Omit<BuiltStage, "config">> {
    switch (base.kind) {
      case "scratch":
        return { state: emptyState, ancestry: noAncestry, inherited: 0 };
      case "stage":
        return await this.stage(base.stage);
      case "image": {
        const { config } = at(this.#request.images, base.image);
        const ancestry = ancestryOf(config);
        const inherited = ancestry.history.length;
        return { state: this.#bases.get(base.image, vertex), ancestry, inherited };
      }
    }
  }

  async #step(step: Step, task: Omit<Task, "keyed" | "step">): Promise<StepLayer> {
    let known: Pick<DoneStep, "contents" | "facts"> = { facts: undefined, contents: [] };
    const keyed: Task["keyed"] = (facts, contents = []) => {
      known = { facts, contents };
    };
    try {
      const layer = await perform(step, { ...task, keyed }, this.#engine);
      this.done.push({
        step,
        place: task.place,
        parent: task.parent.key,
        bottom: task.parent.bottom,
        ...known,
        layer,
        took: this.#engine.board.tookOf(task.vertex),
      });
      return layer;
    } catch (cause) {
      const error = locate(cause, step.at);
      if (!this.#signal.aborted && !(error instanceof LostLayer))
        this.#engine.board.fail(task.vertex, error);
      this.#fail(error); // at once: the others must not take it for theirs
      throw error;
    }
  }

  readonly #sources: Sources = {
    stage: async (index) => (await this.stage(index)).state,
    image: (index) => Promise.resolve(this.#bases.get(index)),
  };
}

function usesNetwork(step: Step): boolean {
  return step.kind === "run" && step.network === "default";
}

function perform(step: Step, task: Omit<Task, "step">, engine: Engine): Promise<StepLayer> {
  switch (step.kind) {
    case "run":
      return runStep({ ...task, step }, engine);
    case "copy":
      return copyStep({ ...task, step }, engine);
    case "workdir":
      return workdirStep({ ...task, step }, engine);
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`the plan refers to ${index} of ${list.length}`);
  return item;
}
