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
  [ours, ...peers]: readonly Result[],
  bases: readonly Image[],
): Case {
  if ((item.reviewed && item.pending) !== undefined) return item; // its result was written by hand
  const first = item.reviewed === undefined ? referenceOf(peers) : ours;
  if (ours === undefined || first === undefined)
    throw new Error(`Cannot record without ${reference}`);
  if (item.differs === undefined) mustFit(item, first);
  const text = ({ outcome }: Result): string => render(outcome, bases, everything);
  const recorded = text(first);
  const own = item.differs === undefined || item.failure !== undefined ? undefined : text(ours);
  const said = item.reviewed === undefined ? opinions(first, peers, bases) : [];
  const by =
    item.reviewed === undefined
      ? [sourceOf(first), ...earlier(item, peers), ...said]
      : ["reviewed"];
  record(item, { by: by.join("; "), result: recorded, ours: own });
  return { ...item, recorded, ours: own };
}

function referenceOf(peers: readonly Result[]): Result | undefined {
  return peers.find(({ builder }) => builder.name === reference);
}

function mustFit({ name, failure }: Case, { builder, outcome }: Result): void {
  const fails = outcome.kind === "failed";
  if (fails === (failure !== undefined)) return;
  const said = fails ? `fails: ${outcome.message}` : "succeeds";
  throw new Error(`Cannot record ${name}: with ${builder.name} it ${said}`);
}

/** Who of the others agrees with the reference. */
function opinions(
  first: Result,
  peers: readonly Result[],
  bases: readonly Image[],
): readonly string[] {
  return peers
    .filter((peer) => peer !== first)
    .map(({ builder, outcome }) => {
      const same = agrees(first.outcome, outcome, { bases, view: builder.view });
      return `${builder.name} ${same ? "agrees" : "differs"}`;
    });
}

function sourceOf({ builder }: Result): string {
  return `${builder.name} ${/\d[\w.]*/.exec(builder.version)?.[0] ?? ""}`;
}

/** What was recorded of peers that did not take part this time. */
function earlier({ recorded = "" }: Case, peers: readonly Result[]): readonly string[] {
  const [first = ""] = recorded.split("\n");
  return first
    .split("; ")
    .slice(1)
    .filter((said) => !peers.some(({ builder }) => said.startsWith(`${builder.name} `)));
}
