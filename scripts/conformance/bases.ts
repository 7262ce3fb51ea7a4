import { join } from "node:path";
import { runCommand } from "../../bench/command.js";
import type { Image } from "./outcome.js";
import { readImage } from "./read-image.js";

const layout = join(import.meta.dirname, "../../.cache/base-images");

/** The image that cases build upon. */
export interface Bases {
  /** A `docker save` archive with busybox. */
  readonly archive: string;
  readonly images: readonly Image[];
}

/** Puts busybox into archives below `directory`; fixtures/base-images/make.sh made it. */
export async function prepareBases(directory: string): Promise<Bases> {
  const archive = join(directory, "busybox.docker.tar");
  const oci = join(directory, "busybox.oci.tar");
  await copyBusybox(`docker-archive:${archive}:busybox:latest`);
  await copyBusybox(`oci-archive:${oci}`);
  return { archive, images: [await readImage(oci)] };
}

async function copyBusybox(to: string): Promise<void> {
  const argv = ["skopeo", "--insecure-policy", "copy", "--quiet", `oci:${layout}:busybox`, to];
  await runCommand({ argv });
}
