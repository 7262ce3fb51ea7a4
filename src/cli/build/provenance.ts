import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { BaseImage } from "../../builder/engine.js";
import type { Pinned } from "../../context/remote/remotes.js";
import { formatPlatform, platformOf } from "../../oci/platform.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { parseReference } from "../../oci/reference.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { packageUrl, type Claim } from "../../output/attestation.js";
import type { NamedLayer } from "../../output/layer-ids.js";
import { provenanceClaim, type BuildFacts, type Material } from "../../output/slsa.js";
import { parseGitContext, shownOf } from "../../plan/git-url.js";
import type { JoinedPlan } from "../../plan/join-plans.js";
import { llbSteps, type LlbSteps } from "../../plan/llb-steps.js";
import { splitContextName } from "../../plan/named-context.js";
import type { PlannedImage } from "../../plan/plan.js";
import { isHttpUrl } from "../../plan/remote-source.js";
import { imagesFor, namedFor, runsFor } from "../../plan/used-by.js";
import { redactUrl } from "../../registry/http/web-url.js";
import type { ProvenanceSpec } from "../args/attest.js";
import type { BuildCommand } from "../build-command.js";
import type { Building } from "./engine.js";
import type { Attesting, ImageClaim } from "./exporting.js";
import { remoteContext } from "./named-contexts.js";
import { planOptions, platformOptions, type ResolvedPlan } from "./plan.js";
import { wantsIndex } from "./platforms.js";
import { requestArgs } from "./request-args.js";
import { readVcs } from "./vcs.js";

/** What provenance tells of a build, of each image, and for --metadata-file. */
export interface Provenance extends Pick<Attesting, "metadata"> {
  readonly claims: readonly ImageClaim[];
}

/** What provenance tells of a build that has ended: of each image, in their order (A01, A04). */
export async function provenanceOf(
  spec: ProvenanceSpec,
  resolved: ResolvedPlan,
  building: Building,
): Promise<Provenance> {
  const common = await commonFacts(spec, building);
  const { filename, inlineOnly } = spec;
  const claims = resolved.plan.targets.map((_, index): ImageClaim => {
    const told = { ...resolved, index };
    const own = imageFacts(spec, told, building);
    const facts = { ...common, ...own, materials: [...own.materials, ...common.materials] };
    const plain = { filename: inlineOnly ? undefined : filename };
    if (spec.mode === "min") return { ...provenanceClaim(spec.version, facts), ...plain };
    const steps = stepsOf(told);
    const claim = (layers: readonly Descriptor[]): Claim =>
      provenanceClaim(spec.version, withSteps(facts, steps, layers));
    const withLayers = (layers: readonly NamedLayer[]): Promise<object> =>
      Promise.resolve(claim(layers.map(({ descriptor }) => descriptor)).predicate);
    return { ...claim([]), ...plain, withLayers };
  });
  return { claims, metadata: metadataOf(resolved.plan, claims, building) };
}

function stepsOf({ plan, images, index }: Told): LlbSteps {
  const pins = images.map(({ digest }) => digest);
  return llbSteps(plan, plan.targets[index] ?? 0, pins);
}

/** Tells also what was done, where the Dockerfile says so, and which layers came of it. */
function withSteps(
  facts: BuildFacts,
  { definition, locations, layers: made }: LlbSteps,
  layers: readonly Descriptor[],
): BuildFacts {
  const chains = made.map(({ id, count }) => [`${id}:0`, [layers.slice(0, count)]] as const);
  const { source, ...details } = facts.details;
  return {
    ...facts,
    steps: { llbDefinition: definition },
    details: {
      ...details,
      source: { ...source, locations },
      ...(layers.length === 0 ? {} : { layers: Object.fromEntries(chains) }),
    },
  };
}

/** By the names that buildx gives them (F16). */
function metadataOf(
  { stages, targets }: JoinedPlan,
  claims: readonly Claim[],
  { command, session }: Building,
): Attesting["metadata"] {
  const wanted = session.io.env["BUILDX_METADATA_PROVENANCE"] ?? "";
  if (wanted === "disabled" || parseGoBoolean(wanted) === false) return {};
  const split = wantsIndex(platformOptions(command, session.io));
  const named = claims.map(({ predicate }, i) => {
    const config = stages[targets[i] ?? 0]?.config;
    const platform = split && config ? `/${formatPlatform(platformOf(config))}` : "";
    return [`buildx.build.provenance${platform}`, predicate] as const;
  });
  return Object.fromEntries(named);
}

type OwnFacts = "complete" | "isHermetic" | "request";

/** What is the same for every image. */
async function commonFacts(
  spec: ProvenanceSpec,
  building: Building,
): Promise<Omit<BuildFacts, OwnFacts>> {
  const { command, session, input, remotes, startedAt } = building;
  const vcs = await readVcs(building);
  const { name, text } = input.source;
  const data = Buffer.from(text).toString("base64");
  const file = { filename: basename(name), language: "Dockerfile", data };
  return {
    builderId: spec.builderId,
    source: { ...sourceOf(building), path: basename(name) },
    platform: formatPlatform(session.platform),
    steps: undefined,
    materials: distinct(remotes.pinned.map(remoteMaterial)),
    // they would be others each time
    run: command.reproducible ? undefined : { id: randomUUID(), startedAt, endedAt: new Date() },
    details: {
      ...(vcs === undefined ? {} : { vcs }),
      ...(spec.mode === "max" ? { source: { infos: [file] } } : {}),
    },
    isReproducible: spec.reproducible,
  };
}

/** An image of a plan, by its place among the targets. */
interface Told extends ResolvedPlan {
  readonly index: number;
}

function imageFacts(
  { mode }: ProvenanceSpec,
  { plan, images, index }: Told,
  building: Building,
): Pick<BuildFacts, OwnFacts | "materials"> {
  const { command, session, input } = building;
  const target = plan.targets[index] ?? 0;
  const options = planOptions(command, session.io);
  const args = requestArgs(command, options);
  const secret =
    mode === "max" ? [] : Object.keys(args).filter((key) => /^(?:build-arg|label):/.test(key));
  const locals = localsOf(plan, target, building);
  const isWhole = input.context === undefined && locals.length === 0;
  return {
    request: {
      frontend: "dockerfile.v0",
      args: Object.fromEntries(Object.entries(args).filter(([key]) => !secret.includes(key))),
      ...(mode === "max" ? wishesOf(plan, target) : {}),
      ...(locals.length === 0 ? {} : { locals: locals.map((name) => ({ name })) }),
    },
    materials: imageMaterials({ plan, images, target: plan.scans[index] ?? target }, command),
    complete: { request: secret.length === 0, materials: isWhole },
    isHermetic: isWhole && runsFor(plan, target).every(({ network }) => network === "none"),
  };
}

/** What was read from directories of this machine. */
function localsOf(
  plan: JoinedPlan,
  target: number,
  { command, input }: Building,
): readonly string[] {
  const isLocal = (name: string): boolean =>
    remoteContext(command.buildContexts.get(name) ?? "") === undefined;
  const own = input.context === undefined ? [] : ["context", "dockerfile"];
  return [...own, ...namedFor(plan, target).filter(isLocal)];
}

interface Found {
  readonly plan: JoinedPlan;
  readonly images: readonly BaseImage[];
  readonly target: number;
}

function imageMaterials(
  { plan, images, target }: Found,
  command: BuildCommand,
): readonly Material[] {
  return imagesFor(plan, target).flatMap((index) => {
    const [request, image] = [plan.images[index], images[index]];
    if (request === undefined || image === undefined) return [];
    const [algorithm = "", hex] = image.digest?.split(":") ?? [];
    const uri = uriOf(request, image, command);
    return [{ uri, digest: hex === undefined ? {} : { [algorithm]: hex } }];
  });
}

/** An image of a layout has the name of its context (purl-spec, oci): where it lies is nobody's business. */
function uriOf(
  { reference, platform }: PlannedImage,
  { digest }: BaseImage,
  { buildContexts }: BuildCommand,
): string {
  if (!reference.includes("://")) return packageUrl(parseReference(reference), platform);
  const [given] = [...buildContexts].find(([, value]) => value === reference) ?? [];
  const name = given === undefined ? "layout" : splitContextName(given).own;
  const bare = encodeURIComponent(name.replace(/[:@].*$/, "").replace(/^.*\//, ""));
  return `pkg:oci/${bare}?digest=${digest ?? ""}&platform=${encodeURIComponent(formatPlatform(platform))}`;
}

function remoteMaterial({ source, pin }: Pinned): Material {
  if (source.kind === "git") return { uri: shownOf(source), digest: { sha1: pin } };
  return { uri: redactUrl(new URL(source.url)), digest: { sha256: pin.replace(/^sha256:/, "") } };
}

/** By their names; each once, though it was asked for in several ways. */
function distinct(materials: readonly Material[]): readonly Material[] {
  const each = new Map(materials.map((material) => [JSON.stringify(material), material]));
  return [...each.values()].toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
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
