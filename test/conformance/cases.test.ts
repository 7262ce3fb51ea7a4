import { assert } from "chai";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCase, readCases } from "../../scripts/conformance/case.js";
import { fault } from "../../scripts/conformance/check.js";
import { difference } from "../../scripts/conformance/difference.js";
import { addLayer, type LayerEntry } from "../../scripts/conformance/flatten.js";
import { layOut, usualTime } from "../../scripts/conformance/lay-out.js";
import type { Node } from "../../scripts/conformance/outcome.js";
import { formatTxtar, parseTxtar } from "../../scripts/conformance/txtar.js";

const text = `A title.

also: C05 X01
args: --target one --label 'a=b c'
fails: 2: no (such|thing)
-- Dockerfile --
FROM scratch
-- sub/file --
text
-- (setup) --
chmod 600 sub/file
`;

describe("conformance cases", () => {
  it("are at least 250, and have names and results of their own", () => {
    const cases = readCases();
    assert.isAtLeast(cases.length, 250);
    assert.lengthOf(new Set(cases.map(({ name }) => name)), cases.length);
    for (const { name, recorded } of cases) assert.isDefined(recorded, `${name} is not recorded`);
  });

  it("are read with their settings, files and sections", () => {
    const item = parseCase("c04-name.txtar", text);
    assert.deepStrictEqual(item.ids, ["C04", "C05", "X01"]);
    assert.deepStrictEqual(item.args, ["--target", "one", "--label", "a=b c"]);
    assert.deepStrictEqual(item.failure, { line: 2, message: /no (such|thing)/ });
    assert.deepStrictEqual(
      item.files.map(({ name }) => name),
      ["Dockerfile", "sub/file"],
    );
    assert.strictEqual(item.setup, "chmod 600 sub/file\n");
  });

  it("cannot have settings that nobody knows, nor a name without a row", () => {
    assert.throws(() => parseCase("c04-name.txtar", "Title\n\narg: x\n"), /sets nothing/);
    assert.throws(() => parseCase("name.txtar", "Title\n"), /row of the table/);
  });

  it("are written as they are read", () => {
    assert.strictEqual(formatTxtar(parseTxtar(text)), text);
  });

  it("are laid out with a time that has long passed", () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-case-"));
    try {
      layOut(parseCase("c04-name.txtar", text), directory);
      const { mode, mtime } = statSync(join(directory, "sub/file"));
      assert.strictEqual(mode & 0o777, 0o600);
      assert.deepStrictEqual(mtime, usualTime);
      assert.strictEqual(readFileSync(join(directory, "Dockerfile"), "utf8"), "FROM scratch\n");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("fault()", () => {
  const item = parseCase("c04-name.txtar", text);

  it("wants a refusal with its line and its text", () => {
    const failed = (message: string): string | undefined =>
      fault(item, { kind: "failed", message }, []);
    assert.isUndefined(failed("Dockerfile:2:1: Cannot find it: no such file"));
    assert.match(failed("Dockerfile:3:1: no such file") ?? "", /without naming line 2/);
    assert.match(failed("Dockerfile:2:1: something else") ?? "", /fails without/);
    assert.match(fault(item, { kind: "text", code: 0, text: "" }, []) ?? "", /must fail/);
  });

  it("does not take a mark of what is right by now", () => {
    const outcome = { kind: "failed", message: "Dockerfile:2:1: no such file" } as const;
    assert.match(fault({ ...item, pending: "not done" }, outcome, []) ?? "", /take away/);
  });

  it("never takes a crash, not even of a case that is pending", () => {
    const message = "ERROR: Cannot go on: a bug in tsbuild: TypeError: x";
    const pending = { ...item, pending: "not done" };
    assert.isUndefined(fault(pending, { kind: "failed", message: "Cannot use it" }, []));
    assert.isDefined(fault(pending, { kind: "failed", message }, []));
  });
});

describe("difference()", () => {
  it("shows lines that one text has more often", () => {
    assert.strictEqual(difference("a\nb\nb\n", "b\nc\na\n"), "- b\n+ c");
  });
});

describe("addLayer()", () => {
  const file: Node = {
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: usualTime,
    content: Buffer.from("x"),
    target: "",
    device: "",
    xattrs: {},
  };
  const directory: Node = { ...file, type: "directory" };

  function paths(...layers: readonly (readonly LayerEntry[])[]): readonly string[] {
    const tree = new Map<string, Node>();
    for (const layer of layers) addLayer(tree, layer);
    return [...tree.keys()].sort();
  }

  const below: readonly LayerEntry[] = [
    { path: "d", node: directory },
    { path: "d/a", node: file },
    { path: "d/b", hardlink: "d/a" },
  ];

  it("removes what whiteouts name, from the layers below only", () => {
    assert.deepStrictEqual(paths(below, [{ path: "d/.wh.a", node: file }]), ["d", "d/b"]);
    assert.deepStrictEqual(paths(below, [{ path: ".wh.d", node: file }]), []);
    const opaque = { path: "d/.wh..wh..opq", node: file };
    assert.deepStrictEqual(paths(below, [{ path: "d/new", node: file }, opaque]), ["d", "d/new"]);
  });

  it("removes what is below a directory that becomes a file", () => {
    assert.deepStrictEqual(paths(below, [{ path: "d", node: file }]), ["d"]);
  });

  it("keeps hard links one node", () => {
    const tree = new Map<string, Node>();
    addLayer(tree, below);
    assert.strictEqual(tree.get("d/a"), tree.get("d/b"));
  });
});
