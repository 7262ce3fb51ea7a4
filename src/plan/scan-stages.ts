import type { RuntimeConfig } from "../oci/image.js";
import { formatPlatform, platformOf } from "../oci/platform.js";
import type { JoinedPlan } from "./join-plans.js";
import { inMountingOrder } from "./apply-mounts.js";
import type { PlannedImage, PlannedStage } from "./plan.js";
import { EnvList } from "./env-list.js";
import type { RunBind } from "./run-mount.js";
import { contextName, contextStage } from "./scan-context.js";
import { defaultPath } from "./start-stage.js";
import type { RunStep } from "./step.js";
import { stagesFor } from "./used-by.js";

/** A program that tells what is in a root filesystem (BuildKit, sbom-protocol.md). */
export interface Scanner {
  readonly image: PlannedImage;
  /** Variables for it, without what their names begin with. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly network: RunStep["network"];
}

/** Where a scanner puts what it has to say: an absolute path in the stage that scans. */
export const scanResults = "/run/out";
/** What it says of the target is in a file whose name begins like that. */
export const scanCore = "sbom";

const sources = "/run/src";

/** Adds to a plan a stage for each target, which starts from the scanner and runs it (A02). */
export function withScans(plan: JoinedPlan, scanner: Scanner): JoinedPlan {
  const stages = [...plan.stages];
  const image = plan.images.length;
  const scans = plan.targets.map((index) => {
    const target = plan.stages[index];
    if (target === undefined) throw new Error(`the plan has no stage ${index}`);
    const mounts = [mount(scanner, `core/${scanCore}`, index)];
    const extras = extrasOf(plan, index);
    if (target.scanned?.context === true && !extras.has(contextName)) {
      const context = contextStage(target, stagesFor(plan, index));
      extras.set(contextName, stages.push(context) - 1);
    }
    for (const [name, extra] of extras) {
      mounts.push(mount(scanner, `extras/${scanCore}-${name}`, extra));
    }
    return stages.push(scanStage(scanner, { image, mounts, target })) - 1;
  });
  return { ...plan, stages, images: [...plan.images, scanner.image], scans };
}

/** The stages that are scanned with a target, by their names. */
function extrasOf(plan: JoinedPlan, target: number): Map<string, number> {
  const extras = new Map<string, number>();
  for (const stage of stagesFor(plan, target)) {
    const index = plan.stages.indexOf(stage);
    if (stage.scanned?.stage === true && index !== target) extras.set(stage.name, index);
  }
  return extras;
}

function mount({ image }: Scanner, path: string, stage: number): RunBind {
  const origin = { kind: "stage", stage } as const;
  const target = `${sources}/${path}`;
  return { kind: "bind", at: image.at, target, origin, source: "/", readonly: true };
}

interface Scan {
  readonly image: number;
  readonly mounts: readonly RunBind[];
  readonly target: PlannedStage;
}

function scanStage(scanner: Scanner, { image, mounts, target }: Scan): PlannedStage {
  const { at, config, platform, reference } = scanner.image;
  const results = { kind: "workdir", at, title: `WORKDIR ${scanResults}` } as const;
  const argv = [...(config.config?.Entrypoint ?? []), ...(config.config?.Cmd ?? [])];
  const run: RunStep = {
    kind: "run",
    at,
    title: `generating sbom using ${reference}`,
    ...targetOf(target, scanner),
    argv,
    env: [...environmentOf(config.config ?? {}), ...variables(scanner, mounts.length > 1)],
    proxyEnv: [],
    user: "",
    cwd: config.config?.WorkingDir || "/",
    network: scanner.network,
    security: "sandbox",
    mounts: inMountingOrder([
      ...mounts,
      { kind: "tmpfs", at, target: "/tmp", size: undefined, readonly: false },
    ]),
    devices: [],
    script: undefined,
    written: { shell: [], line: argv.join(" "), heredocs: [], args: [] },
  };
  return {
    name: scanCore,
    base: { kind: "image", image },
    platform,
    steps: [{ ...results, path: scanResults, user: "" }, run],
    config,
    history: [],
  };
}

/** What is scanned may be for another machine than the scanner. */
function targetOf({ config }: PlannedStage, { image }: Scanner): Pick<RunStep, "target"> {
  const scanned = formatPlatform(platformOf(config));
  return scanned === formatPlatform(image.platform) ? {} : { target: scanned };
}

function environmentOf({ Env }: RuntimeConfig): readonly string[] {
  const environment = new EnvList(Env ?? []);
  if (!environment.has("PATH")) environment.set("PATH", defaultPath);
  return environment.entries;
}

function variables({ parameters }: Scanner, hasExtras: boolean): readonly string[] {
  const values = [
    ["DESTINATION", `${scanResults}/`],
    ["SOURCE", `${sources}/core/${scanCore}`],
    ...(hasExtras ? [["SOURCE_EXTRAS", `${sources}/extras`]] : []),
    ...parameters,
  ];
  return values.map(([name, value]) => `BUILDKIT_SCAN_${name ?? ""}=${value ?? ""}`);
}
