import type { DoneStep } from "../cache/done-step.js";
import type { StepLayer } from "../cache/remote-cache.js";
import type { CacheKey, KeyWithComponents } from "../cache/key.js";
import type { StepPlace } from "../cache/step-identity.js";
import type { FreshFlag } from "../cache/reason.js";
import type { Step } from "../plan/step.js";
import type { State } from "./state.js";

/** One step to be done over one state. */
export interface Task<S extends Step = Step> {
  readonly step: S;
  readonly parent: State;
  /** The states of the plan's stages and images that the step reads from. */
  readonly sources: Sources;
  /** Where it stands in the Dockerfile: explains misses. */
  readonly place: Omit<StepPlace, "scope">;
  /** Where its progress is shown. */
  readonly vertex: number;
  /** The flag by which what is known of earlier builds does not count. */
  readonly fresh: FreshFlag | undefined;
  /** What the RUN steps of this build made so far. */
  readonly made: Map<CacheKey, StepLayer>;
  /** Hears of the key of the step as soon as it is known, and of a RUN what its mounts hold. */
  readonly keyed: (facts: KeyWithComponents, contents?: DoneStep["contents"]) => void;
  /** Told that the step, or one after it, is going to be run: what is started once may start meanwhile. */
  readonly getReady: () => void;
  /** Whether a RUN comes after it in its stage. */
  readonly isFollowed: boolean;
  /** What comes right after it in its stage. */
  readonly next: Step | undefined;
  /** Takes along what later steps need not wait for; its failure fails the build. */
  readonly later: (work: Promise<void>) => void;
  readonly signal: AbortSignal;
}

/** The states that `--from` names, by index into the plan; each is waited for. */
export interface Sources {
  stage(index: number): Promise<State>;
  image(index: number): Promise<State>;
}
