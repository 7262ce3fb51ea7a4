import { rm } from "node:fs/promises";
import type { Carrier } from "./builder.js";
import { runCommand } from "./command.js";
import { peakMemory } from "./memory.js";
import type { Place, Scene, Workload } from "./workload.js";

/** What one builder needed for one workload. */
export interface Measured {
  readonly builder: string;
  /** Of each turn, the warm-up left out. */
  readonly seconds: readonly number[];
  /** Bytes; only of the builder that is weighed. */
  readonly peakMemory: number | undefined;
}

/** How a workload is measured. */
export interface TurnOptions {
  readonly place: Place;
  readonly turns: number;
  /** Whose memory is measured, in a turn of its own: looking costs time. */
  readonly weighed: Carrier;
  /** Hears what is being done. */
  readonly tell: (text: string) => void;
}

/** Runs a workload with each builder in turn, A B C A B C …, so that a slow minute hits all. */
export async function takeTurns<C extends Carrier>(
  workload: Workload<C>,
  builders: readonly C[],
  { place, turns, weighed, tell }: TurnOptions,
  signal: AbortSignal,
): Promise<readonly Measured[]> {
  const scene = await workload.open(place);
  const seconds = new Map(builders.map(({ name }) => [name, new Array<number>()]));
  for (let turn = 0; turn <= turns; turn++) {
    tell(`${workload.name}: ${turn === 0 ? "warm-up" : `turn ${turn} of ${turns}`}`);
    await scene.newTurn(turn);
    for (const builder of builders) {
      signal.throwIfAborted(); // between two commands, so that what runs ends by itself
      await start(scene, builder);
      const finished = await runCommand(scene.timed(builder));
      if (turn > 0) seconds.get(builder.name)?.push(finished.seconds);
    }
  }
  const ours = builders.find((builder) => builder === weighed);
  const memory = ours && (await weigh(scene, ours, turns + 1));
  await scene.close?.();
  for (const builder of builders) await builder.forget();
  await rm(place.directory, { recursive: true });
  return builders.map((builder) => ({
    builder: builder.name,
    seconds: seconds.get(builder.name) ?? [],
    peakMemory: builder === weighed ? memory : undefined,
  }));
}

async function weigh<C extends Carrier>(
  scene: Scene<C>,
  builder: C,
  turn: number,
): Promise<number> {
  await scene.newTurn(turn);
  await start(scene, builder);
  return await peakMemory(scene.timed(builder));
}

async function start<C extends Carrier>(scene: Scene<C>, builder: C): Promise<void> {
  await scene.ready?.(builder);
  await runCommand({ argv: ["sync"] }); // what the one before left to write is not this one's time
}
