import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Account } from "./accounts.js";

/** What became of a program. */
export interface Result {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output, byte for byte. */
  readonly bytes: Buffer;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer | Readable;
}

/** The program under test. */
export const program = join(process.cwd(), "bin/tsbuild");

/** Starts a program as `account`, with an environment in which nothing of the tests' own is left. */
export function start(
  account: Account,
  argv: readonly string[],
  { cwd = "/", env = {} }: Omit<RunOptions, "input"> = {},
): ChildProcess & { readonly stdin: NonNullable<ChildProcess["stdin"]> } {
  const [command = "", ...args] = argv;
  const { uid, gid, home: HOME, name: USER } = account;
  const PATH = process.env["PATH"] ?? "/usr/bin:/bin";
  return spawn(command, args, { cwd, uid, gid, env: { PATH, HOME, USER, ...account.env, ...env } });
}

/** Runs a program as `account` to its end. */
export async function run(
  account: Account,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  const child = start(account, argv, options);
  const { input = "" } = options;
  const feeding = pipeline(
    input instanceof Readable ? input : Readable.from([input]),
    child.stdin,
  ).catch(() => undefined); // it need not read its input
  const result = await outcome(child);
  await feeding;
  return result;
}

/** Waits for the end of a started program. */
export async function outcome(child: ChildProcess): Promise<Result> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  const bytes = Buffer.concat(out);
  return {
    code: code ?? undefined,
    stdout: bytes.toString(),
    stderr: Buffer.concat(err).toString(),
    bytes,
  };
}
