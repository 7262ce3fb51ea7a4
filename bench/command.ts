import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program with its arguments, and what it finds in its environment beside ours. */
export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How long a command took, and its output. */
export interface Finished {
  readonly seconds: number;
  readonly output: string;
}

/** Runs a command that must succeed; `started` learns its process id. */
export async function runCommand(
  { argv, env = {} }: Command,
  started: (pid: number) => void = () => undefined,
): Promise<Finished> {
  const [program = "", ...args] = argv;
  const start = process.hrtime.bigint();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  if (child.pid !== undefined) started(child.pid);
  const [code] = (await once(child, "close")) as [number | null];
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Error(`Cannot run ${argv.join(" ")}: exit code ${code}\n${text}`);
  return { seconds, output: text };
}

/** The second after the first, when that succeeded. */
export function inTurn(first: Command, second: Command): Command {
  const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const script = [first, second].map(({ argv }) => argv.map(quote).join(" ")).join(" && ");
  return { argv: ["sh", "-c", script], env: { ...first.env, ...second.env } };
}
