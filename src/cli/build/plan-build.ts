import { EPOCH } from "../../plan/epoch.js";
import type { Plan, PlanOptions } from "../../plan/plan.js";
import { ImageFinder } from "../image-finder.js";
import { readDockerfile, tellWarningsOf } from "./dockerfile.js";
import type { Building } from "./engine.js";
import { ignoreTest } from "./ignore-test.js";
import { planOptions, platformOptions, resolvePlan, type ResolvedPlan } from "./plan.js";
import { wantsIndex } from "./platforms.js";

/** Plans what a command line asks for, with the images and times that the plan names. */
export async function planBuild(building: Building): Promise<ResolvedPlan> {
  const { command, input, session, board } = building;
  const { io, store, registry, platform: host } = session;
  const warn = board.warn.bind(board, undefined);
  const images = new ImageFinder({ store, registry, host, pull: command.pull, warn });
  const isIgnored = ignoreTest(input);
  const platforms = (await labelled(building)).map((options) => ({ ...options, isIgnored }));
  try {
    const showPlatforms = wantsIndex(platforms);
    const resolving = { images, board, signal: io.signal, showPlatforms };
    const dockerfile = readDockerfile(input, planOptions(command, io));
    const first = await resolvePlan(dockerfile, platforms, resolving);
    const dated = await withTime(first.plan.epoch, platforms, building);
    const again = { ...resolving, known: first };
    const resolved = dated === undefined ? first : await resolvePlan(dockerfile, dated, again);
    if (command.sbom === undefined) return resolved;
    const { addScans } = await import("./sbom.js");
    return await addScans(command.sbom, resolved, { building, resolving });
  } catch (error) {
    tellWarningsOf(error, board);
    throw error;
  }
}

/** The options for each platform, with the labels that BUILDX_GIT_LABELS asks for; those of the user win. */
async function labelled(building: Building): Promise<readonly PlanOptions[]> {
  const { io } = building.session;
  const platforms = platformOptions(building.command, io);
  if (io.env["BUILDX_GIT_LABELS"] === undefined) return platforms;
  const { gitLabels } = await import("./vcs.js");
  const own = await gitLabels(building);
  return platforms.map((options) => ({ ...options, labels: new Map([...own, ...options.labels]) }));
}

/** With the time of what SOURCE_DATE_EPOCH names, as if a number had been given; empty where it has none. */
async function withTime(
  epoch: Plan["epoch"],
  platforms: readonly PlanOptions[],
  building: Building,
): Promise<readonly PlanOptions[] | undefined> {
  if (typeof epoch !== "object") return undefined;
  const { timeOf } = await import("./epoch.js");
  const time = await timeOf(epoch, building);
  return platforms.map((options) => {
    const buildArgs = new Map([...options.buildArgs, [EPOCH, time?.toString() ?? ""]]);
    return { ...options, buildArgs };
  });
}
