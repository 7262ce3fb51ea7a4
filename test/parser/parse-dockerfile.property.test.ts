import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import { goldens, parse } from "./golden.js";
import { spansOf } from "./spans.js";

interface Change {
  readonly from: number;
  readonly drop: number;
  readonly insert: string;
}

const noise = fc.oneof(
  fc.constantFrom("\\", "`", '"', "'", "\n", "\r\n", "\\\n", "#", " ", "\t", "<<EOF", "<<-", "--"),
  fc.constantFrom(
    "[",
    "]",
    "=",
    "$",
    "\u00a0",
    "\uFEFF",
    "\ud800",
    "\0",
    "RUN ",
    "ONBUILD ",
    "FROM a",
  ),
  fc.string({ unit: "binary", maxLength: 5 }),
);
const change = fc.record({ from: fc.nat(600), drop: fc.nat(12), insert: noise });
const texts = goldens.map((golden) => golden.text);
/** Golden Dockerfiles, sewn together and damaged. */
const sewn = fc
  .record({
    parts: fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 }),
    changes: fc.array(change, { maxLength: 8 }),
  })
  .map(({ parts, changes }) => changes.reduce(apply, parts.join("")));
/** Any bytes, as they are read. */
const bytes = fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some).toString("utf8"));
const keyword = fc.constantFrom(
  "",
  "RUN ",
  "COPY ",
  "ENV ",
  "ARG ",
  "HEALTHCHECK ",
  "FROM a\nRUN <<E\n",
);
const damaged = fc.oneof(
  { weight: 3, arbitrary: sewn },
  { weight: 1, arbitrary: fc.tuple(keyword, bytes).map(([key, rest]) => `FROM a\n${key}${rest}`) },
);

function apply(text: string, { from, drop, insert }: Change): string {
  const at = text.length === 0 ? 0 : from % text.length;
  return text.slice(0, at) + insert + text.slice(at + drop);
}

describe("parseDockerfile() on any text", () => {
  it("P18: gives a Dockerfile or a BuildError, and points into the text", () => {
    const property = fc.property(damaged, (text) => {
      const result = parse(text);
      if (result instanceof BuildError) assert.include(["SYNTAX", "UNSUPPORTED"], result.code);
      const spans = [...spansOf(result)];
      assert.isNotEmpty(spans);
      for (const { start, end } of spans) {
        assert.isTrue(0 <= start && start <= end && end <= text.length, `${start}-${end}`);
      }
    });
    fc.assert(property, { numRuns: 4000 });
  });

  it("P18: gives instructions that do not overlap, each beginning with its keyword", () => {
    const property = fc.property(damaged, (text) => {
      const result = parse(text);
      if (result instanceof BuildError) return;
      let last = 0;
      for (const { at, keyword } of result.instructions) {
        assert.isAtLeast(at.start, last);
        assert.isTrue(text.startsWith(keyword.charAt(0), at.start), keyword);
        last = at.end;
      }
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("P01: takes no arbitrary string for a Dockerfile", () => {
    const property = fc.property(fc.string({ unit: "binary" }), (text) => {
      fc.pre(!/from/i.test(text));
      assert.instanceOf(parse(text), BuildError);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
