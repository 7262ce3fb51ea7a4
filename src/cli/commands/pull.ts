import { Board } from "../../builder/board.js";
import { parsePlatform } from "../../oci/platform.js";
import { formatReference, parseReference } from "../../oci/reference.js";
import type { PullCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import { openProgress } from "../progress.js";
import type { Session } from "../session.js";

/** `tsbuild pull NAME`: brings an image into the store, and says whether it was new. */
export async function runPull(command: PullCommand, session: Session): Promise<number> {
  const { io, store } = session;
  const renderer = openProgress(command, io);
  const board = new Board(renderer.emit);
  const name = formatReference(parseReference(command.name));
  const platform = command.platform
    ? parsePlatform(command.platform, session.platform)
    : session.platform;
  const before = store.images.find(name);
  try {
    const vertex = board.declare(`pull ${name}`);
    const image = await board.during(vertex, async () => {
      const finder = new ImageFinder({ store, registry: session.registry, pull: true });
      const found = await finder.remote(command.name, platform, io.signal);
      const progress = board.progress.bind(board, vertex);
      await found.layers(progress, io.signal);
      return found.resolved;
    });
    renderer.finish();
    io.out.write(
      summary(
        name,
        image.root.descriptor.digest,
        before?.id === image.config.descriptor.digest,
        command.quiet,
      ),
    );
    return 0;
  } finally {
    board.close();
    renderer.finish();
  }
}

function summary(name: string, digest: string, same: boolean, quiet: boolean): string {
  if (quiet) return `${name}\n`;
  const status = same ? "Image is up to date" : "Downloaded newer image";
  return `Digest: ${digest}\nStatus: ${status} for ${name}\n`;
}
