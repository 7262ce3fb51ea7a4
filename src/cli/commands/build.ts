import { mkdtemp } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { Board } from "../../builder/board.js";
import { build, type BuiltImage } from "../../builder/build.js";
import type { Engine } from "../../builder/engine.js";
import { Jobs } from "../../builder/jobs.js";
import { StepRecords } from "../../cache/records.js";
import { StoredFacts } from "../../cache/rootfs-facts.js";
import type { Executor } from "../../exec/executor.js";
import { parseDockerfile } from "../../parser/parse-dockerfile.js";
import type { Plan, PlannedStage } from "../../plan/plan.js";
import { ContextSet } from "../build/contexts.js";
import { checkEntitlements } from "../build/entitlements.js";
import { readInput, type BuildInput } from "../build/input.js";
import { exportAll, type BuildSummary } from "../build/outputs.js";
import { planOptions, resolvePlan } from "../build/plan.js";
import { prepareResults, writeResults } from "../build/results.js";
import type { BuildCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { openSession, type Session } from "../session.js";

/** `tsbuild build`: from the Dockerfile to every output that was asked for. */
export async function runBuild(command: BuildCommand, io: Io): Promise<number> {
  await prepareResults(command, io);
  const summary = await withProgress(command, io, async (board) => {
    const input = await readInput(command, io);
    await using session = await openSession(io);
    const built = await buildTarget({ command, input, session, board });
    const outputs = command.outputs.length > 0 ? command.outputs : [defaultOutput];
    return await exportAll(outputs, { session, board, built, tags: command.tags });
  });
  await writeResults(command, summary, io);
  if (command.quiet) printId(summary, io);
  return 0;
}

const defaultOutput = { type: "image", push: false, names: [] } as const;

function printId({ config }: BuildSummary, io: Io): void {
  if (config !== undefined) io.out.write(`${config.digest}\n`);
}

interface Building {
  readonly command: BuildCommand;
  readonly input: BuildInput;
  readonly session: Session;
  readonly board: Board;
}

async function buildTarget({ command, input, session, board }: Building): Promise<BuiltImage> {
  const { io, store } = session;
  const dockerfile = parseDockerfile(input.source);
  const images = new ImageFinder({ store, registry: session.registry, pull: command.pull });
  const options = planOptions(command, io);
  const resolved = await resolvePlan(dockerfile, options, { images, board, signal: io.signal });
  const { plan } = resolved;
  checkEntitlements(plan, command);
  warn(plan, board);
  const contexts = await openContexts({ command, input, session, board });
  await using sandboxes = new Sandboxes(session, board);
  const engine: Engine = {
    snapshots: store.snapshotter,
    layers: store.layers,
    cache: new StepRecords(store),
    facts: new StoredFacts(store),
    lock: (name, signal) => store.locks.lock(name, signal),
    executor: () => sandboxes.open(),
    contexts,
    sandbox: {
      hostname: options.buildArgs.get("BUILDKIT_SANDBOX_HOSTNAME") ?? "buildkitsandbox",
      shmSize: command.shmSize ?? DEFAULT_SHM,
      extraHosts: command.addHosts,
      ulimits: command.ulimits,
    },
    work: store.work,
    scope: input.dockerfile ?? "-",
    now: Date.now,
    jobs: new Jobs(command.jobs ?? availableParallelism()),
    board,
  };
  const fresh = freshStages(command);
  const built = await build({ ...resolved, fresh }, engine, io.signal);
  await contexts.save();
  return built;
}

/** Docker's size of /dev/shm, in bytes. */
const DEFAULT_SHM = 64 * 1024 * 1024;

function warn({ warnings, unusedArgs }: Plan, board: Board): void {
  for (const { rule, message, at } of warnings) board.warn(rule, message, at);
  if (unusedArgs.length === 0) return;
  board.warn(undefined, `One or more build-args were not consumed: ${unusedArgs.join(", ")}`);
}

/** --no-cache is all stages, --no-cache-filter those named. */
function freshStages({ noCache, noCacheFilter }: BuildCommand): (stage: PlannedStage) => boolean {
  const named = new Set(noCacheFilter.map((name) => name.toLowerCase()));
  return (stage) => noCache || named.has(stage.name);
}

async function openContexts({ command, input, session }: Building): Promise<ContextSet> {
  const { io, store } = session;
  const root = input.context ?? (await mkdtemp(join(store.work, "empty-context-")));
  const named = new Map<string, string>();
  for (const [name, value] of command.buildContexts) named.set(name, resolve(io.cwd, value));
  const indexes = join(store.paths.root, "index");
  return new ContextSet({ root, dockerfile: input.dockerfile }, named, indexes);
}

/** The executor of a build, opened when the first step misses. */
class Sandboxes implements AsyncDisposable {
  readonly #session: Session;
  readonly #board: Board;
  #executor: Promise<Executor> | undefined;

  constructor(session: Session, board: Board) {
    this.#session = session;
    this.#board = board;
  }

  open(): Promise<Executor> {
    return (this.#executor ??= this.#open());
  }

  async #open(): Promise<Executor> {
    const { io, namespace, store } = this.#session;
    const { openExecutor } = await import("../../exec/oci-executor.js");
    return await openExecutor({
      work: store.work,
      userNamespace: namespace.user,
      runtime: io.env["TSBUILD_RUNTIME"],
      searchPath: io.env["PATH"],
      warn: (message) => {
        this.#board.warn(undefined, message);
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#executor)?.[Symbol.asyncDispose]();
  }
}
