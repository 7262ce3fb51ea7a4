import { Board } from "../../builder/board.js";
import { parseReference, formatReference } from "../../oci/reference.js";
import { pushImage } from "../../output/push-image.js";
import { packStoredImage } from "../../output/stored-image.js";
import type { PushCommand } from "../command.js";
import { openProgress } from "../progress.js";
import type { Session } from "../session.js";
import { layerProgress } from "./layer-progress.js";

/** `tsbuild push NAME`: uploads what the registry lacks, and prints what the name points at now. */
export async function runPush(command: PushCommand, session: Session): Promise<number> {
  const { io, store } = session;
  const { signal } = io;
  const reference = parseReference(command.name);
  const record = store.images.get(command.name);
  const renderer = openProgress(command, io);
  const board = new Board(renderer.emit);
  try {
    const vertex = board.declare(`push ${formatReference(reference)}`);
    const image = await board.during(vertex, async () => {
      const packed = await packStoredImage(store, record, { compression: "gzip", signal });
      const progress = layerProgress(board, vertex);
      await pushImage(packed, reference, { target: await session.registry(), progress, signal });
      return packed;
    });
    renderer.finish();
    const { digest, size } = image.manifest.descriptor;
    io.out.write(
      command.quiet
        ? `${digest}\n`
        : `${reference.tag ?? "latest"}: digest: ${digest} size: ${size}\n`,
    );
    return 0;
  } finally {
    board.close();
    renderer.finish();
  }
}
