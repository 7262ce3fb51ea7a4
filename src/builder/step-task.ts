import type { StepLayer } from "../cache/far-cache.js";
import type { CacheKey, KeyWithComponents } from "../cache/key.js";
import type { Step } from "../plan/step.js";
import type { State } from "./state.js";

/** One step to be done over one state. */
export interface Task<S extends Step = Step> {
  readonly step: S;
  readonly parent: State;
  /** The states of the plan's stages and images that the step reads from. */
  readonly sources: Sources;
  /** Where it stands in the Dockerfile: explains misses. */
  readonly place: { readonly stage: string; readonly index: number };
  /** Where its progress is shown. */
  readonly vertex: number;
  /** --no-cache: what is known of earlier builds does not count. */
  readonly fresh: boolean;
  /** What the RUN steps of this build made so far. */
  readonly made: Map<CacheKey, StepLayer>;
  /** Hears of the key of a RUN, a COPY or an ADD as soon as it is known. */
  readonly keyed: (facts: KeyWithComponents) => void;
  /** Takes along what later steps need not wait for; its failure fails the build. */
  readonly later: (work: Promise<void>) => void;
  readonly signal: AbortSignal;
}

/** The states that `--from` names, by index into the plan; each is waited for. */
export interface Sources {
  stage(index: number): Promise<State>;
  image(index: number): Promise<State>;
}
