import { build, type BuildRequest } from "../../builder/build.js";
import type { Plan } from "../../plan/plan.js";
import { intoStore, type OutputSpec } from "../args/output.js";
import { checkEnvironment } from "../build/check-environment.js";
import { checkOutputs } from "../build/check-outputs.js";
import { readDockerfile, tellFindings, tellWarningsOf } from "../build/dockerfile.js";
import { openEngine, type Building } from "../build/engine.js";
import { checkEntitlements, devicesOf } from "../build/entitlements.js";
import type { BuildSummary, Exporting } from "../build/exporting.js";
import { readInput } from "../build/input.js";
import { ignoreTest } from "../build/ignore-test.js";
import { exportAll } from "../build/outputs.js";
import { planOptions, resolvePlan, type ResolvedPlan } from "../build/plan.js";
import { prepareBuild } from "../build/prepare.js";
import { prepareResults, writeResults } from "../build/results.js";
import type { BuildCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { openSession } from "../session.js";

/** `tsbuild build`: from the Dockerfile to every output that was asked for. */
export async function runBuild(command: BuildCommand, io: Io): Promise<number> {
  if (command.call !== undefined) {
    await prepareResults(command, io);
    const { runCall } = await import("./call.js");
    return await runCall(command.call, command, io);
  }
  checkEnvironment(io);
  const outputs = command.outputs.length > 0 ? command.outputs : [intoStore];
  checkOutputs({ ...command, outputs }, io);
  await prepareResults(command, io);
  const summary = await withProgress(command, io, async (board) => {
    for (const warning of command.warnings) board.warn(undefined, warning);
    const found = await readInput(command, io);
    await using session = await openSession(io);
    await using building = await prepareBuild(found, { command, session, board });
    const { warnings, ...made } = await buildTarget(building);
    const { tags, reproducible } = command;
    const exporting = { ...made, session, board, tags, reproducible };
    return { ...(await exportAll(outputs, exporting)), warnings };
  });
  await writeResults(command, summary, io);
  if (command.quiet && !outputs.some(isStandardOutput)) printId(summary, io);
  return 0;
}

/** Nothing else may go there then (O22). */
function isStandardOutput(output: OutputSpec): boolean {
  return "dest" in output && output.dest === "-";
}

function printId({ config }: BuildSummary, io: Io): void {
  if (config !== undefined) io.out.write(`${config.digest}\n`);
}

interface Made extends Pick<Exporting, "built" | "epoch"> {
  readonly warnings: Plan["warnings"];
}

async function buildTarget(building: Building): Promise<Made> {
  const { command, session, board } = building;
  const { io } = session;
  const resolved = await plan(building);
  checkEntitlements(resolved.plan, command);
  const devices = devicesOf(resolved.plan);
  if (devices.length > 0) {
    const { checkDevices } = await import("../build/devices.js");
    await checkDevices(devices, command, io.env);
  }
  tellFindings(resolved.plan, board);
  await using engine = await openEngine(building);
  const built = await build(
    { ...resolved, fresh: freshStages(command), whole: true },
    engine,
    io.signal,
  );
  const { epoch, warnings } = resolved.plan;
  return { built, epoch, warnings };
}

async function plan({ command, input, session, board }: Building): Promise<ResolvedPlan> {
  const { io, store, registry } = session;
  const images = new ImageFinder({ store, registry, pull: command.pull });
  const options = { ...planOptions(command, io), isIgnored: ignoreTest(input) };
  try {
    const resolving = { images, board, signal: io.signal };
    return await resolvePlan(readDockerfile(input, options), options, resolving);
  } catch (error) {
    tellWarningsOf(error, board);
    throw error;
  }
}

/** --no-cache is all stages, --no-cache-filter those named. */
function freshStages({ noCache, noCacheFilter }: BuildCommand): BuildRequest["fresh"] {
  const named = new Set(noCacheFilter.map((name) => name.toLowerCase()));
  return ({ name }) => {
    if (noCache) return "--no-cache";
    return named.has(name) ? "--no-cache-filter" : undefined;
  };
}
