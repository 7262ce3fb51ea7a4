import { assert } from "chai";
import fc from "fast-check";
import { digestOf } from "../../src/oci/digest.js";
import type { DiskItem } from "../../src/store/disk-items.js";
import { chooseDoomed, type PruneRequest } from "../../src/store/eviction.js";

const DAY = 24 * 3_600_000;
const now = 1000 * DAY;

/** A layer, unless said otherwise; `age` is in days. */
function item(key: string, facts: Partial<DiskItem> & { readonly age?: number } = {}): DiskItem {
  const { age = 0, ...rest } = facts;
  const common = { size: 10, uses: 0, inUse: false, names: [], images: [], parents: [] };
  const usedAt = now - age * DAY;
  return { kind: "layer", key, createdAt: usedAt, usedAt, ...common, ...rest };
}

const named = { names: ["docker.io/library/web:latest"], images: [digestOf("web")] };
const nameless = { images: [digestOf("lost")] };

interface Case {
  readonly name: string;
  readonly items: readonly DiskItem[];
  readonly request?: PruneRequest;
  readonly free?: number;
  /** Keys, in order. */
  readonly want: string;
}

const cases: readonly Case[] = [
  {
    name: "everything that no named image needs and nobody uses",
    items: [item("a"), item("b", named), item("c", { inUse: true }), item("d", nameless)],
    want: "a d",
  },
  {
    name: "with all also what named images need, but nothing in use",
    items: [item("a", named), item("b", { ...named, inUse: true })],
    request: { all: true },
    want: "a",
  },
  {
    name: "what a filter takes",
    items: [item("a"), item("b", { kind: "cache" })],
    request: { accepts: ({ kind }) => kind === "cache" },
    want: "b",
  },
  {
    name: "nothing below the limit",
    items: [item("a"), item("b")],
    request: { limits: { maxUsed: 20 } },
    want: "",
  },
  {
    name: "no more than the limit asks for, the least recently used first",
    items: [item("a", { age: 1 }), item("b", { age: 3 }), item("c", { age: 2 })],
    request: { limits: { maxUsed: 15 } },
    want: "b c",
  },
  {
    name: "what named images need counts for the limit, but stays",
    items: [item("a", named), item("b", named), item("c")],
    request: { limits: { maxUsed: 10 } },
    want: "c",
  },
  {
    name: "the reserved part of the cache stays",
    items: [item("a", named), item("b", { age: 1 }), item("c")],
    request: { limits: { maxUsed: 0, reserved: 10 } },
    want: "b",
  },
  {
    name: "reserved space alone: all the rest goes",
    items: [item("a", { age: 2 }), item("b", { age: 1 }), item("c")],
    request: { limits: { reserved: 10 } },
    want: "a b",
  },
  {
    name: "until enough of the disk is free",
    items: [item("a", { age: 2 }), item("b", { age: 1 }), item("c")],
    request: { limits: { minFree: 25 } },
    free: 10,
    want: "a b",
  },
  {
    name: "nothing when enough of the disk is free",
    items: [item("a")],
    request: { limits: { minFree: 25 } },
    free: 25,
    want: "",
  },
  {
    name: "K28 idle sources, then what is old, then what only the cache has, then the rest",
    items: [
      item("lost image's", { ...nameless, age: 10 }),
      item("cache's", { age: 1 }),
      item("old", { age: 61 }),
      item("mount", { kind: "cache", age: 3 }),
      item("index", { kind: "index", age: 4 }),
      item("looked at", { kind: "index", age: 1 }),
      item("young mount", { kind: "cache", age: 0 }),
    ],
    request: { limits: { maxUsed: 0 } },
    want: "index mount old cache's young mount lost image's looked at",
  },
  {
    name: "K29 seldom used things of an age before often used ones",
    items: [item("often", { age: 5, uses: 9 }), item("seldom", { age: 5, uses: 1 })],
    request: { limits: { maxUsed: 10 } },
    want: "seldom",
  },
];

describe("chooseDoomed()", () => {
  for (const { name, items, request = {}, free = 1e9, want } of cases) {
    it(`takes ${name}`, () => {
      const doomed = chooseDoomed(items, request, { now, free });
      assert.strictEqual(doomed.map(({ item: { key } }) => key).join(" "), want);
      for (const { why } of doomed) assert.isNotEmpty(why);
    });
  }

  it("gets below any limit that can be reached, and never takes what it may not", () => {
    const facts = fc.record({
      size: fc.nat(100),
      age: fc.nat(100),
      uses: fc.nat(5),
      inUse: fc.boolean(),
      names: fc.constantFrom([], ["web"]),
    });
    const limits = fc.record({ maxUsed: fc.nat(2000), reserved: fc.nat(500) });
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 30 }), limits, (all, { maxUsed, reserved }) => {
        const items = all.map((each, i) => item(String(i), each));
        const doomed = chooseDoomed(items, { limits: { maxUsed, reserved } }, { now, free: 0 });
        const gone = new Set(doomed.map((each) => each.item));
        const sum = (some: readonly DiskItem[]): number =>
          some.reduce((total, { size }) => total + size, 0);
        const rest = items.filter((each) => !gone.has(each));
        const cache = rest.filter((each) => !each.inUse && each.names.length === 0);
        for (const each of gone) assert.isTrue(!each.inUse && each.names.length === 0);
        assert.isTrue(sum(rest) <= maxUsed || sum(cache) <= Math.max(reserved, 0));
        const last = doomed.at(-1)?.item.size ?? 0;
        if (gone.size > 0) assert.isTrue(sum(rest) + last > maxUsed, "one less would not do");
      }),
    );
  });
});
