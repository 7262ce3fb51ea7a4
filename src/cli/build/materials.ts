import type { BaseImage } from "../../builder/engine.js";
import type { Pinned } from "../../context/remote/remotes.js";
import { formatPlatform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { packageUrl } from "../../output/attestation.js";
import type { Material } from "../../output/slsa.js";
import { parseGitContext, shownOf } from "../../plan/git-url.js";
import type { JoinedPlan } from "../../plan/join-plans.js";
import { splitContextName } from "../../plan/named-context.js";
import type { PlannedImage } from "../../plan/plan.js";
import { isHttpUrl } from "../../plan/remote-source.js";
import { imagesFor } from "../../plan/used-by.js";
import { redactUrl } from "../../registry/http/web-url.js";
import type { BuildCommand } from "../build-command.js";
import type { Building } from "./engine.js";

/** A target of a plan, with the images of that. */
export interface MaterialsOf {
  readonly plan: JoinedPlan;
  readonly images: readonly BaseImage[];
  readonly target: number;
}

/** The images that went into a target, by digest. */
export function imageMaterials(
  { plan, images, target }: MaterialsOf,
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

/** What came from the network, by name; each once, though it was asked for in several ways. */
export function remoteMaterials(pinned: readonly Pinned[]): readonly Material[] {
  const materials = pinned.map(remoteMaterial);
  const each = new Map(materials.map((material) => [JSON.stringify(material), material]));
  return [...each.values()].toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
}

/** Where the Dockerfile comes from, when that is a context from elsewhere. */
export function sourceOf({ command, remotes }: Building): Partial<Material> {
  const git = parseGitContext(command.context);
  const isRemote = git !== undefined || isHttpUrl(command.context);
  const [first] = remotes.pinned;
  return isRemote && first !== undefined ? remoteMaterial(first) : {};
}
