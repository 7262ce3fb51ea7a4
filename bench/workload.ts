import type { Builder } from "./builder.js";
import type { Command } from "./command.js";

/** One thing to measure with every builder. */
export interface Workload {
  readonly name: string;
  /** A line for the table. */
  readonly title: string;
  /** Left out unless asked for: it takes long. */
  readonly onRequest?: true;
  open(place: Place): Promise<Scene>;
}

/** What a workload has to work with. */
export interface Place {
  /** Empty, and removed afterwards. */
  readonly directory: string;
  /** Where the base images are, such as "127.0.0.1:40123". */
  readonly registry: string;
}

/** A workload set up: what happens in each turn, and what of it is timed. */
export interface Scene {
  /** Makes what all builders see in this turn; turn 0 is the warm-up. */
  newTurn(turn: number): Promise<void>;
  /** Brings one builder to where the clock starts. */
  ready?(builder: Builder): Promise<void>;
  /** The command whose time counts. */
  timed(builder: Builder): Command;
}
