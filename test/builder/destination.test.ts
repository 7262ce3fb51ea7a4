import { assert } from "chai";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askDestination } from "../../src/builder/destination.js";
import type { Engine } from "../../src/builder/engine.js";
import { emptyState } from "../../src/builder/state.js";
import type { FactStore, RootfsFacts } from "../../src/cache/rootfs-facts.js";
import { toBytePath } from "../../src/oci/changeset.js";
import type { FileTree } from "../../src/oci/file-tree.js";
import { filesBelow } from "../context/files-below.js";

const path = toBytePath;

/** Facts as the store keeps them: JSON. */
function memory(): FactStore {
  const texts = new Map<string, string>();
  return {
    get: (key) => {
      const text = texts.get(key);
      return text === undefined ? undefined : (JSON.parse(text) as RootfsFacts);
    },
    add: (key, facts) => {
      texts.set(key, JSON.stringify(facts));
      return Promise.resolve();
    },
  };
}

describe("askDestination()", () => {
  let root: string;
  let views: number;
  let engine: Pick<Engine, "facts" | "snapshots">;
  const task = {
    parent: emptyState,
    later: (work: Promise<void>) => void work,
    signal: new AbortController().signal,
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tsbuild-destination-"));
    mkdirSync(join(root, "srv/www"), { recursive: true });
    symlinkSync("/srv", join(root, "data"));
    mkdirSync(join(root, "etc"));
    writeFileSync(join(root, "etc/passwd"), "web:x:33:44::/:/bin/sh\n");
    views = 0;
    const files = (): Promise<FileTree> => {
      views++;
      return Promise.resolve(filesBelow(root));
    };
    engine = { facts: memory(), snapshots: { files } as unknown as Engine["snapshots"] };
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const ask = (): Promise<unknown> =>
    askDestination(task, engine, async ({ rootfs, ids }) => ({
      real: rootfs.resolve(path("data/www/new")),
      found: rootfs.lstat(path("srv/www")),
      missing: rootfs.lstat(path("constructor")),
      link: rootfs.lstat(path("data"))?.target,
      user: await ids("user", "web"),
      owner: await ids("owner", "33"),
    }));

  it("answers the same from memory, without looking at the filesystem again", async () => {
    const first = await ask();
    assert.deepNestedInclude(first, { real: "srv/www/new", link: "/srv", missing: undefined });
    assert.deepNestedInclude(first, { user: { uid: 33, gid: 44 }, owner: { uid: 33, gid: 33 } });
    rmSync(join(root, "etc"), { recursive: true });
    assert.deepStrictEqual(await ask(), first);
    assert.strictEqual(views, 1);
  });

  it("looks again at the first question that is new, and keeps that answer too", async () => {
    await ask();
    const more = (): Promise<unknown> =>
      askDestination(task, engine, ({ rootfs }) => Promise.resolve(rootfs.lstat(path("nowhere"))));
    assert.isUndefined(await more());
    assert.isUndefined(await more());
    await ask();
    assert.strictEqual(views, 2);
  });

  it("does not take a failure for a new question", async () => {
    const fail = (): Promise<unknown> =>
      askDestination(task, engine, () => Promise.reject(new Error("cannot place")));
    await ask();
    let message = "";
    await fail().catch((error: unknown) => (message = String(error)));
    assert.strictEqual(message, "Error: cannot place");
    assert.strictEqual(views, 1);
  });
});
