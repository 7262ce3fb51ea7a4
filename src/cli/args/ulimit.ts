import { ulimitTypes, type Ulimit } from "../../exec/rlimits.js";
import { suggest } from "../../suggest.js";
import { badValue } from "./usage-error.js";

/** Reads `nofile=1024:2048`; one number sets both limits. */
export function parseUlimit(text: string): Ulimit {
  const match = /^([^=]*)=([^:]+)(?::(.+))?$/.exec(text);
  if (match === null) throw badValue("--ulimit", text, "want TYPE=SOFT[:HARD]");
  const [, name = "", softText = "", hardText = softText] = match;
  const type = ulimitTypes.find((known) => known === name);
  if (type === undefined) throw unknownType(text, name);
  const soft = parseLimit(text, softText);
  const hard = parseLimit(text, hardText);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw badValue("--ulimit", text, "the soft limit is above the hard one");
  }
  return { type, soft, hard };
}

function parseLimit(text: string, limit: string): number {
  if (limit === "-1" || limit === "unlimited") return -1;
  if (/^\d{1,15}$/.test(limit)) return Number(limit);
  throw badValue("--ulimit", text, `"${limit}" is not a number`);
}

function unknownType(text: string, name: string): Error {
  const near = suggest(name, ulimitTypes);
  const hint =
    near === undefined ? `the limits are ${ulimitTypes.join(", ")}` : `did you mean "${near}"?`;
  return badValue("--ulimit", text, `no limit is called "${name}"`, hint);
}
