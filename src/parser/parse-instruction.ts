import type { Span } from "../error.js";
import { atLeastOne, exactlyOne, parseShell, parseVolume } from "./arguments.js";
import { parsePaths } from "./copy.js";
import { parseFrom } from "./from.js";
import { parseHealthcheck } from "./healthcheck.js";
import type { Instruction, Onbuild } from "./instruction.js";
import { readCommand } from "./json-form.js";
import { parseNames, parsePairs } from "./key-values.js";
import { parseRun } from "./run.js";
import type { Statement } from "./statement.js";
import { syntaxError } from "./syntax-error.js";
import { type Escape, plainWords } from "./words.js";

/** Gives a statement its meaning; everything that can be wrong with it alone is found here. */
export function parseInstruction(statement: Statement, escape: Escape): Instruction {
  const { head, heredocs, at, line, comments } = statement;
  const located = { at, keyword: head.keyword.text, line, comments };
  const { args, flags, name } = head;
  switch (name) {
    case "ADD":
      return { ...located, kind: "add", ...parsePaths(head, heredocs), flags };
    case "ARG":
      return { ...located, kind: "arg", names: parseNames(head, escape) };
    case "CMD":
      return { ...located, kind: "cmd", command: readCommand(name, args) };
    case "COPY":
      return { ...located, kind: "copy", ...parsePaths(head, heredocs), flags };
    case "ENTRYPOINT":
      return { ...located, kind: "entrypoint", command: readCommand(name, args) };
    case "ENV":
      return { ...located, kind: "env", ...parsePairs(head, escape) };
    case "EXPOSE":
      return { ...located, kind: "expose", ports: atLeastOne(head, plainWords(args)) };
    case "FROM":
      return { ...located, kind: "from", ...parseFrom(head) };
    case "HEALTHCHECK":
      return { ...located, ...parseHealthcheck(head) };
    case "LABEL":
      return { ...located, kind: "label", ...parsePairs(head, escape) };
    case "MAINTAINER":
      return { ...located, kind: "maintainer", name: exactlyOne(head).text };
    case "ONBUILD":
      return parseOnbuild(statement, escape);
    case "RUN":
      return { ...located, ...parseRun(head, heredocs) };
    case "SHELL":
      return { ...located, kind: "shell", argv: parseShell(head) };
    case "STOPSIGNAL":
      return { ...located, kind: "stopsignal", signal: exactlyOne(head) };
    case "USER":
      return { ...located, kind: "user", user: exactlyOne(head) };
    case "VOLUME":
      return { ...located, kind: "volume", paths: parseVolume(head) };
    case "WORKDIR":
      return { ...located, kind: "workdir", path: exactlyOne(head) };
    default:
      throw new Error(`Instruction ${name} has flags but no meaning`);
  }
}

const NO_TRIGGER = new Set(["FROM", "MAINTAINER"]);

function parseOnbuild(statement: Statement, escape: Escape): Onbuild {
  const { head, trigger, heredocs, at, line, comments } = statement;
  if (trigger === undefined) {
    throw syntaxError("ONBUILD", "ONBUILD requires at least one argument", head.keyword.at);
  }
  checkTrigger(trigger.name, trigger.keyword.at);
  const text = head.args.text + heredocs.map(({ heredoc }) => `\n${heredoc.raw}`).join("");
  const inner = { ...statement, head: trigger, trigger: undefined, line: head.args.text };
  const parsed = parseInstruction(inner, escape);
  const located = { at, keyword: head.keyword.text, line, comments };
  return { ...located, kind: "onbuild", text, trigger: parsed };
}

/** Refuses what may not be run on behalf of another Dockerfile. */
export function checkTrigger(name: string, at: Span): void {
  if (name === "ONBUILD") {
    throw syntaxError("ONBUILD", "chaining ONBUILD via ONBUILD ONBUILD isn't allowed", at);
  }
  if (NO_TRIGGER.has(name)) {
    throw syntaxError("ONBUILD", `${name} isn't allowed as an ONBUILD trigger`, at);
  }
}
