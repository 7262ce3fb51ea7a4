import type { Board } from "../../builder/board.js";
import { parsePlatform } from "../../oci/platform.js";
import { formatReference, type Reference } from "../../oci/reference.js";
import type { ResolvedImage } from "../../oci/resolved-image.js";
import type { PullCommand } from "../registry-commands.js";
import { ImageFinder } from "../image-finder.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";
import { allTags } from "./all-tags.js";

/** `tsbuild pull NAME`: brings an image, or all of a repository, into the store, and says what was new. */
export async function runPull(command: PullCommand, session: Session): Promise<number> {
  const { io, store, registry } = session;
  const references = await allTags(command, async (repository) =>
    (await registry()).tags(repository, io.signal),
  );
  const lines = await withProgress(command, io, async (board) => {
    const told: string[] = [];
    for (const reference of references) {
      const name = formatReference(reference);
      const before = store.images.find(name);
      const vertex = board.declare(`pull ${name}`);
      const fetch = () => fetchImage({ command, reference, session, board, vertex });
      const { root, config } = await board.during(vertex, fetch, io.signal);
      const same = before?.id === config.descriptor.digest;
      told.push(command.quiet ? `${name}\n` : summary(name, root.descriptor.digest, same));
    }
    return told;
  });
  io.out.write(lines.join(""));
  return 0;
}

interface Pull {
  readonly command: PullCommand;
  readonly reference: Reference;
  readonly session: Session;
  readonly board: Board;
  readonly vertex: number;
}

async function fetchImage({
  command,
  reference,
  session: { io, store, registry, platform: host },
  board,
  vertex,
}: Pull): Promise<ResolvedImage> {
  const platform = command.platform ? parsePlatform(command.platform, host) : host;
  const warn = board.warn.bind(board, undefined);
  const finder = new ImageFinder({ store, registry, pull: true, warn });
  const image = await finder.remote(formatReference(reference), platform, io.signal);
  await image.layers(board.progress.bind(board, vertex), io.signal);
  return image.resolved;
}

function summary(name: string, digest: string, same: boolean): string {
  const status = same ? "Image is up to date" : "Downloaded newer image";
  return `Digest: ${digest}\nStatus: ${status} for ${name}\n`;
}
