import type { Builder, Carrier } from "./builder.js";
import type { Command } from "./command.js";

/** One thing to measure with every builder, or with everything that carries images. */
export interface Workload<C extends Carrier = Builder> {
  readonly name: string;
  /** A line for the table. */
  readonly title: string;
  /** Left out unless asked for: it takes long. */
  readonly onRequest?: true;
  /** Whether a builder can do it; all can unless given. */
  suits?(builder: C): boolean;
  open(place: Place): Promise<Scene<C>>;
}

/** For those who only carry, too. */
export interface Transfer extends Workload<Carrier> {
  readonly kind: "transfer";
}

/** What a workload has to work with. */
export interface Place {
  /** Empty, and removed afterwards. */
  readonly directory: string;
  /** Where the base images are, such as "127.0.0.1:40123". */
  readonly registry: string;
}

/** A workload set up: what happens in each turn, and what of it is timed. */
export interface Scene<C extends Carrier = Builder> {
  /** Makes what all builders see in this turn; turn 0 is the warm-up. */
  newTurn(turn: number): Promise<void>;
  /** Brings one builder to where the clock starts. */
  ready?(builder: C): Promise<void>;
  /** The command whose time counts. */
  timed(builder: C): Command;
  /** Ends what was started for it. */
  close?(): Promise<void>;
}
