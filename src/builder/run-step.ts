import { mkdtemp, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { StepLayer } from "../cache/remote-cache.js";
import { runKey, type RunFacts } from "../cache/run-key.js";
import { stepIdentities } from "../cache/step-identity.js";
import type { KeyWithComponents } from "../cache/key.js";
import { shownComponents } from "../cache/shown.js";
import { BuildError } from "../error.js";
import type { BindMount } from "../exec/sandbox-mount.js";
import type { ExitStatus } from "../exec/executor.js";
import { nameFileStandIns } from "../exec/name-files.js";
import type { RunStep } from "../plan/step.js";
import type { ActiveSnapshot } from "../snapshotter/snapshotter.js";
import type { StandIns } from "../snapshotter/stand-ins.js";
import type { LayerRecord, PublishedLayer } from "../store/layers.js";
import { ResourceStack } from "../store/resource-stack.js";
import type { Engine, SandboxDefaults } from "./engine.js";
import { holding } from "./holding.js";
import { mountContents, OpenMounts } from "./open-mounts.js";
import { recordStep } from "./record-step.js";
import { recordedLayer } from "./recorded-layer.js";
import type { Task } from "./step-task.js";
import { whyMissed } from "./why-missed.js";

/** BuildKit's. */
const DEFAULT_HOSTNAME = "buildkitsandbox";

/** `RUN`: the recorded layer of the same step over the same state, or a run in the sandbox. */
export async function runStep(task: Task<RunStep>, engine: Engine): Promise<StepLayer> {
  const { step, parent, signal } = task;
  const files = step.mounts.length === 0 ? [] : await mountContents(task, engine);
  const contents = files.map((one) => one?.content);
  const facts = runKey(step, {
    ...sandboxFacts(engine.sandbox),
    parent: parent.key,
    platform: task.place.platform,
    contents,
  });
  task.keyed(facts, contents);
  const hit = await recordedLayer(facts.key, task, engine);
  if (hit !== undefined) return hit;

  await using held = new ResourceStack();
  held.use(await engine.lock(`run ${facts.key}`, signal));
  const meanwhile = await recordedLayer(facts.key, task, engine); // another build may have made it
  if (meanwhile !== undefined) return meanwhile;

  task.getReady();
  await parent.chain(signal); // pulled before this step counts as running
  await using mounts = await OpenMounts.open(task, files, engine);
  using _place = await engine.jobs.take(signal);
  const components = shownComponents(step, facts.components, contents);
  const { key } = facts;
  const { layer, recorded } = await runAndRecord({ ...task, mounts }, { key, components }, engine);
  task.later(holding(held.move(), recorded));
  return layer;
}

/** What a step sees of what the user set for all of them. */
function sandboxFacts({
  hostname,
  extraHosts,
  ulimits,
  shmSize,
}: SandboxDefaults): Pick<RunFacts, "extraHosts" | "hostname" | "shmSize" | "ulimits"> {
  return {
    hostname,
    extraHosts: extraHosts.map(({ name }) => name),
    ulimits: ulimits.map(({ type, soft, hard }) => `${type}=${soft}:${hard}`).toSorted(),
    shmSize,
  };
}

/** A step that is going to run, with what its mounts are. */
interface RunTask extends Task<RunStep> {
  readonly mounts: OpenMounts;
  /** Told once it is on its way. */
  readonly started: () => void;
}

async function runAndRecord(
  task: Omit<RunTask, "started">,
  { key, components }: KeyWithComponents,
  engine: Engine,
): Promise<PublishedLayer> {
  const { step, vertex, parent } = task;
  const identities = stepIdentities(step, { scope: engine.scope, ...task.place });
  const tellMiss = once(() => {
    engine.board.miss(vertex, whyMissed(task, { components, identities }, engine));
  });
  const started = (): void => {
    task.later(Promise.resolve().then(tellMiss)); // what fails there must not fail in the executor
    if (!task.isFollowed) return;
    task.getReady();
    task.later(getSnapshotReady(engine));
  };
  const began = engine.now();
  const published = await execute({ ...task, started }, engine).finally(tellMiss);
  const { layer, isNew, persisted } = published;
  await getNextReady(task, layer, engine);
  if (isNew) engine.board.traffic({ written: layer.size });
  task.made.set(key, layer);
  const took = engine.now() - began;
  const bases = [parent.bottom];
  const facts = { key, components, identities, stepTitle: step.title, took, bases };
  engine.board.end(vertex, { kind: "done", took });
  const noted = persisted.then(() => recordStep(layer, facts, engine));
  return { ...published, recorded: noted.then(() => published.recorded) };
}

/** A RUN after this one is likely to run, too: its mount goes on beside what comes before it. */
async function getNextReady(
  { next, parent, signal }: Task,
  layer: LayerRecord,
  { snapshots }: Engine,
): Promise<void> {
  if (next?.kind !== "run") return;
  const chain = await parent.chain(signal);
  snapshots.getReady([...chain, layer.id], standInsOf(next));
}

/** Where a container can change none of them. */
function standInsOf({ security }: RunStep): StandIns | undefined {
  return security === "sandbox" ? nameFileStandIns : undefined;
}

/** Once the step is under way. */
async function getSnapshotReady({ snapshots }: Engine): Promise<void> {
  await setImmediate();
  snapshots.getReady();
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}

async function execute(task: RunTask, engine: Engine): Promise<PublishedLayer> {
  const { step, parent, signal } = task;
  const chain = await parent.chain(signal);
  await using active = await engine.snapshots.prepare(chain, standInsOf(step));
  const status = await runInSandbox(task, active, engine);
  if (status.code !== 0) {
    const foreign = await foreignProgram(task, engine);
    throw runFailed(step, status, { isFull: active.isFull(), foreign });
  }
  await using draft = await active.commit(signal);
  return await engine.layers.publish(draft, { origin: "built" }, signal);
}

async function runInSandbox(
  { step, mounts, vertex, started, signal }: RunTask,
  root: ActiveSnapshot,
  engine: Engine,
): Promise<ExitStatus> {
  const script = step.script && (await placeScript(step.script, engine.work));
  const executor = await engine.executor();
  return executor.run(
    {
      ...engine.sandbox,
      hostname: engine.sandbox.hostname ?? DEFAULT_HOSTNAME,
      root,
      argv: script === undefined ? step.argv : [script.target],
      env: [...step.env, ...step.proxyEnv],
      user: step.user,
      cwd: step.cwd,
      network: step.network,
      security: step.security,
      mounts: script === undefined ? mounts.mounts : [script, ...mounts.mounts],
      secretEnv: mounts.secretEnv,
      devices: step.devices.length === 0 ? undefined : await engine.devices(step.devices),
      stdio: (stream, chunk) => {
        engine.board.output(vertex, stream, chunk);
      },
      stdin: undefined,
      started,
      terminal: false,
    },
    signal,
  );
}

/** A heredoc with a "#!" line: an executable file that only the step sees (SEMANTICS.md P16). */
async function placeScript(
  { name, body }: NonNullable<RunStep["script"]>,
  work: string,
): Promise<BindMount> {
  const directory = await mkdtemp(join(work, "script-"));
  const source = join(directory, "script");
  await writeFile(source, body, { mode: 0o755 });
  return { kind: "bind", source, target: `/dev/pipes/${name}`, readonly: true };
}

/** What the program of a step that failed is for, where this machine cannot run that (M05). */
async function foreignProgram(
  { step, parent, signal }: RunTask,
  { snapshots }: Engine,
): Promise<string | undefined> {
  const { foreignArchitecture } = await import("../exec/foreign-program.js");
  return foreignArchitecture(await snapshots.view(await parent.chain(signal)), step);
}

/** What else is known of a step that failed. */
interface Circumstances {
  /** What it writes is kept in memory, and there was no more. */
  readonly isFull: boolean;
  /** The machine that its program is for, where this one is none. */
  readonly foreign: string | undefined;
}

/** In BuildKit's words, which people search for. */
function runFailed(
  { argv, at }: RunStep,
  { code, outOfMemory }: ExitStatus,
  { isFull, foreign }: Circumstances,
): BuildError {
  const command = `process ${JSON.stringify(argv.join(" "))}`;
  const how = `exit code: ${code}${outOfMemory ? ": cannot allocate memory" : ""}`;
  const why =
    foreign === undefined ? "" : `: its program is for ${foreign}, as this machine is not`;
  const message = `Cannot run the step: ${command} did not complete successfully: ${how}${why}`;
  const hint = outOfMemory
    ? "a process was killed because it reached the memory limit"
    : isFull
      ? "what it writes is kept in memory, and no room is left: raise or unset TSBUILD_RUN_TMPFS"
      : foreign === undefined
        ? hintOf(code)
        : "an emulator runs it: sudo apt-get install qemu-user-static; or compile in a stage FROM --platform=$BUILDPLATFORM";
  return new BuildError("RUN_FAILED", message, { at, hint });
}

/** A command may exit with any code, so that a signal is only likely. */
function hintOf(code: number): string | undefined {
  const [name] =
    Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? [];
  return name && `${code} is 128 + ${code - 128}: what is left of a process that ${name} ended`;
}
