import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cgroupsOf } from "../../test/exec/cgroups-of.js";
import type { Account } from "../../test/e2e/support/accounts.js";
import { assertNothingLeft } from "../../test/e2e/support/processes.js";
import { outcome, program, start } from "../../test/e2e/support/run.js";
import { ownDirectory } from "./own-directory.js";

/** Where a tsbuild works, and as whom. */
export interface MachineOptions {
  readonly account: Account;
  readonly directory: string;
  /** Of a build that runs a step: such a one removes what killed ones have left. */
  readonly anyContext: string;
  /** TSBUILD_SNAPSHOTTER. */
  readonly snapshotter: string | undefined;
}

/** A store of its own, and the tsbuild that works with it. */
export class Machine {
  readonly #account: Account;
  readonly #store: string;
  readonly #temporary: string;
  readonly #anyContext: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #started = new Set<number>();

  constructor({ account, directory, anyContext, snapshotter }: MachineOptions) {
    this.#account = account;
    this.#store = ownDirectory(account, join(directory, "store-"));
    this.#temporary = ownDirectory(account, join(directory, "temporary-"));
    this.#anyContext = anyContext;
    this.#env = {
      TSBUILD_ROOT: this.#store,
      TMPDIR: this.#temporary,
      DOCKER_CONFIG: this.#temporary,
      ...(snapshotter !== undefined && { TSBUILD_SNAPSHOTTER: snapshotter }),
    };
  }

  /** A new directory for what a command writes. */
  output(): string {
    return ownDirectory(this.#account, join(this.#temporary, "..", "output-"));
  }

  /** Starts tsbuild. */
  start(argv: readonly string[]): ChildProcess {
    const child = start(this.#account, [program, ...argv], { env: this.#env });
    if (child.pid !== undefined) this.#started.add(child.pid);
    return child;
  }

  /** Runs tsbuild, which must succeed. */
  async ok(argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await outcome(this.start(argv));
    if (code === 0) return stdout;
    throw new Error(`Cannot run tsbuild ${argv.join(" ")}: exit code ${code ?? "none"}\n${stderr}`);
  }

  /** Fails when something is left of what was started, all of which has ended. */
  async assertNothingLeft(): Promise<void> {
    await assertNothingLeft({ root: this.#store });
    await this.ok(["-o", "type=cacheonly", "--no-cache", this.#anyContext]);
    this.#assertEmpty("work");
    if (readdirSync(this.#temporary).length > 0) throw leftIn(this.#temporary);
    for (const pid of this.#started) {
      const cgroups = await cgroupsOf(pid);
      if (cgroups.length > 0) throw new Error(`cgroups are left: ${cgroups.join(" ")}`);
    }
    this.#started.clear();
  }

  /** Removes all that can be removed; fails when files stay of which the store knows nothing. */
  async assertEmptied(): Promise<void> {
    await this.ok(["prune", "--all", "--force"]);
    for (const name of ["blobs/sha256", "layers", "mounts", "work"]) this.#assertEmpty(name);
  }

  #assertEmpty(name: string): void {
    const path = join(this.#store, name);
    if (existsSync(path) && readdirSync(path).length > 0) throw leftIn(path);
  }
}

function leftIn(path: string): Error {
  return new Error(`${path} is not empty: ${readdirSync(path).join(" ")}`);
}
