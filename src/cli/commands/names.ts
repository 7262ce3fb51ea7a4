import { BuildError } from "../../error.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import type { Removal } from "../../store/images.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import type { Io } from "../io.js";

/** `tsbuild tag SOURCE NAME`: another name for the same image; one that exists moves silently. */
export async function runTag(
  { source, destination }: Extract<StoreCommand, { kind: "tag" }>,
  store: Store,
): Promise<number> {
  await store.images.tag(source, destination);
  return 0;
}

/** `tsbuild rmi NAME…`: takes names away, and with its last name the image. What fails is told at the end. */
export async function runRmi(
  { names, force }: Extract<StoreCommand, { kind: "rmi" }>,
  store: Store,
  io: Io,
): Promise<number> {
  const failures: BuildError[] = [];
  for (const removal of await store.images.remove(names, { force })) {
    if (!(removal instanceof BuildError)) tellRemoval(removal, io);
    else if (force && removal.code === "IMAGE_NOT_FOUND") io.err.write(`${removal.message}\n`);
    else failures.push(removal);
  }
  const [first] = failures;
  if (first === undefined) return 0;
  const message = failures.map((failure) => failure.message).join("; ");
  throw new BuildError(first.code, message, { hint: first.hint });
}

function tellRemoval({ untagged, deleted }: Removal, { out }: Io): void {
  for (const tag of untagged) out.write(`Untagged: ${familiarReference(parseReference(tag))}\n`);
  if (deleted !== undefined) out.write(`Deleted: ${deleted}\n`);
}
