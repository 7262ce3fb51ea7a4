import { assert } from "chai";
import {
  addKey,
  copyKey,
  keyOfRemote,
  selectionKey,
  workdirKey,
} from "../../src/cache/copy-key.js";
import { stateKey } from "../../src/cache/key.js";
import { digestOf } from "../../src/oci/digest.js";
import type { HttpSource } from "../../src/plan/remote-source.js";
import type { CopyStep, WorkdirStep } from "../../src/plan/step.js";
import type { TreeDigest } from "../../src/snapshotter/snapshotter.js";
import { copyStep } from "../builder/copying.js";

const step = copyStep("/b", { sources: ["a"] });
const { at } = step;
const treeOf = (text: string) => digestOf(text).slice(7) as TreeDigest;
const state = (text: string) => stateKey([], [treeOf(text)]);
const origin = state("origin");
const parent = state("parent");
const other = state("other");

const download: HttpSource = {
  kind: "http",
  url: "http://example.com/a.tar",
  name: "a.tar",
  checksum: undefined,
  unpack: false,
};

/** What decides where files land, and what they are like there. */
const placing: readonly (readonly [name: string, change: Partial<CopyStep>])[] = [
  ["that it is an ADD", { instruction: "ADD" }],
  ["the destination", { destination: "/b/" }],
  ["--chown", { chown: "web" }],
  ["--chmod", { chmod: "0600" }],
  ["--exclude", { exclude: ["*.md"] }],
  ["--parents", { parents: true }],
  ["--link", { link: true }],
  ["--unpack", { unpack: true }],
  ["the name of a heredoc", { files: [{ name: "EOF", body: "x" }] }],
];

/** Two values that a flag may have must differ as much as its being there. */
const values: readonly (readonly [name: string, a: Partial<CopyStep>, b: Partial<CopyStep>])[] = [
  ["owners", { chown: "web" }, { chown: "db" }],
  ["modes", { chmod: "0600" }, { chmod: "0644" }],
  ["exclusions", { exclude: ["a", "b"] }, { exclude: ["ab"] }],
  ["heredocs", { files: [{ name: "EOF", body: "x" }] }, { files: [{ name: "EOF", body: "y" }] }],
];

describe("copyKey()", () => {
  const keyOf = (change: Partial<CopyStep> = {}, states = { origin, parent }): string =>
    copyKey({ ...step, ...change }, states).key;

  for (const [name, change] of placing) {
    it(`sees ${name}`, () => {
      assert.notStrictEqual(keyOf(change), keyOf());
    });
  }
  for (const [name, a, b] of values) {
    it(`tells ${name} apart`, () => {
      assert.notStrictEqual(keyOf(a), keyOf(b));
    });
  }
  it("sees which sources are selected, and how they are split", () => {
    const remote = { sources: [download] };
    const unlike = [{ sources: ["b"] }, { sources: ["a", "b"] }, { sources: ["ab"] }, remote];
    const farther = { sources: [{ ...download, url: "http://example.com/b.tar" }] };
    const keys = [{}, ...unlike, farther].map((change) => keyOf(change));
    assert.lengthOf(new Set(keys), keys.length);
  });
  it("sees what it copies from, and what it lies upon", () => {
    const states = [
      { origin, parent },
      { origin: other, parent },
      { origin, parent: other },
      { origin: parent, parent: origin },
    ];
    const keys = states.map((each) => keyOf({}, each));
    assert.lengthOf(new Set(keys), states.length);
  });
  it("ignores its title and its place in the file", () => {
    assert.strictEqual(keyOf({ title: "COPY  a /b", at: { ...at, start: 1 } }), keyOf());
  });
});

describe("addKey()", () => {
  const body = { title: "http://example.com/a.tar", identity: ["sha256:1"] };
  const keyOf = (change: Partial<CopyStep> = {}, contents = [body], upon = parent): string => {
    const add = { ...step, instruction: "ADD", sources: [download] } as const;
    return addKey({ ...add, ...change }, { contents, parent: upon }).key;
  };

  for (const [name, change] of placing.slice(1)) {
    it(`sees ${name}`, () => {
      assert.notStrictEqual(keyOf(change), keyOf());
    });
  }
  it("sees what its sources are now, and what they are called", () => {
    const changed = { ...body, identity: ["sha256:2"] };
    const renamed = { ...body, title: "http://example.com/b.tar" };
    const keys = [[body], [changed], [renamed], [body, changed]].map((each) => keyOf({}, each));
    assert.lengthOf(new Set(keys), keys.length);
  });
  it("sees which of its downloads are unpacked, and what it lies upon", () => {
    assert.notStrictEqual(keyOf({ sources: [{ ...download, unpack: true }] }), keyOf());
    assert.notStrictEqual(keyOf({}, [body], other), keyOf());
  });
  it("is not a key of a COPY", () => {
    const copied = copyKey({ ...step, sources: [download] }, { origin, parent }).key;
    assert.notStrictEqual<string>(keyOf(), copied);
  });
});

describe("keyOfRemote()", () => {
  it("sees what it is of, and whether that is unpacked", () => {
    const keys = [
      keyOfRemote(["git", "commit"], false),
      keyOfRemote(["git", "commit"], true),
      keyOfRemote(["gitcommit"], false),
    ];
    assert.lengthOf(new Set(keys), keys.length);
  });
});

describe("workdirKey()", () => {
  it("sees the directory, who owns it, and what it lies upon", () => {
    const workdir: WorkdirStep = { kind: "workdir", title: "WORKDIR /a", at, path: "/a", user: "" };
    const keys = [
      workdirKey(workdir, parent),
      workdirKey({ ...workdir, path: "/b" }, parent),
      workdirKey({ ...workdir, user: "web" }, parent),
      workdirKey(workdir, other),
    ].map(({ key }) => key);
    assert.lengthOf(new Set(keys), keys.length);
  });
});

describe("keys of COPY, ADD, WORKDIR, remote sources and states", () => {
  it("do not change between versions unless FORMAT does", () => {
    const contents = [{ title: "http://example.com/a.tar", identity: ["sha256:1"] }];
    const workdir: WorkdirStep = { kind: "workdir", title: "WORKDIR /a", at, path: "/a", user: "" };
    const keys = [
      copyKey(step, { origin, parent }).key,
      addKey({ ...step, instruction: "ADD", sources: ["a", download] }, { contents, parent }).key,
      workdirKey(workdir, parent).key,
      keyOfRemote(["git", "commit"], false),
      selectionKey([{ name: "src", tree: treeOf("a"), implied: ["d"] }]),
      parent,
    ];
    assert.deepStrictEqual<readonly string[]>(keys, [
      "7635a09b3eb879e4505482f474f104ab9b69bc162afd8663d6671ebb35671dec",
      "daf59d6de868771a61d07f0205ba339aa820b8b1a18e6e113a50196b57a69bd3",
      "68b41d03f232ae6fc5a44b1382d0b09d6f1046a67dd884dea9fab59de64e8dd3",
      "1b6a4a9d01e4d605c418a70cb73b6c19a382a730bb0e466ea5bfefbcc7cf0901",
      "b1f3d9afddeab51d303b993f702ef7cbcd31ab04d7afb69cf26df4f31d667597",
      "940323760f06f2ed8ebc0cdc7925443fb7a0d7e0398749e1d8c4665034c7e163",
    ]);
  });
});
