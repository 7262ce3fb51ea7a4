import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { BaseImage } from "../../builder/engine.js";
import type { Pinned } from "../../context/remote/remotes.js";
import { formatPlatform, platformOf } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { parseGoBoolean } from "../../parser/go-boolean.js";
import { packageUrl } from "../../output/attestation.js";
import { parseGitContext, shownOf } from "../../plan/git-url.js";
import type { JoinedPlan } from "../../plan/join-plans.js";
import type { PlannedImage } from "../../plan/plan.js";
import { isHttpUrl } from "../../plan/remote-source.js";
import { imagesFor, runsFor } from "../../plan/used-by.js";
import { redactUrl } from "../../registry/http/web-url.js";
import type { ProvenanceSpec } from "../args/attest.js";
import type { Building } from "./engine.js";
import type { Attesting } from "./exporting.js";
import { planOptions, platformOptions, type ResolvedPlan } from "./plan.js";
import { wantsIndex } from "./platforms.js";
import { readVcs } from "./vcs.js";

/** What the parameters mean (BuildKit, slsa-definitions.md). */
const buildType =
  "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";

/** What a provenance tells of a build that has ended: of each image, in their order (A01, A04). */
export async function attest(
  spec: ProvenanceSpec,
  { plan, images }: ResolvedPlan,
  building: Building,
): Promise<Attesting> {
  const common = {
    parameters: parametersOf(spec, building),
    details: await detailsOf(spec, building),
    remote: building.remotes.pinned
      .map(remoteMaterial)
      .toSorted((a, b) => (a.uri < b.uri ? -1 : 1)),
  };
  const predicates = plan.targets.map((target) => {
    const found = { plan, images, target };
    const { configSource, request } = common.parameters;
    const asked = { ...request, ...(spec.mode === "max" ? wishesOf(plan, target) : {}) };
    return {
      buildDefinition: {
        buildType,
        externalParameters: { configSource, request: asked },
        internalParameters: { builderPlatform: formatPlatform(building.session.platform) },
        resolvedDependencies: [...imageMaterials(found), ...common.remote],
      },
      runDetails: common.details,
    };
  });
  return { spec, predicates, metadata: metadataOf(plan, predicates, building) };
}

/** By the names that buildx gives them (F16). */
function metadataOf(
  { stages, targets }: JoinedPlan,
  predicates: readonly object[],
  { command, session }: Building,
): Attesting["metadata"] {
  const wanted = session.io.env["BUILDX_METADATA_PROVENANCE"] ?? "";
  if (wanted === "disabled" || parseGoBoolean(wanted) === false) return {};
  const split = wantsIndex(platformOptions(command, session.io));
  const named = predicates.map((predicate, i) => {
    const config = stages[targets[i] ?? 0]?.config;
    const platform = split && config ? `/${formatPlatform(platformOf(config))}` : "";
    return [`buildx.build.provenance${platform}`, predicate] as const;
  });
  return Object.fromEntries(named);
}

interface Material {
  readonly uri: string;
  readonly digest: Readonly<Record<string, string>>;
}

interface Found {
  readonly plan: JoinedPlan;
  readonly images: readonly BaseImage[];
  readonly target: number;
}

function imageMaterials({ plan, images, target }: Found): readonly Material[] {
  return imagesFor(plan, target).flatMap((index) => {
    const [request, image] = [plan.images[index], images[index]];
    if (request === undefined || image === undefined) return [];
    const [algorithm = "", hex] = image.digest?.split(":") ?? [];
    return [{ uri: uriOf(request), digest: hex === undefined ? {} : { [algorithm]: hex } }];
  });
}

function uriOf({ reference, platform }: PlannedImage): string {
  return reference.includes("://") ? reference : packageUrl(parseReference(reference), platform);
}

function remoteMaterial({ source, pin }: Pinned): Material {
  if (source.kind === "git") return { uri: shownOf(source), digest: { sha1: pin } };
  return { uri: redactUrl(new URL(source.url)), digest: { sha256: pin.replace(/^sha256:/, "") } };
}

/** What the user asked for. Build arguments and labels may hold what is nobody's business. */
function parametersOf({ mode }: ProvenanceSpec, building: Building) {
  const { command, session, input } = building;
  const args: Record<string, string> = {};
  if (command.target !== undefined) args["target"] = command.target;
  if (command.network !== "default") args["force-network-mode"] = command.network;
  if (mode === "max") {
    const { buildArgs, labels } = planOptions(command, session.io);
    for (const [name, value] of buildArgs) args[`build-arg:${name}`] = value;
    for (const [name, value] of labels) args[`label:${name}`] = value;
  }
  const isLocal = input.context !== undefined;
  return {
    configSource: { ...sourceOf(building), path: basename(input.source.name) },
    request: {
      frontend: "dockerfile.v0",
      args,
      ...(isLocal ? { locals: [{ name: "context" }, { name: "dockerfile" }] } : {}),
    },
  };
}

/** Where the Dockerfile comes from, when that is a context from elsewhere. */
function sourceOf({ command, remotes }: Building): Partial<Material> {
  const git = parseGitContext(command.context);
  const isFar = git !== undefined || isHttpUrl(command.context);
  const [first] = remotes.pinned;
  return isFar && first !== undefined ? remoteMaterial(first) : {};
}

/** Ids of secrets and agents that steps ask for. */
function wishesOf(plan: JoinedPlan, target: number): object {
  const mounts = runsFor(plan, target).flatMap((step) => step.mounts);
  const wishes = (kind: "secret" | "ssh") => {
    const found = mounts.flatMap((mount) => (mount.kind === kind ? [mount] : []));
    const ids = new Map(found.map(({ id, required }) => [id, required]));
    return [...ids].map(([id, required]) => ({ id, ...(required ? {} : { optional: true }) }));
  };
  const [secrets, ssh] = [wishes("secret"), wishes("ssh")];
  return {
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(ssh.length === 0 ? {} : { ssh }),
  };
}

async function detailsOf(spec: ProvenanceSpec, building: Building): Promise<object> {
  const { command, startedAt, input } = building;
  const vcs = await readVcs(building);
  const { name, text } = input.source;
  const file = { filename: basename(name), language: "Dockerfile", data: base64(text) };
  const times = {
    invocationId: randomUUID(),
    startedOn: startedAt.toISOString(),
    finishedOn: new Date().toISOString(),
  };
  return {
    builder: { id: spec.builderId },
    metadata: {
      ...(command.reproducible ? {} : times), // they would be others each time
      buildkit_metadata: {
        ...(vcs === undefined ? {} : { vcs }),
        ...(spec.mode === "max" ? { source: { infos: [file] } } : {}),
      },
      ...(spec.reproducible ? { buildkit_reproducible: true } : {}),
      buildkit_completeness: {
        request: spec.mode === "max",
        resolvedDependencies: input.context === undefined,
      },
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
