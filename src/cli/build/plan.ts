import type { Board } from "../../builder/board.js";
import type { BaseImage, ImageResolver } from "../../builder/engine.js";
import { locate } from "../../error.js";
import { formatPlatform, hostPlatform } from "../../oci/platform.js";
import type { ImageConfig } from "../../oci/image.js";
import type { Dockerfile } from "../../parser/instruction.js";
import { joinPlans, type JoinedPlan } from "../../plan/join-plans.js";
import { makePlan } from "../../plan/make-plan.js";
import {
  distinctImages,
  imageKey,
  type ImageRequest,
  type NamedContext,
  type NeedsImages,
  type Plan,
  type PlanOptions,
} from "../../plan/plan.js";
import type { DeviceAliases } from "../../plan/run-device.js";
import { suggest } from "../../suggest.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import { namedContext } from "./named-contexts.js";
import { targetPlatforms } from "./platforms.js";

/** A plan for all platforms with the images it names, in its order. */
export interface ResolvedPlan {
  readonly plan: JoinedPlan;
  readonly images: readonly BaseImage[];
}

/** What resolving the images of a plan needs. */
export interface Resolving {
  readonly images: ImageResolver;
  readonly board: Board;
  readonly signal: AbortSignal;
  /** Progress tells the platforms of images apart. */
  readonly showPlatforms?: boolean;
  /** What was found before need not be found again. */
  readonly known?: ResolvedPlan | undefined;
  /** Among whose stages one may be meant by the name of an image that is not found. */
  readonly dockerfile?: Dockerfile;
}

/** Plans for every platform, with the images that the plans name. */
export async function resolvePlan(
  dockerfile: Dockerfile,
  platforms: readonly PlanOptions[],
  resolving: Resolving,
): Promise<ResolvedPlan> {
  const attempt = (configs: Configs) => planAll(dockerfile, platforms, configs);
  const { answer, found } = await withImages(attempt, { ...resolving, dockerfile });
  const { plan } = answer;
  return { plan, images: plan.images.map((request) => imageOf(found, request)) };
}

interface PlanForAll {
  readonly kind: "plan";
  readonly plan: JoinedPlan;
}

function planAll(
  dockerfile: Dockerfile,
  platforms: readonly PlanOptions[],
  configs: Configs,
): NeedsImages | PlanForAll {
  const plans: Plan[] = [];
  const missing: ImageRequest[] = [];
  for (const options of platforms) {
    const planning = makePlan(dockerfile, options, configs);
    if (planning.kind === "plan") plans.push(planning.plan);
    else missing.push(...planning.images);
  }
  if (missing.length > 0) return { kind: "needs-images", images: distinctImages(missing) };
  const [first, ...others] = plans;
  if (first === undefined) throw new Error("a build is for at least one platform");
  return { kind: "plan", plan: joinPlans([first, ...others]) };
}

type Configs = ReadonlyMap<string, ImageConfig>;
/** Planning of some kind, with the image configs that are known. */
export type Attempt<T> = (configs: Configs) => NeedsImages | T;

/** Finds the images that an attempt asks for, each once, until nothing is missing. */
export async function withImages<T extends { readonly kind: string }>(
  attempt: Attempt<T>,
  resolving: Resolving,
): Promise<{ readonly answer: T; readonly found: ReadonlyMap<string, BaseImage> }> {
  const { known } = resolving;
  const found = new Map<string, BaseImage>();
  for (const [i, image] of (known?.images ?? []).entries()) {
    const request = known?.plan.images[i];
    if (request !== undefined) found.set(imageKey(request), image);
  }
  for (;;) {
    const configs = new Map<string, ImageConfig>();
    for (const [key, image] of found) configs.set(key, image.config);
    const answer = attempt(configs);
    if (!needsImages(answer)) return { answer, found };
    await Promise.all(
      answer.images.map(async (request) => {
        found.set(imageKey(request), await resolveImage(request, resolving));
      }),
    );
  }
}

function needsImages(answer: { readonly kind: string }): answer is NeedsImages {
  return answer.kind === "needs-images";
}

function imageOf(found: ReadonlyMap<string, BaseImage>, request: ImageRequest): BaseImage {
  const image = found.get(imageKey(request));
  if (image === undefined) throw new Error(`the plan names an unresolved image`);
  return image;
}

/** Finds an image; what goes wrong points to where it is named. */
export async function resolveImage(
  request: ImageRequest,
  { images, board, signal, showPlatforms = false, dockerfile }: Resolving,
): Promise<BaseImage> {
  const shown = showPlatforms ? `${formatPlatform(request.platform)} ` : "";
  const vertex = board.declare(`[${shown}internal] load metadata for ${request.reference}`);
  try {
    return await board.during(vertex, () => images.resolve(request, signal), signal);
  } catch (error) {
    throw locate(error, request.at, dockerfile && stageHint(request, dockerfile));
  }
}

function stageHint({ reference }: ImageRequest, { instructions }: Dockerfile): string | undefined {
  const names = instructions.flatMap((one) =>
    one.kind === "from" && one.name ? [one.name.text] : [],
  );
  const near = suggest(reference, names);
  return near === undefined ? undefined : `no stage has that name; did you mean "${near}"?`;
}

/** The part of the command line that planning cares about. */
export function planOptions(command: BuildCommand, io: Io): PlanOptions {
  const [targetPlatform] = targetPlatforms(command, io);
  return {
    target: command.target,
    buildArgs: buildArgs(command, io.env),
    labels: command.labels,
    network: command.network,
    buildPlatform: hostPlatform(process.arch),
    targetPlatform,
    namedContexts: namedContexts(command.buildContexts),
    deviceAliases: deviceAliases(command),
  };
}

/** As `planOptions`, for each platform that the image is built for. */
export function platformOptions(
  command: BuildCommand,
  io: Io,
): readonly [PlanOptions, ...PlanOptions[]] {
  const options = planOptions(command, io);
  const [, ...others] = targetPlatforms(command, io);
  return [options, ...others.map((targetPlatform) => ({ ...options, targetPlatform }))];
}

/** `--build-arg NAME` takes the environment's value; without one there it is not passed at all. */
function buildArgs(
  { buildArgs: settings }: BuildCommand,
  env: Io["env"],
): ReadonlyMap<string, string> {
  const args = new Map<string, string>();
  const epoch = env["SOURCE_DATE_EPOCH"];
  if (epoch !== undefined) args.set("SOURCE_DATE_EPOCH", epoch);
  for (const { name, value = env[name] } of settings) {
    if (value !== undefined) args.set(name, value);
  }
  return args;
}

function deviceAliases({ allowDevices }: BuildCommand): DeviceAliases {
  const named = allowDevices.flatMap(({ alias, name }) =>
    alias === undefined ? [] : [{ alias, name }],
  );
  return new Map(named.map(({ alias, name }) => [alias, name]));
}

function namedContexts(values: ReadonlyMap<string, string>): ReadonlyMap<string, NamedContext> {
  return new Map([...values].map(([name, value]) => [name, namedContext(value)]));
}
