import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Executor, ExitStatus, SandboxProcess } from "../../src/exec/executor.js";
import { openExecutor, type ExecutorOptions } from "../../src/exec/oci-executor.js";
import { inUserNamespace } from "../contracts/snapshotter.js";
import { TestRoot } from "./busybox-root.js";

/** What a step did. */
export interface Outcome extends ExitStatus {
  readonly stdout: string;
  readonly stderr: string;
}

/** A step with the defaults of a RUN. */
export function step(
  root: TestRoot,
  script: string,
  changes: Partial<SandboxProcess> = {},
): SandboxProcess {
  return {
    root,
    argv: ["/bin/sh", "-c", script],
    env: ["PATH=/usr/local/bin:/bin"],
    user: "",
    cwd: "/",
    hostname: "buildkitsandbox",
    network: "none",
    security: "sandbox",
    mounts: [],
    secretEnv: [],
    shmSize: undefined,
    extraHosts: [],
    devices: undefined,
    resources: {},
    cgroupParent: undefined,
    ulimits: [],
    stdio: () => undefined,
    stdin: undefined,
    started: () => undefined,
    terminal: false,
    ...changes,
  };
}

/** An executor in a temporary directory. */
export class TestExecutor implements AsyncDisposable {
  readonly executor: Executor;
  readonly work: string;

  private constructor(executor: Executor, work: string) {
    this.executor = executor;
    this.work = work;
  }

  static async open(options: Partial<ExecutorOptions> = {}): Promise<TestExecutor> {
    const work = await mkdtemp(join(tmpdir(), "tsbuild-work-"));
    const userNamespace = inUserNamespace();
    return new TestExecutor(await openExecutor({ work, userNamespace, ...options }), work);
  }

  /** Runs a step to its end, keeping what it said. */
  async run(process: SandboxProcess, signal = AbortSignal.timeout(120_000)): Promise<Outcome> {
    const said = { stdout: "", stderr: "" };
    const stdio: SandboxProcess["stdio"] = (stream, chunk) => {
      said[stream] += Buffer.from(chunk).toString("utf8");
    };
    const status = await this.executor.run({ ...process, stdio }, signal);
    return { ...status, ...said };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.executor[Symbol.asyncDispose]();
    await rm(this.work, { recursive: true, force: true });
  }
}
