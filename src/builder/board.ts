import type { MissReason } from "../cache/reason.js";
import type { Span } from "../error.js";
import { formatPlatform, type Platform } from "../oci/platform.js";
import type { Plan, PlannedStage } from "../plan/plan.js";
import { readBy, type Step } from "../plan/step.js";
import { messageOf } from "../sys/system-failure.js";
import type { BuildEvent, BuildTotals, Emit, Outcome, VertexStep } from "./event.js";

/**
 * The vertices of one build: declares them before the work begins, so that a display knows how many
 * there are, and sees to it that each one ends, whatever happens.
 */
export class Board {
  readonly #listeners: Emit[];
  readonly #open = new Map<number, "declared" | "started">();
  readonly #took = new Map<number, number | undefined>();
  #last = 0;

  constructor(emit: Emit) {
    this.#listeners = [emit];
  }

  #emit(event: BuildEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Tells `listener` all that follows, too. */
  listen(listener: Emit): void {
    this.#listeners.push(listener);
  }

  declare(title: string, inputs: readonly number[] = [], step?: VertexStep): number {
    const id = ++this.#last;
    this.#open.set(id, "declared");
    const vertex = { id, title, ...(step === undefined ? {} : { step }) };
    this.#emit({ type: "declared", vertex, inputs });
    return id;
  }

  start(id: number): void {
    if (this.#open.get(id) !== "declared") return;
    this.#open.set(id, "started");
    this.#emit({ type: "started", id });
  }

  /** Starts a vertex that has not, and says why it is not a cache hit. */
  miss(id: number, reason: MissReason): void {
    if (!this.#open.has(id)) return;
    this.start(id);
    this.#emit({ type: "missed", id, reason });
  }

  output(id: number, stream: "stdout" | "stderr", chunk: Uint8Array): void {
    this.#emit({ type: "output", id, stream, chunk });
  }

  progress(id: number, item: string, current: number, total: number | undefined): void {
    this.#emit({ type: "progress", id, item, current, total });
  }

  warn(rule: string | undefined, message: string, at?: Span): void {
    this.#emit({ type: "warning", rule, message, at });
  }

  traffic({ written = 0, sent = 0 }: { readonly written?: number; readonly sent?: number }): void {
    this.#emit({ type: "traffic", written, sent });
  }

  summary(totals: BuildTotals): void {
    this.#emit({ type: "summary", totals });
  }

  end(id: number, outcome: Outcome): void {
    if (!this.#open.delete(id)) return;
    if (outcome.kind === "done") this.#took.set(id, outcome.took);
    if (outcome.kind === "cached") this.#took.set(id, outcome.from?.took);
    this.#emit({ type: "ended", id, outcome });
  }

  /** How long the work of a step took, now or when its result was made; undefined where nobody knows. */
  tookOf(id: number): number | undefined {
    return this.#took.get(id);
  }

  /** Whether a vertex was declared and has not ended. */
  isOpen(id: number | undefined): id is number {
    return id !== undefined && this.#open.has(id);
  }

  /** Runs `work` as vertex `id`, from its start to its outcome; what `signal` stops is cancelled. */
  async during<T>(id: number, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.start(id);
    try {
      const result = await work();
      this.end(id, { kind: "done" });
      return result;
    } catch (error) {
      if (signal.aborted) this.end(id, { kind: "cancelled" });
      else this.fail(id, error);
      throw error;
    }
  }

  fail(id: number, error: unknown): void {
    this.end(id, { kind: "failed", message: messageOf(error) });
  }

  /** Ends what is left: started work was cancelled, the rest never needed. */
  close(): void {
    for (const [id, state] of [...this.#open]) {
      this.end(id, { kind: state === "started" ? "cancelled" : "skipped" });
    }
  }
}

/** The vertices of a stage: its FROM where it pulls an image, and one for each step. */
export interface StageVertices {
  readonly from: number | undefined;
  readonly steps: readonly number[];
  /** The one that ends it; of a stage without any, that of the stage it starts from. */
  readonly last: number | undefined;
}

/** What is declared: the stages of a plan, and whether there are several platforms to tell apart. */
export interface Declaring extends Pick<Plan, "images" | "stages"> {
  readonly showPlatforms?: boolean;
}

/**
 * Declares the steps of all stages, titled "[stage 2/5] RUN make" or "[linux/arm64 stage 2/5] RUN make"
 * (BuildKit's forms). Steps that several platforms have in common, up to where they part, are declared once.
 */
export function declareStages(board: Board, plan: Declaring): readonly StageVertices[] {
  const made: StageVertices[] = [];
  const known = new Map<string, number>();
  for (const stage of plan.stages) made.push(declareStage(stage, { board, plan, known }, made));
  return made;
}

interface Declared {
  readonly board: Board;
  readonly plan: Declaring;
  /** By what decides whether two are the same. */
  readonly known: Map<string, number>;
}

function declareStage(
  stage: PlannedStage,
  { board, plan, known }: Declared,
  earlier: readonly StageVertices[],
): StageVertices {
  const { name, base, platform } = stage;
  const image = base.kind === "image" ? plan.images[base.image] : undefined;
  const total = stage.steps.length + (image === undefined ? 0 : 1);
  const severalStages = plan.stages.some((other) => other.name !== name);
  let index = 0;
  const declare = (title: string, inputs: readonly number[], step?: Step): number => {
    const shown = plan.showPlatforms === true ? `${platformTitle(platform, step)} ` : "";
    const number = ++index;
    const place = `[${shown}${severalStages ? `${name} ` : ""}${number}/${total}]`;
    const where = step && { stage: name, number, at: step.at };
    const make = (): number => board.declare(`${place} ${title}`, inputs, where);
    if (plan.showPlatforms !== true) return make();
    const key = JSON.stringify([name, platform, base, last, step]);
    const id = known.get(key) ?? make();
    known.set(key, id);
    return id;
  };

  let last = base.kind === "stage" ? earlier[base.stage]?.last : undefined;
  const from = image === undefined ? undefined : declare(`FROM ${image.reference}`, []);
  last = from ?? last;
  const steps: number[] = [];
  for (const step of stage.steps) {
    const inputs = [last, ...originsOf(step, earlier)].filter((id) => id !== undefined);
    steps.push((last = declare(step.title, inputs, step)));
  }
  return { from, steps, last };
}

/** "linux/arm64", or "linux/amd64->arm64" of a step that compiles for another one (M04). */
function platformTitle(platform: Platform, step: Step | undefined): string {
  const target = step?.target === undefined ? "" : `->${step.target}`;
  return `${formatPlatform(platform)}${target}`;
}

/** The vertices that end the stages that a step copies or mounts from. */
function originsOf(step: Step, earlier: readonly StageVertices[]): readonly (number | undefined)[] {
  return readBy(step).map((origin) =>
    origin.kind === "stage" ? earlier[origin.stage]?.last : undefined,
  );
}
