import type { Snapshotter } from "../snapshotter/snapshotter.js";
import { BlobSources } from "./blob-sources.js";
import { Blobs } from "./blobs.js";
import { CacheMounts } from "./cache-mounts.js";
import { Collector, type CollectorOptions } from "./collector.js";
import { Database } from "./database.js";
import { diskError } from "./disk-error.js";
import { Downloads } from "./downloads.js";
import { Holds } from "./holds.js";
import { Images } from "./images.js";
import { LayerBytes } from "./layer-bytes.js";
import { Layers } from "./layers.js";
import { prepareLayout } from "./layout.js";
import { Lease } from "./lease.js";
import { Locks } from "./locks.js";
import { ResourceStack } from "./resource-stack.js";
import { storePaths } from "./store-paths.js";
import type { SnapshotterSite, Store } from "./store.js";
import { Tally } from "./tally.js";
import { claimWorkDirectory, removeAbandonedWork } from "./work-directory.js";

/** What `openStore` needs to know. */
export interface StoreOptions {
  /** Made where it is missing. */
  readonly root: string;
  readonly userNamespace: boolean;
  readonly openSnapshotter: (site: SnapshotterSite) => Promise<Snapshotter>;
  /** Milliseconds since the epoch; the system's unless given. */
  readonly now?: () => number;
  /** Undefined lets the store grow. */
  readonly collect?: CollectorOptions | undefined;
}

/** Opens the store, waiting while another process removes things from it. */
export async function openStore(options: StoreOptions, signal?: AbortSignal): Promise<Store> {
  const paths = storePaths(options.root);
  const resources = new ResourceStack();
  try {
    await prepareLayout(paths);
    const locks = new Locks(paths.locks);
    const lease = resources.use(await Lease.take(locks, signal));
    await removeAbandonedWork(paths.work, locks);
    const { path: work } = resources.use(await claimWorkDirectory(paths.work, locks));
    const holds = resources.use(new Holds(paths.holds));
    const database = resources.use(await Database.open(paths.db));
    const { layers } = paths;
    const { userNamespace, now = Date.now, collect } = options;
    const remember = rememberIn(database);
    const snapshotter = await options.openSnapshotter({ layers, work, userNamespace, remember });
    resources.use({ [Symbol.asyncDispose]: () => snapshotter.settled() });
    return assemble({
      paths,
      work,
      locks,
      lease,
      holds,
      database,
      snapshotter,
      resources,
      now,
      userNamespace,
      collect,
    });
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw diskError(`open the store "${paths.root}"`, error);
  }
}

function rememberIn(database: Database): SnapshotterSite["remember"] {
  const answers = database.table<boolean>("answers");
  return async (question, find) => {
    const known = answers.get(question);
    if (known !== undefined) return known;
    const answer = await find();
    answers.put(question, answer);
    return answer;
  };
}

type Part = "database" | "holds" | "lease" | "locks" | "now" | "paths" | "snapshotter" | "work";

type Parts = Pick<Store, Part> &
  Pick<StoreOptions, "collect" | "userNamespace"> & { readonly resources: AsyncDisposable };

function assemble({ resources, userNamespace, collect, ...parts }: Parts): Store {
  const { paths, work, locks, holds, database, snapshotter, now } = parts;
  const tally = new Tally(database);
  const blobs = new Blobs({ directory: paths.blobs, work, holds });
  const collector = collect && new Collector(() => store, collect);
  const wrote = (): void => collector?.wrote();
  const collected = async () => {
    await collector?.finish();
  };
  const close = async () => {
    await collected();
    await resources[Symbol.asyncDispose]();
  };
  const store: Store = {
    ...parts,
    tally,
    blobs,
    blobSources: new BlobSources(database),
    downloads: new Downloads(database, tally, blobs),
    layers: new Layers({ database, tally, snapshotter, locks, holds, wrote, now }),
    layerBytes: new LayerBytes({ database, tally, blobs, snapshotter, locks, wrote }),
    images: new Images(database, blobs),
    cacheMounts: new CacheMounts({
      ...{ database, tally, locks, work, userNamespace, now },
      directory: paths.mounts,
      used: (record) => collector?.used(record),
    }),
    collected,
    close,
    [Symbol.asyncDispose]: close,
  };
  return store;
}
