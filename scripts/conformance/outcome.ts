/** What an image holds at one path; hard links share one node. */
export interface Node {
  readonly type: "file" | "directory" | "symlink" | "character" | "block" | "fifo";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
  /** Of files: the bytes. */
  readonly content: Buffer;
  readonly target: string;
  readonly device: string;
  readonly xattrs: Readonly<Record<string, string>>;
}

/** Nodes by path, without a leading slash; "" is the root. */
export type Tree = ReadonlyMap<string, Node>;

/** The part of an image's JSON that is compared (image-spec, config.md). */
export interface ImageJson {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly author?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history?: readonly HistoryEntry[];
}

/** A line of the history. */
export interface HistoryEntry {
  readonly created_by?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** An image as far as it is compared. */
export interface Image {
  readonly json: ImageJson;
  readonly tree: Tree;
}

/** A finding about the Dockerfile: the rule and its line. */
export interface Warning {
  readonly line: number;
  readonly rule: string;
}

/** What became of a build. */
export type Outcome =
  | { readonly kind: "image"; readonly image: Image; readonly warnings: readonly Warning[] }
  | { readonly kind: "text"; readonly code: number; readonly text: string }
  | { readonly kind: "failed"; readonly message: string };
