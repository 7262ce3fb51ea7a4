import { assert } from "chai";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "./accounts.js";
import { program, run, type RunOptions } from "./run.js";

/** The OCI layout that fixtures/base-images/make.sh made. */
export const baseLayout = join(process.cwd(), ".cache/base-images");

/** Puts busybox into the store `root`. */
export async function loadBusybox(account: Account, root: string): Promise<void> {
  await load(account, root, busyboxArchive());
}

/** Puts debian:bookworm into the store `root`. */
export async function loadDebian(account: Account, root: string): Promise<void> {
  const tar = spawn("tar", ["-C", baseLayout, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  await load(account, root, tar.stdout);
  const env = { TSBUILD_ROOT: root };
  const { code, stderr } = await run(account, [program, "tag", "debian", "debian:bookworm"], {
    env,
  });
  assert.strictEqual(code, 0, stderr);
}

async function load(
  account: Account,
  root: string,
  input: NonNullable<RunOptions["input"]>,
): Promise<void> {
  const env = { TSBUILD_ROOT: root };
  const { code, stderr } = await run(account, [program, "load", "-q"], { env, input });
  assert.strictEqual(code, 0, stderr);
}

let busybox: Buffer | undefined;

/** By itself, because stores that a suite has for itself need nothing else, and debian is large. */
function busyboxArchive(): Buffer {
  if (busybox !== undefined) return busybox;
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-busybox-"));
  const archive = join(directory, "busybox.tar");
  const argv = [
    "copy",
    "-q",
    `oci:${baseLayout}:busybox`,
    `docker-archive:${archive}:busybox:latest`,
  ];
  execFileSync("skopeo", ["--insecure-policy", ...argv]);
  busybox = readFileSync(archive);
  rmSync(directory, { recursive: true });
  return busybox;
}
