import { join } from "node:path";
import type { Chance } from "./chance.js";
import type { ChangingContext } from "./changing-context.js";
import type { Machine } from "./machine.js";
import { exactly, outputsTo } from "./outputs.js";
import type { Project } from "./projects.js";

/** The two machines, and where they meet. */
export interface Scene {
  readonly here: Machine;
  readonly far: Machine;
  readonly registry: string;
  /** A cache of `type=local`. */
  readonly cache: string;
  readonly projects: readonly Project[];
  readonly changing: ChangingContext;
}

/** One command that may be killed. */
export interface Work {
  readonly machine: Machine;
  readonly argv: readonly string[];
  /** What it may say when it fails although nobody killed it, because others removed what it needs. */
  readonly excuse?: RegExp;
}

/** A build, and where it writes its outputs. */
export interface Build extends Work {
  readonly project: Project;
  readonly output: string;
}

/** One of the builds that there can be. */
export function chooseBuild(scene: Scene, chance: Chance): Build {
  const { registry, cache, projects } = scene;
  const project = chance.of(projects);
  const machine = chance.next() < 0.7 ? scene.here : scene.far;
  const output = machine.output();
  const image = `${registry}/${project.name}`;
  const far = `type=registry,ref=${registry}/cache:${project.name}`;
  const flags = chance.of<readonly string[]>([
    ["-t", image],
    ["-t", image, "--no-cache"],
    outputsTo(output, "tar", "oci", "docker"),
    outputsTo(output, "tar", "docker"),
    ["-t", image, "--push"],
    ["--cache-to", `${far},mode=max,mounts=all`],
    ["--cache-to", `type=local,dest=${cache},mode=max,mounts=all`],
    ["--cache-from", far],
    ["--cache-from", `type=local,src=${cache}`],
  ]);
  return { machine, project, output, argv: [...exactly(output), ...flags, project.context] };
}

/** One of the other commands. */
export function chooseChore(scene: Scene, chance: Chance): Work {
  const { registry, here, far, projects } = scene;
  const machine = chance.of([here, far]);
  const image = `${registry}/${chance.of(projects).name}`;
  const prune = ["prune", "--force"];
  const argv = chance.of<readonly string[]>([
    prune,
    [...prune, "--all"],
    [...prune, "--max-used-space=20MB"],
    [...prune, "--filter=type=exec.cachemount"],
    ["pull", image],
    ["push", image],
    ["save", "-o", join(machine.output(), "saved"), image],
  ]);
  return { machine, argv, excuse: /Cannot find image/ };
}
