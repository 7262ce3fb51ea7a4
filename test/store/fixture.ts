import { assert } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../../src/error.js";
import type { BytePath, Entry } from "../../src/oci/changeset.js";
import type { CollectorOptions } from "../../src/store/collector.js";
import { openStore } from "../../src/store/open-store.js";
import type { Store } from "../../src/store/store.js";
import { FakeSnapshotter } from "../contracts/fake-snapshotter.js";

/** A directory that goes with the test. */
export class TemporaryDirectory implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }
  static async make(): Promise<TemporaryDirectory> {
    return new TemporaryDirectory(await mkdtemp(join(tmpdir(), "tsbuild-store-test-")));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A store below `root`, with the fake snapshotter. */
export function openTestStore(
  root: string,
  now: () => number = Date.now,
  collect?: CollectorOptions,
): Promise<Store> {
  return openStore({
    root: join(root, "store"),
    collect,
    userNamespace: false,
    openSnapshotter: (site) => Promise.resolve(new FakeSnapshotter(site)),
    now,
  });
}

/** A store of its own for one test. */
export async function temporaryStore(now?: () => number): Promise<Store> {
  const directory = await TemporaryDirectory.make();
  const store = await openTestStore(directory.path, now);
  return {
    ...store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** A layer of one text file. */
export function oneFile(text: string, { name = "file", mtime = 0 } = {}): readonly Entry[] {
  const bytes = Buffer.from(text);
  const content = { kind: "bytes", bytes } as const;
  const metadata = { path: name as BytePath, mode: 0o644, uid: 0, gid: 0, mtime };
  return [{ type: "file", ...metadata, size: bytes.byteLength, content }];
}

/** What the tally should say: every record read, and added up. */
export function addedUp({ layers, layerBytes, downloads, cacheMounts }: Store): number {
  const sizes = [
    ...layers.list().map(({ size }) => size),
    ...layerBytes.list().map(({ descriptor }) => descriptor.size),
    ...downloads.list().map(({ size }) => size),
    ...cacheMounts.list().map(({ size = 0 }) => size),
  ];
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** All of a stream. */
export async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** These bytes as a stream of several pieces. */
export async function* streamOf(bytes: Uint8Array, piece = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += piece) {
    yield await Promise.resolve(bytes.subarray(at, at + piece));
  }
}

/** The BuildError that `work` must end with. */
export async function failure(work: Promise<unknown>): Promise<BuildError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instanceOf(error, BuildError);
  return error;
}
