import { parseReference, formatReference } from "../../oci/reference.js";
import type { PackedRoot } from "../../output/packed-image.js";
import { pushImage } from "../../output/push-image.js";
import { packStoredImage } from "../../output/stored-image.js";
import { asGzip } from "../../store/layer-bytes.js";
import type { PushCommand } from "../command.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";
import { layerProgress } from "./layer-progress.js";

/** `tsbuild push NAME`: uploads what the registry lacks, and prints what the name points at now. */
export async function runPush(command: PushCommand, session: Session): Promise<number> {
  const { io, store } = session;
  const { signal } = io;
  const reference = parseReference(command.name);
  const record = store.images.get(command.name);
  const { root } = await withProgress(command, io, async (board) => {
    const vertex = board.declare(`push ${formatReference(reference)}`);
    const upload = async (): Promise<PackedRoot> => {
      const packed = await packStoredImage(store, record, { compression: asGzip, signal });
      const progress = layerProgress(board, vertex);
      const target = await session.registry();
      const options = { target, sources: store.blobSources, progress, signal };
      await pushImage(packed, reference, options);
      return packed;
    };
    return await board.during(vertex, upload, signal);
  });
  const { digest, size } = root.descriptor;
  const tag = reference.tag ?? "latest";
  io.out.write(command.quiet ? `${digest}\n` : `${tag}: digest: ${digest} size: ${size}\n`);
  return 0;
}
