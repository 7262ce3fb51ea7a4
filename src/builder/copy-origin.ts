import type { SelectionKey, StateKey } from "../cache/key.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { Source } from "../error.js";
import type { State } from "./state.js";

/** What a COPY selects from. */
export interface CopyOrigin {
  /** Names the state, or what was selected from a directory. */
  readonly key: SelectionKey | StateKey;
  /** Undefined of a directory. */
  readonly state: State | undefined;
  /** Of a directory: what hides some of it. */
  readonly ignore: Source | undefined;
  readonly select: () => Promise<readonly SelectedSource[]>;
}
