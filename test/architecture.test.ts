import { assert } from "chai";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The table in docs/architecture.md: each room, and the rooms that it may import. */
function readTable(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync("docs/architecture.md", "utf8");
  const rows = text.matchAll(/^\| `(\w+)` *\|[^|]*\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, room = "", imports = ""]) => [room, imports.match(/\w+/g) ?? []]),
  );
}

function filesOf(room: string): readonly string[] {
  return readdirSync(join("src", room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", room, name));
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const paths = [...text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(([, path = ""]) => path);
  return paths.map((path) => relative("src", resolve(dirname(file), path)));
}

/** Files that import each the next one, and the last one the first; none if there are no such. */
function findCycle(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const visit = (file: string, above: readonly string[]): readonly string[] => {
    if (above.includes(file)) return above.slice(above.indexOf(file));
    if (done.has(file)) return [];
    for (const next of imports.get(file) ?? []) {
      const cycle = visit(next, [...above, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  return [...imports.keys()].map((file) => visit(file, [])).find(({ length }) => length > 0) ?? [];
}

describe("rooms", () => {
  const table = readTable();

  it("are all in the table of docs/architecture.md", () => {
    const folders = readdirSync("src", { withFileTypes: true }).filter((item) =>
      item.isDirectory(),
    );
    assert.sameMembers(
      [...table.keys()],
      folders.map((folder) => folder.name),
    );
  });

  for (const [room, allowed] of table) {
    if (allowed.includes("everything")) continue;
    it(`${room} imports only ${allowed.join(", ") || "itself"}`, () => {
      for (const file of filesOf(room)) {
        for (const path of importsOf(file)) {
          const [target = "", ...rest] = path.split("/");
          if (rest.length > 0)
            assert.include([room, ...allowed], target, `${file} imports ${path}`);
        }
      }
    });
  }

  it("have no file that imports itself by way of others", () => {
    const imports = new Map(
      filesOf("").map((file) => [
        relative("src", file),
        importsOf(file).map((path) => path.replace(/\.js$/, ".ts")),
      ]),
    );
    assert.deepStrictEqual(findCycle(imports), []);
  });

  for (const pure of [
    "src/parser",
    "src/plan",
    "src/cache/key.ts",
    "src/cache/run-key.ts",
    "src/cache/copy-key.ts",
    "src/exec/spec.ts",
  ]) {
    it(`${pure} is pure: no file, clock or environment`, () => {
      const files = pure.endsWith(".ts") ? [pure] : filesOf(pure.slice("src/".length));
      for (const file of files) {
        assert.isTrue(existsSync(file), file);
        const text = readFileSync(file, "utf8");
        assert.notMatch(
          text,
          /node:(?:fs|os|process|child_process|http)|Date\.now|new Date\(\)/,
          file,
        );
      }
    });
  }
});
