import type { Cmd, Command, Entrypoint, Flag, Heredoc, Run } from "../parser/instruction.js";
import { addHistory, addStep, titleOf, type Draft } from "./draft.js";
import { goQuotedList } from "./go-format.js";
import { inMountingOrder, readMounts } from "./apply-mounts.js";
import { refuseNul } from "./nul.js";
import { joinWorkdir } from "./paths.js";
import type { ImageRequest } from "./plan.js";
import { proxyEnv } from "./predefined-args.js";
import { readDevices } from "./run-device.js";
import type { RunMount } from "./run-mount.js";
import { MASK } from "./secret-name.js";
import type { RunStep, RunText } from "./step.js";

/** CMD (I08). */
export function applyCmd(draft: Draft, { command }: Cmd): void {
  const Cmd = argvOf(draft, command);
  const { Cmd: _, ...config } = draft.config;
  draft.config = { ...config, ...unlessEmpty({ Cmd }), ArgsEscaped: true };
  addHistory(draft, `CMD ${goQuotedList(Cmd)}`);
}

/** ENTRYPOINT: drops a CMD that came from outside this stage (I09). */
export function applyEntrypoint(draft: Draft, { command }: Entrypoint): void {
  const Entrypoint = argvOf(draft, command);
  const { Cmd, Entrypoint: _, ...config } = draft.config;
  const kept = draft.given.has("cmd") && Cmd !== undefined ? { Cmd } : {};
  draft.config = { ...config, ...kept, ...unlessEmpty({ Entrypoint }) };
  addHistory(draft, `ENTRYPOINT ${goQuotedList(Entrypoint)}`);
}

/** An empty command is written as none, which means the same. */
function unlessEmpty<T extends Readonly<Record<string, readonly string[]>>>(entry: T): Partial<T> {
  return Object.values(entry).some((argv) => argv.length > 0) ? entry : {};
}

function argvOf(draft: Draft, command: Command): readonly string[] {
  return command.form === "exec" ? command.argv : withShell(draft, command.text);
}

function withShell(draft: Draft, text: string): readonly string[] {
  return [...shellOf(draft), text];
}

function shellOf({ config: { Shell } }: Draft): readonly string[] {
  return Shell === undefined || Shell.length === 0 ? ["/bin/sh", "-c"] : Shell;
}

/** RUN: in exec form, through SHELL, or as a heredoc in one of three shapes (P16). */
export function applyRun(draft: Draft, run: Run, images: ImageRequest[]): void {
  const { options } = draft.setting;
  const script = scriptOf(run);
  const mounts = readMounts(draft, run, images);
  const logged = script === undefined ? runArgv(draft, run) : withShell(draft, scriptPath(script));
  const step: RunStep = {
    kind: "run",
    at: run.at,
    title: runTitle(draft, run, mounts),
    argv: script === undefined ? logged : [scriptPath(script)],
    env: withAgent(runEnv(draft), mounts),
    proxyEnv: proxyEnv(options, draft.env),
    user: draft.config.User ?? "",
    cwd: joinWorkdir("", draft.config.WorkingDir ?? ""),
    ...readFlags(run.flags, options.network),
    mounts: inMountingOrder(mounts),
    devices: readDevices(run.flags, options.deviceAliases),
    script: script && { name: script.name, body: script.body },
    written: writtenAs(draft, run),
  };
  for (const text of [...step.argv, ...step.env, ...step.proxyEnv, step.user]) refuseNul(text);
  addStep(draft, step, `RUN ${[...argsForHistory(draft), ...logged].join(" ")} # buildkit`);
}

function writtenAs(draft: Draft, { command, heredocs }: Run): RunText {
  const { args, variables } = draft;
  return {
    shell: command.form === "exec" ? [] : shellOf(draft),
    line: command.form === "exec" ? command.argv.join(" ") : command.text,
    heredocs: heredocs.map(({ name, body }) => ({ name, body })),
    args: [...args.keys()].filter((name) => !variables.has(name)),
  };
}

/** Shape 2: a heredoc that names its own interpreter. */
function scriptOf({ script, heredocs: [heredoc] }: Run): Heredoc | undefined {
  return script && heredoc?.body.startsWith("#!") ? heredoc : undefined;
}

function scriptPath({ name }: Heredoc): string {
  return `/dev/pipes/${name}`;
}

function runArgv(draft: Draft, { command, heredocs, script }: Run): readonly string[] {
  if (command.form === "exec") return command.argv;
  if (script) return withShell(draft, heredocs[0]?.body ?? "");
  const bodies = heredocs.map(({ raw }) => raw.replace(/\r?\n$/, ""));
  return withShell(draft, [command.text, ...bodies].join("\n"));
}

function runTitle(draft: Draft, run: Run, mounts: readonly RunMount[]): string {
  const secret = mounts.flatMap((mount) => (mount.kind === "secret" ? (mount.env ?? []) : []));
  const env = new Map([...draft.env, ...secret.map((name) => [name, MASK] as const)]);
  const title = titleOf({ ...draft, env }, run);
  if (!run.script) return title;
  const [first = "", ...more] = (run.heredocs[0]?.body ?? "").trim().split(/\r?\n/);
  return `${title} (${first}${more.length > 0 ? "..." : ""})`;
}

/** The image's ENV in its order, then ARGs; of ENV and ARG of one name the later one (S11, S13). */
function runEnv({ variables, env }: Draft): readonly string[] {
  const names = new Set([...variables.names, ...env.keys()]);
  return [...names].flatMap((name) => {
    const value = env.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

/** ssh finds the first agent, unless the step was told of another one. */
function withAgent(env: readonly string[], mounts: readonly RunMount[]): readonly string[] {
  const agent = mounts.find(({ kind }) => kind === "ssh");
  const told = agent === undefined || env.some((entry) => entry.startsWith("SSH_AUTH_SOCK="));
  return told ? env : [...env, `SSH_AUTH_SOCK=${agent.target ?? ""}`];
}

function argsForHistory({ args, env }: Draft): readonly string[] {
  if (args.size === 0) return [];
  const listed = [...args].map(([name, value]) => `${name}=${env.get(name) ?? value ?? ""}`);
  return [`|${args.size}`, ...listed];
}

/** The networks besides `default`, which is that of the build. */
const networks = ["none", "host"] as const;
const securities = ["sandbox", "insecure"] as const;

function readFlags(
  flags: readonly Flag[],
  network: RunStep["network"],
): Pick<RunStep, "network" | "security"> {
  return {
    network: choice(flags, "network", networks) ?? network,
    security: choice(flags, "security", securities) ?? "sandbox",
  };
}

/** The parser has seen to it that the value is one of these. */
function choice<T extends string>(
  flags: readonly Flag[],
  name: string,
  values: readonly T[],
): T | undefined {
  const flag = flags.find((other) => other.name === name);
  return values.find((value) => value === flag?.value);
}
