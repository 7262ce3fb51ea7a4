import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { StepRecords } from "../../../src/cache/records.js";
import type { CacheKey } from "../../../src/cache/key.js";
import type { StoreCommand } from "../../../src/cli/store-command.js";
import { runInspect } from "../../../src/cli/commands/inspect.js";
import { parseCommand } from "../../../src/cli/parse-command.js";
import type { LayerRecord } from "../../../src/store/layers.js";
import type { Store } from "../../../src/store/store.js";
import { temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";
import { storeImage } from "../../output/store-image.js";
import { oneFile, temporaryStore } from "../../store/fixture.js";
import { FakeIo, type World } from "../fake-io.js";
import { perform, runLine } from "./perform.js";

const temporary = temporaryDirectory();
const run = (store: Store, line: string, world: World = {}): Promise<FakeIo> =>
  runLine(store, line.split(" "), { cwd: temporary, ...world });

/** Notes that a step gave that layer. */
async function putStep(
  store: Store,
  { id: layer, tree }: LayerRecord,
  stepTitle: string,
): Promise<void> {
  const key = `key of ${layer}` as CacheKey;
  const identities = [`place of ${layer}`];
  const step = { key, layer, tree, components: [], identities, stepTitle, createdAt: 0 };
  await new StepRecords(store).put(step);
}

const year = 365 * 24 * 3600 * 1000;
const ago = (years: number): string => new Date(Date.now() - years * year - 1000).toISOString();
const short = (id: string): string => id.slice("sha256:".length, 19);

describe("tsbuild images", () => {
  it("lists names and what has none, newest first", async () => {
    await using store = await temporaryStore();
    const old = await storeImage(store, [oneFile("old")], {
      names: ["old:1", "example.com:5000/team/old"],
      created: ago(3),
    });
    const lost = await storeImage(store, [], { created: ago(2) });
    const young = await storeImage(store, [oneFile("new")], { names: ["web"], created: ago(1) });
    const { text } = await run(store, "images");
    assert.strictEqual(
      text,
      [
        "REPOSITORY                  TAG       IMAGE ID       CREATED         SIZE",
        `web                         latest    ${short(young.id)}   12 months ago   2.05kB`,
        `<none>                      <none>    ${short(lost.id)}   2 years ago     0B`,
        `old                         1         ${short(old.id)}   3 years ago     2.05kB`,
        `example.com:5000/team/old   latest    ${short(old.id)}   3 years ago     2.05kB`,
        "",
      ].join("\n"),
    );
  });

  const filters: readonly (readonly [string, readonly string[]])[] = [
    ["web", ["1", "2", "latest"]],
    ["web:2", ["2"]],
    ["web:latest", ["latest"]],
    ["docker.io/library/web", ["1", "2", "latest"]],
    ["other/web", []],
    ["w*", ["1", "1", "2", "latest"]],
    ["web:[12]", ["1", "2"]],
    ["*/*", ["3"]],
    ["--filter reference=*web", ["1", "2", "latest"]],
    ["--filter reference=web:1 --filter reference=*/app", ["1", "3"]],
    ["--filter dangling=true", ["<none>"]],
    ["--filter dangling=0 web", ["1", "2", "latest"]],
    ["--filter dangling=t web", []],
    ["--filter label=tier", ["3", "<none>"]],
    ["--filter label=tier=front", ["3"]],
    ["--filter label=tier --filter label=old", []],
    ["--filter before=team/app:3", ["1", "1", "2", "latest"]],
    ["--filter since=web", ["3", "<none>"]],
  ];
  for (const [filter, tags] of filters) {
    it(`lists ${tags.join(", ") || "nothing"} for "${filter}"`, async () => {
      await using store = await temporaryStore();
      const names = ["web:1", "web:2", "web", "website:1"];
      await storeImage(store, [], { names, created: ago(3) });
      const front = { Labels: { tier: "front" } };
      await storeImage(store, [], { names: ["team/app:3"], config: front, created: ago(2) });
      const back = { Labels: { tier: "back" } };
      await storeImage(store, [oneFile("nameless")], { config: back, created: ago(1) });
      const { text } = await run(store, `images --format {{.Tag}} ${filter}`);
      assert.deepStrictEqual(text.split("\n").filter(Boolean).sort(), [...tags].sort());
    });
  }

  it("lists each id once with -q, whole with --no-trunc", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [], { names: ["a", "b"] });
    assert.strictEqual((await run(store, "images -q")).text, `${short(id)}\n`);
    assert.strictEqual((await run(store, "images -q --no-trunc")).text, `${id}\n`);
  });
});

describe("tsbuild images -a", () => {
  it("lists base images for other platforms too, by the name that this machine's has", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("own")], { names: ["base"] });
    const foreign = await storeImage(store, [oneFile("foreign")], { created: ago(1) });
    const lost = await storeImage(store, [oneFile("lost")], { created: ago(2) });
    const record = store.images.get(foreign.id);
    await store.images.putAside(record, "base:latest", { os: "linux", architecture: "s390x" });
    const list = async (flags: string): Promise<string> => {
      return (await run(store, `images ${flags} --format {{.Repository}}:{{.Tag}}`)).text;
    };
    assert.strictEqual(
      await list("-q"),
      `${short(store.images.get("base").id)}\n${short(lost.id)}\n`,
    );
    assert.strictEqual(await list("--no-trunc"), "base:latest\n<none>:<none>\n");
    assert.strictEqual(await list("-a"), "base:latest\nbase:latest\n<none>:<none>\n");
    assert.strictEqual(await list("--filter dangling=true"), "<none>:<none>\n");
    const [, aside = ""] = (await run(store, "images -a")).text.trimEnd().split("\n").slice(1);
    assert.include(aside, short(foreign.id));
  });
});

describe("tsbuild images --format", () => {
  it("has docker's fields", async () => {
    await using store = await temporaryStore();
    const created = "2024-01-02T03:04:05.678Z";
    const { id } = await storeImage(store, [oneFile("a")], { names: ["web"], created });
    assert.strictEqual(
      (await run(store, "images --digests")).text.replace(/ \d+ \w+ ago/, " AGE"),
      "REPOSITORY   TAG       DIGEST    IMAGE ID       CREATED       SIZE\n" +
        `web          latest    <none>    ${short(id)}   AGE   2.05kB\n`,
    );
    const row: unknown = JSON.parse((await run(store, "images --format json --no-trunc")).text);
    assert.deepInclude(row, {
      CreatedAt: "2024-01-02 03:04:05 +0000 UTC",
      Digest: "<none>",
      ID: id,
      Repository: "web",
      Size: "2.05kB",
      Tag: "latest",
    });
    const table = await run(store, "images --format table\u00a0{{.Tag}}\\t{{.Size}}");
    assert.strictEqual(table.text, "TAG       SIZE\nlatest    2.05kB\n");
  });

  it("says which filter it does not understand", async () => {
    await using store = await temporaryStore();
    const dangling = await failureOf(run(store, "images --filter dangling=2"), "USAGE");
    assert.strictEqual(dangling.message, 'Cannot use --filter "dangling=2": want true or false');
    await failureOf(run(store, "images --filter since=none"), "IMAGE_NOT_FOUND");
    const pattern = await failureOf(run(store, "images --filter reference=a["), "USAGE");
    assert.strictEqual(pattern.message, 'Cannot use --filter "reference=a[": malformed pattern');
    const operand = await failureOf(run(store, "images a["), "USAGE");
    assert.strictEqual(operand.message, 'Cannot use NAME "a[": malformed pattern');
  });
});

describe("tsbuild history", () => {
  const history = [
    { created_by: "ADD base", created: ago(3) },
    { created_by: "ENV A=1", created: ago(2), empty_layer: true, comment: "note" },
    { created_by: `RUN one \\\n  two${" and more".repeat(9)}`, created: ago(2) },
    {},
  ];

  it("shows the newest first, with the sizes of the layers", async () => {
    await using store = await temporaryStore();
    const layers = [oneFile("a"), oneFile("b".repeat(5000))];
    const { id } = await storeImage(store, layers, { names: ["web"], history });
    assert.strictEqual(
      (await run(store, "history web")).text,
      [
        "IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT",
        `${short(id)}   N/A                                                           0B`,
        "<missing>      2 years ago   RUN one \\ two and more and more and more and…   6.66kB",
        "<missing>      2 years ago   ENV A=1                                         0B        note",
        "<missing>      3 years ago   ADD base                                        2.05kB",
        "",
      ].join("\n"),
    );
  });

  it("gives times and bytes with --human=false, and fields with --format", async () => {
    await using store = await temporaryStore();
    const created = "2024-01-02T03:04:05.678Z";
    const entries = [{ created, created_by: "ADD base", comment: "note" }];
    const { id } = await storeImage(store, [oneFile("a")], { names: ["web"], history: entries });
    assert.strictEqual(
      (await run(store, "history --human=false web")).text,
      "IMAGE          CREATED AT             CREATED BY   SIZE      COMMENT\n" +
        `${short(id)}   2024-01-02T03:04:05Z   ADD base     2048      note\n`,
    );
    const fields = "{{.ID}}|{{.CreatedAt}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}";
    assert.strictEqual(
      (await run(store, `history --format ${fields.replaceAll(" ", "")} web`)).text,
      `${short(id)}|2024-01-02T03:04:05Z|ADD base|2.05kB|note\n`,
    );
  });

  it("cuts nothing with --no-trunc, and shows the id alone with -q", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [], { names: ["web"], history });
    const { text } = await run(store, "history --no-trunc web");
    assert.include(text, " and more".repeat(9));
    assert.include(text, id);
    const quiet = (await run(store, "history -q web")).text;
    assert.strictEqual(quiet, `${short(id)}\n${"<missing>\n".repeat(3)}`);
  });

  it("says which image is not there", async () => {
    await using store = await temporaryStore();
    const error = await failureOf(run(store, "history none"), "IMAGE_NOT_FOUND");
    assert.strictEqual(error.message, 'Cannot find image "none" in the store');
  });
});

describe("tsbuild inspect", () => {
  it("prints an array in Docker's form", async () => {
    await using store = await temporaryStore();
    const created = ago(1);
    const config = { Env: ["A=1"], Cmd: ["run"], User: "7" };
    const image = await storeImage(store, [oneFile("a")], {
      names: ["web", "example.com/web:1"],
      config,
      created,
      history: [{ comment: "a note" }],
    });
    const printed: unknown = JSON.parse((await run(store, "inspect web")).text);
    const [layer] = store.layers.list();
    assert.deepStrictEqual(printed, [
      {
        Id: image.id,
        RepoTags: ["web:latest", "example.com/web:1"],
        RepoDigests: [],
        Parent: "",
        Comment: "a note",
        Created: created,
        Author: "",
        Config: config,
        Architecture: "amd64",
        Os: "linux",
        Size: 2048,
        RootFS: { Type: "layers", Layers: [layer?.diffId] },
        Metadata: { LastTagTime: "2026-01-01T00:00:00.000Z" },
      },
    ]);
  });

  it("prints what is there before it fails for the rest", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [], { names: ["web"] });
    const io = new FakeIo();
    const command = parseCommand(["inspect", "none", "web", "nil"]) as StoreCommand;
    const error = await failureOf(perform(command, store, io), "IMAGE_NOT_FOUND");
    assert.strictEqual(error.message, 'Cannot find "none", "nil" in the store');
    assert.include(io.text, id);
  });
});

describe("tsbuild inspect -f", () => {
  const cases: readonly (readonly [format: string, want: string])[] = [
    ["{{.Os}}/{{.Architecture}}{{with .Variant}}/{{.}}{{end}}", "linux/amd64\n"],
    ["{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n\n"],
    ['{{index .Config.Labels "org.label"}} {{.Config.Labels.none}}', "it <no value>\n"],
    ["{{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.User}}.", "[run it] [] .\n"],
    [
      "{{json .Config.Cmd}} {{len .RootFS.Layers}} {{index .RepoTags 0}}",
      '["run","it"] 1 web:latest\n',
    ],
    ["{{if .Config.Healthcheck}}checked{{else}}{{.Size}}{{end}}", "2048\n"],
  ];
  for (const [format, want] of cases) {
    it(`prints ${format}`, async () => {
      await using store = await temporaryStore();
      const config = { Env: ["A=1", "B=2"], Cmd: ["run", "it"], Labels: { "org.label": "it" } };
      await storeImage(store, [oneFile("a")], { names: ["web"], config });
      const io = new FakeIo();
      const command = { kind: "inspect", names: ["web"], format, debug: false } as const;
      await runInspect(command, store, io);
      assert.strictEqual(io.text, want);
    });
  }

  it("prints one line with json, and says which field there is not", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [], { names: ["web"] });
    const { text } = await run(store, "inspect -f json web");
    assert.match(text, /^\[\{"Id":.*\}\]\n$/);
    assert.include(text, id);
    const error = await failureOf(run(store, "inspect -f {{.Config.Usr}} web"), "USAGE");
    assert.include(error.message, 'no field ".Usr": did you mean ".User"?');
  });
});

describe("tsbuild tag and rmi", () => {
  it("gives a name and takes it away, and the image with its last", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [], { names: ["web"] });
    await run(store, "tag web example.com/web:2");
    assert.strictEqual((await run(store, "rmi web")).text, "Untagged: web:latest\n");
    assert.strictEqual(
      (await run(store, "rmi example.com/web:2")).text,
      `Untagged: example.com/web:2\nDeleted: ${id}\n`,
    );
    assert.deepStrictEqual(store.images.list(), []);
  });

  it("needs --force for an id with several names", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [], { names: ["a", "b"] });
    await failureOf(run(store, `rmi ${id}`), "STORE");
    const { text } = await run(store, `rmi -f ${short(id)}`);
    assert.strictEqual(text, `Untagged: a:latest\nUntagged: b:latest\nDeleted: ${id}\n`);
  });

  it("with --force is content when something is not there", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [], { names: ["web"] });
    const { errors } = await run(store, "rmi -f --no-prune none web");
    assert.strictEqual(errors, 'Cannot find image "none" in the store\n');
    assert.deepStrictEqual(store.images.list(), []);
  });

  it("removes what is there before it fails for the rest", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [], { names: ["web", "kept"] });
    const error = await failureOf(run(store, "rmi none web nil"), "IMAGE_NOT_FOUND");
    assert.strictEqual(
      error.message,
      'Cannot find image "none" in the store; Cannot find image "nil" in the store',
    );
    assert.deepStrictEqual(
      store.images.list().map(({ name }) => name),
      ["docker.io/library/kept:latest"],
    );
  });
});

describe("tsbuild save and load", () => {
  it("carry images with their names to another store", async () => {
    await using from = await temporaryStore();
    await using to = await temporaryStore();
    const shared = oneFile("shared");
    const a = await storeImage(from, [shared, oneFile("a")], { names: ["a", "a:2"] });
    const b = await storeImage(from, [shared], { names: ["example.com/b:1"] });
    const saved = await run(from, "save a a:2 example.com/b:1");
    const loaded = await run(to, "load", { input: saved.bytes });
    assert.strictEqual(
      loaded.text,
      "Loaded image: a:latest\nLoaded image: a:2\nLoaded image: example.com/b:1\n",
    );
    assert.strictEqual(to.images.get("a:2").id, a.id);
    assert.strictEqual(to.images.get("example.com/b:1").id, b.id);
    assert.lengthOf(to.layers.list(), 2);
  });

  for (const how of ["id", "whole id", "prefix"] as const) {
    it(`save an image without a name by its ${how}`, async () => {
      await using store = await temporaryStore();
      const { id } = await storeImage(store, [oneFile("a")], { names: ["a"] });
      const word = { id: id.slice(7), "whole id": id, prefix: id.slice(7, 15) }[how];
      const { bytes } = await run(store, `save ${word}`);
      await using other = await temporaryStore();
      const loaded = await run(other, "load", { input: bytes });
      assert.strictEqual(loaded.text, `Loaded image ID: ${id}\n`);
    });
  }

  it("save under a name that looks like the beginning of the id", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [oneFile("a")]);
    const name = id.slice(7, 10);
    await store.images.tag(id, name);
    const { bytes } = await run(store, `save ${name}`);
    assert.strictEqual(
      (await run(store, "load", { input: bytes })).text,
      `Loaded image: ${name}:latest\n`,
    );
  });

  it("use files of the caller's directory", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("a")], { names: ["a"] });
    const { text } = await run(store, "save -o out.tar a");
    assert.strictEqual(text, "");
    assert.isAbove((await readFile(join(temporary, "out.tar"))).byteLength, 2048);
    assert.strictEqual((await run(store, "load -q -i out.tar")).text, "");
  });

  it("refuse terminals", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [], { names: ["a"] });
    await failureOf(run(store, "save a", { terminal: { out: true } }), "OUTPUT");
    await failureOf(run(store, "load", { terminal: { in: true } }), "USAGE");
  });

  it("refuses an archive that lacks a layer", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("a")], { names: ["a"] });
    const [layer] = store.layers.list();
    const tar = join(temporary, "lacking.tar");
    await run(store, `save -o ${tar} a`);
    const member = `blobs/${(layer?.diffId ?? "").replace(":", "/")}`;
    execFileSync("tar", ["--delete", "-f", tar, member]);
    await using other = await temporaryStore();
    const error = await failureOf(run(other, `load -i ${tar}`), "INVALID_ARCHIVE");
    assert.match(error.message, /^Cannot load images: layer sha256:\w+ is not in the archive$/);
  });

  it("refuses an archive whose layers are not what its config says", async () => {
    await using store = await temporaryStore();
    const { id } = await storeImage(store, [oneFile("a")], { names: ["a"] });
    const { bytes } = await run(store, "save a");
    const text = bytes.toString("latin1").replaceAll("\0a", "\0b");
    await using other = await temporaryStore();
    const input = Buffer.from(text, "latin1");
    assert.isFalse(input.equals(bytes));
    await failureOf(run(other, "load", { input }), "DIGEST_MISMATCH");
    assert.isUndefined(other.images.find(id));
  });
});

describe("tsbuild du and prune", () => {
  it("K31 tells what there is, what for, and what could go", async () => {
    await using store = await temporaryStore();
    const base = oneFile("base");
    await storeImage(store, [base, oneFile("kept")], { names: ["web", "example.com/web:1"] });
    await storeImage(store, [oneFile("lost"), oneFile("lost too")]);
    await using draft = await store.snapshotter.ingest(oneFile("cache"));
    const step = await store.layers.adopt(draft, { origin: "built" });
    await putStep(store, step, "RUN make");
    const { text } = await run(store, "du --filter id!=database");
    const lines = text.trim().split("\n");
    assert.match(
      lines[0] ?? "",
      /^ID +TYPE +RECLAIMABLE +SIZE +LAST ACCESSED +KEPT BY +DESCRIPTION$/,
    );
    const kept = /^\w{6} +regular +false +2\.05kB\* +.* +web:latest and 1 more +layer of/;
    assert.lengthOf(
      lines.filter((line) => kept.test(line)),
      2,
    );
    const lost = /^\w{6} +regular +true +2\.05kB\* +.* +layer$/;
    assert.lengthOf(
      lines.filter((line) => lost.test(line)),
      2,
    );
    const cached = new RegExp(`^${step.id} +regular +true +2\\.05kB +.* +RUN make$`);
    assert.lengthOf(
      lines.filter((line) => cached.test(line)),
      1,
    );
    assert.match(
      text,
      /\nShared: +8\.\d+kB\nPrivate: +2\.05kB\nReclaimable: +6\.\d+kB\nTotal: +10\.\d+kB\n$/,
    );
  });

  it("K31 counts the database and the history of builds, which no prune removes", async () => {
    await using store = await temporaryStore();
    await mkdir(store.paths.builds);
    await writeFile(join(store.paths.builds, "1-a.jsonl"), "x".repeat(1500));
    const { text } = await run(store, "du");
    assert.match(
      text,
      /^database\* +internal +false +[\d.]+kB +.* the store +database of the store$/m,
    );
    assert.match(text, /^builds\* +internal +false +1\.5kB +.* the store +history of builds$/m);
    assert.match(text, /\nShared: +0B\nPrivate: +\d.*\nReclaimable: +0B\nTotal: +\d/);
    for (const prune of ["prune --all", "prune --max-used-space 0"]) {
      assert.strictEqual((await run(store, prune)).text, "Total reclaimed space: 0B\n");
    }
    assert.strictEqual((await run(store, "du")).text.split("\n").length, text.split("\n").length);
  });

  it("K31 tells all of one with --verbose, and fields with --format", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("base"), oneFile("top")], { names: ["web"] });
    const row = JSON.parse(
      (await run(store, "du --format json --filter parents~=.")).text,
    ) as Record<string, string>;
    assert.deepInclude(row, { Mutable: "false", Shared: "true", UsageCount: "0", InUse: "false" });
    const parent = row["Parents"] ?? "";
    const verbose = (await run(store, `du --verbose --filter id=${parent}`)).text;
    assert.match(verbose, new RegExp(`^ID: +${parent}\nParents:\nType: +regular\n`));
    assert.match(verbose, /\nReclaimable: +false\nShared: +true\nSize: +2\.05kB\*\n/);
    assert.match(verbose, /\nKept by: +web:latest\nDescription: +layer of web:latest\n\n/);
    const ids = (await run(store, "du --format {{.ID}}\\t{{.Size}} --filter shared")).text;
    assert.lengthOf(ids.trim().split("\n"), 3);
  });

  const filters: readonly (readonly [filter: string, want: string])[] = [
    ["type=regular", "layer layer"],
    ["type!=regular", "image image index"],
    ["type~=^(int|source)", "image image index"],
    ["description=RUN-make", "layer"],
    ["description~=make$", "layer"],
    ["description!=RUN-make", "image image index layer"],
    ["shared", "image layer"],
    ["shared=false", "image index layer"],
    ["private", "image index layer"],
    ["private!=true", "image layer"],
    ["mutable", "image"],
    ["immutable=1", "image index layer layer"],
    ["inuse", ""],
    ["inuse!=1", "image image index layer layer"],
    ["until=1h", "image"],
    ["unused-for=1h", "image"],
    ["until=2026-01-02T00:00:00Z", "image"],
    ["id=database", "image"],
    ["parents=none", ""],
  ];
  for (const [filter, want] of filters) {
    it(`K30 du --filter ${filter} lists ${want || "nothing"}`, async () => {
      await using store = await temporaryStore();
      await storeImage(store, [oneFile("kept")], { names: ["web"] });
      await using draft = await store.snapshotter.ingest(oneFile("cache"));
      await putStep(store, await store.layers.adopt(draft, { origin: "built" }), "RUN-make");
      await mkdir(store.paths.index);
      await writeFile(join(store.paths.index, "f00d"), "");
      const { text } = await run(store, `du --format {{.Type}} --filter ${filter}`);
      const kinds: Readonly<Record<string, string>> = {
        regular: "layer",
        internal: "image",
        "source.local": "index",
      };
      const found = text.trim().split("\n").filter(Boolean);
      const sorted = found.map((type) => kinds[type] ?? type).sort();
      assert.strictEqual(sorted.join(" "), want);
    });
  }

  const wrong: readonly (readonly [filter: string, message: string])[] = [
    ["id", 'Cannot use --filter "id": want a value'],
    ["id~=(", 'Cannot use --filter "id~=(": malformed pattern'],
    ["shared=2", 'Cannot use --filter "shared=2": want true or false'],
    ["shared~=true", 'Cannot use --filter "shared~=true": want true or false'],
    ["unused-for~=1h", 'Cannot use --filter "unused-for~=1h": unused-for takes ='],
    ["until!=1h", 'Cannot use --filter "until!=1h": until takes ='],
    ["until=soon", 'Cannot use --filter "until=soon": want a duration such as 24h, or a date'],
  ];
  for (const [filter, message] of wrong) {
    it(`K30 --filter ${filter} is an error`, async () => {
      await using store = await temporaryStore();
      const error = await failureOf(run(store, `prune --filter ${filter}`), "USAGE");
      assert.strictEqual(error.message, message);
    });
  }

  it("K30 removes what no named image needs, and says so", async () => {
    await using store = await temporaryStore();
    const kept = await storeImage(store, [oneFile("kept")], { names: ["web"] });
    await storeImage(store, [oneFile("lost")]);
    const plan = (await run(store, "prune --plan")).text;
    assert.match(
      plan,
      /\n\w{6} +regular +2\.05kB\* .* only images without a name need it +layer\n/,
    );
    assert.match(plan, /\n\w{12} +internal .* it has no name +config of an image without a name\n/);
    assert.match(plan, /\nWould reclaim: 2\.\d+kB\n$/);
    assert.lengthOf(store.layers.list(), 2, "a plan removes nothing");
    const { text } = await run(store, "prune -f");
    assert.match(text, /^Deleted: layer \w{6} \(2\.05kB\)\n/);
    assert.match(text, /\nTotal reclaimed space: 2\.\d+kB\n$/);
    assert.lengthOf(store.layers.list(), 1);
    assert.strictEqual((await run(store, "prune")).text, "Total reclaimed space: 0B\n");
    assert.strictEqual(store.images.get("web").id, kept.id);
    const verbose = (await run(store, "prune --all --verbose")).text;
    assert.match(verbose, /^ID: +\w{6}\n[^]*\nDescription: +layer of web:latest\n\n/);
    assert.deepStrictEqual(store.images.list(), []);
    assert.deepStrictEqual(store.layers.list(), []);
  });

  it("K30 prunes down to --max-used-space, and leaves --reserved-space", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("a"), oneFile("b"), oneFile("c")]);
    const small = "prune --max-used-space 5000 --filter type=regular";
    assert.match((await run(store, small)).text, /^(Deleted: layer .*\n){1}Total/);
    await run(store, "prune --reserved-space 2048");
    assert.lengthOf(store.layers.list(), 1);
    await run(store, "prune --max-used-space 0 --keep-storage 10k");
    assert.lengthOf(store.layers.list(), 1);
    await run(store, "prune --max-used-space 0");
    assert.lengthOf(store.layers.list(), 0);
  });

  it("K30 asks at a terminal, and not with -f", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("lost")]);
    const asked = await run(store, "prune", { terminal: { in: true }, input: "n\n" });
    assert.match(
      stripVTControlCharacters(asked.errors),
      /^This will remove all images without a name, .*\nGo on\? \[y\/N\] /,
    );
    assert.strictEqual(asked.text, "");
    assert.lengthOf(store.layers.list(), 1);
    await run(store, "prune", { terminal: { in: true }, input: "y\n" });
    assert.lengthOf(store.layers.list(), 0);
    const forced = await run(store, "prune -a -f", { terminal: { in: true } });
    assert.strictEqual(forced.errors, "");
  });

  it("forgets the steps that made what was removed", async () => {
    await using store = await temporaryStore();
    await storeImage(store, [oneFile("kept")], { names: ["web"] });
    await storeImage(store, [oneFile("lost")]);
    const records = new StepRecords(store);
    const before = store.layers.list();
    for (const layer of before) await putStep(store, layer, "RUN a");
    await run(store, "prune");
    const known = before.filter(({ id }) => records.nearest([`place of ${id}`]) !== undefined);
    assert.deepStrictEqual(known, store.layers.list());
  });
});
