import { assert } from "chai";
import { readdirSync, readFileSync, existsSync } from "node:fs";
import type { Span } from "../../src/error.js";
import { parsePlatform } from "../../src/oci/platform.js";
import type { RuntimeConfig } from "../../src/oci/image.js";
import type { NamedContext, PlanOptions } from "../../src/plan/plan.js";
import { planned, type Given } from "./planning.js";

const root = new URL("../../fixtures/plan/", import.meta.url);

/** `options.json` of a golden folder. */
interface GoldenOptions {
  readonly target?: string;
  readonly targetPlatform?: string;
  readonly network?: PlanOptions["network"];
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly namedContexts?: Readonly<Record<string, NamedContext>>;
  readonly images?: Readonly<Record<string, RuntimeConfig>>;
}

function given({ target, targetPlatform, network, images, ...maps }: GoldenOptions): Given {
  return {
    target,
    targetPlatform: targetPlatform === undefined ? undefined : parsePlatform(targetPlatform),
    network: network ?? "default",
    buildArgs: new Map(Object.entries(maps.buildArgs ?? {})),
    labels: new Map(Object.entries(maps.labels ?? {})),
    namedContexts: new Map(Object.entries(maps.namedContexts ?? {})),
    ...(images === undefined ? {} : { images }),
  };
}

/**
 * The plan as JSON, with line numbers for spans; no golden file fails by its findings, and most steps
 * have no mounts.
 */
function outcome(folder: string): unknown {
  const read = (file: string): string => readFileSync(new URL(`${folder}/${file}`, root), "utf8");
  const hasOptions = existsSync(new URL(`${folder}/options.json`, root));
  const options = hasOptions ? (JSON.parse(read("options.json")) as GoldenOptions) : {};
  const { asked, plan } = planned(read("Dockerfile"), given(options));
  const { violated, ...shown } = plan;
  assert.isEmpty(violated);
  return JSON.parse(JSON.stringify({ plan: shown, asked }, spansToLines));
}

function spansToLines(key: string, value: unknown): unknown {
  const rare = key === "mounts" || key === "devices";
  if (rare && Array.isArray(value) && value.length === 0) return undefined;
  if (key === "written") return undefined; // what it is for is tested with the reasons of misses
  return key === "at" ? lineOf(value as Span) : value;
}

function lineOf({ source, start }: Span): number {
  return source.text.slice(0, start).split("\n").length;
}

describe("makePlan() on golden files", () => {
  for (const folder of readdirSync(root)) {
    it(folder.replaceAll("-", " "), () => {
      const expected = readFileSync(new URL(`${folder}/expected.json`, root), "utf8");
      assert.deepEqual(outcome(folder), JSON.parse(expected));
    });
  }
});
