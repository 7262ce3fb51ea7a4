import { spawn } from "node:child_process";
import { kill } from "node:process";
import { BuildError } from "../../error.js";
import { collect } from "./collect.js";

/** What git may know of this machine. */
export interface GitOptions {
  /** A program and its arguments to run git with, so that it ends with this process. */
  readonly guard: readonly string[];
  /** PATH, the proxies and the ssh agent are taken from here, nothing else. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file of the certificate authorities to trust instead of the usual ones. */
  readonly authorities: string | undefined;
  /** Files of known ssh hosts; new ones are added to the first. */
  readonly knownHosts: readonly string[];
}

/** One call of git. */
export interface GitCall {
  readonly args: readonly string[];
  readonly directory: string;
  /** Settings on top of the safe ones; not seen by other processes' `ps`. */
  readonly config?: readonly (readonly [name: string, value: string])[];
}

/** What git said when it failed. */
export class GitFailure extends Error {
  readonly stderr: string;

  constructor(stderr: string) {
    super(lastWords(stderr));
    this.stderr = stderr;
  }
}

/**
 * The git program, without anything that a user, a machine or a repository could have configured: no
 * hooks, no filters, no helpers, no prompts, and no way to reach a repository but over the network.
 */
export class Git {
  readonly #options: GitOptions;

  constructor(options: GitOptions) {
    this.#options = options;
  }

  /** Runs git to its end and gives what it printed. Throws GitFailure, and REMOTE without git. */
  async run({ args, directory, config = [] }: GitCall, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    // As a checkout in a container: not with whatever umask the user has (C23).
    const shell = ["/bin/sh", "-c", 'umask 022 && exec git "$@"', "git", ...args] as const;
    const [program = shell[0], ...rest] = [...this.#options.guard, ...shell];
    const child = spawn(program, rest, {
      cwd: directory,
      env: this.#environment([...safeConfig, ...config]),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a group of its own: what git starts ends with it
    });
    const stop = (): void => {
      if (child.pid !== undefined && child.exitCode === null) killGroup(child.pid);
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      const ended = new Promise<number | null>((resolve, reject) => {
        child.once("close", resolve);
        child.once("error", reject);
      });
      const [stdout, stderr, code] = await Promise.all([
        collect(child.stdout),
        collect(child.stderr),
        ended,
      ]);
      signal.throwIfAborted();
      if (code === 0) return stdout;
      throw code === commandNotFound ? noGit() : new GitFailure(stderr);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #environment(
    config: readonly (readonly [string, string])[],
  ): Readonly<Record<string, string | undefined>> {
    const { env, authorities, knownHosts } = this.#options;
    const given: Record<string, string | undefined> = {};
    for (const [name, value] of Object.entries(env)) if (passedOn.test(name)) given[name] = value;
    for (const [index, [name, value]] of config.entries()) {
      given[`GIT_CONFIG_KEY_${index}`] = name;
      given[`GIT_CONFIG_VALUE_${index}`] = value;
    }
    return {
      ...given,
      HOME: "/nonexistent",
      LC_ALL: "C",
      GIT_ALLOW_PROTOCOL: "git:http:https:ssh",
      GIT_ASKPASS: "/bin/false",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_ATTR_NOSYSTEM: "1",
      GIT_SSH_COMMAND: sshCommand(knownHosts),
      GIT_TEMPLATE_DIR: "",
      GIT_TERMINAL_PROMPT: "0",
      ...(authorities === undefined ? {} : { GIT_SSL_CAINFO: authorities }),
      GIT_CONFIG_COUNT: String(config.length),
    };
  }
}

const commandNotFound = 127;

const passedOn = /^(?:PATH|SSH_AUTH_SOCK|(?:https?|all|no)_proxy)$/i;

const safeConfig: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.logAllRefUpdates", "false"],
  ["credential.helper", ""],
  ["init.defaultBranch", "master"],
  ["advice.detachedHead", "false"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["safe.directory", "*"],
];

/** No configuration and no questions; a host that shows another key than before is refused. */
function sshCommand(knownHosts: readonly string[]): string {
  const files = knownHosts.map((file) => `"${file}"`).join(" ");
  const options = ["BatchMode=yes", "StrictHostKeyChecking=accept-new"];
  const known = `UserKnownHostsFile=${files}`.replaceAll("'", "'\\''");
  return ["ssh -F /dev/null", ...options.map((option) => `-o ${option}`), `-o '${known}'`].join(
    " ",
  );
}

function killGroup(pid: number): void {
  try {
    kill(-pid, "SIGKILL");
  } catch {
    // it ended just now
  }
}

function noGit(): BuildError {
  return new BuildError("REMOTE", "Cannot run git: it is not installed", {
    hint: "install it, for example with: apt-get install git",
  });
}

/** What git complains of in the end, without its prefixes and passwords in URLs, which may hold an "@". */
function lastWords(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const fatal = lines.findLast((line) => /^(?:fatal|error|remote error):/.test(line));
  const words = fatal ?? lines.findLast((line) => line !== "") ?? "git failed";
  return words.replace(/^(?:fatal|error|remote error): /, "").replace(/(:\/\/)[^/\s]*@/g, "$1");
}
