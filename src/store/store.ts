import type { Snapshotter } from "../snapshotter/snapshotter.js";
import type { BlobSources } from "./blob-sources.js";
import type { Blobs } from "./blobs.js";
import type { CacheMounts } from "./cache-mounts.js";
import type { Database } from "./database.js";
import type { Downloads } from "./downloads.js";
import type { Holds } from "./holds.js";
import type { Images } from "./images.js";
import type { LayerBytes } from "./layer-bytes.js";
import type { Layers } from "./layers.js";
import type { Lease } from "./lease.js";
import type { Locks } from "./locks.js";
import type { StorePaths } from "./store-paths.js";
import type { Tally } from "./tally.js";

/** Where a snapshotter may put things: both on one filesystem. */
export interface SnapshotterSite {
  /** Published layers, each in a directory named by its id. */
  readonly layers: string;
  /** Drafts and mount points; of this process alone, removed when the store closes. */
  readonly work: string;
  /** Whether this process is in a user namespace of its own. */
  readonly userNamespace: boolean;
  /** The answer to a question about this machine: found out once, then remembered. */
  readonly remember: (question: string, find: () => Promise<boolean>) => Promise<boolean>;
}

/** Everything that tsbuild keeps on this machine. Any number of processes may have it open. */
export interface Store extends AsyncDisposable {
  readonly paths: StorePaths;
  /** A directory for what this process has not finished, removed on close. */
  readonly work: string;
  readonly database: Database;
  /** Bytes of layers, blobs of layers, downloads and, as last counted, cache mounts. */
  readonly tally: Tally;
  readonly locks: Locks;
  readonly lease: Lease;
  readonly holds: Holds;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly snapshotter: Snapshotter;
  readonly blobs: Blobs;
  readonly blobSources: BlobSources;
  readonly downloads: Downloads;
  readonly layers: Layers;
  readonly layerBytes: LayerBytes;
  readonly images: Images;
  readonly cacheMounts: CacheMounts;
  /** Waits for the garbage collection that what was written so far may have set off. */
  collected(): Promise<void>;
  /** Finishes what is being written. Idempotent, as disposing, but tells of failures. */
  close(): Promise<void>;
}
