import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack, type Header } from "tar-stream";
import { openDirectoryContext } from "../../src/context/directory-context.js";
import { BuildError } from "../../src/error.js";
import type { Entry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { CHUNK } from "../../src/oci/open-content.js";
import type { CopyStep } from "../../src/plan/step.js";
import { assertEntry } from "../context/assert-entry.js";
import { directoryWith, temporaryDirectory, type Layout } from "../context/temporary.js";
import { copy, copyStep, entryAt, listing, selectAll } from "./copying.js";

const temporary = temporaryDirectory();

type Member = Partial<Header> & { readonly name: string; readonly body?: string };

async function tar(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const { body, ...header } of members) {
    if (body === undefined) archive.entry(header);
    else archive.entry(header, body);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const defaults = { mode: 0o644, uid: 3, gid: 4, mtime: new Date(9000) };

function file(name: string, body = name): Member {
  return { ...defaults, name, body };
}
function directory(name: string): Member {
  return { ...defaults, name, type: "directory", mode: 0o750 };
}
function symlink(name: string, linkname: string): Member {
  return { ...defaults, name, type: "symlink", linkname };
}
function hardlink(name: string, linkname: string): Member {
  return { ...defaults, name, type: "link", linkname };
}

interface Adding {
  readonly bytes: Uint8Array;
  readonly to?: string;
  readonly over?: Layout;
  readonly step?: Partial<CopyStep>;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

async function add({
  bytes,
  to = "/new",
  over = {},
  step,
  owner,
}: Adding): Promise<readonly Entry[]> {
  const from = directoryWith(temporary, {});
  writeFileSync(join(from, "a.tar"), bytes);
  const work = directoryWith(temporary, {});
  return await copy(
    copyStep(to, { instruction: "ADD", unpack: true, ...step }),
    await selectAll(from, ["a.tar"]),
    { over: directoryWith(temporary, over), work, owner },
  );
}

async function failure(action: Promise<unknown>): Promise<BuildError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instanceOf(error, BuildError);
  return error;
}

const cases: readonly {
  readonly name: string;
  readonly step?: Partial<CopyStep>;
  readonly members: readonly Member[];
  readonly to?: string;
  readonly over?: Layout;
  readonly gives: readonly string[];
}[] = [
  {
    name: "keeps owners and modes",
    members: [directory("./"), directory("d"), file("d/f"), symlink("l", "/d")],
    gives: [
      "directory new 755 0:0",
      "directory new/d 750 3:4",
      "file new/d/f 644 3:4",
      "symlink new/l 777 3:4 -> /d",
    ],
  },
  {
    name: "makes the parents that the archive lacks",
    members: [file("x/y/f")],
    gives: [
      "directory new 755 0:0",
      "directory new/x 755 0:0",
      "directory new/x/y 755 0:0",
      "file new/x/y/f 644 3:4",
    ],
  },
  {
    name: "lets the last of several win",
    members: [file("f", "1"), symlink("f", "/x"), file("f", "22")],
    gives: ["directory new 755 0:0", "file new/f 644 3:4"],
  },
  {
    name: "links files of the archive",
    members: [file("z"), hardlink("a", "z")],
    gives: ["directory new 755 0:0", "file new/a 644 3:4", "hardlink new/z 644 3:4 -> new/a"],
  },
  {
    name: "follows its own links no further than the destination",
    members: [symlink("l", "../../../../etc"), symlink("m", "/srv"), file("l/f"), file("m/f")],
    over: { "etc/passwd": "", "srv/f": "" },
    gives: [
      "directory new 755 0:0",
      "directory new/etc 755 0:0",
      "file new/etc/f 644 3:4",
      "symlink new/l 777 3:4 -> ../../../../etc",
      "symlink new/m 777 3:4 -> /srv",
      "directory new/srv 755 0:0",
      "file new/srv/f 644 3:4",
    ],
  },
  {
    name: "makes parents that it does not hold for root, and leaves --chmod to others",
    members: [file("d/f")],
    step: { chmod: "600" },
    gives: ["directory new 755 0:0", "directory new/d 755 0:0", "file new/d/f 644 3:4"],
  },
  {
    name: "follows links of the root filesystem no further than the root",
    members: [file("f")],
    to: "/out/",
    over: { out: { symlink: "/../../srv" }, "srv/x": "" },
    gives: ["directory srv 755 0:0", "file srv/f 644 3:4"],
  },
  {
    name: "replaces a link by a directory rather than write through it",
    members: [directory("d"), file("d/f")],
    to: "/",
    over: { d: { symlink: "etc" }, "etc/f": "" },
    gives: ["directory d 750 3:4", "file d/f 644 3:4"],
  },
  {
    name: "hides what a directory held that was a file in between",
    members: [file("d"), directory("d"), file("d/new")],
    to: "/",
    over: { "d/old": "" },
    gives: ["directory d 750 3:4", "opaque d", "file d/new 644 3:4"],
  },
  {
    name: "replaces a directory and what was unpacked into it",
    members: [directory("d"), file("d/f"), file("d")],
    gives: ["directory new 755 0:0", "file new/d 644 3:4"],
  },
];

describe("placeCopy() with an archive, C21", () => {
  for (const { name, members, to, over, gives } of cases) {
    it(name, async () => {
      const changes = {
        ...(to === undefined ? {} : { to }),
        ...(over === undefined ? {} : { over }),
      };
      assert.deepStrictEqual(listing(await add({ bytes: await tar(members), ...changes })), gives);
    });
  }

  it("keeps contents where they can be read, twice, with their digests", async () => {
    const large = "large ".repeat(50_000);
    const entries = await add({
      bytes: gzipSync(await tar([file("a", "small"), file("b", large)])),
    });
    for (const [path, body] of [
      ["new/a", "small"],
      ["new/b", large],
    ] as const) {
      const entry = entryAt(entries, path);
      assertEntry(entry, { size: body.length, sha256: hexOf(digestOf(body)), mtime: 9 });
      for (let time = 0; time < 2; time++) {
        if (entry?.type !== "file") throw new Error("no file");
        const chunks: Uint8Array[] = [];
        for await (const chunk of readContent(entry)) chunks.push(chunk);
        assert.strictEqual(Buffer.concat(chunks).toString(), body);
      }
    }
  });

  it("applies --chown to all that it holds", async () => {
    const bytes = await tar([directory("d"), file("d/f")]);
    const entries = await add({ bytes, owner: { uid: 8, gid: 9 } });
    assert.deepStrictEqual(listing(entries), [
      "directory new 755 8:9",
      "directory new/d 750 8:9",
      "file new/d/f 644 8:9",
    ]);
  });

  const plain: readonly { name: string; bytes: () => Promise<Uint8Array> | Uint8Array }[] = [
    { name: "an empty archive", bytes: async () => gzipSync(await tar([])) },
    { name: "an empty file", bytes: () => Buffer.alloc(0) },
    { name: "text", bytes: () => Buffer.from("text".repeat(500)) },
    { name: "gzip that is not a tar", bytes: () => gzipSync("text".repeat(500)) },
    {
      name: "what only begins like gzip",
      bytes: () => Buffer.from("\x1f\x8b\x08 and so on", "latin1"),
    },
  ];
  for (const { name, bytes } of plain) {
    it(`copies ${name} as a file`, async () => {
      assert.deepStrictEqual(listing(await add({ bytes: await bytes(), to: "/new/" })), [
        "directory new 755 0:0",
        "file new/a.tar 644 0:0",
      ]);
    });
  }

  it("copies an archive as a file with --unpack=false", async () => {
    const bytes = await tar([file("f")]);
    const entries = await add({ bytes, to: "/x", step: { unpack: false } });
    assert.deepStrictEqual(listing(entries), ["file x 644 0:0"]);
  });

  for (const command of ["gzip", "bzip2", "xz", "zstd -q"]) {
    it(`C21 unpacks what ${command} made, by its content`, async () => {
      const bytes = execFileSync("sh", ["-c", `${command} -c`], { input: await tar([file("f")]) });
      assert.deepStrictEqual(
        listing(await add({ bytes })),
        listing(await add({ bytes: await tar([file("f")]) })),
      );
    });
  }

  for (const { name, after } of [
    { name: "another one", after: async () => gzipSync(await tar([file("other")])) },
    { name: "a damaged one", after: async () => (await tar([file("f")])).fill("no header", 1024) },
  ]) {
    it(`says that an archive became ${name} meanwhile, also where nobody reads its end`, async () => {
      const root = directoryWith(temporary, {});
      const write = (bytes: Uint8Array): void => {
        const padded = Buffer.alloc(2 * CHUNK); // gzip stops at the zeros
        padded.set(bytes);
        writeFileSync(join(root, "a.tar"), padded);
      };
      write(gzipSync(await tar([file("f")])));
      const tree = await openDirectoryContext({ root, index: undefined, ignore: undefined });
      const selected = await tree.select("a.tar");
      const [work, over] = [directoryWith(temporary, {}), directoryWith(temporary, {})];
      const step = copyStep("/new", { instruction: "ADD", unpack: true });
      write(await after());
      const { message } = await failure(copy(step, selected, { work, over }));
      assert.match(
        message,
        /^Cannot unpack "a.tar": Cannot read ".*": it changed while being read/,
      );
    });
  }

  it("gives a link to a link the same mode", async () => {
    const bytes = await tar([symlink("l", "f"), hardlink("m", "l")]);
    assert.deepStrictEqual(listing(await add({ bytes })).slice(1), [
      "symlink new/l 777 3:4 -> f",
      "hardlink new/m 777 3:4 -> new/l",
    ]);
  });

  it("names a compression that it does not know", async () => {
    const input = await tar([file("f")]);
    const bytes = execFileSync("sh", ["-c", "xz --check=sha256 -c"], { input });
    const { code, message, hint } = await failure(add({ bytes }));
    assert.strictEqual(code, "UNSUPPORTED");
    assert.match(message, /^Cannot unpack "a.tar": .*xz/);
    assert.include(hint, "--unpack=false");
  });

  const hostile: readonly { name: string; members: readonly Member[]; says: string }[] = [
    { name: "a name that climbs out", members: [file("a"), file("../../x")], says: "leads out" },
    {
      name: "a hard link to a file that it does not hold",
      members: [hardlink("a", "etc/passwd")],
      says: "not in the archive",
    },
    {
      name: "a file used as a directory",
      members: [file("a"), file("a/b")],
      says: "not a directory",
    },
    {
      name: "links in a circle",
      members: [symlink("a", "b"), symlink("b", "a"), file("a/x")],
      says: "too many",
    },
  ];
  for (const { name, members, says } of hostile) {
    it(`refuses ${name}`, async () => {
      const over = { "etc/passwd": "root" };
      const { message } = await failure(add({ bytes: await tar(members), over }));
      assert.include(message, 'Cannot unpack "a.tar"');
      assert.include(message, says);
    });
  }

  it("refuses an archive that ends too early", async () => {
    const bytes = (await tar([file("f", "x".repeat(5000))])).subarray(0, 2000);
    assert.strictEqual((await failure(add({ bytes }))).code, "INVALID_ARCHIVE");
  });
});
