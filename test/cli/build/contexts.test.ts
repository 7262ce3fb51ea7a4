import { assert } from "chai";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ContextSet } from "../../../src/cli/build/contexts.js";
import { toText } from "../../../src/oci/changeset.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { failureOf } from "../../oci/build-errors.js";

const temporary = temporaryDirectory();
const place = (root: string) => ({ root, dockerfile: undefined });

/** The names of all files in a context. */
async function names(contexts: ContextSet, name?: string): Promise<readonly string[]> {
  const [selected] = await (await contexts.open(name)).select(".");
  const entries = [...(selected?.entries ?? [])];
  return entries.filter(({ type }) => type === "file").map(({ path }) => toText(path));
}

describe("ContextSet", () => {
  it("opens the build context and the named ones, each behind its own ignore file", async () => {
    const main = directoryWith(temporary, { a: "", b: "", ".dockerignore": "a\n.dockerignore" });
    const other = directoryWith(temporary, { a: "", c: "" });
    const contexts = new ContextSet(place(main), new Map([["other", other]]), temporary);
    assert.deepStrictEqual(await names(contexts), ["b"]);
    assert.deepStrictEqual(await names(contexts, "other"), ["a", "c"]);
  });

  it("prefers the ignore file of the Dockerfile", async () => {
    const root = directoryWith(temporary, {
      a: "",
      ".dockerignore": "*",
      "my.Dockerfile": "",
      "my.Dockerfile.dockerignore": "my.*\n.*",
    });
    const dockerfile = join(root, "my.Dockerfile");
    const contexts = new ContextSet({ root, dockerfile }, new Map(), temporary);
    assert.deepStrictEqual(await names(contexts), ["a"]);
  });

  it("opens each once", async () => {
    const root = directoryWith(temporary, { a: "" });
    const contexts = new ContextSet(place(root), new Map(), temporary);
    const [a, b] = await Promise.all([contexts.open(undefined), contexts.open(undefined)]);
    assert.strictEqual(a, b);
  });

  it("B16 keeps what was learnt of files for the next build", async () => {
    const root = directoryWith(temporary, { a: "content" });
    utimesSync(join(root, "a"), 1, 1);
    await sleep(50); // until the file counts as settled
    const indexes = directoryWith(temporary, {});
    const contexts = new ContextSet(place(root), new Map(), join(indexes, "deep"));
    await names(contexts);
    await contexts.save();
    const [file = ""] = readdirSync(join(indexes, "deep"));
    assert.match(file, /^[0-9a-f]{64}$/);
    const again = new ContextSet(place(root), new Map(), join(indexes, "deep"));
    assert.deepStrictEqual(await names(again), ["a"]);
    await again.save();
    assert.deepStrictEqual(readdirSync(join(indexes, "deep")), [file]);
  });

  it("B16 keeps how a large context looked for the next build", async () => {
    const root = directoryWith(temporary, {});
    for (let i = 0; i < 500; i++) writeFileSync(join(root, `file-${i}`), "");
    await sleep(50);
    const indexes = directoryWith(temporary, {});
    const query = { patterns: ["."] };
    const contexts = new ContextSet(place(root), new Map(), indexes);
    const tree = await contexts.open(undefined);
    using look = tree.looks?.begin(query);
    await tree.select(".", { onlooker: look });
    await look?.keep(query, { name: "kept", source: undefined });
    await contexts.save();
    const again = await new ContextSet(place(root), new Map(), indexes).open(undefined);
    const recalled = await again.looks?.recall(query);
    assert.deepStrictEqual([recalled?.isSame, recalled?.before.name], [true, "kept"]);
  });

  it("says which context is missing", async () => {
    const gone = join(temporary, "gone");
    const contexts = new ContextSet(place(temporary), new Map([["a", gone]]), temporary);
    const error = await failureOf(contexts.open("a"), "CONTEXT");
    assert.strictEqual(error.message, `Cannot use "${gone}" as a build context: no such directory`);
  });

  it("saves as far as it can: an index is only a memory", async () => {
    const root = directoryWith(temporary, { a: "content", blocked: "" });
    await sleep(50);
    const named = new Map([["gone", join(root, "gone")]]);
    const contexts = new ContextSet(place(root), named, join(root, "blocked"));
    await names(contexts);
    await failureOf(contexts.open("gone"), "CONTEXT");
    await contexts.save();
  });

  it("starts anew where the index is damaged", async () => {
    const root = directoryWith(temporary, { a: "content" });
    await sleep(50);
    const indexes = directoryWith(temporary, {});
    const contexts = new ContextSet(place(root), new Map(), indexes);
    await names(contexts);
    await contexts.save();
    const [file = ""] = readdirSync(indexes);
    writeFileSync(join(indexes, file), "garbage");
    const again = new ContextSet(place(root), new Map(), indexes);
    assert.deepStrictEqual(await names(again), ["a"]);
  });
});
