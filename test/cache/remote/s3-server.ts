import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** An S3 server on a free loopback port, with one empty bucket "cache"; gone when disposed. */
export interface S3Server extends AsyncDisposable {
  readonly url: URL;
}

/** What it lets in; signatures are checked. */
export const s3Credentials = {
  accessKeyId: "S3RVER",
  secretAccessKey: "S3RVER",
  sessionToken: undefined,
};

/** Starts s3rver and waits until it listens. */
export async function startS3(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), "tsbuild-s3-"));
  const argv = ["--directory", directory, "--address", "127.0.0.1", "--port", "0"];
  const program = "node_modules/s3rver/bin/s3rver.js";
  const server = spawn(process.execPath, [program, ...argv, "--configure-bucket", "cache"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout });
  let port: string | undefined;
  for await (const line of lines) {
    port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  server.stdout.resume(); // it writes a line for each request
  if (port === undefined) throw new Error("s3rver did not start");
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      const exited = once(server, "exit");
      server.kill("SIGKILL");
      await exited;
      await rm(directory, { recursive: true });
    },
  };
}
