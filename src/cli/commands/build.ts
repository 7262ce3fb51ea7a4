import { build, type BuiltImage } from "../../builder/build.js";
import type { PlannedStage } from "../../plan/plan.js";
import { readDockerfile, tellFindings, tellWarningsOf } from "../build/dockerfile.js";
import { openEngine, type Building } from "../build/engine.js";
import { checkEntitlements } from "../build/entitlements.js";
import { readInput } from "../build/input.js";
import { ignoreTest } from "../build/ignore-test.js";
import { exportAll, type BuildSummary } from "../build/outputs.js";
import { planOptions, resolvePlan, type ResolvedPlan } from "../build/plan.js";
import { prepareResults, writeResults } from "../build/results.js";
import type { BuildCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import type { SecretSource } from "../../secret-source.js";
import { openSession } from "../session.js";

/** `tsbuild build`: from the Dockerfile to every output that was asked for. */
export async function runBuild(command: BuildCommand, io: Io): Promise<number> {
  if (command.call !== undefined) {
    const { runCall } = await import("./call.js");
    return await runCall(command.call, command, io);
  }
  await prepareResults(command, io);
  const summary = await withProgress(command, io, async (board) => {
    const input = await readInput(command, io);
    const secrets = await readSecrets(command, io);
    await using session = await openSession(io);
    const built = await buildTarget({ command, input, session, board, secrets });
    const outputs = command.outputs.length > 0 ? command.outputs : [defaultOutput];
    return await exportAll(outputs, { session, board, built, tags: command.tags });
  });
  await writeResults(command, summary, io);
  if (command.quiet) printId(summary, io);
  return 0;
}

async function readSecrets({ secrets }: BuildCommand, io: Io): Promise<SecretSource> {
  if (secrets.length === 0) return () => Promise.resolve(undefined);
  return (await import("../build/secrets.js")).openSecrets(secrets, io);
}

const defaultOutput = { type: "image", push: false, names: [] } as const;

function printId({ config }: BuildSummary, io: Io): void {
  if (config !== undefined) io.out.write(`${config.digest}\n`);
}

async function buildTarget(building: Building): Promise<BuiltImage> {
  const { command, session, board } = building;
  const { io } = session;
  const resolved = await plan(building);
  checkEntitlements(resolved.plan, command);
  tellFindings(resolved.plan, board);
  await using engine = await openEngine(building);
  return await build({ ...resolved, fresh: freshStages(command) }, engine, io.signal);
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
function freshStages({ noCache, noCacheFilter }: BuildCommand): (stage: PlannedStage) => boolean {
  const named = new Set(noCacheFilter.map((name) => name.toLowerCase()));
  return (stage) => noCache || named.has(stage.name);
}
