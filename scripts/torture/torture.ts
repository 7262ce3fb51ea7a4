import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { outcome } from "../../test/e2e/support/run.js";
import type { Chance } from "./chance.js";
import type { Machine } from "./machine.js";
import { assertOutputs, exactly, outputsTo, readOutputs, type Outputs } from "./outputs.js";
import type { Project } from "./projects.js";
import { chooseBuild, chooseChore, type Build, type Scene, type Work } from "./works.js";

/** Builds at once in a round. */
const BUILDS = 6;

/** Milliseconds within which a command of a round is killed: most are done by then. */
const LATEST = 3000;

/** Milliseconds. */
const BETWEEN_CHANGES = 5;

/** Rounds of commands that are killed, and what holds after each. */
export class Torture {
  readonly #scene: Scene;
  readonly #chance: Chance;
  readonly #expected: ReadonlyMap<Project, Outputs>;

  private constructor(scene: Scene, chance: Chance, expected: ReadonlyMap<Project, Outputs>) {
    this.#scene = scene;
    this.#chance = chance;
    this.#expected = expected;
  }

  /** Builds all undisturbed, on a machine of its own. */
  static async prepare(
    scene: Scene,
    { oracle, chance }: { readonly oracle: Machine; readonly chance: Chance },
  ): Promise<Torture> {
    const expected = new Map<Project, Outputs>();
    for (const state of scene.changing.states) {
      scene.changing.settle(state);
      expected.set(state, await buildAll(oracle, state));
    }
    for (const project of scene.projects) {
      const image = `${scene.registry}/${project.name}`;
      await oracle.ok([...exactly(oracle.output()), "-t", image, "--push", project.context]);
      expected.set(project, await buildAll(oracle, project));
    }
    return new Torture(scene, chance, expected);
  }

  /** Tells what was done. */
  async round(): Promise<string> {
    const builds = Array.from({ length: BUILDS }, () => chooseBuild(this.#scene, this.#chance));
    const works = [...builds, chooseChore(this.#scene, this.#chance)];
    const { here, far } = this.#scene;
    const machine = this.#chance.of([here, far]);
    const disturbed = works.map((work) => this.#disturb(work));
    const ends = await settled([...disturbed, this.#change(machine)]);
    for (const machine of [here, far]) await machine.assertNothingLeft();
    for (const machine of [here, far]) {
      const those = builds.filter((build) => build.machine === machine);
      for (const project of new Set(those.map((build) => build.project))) {
        await this.#check(machine, project);
      }
    }
    await this.#settle(machine);
    return ends.join(" ");
  }

  /** Fails when something stays that nobody can remove. */
  async end(): Promise<void> {
    const { here, far, cache, projects } = this.#scene;
    for (const machine of [here, far]) await machine.assertEmptied();
    for (const { context } of projects) {
      await here.ok(["--cache-to", `type=local,dest=${cache},mode=max`, context]);
    }
    const left = readdirSync(cache).filter((name) => name.startsWith("."));
    if (left.length > 0) throw new Error(`${cache} has ${left.join(" ")}`);
  }

  /** Runs it, and kills it perhaps; one that was not killed must succeed, and whatever it wrote be right. */
  async #disturb(work: Build | Work): Promise<string> {
    const { machine, argv, excuse } = work;
    const signal = this.#chance.of<NodeJS.Signals | "none">([
      "SIGKILL",
      "SIGKILL",
      "SIGTERM",
      "none",
    ]);
    const moment = this.#chance.next() * LATEST;
    const child = machine.start(argv);
    const timer = setTimeout(() => signal === "none" || child.kill(signal), moment);
    const { code, stderr } = await outcome(child);
    clearTimeout(timer);
    const end = code === 0 ? "done" : child.killed ? signal : "excused";
    if (end === "excused" && excuse?.test(stderr) !== true) {
      throw new Error(`tsbuild ${argv.join(" ")}: exit code ${code ?? "none"}\n${stderr}`);
    }
    if ("project" in work) await this.#assertOutputs(work);
    return end;
  }

  /** Builds a context that changes meanwhile. */
  async #change(machine: Machine): Promise<string> {
    const { changing } = this.#scene;
    const timer = setInterval(() => {
      changing.change(this.#chance);
    }, BETWEEN_CHANGES);
    try {
      const [state] = changing.states;
      const argv = ["-o", "type=cacheonly", state?.context ?? ""];
      return await this.#disturb({ machine, argv, excuse: /Cannot (?:copy|read) / });
    } finally {
      clearInterval(timer);
    }
  }

  /** What was seen of its changes must not be taken for what it is now. */
  async #settle(machine: Machine): Promise<void> {
    const { changing } = this.#scene;
    const state = this.#chance.of(changing.states);
    changing.settle(state);
    await this.#check(machine, state);
  }

  async #check(machine: Machine, project: Project): Promise<void> {
    const output = machine.output();
    await machine.ok([...exactly(output), ...outputsTo(output, "docker"), project.context]);
    await this.#assertOutputs({ project, output });
  }

  async #assertOutputs({ project, output }: Pick<Build, "output" | "project">): Promise<void> {
    await assertOutputs(output, this.#expected.get(project) ?? new Map());
    await rm(output, { recursive: true });
  }
}

async function buildAll(machine: Machine, project: Project): Promise<Outputs> {
  const output = machine.output();
  const archives = outputsTo(output, "tar", "oci", "docker");
  await machine.ok([...exactly(output), ...archives, project.context]);
  return await readOutputs(output);
}

/** Waits for all, also where one fails: nothing goes on behind the report of that. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
