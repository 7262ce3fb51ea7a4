import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Case } from "./case.js";
import type { Outcome, Warning } from "./outcome.js";
import { readImage } from "./read-image.js";

/** A case that lies in a directory, and where its image may go. */
export interface Job {
  readonly item: Case;
  readonly directory: string;
  readonly archive: string;
}

/** How a builder is called: the command and what comes before the case's own flags. */
export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** What a build printed. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** True for a case that asks about the Dockerfile instead of building it. */
export function asks({ args }: Case): boolean {
  return args.some((word) => /^--(call|check|print)\b/.test(word));
}

/** Runs a builder that knows buildx's flags, and reads what became of it. */
export async function runBuildx(invocation: Invocation, job: Job): Promise<Outcome> {
  const { item, archive } = job;
  const output = asks(item) ? [] : ["--progress=rawjson", "-o", `type=oci,dest=${archive}`];
  const printed = await runBuilder({ ...invocation, argv: [...invocation.argv, ...output] }, job);
  if (asks(item)) return { kind: "text", code: printed.code, text: printed.stdout };
  if (printed.code !== 0) return { kind: "failed", message: errorOf(printed.stderr) };
  return { kind: "image", image: await readImage(archive), warnings: warningsOf(printed.stderr) };
}

/** Runs a builder with a case's flags, environment and standard input. */
export async function runBuilder(
  { argv, env, uid, gid }: Invocation,
  { item, directory }: Job,
): Promise<Printed> {
  const [program, ...args] = [...argv, ...item.args, item.context];
  const child = spawn(program, args, {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env, ...item.env },
    ...(uid === undefined ? {} : { uid, gid }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.on("error", () => undefined).end(item.stdin); // it need not read it
  const [code] = (await once(child, "close")) as [number | null];
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
  return { code: code ?? -1, stdout: text(out), stderr: text(err) };
}

/** All that is not progress: the message, the excerpt, the hint. */
function errorOf(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => !line.startsWith("{") && line !== "");
  const last = lines.findLast((line) => line.startsWith(buildxError));
  return last === undefined ? lines.join("\n") : shortened(last);
}

const buildxError = "ERROR: failed to build: failed to solve: ";

/** Without what wraps each message of BuildKit, and without names that no two builds share. */
function shortened(message: string): string {
  return message
    .slice(buildxError.length)
    .replace(/^failed to compute cache key: /, "")
    .replace(/failed to calculate checksum of ref \S+ /, "")
    .replace(/\/\S+\/buildkit\d+(?=\/)/, "");
}

interface Status {
  readonly warnings?: readonly {
    readonly short: string;
    readonly range?: readonly { readonly start: { readonly line: number } }[];
  }[];
}

function warningsOf(stderr: string): readonly Warning[] {
  const statuses = stderr.split("\n").flatMap((line) => {
    return line.startsWith("{") ? [JSON.parse(line) as Status] : [];
  });
  const found = statuses.flatMap((status) =>
    (status.warnings ?? []).map(({ short, range }) => ({
      line: range?.[0]?.start.line ?? 0,
      rule: Buffer.from(short, "base64").toString().replace(/:.*/s, ""),
    })),
  );
  return found
    .filter(({ line }) => line > 0)
    .sort((a, b) => a.line - b.line || (a.rule < b.rule ? -1 : 1));
}
