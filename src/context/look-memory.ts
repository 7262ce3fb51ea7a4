import type { BytePath } from "../oci/changeset.js";

/** Keeps looks from build to build, by what was asked for. */
export interface LookMemory {
  get(query: string): KeptLook | undefined;
  /** To keep another one. */
  draft(): LookDraft;
  /** Keeps another one of which all is at hand, beside other work. Never fails. */
  keep(look: WholeLook): Promise<void>;
}

/** A look, and the text of what it selected. */
export interface WholeLook {
  readonly query: string;
  readonly selected: KeptSelection;
  /** As that of a `KeptLook` which it comes from. */
  readonly day: number;
  readonly look: Uint8Array;
  readonly text: Uint8Array;
}

/** How everything that was looked at for a query looked, and what was selected. */
export interface KeptLook {
  /** Of a `LookWriter`; for who asked, to be written to. */
  readonly look: Uint32Array;
  /** SHA-256 of that as it was kept, in hex. */
  readonly digest: string;
  readonly selected: KeptSelection;
  /** Of the last time that all files were looked up in the file index, since the epoch. */
  readonly day: number;
  /** What the tree digest of its source hashes, if that was kept, and is still there. */
  readonly text: () => Buffer | undefined;
}

/** What was selected. */
export interface KeptSelection {
  /** Its name. */
  readonly name: string;
  /** Undefined where it is not a single one. */
  readonly source: KeptSource | undefined;
}

/** As a `SelectedSource` has it. */
export interface KeptSource {
  readonly name: BytePath;
  readonly path: BytePath;
  readonly base: BytePath;
  readonly implied: readonly BytePath[];
  /** How many entries there are. */
  readonly length: number;
}

/** A look on its way: the look itself, then the text of what it selected. Disposing drops what is not kept. Never fails. */
export interface LookDraft extends Disposable {
  look(bytes: Uint8Array): void;
  text(bytes: Uint8Array): void;
  /** For the next build; done once what it answers is. */
  keep(query: string, selected: KeptSelection): Promise<void>;
}
