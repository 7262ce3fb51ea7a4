import { assert } from "chai";
import { once } from "node:events";
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { FileIndex } from "../../src/context/file-index.js";
import {
  outcomes,
  readFiles,
  type FilesRead,
  type FilesToRead,
} from "../../src/context/read-files.js";
import { LocalSourceTree } from "../../src/context/local-source-tree.js";
import { toBytePath, type Entry, type FileEntry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { failureOf } from "../oci/build-errors.js";
import { collect } from "../oci/bytes.js";
import { SHA256_SIZE } from "../../src/sha256.js";
import { clockThatJumps } from "./clock-that-jumps.js";
import { directoryWith, temporaryDirectory } from "./temporary.js";

const script = resolve("test/context/reading-thread.mjs");
/** Of the files: more than what is read before another thread is asked. */
const many = 3_000;

/** What happens to a file once it was looked at, by its number in the order of looks. */
type Events = ReadonlyMap<number, (path: string) => void>;

describe("new files that two threads read", () => {
  const temporary = temporaryDirectory();
  const root = directoryWith(temporary, {});
  for (let i = 0; i < many; i++) {
    const directory = join(root, `d${String(i % 300).padStart(3, "0")}`);
    if (i < 300) fs.mkdirSync(directory);
    fs.writeFileSync(join(directory, `f${i}`), contentOf(i));
  }
  fs.linkSync(join(root, "d299/f299"), join(root, "d299/link"));
  fs.writeFileSync(join(root, "large"), "l".repeat(300_000));

  before(() => setTimeout(50)); // no file is from this very moment

  for (const [name, thread] of [
    ["by both", script],
    ["by one where the other does not start", "/missing.cjs"],
  ] as const) {
    it(`are the same when read ${name}, and leave no descriptor open`, async () => {
      const alone = await select({ thread: undefined });
      const { entries, recorded } = await select({ thread });
      assert.deepStrictEqual(openIn(root), []);
      assert.deepStrictEqual(entries.map(plain), alone.entries.map(plain));
      assert.deepStrictEqual(recorded.toSorted(), alone.recorded.toSorted());
      const files = entries.filter((entry) => entry.type === "file");
      assert.lengthOf(files, many + 1);
      for (const [i, file] of files.entries()) {
        if (i % 7 > 0) continue; // each takes a while
        const bytes = await collect(readContent(file));
        assert.strictEqual(hexOf(digestOf(bytes)), file.sha256, file.path);
      }
    });
  }

  it("are the same when those that come from the disk are opened ahead, and leave no descriptor open", () => {
    const directory = fs.openSync(join(root, "d001"), "r");
    const spool = fs.openSync(join(temporary, "spool-ahead"), "wx+");
    try {
      const numbers = Array.from({ length: 100 }, (_, i) => 1 + 300 * (i % 10));
      const facts = numbers.flatMap((i) => {
        const { size, ino, ctimeMs } = fs.statSync(join(root, `d001/f${i}`));
        return [directory, size, ino, i === 301 ? ctimeMs + 1 : ctimeMs];
      });
      const names = numbers.map((i) => toBytePath(i === 601 ? "missing" : `f${i}`));
      const files: FilesToRead = { names, facts: Float64Array.from(facts), spool, offset: 0 };
      const read = readFiles(files);
      using _clock = clockThatJumps(1);
      assert.deepStrictEqual(readFiles(files), read);
      assert.deepStrictEqual(openIn(root), [join(root, "d001")]);
      for (const [n, i] of numbers.entries()) {
        const outcome = i === 601 ? outcomes.failed : i === 301 ? outcomes.read : outcomes.kept;
        assert.strictEqual(read.outcomes[n], outcome);
        if (i !== 601) assert.strictEqual(digestIn(read, n), hexOf(digestOf(contentOf(i))));
      }
    } finally {
      fs.closeSync(directory);
      fs.closeSync(spool);
    }
  });

  it("come from the other thread with digests, and kept where they are what was looked at", async () => {
    const directory = fs.openSync(join(root, "d001"), "r");
    const spool = fs.openSync(join(temporary, "spool"), "wx+");
    const worker = new Worker(script);
    try {
      const { size, ino, ctimeMs } = fs.statSync(join(root, "d001/f301"));
      const fact = [directory, size, ino];
      const files: FilesToRead = {
        names: ["f301", "f301", "missing"].map(toBytePath),
        facts: Float64Array.of(...fact, ctimeMs, ...fact, ctimeMs + 1, ...fact, ctimeMs),
        spool,
        offset: 10,
      };
      worker.postMessage(files);
      const [read] = (await once(worker, "message")) as [FilesRead];
      const sha256 = hexOf(digestOf(contentOf(301)));
      assert.deepStrictEqual([digestIn(read, 0), digestIn(read, 1)], [sha256, sha256]);
      const { kept, failed } = outcomes;
      assert.deepStrictEqual(read.outcomes, Uint8Array.of(kept, outcomes.read, failed));
      const spooled = fs.readFileSync(join(temporary, "spool"), "latin1");
      assert.strictEqual(spooled.slice(10, 10 + size), contentOf(301));
    } finally {
      await worker.terminate();
      fs.closeSync(directory);
      fs.closeSync(spool);
    }
  });

  it("fail as the first of them that cannot be read, in the order of their paths", async () => {
    const gone: string[] = [];
    const remove = (path: string): void => {
      gone.push(path);
      fs.renameSync(join(root, path), join(root, `${path}.gone`));
    };
    const events: Events = new Map([
      [2_900, remove],
      [1_500, remove],
      [2_200, remove],
    ]);
    try {
      const error = await failureOf(select({ thread: script, events }), "CONTEXT");
      assert.lengthOf(gone, 3);
      assert.match(error.message, new RegExp(`^Cannot read "${gone[0] ?? ""}": ENOENT`));
    } finally {
      for (const path of gone) fs.renameSync(join(root, `${path}.gone`), join(root, path));
    }
  });

  it("fail before what is looked at later does", async () => {
    const [file, directory] = [join(root, "d200"), join(root, "d250")];
    let shorter = "";
    const events: Events = new Map([
      [
        1_500,
        (path) => {
          shorter = path;
          fs.truncateSync(join(root, path), 1);
          fs.renameSync(directory, `${file}.gone`);
        },
      ],
    ]);
    try {
      const error = await failureOf(select({ thread: script, events }), "CONTEXT");
      assert.strictEqual(
        error.message,
        `Cannot read "${shorter}": it became shorter while it was being read`,
      );
    } finally {
      fs.renameSync(`${file}.gone`, directory);
      fs.writeFileSync(join(root, shorter), contentOf(Number(/\d+$/.exec(shorter)?.[0])));
    }
  });

  it("are not kept where they changed after they were looked at", async () => {
    await setTimeout(50);
    let changed = "";
    const events: Events = new Map([
      [
        2_000,
        (path) => {
          changed = path;
          fs.chmodSync(join(root, path), 0o600);
        },
      ],
    ]);
    const { entries } = await select({ thread: script, events });
    const file = entries.find(({ path }) => path === changed);
    assert(file?.type === "file");
    const error = await failureOf(collect(readContent(file)), "SYSTEM");
    assert.match(error.message, /^Cannot read ".*": it changed while being read/);
    fs.chmodSync(join(root, changed), 0o644);
  });

  async function select({
    thread,
    events = new Map(),
  }: {
    readonly thread: string | undefined;
    readonly events?: Events;
  }): Promise<{ readonly entries: readonly Entry[]; readonly recorded: readonly string[] }> {
    const recorded: string[] = [];
    const record = (sha256: string): void => void recorded.push(sha256);
    let path = "";
    let looks = 0;
    const index: FileIndex = {
      lookup: () => {
        events.get(++looks)?.(path);
        return undefined;
      },
      record: (_, sha256) => {
        record(sha256);
      },
      reserve: () => 0,
      settle: (_, sha256) => {
        record(Buffer.from(sha256).toString("hex"));
      },
    };
    const tree = new LocalSourceTree({
      root: toBytePath(root),
      ignore: undefined,
      index: () => Promise.resolve(index),
      looked: (looked) => {
        path = looked;
        return true;
      },
      work: directoryWith(temporary, {}),
      thread,
    });
    const [source] = await tree.select(".");
    return { entries: [...(source?.entries ?? [])], recorded };
  }
});

function contentOf(i: number): string {
  return i % 500 === 0 ? "" : `${i} `.repeat(1 + (i % 97));
}

/** The digest of file `i`, in hex. */
function digestIn({ digests }: FilesRead, i: number): string {
  return Buffer.from(digests.subarray(i * SHA256_SIZE, (i + 1) * SHA256_SIZE)).toString("hex");
}

/** What this process has open there. */
function openIn(root: string): readonly string[] {
  const links = fs.readdirSync("/proc/self/fd").map((fd) => {
    const link = `/proc/self/fd/${fd}`;
    return fs.existsSync(link) ? fs.readlinkSync(link) : "";
  });
  return links.filter((path) => path.startsWith(root));
}

/** All but where the content is. */
function plain(entry: Entry): unknown {
  if (entry.type !== "file") return entry;
  const { content: _, ...rest } = entry;
  return rest satisfies Omit<FileEntry, "content">;
}
