import type { StateOrigin } from "../first-change.js";
import type { CacheKey, KeyComponent, StateKey } from "../key.js";
import type { RootfsFacts } from "../rootfs-facts.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { Digest } from "../../oci/digest.js";
import type { Step } from "../../plan/step.js";
import type { TreeDigest } from "../../snapshotter/snapshotter.js";
import type { MountRecord } from "./mount-record.js";

/** That a step was run somewhere, and what it gave: the same bytes wherever the same step is exported. */
export interface RemoteRecord {
  readonly kind: Step["kind"];
  /** For people: "RUN make". */
  readonly title: string;
  /** Missing where a step is known by its result alone. */
  readonly key?: CacheKey;
  /** Of the step, wherever its Dockerfile lies; to explain a miss. */
  readonly identities: readonly string[];
  readonly components: readonly KeyComponent[];
  /** How long it took, in milliseconds; missing where nobody knows. */
  readonly took?: number;
  /** What a COPY selected, as `packFacts` tells it, in base64; missing where nobody knows, or that is much. */
  readonly files?: string;
  readonly layer: RecordedLayer;
}

/** Of `files` before they are text, in bytes: some 600 of them. Documents are read by every build. */
export const LARGEST_FILES = 1 << 14;

/** A layer, and the blob that it comes as. */
export interface RecordedLayer {
  readonly diffId: Digest;
  readonly tree: TreeDigest;
  /** Bytes of the uncompressed layer tar. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly blob: Descriptor;
}

/** What an export tells of all its steps: read at once, where records are found one by one. */
export interface CacheDocument {
  /** The latest first. */
  readonly steps: readonly RemoteRecord[];
  /** Of each step, when it was last looked whether its blob is there; missing where nobody says. */
  readonly checkedAt?: readonly number[];
  /** What was asked of root filesystems, with the answers. */
  readonly facts: readonly (readonly [StateKey, RootfsFacts])[];
  /** What stages started from: their images, to explain a miss. */
  readonly bases: readonly (readonly [StateKey, StateOrigin])[];
}

/** Where nothing was exported yet. */
export const emptyDocument: CacheDocument = { steps: [], facts: [], bases: [] };

/** What a record is found by. */
export type RecordName = `step-${string}` | `tree-${string}`;

/** The name of a step by its key. */
export function stepName(key: CacheKey): RecordName {
  return `step-${key}`;
}

/** The name of a layer by its content. */
export function treeName(tree: TreeDigest): RecordName {
  return `tree-${tree}`;
}

/** The names that lead to a record. What a RUN wrote is looked for by its key alone. */
export function namesOf({ kind, key, layer }: RemoteRecord): readonly RecordName[] {
  const step = key === undefined ? [] : [stepName(key)];
  return kind === "run" ? step : [...step, treeName(layer.tree)];
}

/** What a COPY selected, packed. */
export function filesIn({ files }: RemoteRecord): Uint8Array | undefined {
  return files === undefined ? undefined : Buffer.from(files, "base64");
}

/** In the place of a Dockerfile's path: of one cache it is likely the same one. */
export const REMOTE_SCOPE = "";

/** The bytes of a record or a document. */
export function serialize(value: CacheDocument | MountRecord | RemoteRecord): Buffer {
  return Buffer.from(JSON.stringify(value));
}
