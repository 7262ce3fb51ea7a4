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
import { writeMetadata } from "../build/results.js";
import { checkJson, checkText, type CheckReport } from "../call/check-report.js";
import { describeJson, describeText } from "../call/describe-report.js";
import { outlineJson, outlineText } from "../call/outline-report.js";
import { targetsJson, targetsText } from "../call/targets-report.js";
import type { BuildCommand } from "../build-command.js";
import { wantsColor } from "../display.js";
import { ImageFinder } from "../image-finder.js";
import type { Io } from "../io.js";
import { withProgress } from "../progress.js";
import { renderError } from "../render-error.js";
import { openSession } from "../session.js";

/** `tsbuild build --call`: answers a question about a Dockerfile, on standard output (F09, F10). */
export async function runCall(call: Call, command: BuildCommand, io: Io): Promise<number> {
  const answer = await answerTo(call, command, io);
  const { json, text, status = 0 } = answer;
  io.out.write(call.format === "json" ? `${JSON.stringify(json(), undefined, 2)}\n` : text());
  if (command.metadataFile !== undefined) {
    const metadata = {
      "result.json": json(),
      ...(status === 0 ? {} : { "result.statuscode": String(status) }),
      "result.txt": text(),
      version: "1.0.0",
    };
    await writeMetadata(command.metadataFile, metadata, io);
  }
  if (!call.ignoreStatus && answer.error !== undefined) throw answer.error;
  if (answer.error !== undefined) {
    io.err.write(renderError(answer.error, { color: wantsColor(io), debug: command.debug }));
  }
  return call.ignoreStatus ? 0 : status;
}

interface Answer {
  readonly json: () => object;
  readonly text: () => string;
  /** The exit code, where that is not 0. */
  readonly status?: number;
  /** Why the Dockerfile would not build. */
  readonly error?: BuildError | undefined;
}

async function answerTo(call: Call, command: BuildCommand, io: Io): Promise<Answer> {
  if (call.method === "subrequests.describe") return { json: describeJson, text: describeText };
  const input = await prepareInput(command, io);
  const options = planOptions(command, io);
  const asking: Asking = { command, io, input, options };
  switch (call.method) {
    case "targets": {
      const dockerfile = readDockerfile(input, options);
      return { json: () => targetsJson(dockerfile), text: () => targetsText(dockerfile) };
    }
    case "outline": {
      const dockerfile = readDockerfile(input, options);
      const outline = await ask(asking, (images) => makeOutline(dockerfile, options, images));
      return { json: () => outlineJson(outline, input.source), text: () => outlineText(outline) };
    }
    case "check": {
      const report = await check(asking);
      const { warnings, error } = report;
      const status = warnings.length === 0 && error === undefined ? 0 : 1;
      return { json: () => checkJson(report), text: () => checkText(report), status, error };
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
    const { store, registry, platform: host } = session;
    const warn = board.warn.bind(board, undefined);
    const images = new ImageFinder({ store, registry, host, pull: command.pull, warn });
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
