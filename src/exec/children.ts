import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";

/**
 * Waits for a child that may have ended already: its exit code, undefined after a signal. Rejects
 * when it could not be started.
 */
export async function exitOf(child: ChildProcess): Promise<number | undefined> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => {
        resolve();
      });
      child.once("error", reject);
    });
  }
  return child.exitCode ?? undefined;
}

/** Everything a stream says, as text. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The first thing a stream says, or nothing when it ends before. */
export async function firstByte(stream: Readable): Promise<string> {
  return await new Promise((resolve) => {
    stream.once("data", (chunk: Buffer) => {
      resolve(chunk.toString("latin1", 0, 1));
    });
    stream.once("close", () => {
      resolve("");
    });
  });
}
