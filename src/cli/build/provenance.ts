import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { formatPlatform, platformOf } from "../../oci/platform.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { Claim } from "../../output/attestation.js";
import type { NamedLayer } from "../../output/layer-ids.js";
import { provenanceClaim, type BuildFacts } from "../../output/slsa.js";
import type { JoinedPlan } from "../../plan/join-plans.js";
import { llbSteps, type LlbSteps } from "../../plan/llb-steps.js";
import { runsFor } from "../../plan/used-by.js";
import type { ProvenanceSpec } from "../args/attest.js";
import type { Building } from "./engine.js";
import type { Attesting, ImageClaim } from "./exporting.js";
import { planOptions, platformOptions, type ResolvedPlan } from "./plan.js";
import { wantsIndex } from "./platforms.js";
import { imageMaterials, remoteMaterials, sourceOf } from "./materials.js";
import { localsOf, requestArgs, wishesOf } from "./request.js";
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
    materials: remoteMaterials(remotes.pinned),
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
