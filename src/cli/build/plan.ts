import type { Board } from "../../builder/board.js";
import type { BaseImage, ImageResolver } from "../../builder/engine.js";
import { locate } from "../../error.js";
import { hostPlatform, parsePlatform, type Platform } from "../../oci/platform.js";
import type { ImageConfig } from "../../oci/image.js";
import type { Dockerfile } from "../../parser/instruction.js";
import { makePlan } from "../../plan/make-plan.js";
import {
  imageKey,
  type ImageRequest,
  type NamedContext,
  type NeedsImages,
  type Plan,
  type PlanOptions,
} from "../../plan/plan.js";
import type { DeviceAliases } from "../../plan/run-device.js";
import type { BuildCommand } from "../command.js";
import type { Io } from "../io.js";
import { namedContext } from "./named-contexts.js";

/** A plan with the images it names, in its order. */
export interface ResolvedPlan {
  readonly plan: Plan;
  readonly images: readonly BaseImage[];
}

/** What resolving the images of a plan needs. */
export interface Resolving {
  readonly images: ImageResolver;
  readonly board: Board;
  readonly signal: AbortSignal;
}

/** Plans, with the images that the plan names. */
export async function resolvePlan(
  dockerfile: Dockerfile,
  options: PlanOptions,
  resolving: Resolving,
): Promise<ResolvedPlan> {
  const attempt = (configs: Configs) => makePlan(dockerfile, options, configs);
  const { answer, found } = await withImages(attempt, resolving);
  const { plan } = answer;
  return { plan, images: plan.images.map((request) => imageOf(found, request)) };
}

type Configs = ReadonlyMap<string, ImageConfig>;
/** Planning of some kind, with the image configs that are known. */
export type Attempt<T> = (configs: Configs) => NeedsImages | T;

/** Finds the images that an attempt asks for, each once, until nothing is missing. */
export async function withImages<T extends { readonly kind: string }>(
  attempt: Attempt<T>,
  resolving: Resolving,
): Promise<{ readonly answer: T; readonly found: ReadonlyMap<string, BaseImage> }> {
  const found = new Map<string, BaseImage>();
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

async function resolveImage(
  request: ImageRequest,
  { images, board, signal }: Resolving,
): Promise<BaseImage> {
  const vertex = board.declare(`[internal] load metadata for ${request.reference}`);
  try {
    return await board.during(vertex, () => images.resolve(request, signal), signal);
  } catch (error) {
    throw locate(error, request.at);
  }
}

/** The part of the command line that planning cares about. */
export function planOptions(command: BuildCommand, io: Io): PlanOptions {
  const buildPlatform: Platform = hostPlatform(process.arch);
  const platform = command.platform ?? io.env["DOCKER_DEFAULT_PLATFORM"];
  return {
    target: command.target,
    buildArgs: buildArgs(command, io.env),
    proxyArgs: new Map(),
    labels: command.labels,
    network: command.network,
    buildPlatform,
    targetPlatform: platform ? parsePlatform(platform, buildPlatform) : undefined,
    namedContexts: namedContexts(command.buildContexts),
    deviceAliases: deviceAliases(command),
  };
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
