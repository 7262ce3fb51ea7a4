import { familiarReference, parseReference } from "../../oci/reference.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../command.js";
import type { Io } from "../io.js";

/** `tsbuild tag SOURCE NAME`: another name for the same image; one that exists moves silently. */
export async function runTag(
  { source, destination }: Extract<StoreCommand, { kind: "tag" }>,
  store: Store,
): Promise<number> {
  await store.images.tag(source, destination);
  return 0;
}

/** `tsbuild rmi NAME…`: takes names away, and with its last name the image. */
export async function runRmi(
  { names, force }: Extract<StoreCommand, { kind: "rmi" }>,
  store: Store,
  io: Io,
): Promise<number> {
  for (const name of names) {
    const { untagged, deleted } = await store.images.remove(name, { force });
    for (const tag of untagged)
      io.out.write(`Untagged: ${familiarReference(parseReference(tag))}\n`);
    if (deleted !== undefined) io.out.write(`Deleted: ${deleted}\n`);
  }
  return 0;
}
