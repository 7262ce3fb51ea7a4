import type { Board } from "../../builder/board.js";
import { formatReference, type Reference } from "../../oci/reference.js";
import type { PackedRoot } from "../../output/packed-image.js";
import { pushImage } from "../../output/push-image.js";
import { packStoredImage } from "../../output/stored-image.js";
import { asGzip } from "../../store/layer-bytes.js";
import type { PushCommand } from "../registry-commands.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";
import { allTags } from "./all-tags.js";
import { layerProgress } from "./layer-progress.js";

/** `tsbuild push NAME`: uploads what the registry lacks, and prints what each name points at now. */
export async function runPush(command: PushCommand, session: Session): Promise<number> {
  const { io, store } = session;
  const references = await allTags(command, ({ registry, repository }) => {
    const prefix = `${registry}/${repository}:`;
    const names = store.images.list().map(({ name = "" }) => name);
    return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  });
  const [{ registry, repository }] = references;
  if (!command.quiet) {
    io.out.write(`The push refers to repository [${registry}/${repository}]\n`);
  }
  const lines = await withProgress(command, io, async (board) => {
    const told: string[] = [];
    for (const reference of references) {
      const { root } = await push(reference, session, board);
      const name = formatReference(reference);
      const { digest, size } = root.descriptor;
      const label = reference.tag ?? digest;
      told.push(command.quiet ? `${name}\n` : `${label}: digest: ${digest} size: ${size}\n`);
    }
    return told;
  });
  io.out.write(lines.join(""));
  return 0;
}

async function push(
  reference: Reference,
  { io, store, registry }: Session,
  board: Board,
): Promise<PackedRoot> {
  const { signal } = io;
  const name = formatReference(reference);
  const record = store.images.get(name);
  const vertex = board.declare(`push ${name}`);
  const upload = async (): Promise<PackedRoot> => {
    const packed = await packStoredImage(store, record, { compression: asGzip, signal });
    const progress = layerProgress(board, vertex);
    const target = await registry();
    const options = { target, sources: store.blobSources, progress, signal };
    await pushImage(packed, reference, options);
    return packed;
  };
  return await board.during(vertex, upload, signal);
}
