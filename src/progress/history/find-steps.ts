import { BuildError } from "../../error.js";
import type { StepReport } from "./step-report.js";

/**
 * The steps that a user means: "#7" as plain progress counts, "3" or "build 3" as titles do, ":12" for a
 * line of the Dockerfile, else words of the title. USAGE where there is none.
 */
export function findSteps(steps: readonly StepReport[], text: string): readonly StepReport[] {
  const found = steps.filter(matching(text.trim()));
  if (found.length > 0) return found;
  throw new BuildError("USAGE", `Cannot find step "${text}": the build has none like that`, {
    hint: 'a step is named by its number such as "3" or "build 3", by ":12" for line 12, or by words of its title',
  });
}

/** As `findSteps`, of just one. */
export function findStep(steps: readonly StepReport[], text: string): StepReport {
  const found = findSteps(steps, text);
  const [only, other] = found;
  if (only !== undefined && other === undefined) return only;
  const titles = found.map(({ title }) => title);
  throw new BuildError("USAGE", `Cannot tell which step "${text}" is: ${titles.join(", ")}`, {
    hint: 'name the stage too, as in "build 3"',
  });
}

type Test = (step: StepReport) => boolean;

function matching(text: string): Test {
  const id = /^#(\d+)$/.exec(text)?.[1];
  if (id !== undefined) return (step) => step.id === Number(id);
  const line = /^[^\s:]*:(\d+)$/.exec(text)?.[1];
  if (line !== undefined) return (step) => covers(step, Number(line));
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  const [, stage, number] = /^(?:(\S+)[ /])?(\d+)(?:\/\d+)?$/.exec(bare) ?? [];
  if (number === undefined) return byWords(text);
  return (step) => step.number === Number(number) && (stage ?? step.stage) === step.stage;
}

function covers({ line, lastLine }: StepReport, wanted: number): boolean {
  return line <= wanted && wanted <= lastLine;
}

function byWords(text: string): Test {
  const words = text.toLowerCase();
  return ({ title }) => title.toLowerCase().includes(words);
}
