import { BuildError } from "../error.js";

/** What a --chmod value does to permission bits. */
export interface Chmod {
  readonly apply: (mode: number, isDirectory: boolean) => number;
  /** The mode itself when it was given in octal. */
  readonly octal: number | undefined;
}

interface Clause {
  readonly who: number;
  readonly operator: string;
  readonly permissions: string;
}

const read = 0o444;
const write = 0o222;
const execute = 0o111;
const setIds = 0o6000;
const sticky = 0o1000;
const whoBits = new Map([
  ["u", 0o4700],
  ["g", 0o2070],
  ["o", 0o0007],
  ["a", 0o6777],
]);

/** Reads --chmod, octal or symbolic with no umask (SEMANTICS C14); throws COPY. */
export function parseChmod(text: string): Chmod {
  if (/^[0-7]+$/.test(text)) {
    const octal = Number.parseInt(text, 8);
    if (octal <= 0o7777) return { apply: () => octal, octal };
  }
  const clauses = text.split(",").map((clause) => parseClauses(clause));
  if (clauses.some((list) => list.length === 0)) throw invalid(text);
  return {
    apply: (mode, isDirectory) => applyAll(clauses.flat(), mode, isDirectory),
    octal: undefined,
  };
}

function invalid(text: string): BuildError {
  return new BuildError(
    "COPY",
    `Cannot use --chmod=${text}: want an octal number from 0 to 07777, or a mode such as u=rwX,go=rX`,
  );
}

/** One `[ugoa]*([-+=](perms))+`; empty when it is none. */
function parseClauses(text: string): readonly Clause[] {
  const match = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/.exec(text);
  const [, who = "", actions = ""] = match ?? [];
  const named = Array.from(who).reduce((bits, letter) => bits | (whoBits.get(letter) ?? 0), 0);
  return Array.from(
    actions.matchAll(/([-+=])([^-+=]*)/g),
    ([, operator = "", permissions = ""]) => ({
      who: reach(named, permissions),
      operator,
      permissions,
    }),
  );
}

/**
 * The bits that a clause may change, as BuildKit has them from BSD's setmode(3): the sticky bit only
 * where "t" names it, which is nothing to "o", and to nobody named means that bit alone.
 */
function reach(named: number, permissions: string): number {
  if (permissions.includes("t") && (named === 0 || named > 0o0007)) return named | sticky;
  return named === 0 ? 0o6777 : named;
}

function applyAll(clauses: readonly Clause[], mode: number, isDirectory: boolean): number {
  return clauses.reduce((current, clause) => applyClause(clause, current, isDirectory), mode);
}

function applyClause(clause: Clause, mode: number, isDirectory: boolean): number {
  const bits = bitsOf(clause.permissions, mode, isDirectory) & clause.who;
  switch (clause.operator) {
    case "+":
      return mode | bits;
    case "-":
      return mode & ~bits;
    default:
      return (mode & ~replacedBy(clause)) | bits;
  }
}

/** Permissions copied from another class, as in "g=u", leave the set-id bits alone. */
function replacedBy({ who, permissions }: Clause): number {
  return /[ugo]/.test(permissions) ? who & 0o777 : who;
}

function bitsOf(permissions: string, mode: number, isDirectory: boolean): number {
  let bits = 0;
  for (const letter of permissions) {
    switch (letter) {
      case "r":
        bits |= read;
        break;
      case "w":
        bits |= write;
        break;
      case "x":
        bits |= execute;
        break;
      case "X":
        if (isDirectory || (mode & execute) !== 0) bits |= execute;
        break;
      case "s":
        bits |= setIds;
        break;
      case "t":
        bits |= sticky;
        break;
      case "u":
        bits |= ((mode >> 6) & 7) * execute;
        break;
      case "g":
        bits |= ((mode >> 3) & 7) * execute;
        break;
      case "o":
        bits |= (mode & 7) * execute;
    }
  }
  return bits;
}
