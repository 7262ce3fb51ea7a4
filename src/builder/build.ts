import { locate } from "../error.js";
import type { ImageConfig } from "../oci/image.js";
import type { Plan, PlannedStage } from "../plan/plan.js";
import type { Step } from "../plan/step.js";
import type { LayerRecord } from "../store/layers.js";
import { declareStages } from "./board.js";
import type { StageVertices } from "./board.js";
import { copyStep } from "./copy-step.js";
import type { BaseImage, Engine } from "./engine.js";
import { ancestryOf, finishConfig, noAncestry } from "./image-config.js";
import type { Ancestry } from "./image-config.js";
import { runStep } from "./run-step.js";
import { emptyState, State } from "./state.js";
import type { Sources, Task } from "./step-task.js";
import { workdirStep } from "./workdir-step.js";

/** A plan, the images it starts from (in its order), and how to treat the cache. */
export interface BuildRequest {
  readonly plan: Plan;
  readonly images: readonly BaseImage[];
  /** Which stages ignore what earlier builds made. */
  readonly fresh: (stage: PlannedStage) => boolean;
}

/** The finished target stage. */
export interface BuiltImage {
  readonly config: ImageConfig;
  readonly state: State;
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
): Promise<BuiltImage> {
  const failure = new AbortController();
  const walk = new Walk(request, engine, AbortSignal.any([signal, failure.signal]));
  const stages = request.plan.stages.map((_, index) =>
    walk.stage(index).catch((error: unknown) => {
      failure.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(stages);
  engine.board.close();
  signal.throwIfAborted();
  failure.signal.throwIfAborted();
  const target = await stages[request.plan.target];
  if (target === undefined) throw new Error("a plan has a target stage");
  return target;
}

/** One build under way: each stage is built once, by whoever asks first. */
class Walk {
  readonly #request: BuildRequest;
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  readonly #vertices: readonly StageVertices[];
  readonly #stages = new Map<number, Promise<BuiltStage>>();
  readonly #images = new Map<number, State>();

  constructor(request: BuildRequest, engine: Engine, signal: AbortSignal) {
    this.#request = request;
    this.#engine = engine;
    this.#signal = signal;
    this.#vertices = declareStages(engine.board, request.plan);
  }

  stage(index: number): Promise<BuiltStage> {
    const known = this.#stages.get(index);
    if (known !== undefined) return known;
    const building = this.#buildStage(index);
    this.#stages.set(index, building);
    return building;
  }

  async #buildStage(index: number): Promise<BuiltStage> {
    const stage = at(this.#request.plan.stages, index);
    const vertices = at(this.#vertices, index);
    const base = await this.#base(stage, vertices.from);
    const fresh = this.#request.fresh(stage);
    let state = base.state;
    for (const [i, step] of stage.steps.entries()) {
      this.#signal.throwIfAborted();
      const place = { stage: stage.name, index: i };
      const task = { place, parent: state, vertex: at(vertices.steps, i), sources: this.#sources };
      state = state.with(await this.#step(step, { ...task, fresh, signal: this.#signal }));
    }
    if (vertices.from !== undefined) this.#engine.board.end(vertices.from, { kind: "cached" });
    const config = finishConfig(stage, base.ancestry, state.made.slice(base.state.made.length));
    return { config, state, ancestry: ancestryOf(config) };
  }

  async #base(
    { base }: PlannedStage,
    vertex: number | undefined,
  ): Promise<Pick<BuiltStage, "state" | "ancestry">> {
    switch (base.kind) {
      case "scratch":
        return { state: emptyState, ancestry: noAncestry };
      case "stage":
        return await this.stage(base.stage);
      case "image": {
        const { config } = at(this.#request.images, base.image);
        return { state: this.#image(base.image, vertex), ancestry: ancestryOf(config) };
      }
    }
  }

  /** The state of an image; the vertex of the first FROM that names it shows the pull. */
  #image(index: number, vertex: number | undefined): State {
    const known = this.#images.get(index);
    if (known !== undefined) return known;
    const image = at(this.#request.images, index);
    const state = new State({
      diffIds: image.config.rootfs.diff_ids,
      fetch: once((signal) => this.#fetch(image, vertex, signal)),
    });
    this.#images.set(index, state);
    return state;
  }

  async #fetch(image: BaseImage, vertex: number | undefined, signal: AbortSignal) {
    const { board } = this.#engine;
    const id = vertex ?? board.declare("pull an image");
    return await board.during(id, () =>
      image.layers((item, current, total) => {
        board.progress(id, item, current, total);
      }, signal),
    );
  }

  async #step(step: Step, task: Omit<Task, "step">): Promise<LayerRecord> {
    try {
      return await perform(step, task, this.#engine);
    } catch (error) {
      if (!this.#signal.aborted) this.#engine.board.fail(task.vertex, error);
      throw locate(error, step.at);
    }
  }

  readonly #sources: Sources = {
    stage: async (index) => (await this.stage(index)).state,
    image: (index) => Promise.resolve(this.#image(index, undefined)),
  };
}

function perform(step: Step, task: Omit<Task, "step">, engine: Engine): Promise<LayerRecord> {
  switch (step.kind) {
    case "run":
      return runStep({ ...task, step }, engine);
    case "copy":
      return copyStep({ ...task, step }, engine);
    case "workdir":
      return workdirStep({ ...task, step }, engine);
  }
}

function once<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let result: Promise<T> | undefined;
  return (signal) => (result ??= work(signal));
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`the plan refers to ${index} of ${list.length}`);
  return item;
}
