import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, readFile, readlink, rm } from "node:fs/promises";
import { connect } from "node:net";
import { posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BuildError } from "../error.js";
import { collect, exitOf } from "./children.js";
import { deathGuard } from "./run-runtime.js";
import { SEARCH_PATH } from "./runtime.js";

/** Where an agent of the build's own lives. */
export interface KeyAgentOptions {
  /** An existing private directory. */
  readonly work: string;
  /** Where programs are looked for. */
  readonly searchPath: string | undefined;
}

/** Between two tries to reach the agent, in milliseconds. */
const INTERVAL = 5;

/**
 * OpenSSH's own ssh-agent with the user's keys in it, for this build alone. It ends with this process in
 * whatever way; its socket is in a directory that only this user may enter.
 */
export class KeyAgent implements AsyncDisposable {
  /** Host path, short enough for any program: a socket's may have no more than 107 bytes. */
  readonly socket: string;
  readonly #directory: string;
  readonly #fd: number;
  readonly #agent: ChildProcess;

  private constructor(directory: string, self: string, agent: ChildProcess) {
    this.#directory = directory;
    this.#fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    this.socket = `/proc/${self}/fd/${this.#fd}/agent`;
    this.#agent = agent;
  }

  /** Throws USAGE when a key cannot be used, and UNSUPPORTED without ssh-agent. */
  static async start(
    keys: readonly string[],
    { work, searchPath = SEARCH_PATH }: KeyAgentOptions,
  ): Promise<KeyAgent> {
    const directory = await mkdtemp(posix.join(work, "keys-"));
    const self = await readlink("/proc/self");
    // Debian's has a group of its own (setgid): taking it on would take the death signal away (prctl(2)).
    const guard = ["--no-new-privs", ...deathGuard(self)];
    const child = spawn("setpriv", [...guard, "ssh-agent", "-D", "-a", "agent"], {
      cwd: directory,
      env: { PATH: searchPath },
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    const agent = new KeyAgent(directory, self, child);
    try {
      await agent.#ready(collect(child.stderr));
      for (const key of keys) await addKey(key, directory, searchPath);
      return agent;
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #ready(complaints: Promise<string>): Promise<void> {
    const over = exitOf(this.#agent).then(
      () => "over",
      () => "over",
    );
    while (!(await answers(this.socket))) {
      const state = await Promise.race([over, sleep(INTERVAL, "waiting")]);
      if (state === "over") throw noAgent(await complaints);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.kill("SIGKILL");
    await exitOf(this.#agent).catch(() => undefined);
    closeSync(this.#fd);
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** By standard input: a file that others may read would be refused. */
async function addKey(key: string, directory: string, searchPath: string): Promise<void> {
  const bytes = await readFile(key);
  const child = spawn("ssh-add", ["-"], {
    cwd: directory,
    env: { PATH: searchPath, SSH_AUTH_SOCK: "agent", SSH_ASKPASS_REQUIRE: "never" },
    stdio: ["pipe", "ignore", "pipe"],
    detached: true, // without a terminal it cannot ask for a passphrase
  });
  child.stdin.on("error", () => undefined); // its end tells
  child.stdin.end(bytes);
  const complaints = collect(child.stderr);
  const code = await exitOf(child).catch(() => {
    throw noAgent("ssh-add did not start");
  });
  if (code === 0) return;
  const said = (await complaints).trim().split("\n").at(-1) ?? "";
  const why = said.includes("passphrase") ? "it has a passphrase" : said || "ssh-add failed";
  throw new BuildError("USAGE", `Cannot use the key "${key}": ${why}`, {
    hint: "a key with a passphrase works through an agent: --ssh default",
  });
}

/** A socket is there a moment before somebody listens. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function noAgent(complaints: string): BuildError {
  const why = complaints.trim().split("\n").at(-1) || "ssh-agent did not start";
  return new BuildError("UNSUPPORTED", `Cannot use keys for --ssh: ${why}`, {
    hint: "install OpenSSH's ssh-agent and ssh-add (openssh-client)",
  });
}
