import { assert } from "chai";
import {
  ancestryOf,
  finishConfig,
  noAncestry,
  type Ancestry,
  type MadeLayer,
} from "../../src/builder/image-config.js";
import { parseDigest } from "../../src/oci/digest.js";
import type { HistoryEntry, ImageConfig } from "../../src/oci/image.js";
import { planOf, targetOf } from "../plan/planning.js";

const day = (number: number): string => `2026-01-0${number}T00:00:00.000Z`;
const digest = (digit: number) => parseDigest(`sha256:${String(digit).repeat(64)}`);
const made = (number: number, date = number): MadeLayer => ({
  diffId: digest(number),
  createdAt: Date.parse(day(date)),
});

/** Each line of a history in short: what, when, and whether it has a layer. */
function lines(history: readonly HistoryEntry[] | undefined): readonly string[] {
  return (history ?? []).map(({ created_by: by = "", created = "never", empty_layer: empty }) => {
    const what = by.replace(/^\/bin\/sh -c (#\(nop\) )?/, "").replace(/ # buildkit$/, "");
    return `${what} ${created.slice(0, 10)}${empty === true ? " empty" : ""}`;
  });
}

function finish(text: string, base: Ancestry, layers: readonly MadeLayer[]): ImageConfig {
  return finishConfig(targetOf(planOf(text)), base, layers);
}

describe("finishConfig()", () => {
  it("gives every entry the time of its layer, or of the next one", () => {
    const text = "FROM scratch\nENV A=1\nRUN a\nENV B=2\nUSER 1\nRUN b\nCMD c";
    const { history, created, rootfs } = finish(text, noAncestry, [made(1), made(2)]);
    assert.deepStrictEqual(lines(history), [
      "ENV A=1 2026-01-01 empty",
      "RUN /bin/sh -c a 2026-01-01",
      "ENV B=2 2026-01-02 empty",
      "USER 1 2026-01-02 empty",
      "RUN /bin/sh -c b 2026-01-02",
      'CMD ["/bin/sh" "-c" "c"] 2026-01-02 empty',
    ]);
    assert.strictEqual(created, day(2));
    assert.deepStrictEqual(rootfs.diff_ids, [digest(1), digest(2)]);
  });

  it("never goes back in time: a shared layer may be older than what it lies upon", () => {
    const base = { diffIds: [digest(9)], history: [{ created_by: "base", created: day(3) }] };
    const { history } = finish("FROM a\nRUN a\nRUN b\nRUN c", base, [
      made(1, 2),
      made(2, 5),
      made(3, 4),
    ]);
    assert.deepStrictEqual(lines(history), [
      "base 2026-01-03",
      "RUN /bin/sh -c a 2026-01-03",
      "RUN /bin/sh -c b 2026-01-05",
      "RUN /bin/sh -c c 2026-01-05",
    ]);
  });

  it("takes the time of the base where no step makes a layer", () => {
    const base = { diffIds: [digest(9)], history: [{ created_by: "base", created: day(3) }] };
    const { history, created } = finish("FROM a\nENV A=1", base, []);
    assert.deepStrictEqual(lines(history), ["base 2026-01-03", "ENV A=1 2026-01-03 empty"]);
    assert.strictEqual(created, day(3));
  });

  it("invents no time where nobody knows one", () => {
    const config = finish("FROM scratch\nENV A=1", noAncestry, []);
    assert.deepStrictEqual(lines(config.history), ["ENV A=1 never empty"]);
    assert.notProperty(config, "created");
  });

  it("goes on with the history of the stage before", () => {
    const first = finish("FROM scratch\nRUN a\nENV A=1", noAncestry, [made(1)]);
    const { history, rootfs } = finish("FROM a\nRUN b", ancestryOf(first), [made(2)]);
    assert.deepStrictEqual(lines(history), [
      "RUN /bin/sh -c a 2026-01-01",
      "ENV A=1 2026-01-01 empty",
      "RUN /bin/sh -c b 2026-01-02",
    ]);
    assert.deepStrictEqual(rootfs.diff_ids, [digest(1), digest(2)]);
  });
});

describe("ancestryOf()", () => {
  const image = (layers: number, history: readonly HistoryEntry[] | undefined): ImageConfig => ({
    os: "linux",
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: Array.from({ length: layers }, (_, i) => digest(i)) },
    ...(history === undefined ? {} : { history }),
  });
  const comment = "tsbuild.base.layer.v0";
  const cases: readonly {
    readonly name: string;
    readonly layers: number;
    readonly history: readonly HistoryEntry[] | undefined;
    readonly want: readonly HistoryEntry[];
  }[] = [
    { name: "no history", layers: 2, history: undefined, want: [{ comment }, { comment }] },
    {
      name: "a history that fits",
      layers: 1,
      history: [{ created_by: "a" }, { created_by: "b", empty_layer: true }],
      want: [{ created_by: "a" }, { created_by: "b", empty_layer: true }],
    },
    {
      name: "more layers than entries",
      layers: 2,
      history: [{ created_by: "a" }, { created_by: "b", empty_layer: true }],
      want: [{ created_by: "a" }, { created_by: "b", empty_layer: true }, { comment }],
    },
    {
      name: "more entries than layers",
      layers: 1,
      history: [{ created_by: "a" }, { created_by: "b" }],
      want: [{ created_by: "a" }, { created_by: "b", empty_layer: true }],
    },
  ];
  for (const { name, layers, history, want } of cases) {
    it(`agrees with the layers of a base with ${name}`, () => {
      const ancestry = ancestryOf(image(layers, history));
      assert.deepStrictEqual(ancestry.history, want);
      assert.strictEqual(ancestry.diffIds.length, layers);
    });
  }
});
