import { RULES, ruleUrl, type RuleName } from "../parser/lint-rules.js";
import type { BuildWarning } from "../progress/renderer.js";
import { excerpt } from "./excerpt.js";

/** What --debug adds to a warning: what its rule is for, and the lines that it is about. */
export function explainWarning({ rule, at }: BuildWarning): readonly string[] {
  const about = rule !== undefined && isRule(rule) ? [RULES[rule].description, ruleUrl(rule)] : [];
  return [...about, ...(at === undefined ? [] : excerpt(at).lines)];
}

function isRule(text: string): text is RuleName {
  return Object.hasOwn(RULES, text);
}
