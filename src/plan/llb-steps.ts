import type { Span } from "../error.js";
import type { Platform } from "../oci/platform.js";
import {
  action,
  copyOptions,
  imageName,
  mountOf,
  platformOf,
  rangeOf,
  remoteOf,
  sourcePath,
} from "./llb-ops.js";
import type { Base, Plan, PlannedStage } from "./plan.js";
import type { Origin } from "./origin.js";
import { mountedBy, type CopyStep, type RunStep, type Step } from "./step.js";
import { stagesFor } from "./used-by.js";

/** What a build does, in the JSON of BuildKit's LLB as far as a plan says it (slsa-definitions.md). */
export interface LlbSteps {
  readonly definition: readonly LlbStep[];
  /** Where in the Dockerfile each one is, by its id. */
  readonly locations: Readonly<Record<string, object>>;
  /** The steps whose outputs the layers of the target are, with how many there are up to each. */
  readonly layers: readonly { readonly id: string; readonly count: number }[];
}

/** One vertex. */
export interface LlbStep {
  readonly id: string;
  readonly op: object;
  readonly inputs?: readonly string[];
}

/** Describes all that a stage needs; `pins` are the digests of the plan's images. */
export function llbSteps(
  plan: Pick<Plan, "images" | "stages">,
  target: number,
  pins: readonly (string | undefined)[],
): LlbSteps {
  const writer = new Writer(plan, pins);
  for (const stage of stagesFor(plan, target)) writer.stage(stage);
  return writer.finish(plan.stages[target]);
}

/** What a stage is so far: nothing, or the output of a vertex. */
interface Tip {
  readonly id: string | undefined;
  readonly layers: LlbSteps["layers"];
}

const networks = { default: 0, host: 1, none: 2 } as const;

class Writer {
  readonly #plan: Pick<Plan, "images" | "stages">;
  readonly #pins: readonly (string | undefined)[];
  readonly #steps: LlbStep[] = [];
  readonly #locations: Record<string, object> = {};
  readonly #sources = new Map<string, string>();
  readonly #tips = new Map<PlannedStage | undefined, Tip>();

  constructor(plan: Pick<Plan, "images" | "stages">, pins: readonly (string | undefined)[]) {
    this.#plan = plan;
    this.#pins = pins;
  }

  stage(stage: PlannedStage): void {
    let tip = this.#base(stage.base);
    for (const step of stage.steps) {
      const id = this.#step(step, tip.id, stage.platform);
      const count = (tip.layers.at(-1)?.count ?? 0) + 1;
      tip = { id, layers: [...tip.layers, { id, count }] };
    }
    this.#tips.set(stage, tip);
  }

  finish(target: PlannedStage | undefined): LlbSteps {
    const { id, layers } = this.#tips.get(target) ?? { id: undefined, layers: [] };
    this.#add({ Op: {} }, [id]);
    return { definition: this.#steps, locations: this.#locations, layers };
  }

  #base(base: Base): Tip {
    switch (base.kind) {
      case "scratch":
        return { id: undefined, layers: [] };
      case "stage":
        return this.#tips.get(this.#plan.stages[base.stage]) ?? { id: undefined, layers: [] };
      case "image": {
        const id = this.#image(base.image);
        const count = this.#plan.images[base.image]?.config.rootfs.diff_ids.length ?? 0;
        return { id, layers: [{ id, count }] };
      }
    }
  }

  #add(op: object, inputs: readonly (string | undefined)[], at?: Span): string {
    const id = `step${this.#steps.length}`;
    const outputs = inputs.flatMap((input) => (input === undefined ? [] : [`${input}:0`]));
    const whole = { ...op, constraints: {} };
    this.#steps.push({ id, op: whole, ...(outputs.length === 0 ? {} : { inputs: outputs }) });
    this.#locations[id] = at === undefined ? {} : { locations: [{ ranges: [rangeOf(at)] }] };
    return id;
  }

  /** Sources are there once. */
  #source(source: object, platform?: Platform): string {
    const op = {
      Op: { source },
      ...(platform === undefined ? {} : { platform: platformOf(platform) }),
    };
    const key = JSON.stringify(op);
    const id = this.#sources.get(key) ?? this.#add(op, []);
    this.#sources.set(key, id);
    return id;
  }

  #image(index: number): string {
    const image = this.#plan.images[index];
    if (image === undefined) throw new Error(`the plan has no image ${index}`);
    return this.#source({ identifier: imageName(image, this.#pins[index]) }, image.platform);
  }

  #origin(origin: Origin): string | undefined {
    switch (origin.kind) {
      case "context":
        return this.#source({ identifier: "local://context" });
      case "named":
        return this.#source({ identifier: `local://${origin.name}` });
      case "stage":
        return this.#tips.get(this.#plan.stages[origin.stage])?.id;
      case "image":
        return this.#image(origin.image);
    }
  }

  #step(step: Step, parent: string | undefined, platform: Platform): string {
    switch (step.kind) {
      case "run":
        return this.#run(step, parent, platform);
      case "copy":
        return this.#copy(step, parent);
      case "workdir": {
        const mkdir = { path: step.path, mode: 0o755, makeParents: true, timestamp: -1 };
        return this.#file([action({ mkdir }, -1)], [parent], step.at);
      }
    }
  }

  #run(step: RunStep, parent: string | undefined, platform: Platform): string {
    const inputs = [parent];
    const mounts = step.mounts.map((mount) => {
      const origin = mountedBy(mount);
      const input = origin === undefined ? undefined : inputs.push(this.#origin(origin)) - 1;
      return mountOf(mount, input ?? -1);
    });
    const meta = {
      args: step.argv,
      env: step.env,
      cwd: step.cwd,
      ...(step.user === "" ? {} : { user: step.user }),
    };
    const exec = {
      meta,
      mounts: [{ dest: "/" }, ...mounts],
      ...(step.network === "default" ? {} : { network: networks[step.network] }),
      ...(step.security === "insecure" ? { security: 1 } : {}),
    };
    return this.#add({ Op: { exec }, platform: platformOf(platform) }, inputs, step.at);
  }

  #copy(step: CopyStep, parent: string | undefined): string {
    const inputs = [parent];
    const actions: object[] = [];
    for (const source of step.sources) {
      const isLocal = typeof source === "string";
      const from = isLocal ? this.#origin(step.origin) : this.#source(remoteOf(source));
      const src = isLocal ? sourcePath(source, step.parents) : "/";
      actions.push(action({ copy: { src, ...copyOptions(step) } }, inputs.push(from) - 1));
    }
    for (const { name, body } of step.files) {
      const path = step.destination.endsWith("/") ? `${step.destination}${name}` : step.destination;
      const data = Buffer.from(body).toString("base64");
      actions.push(action({ mkfile: { path, mode: 0o644, data, timestamp: -1 } }, -1));
    }
    return this.#file(actions, inputs, step.at);
  }

  #file(actions: readonly object[], inputs: readonly (string | undefined)[], at: Span): string {
    return this.#add({ Op: { file: { actions } } }, inputs, at);
  }
}
