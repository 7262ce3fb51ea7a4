import type { Case, Failure } from "./case.js";
import { difference } from "./difference.js";
import type { Image, Outcome } from "./outcome.js";
import { everything, render, type View } from "./render.js";

/** What is wrong with tsbuild's outcome of a case, or with its mark; undefined when nothing is. */
export function fault(item: Case, outcome: Outcome, bases: readonly Image[]): string | undefined {
  const wrong = faultOf(item, outcome, bases);
  if (item.pending === undefined || isBug(outcome)) return wrong;
  return wrong === undefined ? 'it is right: take away "pending:"' : undefined;
}

/** Even what is not right yet must not end in a crash. */
function isBug(outcome: Outcome): boolean {
  return outcome.kind === "failed" && outcome.message.includes("a bug in tsbuild");
}

function faultOf(item: Case, outcome: Outcome, bases: readonly Image[]): string | undefined {
  if (item.failure !== undefined) return wrongRefusal(item.failure, outcome, bases);
  const expected = item.differs === undefined ? recordedText(item) : item.ours;
  if (expected === undefined) return "nothing is recorded: run it with --record";
  const got = render(outcome, bases, everything);
  return got === expected ? undefined : difference(expected, got);
}

function wrongRefusal(
  { line, message }: Failure,
  outcome: Outcome,
  bases: readonly Image[],
): string | undefined {
  if (outcome.kind !== "failed")
    return `it must fail, but gives\n${render(outcome, bases, everything)}`;
  if (!message.test(outcome.message)) return `it fails without ${message}:\n${outcome.message}`;
  if (line === undefined) return undefined;
  const named = new RegExp(`^\\S+:${line}:\\d+: `, "m").test(outcome.message);
  return named ? undefined : `it fails without naming line ${line}:\n${outcome.message}`;
}

/** The recorded result without the line that says whose it is. */
export function recordedText({ recorded }: Case): string | undefined {
  return recorded?.replace(/^#.*\n/, "");
}

/** True when two builders made the same of a case, as far as the second one can be asked. */
export function agrees(reference: Outcome, peer: Outcome, sight: Sight): boolean {
  if (reference.kind === "failed" || peer.kind === "failed") return reference.kind === peer.kind;
  return render(reference, sight.bases, sight.view) === render(peer, sight.bases, sight.view);
}

/** What two outcomes are compared by. */
export interface Sight {
  readonly bases: readonly Image[];
  readonly view: View;
}
