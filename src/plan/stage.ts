import type { From, Instruction } from "../parser/instruction.js";
import type { Platform } from "../oci/platform.js";
import type { ImageRequest } from "./plan.js";

/** What a stage starts from, with indices over the whole file. */
export type StageBase =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly stage: Stage }
  | { readonly kind: "image"; readonly request: ImageRequest }
  /** A named context that is a directory: its files are the root filesystem. */
  | { readonly kind: "directory"; readonly name: string };

/** One FROM and what follows it; variables of the FROM line are expanded, nothing else is. */
export interface Stage {
  /** Counted over the whole file. */
  readonly index: number;
  /** In lower case; "stage-N" without AS. */
  readonly name: string;
  readonly from: From;
  readonly base: StageBase;
  readonly platform: Platform;
  /** A named context takes its place, and so the stage may be read before it is defined. */
  readonly isReplaced: boolean;
  /** Its own, without what ONBUILD of the base adds; none of a stage that is replaced. */
  readonly instructions: readonly Instruction[];
}
