import { mkdtemp, open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BuildError } from "../../error.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import { readImageArchive, type ArchivedImage } from "../../output/read-archive.js";
import { ingestImage } from "../../store/image-ingest.js";
import type { StoreCommand } from "../command.js";
import { recordImage } from "../image-finder.js";
import type { Session } from "../session.js";

type LoadCommand = Extract<StoreCommand, { kind: "load" }>;

/** `tsbuild load`: the images of a docker or OCI archive, into the store. */
export async function runLoad({ input, quiet }: LoadCommand, session: Session): Promise<number> {
  const { io, store, platform } = session;
  if (input === undefined && io.terminal.in) {
    throw new BuildError("USAGE", "Cannot load from a terminal", {
      hint: "redirect an archive to standard input, or use --input FILE",
    });
  }
  // opened here: a stream that cannot open would fail before anybody reads it
  const bytes =
    input === undefined ? io.in : (await open(resolve(io.cwd, input))).createReadStream();
  const directory = await mkdtemp(join(store.work, "load-"));
  const images = await readImageArchive(bytes as AsyncIterable<Uint8Array>, directory, platform);
  for (const image of images) {
    const lines = await loadImage(image, session);
    if (!quiet) for (const line of lines) io.out.write(`Loaded image${line}\n`);
  }
  return 0;
}

async function loadImage(image: ArchivedImage, { io, store }: Session): Promise<readonly string[]> {
  const { config, manifest } = image;
  const names = image.names.map(parseReference).map(familiarReference);
  const source = { open: image.open };
  const ingest = {
    name: names[0] ?? config.descriptor.digest,
    manifest: manifest.value,
    config: config.value,
    source,
  };
  await ingestImage(store, ingest, io.signal);
  const { id } = await recordImage(store, { config, manifest }, names);
  return names.length === 0 ? [` ID: ${id}`] : names.map((name) => `: ${name}`);
}
