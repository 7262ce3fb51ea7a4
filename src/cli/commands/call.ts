import { BuildError } from "../../error.js";
import type { Dockerfile } from "../../parser/instruction.js";
import { LintedError } from "../../parser/linted-error.js";
import { makePlan } from "../../plan/make-plan.js";
import { makeOutline } from "../../plan/outline.js";
import type { PlanOptions } from "../../plan/plan.js";
import type { Call } from "../args/call.js";
import { readDockerfile, violationOf } from "../build/dockerfile.js";
import { ignoreTest } from "../build/ignore-test.js";
import type { BuildInput } from "../build/input.js";
import { planOptions, withImages, type Attempt } from "../build/plan.js";
import { prepareInput } from "../build/prepare.js";
import { checkJson, checkText, type CheckReport } from "../call/check-report.js";
import { describeJson, describeText } from "../call/describe-report.js";
import { outlineJson, outlineText } from "../call/outline-report.js";
import { targetsJson, targetsText } from "../call/targets-report.js";
import type { BuildCommand } from "../command.js";
import { ImageFinder } from "../image-finder.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { renderError } from "../render-error.js";
import { openSession } from "../session.js";

/** `tsbuild build --call`: answers a question about a Dockerfile, on standard output (F09, F10). */
export async function runCall(call: Call, command: BuildCommand, io: Io): Promise<number> {
  const { method, format } = call;
  const print = (json: () => object, text: () => string): void => {
    io.out.write(format === "json" ? `${JSON.stringify(json(), undefined, 2)}\n` : text());
  };
  if (method === "subrequests.describe") {
    print(describeJson, describeText);
    return 0;
  }
  const input = await prepareInput(command, io);
  const options = planOptions(command, io);
  const asking: Asking = { command, io, input, options };
  switch (method) {
    case "targets": {
      const dockerfile = readDockerfile(input, options);
      print(
        () => targetsJson(dockerfile),
        () => targetsText(dockerfile),
      );
      return 0;
    }
    case "outline": {
      const dockerfile = readDockerfile(input, options);
      const outline = await ask(asking, (images) => makeOutline(dockerfile, options, images));
      print(
        () => outlineJson(outline, input.source),
        () => outlineText(outline),
      );
      return 0;
    }
    case "check": {
      const report = await check(asking);
      print(
        () => checkJson(report),
        () => checkText(report),
      );
      return statusOf(report, call, asking);
    }
  }
}

interface Asking {
  readonly command: BuildCommand;
  readonly io: Io;
  readonly input: BuildInput;
  readonly options: PlanOptions;
}

/** Plans with the configs of base images, but without anything of their layers. */
async function ask<T extends { readonly kind: string }>(
  { command, io }: Asking,
  attempt: Attempt<T>,
): Promise<T> {
  return await withProgress(command, io, async (board) => {
    await using session = await openSession(io);
    const { store, registry } = session;
    const images = new ImageFinder({ store, registry, pull: command.pull });
    const { answer } = await withImages(attempt, { images, board, signal: io.signal });
    return answer;
  });
}

/** Plans every stage; what fails is part of the report. */
async function check(asking: Asking): Promise<CheckReport> {
  const { input } = asking;
  const { source } = input;
  let dockerfile: Dockerfile | undefined;
  try {
    const read = (dockerfile = readDockerfile(input, asking.options));
    const options = { ...asking.options, whole: true, isIgnored: ignoreTest(input) };
    const { plan } = await ask(asking, (images) => makePlan(read, options, images));
    const { warnings, violated } = plan;
    return { source, instructions: read.instructions, warnings, error: violationOf(violated) };
  } catch (error) {
    if (!(error instanceof BuildError) || error.code === "CANCELLED") throw error;
    const found = error instanceof LintedError ? error.warnings : (dockerfile?.warnings ?? []);
    return { source, instructions: dockerfile?.instructions ?? [], warnings: found, error };
  }
}

function statusOf(
  { warnings, error }: CheckReport,
  { ignoreStatus }: Call,
  { command, io }: Asking,
): number {
  if (error !== undefined && !ignoreStatus) throw error;
  if (error !== undefined) {
    const color = io.terminal.err && io.env["NO_COLOR"] === undefined;
    io.err.write(renderError(error, { color, debug: command.debug }));
  }
  return warnings.length === 0 || ignoreStatus ? 0 : 1;
}
