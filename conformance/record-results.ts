import { reference } from "./builders/all.js";
import type { Result } from "./build-case.js";
import type { Case } from "./case.js";
import { agrees } from "./check.js";
import type { Image } from "./outcome.js";
import { record } from "./record.js";
import { everything, render } from "./render.js";

/** Writes what the reference made of a case into its file; answers the case as it is then. */
export function recordResults(
  item: Case,
  results: readonly Result[],
  bases: readonly Image[],
): Case {
  const [ours, ...peers] = results;
  const first = peers.find(({ builder }) => builder.name === reference);
  if (first === undefined) throw new Error(`Cannot record without ${reference}`);
  const fails = first.outcome.kind === "failed";
  if (fails !== (item.failure !== undefined) && item.differs === undefined) {
    const said = fails ? `fails: ${first.outcome.message}` : "succeeds";
    throw new Error(`Cannot record ${item.name}: with ${reference} it ${said}`);
  }
  const others = peers
    .filter(({ builder }) => builder.name !== reference)
    .map(({ builder, outcome }) => {
      const same = agrees(first.outcome, outcome, { bases, view: builder.view });
      return `${builder.name} ${same ? "agrees" : "differs"}`;
    });
  const recorded = render(first.outcome, bases, everything);
  const own =
    item.differs === undefined || ours === undefined || item.failure !== undefined
      ? undefined
      : render(ours.outcome, bases, everything);
  const by = [`${reference} ${versionOf(first)}`, ...earlier(item, peers), ...others].join("; ");
  record(item, { by, result: recorded, ours: own });
  return { ...item, recorded, ours: own };
}

function versionOf({ builder }: Result): string {
  return /\d[\w.]*/.exec(builder.version)?.[0] ?? "";
}

/** What was recorded of peers that did not take part this time. */
function earlier({ recorded = "" }: Case, peers: readonly Result[]): readonly string[] {
  const [first = ""] = recorded.split("\n");
  return first
    .split("; ")
    .slice(1)
    .filter((said) => !peers.some(({ builder }) => said.startsWith(`${builder.name} `)));
}
