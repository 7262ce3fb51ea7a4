import { assert } from "chai";
import { readdir, readFile, rename, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Entry } from "../../src/oci/changeset.js";
import type { CacheMountRequest, NewCache } from "../../src/store/cache-mount.js";
import { CacheMounts } from "../../src/store/cache-mounts.js";
import { listItems } from "../../src/store/disk-items.js";
import { prune } from "../../src/store/garbage.js";
import type { Store } from "../../src/store/store.js";
import { failure, oneFile, temporaryStore } from "./fixture.js";

const { signal } = new AbortController();

function request(changes: Partial<CacheMountRequest> = {}): CacheMountRequest {
  const initial = (): Promise<NewCache> => Promise.resolve(directory(0o755));
  return { identity: "a", id: "/c", sharing: "shared", initial, ...changes };
}

function directory(mode: number, entries: readonly Entry[] = []): NewCache {
  return { mode, uid: 0, gid: 0, entries };
}

/** Writes a file into a cache and lets go of it. */
async function write(store: Store, name: string, changes: Partial<CacheMountRequest> = {}) {
  await using cache = await store.cacheMounts.acquire(request(changes), signal);
  await writeFile(join(cache.path, name), name);
}

async function look(store: Store, changes: Partial<CacheMountRequest> = {}) {
  await using cache = await store.cacheMounts.acquire(request(changes), signal);
  return await readdir(cache.path);
}

describe("CacheMounts", () => {
  it("R05 keeps what was written, by identity", async () => {
    await using store = await temporaryStore();
    await write(store, "f");
    assert.deepStrictEqual(await look(store), ["f"]);
    assert.deepStrictEqual(await look(store, { identity: "b" }), []);
  });

  it("R05 forgets none that cannot be looked at", async () => {
    await using store = await temporaryStore();
    await write(store, "f");
    const { mounts } = store.paths;
    await rename(mounts, `${mounts}.aside`);
    await symlink(mounts, mounts); // a loop, as a disk that fails
    assert.strictEqual((await failure(look(store))).code, "STORE");
    await unlink(mounts);
    await rename(`${mounts}.aside`, mounts);
    assert.deepStrictEqual(await look(store), ["f"]);
  });

  it("R05 makes a new one as it is told, and only then", async () => {
    await using store = await temporaryStore();
    const initial = (): Promise<NewCache> => Promise.resolve(directory(0o1700, oneFile("seed")));
    await using cache = await store.cacheMounts.acquire(request({ initial }), signal);
    assert.strictEqual(await readFile(join(cache.path, "file"), "utf8"), "seed");
    assert.strictEqual((await stat(cache.path)).mode & 0o7777, 0o1700);
    await using same = await store.cacheMounts.acquire(request(), signal);
    assert.strictEqual(same.path, cache.path);
  });

  it("R06 shared: is one directory for all at once", async () => {
    await using store = await temporaryStore();
    const caches = await Promise.all(
      Array.from({ length: 5 }, () => store.cacheMounts.acquire(request(), signal)),
    );
    assert.strictEqual(new Set(caches.map(({ path }) => path)).size, 1);
    for (const cache of caches) await cache[Symbol.asyncDispose]();
  });

  it("R06 private: is another one while it is busy, and both are kept", async () => {
    await using store = await temporaryStore();
    const wanted = request({ sharing: "private" });
    {
      await using first = await store.cacheMounts.acquire(wanted, signal);
      await using second = await store.cacheMounts.acquire(wanted, signal);
      assert.notStrictEqual(second.path, first.path);
      await writeFile(join(first.path, "first"), "");
      await writeFile(join(second.path, "second"), "");
    }
    await using again = await store.cacheMounts.acquire(wanted, signal);
    await using more = await store.cacheMounts.acquire(wanted, signal);
    assert.deepStrictEqual(await readdir(again.path), ["first"]);
    assert.deepStrictEqual(await readdir(more.path), ["second"]);
    assert.lengthOf(store.cacheMounts.list(), 2);
  });

  it("R06 locked: waits until nobody has it, or until it is told to stop", async () => {
    await using store = await temporaryStore();
    const wanted = request({ sharing: "locked" });
    const order: string[] = [];
    const first = await store.cacheMounts.acquire(wanted, signal);
    const second = store.cacheMounts.acquire(wanted, signal).then(async (cache) => {
      order.push("second has it");
      await cache[Symbol.asyncDispose]();
    });
    const tired = AbortSignal.timeout(30);
    const third = await store.cacheMounts.acquire(wanted, tired).then(
      () => "has it",
      () => "gave up",
    );
    assert.strictEqual(third, "gave up");
    await sleep(1);
    order.push("first lets go");
    await first[Symbol.asyncDispose]();
    await second;
    assert.deepStrictEqual(order, ["first lets go", "second has it"]);
  });

  it("R06 lets others have a directory whatever fails, and ends a use once", async () => {
    await using store = await temporaryStore();
    await write(store, "f");
    const failing = (): never => {
      throw new Error("no more");
    };
    const site = { directory: store.paths.mounts, userNamespace: false };
    const careless = new CacheMounts({ ...store, ...site, used: failing });
    const wanted = request({ sharing: "locked" });
    const cache = await careless.acquire(wanted, signal);
    const endings = [cache, cache].map((one) => one[Symbol.asyncDispose]().then(failing, String));
    assert.deepStrictEqual(await Promise.all(endings), ["Error: no more", "Error: no more"]);
    assert.deepStrictEqual(await look(store, { sharing: "locked" }), ["f"]);

    const nowhere = new CacheMounts({ ...store, ...site, directory: "/nowhere", used: failing });
    const others = request({ identity: "b", sharing: "locked" });
    assert.include(await nowhere.acquire(others, signal).then(failing, String), "ENOENT");
    assert.isTrue(store.cacheMounts.list().every((one) => !store.cacheMounts.isInUse(one)));
    await using lock = store.locks.tryLock("cache mount b");
    assert.isDefined(lock, "what failed holds its lock no longer");
  });

  it("R05 wipes for --no-cache, and what is in use when its user has ended", async () => {
    await using store = await temporaryStore();
    const busy = await store.cacheMounts.acquire(request(), signal);
    await writeFile(join(busy.path, "old"), "");
    await store.cacheMounts.wipe("a", signal);
    assert.deepStrictEqual(await look(store), []);
    assert.deepStrictEqual(await readdir(busy.path), ["old"]);
    await busy[Symbol.asyncDispose]();
    assert.lengthOf(await readdir(store.paths.mounts), 1);
  });

  it("K31 is listed by du, and removed by prune with what nobody knows", async () => {
    await using store = await temporaryStore(() => 5);
    await write(store, "four");
    const [item, ...others] = await listItems(store);
    const times = { createdAt: 5, usedAt: 5, uses: 1 };
    assert.deepInclude(item, { kind: "cache", id: "/c", size: 4, inUse: false, ...times });
    assert.isEmpty(others);
    await writeFile(join(store.paths.mounts, "stray"), "");
    assert.lengthOf(await prune(store, { accepts: ({ usedAt = 0 }) => usedAt < 3 }), 0);
    assert.lengthOf(await prune(store), 1);
    assert.isEmpty(await readdir(store.paths.mounts));
    assert.deepStrictEqual(await look(store), []);
  });
});
