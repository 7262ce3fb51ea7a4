import type { Board } from "../../builder/board.js";
import { BuildError } from "../../error.js";
import { parsePlatform } from "../../oci/platform.js";
import { formatReference, type Reference } from "../../oci/reference.js";
import type { PullCommand } from "../registry-commands.js";
import { ImageFinder, type RemoteImage } from "../image-finder.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";
import { allTags } from "./all-tags.js";

/** `tsbuild pull NAME`: brings an image, or all of a repository, into the store, and says what was new. */
export async function runPull(command: PullCommand, session: Session): Promise<number> {
  const { io, registry } = session;
  const references = await allTags(command, async (repository) =>
    (await registry()).tags(repository, io.signal),
  );
  const lines = await withProgress(command, io, async (board) => {
    const pulling = { command, session, board, find: finding(command, session, board) };
    const images = command.all ? await onlyImages(references, pulling) : references;
    const told: string[] = [];
    for (const reference of images) told.push(await pullImage(reference, pulling));
    return told;
  });
  io.out.write(lines.join(""));
  return 0;
}

interface Pulling {
  readonly command: PullCommand;
  readonly session: Session;
  readonly board: Board;
  /** Throws NOT_AN_IMAGE for what else a registry keeps. */
  readonly find: (reference: Reference) => Promise<RemoteImage>;
}

function finding(
  command: PullCommand,
  { io, store, registry, platform: host }: Session,
  board: Board,
): Pulling["find"] {
  const platform = command.platform ? parsePlatform(command.platform, host) : host;
  const warn = board.warn.bind(board, undefined);
  const finder = new ImageFinder({ store, registry, pull: true, warn });
  return (reference) => finder.remote(formatReference(reference), platform, io.signal);
}

async function pullImage(
  reference: Reference,
  { command, session: { io, store }, board, find }: Pulling,
): Promise<string> {
  const name = formatReference(reference);
  const before = store.images.find(name);
  const vertex = board.declare(`pull ${name}`);
  const fetch = async (): Promise<RemoteImage> => {
    const image = await find(reference);
    await image.layers(board.progress.bind(board, vertex), io.signal);
    return image;
  };
  const { root, config } = (await board.during(vertex, fetch, io.signal)).resolved;
  const same = before?.id === config.descriptor.digest;
  return command.quiet ? `${name}\n` : summary(name, root.descriptor.digest, same);
}

/** Without what else a repository has, such as an exported cache with its records, or signatures. */
async function onlyImages(
  references: readonly Reference[],
  { session: { io }, board, find }: Pulling,
): Promise<readonly Reference[]> {
  const others: Reference[] = [];
  const look = async (): Promise<void> => {
    for (const reference of references) {
      try {
        await find(reference);
      } catch (error) {
        if (!(error instanceof BuildError) || error.code !== "NOT_AN_IMAGE") throw error;
        others.push(reference);
      }
    }
  };
  await board.during(board.declare(`look at ${references.length} tags`), look, io.signal);
  const [first] = others;
  if (first !== undefined) {
    const count = `${others.length} of ${references.length} tags`;
    board.warn(undefined, `${count} are not of images, and left out, such as "${first.tag ?? ""}"`);
  }
  return references.filter((reference) => !others.includes(reference));
}

function summary(name: string, digest: string, same: boolean): string {
  const status = same ? "Image is up to date" : "Downloaded newer image";
  return `Digest: ${digest}\nStatus: ${status} for ${name}\n`;
}
