import type { Step } from "../plan/step.js";
import type { StepLayer } from "./remote-cache.js";
import type { KnownState } from "./first-change.js";
import type { KeyWithComponents, StateKey } from "./key.js";
import type { StepPlace } from "./step-identity.js";

/** A step of a finished build, and what names its result. */
export interface DoneStep {
  readonly step: Step;
  readonly place: Omit<StepPlace, "scope">;
  /** The state that it started from. */
  readonly parent: StateKey;
  /** What that starts with. */
  readonly bottom: KnownState;
  /** Undefined of an ADD that is known by its result alone. */
  readonly facts: KeyWithComponents | undefined;
  /** Of each mount of a RUN, in their order: what it holds, where that counts in the key. */
  readonly contents: readonly (string | undefined)[];
  readonly layer: StepLayer;
  /** How long it took when it was run, in milliseconds; undefined where nobody knows. */
  readonly took: number | undefined;
}

/** What the steps of a build gave. */
export interface DoneSteps {
  /** The steps of all stages. */
  readonly steps: readonly DoneStep[];
  /** The states of images and of whole stages: what steps start from and read. */
  readonly states: readonly StateKey[];
}

/** An image that a build gave, as far as its layers go. */
export interface MadeImage {
  /** `made`: the layers above those of its base. */
  readonly state: { readonly made: readonly StepLayer[] };
}
