import type { Board } from "../../builder/board.js";
import { parsePlatform } from "../../oci/platform.js";
import { formatReference, parseReference } from "../../oci/reference.js";
import type { ResolvedImage } from "../../oci/resolved-image.js";
import type { PullCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";

/** `tsbuild pull NAME`: brings an image into the store, and says whether it was new. */
export async function runPull(command: PullCommand, session: Session): Promise<number> {
  const { io, store } = session;
  const name = formatReference(parseReference(command.name));
  const before = store.images.find(name);
  const { root, config } = await withProgress(command, io, async (board) => {
    const vertex = board.declare(`pull ${name}`);
    const fetch = () => fetchImage(command, session, { board, vertex });
    return await board.during(vertex, fetch, io.signal);
  });
  const same = before?.id === config.descriptor.digest;
  io.out.write(command.quiet ? `${name}\n` : summary(name, root.descriptor.digest, same));
  return 0;
}

async function fetchImage(
  command: PullCommand,
  { io, store, registry, platform: host }: Session,
  { board, vertex }: { readonly board: Board; readonly vertex: number },
): Promise<ResolvedImage> {
  const platform = command.platform ? parsePlatform(command.platform, host) : host;
  const finder = new ImageFinder({ store, registry, pull: true });
  const image = await finder.remote(command.name, platform, io.signal);
  await image.layers(board.progress.bind(board, vertex), io.signal);
  return image.resolved;
}

function summary(name: string, digest: string, same: boolean): string {
  const status = same ? "Image is up to date" : "Downloaded newer image";
  return `Digest: ${digest}\nStatus: ${status} for ${name}\n`;
}
