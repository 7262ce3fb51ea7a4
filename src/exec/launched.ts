import { closeSync, constants, openSync, renameSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileTypes } from "../sys/file-stat.js";
import { mknod } from "../sys/inodes.js";
import { isSystemError } from "../sys/system-error.js";
import type { OutputSink } from "./executor.js";
import type { Launch, Launcher } from "./launcher.js";
import { Drain } from "./drain.js";

/** A container of a launcher, from the start of its runtime on. */
export class Launched implements Disposable {
  readonly #name: string;
  readonly #launcher: Launcher;
  readonly #outputs: readonly Output[];
  readonly #config: ConfigPipe | undefined;
  readonly #code: Promise<number>;
  #ended = false;

  private constructor(launcher: Launcher, launch: Launch, config: ConfigPipe | undefined) {
    const { name, bundle } = launch;
    this.#name = name;
    this.#launcher = launcher;
    this.#config = config;
    this.#outputs = [new Output(bundle, "stdout"), new Output(bundle, "stderr")];
    this.#code = launcher.start(launch).finally(() => (this.#ended = true));
    this.#code.catch(() => undefined); // told by `end`
  }

  /** Starts one whose bundle is whole. */
  static start(launcher: Launcher, launch: Launch): Launched {
    return new Launched(launcher, launch, undefined);
  }

  /**
   * Starts the runtime ahead of what it is to run: by the time that it asks for its configuration, a quarter of
   * its work is done. It waits then until it is given that.
   */
  static ahead(launcher: Launcher, launch: Launch): Launched {
    return new Launched(launcher, launch, new ConfigPipe(launch.bundle));
  }

  /** Whether the runtime has given up. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Gives the configuration to one that was started ahead. */
  async configure(config: string): Promise<void> {
    await this.#config?.give(config, () => this.#ended);
  }

  /** Makes one that was started ahead, and is not wanted, fail; then nobody writes into its bundle any more. */
  async discard(): Promise<void> {
    try {
      await this.configure("{}");
      await this.#code;
    } catch {
      // the launcher is gone, and that with it
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Waits for the end: the exit code. Aborting kills it, and rejects once it is gone. */
  async end(sink: OutputSink, signal: AbortSignal): Promise<number> {
    const kill = (): void => void this.#launcher.kill(this.#name);
    if (signal.aborted) kill();
    signal.addEventListener("abort", kill, { once: true });
    try {
      for (const output of this.#outputs) output.passTo(sink);
      const code = await this.#code;
      for (const output of this.#outputs) await output.end();
      signal.throwIfAborted();
      return code;
    } finally {
      signal.removeEventListener("abort", kill);
    }
  }

  [Symbol.dispose](): void {
    for (const output of this.#outputs) output[Symbol.dispose]();
    this.#config?.[Symbol.dispose]();
  }
}

/** The config.json of a bundle as a FIFO, which keeps its reader waiting. */
class ConfigPipe implements Disposable {
  readonly #path: string;
  #fd: number | undefined;

  constructor(bundle: string) {
    this.#path = posix.join(bundle, "config.json");
    const reader = openFifo(this.#path);
    this.#fd = openSync(this.#path, constants.O_WRONLY);
    closeSync(reader); // from now on, writing fails until the runtime reads
  }

  /** The runtime reads it twice, and the second time from the file that has then taken the FIFO's place. */
  async give(config: string, isOver: () => boolean): Promise<void> {
    if (this.#fd === undefined) throw new Error("a container is configured once");
    const file = `${this.#path}.file`;
    writeFileSync(file, config, { mode: 0o600 });
    while (!isOver() && !isTaken(this.#fd, config)) await setTimeout(1);
    renameSync(file, this.#path);
    this[Symbol.dispose](); // the end of the first time
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** False while nobody reads. */
function isTaken(fd: number, text: string): boolean {
  try {
    writeFileSync(fd, text);
    return true;
  } catch (error) {
    if (isSystemError(error, "EPIPE")) return false;
    throw error;
  }
}

/** What a short step takes from its start to its end, in milliseconds; so long its output waits in the FIFO. */
const SHORT = 20;

/** A FIFO that the launcher opens by name. Ours is open for writing too: no writer would be its end. */
class Output implements Disposable {
  readonly #stream: "stdout" | "stderr";
  #read: number | undefined;
  #write: number | undefined;
  #drain: Drain | undefined;

  constructor(bundle: string, stream: "stdout" | "stderr") {
    const path = posix.join(bundle, stream);
    this.#stream = stream;
    this.#read = openFifo(path);
    this.#write = openSync(path, constants.O_WRONLY);
  }

  /** Passes on what is written. */
  passTo(sink: OutputSink): void {
    if (this.#read === undefined) throw new Error("an output is heard once");
    const take = (chunk: Uint8Array): void => {
      sink(this.#stream, chunk);
    };
    this.#drain = new Drain(this.#read, take, SHORT);
    this.#read = undefined;
  }

  /** Gives up our writing end, and waits for that of the last other writer. */
  async end(): Promise<void> {
    this.#close();
    await this.#drain?.finish();
  }

  #close(): void {
    if (this.#write !== undefined) closeSync(this.#write);
    this.#write = undefined;
  }

  [Symbol.dispose](): void {
    this.#close();
    if (this.#read !== undefined) closeSync(this.#read);
    this.#read = undefined;
  }
}

/** Makes a FIFO, and opens it for reading. */
function openFifo(path: string): number {
  mknod(path, fileTypes.fifo | 0o600, 0, 0);
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}
