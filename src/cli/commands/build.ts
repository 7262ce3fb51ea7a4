import {
  build,
  type BuildRequest,
  type BuildResult,
  type BuiltImage,
} from "../../builder/build.js";
import type { Plan } from "../../plan/plan.js";
import { intoStore, type OutputSpec } from "../args/output.js";
import { openCaches } from "../build/open-caches.js";
import { checkEnvironment } from "../build/check-environment.js";
import { attestedBy, checkIndexOutputs, checkOutputs } from "../build/check-outputs.js";
import { tellFindings } from "../build/dockerfile.js";
import { openEngine, type Building } from "../build/engine.js";
import { checkEntitlements, devicesOf } from "../build/entitlements.js";
import type { Attesting, BuildSummary, Exporting } from "../build/exporting.js";
import { readInput } from "../build/input.js";
import { exportAll } from "../build/outputs.js";
import { planBuild } from "../build/plan-build.js";
import { platformOptions, type ResolvedPlan } from "../build/plan.js";
import { wantsIndex } from "../build/platforms.js";
import { prepareBuild } from "../build/prepare.js";
import { recorded } from "../build/recording.js";
import { imageId, prepareResults, writeResults, type Findings } from "../build/results.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { NoteTaker } from "../repeat/note-taker.js";
import { isLocal, isRepeatable } from "../repeat/repeatable.js";
import { openSession } from "../session.js";

/** `tsbuild build`: from the Dockerfile to every output that was asked for. */
export async function runBuild(
  command: BuildCommand,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  if (command.call !== undefined) {
    await prepareResults(command, io);
    const { runCall } = await import("./call.js");
    return await runCall(command.call, command, io);
  }
  const taker = isRepeatable(command) ? new NoteTaker(io) : undefined;
  checkEnvironment(io);
  const outputs = command.outputs.length > 0 ? command.outputs : [intoStore];
  checkOutputs({ ...command, outputs }, io);
  const split = wantsIndex(platformOptions(command, io));
  checkIndexOutputs(outputs, { split, attested: attestedBy(command) });
  await prepareResults(command, io);
  const summary = await withProgress(command, io, async (board) => {
    if (taker !== undefined) board.listen(taker.take);
    for (const warning of command.warnings) board.warn(undefined, warning);
    const found = await readInput(command, io);
    await using session = await openSession(io);
    const preparing = { command, session, board, looked: taker?.looked };
    const made = await recorded({ command, found, session, board }, async () => {
      await using building = await prepareBuild(found, preparing);
      return await buildAndExport(building, outputs, split);
    });
    return { ...made, input: made.isLocal && found.kind === "local" ? found.input : undefined };
  });
  await writeResults(command, summary, io);
  const isQuiet = command.quiet && !outputs.some(isStandardOutput);
  const output = isQuiet ? idLine(summary) : "";
  if (output !== "") io.out.write(output);
  if (summary.input !== undefined)
    taker?.keep({ ...summary, ...{ input: summary.input, argv, flags: command, output } });
  return 0;
}

type Summary = BuildSummary &
  Pick<Findings, "provenance" | "warnings"> & { readonly isLocal: boolean };

async function buildAndExport(
  building: Building,
  outputs: readonly OutputSpec[],
  split: boolean,
): Promise<Summary> {
  const { command, session, board } = building;
  await using caches = await openCaches(building);
  const { warnings, isLocal, ...made } = await buildTarget(
    { ...building, remoteCache: caches.remoteCache },
    outputs,
  );
  const { tags, reproducible } = command;
  const inline = caches.inline?.(made);
  const exporting = { ...made, split, session, board, tags, reproducible, inline };
  const summary = await exportAll(outputs, exporting);
  await caches.export({ ...made, images: made.built });
  return { ...summary, warnings, isLocal, provenance: made.attesting?.metadata };
}

/** Nothing else may go there then (O22). */
function isStandardOutput(output: OutputSpec): boolean {
  return "dest" in output && output.dest === "-";
}

function idLine(summary: BuildSummary): string {
  const id = imageId(summary);
  return id === undefined ? "" : `${id}\n`;
}

interface Made
  extends Omit<BuildResult, "images">, Pick<Exporting, "attesting" | "epoch" | "images"> {
  /** The images, and what scanned them. */
  readonly built: BuildResult["images"];
  readonly warnings: Plan["warnings"];
  readonly isLocal: boolean;
}

async function buildTarget(building: Building, outputs: readonly OutputSpec[]): Promise<Made> {
  const { command, session, board } = building;
  const { io } = session;
  const resolved = await planBuild(building);
  checkEntitlements(resolved.plan, command);
  const devices = devicesOf(resolved.plan);
  if (devices.length > 0) {
    const { checkDevices } = await import("../build/devices.js");
    await checkDevices(devices, command, io.env);
  }
  tellFindings(resolved.plan, board);
  await using engine = await openEngine(building);
  const { epoch: found, warnings } = resolved.plan;
  const epoch = typeof found === "object" ? undefined : found;
  const whole = outputs.some(({ type }) => type !== "cacheonly");
  const request = { ...requestOf(resolved, building), whole };
  const result = await build(request, engine, io.signal);
  const { images: built } = result;
  const [first, ...others] = built.slice(0, resolved.plan.targets.length);
  if (first === undefined) throw new Error("a build has at least one target");
  const attesting = await attestingOf(resolved, built.slice(1 + others.length), building);
  const local = isLocal(resolved.plan);
  return {
    ...result,
    images: [first, ...others],
    built,
    epoch,
    warnings,
    attesting,
    isLocal: local,
  };
}

async function attestingOf(
  resolved: ResolvedPlan,
  scans: readonly BuiltImage[],
  building: Building,
): Promise<Attesting | undefined> {
  const { provenance, sbom } = building.command;
  if (provenance === undefined && sbom === undefined) return undefined;
  const { attest } = await import("../build/attest.js");
  return await attest(resolved, scans, building);
}

function requestOf(
  resolved: ResolvedPlan,
  { command, session }: Building,
): Omit<BuildRequest, "whole"> {
  const { plan: joined, images } = resolved;
  const showPlatforms = wantsIndex(platformOptions(command, session.io));
  const fresh = freshStages(command);
  const targets = [...joined.targets, ...joined.scans];
  return { plan: joined, targets, showPlatforms, images, fresh };
}

/** --no-cache is all stages, --no-cache-filter those named. */
function freshStages({ noCache, noCacheFilter }: BuildCommand): BuildRequest["fresh"] {
  const named = new Set(noCacheFilter.map((name) => name.toLowerCase()));
  return ({ name }) => {
    if (noCache) return "--no-cache";
    return named.has(name) ? "--no-cache-filter" : undefined;
  };
}
