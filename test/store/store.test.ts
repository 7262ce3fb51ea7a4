import { assert } from "chai";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Lease } from "../../src/store/lease.js";
import { openStore } from "../../src/store/open-store.js";
import { FakeSnapshotter } from "../contracts/fake-snapshotter.js";
import { failure, openTestStore, TemporaryDirectory } from "./fixture.js";

describe("openStore()", () => {
  it("makes the layout, for this user only", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    const { root } = store.paths;
    assert.deepStrictEqual(readdirSync(root).sort(), [
      "blobs",
      "db",
      "format",
      "layers",
      "mounts",
      "names",
      "work",
    ]);
    assert.strictEqual(readFileSync(join(root, "format"), "latin1"), "tsbuild-store 1\n");
    for (const name of ["db", "layers", "work"]) {
      assert.strictEqual(statSync(join(root, name)).mode & 0o777, 0o700, name);
    }
  });

  it("ends where a filesystem makes no directories", async () => {
    const error = await failure(openTestStore("/proc/tsbuild"));
    assert.match(error.message, /^Cannot open the store "\/proc\/tsbuild/);
  });

  it("finds out once what is asked about this machine, and remembers both answers", async () => {
    await using directory = await TemporaryDirectory.make();
    const asked: string[] = [];
    const find = (question: string, answer: boolean) => (): Promise<boolean> => {
      asked.push(question);
      return Promise.resolve(answer);
    };
    const answers: boolean[] = [];
    for (let i = 0; i < 2; i++) {
      await using _store = await openStore({
        root: join(directory.path, "store"),
        userNamespace: false,
        openSnapshotter: async (site) => {
          answers.push(await site.remember("yes", find("yes", true)));
          answers.push(await site.remember("no", find("no", false)));
          return new FakeSnapshotter(site);
        },
      });
    }
    assert.deepStrictEqual(asked, ["yes", "no"]);
    assert.deepStrictEqual(answers, [true, false, true, false]);
  });

  it("opens again with everything that was stored, and writes no record to do so", async () => {
    await using directory = await TemporaryDirectory.make();
    const data = join(directory.path, "store", "db", "data.mdb");
    {
      await using store = await openTestStore(directory.path);
      store.database.table<string>("names").put("a", "b");
    }
    const before = readFileSync(data);
    {
      await using store = await openTestStore(directory.path);
      assert.strictEqual(store.database.table<string>("names").get("a"), "b");
    }
    assert.isTrue(before.equals(readFileSync(data)));
  });

  it("opened for the first time by many at once, is made once", async () => {
    await using directory = await TemporaryDirectory.make();
    const stores = await Promise.all(
      Array.from({ length: 5 }, () => openTestStore(directory.path)),
    );
    assert.strictEqual(new Set(stores.map(({ work }) => work)).size, 5);
    for (const store of stores) await store.close();
  });

  it("refuses the format of a newer tsbuild", async () => {
    await using directory = await TemporaryDirectory.make();
    await (await openTestStore(directory.path)).close();
    writeFileSync(join(directory.path, "store", "format"), "tsbuild-store 12\n");
    const error = await failure(openTestStore(directory.path));
    assert.strictEqual(error.code, "STORE");
    assert.include(error.message, "it has format 12, this tsbuild knows format 1");
  });

  const damages = [
    {
      name: "other content",
      damage: (file: string) => {
        writeFileSync(file, Buffer.alloc(65536, 7));
      },
    },
    {
      name: "no content",
      damage: (file: string) => {
        truncateSync(file, 0);
      },
    },
    {
      name: "half a page",
      damage: (file: string) => {
        truncateSync(file, 2048);
      },
    },
  ];
  for (const { name, damage } of damages) {
    it(`refuses a database with ${name}`, async () => {
      await using directory = await TemporaryDirectory.make();
      await (await openTestStore(directory.path)).close();
      damage(join(directory.path, "store", "db", "data.mdb"));
      const error = await failure(openTestStore(directory.path));
      assert.strictEqual(error.code, "STORE");
      assert.match(error.message, /^Cannot open the database ".*": it is damaged$/);
    });
  }

  it("names a root that cannot be made", async () => {
    await using directory = await TemporaryDirectory.make();
    writeFileSync(join(directory.path, "store"), "a file");
    const error = await failure(openTestStore(directory.path));
    assert.strictEqual(error.code, "STORE");
    assert.include(error.message, `Cannot open the store "${directory.path}/store"`);
  });

  it("removes work that nobody owns any more, and no other", async () => {
    await using directory = await TemporaryDirectory.make();
    await using first = await openTestStore(directory.path);
    const abandoned = join(first.paths.work, "1-1-abcdef");
    mkdirSync(join(abandoned, "draft"), { recursive: true });
    writeFileSync(join(abandoned, "owner"), "");
    await using second = await openTestStore(directory.path);
    const left = [first.work, second.work].map((path) => path.slice(first.paths.work.length + 1));
    assert.sameMembers(readdirSync(first.paths.work), left);
  });

  it("close() removes this process's work, twice as well as once", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    mkdirSync(join(store.work, "draft"));
    for (const name of ["spool", "draft/file"]) writeFileSync(join(store.work, name), "");
    await store.close();
    assert.deepStrictEqual(readdirSync(store.paths.work), []);
    await store.close();
  });

  it("work in the middle of things is done by nobody else", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openTestStore(directory.path);
    {
      await using _other = await openTestStore(directory.path);
      assert.isFalse(await store.lease.tryAlone(() => Promise.reject(new Error("not alone"))));
    }
    const stop = AbortSignal.timeout(5);
    const alone = await store.lease.tryAlone(async () => {
      const refused: unknown = await Lease.take(store.locks, stop).catch((error: unknown) => error);
      assert.strictEqual(refused, stop.reason);
    });
    assert.isTrue(alone);
  });
});
