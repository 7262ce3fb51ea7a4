import type { Board } from "../../builder/board.js";
import { build, type BuiltImage } from "../../builder/build.js";
import { parseDockerfile } from "../../parser/parse-dockerfile.js";
import type { Plan, PlannedStage } from "../../plan/plan.js";
import { openEngine, type Building } from "../build/engine.js";
import { checkEntitlements } from "../build/entitlements.js";
import { readInput } from "../build/input.js";
import { exportAll, type BuildSummary } from "../build/outputs.js";
import { planOptions, resolvePlan } from "../build/plan.js";
import { prepareResults, writeResults } from "../build/results.js";
import type { BuildCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { openSession } from "../session.js";

/** `tsbuild build`: from the Dockerfile to every output that was asked for. */
export async function runBuild(command: BuildCommand, io: Io): Promise<number> {
  await prepareResults(command, io);
  const summary = await withProgress(command, io, async (board) => {
    const input = await readInput(command, io);
    await using session = await openSession(io);
    const built = await buildTarget({ command, input, session, board });
    const outputs = command.outputs.length > 0 ? command.outputs : [defaultOutput];
    return await exportAll(outputs, { session, board, built, tags: command.tags });
  });
  await writeResults(command, summary, io);
  if (command.quiet) printId(summary, io);
  return 0;
}

const defaultOutput = { type: "image", push: false, names: [] } as const;

function printId({ config }: BuildSummary, io: Io): void {
  if (config !== undefined) io.out.write(`${config.digest}\n`);
}

async function buildTarget(building: Building): Promise<BuiltImage> {
  const { command, input, session, board } = building;
  const { io, store, registry } = session;
  const images = new ImageFinder({ store, registry, pull: command.pull });
  const resolved = await resolvePlan(parseDockerfile(input.source), planOptions(command, io), {
    images,
    board,
    signal: io.signal,
  });
  checkEntitlements(resolved.plan, command);
  warn(resolved.plan, board);
  await using engine = await openEngine(building);
  return await build({ ...resolved, fresh: freshStages(command) }, engine, io.signal);
}

function warn({ warnings, unusedArgs }: Plan, board: Board): void {
  for (const { rule, message, at } of warnings) board.warn(rule, message, at);
  if (unusedArgs.length === 0) return;
  board.warn(undefined, `One or more build-args were not consumed: ${unusedArgs.join(", ")}`);
}

/** --no-cache is all stages, --no-cache-filter those named. */
function freshStages({ noCache, noCacheFilter }: BuildCommand): (stage: PlannedStage) => boolean {
  const named = new Set(noCacheFilter.map((name) => name.toLowerCase()));
  return (stage) => noCache || named.has(stage.name);
}
