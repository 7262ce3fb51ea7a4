import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Board } from "../../builder/board.js";
import type { BuiltImage } from "../../builder/build.js";
import { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { Claim } from "../../output/attestation.js";
import type { NamedLayer } from "../../output/layer-ids.js";
import { writeTo } from "../../output/destination.js";
import type { Form } from "../../snapshotter/metadata-writer.js";
import { makeDirectories } from "../../sys/make-directories.js";
import { outletOf } from "../io.js";
import type { Session } from "../session.js";
import type { InlineCache } from "./caches.js";

/** What a build gave, for --iidfile, --metadata-file and -q. */
export interface BuildSummary {
  /** The config: the image id. Undefined when no image was made, or an index of several. */
  readonly config: Descriptor | undefined;
  /** The manifest or the index, where an output needed one. */
  readonly manifest: Descriptor | undefined;
  readonly names: readonly string[];
}

/** Where no image is made. */
export const nothingMade: BuildSummary = { config: undefined, manifest: undefined, names: [] };

/** A claim about an image, and how it is written down. */
export interface ImageClaim extends Claim {
  /** The file beside a root filesystem; undefined where there is to be none. */
  readonly filename: string | undefined;
  /** Says it with what is known of the layers once they are packed; undefined where that changes nothing. */
  readonly withLayers?: ((layers: readonly NamedLayer[]) => Promise<object>) | undefined;
}

/** What is said of the images of a build. */
export interface Attesting {
  /** Of each image, in their order. */
  readonly claims: readonly (readonly ImageClaim[])[];
  /** Provenance, for --metadata-file. */
  readonly metadata: Readonly<Record<string, object>>;
}

/** A finished build on its way out. */
export interface Exporting {
  readonly session: Session;
  readonly board: Board;
  /** One for each platform. */
  readonly images: readonly [BuiltImage, ...BuiltImage[]];
  /** There are several platforms, or it is to look as if there were (BUILDKIT_MULTI_PLATFORM). */
  readonly split: boolean;
  readonly attesting: Attesting | undefined;
  readonly tags: readonly string[];
  /** SOURCE_DATE_EPOCH, in seconds. */
  readonly epoch: number | undefined;
  /** Whether the same inputs must give the same bytes, whatever the times of the inputs. */
  readonly reproducible: boolean;
  /** What --cache-to type=inline makes of the config of an image. */
  readonly inline: InlineCache | undefined;
}

/** Whether the images are listed in an index, be it only with what is said of them. */
export function isIndexed({ split, attesting }: Pick<Exporting, "attesting" | "split">): boolean {
  // what is for images only is no reason for an index, as in BuildKit
  const isReason = ({ filename }: ImageClaim): boolean => filename !== undefined;
  return split || attesting?.claims.some((claims) => claims.some(isReason)) === true;
}

/** The names that an output gives the image: the tags of the build, else its own (F31). */
export function namesOf(
  output: { readonly names: readonly string[] },
  { tags }: Pick<Exporting, "tags">,
): readonly string[] {
  return tags.length > 0 ? tags : output.names;
}

/** What the times of an output are held to, in seconds since 1970. */
export function epochOf(
  output: { readonly epoch: number | undefined },
  { epoch, reproducible }: Pick<Exporting, "epoch" | "reproducible">,
): number | undefined {
  return output.epoch ?? epoch ?? (reproducible ? 0 : undefined);
}

/** Writes to a file, or to standard output for "-". */
export async function write(
  dest: string,
  bytes: AsyncIterable<Uint8Array>,
  { io }: Session,
): Promise<void> {
  const path = dest === "-" ? dest : resolve(io.cwd, dest);
  await writeTo(path, bytes, outletOf(io), io.signal);
}

/** The directory of an output, made where it is missing. */
export async function directory(dest: string, { io }: Pick<Session, "io">): Promise<string> {
  const path = resolve(io.cwd, dest);
  await makeDirectories(path, 0o777 & ~io.umask);
  if ((await stat(path)).isDirectory()) return path;
  throw new BuildError("OUTPUT", `Cannot write into "${dest}": it is not a directory`);
}

/** For people: no owners, no overlay marks. */
export function plainForm({ namespace }: Session): Form {
  return { plain: true, userNamespace: namespace.user };
}
