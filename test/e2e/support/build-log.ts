import { assert } from "chai";
import type { Site } from "./site.js";
import type { RunOptions } from "./run.js";

/** How a step ended. */
export type StepOutcome = "cached" | "cancelled" | "done" | "failed" | "skipped";

interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}

/** What a build told about its steps. */
export interface BuildLog {
  readonly code: number | undefined;
  /** By instruction, without the "[stage 1/2]" before it. */
  readonly steps: Readonly<Record<string, StepOutcome>>;
  /** All that the RUN steps wrote. */
  readonly output: string;
}

/** Builds with --progress=rawjson, and reads what it says. */
export async function buildLog(
  site: Site,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<BuildLog> {
  const { code, stderr } = await site.tsbuild(["--progress=rawjson", ...argv], options);
  const statuses = stderr.split("\n").flatMap((line) => {
    return line.startsWith("{") ? [JSON.parse(line) as Status] : [];
  });
  const vertexes = statuses.flatMap((status) => status.vertexes ?? []).filter(isStep);
  const logs = statuses.flatMap((status) => status.logs ?? []);
  return {
    code,
    steps: Object.fromEntries(vertexes.map((vertex) => [titleOf(vertex), outcomeOf(vertex)])),
    output: logs.map(({ data }) => Buffer.from(data, "base64").toString()).join(""),
  };
}

interface Status {
  readonly vertexes?: readonly Vertex[];
  readonly logs?: readonly { readonly data: string }[];
}

/** As `buildLog`, of a build that must succeed; answers how each step ended. */
export async function stepsOf(
  site: Site,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<BuildLog["steps"]> {
  const log = await buildLog(site, argv, options);
  assert.strictEqual(log.code, 0, log.output);
  return log.steps;
}

/** Steps are titled "[2/3] …" or "[stage 2/3] …"; FROM is none. */
function isStep({ name }: Vertex): boolean {
  return /^\[[^\]]*\d+\/\d+\] (?!FROM )/.test(name);
}

function titleOf({ name }: Vertex): string {
  return name.slice(name.indexOf("] ") + 2);
}

function outcomeOf({ cached, completed, error }: Vertex): StepOutcome {
  if (cached === true) return "cached";
  if (error === "skipped") return "skipped";
  if (error === "context canceled") return "cancelled";
  if (error !== undefined) return "failed";
  return completed === undefined ? "skipped" : "done";
}
