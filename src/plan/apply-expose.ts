import { locate } from "../error.js";
import type { Expose } from "../parser/instruction.js";
import { addHistory, expandWordsIn, type Draft } from "./draft.js";
import { goList } from "./go-format.js";
import { parseExposed, type ExposedPorts } from "./ports.js";

/** EXPOSE: words in order of their text, each of them one or more ports after expansion (I04, X13). */
export function applyExpose(draft: Draft, { ports: words }: Expose): void {
  const sorted = words.toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  const ports = sorted.flatMap((word) =>
    expandWordsIn(draft, word).flatMap((text) => exposedPorts(draft, text, word.at)),
  );
  if (ports.length > 0) {
    draft.ports ??= new Map(Object.entries(draft.config.ExposedPorts ?? {}));
    for (const port of ports) draft.ports.set(port, {});
  }
  addHistory(draft, `EXPOSE ${goList(ports)}`);
}

function exposedPorts(
  { setting: { warn } }: Draft,
  text: string,
  at: Expose["at"],
): readonly string[] {
  const { ports, oddCase, mapping } = parseAt(text, at);
  if (oddCase) {
    const message = `the protocol of "${text}" should be in lower case`;
    warn("ExposeProtoCasing", message, at);
  }
  if (mapping) {
    const message = `"${text}": EXPOSE has no use for an address or a host port`;
    warn("ExposeInvalidFormat", message, at);
  }
  return ports;
}

function parseAt(text: string, at: Expose["at"]): ExposedPorts {
  try {
    return parseExposed(text);
  } catch (error) {
    throw locate(error, at);
  }
}
